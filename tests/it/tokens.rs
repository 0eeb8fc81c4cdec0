//! Tokens of issuers: which are let in, and what they grant.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::AlgorithmParameters};
use reqwest::StatusCode;
use serde_json::{Value, json};
use supportgraph::config::IssuerConfig;

use crate::support::{
    Answer, Client, Socket, TestApp,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
    issuer::{FakeIssuer, SigningKey, part, with},
    raw::Raw,
};

const WHO: &str = "{ viewer { name isRestricted: isRestrictedToCustomers } partner { name } customers(first: 10) { nodes { tenantId } } }";

/// Fabrikam and Contoso, each with the customers Adatum and Bellows, behind an issuer.
pub async fn guarded() -> (TestApp, FakeIssuer) {
    guarded_by(|_| ()).await
}

pub async fn guarded_by(change: impl FnOnce(&mut IssuerConfig)) -> (TestApp, FakeIssuer) {
    let issuer = FakeIssuer::start().await;
    let mut config = issuer.config();
    change(&mut config);
    (with_issuer(config).await, issuer)
}

async fn with_issuer(issuer: IssuerConfig) -> TestApp {
    let app = TestApp::with(|config| config.auth.issuers = vec![issuer]).await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    Given::put(&app, CONTOSO, "contoso").await;
    app
}

pub fn bearing(app: &TestApp, token: &str) -> Client {
    app.client.with_header("authorization", &format!("Bearer {token}"))
}

async fn ask(app: &TestApp, token: &str) -> Answer {
    bearing(app, token).query(WHO).await
}

fn tenants(data: &Value) -> Vec<&str> {
    let nodes = data["customers"]["nodes"].as_array().expect("customers");
    nodes.iter().map(|customer| customer["tenantId"].as_str().expect("a tenant")).collect()
}

#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {}", answer.text);
    assert_eq!(answer.code(), "UNAUTHENTICATED", "{what}");
    assert!(answer.text.contains("the credential is not good here"), "{what}: {}", answer.text);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("error=\"invalid_token\""), "{what}: {challenge}");
}

