//! What somebody does who sees some of a partner's customers: everything for these, and nothing for others.

use serde_json::{Value, json};
use supportgraph::domain::{
    access::{Role, Scope, Viewer},
    api_key::NewKey,
};

use crate::{
    api_keys::{issue, key_of},
    service_requests::{ADD_NOTE, CLOSE, OPEN, act, done, filing, mistake, mistake_in, with},
    support::{
        Client, Listener, TestApp,
        given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
        issuer::SigningKey,
    },
    tokens::{bearing, guarded_by},
};

const REQUESTS: &str =
    "subscription { serviceRequestChanged { kind cursor happening serviceRequest { title customer { tenantId } } } }";
const MISSING: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Contoso beside Fabrikam.
async fn given() -> (TestApp, Given) {
    let app = TestApp::start().await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    let contoso = Given::put(&app, CONTOSO, "contoso").await;
    (app, contoso)
}

/// Somebody with that role who sees these customers alone.
async fn at(app: &TestApp, given: &Given, role: Role, tenants: &[&str]) -> Client {
    let customers = tenants.iter().map(|tenant| given.customer_id(tenant)).collect();
    let new = NewKey { roles: vec![role], customers: Some(customers), ..key_of("somebody at some customers") };
    bearing(app, &issue(app, given, new).await.1)
}

async fn helpdesk(app: &TestApp, given: &Given, tenants: &[&str]) -> Client {
    at(app, given, Role::HelpdeskAgent, tenants).await
}

/// What the customer with this tenant has: itself, its subscription, incident and request.
async fn things(client: &Client, tenant: &str) -> Value {
    let query = "query($tenant: String!) { customers(filter: { tenantIds: [$tenant] }) { nodes { id
        subscriptions(first: 1) { nodes { id } } serviceRequests(first: 1) { nodes { id incident { id } } } } } }";
    client.query_with(query, json!({ "tenant": tenant })).await.data()["customers"]["nodes"][0].take()
}

/// The incident that no other customer sees.
fn incident(customer: &Value) -> &Value {
    &customer["serviceRequests"]["nodes"][0]["incident"]["id"]
}

fn first<'a>(customer: &'a Value, list: &str) -> &'a Value {
    &customer[list]["nodes"][0]["id"]
}

async fn listen(app: &TestApp, scope: Scope) -> Listener {
    let mut listener = app.try_listen(scope, REQUESTS, json!({})).await.expect("it begins");
    listener.snapshot().await;
    listener
}

/// The next event: what befell which customer's request.
async fn told(listener: &mut Listener) -> (Value, Value) {
    let mut event = listener.next().await;
    (event["happening"].take(), event["serviceRequest"]["customer"]["tenantId"].take())
}

