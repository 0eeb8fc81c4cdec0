//! Every path over HTTP, and every way to ask at `/graphql`, by callers with credentials of their own: API keys of two
//! partners, and tokens of users of their customers.

use std::fs;

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use supportgraph::{
    actions::Actions,
    config::IssuerConfig,
    domain::{access::Lane, access::Role, api_key::NewKey, document::DocumentId},
};

use super::{Who, World, furnish_for_all};
use crate::support::{
    Answer, Client, Socket, Streamed, TestApp,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM},
    issuer::{FakeIssuer, SigningKey},
};

const CALLERS: [Who; 5] = [Who::Fabrikam, Who::Contoso, Who::AdatumOfFabrikam, Who::Adatum, Who::Bellows];

const NAMES: &str = "query Names { customers { totalCount nodes { id name } } }";
/// One that nobody has registered.
const LEARNT: &str = "{ customers { totalCount nodes { name } } }";
const FEED: &str = "subscription { incidentChanged { kind incident { id title } } }";
const LINK: &str = "/graphql?query=%7Bcustomers%7BtotalCount%20nodes%7Bid%20name%7D%7D%7D";
const PARTS: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";
const TOKEN: &str = "x-graphql-event-stream-token";

/// A way to ask.
#[derive(Clone, Debug)]
enum Way {
    /// GET and HEAD of a path that asks nothing further.
    Page(String),
    Post,
    Batch,
    Link,
    /// By the hash alone, with the text, and by the hash again.
    Automatic,
    /// By name and by hash.
    Registered,
    Events,
    /// A live operation, with this `accept`.
    Live(&'static str),
    /// Several operations on one stream of events.
    Reserved,
    Socket,
    /// A program's WebSocket, which may send headers.
    SocketWithHeader,
}

/// Every path of the router, as its source has it.
fn paths() -> Vec<String> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/mod.rs");
    let source = fs::read_to_string(source).expect("the router");
    source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

fn ways_at(path: &str) -> Vec<Way> {
    match path {
        "/graphql" => vec![
            Way::Post,
            Way::Batch,
            Way::Link,
            Way::Automatic,
            Way::Registered,
            Way::Events,
            Way::Live("text/event-stream"),
            Way::Live(PARTS),
            Way::Reserved,
            Way::Socket,
            Way::SocketWithHeader,
        ],
        "/schema.graphql" | "/livez" | "/readyz" | "/metrics" | "/" | "/playground" | "/playground/" => {
            vec![Way::Page(path.to_owned())]
        }
        "/playground/{*path}" => vec![Way::Page("/playground/index.html".to_owned())],
        path => panic!("nothing here asks whom {path} tells of: add it to tests/it/isolation/paths.rs"),
    }
}

/// Who vouches for the users of customers: one issuer for each partner.
struct Issuers([(FakeIssuer, IssuerConfig); 2]);

impl Issuers {
    async fn start() -> Self {
        let of = async |partner: &str| {
            let issuer = FakeIssuer::start().await;
            let many = issuer.config_of_many_tenants();
            (issuer, IssuerConfig { partner: Some(partner.to_owned()), allow_customers: true, ..many })
        };
        Self([of(FABRIKAM).await, of(CONTOSO).await])
    }

    /// A server that asks everybody for a credential, and has nothing yet.
    async fn guarded(&self) -> TestApp {
        TestApp::with(|config| {
            config.auth.issuers = self.0.iter().map(|(_, config)| config.clone()).collect();
            // Large, and told in headers: what others spend must not show.
            config.limits.screen_cost_per_minute = 1_000_000;
        })
        .await
    }

    async fn caller(&self, who: Who, app: &TestApp) -> Caller {
        let credential = match who.tenant() {
            None => api_key(who, app).await,
            Some(tenant) => {
                let (issuer, _) = &self.0[usize::from(who != Who::AdatumOfFabrikam)];
                SigningKey::ec().sign(&issuer.claims_of(app, tenant))
            }
        };
        let bearer = format!("Bearer {credential}");
        let client = app.client.with_header("authorization", &bearer).with_header("x-request-id", "same");
        Caller { who, client, bearer }
    }
}

/// Of a whole partner.
async fn api_key(who: Who, app: &TestApp) -> String {
    let roles = vec![Role::GlobalAdmin];
    let key = NewKey { name: "a key".to_owned(), roles, customers: None, lane: Lane::Screen, expires_at: None };
    let issued = Actions::new(app.store(), &app.clock, "a test").issue_api_key(&who.viewer(app), key).await;
    issued.expect("a key").1.reveal().to_owned()
}

struct Caller {
    who: Who,
    client: Client,
    bearer: String,
}

impl Caller {
    fn post(&self, accept: &str, body: &Value) -> RequestBuilder {
        self.client.request(Method::POST, "/graphql").header("accept", accept).json(body)
    }