#[tokio::test]
async fn a_good_token_is_let_in_as_the_person_and_partner_that_it_names() {
    let (app, issuer) = guarded().await;
    issuer.publish(&[SigningKey::rsa_one(), SigningKey::ec()]);
    for key in [SigningKey::ec(), SigningKey::rsa_one()] {
        let data = ask(&app, &key.sign(&issuer.claims(&app))).await.data();
        assert_eq!(data["viewer"], json!({ "name": "ada@fabrikam.example", "isRestricted": false }));
        assert_eq!(data["partner"]["name"], "fabrikam partner");
    }
    let of_contoso = SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "tid": CONTOSO })));
    assert_eq!(ask(&app, &of_contoso).await.data()["partner"]["name"], "contoso partner");
    assert_eq!(issuer.asked(), 1, "the keys are kept");

    let elsewhere = bearing(&app, &of_contoso).as_partner(FABRIKAM).query(WHO).await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.code().as_str()), (400, "PARTNER_REQUIRED"));
    assert_eq!(bearing(&app, &of_contoso).as_partner(CONTOSO).query(WHO).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_is_forged_in_any_way_is_refused_and_not_told_why() {
    let (app, issuer) = guarded().await;
    let (one, two, ec) = (SigningKey::rsa_one(), SigningKey::rsa_two(), SigningKey::ec());
    issuer.publish(&[one.clone(), ec.clone()]);
    let good = issuer.claims(&app);
    let signed = |others: Value| ec.sign(&with(&good, others));
    let header = |change: fn(&mut Header)| {
        let mut header = ec.header();
        change(&mut header);
        ec.sign_with(&header, &good)
    };
    let now = app.clock.now().timestamp();
    let whole = ec.sign(&good);
    let (head, rest) = whole.split_once('.').expect("parts");
    let (_, signature) = rest.split_once('.').expect("parts");
    let promoted = part(&with(&good, json!({ "roles": ["GLOBAL_ADMIN"] })));
    let AlgorithmParameters::RSA(public) = one.public().algorithm else { unreachable!("an RSA key") };
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(&public.n).expect("a modulus");
    let of_one = |algorithm| Header { kid: Some("one".to_owned()), ..Header::new(algorithm) };
    let by_public_key =
        |secret: &[u8]| encode(&of_one(Algorithm::HS256), &good, &EncodingKey::from_secret(secret)).expect("a token");
    let public_key = serde_json::to_vec(&one.public()).expect("JSON");

    let forged = [
        ("no algorithm", format!("{}.{}.", part(&json!({ "alg": "none", "kid": "ec" })), part(&good))),
        ("no algorithm, in capitals", format!("{}.{}.", part(&json!({ "alg": "NONE", "kid": "ec" })), part(&good))),
        ("HMAC by the public modulus", by_public_key(&modulus)),
        ("HMAC by the public document", by_public_key(&public_key)),
        ("another key under a known name", two.sign_with(&of_one(Algorithm::RS256), &good)),
        ("an elliptic key under the name of an RSA key", ec.sign_with(&of_one(Algorithm::ES256), &good)),
        ("an algorithm that is not pinned", one.sign_with(&of_one(Algorithm::RS512), &good)),
        ("another audience", signed(json!({ "aud": "api://another" }))),
        ("many other audiences", signed(json!({ "aud": ["api://another", "x"] }))),
        ("no audience", signed(json!({ "aud": null }))),
        ("another issuer", signed(json!({ "iss": "https://evil.example" }))),
        ("an issuer in a list", signed(json!({ "iss": [issuer.url] }))),
        ("no issuer", signed(json!({ "iss": null }))),
        ("no end", signed(json!({ "exp": null }))),
        ("an end in words", signed(json!({ "exp": "never" }))),
        ("an end beyond all time", signed(json!({ "exp": 1e300 }))),
        ("not yet", signed(json!({ "nbf": now + 61 }))),
        ("a beginning in words", signed(json!({ "nbf": "now" }))),
        ("nobody", signed(json!({ "oid": null, "sub": null }))),
        ("a key by a path", header(|header| header.kid = Some("../../etc/passwd".to_owned()))),
        ("a key by SQL", header(|header| header.kid = Some("' or 1=1 --".to_owned()))),
        ("a long key", header(|header| header.kid = Some("k".repeat(5000)))),
        ("a key that is not named", header(|header| header.kid = None)),
        ("an own set of keys", header(|header| header.jku = Some("https://evil.example/keys".to_owned()))),
        ("an own key", header(|header| header.jwk = Some(SigningKey::ec().public()))),
        ("an own certificate", header(|header| header.x5u = Some("https://evil.example/cert".to_owned()))),
        ("something critical", header(|header| header.crit = Some(vec!["exp".to_owned()]))),
        ("other claims under a good signature", format!("{head}.{promoted}.{signature}")),
        ("no signature", format!("{head}.{}.", part(&good))),
        ("half a signature", whole[..whole.len() - 40].to_owned()),
        ("a part too many", format!("{whole}.{signature}")),
        ("no token", "a.b.c".to_owned()),
        ("a huge token", signed(json!({ "padding": "x".repeat(16 * 1024) }))),
        ("something like a key", "sg_aaaaaaaa_short".to_owned()),
    ];
    for (what, token) in &forged {
        assert_refused(&ask(&app, token).await, what);
    }
    assert_eq!(ask(&app, &whole).await.status, StatusCode::OK, "the good one is good");
    assert_eq!(issuer.asked(), 1, "unknown keys do not make us ask again and again");
}

#[tokio::test]
async fn clocks_may_be_a_minute_apart_and_no_more() {
    let (app, issuer) = guarded().await;
    let now = app.clock.now().timestamp();
    let of = |from: i64, until: i64| {
        SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "nbf": now + from, "exp": now + until })))
    };
    let (young, old) = (of(60, 600), of(-600, -60));
    for token in [&young, &old] {
        assert_eq!(ask(&app, token).await.status, StatusCode::OK);
    }
    // Both are known by now, and still checked.
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(ask(&app, &young).await.status, StatusCode::OK);
    let expired = ask(&app, &old).await;
    assert_eq!((expired.status, expired.code().as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    assert!(expired.text.contains("the token expired"), "{}", expired.text);
    assert!(expired.header("www-authenticate").is_some_and(|challenge| challenge.contains("the token expired")));
}

#[tokio::test]
async fn a_new_key_is_found_and_a_withdrawn_one_is_no_longer_good() {
    let (app, issuer) = guarded().await;
    let token = |key: SigningKey| key.sign(&issuer.claims(&app));
    let (old, new) = (token(SigningKey::ec()), token(SigningKey::rsa_two()));
    assert_eq!(ask(&app, &old).await.status, StatusCode::OK);

    issuer.publish(&[SigningKey::rsa_two()]);
    for _ in 0..5 {
        assert_refused(&ask(&app, &new).await, "asked less than ten seconds ago");
    }
    assert_eq!(issuer.asked(), 1);
    assert_eq!(ask(&app, &old).await.status, StatusCode::OK, "what was verified is remembered");

    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(ask(&app, &new).await.status, StatusCode::OK);
    assert_eq!(issuer.asked(), 2);
    assert_refused(&ask(&app, &old).await, "its key was withdrawn");
}

#[tokio::test]
async fn keys_are_fetched_again_every_hour_though_nobody_misses_one() {
    let (app, issuer) = guarded().await;
    let token =
        SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "exp": app.clock.now().timestamp() + 90_000 })));
    assert_eq!(ask(&app, &token).await.status, StatusCode::OK);
    issuer.publish(&[SigningKey::rsa_one()]);
    app.clock.advance(TimeDelta::hours(1));
    let refused = async { while ask(&app, &token).await.status != StatusCode::UNAUTHORIZED {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), refused).await.expect("the withdrawn key is noticed");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn while_the_issuer_is_down_its_known_keys_are_good() {
    let (app, issuer) = guarded().await;
    let token = issuer.token(&app);
    issuer.set_up(false);
    let unknown = ask(&app, &token).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"));

    issuer.set_up(true);
    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(ask(&app, &token).await.status, StatusCode::OK);

    issuer.set_up(false);
    app.clock.advance(TimeDelta::seconds(10));
    assert_refused(&ask(&app, &SigningKey::rsa_one().sign(&issuer.claims(&app))).await, "a key that nobody knows");
    let another = SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "oid": "bob" })));
    assert_eq!(ask(&app, &another).await.status, StatusCode::OK, "the old keys are kept");

    issuer.set_up(true);
    issuer.publish_as_it_is(json!({ "keys": [] }));
    app.clock.advance(TimeDelta::seconds(10));
    assert_refused(&ask(&app, &SigningKey::rsa_one().sign(&issuer.claims(&app))).await, "an issuer without keys");
    assert_eq!(ask(&app, &another).await.status, StatusCode::OK, "an empty set replaces nothing");
}

