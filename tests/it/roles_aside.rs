//! What a role may not see it does not learn on the side either: not by filters, ids, searches, events or shared answers.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use serde_json::{Value, json};
use supportgraph::{
    domain::{
        access::{Role, Scope, Viewer},
        change::Change,
        service_health::{HealthStatus, ServiceHealth},
        service_request::{ServiceRequest, ServiceRequestStatus},
        support_offering::SupportOffering,
    },
    engine::Access,
};

use crate::{
    roles::{fabrikam, forbidden, viewer},
    support::{
        Listener, TestApp,
        given::{ADATUM, Given},
    },
};

#[tokio::test]
async fn a_filter_does_not_look_at_what_may_not_be_seen() {
    let (app, given) = fabrikam().await;
    let query = "query($filter: CustomerFilter) { viewer { name } customers(filter: $filter) { totalCount } }";
    let ask = async |role, filter: &Value| app.ask_as(&viewer(&given, role), query, json!({ "filter": filter })).await;
    for filter in [
        json!({ "serviceHealth": { "isHealthy": true } }),
        json!({ "incidents": { "isOpen": true } }),
        json!({ "serviceRequests": { "isOpen": true } }),
        json!({ "not": { "serviceRequests": {} } }),
        json!({ "or": [{ "name": { "eq": "a" } }, { "and": [{ "incidents": {} }] }] }),
    ] {
        let refused = ask(Role::BillingAdmin, &filter).await;
        assert_eq!(refused["data"], json!({ "viewer": { "name": "BILLING_ADMIN" }, "customers": null }), "{filter}");
        assert_eq!(forbidden(&refused), [json!(["customers"])], "{filter}");
        assert_eq!(ask(Role::HelpdeskAgent, &filter).await.get("errors"), None, "{filter}");
    }
    for filter in [json!({ "subscriptions": {}, "incidents": null }), json!({ "name": { "contains": "adatum" } })] {
        assert_eq!(ask(Role::BillingAdmin, &filter).await.get("errors"), None, "{filter}");
    }
    let written = "{ customers(filter: { incidents: { isOpen: true } }) { totalCount } }";
    assert_eq!(forbidden(&app.ask_as(&viewer(&given, Role::BillingAdmin), written, json!({})).await).len(), 1);
}

/// Members of filters that look at no field of that name. Each looks only at what everybody may see who may see the type.
const OF_NO_FIELD: &[&str] = &[
    "Customer.domain",
    "Customer.isEnded",
    "Incident.customerIds",
    "Incident.isOpen",
    "ServiceHealth.hasEnteredOrLeftOperational",
    "ServiceHealth.isHealthy",
    "ServiceHealth.productFamily",
    "SupportPlan.tier",
    "SupportPlan.validOn",
    "SupportPlan.covers",
];

#[tokio::test]
async fn every_member_of_a_filter_is_a_field_or_looks_at_nothing_more() {
    let (app, _) = fabrikam().await;
    let sdl = app.get("/schema.graphql").await.text;
    let schema = Schema::parse_and_validate(sdl, "schema.graphql").expect("a schema");
    let access = app.access();
    let mut unknown = BTreeSet::new();
    for (name, input) in schema.types.iter().filter_map(|(name, ty)| Some((name.as_str(), ty.as_input_object()?))) {
        let Some(type_name) = name.strip_suffix("Filter") else { continue };
        let live = type_name.strip_suffix("Changed");
        let type_name = live.unwrap_or(type_name);
        let Some(object) = schema.get_object(type_name) else { continue };
        for member in input.fields.keys().filter(|member| !["and", "or", "not"].contains(&member.as_str())) {
            let one = member.strip_suffix('s').unwrap_or(member);
            let names = [member.as_str(), one, one.strip_suffix("Id").unwrap_or(one)];
            let Some(field) = names.iter().find(|name| object.fields.contains_key(**name)) else {
                unknown.insert(format!("{type_name}.{member}"));
                continue;
            };
            // Filters of live fields are not held against rights, since they look at nothing that some may not see.
            let is_border = |row: &Access| row.type_name == type_name && row.field == Some(*field) && row.is_border;
            assert!(live.is_none() || !access.iter().any(is_border), "{name}.{member}");
        }
    }
    let known: BTreeSet<String> = OF_NO_FIELD.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(unknown, known, "is it named like the field it looks at?");
}