#[tokio::test]
async fn who_sees_some_customers_acts_for_these_and_they_and_the_partner_hear_of_it() {
    let (app, contoso) = given().await;
    let of = |tenant: &str| Scope::customers(contoso.id, [contoso.customer_id(tenant)]);
    let mut partner = listen(&app, Scope::partner(contoso.id)).await;
    let mut adatum = listen(&app, of(ADATUM)).await;
    let mut bellows = listen(&app, of(BELLOWS)).await;
    let agent = helpdesk(&app, &contoso, &[ADATUM]).await;
    let own = things(&agent, ADATUM).await;

    let input = json!({ "customerId": own["id"], "subscriptionId": first(&own, "subscriptions"), "incidentId": incident(&own) });
    let (id, version) = done(&act(&agent, OPEN, filing(input.clone())).await);
    assert_eq!(done(&act(&agent, OPEN, filing(input)).await), (id.clone(), version), "sent again");
    for (mutation, key) in [(ADD_NOTE, "a-first-note"), (CLOSE, "the-closing")] {
        let input =
            json!({ "idempotencyKey": key, "id": id, "expectedVersion": version + i64::from(mutation == CLOSE) });
        let input = if mutation == ADD_NOTE { with(input, json!({ "text": "On it." })) } else { input };
        assert_eq!(done(&act(&agent, mutation, input).await).0, id);
    }
    let noted = json!({ "idempotencyKey": "another-note", "id": first(&own, "serviceRequests"), "text": "Hello." });
    done(&act(&agent, ADD_NOTE, noted).await);

    for listener in [&mut partner, &mut adatum] {
        for happening in ["ADDED", "NOTED", "CHANGED", "NOTED"] {
            assert_eq!(told(listener).await, (json!(happening), json!(ADATUM)));
        }
    }
    let other = helpdesk(&app, &contoso, &[BELLOWS]).await;
    let theirs = things(&other, BELLOWS).await;
    done(&act(&other, OPEN, filing(json!({ "customerId": theirs["id"] }))).await);
    assert_eq!(told(&mut bellows).await, (json!("ADDED"), json!(BELLOWS)), "the first that it hears of");
    assert_eq!(told(&mut partner).await, (json!("ADDED"), json!(BELLOWS)));

    let shown = "query($id: ID!) { node(id: $id) { ... on ServiceRequest { isOpen customer { tenantId }
        notes { nodes { text } } } } }";
    let seen = async |client: &Client| client.query_with(shown, json!({ "id": id })).await.data()["node"].take();
    let closed =
        json!({ "isOpen": false, "customer": { "tenantId": ADATUM }, "notes": { "nodes": [{ "text": "On it." }] } });
    assert_eq!(seen(&agent).await, closed);
    assert_eq!(seen(&app.as_partner(CONTOSO)).await, closed);
    assert_eq!(seen(&other).await, Value::Null);
    let records = "query($entity: [ID!]) { auditRecords(filter: { targetId: $entity }) { nodes { action outcome } } }";
    let records = app.as_partner(CONTOSO).query_with(records, json!({ "entity": [id] })).await.data();
    assert_eq!(records["auditRecords"]["nodes"].as_array().map(Vec::len), Some(4), "each act, and what was sent again");
}

#[tokio::test]
async fn what_is_out_of_scope_answers_like_what_is_missing() {
    let (app, contoso) = given().await;
    app.apply(contoso.id, [contoso.incident("unseen", &[])]).await;
    let (whole, fabrikam) = (app.as_partner(CONTOSO), app.as_partner(FABRIKAM));
    let own = things(&whole, ADATUM).await;
    // Past the transports: uses of keys are written behind the answers, and would be counted, too.
    let of_adatum = Scope::customers(contoso.id, [contoso.customer_id(ADATUM)]);
    let agent = Viewer::new("agent", "agent", [Role::HelpdeskAgent], of_adatum);
    let of_partner = done(&act(&whole, OPEN, filing(json!({}))).await).0;
    let unseen = "{ incidents(filter: { title: { contains: \"unseen\" } }) { nodes { id } } }";
    let unseen = whole.query(unseen).await.data()["incidents"]["nodes"][0]["id"].take();
    let before = app.rows().await;

    let (for_own, note) = (json!({ "customerId": own["id"] }), json!({ "text": "Hello." }));
    for foreign in [things(&whole, BELLOWS).await, things(&fabrikam, ADATUM).await] {
        for (mutation, member, foreign, input) in [
            (OPEN, "customerId", &foreign["id"], filing(json!({}))),
            (OPEN, "customerId", &Value::Null, filing(json!({}))),
            (OPEN, "customerId", &foreign["id"], filing(json!({ "incidentId": incident(&own) }))),
            (OPEN, "customerId", &Value::Null, filing(json!({ "incidentId": unseen }))),
            (OPEN, "subscriptionId", first(&foreign, "subscriptions"), filing(for_own.clone())),
            (OPEN, "incidentId", incident(&foreign), filing(for_own.clone())),
            (OPEN, "incidentId", &unseen, filing(for_own.clone())),
            (ADD_NOTE, "id", first(&foreign, "serviceRequests"), note.clone()),
            (ADD_NOTE, "id", first(&foreign, "serviceRequests"), with(note.clone(), json!({ "expectedVersion": 9 }))),
            (ADD_NOTE, "id", &json!(of_partner), note.clone()),
            (CLOSE, "id", first(&foreign, "serviceRequests"), json!({})),
            (CLOSE, "id", &json!(of_partner), json!({ "expectedVersion": 1 })),
        ] {
            let ask = async |id: &Value| {
                let input = with(input.clone(), json!({ "idempotencyKey": "the-first-filing", member: id }));
                app.statements(app.ask_as(&agent, mutation, json!({ "input": input }))).await
            };
            let prefix = if member == "id" { "srq" } else { &member[..3] };
            let answered = ask(foreign).await;
            assert_eq!(mistake(&answered.0["data"]["done"]), mistake_in(member, "NOT_FOUND"));
            assert_eq!(answered, ask(&json!(format!("{prefix}_{MISSING}"))).await, "{member} {foreign}");
        }
    }
    assert_eq!(app.rows().await, before, "nothing was written");
}