    /// All that the server tells, to its headers.
    async fn ask(&self, way: &Way) -> String {
        match way {
            Way::Page(path) => {
                let head = Answer::of(self.client.request(Method::HEAD, path)).await;
                told(&head) + &told(&self.client.get(path).await)
            }
            Way::Post => told(&self.client.query(NAMES).await),
            Way::Batch => told(&self.client.post(&json!([{ "query": NAMES }, { "query": NAMES }])).await),
            Way::Link => told(&self.client.get(LINK).await),
            Way::Automatic => {
                let extensions =
                    json!({ "persistedQuery": { "version": 1, "sha256Hash": DocumentId::hash_of(LEARNT) } });
                let by_hash = json!({ "extensions": extensions });
                let with_text = json!({ "query": LEARNT, "extensions": extensions });
                let mut all = String::new();
                for body in [&by_hash, &with_text, &by_hash] {
                    all += &told(&self.client.post(body).await);
                }
                all
            }
            Way::Registered => {
                let by_name = told(&self.client.post(&json!({ "documentId": "Names" })).await);
                by_name + &told(&self.client.post(&json!({ "documentId": DocumentId::hash_of(NAMES) })).await)
            }
            Way::Events => streamed(self.post("text/event-stream", &json!({ "query": NAMES })), "complete").await,
            Way::Live(accept) => streamed(self.post(accept, &json!({ "query": FEED })), "SNAPSHOT_COMPLETE").await,
            Way::Reserved => self.reserved().await,
            Way::Socket => {
                let socket = Socket::open(&self.client).await;
                by_socket(socket, json!({ "authorization": self.bearer })).await
            }
            Way::SocketWithHeader => {
                let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", &*self.bearer)];
                by_socket(Socket::open_with(&self.client, &headers).await.expect("an open socket"), json!({})).await
            }
        }
    }

    async fn reserve(&self) -> String {
        let reserved = Answer::of(self.client.request(Method::PUT, "/graphql")).await;
        assert_eq!(reserved.status, 201, "{}", reserved.text);
        reserved.text
    }

    fn open(&self, token: &str) -> RequestBuilder {
        self.client.request(Method::GET, "/graphql").header("accept", "text/event-stream").header(TOKEN, token)
    }

    async fn reserved(&self) -> String {
        let token = self.reserve().await;
        let mut stream = Streamed::of(self.open(&token)).await;
        let mut all = String::new();
        for (query, end) in [(NAMES, "event: complete"), (FEED, "SNAPSHOT_COMPLETE")] {
            let body = json!({ "query": query, "extensions": { "operationId": end } });
            let started = self.client.request(Method::POST, "/graphql").header(TOKEN, &token).json(&body);
            all += &told(&Answer::of(started).await);
            all += &stream.until(end).await;
        }
        all
    }