#[tokio::test]
async fn an_id_of_a_forbidden_type_is_forbidden_whether_or_not_it_exists() {
    let (app, given) = fabrikam().await;
    let ids = "{ customers(first: 1) { nodes { id } } incidents(first: 1) { nodes { id } } }";
    let ids = app.ask_as(&viewer(&given, Role::GlobalAdmin), ids, json!({})).await["data"].take();
    let of = |list: &str| ids[list]["nodes"][0]["id"].as_str().expect("an id").to_owned();
    let (customer, incident) = (of("customers"), of("incidents"));
    let missing = "inc_AAAAAAAAAAAAAAAAAAAAAA".to_owned();

    let billing = viewer(&given, Role::BillingAdmin);
    let node = "query($id: ID!) { node(id: $id) { __typename id } }";
    let answer = app.ask_as(&billing, node, json!({ "id": incident })).await;
    assert_eq!((&answer["data"], forbidden(&answer)), (&json!({ "node": null }), vec![json!(["node"])]));
    assert_eq!(app.ask_as(&billing, node, json!({ "id": missing })).await, answer);
    let (_, nothing) = app.statements(app.ask_as(&billing, "{ __typename }", json!({}))).await;
    let (_, statements) = app.statements(app.ask_as(&billing, node, json!({ "id": incident }))).await;
    assert!(statements <= nothing, "no statement for it");

    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let given_ids = json!({ "ids": [customer, incident, "nothing", missing] });
    let answer = app.ask_as(&billing, nodes, given_ids).await;
    let seen = json!({ "__typename": "Customer", "id": customer });
    assert_eq!(answer["data"]["nodes"], json!([seen, null, null, null]));
    assert_eq!(forbidden(&answer), [json!(["nodes", 1]), json!(["nodes", 3])]);
}

#[tokio::test]
async fn a_search_leaves_out_what_may_not_be_seen_and_fills_its_place() {
    let (app, given) = fabrikam().await;
    let types = async |role: Role, first: usize| -> Vec<String> {
        let query = format!("{{ search(text: \"fabrikam\", first: {first}) {{ __typename }} }}");
        let mut answer = app.ask_as(&viewer(&given, role), &query, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        let found: Vec<Value> = serde_json::from_value(answer["data"]["search"].take()).expect("a list");
        found.iter().map(|one| one["__typename"].as_str().expect("a name").to_owned()).collect()
    };
    let kinds = |types: Vec<String>| types.into_iter().collect::<BTreeSet<_>>();
    let all = ["Customer", "CustomerSubscription", "Incident", "Service", "ServiceRequest"].map(str::to_owned);
    assert_eq!(kinds(types(Role::HelpdeskAgent, 50).await), all.into());
    let bought = ["Customer", "CustomerSubscription"].map(str::to_owned);
    assert_eq!(kinds(types(Role::BillingAdmin, 50).await), bought.clone().into());
    assert_eq!(kinds(types(Role::BillingAdmin, 4).await), bought.into(), "two customers, then subscriptions");
    assert_eq!(types(Role::UserManagementAdmin, 50).await, Vec::<String>::new());
    let by_name = "{ search(text: \"fabrikam\") { __typename } }";
    let statements = async |role| {
        let somebody = viewer(&given, role);
        app.statements(app.ask_as(&somebody, by_name, json!({}))).await.1
    };
    assert!(statements(Role::BillingAdmin).await < statements(Role::HelpdeskAgent).await, "nor are others looked for");
}

const CHANGES: &str = "subscription($kinds: [EntityKind!]) { changes(kinds: $kinds) {
    kind cursor entityKind happening changes { name before after isWithheld } node { __typename } } }";