#[tokio::test]
async fn the_same_key_of_two_who_see_some_customers_is_two_keys() {
    let (app, contoso) = given().await;
    let whole = app.as_partner(CONTOSO);
    let (adatum, bellows) = (things(&whole, ADATUM).await, things(&whole, BELLOWS).await);
    let senders = [
        (whole.clone(), &adatum),
        (helpdesk(&app, &contoso, &[ADATUM]).await, &adatum),
        (helpdesk(&app, &contoso, &[ADATUM]).await, &adatum),
        (helpdesk(&app, &contoso, &[BELLOWS]).await, &bellows),
        (helpdesk(&app, &contoso, &[ADATUM, BELLOWS]).await, &bellows),
    ];
    let mut opened = Vec::new();
    for (sender, customer) in &senders {
        opened.push(done(&act(sender, OPEN, filing(json!({ "customerId": customer["id"] }))).await).0);
    }
    for ((sender, customer), id) in senders.iter().zip(&opened) {
        let again = act(sender, OPEN, filing(json!({ "customerId": customer["id"] }))).await;
        assert_eq!(done(&again).0, *id, "its own");
        let other = act(sender, OPEN, filing(json!({ "customerId": customer["id"], "title": "Another" }))).await;
        assert_eq!(mistake(&other), mistake_in("idempotencyKey", "CONFLICT"));
    }
    opened.sort();
    opened.dedup();
    assert_eq!(opened.len(), senders.len());

    let request = first(&adatum, "serviceRequests");
    for (sender, _) in &senders[..3] {
        done(
            &act(sender, ADD_NOTE, json!({ "idempotencyKey": "a-first-note", "id": request, "text": "Hello." })).await,
        );
    }
    let notes = "query($id: ID!) { node(id: $id) { ... on ServiceRequest { notes { totalCount } } } }";
    let notes = whole.query_with(notes, json!({ "id": request })).await.data();
    assert_eq!(notes["node"]["notes"]["totalCount"], 1 + 3);
}

#[tokio::test]
async fn a_team_whose_token_names_its_customers_acts_for_these() {
    let (app, issuer) = guarded_by(|issuer| issuer.customers_claim = Some("customers".to_owned())).await;
    let team = |tenants: &[&str]| {
        let claims = crate::support::issuer::with(&issuer.claims(&app), json!({ "customers": tenants }));
        bearing(&app, &SigningKey::ec().sign(&claims))
    };
    let (of_adatum, of_bellows) = (team(&[ADATUM]), team(&[BELLOWS]));
    let own = things(&of_adatum, ADATUM).await["id"].take();
    done(&act(&of_adatum, OPEN, filing(json!({ "customerId": own }))).await);
    let refused = act(&of_bellows, OPEN, filing(json!({ "customerId": own }))).await;
    assert_eq!(mistake(&refused), mistake_in("customerId", "NOT_FOUND"));
}

#[tokio::test]
async fn what_a_role_may_not_do_it_may_for_no_customer() {
    let (app, contoso) = given().await;
    let own = things(&app.as_partner(CONTOSO), ADATUM).await;
    for (role, may) in [(Role::CustomerUser, [false, false, false]), (Role::SalesAgent, [true, false, false])] {
        let somebody = at(&app, &contoso, role, &[ADATUM]).await;
        for ((mutation, input), may) in [
            (OPEN, filing(json!({ "customerId": own["id"] }))),
            (ADD_NOTE, json!({ "id": first(&own, "serviceRequests"), "text": "Hello." })),
            (CLOSE, json!({ "id": first(&own, "serviceRequests") })),
        ]
        .into_iter()
        .zip(may)
        {
            let input = with(input, json!({ "idempotencyKey": "the-first-filing" }));
            if may {
                done(&act(&somebody, mutation, input).await);
            } else {
                assert_eq!(somebody.query_with(mutation, json!({ "input": input })).await.code(), "FORBIDDEN");
            }
        }
    }
}