/// Whoever has no credential could otherwise keep those out who have a good one.
#[tokio::test]
async fn who_leaves_before_the_issuer_answers_keeps_nobody_out_and_has_failed() {
    let (app, issuer) = guarded().await;
    let forged = SigningKey::rsa_one().sign(&issuer.claims(&app));
    let held = issuer.hold().await;
    let mut client = Raw::connect(app.addr).await;
    client
        .send(&format!("GET /schema.graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {forged}\r\n\r\n"))
        .await;
    let until = async |is_so: &dyn Fn() -> bool| {
        let waiting = async {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await
    };
    until(&|| issuer.asked() == 1).await.expect("the issuer is asked");
    drop(client);
    until(&|| app.metrics().credentials.failed.get() == 1).await.expect("leaving early is counted as a failure");
    drop(held);
    assert_eq!(ask(&app, &issuer.token(&app)).await.status, StatusCode::OK);
    assert_eq!(issuer.asked(), 1);
    assert_eq!(app.metrics().credentials.failed.get(), 1);
}

#[tokio::test]
async fn times_at_the_ends_of_all_time_are_understood() {
    let (app, issuer) = guarded().await;
    let now = app.clock.now().timestamp();
    // The last second and the first one that a date can name.
    let (last, first) = (8_210_266_876_799_i64, -8_334_601_228_800_i64);
    let with = |others: Value| SigningKey::ec().sign(&with(&issuer.claims(&app), others));
    for good in [
        json!({ "exp": last }),
        json!({ "exp": now as f64 + 60.5 }),
        json!({ "exp": last, "nbf": first }),
        json!({ "nbf": -1 }),
        json!({ "nbf": -0.5 }),
    ] {
        let token = with(good.clone());
        for time in ["first", "again"] {
            assert_eq!(ask(&app, &token).await.status, StatusCode::OK, "{good} {time}");
        }
        let mut socket = Socket::open(&app).await;
        socket
            .send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } }))
            .await;
        assert_eq!(socket.next().await["type"], "connection_ack", "{good}");
    }
    for bad in [
        json!({ "exp": i64::MAX }),
        json!({ "exp": i64::MIN }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": f64::MAX }),
        json!({ "exp": f64::MIN }),
        json!({ "exp": last + 1 }),
        json!({ "exp": first }),
        json!({ "exp": -1.5 }),
        json!({ "exp": last as f64 * 2.0 }),
        json!({ "nbf": last }),
        json!({ "nbf": i64::MAX }),
        json!({ "nbf": i64::MIN }),
        json!({ "nbf": f64::MIN }),
    ] {
        assert_refused(&ask(&app, &with(bad.clone())).await, &bad.to_string());
    }
    for past in [json!(0), json!(1.5), json!(f64::MIN_POSITIVE)] {
        let answer = ask(&app, &with(json!({ "exp": past }))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{past}");
        assert!(answer.text.contains("the token expired"), "{past}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_secret_among_the_published_keys_is_no_key() {
    let (app, issuer) = guarded().await;
    let secret = b"a secret that should never have been published";
    let ec = serde_json::to_value(SigningKey::ec().public()).expect("JSON");
    let oct = json!({ "kty": "oct", "kid": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(secret) });
    issuer.publish_as_it_is(json!({ "keys": [oct, "nonsense", { "kty": "novel", "kid": "x" }, ec] }));
    assert_eq!(ask(&app, &issuer.token(&app)).await.status, StatusCode::OK, "the others are good");
    for algorithm in [Algorithm::HS256, Algorithm::HS512] {
        let header = Header { kid: Some("oct".to_owned()), ..Header::new(algorithm) };
        let token = encode(&header, &issuer.claims(&app), &EncodingKey::from_secret(secret)).expect("a token");
        assert_refused(&ask(&app, &token).await, "HMAC");
    }
}

#[tokio::test]
async fn roles_come_from_the_configured_claims_and_a_token_without_one_is_told_what_to_set() {
    let (app, issuer) = guarded_by(|issuer| {
        issuer.roles_claims = vec!["roles".to_owned(), "realm_access.groups".to_owned()];
        issuer.role_map = [("5b1c", "ADMIN_AGENT")].map(|(from, to)| (from.to_owned(), to.to_owned())).into();
    })
    .await;
    let with = |others| SigningKey::ec().sign(&with(&issuer.claims(&app), others));
    for good in [
        json!({ "roles": ["nothing here", "sales_agent"] }),
        json!({ "roles": "SALES_AGENT" }),
        json!({ "roles": null, "realm_access": { "groups": ["5b1c"] } }),
    ] {
        assert_eq!(ask(&app, &with(good.clone())).await.status, StatusCode::OK, "{good}");
    }
    for bad in [
        json!({ "roles": null }),
        json!({ "roles": ["5b1d"] }),
        json!({ "roles": [{ "role": "GLOBAL_ADMIN" }] }),
        json!({ "roles": null, "groups": ["GLOBAL_ADMIN"] }),
    ] {
        let answer = ask(&app, &with(bad.clone())).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{bad}");
        assert!(answer.text.contains("role_map") && answer.text.contains("auth.issuers"), "{}", answer.text);
    }
    let everybody = ask(&app, &with(json!({ "roles": ["CUSTOMER_USER"] }))).await;
    assert_eq!(everybody.status, StatusCode::FORBIDDEN, "a customer's user never reaches a whole partner");
    assert!(everybody.text.contains("customers_claim"), "{}", everybody.text);
    let stranger = ask(&app, &with(json!({ "tid": ADATUM }))).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN, "no partner has this tenant");
}

#[tokio::test]
async fn a_claim_narrows_what_is_reached_to_some_customers() {
    let (app, issuer) = guarded_by(|issuer| issuer.customers_claim = Some("customers".to_owned())).await;
    let with = |customers| SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "customers": customers })));
    let data = ask(&app, &with(json!([ADATUM.to_uppercase()]))).await.data();
    assert_eq!((tenants(&data), &data["viewer"]["isRestricted"]), (vec![ADATUM], &json!(true)));
    let data = ask(&app, &with(json!("*"))).await.data();
    assert_eq!(tenants(&data), [ADATUM, BELLOWS]);
    for nothing in [Value::Null, json!([]), json!({ "a": 1 })] {
        let refused = ask(&app, &with(nothing.clone())).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{nothing}");
        assert!(refused.text.contains("does not say which customers"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_customers_user_is_told_that_it_cannot_reach_all_customers() {
    let (app, issuer) = guarded_by(|issuer| issuer.customers_claim = Some("customers".to_owned())).await;
    let claims = json!({ "customers": "*", "roles": ["CUSTOMER_USER"] });
    let refused = ask(&app, &SigningKey::ec().sign(&with(&issuer.claims(&app), claims))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("needs tenant ids of customers, not `*`"), "{}", refused.text);
}

#[tokio::test]
async fn a_user_of_a_customer_sees_its_own_tenant_whatever_roles_it_brings() {
    let issuer = FakeIssuer::start().await;
    let config =
        IssuerConfig { partner: Some(FABRIKAM.to_owned()), allow_customers: true, ..issuer.config_of_many_tenants() };
    let app = with_issuer(config).await;
    let ec = SigningKey::ec();

    let agent = ask(&app, &ec.sign(&issuer.claims_of(&app, FABRIKAM))).await.data();
    assert_eq!((tenants(&agent), &agent["viewer"]["isRestricted"]), (vec![ADATUM, BELLOWS], &json!(false)));

    let claims = with(&issuer.claims_of(&app, ADATUM), json!({ "roles": ["GLOBAL_ADMIN"] }));
    let user = ask(&app, &ec.sign(&claims)).await.data();
    assert_eq!((tenants(&user), &user["viewer"]["isRestricted"]), (vec![ADATUM], &json!(true)));
    assert_eq!(user["partner"]["name"], "fabrikam partner");

    let stranger = ask(&app, &ec.sign(&issuer.claims_of(&app, "cccccccc-0000-4000-8000-00000000000c"))).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN, "no customer has this tenant");
    let of_contoso = ask(&app, &ec.sign(&issuer.claims_of(&app, CONTOSO))).await;
    assert_eq!(of_contoso.status, StatusCode::FORBIDDEN, "another partner of the installation");
    let other_issuer = with(&issuer.claims_of(&app, FABRIKAM), json!({ "tid": ADATUM }));
    assert_refused(&ask(&app, &ec.sign(&other_issuer)).await, "the issuer of one tenant speaks of another");
    let path = with(&claims, json!({ "tid": "../x", "iss": format!("{}/../x/v2.0", issuer.url) }));
    assert_refused(&ask(&app, &ec.sign(&path)).await, "a tenant that is none");
}

#[tokio::test]
async fn an_issuer_of_all_tenants_lets_in_the_people_of_partners_alone() {
    let issuer = FakeIssuer::start().await;
    let app = with_issuer(issuer.config_of_many_tenants()).await;
    for (tenant, partner) in [(FABRIKAM, "fabrikam partner"), (CONTOSO, "contoso partner")] {
        let data = ask(&app, &SigningKey::ec().sign(&issuer.claims_of(&app, tenant))).await.data();
        assert_eq!(data["partner"]["name"], partner);
    }
    let customer = ask(&app, &SigningKey::ec().sign(&issuer.claims_of(&app, ADATUM))).await;
    assert_eq!(customer.status, StatusCode::FORBIDDEN, "customers were not let in");
}

#[tokio::test]
async fn a_key_of_one_tenant_signs_for_no_other() {
    let issuer = FakeIssuer::start().await;
    let config = issuer.config_of_many_tenants();
    let mut key = serde_json::to_value(SigningKey::ec().public()).expect("JSON");
    key["issuer"] = format!("{}/{CONTOSO}/v2.0", issuer.url).into();
    issuer.publish_as_it_is(json!({ "keys": [key] }));
    let app = with_issuer(config).await;
    let token = |tenant| SigningKey::ec().sign(&issuer.claims_of(&app, tenant));
    assert_eq!(ask(&app, &token(CONTOSO)).await.status, StatusCode::OK);
    assert_refused(&ask(&app, &token(FABRIKAM)).await, "the key of another tenant");
}