async fn listen(app: &TestApp, viewer: &Viewer, query: &str, variables: Value) -> Listener {
    let listening = app.try_listen_as(viewer, query, variables).await;
    let mut listener = listening.unwrap_or_else(|refused| panic!("{}", String::from_utf8_lossy(&refused.body)));
    listener.snapshot().await;
    listener
}

fn members(event: &Value) -> Vec<&str> {
    event["changes"].as_array().expect("members").iter().filter_map(|one| one["name"].as_str()).collect()
}

/// Adatum's request with other words, another contact and another status.
fn rewritten(given: &Given) -> Change {
    let Change::ServiceRequest { request, notes } = given.request(ADATUM, "adatum") else { panic!("a request") };
    let request = ServiceRequest {
        description: "fabrikam secret words".to_owned(),
        contact_name: Some("Ada Secret".to_owned()),
        status: ServiceRequestStatus::AttentionNeeded,
        status_text: "attention_needed".to_owned(),
        version: request.version,
        ..request
    };
    Change::ServiceRequest { request, notes }
}

fn dearer(given: &Given) -> Change {
    let offering = given.offering();
    Change::SupportOffering(SupportOffering { price_minor: Some(9_900), hours: "always".to_owned(), ..offering })
}

fn down(given: &Given) -> Change {
    let health = given.health(ADATUM, "adatum");
    Change::ServiceHealth(ServiceHealth { reported_status: HealthStatus::ServiceInterruption, ..health })
}

#[tokio::test]
async fn events_leave_out_kinds_and_members_that_may_not_be_seen() {
    let (app, given) = fabrikam().await;
    let mut billing = listen(&app, &viewer(&given, Role::BillingAdmin), CHANGES, json!({})).await;
    let mut helpdesk = listen(&app, &viewer(&given, Role::HelpdeskAgent), CHANGES, json!({})).await;
    let mut sales = listen(&app, &viewer(&given, Role::SalesAgent), CHANGES, json!({})).await;
    let only = json!({ "kinds": ["SERVICE_HEALTH", "SERVICE_REQUEST"] });
    let mut deaf = listen(&app, &viewer(&given, Role::BillingAdmin), CHANGES, only).await;
    app.apply(given.id, [down(&given)]).await;
    app.apply(given.id, [rewritten(&given)]).await;
    app.apply(given.id, [dearer(&given)]).await;

    let offered = billing.next().await;
    assert_eq!(offered["entityKind"], "SUPPORT_OFFERING", "health and requests are left out");
    assert!(members(&offered).contains(&"priceMinor"), "{offered}");
    assert!(deaf.is_silent().await, "nothing of forbidden kinds, though asked for");

    let [health, request, offered] = [helpdesk.next().await, helpdesk.next().await, helpdesk.next().await];
    assert_eq!(health["entityKind"], "SERVICE_HEALTH");
    assert!(members(&request).contains(&"description") && members(&request).contains(&"contactName"), "{request}");
    assert_eq!(members(&offered), ["hours"], "without the price");

    let [_, request, offered] = [sales.next().await, sales.next().await, sales.next().await];
    assert!(members(&request).contains(&"status"), "{request}");
    assert!(!members(&request).iter().any(|name| name.starts_with("contact") || *name == "description"), "{request}");
    assert!(members(&offered).contains(&"priceMinor"), "{offered}");
}