    /// Everything is about this caller's own.
    #[track_caller]
    fn assert_own(&self, way: &Way, told: &str) {
        let foreign: &[&str] = match self.who {
            Who::Fabrikam => &["contoso", CONTOSO],
            Who::Contoso => &["fabrikam", FABRIKAM],
            Who::AdatumOfFabrikam => &["contoso", CONTOSO, "bellows", BELLOWS],
            Who::Adatum => &["fabrikam", FABRIKAM, "bellows", BELLOWS],
            Who::Bellows => &["fabrikam", FABRIKAM, "adatum", ADATUM],
        };
        let lower = told.to_lowercase();
        for word in foreign {
            assert!(!lower.contains(word), "{:?} is told of {word} by {way:?}: {told}", self.who);
        }
        let tells = !matches!(way, Way::Page(_));
        assert_eq!(told.contains(self.who.word()), tells, "{:?} asks by {way:?}: {told}", self.who);
    }
}

fn told(answer: &Answer) -> String {
    format!("{} {}\n{}\n", answer.status, lines(&answer.headers), answer.text)
}

/// All headers but the time of day.
fn lines(headers: &HeaderMap) -> String {
    let headers = headers.iter().filter(|(name, _)| *name != "date");
    let mut lines: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    lines.join("\n")
}

/// What a stream tells up to and with `end`, without the cursors of its events: they count what others see happen.
async fn streamed(request: RequestBuilder, end: &str) -> String {
    let mut stream = Streamed::of(request).await;
    let body = stream.until(end).await;
    let body: Vec<&str> = body.lines().filter(|line| !line.starts_with("id: ")).collect();
    format!("{} {}\n{}", stream.status(), lines(stream.headers()), body.join("\n"))
}

async fn by_socket(mut socket: Socket, payload: Value) -> String {
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    let mut all = socket.next().await.to_string();
    for (query, end) in [(NAMES, "\"complete\""), (FEED, "SNAPSHOT_COMPLETE")] {
        socket.subscribe(end, query).await;
        let mut part = String::new();
        while !part.contains(end) {
            part = socket.next().await.to_string();
            all += &part;
        }
    }
    all
}

async fn register(app: &TestApp) {
    let document = (NAMES.to_owned(), vec!["Names".to_owned()]);
    app.store().register_documents(&[document], app.clock.now()).await.expect("it is registered");
}

/// Everybody asks the same, one right after the other, forwards and backwards. Whoever is alone is told the same.
#[tokio::test]
async fn no_path_tells_of_others() {
    let issuers = Issuers::start().await;
    let all = issuers.guarded().await;
    furnish_for_all(&all).await;
    register(&all).await;
    let mut callers = Vec::new();
    for who in CALLERS {
        let app = issuers.guarded().await;
        who.furnish(&app).await;
        register(&app).await;
        callers.push((issuers.caller(who, &all).await, issuers.caller(who, &app).await, app));
    }
    let nowhere = Way::Page("/nothing".to_owned());
    for way in paths().iter().flat_map(|path| ways_at(path)).chain([nowhere]) {
        for (among_others, alone, _) in callers.iter().chain(callers.iter().rev()) {
            let told = among_others.ask(&way).await;
            among_others.assert_own(&way, &told);
            assert_eq!(told, alone.ask(&way).await, "{:?} asks by {way:?}", alone.who);
        }
    }
}

/// No cache between a server and its callers may hand to one what another was told.
#[tokio::test]
async fn what_others_may_keep_is_the_same_for_everybody() {
    let issuers = Issuers::start().await;
    let app = issuers.guarded().await;
    furnish_for_all(&app).await;
    let nobody = app.client.with_header("x-request-id", "same");
    for page in paths().iter().flat_map(|path| ways_at(path)) {
        let Way::Page(path) = &page else { continue };
        let public = nobody.get(path).await;
        for who in CALLERS {
            let answer = issuers.caller(who, &app).await.client.get(path).await;
            let is_kept = answer.header("cache-control") != Some("no-store") || answer.header("etag").is_some();
            assert!(!is_kept || told(&answer) == told(&public), "{who:?} gets another {path}, which may be kept");
        }
    }
    for who in CALLERS {
        let caller = issuers.caller(who, &app).await;
        for answer in [caller.client.query(NAMES).await, caller.client.get(LINK).await] {
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("etag"), None);
            let vary = answer.header("vary").unwrap_or_default();
            assert!(vary.contains("authorization") && vary.contains("x-supportgraph-partner"), "{vary}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_another_has_reserved_answers_like_one_that_nobody_has() {
    let issuers = Issuers::start().await;
    let app = issuers.guarded().await;
    furnish_for_all(&app).await;
    for owner in CALLERS {
        let owner = issuers.caller(owner, &app).await;
        let (waiting, open) = (owner.reserve().await, owner.reserve().await);
        let stream = Streamed::of(owner.open(&open)).await;
        for who in CALLERS.into_iter().filter(|who| *who != owner.who) {
            let other = issuers.caller(who, &app).await;
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = async |token: &str| {
                    let request = other.client.request(method.clone(), "/graphql?operationId=one");
                    let request = request.header("accept", "text/event-stream").header(TOKEN, token);
                    let body = json!({ "query": NAMES, "extensions": { "operationId": "one" } });
                    let mut answer = Streamed::of(request.json(&body)).await;
                    assert!((400..500).contains(&answer.status()), "{who:?}, {method}: {}", answer.status());
                    format!("{}\n{}", lines(answer.headers()), answer.rest().await)
                };
                let nobodys = answer(&"0".repeat(open.len())).await;
                for token in [&waiting, &open] {
                    assert_eq!(answer(token).await, nobodys, "{who:?} takes the stream of {:?} by {method}", owner.who);
                }
            }
        }
        assert_eq!(stream.status(), 200);
    }
}

#[tokio::test]
async fn a_foreign_partner_answers_like_one_that_nobody_knows() {
    let issuers = Issuers::start().await;
    let app = issuers.guarded().await;
    furnish_for_all(&app).await;
    for who in CALLERS {
        let caller = issuers.caller(who, &app).await;
        let foreign = if who.word().starts_with("contoso") { FABRIKAM } else { CONTOSO };
        let answer = async |tenant: &str| told(&caller.client.as_partner(tenant).query(NAMES).await);
        let nobodys = answer("99999999-9999-4999-8999-999999999999").await;
        assert!(nobodys.starts_with("400"), "{nobodys}");
        assert_eq!(answer(foreign).await, nobodys, "{who:?}");
    }
}

#[tokio::test]
async fn a_partner_that_nobody_knows_is_not_told_who_is_known() {
    let world = World::of_all().await;
    let nobody = world.app.as_partner("99999999-9999-4999-8999-999999999999").query(NAMES).await.text.to_lowercase();
    assert!(!nobody.contains("fabrikam") && !nobody.contains("contoso"), "{nobody}");
}