#[tokio::test]
async fn listeners_of_other_roles_share_nothing_that_one_of_them_may_not_see() {
    let (app, given) = fabrikam().await;
    let query = "subscription { serviceRequestChanged {
        kind cursor changes { name } serviceRequest { status description notes { totalCount } } } }";
    let next = async |listener: &mut Listener| -> Value {
        serde_json::from_slice(&listener.payload().await.body).expect("JSON")
    };
    // The same name: only the roles tell them apart.
    let named = |role| Viewer { name: "ada".to_owned(), ..viewer(&given, role) };
    let mut heard = Vec::new();
    for role in [Role::HelpdeskAgent, Role::SalesAgent] {
        let listening = app.try_listen_as(&named(role), query, json!({})).await;
        let Ok(mut listener) = listening else { panic!("{role:?} may listen") };
        while next(&mut listener).await["data"]["serviceRequestChanged"]["kind"] != "SNAPSHOT_COMPLETE" {}
        heard.push(listener);
    }
    app.apply(given.id, [rewritten(&given)]).await;
    let [mut helpdesk, mut sales] = <[Listener; 2]>::try_from(heard).unwrap_or_else(|_| panic!("two"));
    let event = next(&mut helpdesk).await;
    assert_eq!(event.get("errors"), None, "{event}");
    assert_eq!(event["data"]["serviceRequestChanged"]["serviceRequest"]["description"], "fabrikam secret words");

    let event = next(&mut sales).await;
    let shown = json!({ "status": "ATTENTION_NEEDED", "description": null, "notes": null });
    assert_eq!(event["data"]["serviceRequestChanged"]["serviceRequest"], shown);
    let place = |field| json!(["serviceRequestChanged", "serviceRequest", field]);
    assert_eq!(forbidden(&event), [place("description"), place("notes")]);
    assert!(!event.to_string().contains("secret"), "{event}");
}

#[tokio::test]
async fn a_kept_answer_is_for_those_of_the_same_roles() {
    let (app, given) = fabrikam().await;
    let query =
        "{ serviceRequests { nodes { title description } } customers { nodes { supportOfferings { currency } } } }";
    let named = |role| Viewer { name: "ada".to_owned(), ..viewer(&given, role) };
    let ask = async |role| app.ask_as(&named(role), query, json!({})).await;
    let whole = ask(Role::AdminAgent).await;
    assert_eq!(whole.get("errors"), None);
    assert_eq!(ask(Role::AdminAgent).await, whole, "kept");
    for role in [Role::SalesAgent, Role::HelpdeskAgent] {
        let answer = ask(role).await;
        assert!(!forbidden(&answer).is_empty(), "{role:?}");
        assert_ne!(answer["data"], whole["data"], "{role:?}");
    }
    assert_eq!(ask(Role::AdminAgent).await, whole);
}

#[tokio::test]
async fn a_customers_user_sees_its_own_tenant_without_what_is_not_its_business() {
    let (app, given) = fabrikam().await;
    let scope = Scope::customers(given.id, [given.customer_id(ADATUM)]);
    let user = Viewer::new("eve", "eve", [Role::CustomerUser], scope);
    let query = "{ customers { nodes { name supportOfferings { pricePerMonthMinor } } } serviceRequests { nodes { title description } }
        supportPlans { totalCount } }";
    let answer = app.ask_as(&user, query, json!({})).await;
    let offering = json!({ "pricePerMonthMinor": 5000 });
    let customer = json!({ "name": "fabrikam adatum", "supportOfferings": [offering] });
    assert_eq!(answer["data"]["customers"]["nodes"], json!([customer]));
    let request = json!({ "title": "fabrikam adatum mail is slow", "description": null });
    assert_eq!(answer["data"]["serviceRequests"]["nodes"], json!([request]));
    assert_eq!(answer["data"]["supportPlans"], Value::Null);

    let whole = Scope::partner(given.id);
    let unnamed = Viewer::new("eve", "eve", [Role::CustomerUser], whole);
    let answer = app.ask_as(&unnamed, "{ customers { totalCount } incidents { totalCount } }", json!({})).await;
    let nothing = json!({ "totalCount": 0 });
    assert_eq!(answer, json!({ "data": { "customers": nothing, "incidents": nothing } }), "no tenant, nothing to see");
}
