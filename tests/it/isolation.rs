//! Nothing of another partner, and nothing of customers outside of a scope, on any path: what is foreign answers exactly
//! like what does not exist.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use supportgraph::{
    app,
    config::Config,
    domain::access::{Role, Scope, Viewer},
    engine::{Allowed, Engine, Request},
};
use uuid::Uuid;

use crate::support::{
    Client, TestApp,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
    walk::Walk,
};

const LEVELS: usize = 3;

fn without_limits(config: &mut Config) {
    config.limits.cost = 1_000_000_000;
    config.limits.selections = 1_000_000;
    config.limits.tokens = 1_000_000;
    config.limits.aliases = 1_000_000;
    config.limits.depth = 100;
}

/// Two partners that have the same two tenants as customers, and everything else alike but for their own word.
async fn two_partners() -> (TestApp, Client, Client) {
    let app = TestApp::with(without_limits).await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    Given::put(&app, CONTOSO, "contoso").await;
    let same = app.client.with_header("x-request-id", "same");
    let (fabrikam, contoso) = (same.as_partner(FABRIKAM), same.as_partner(CONTOSO));
    (app, fabrikam, contoso)
}

/// Root fields with arguments for each way to ask them.
fn questions(walk: &Walk, ids: &BTreeSet<String>, word: &str) -> Vec<(String, String)> {
    let mut questions = Vec::new();
    for root in walk.roots() {
        let arguments: Vec<String> = match root.name.as_str() {
            "node" => ids.iter().map(|id| format!("id: {id:?}")).collect(),
            "nodes" => vec![format!("ids: {:?}", ids.iter().collect::<Vec<_>>())],
            "customer" => {
                let own = ids.iter().filter(|id| id.starts_with("cus_")).map(|id| format!("id: {id:?}"));
                own.chain([format!("domain: \"adatum.{word}.example\"")]).collect()
            }
            "search" => [word.to_owned(), format!("{word}-adatum-EX1"), format!("{word}-adatum-subscription")]
                .map(|text| format!("text: {text:?}, first: 50"))
                .into(),
            _ => vec![String::new()],
        };
        let levels = if root.name == "nodes" { 1 } else { LEVELS };
        questions.extend(arguments.iter().map(|one| (root.name.to_string(), walk.query(root, one, levels))));
    }
    questions
}

/// Every `id` in an answer.
fn ids_in(answer: &Value, ids: &mut BTreeSet<String>) {
    match answer {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(id) if name == "id" => drop(ids.insert(id.clone())),
            value => ids_in(value, ids),
        }),
        Value::Array(items) => items.iter().for_each(|item| ids_in(item, ids)),
        _ => {}
    }
}

/// All ids that a partner can read from its lists.
async fn all_ids(walk: &Walk, client: &Client) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (_, question) in questions(walk, &ids.clone(), "nothing") {
        if !question.contains("nodes(ids") {
            ids_in(&client.query(&question).await.data(), &mut ids);
        }
    }
    ids
}

/// An id of the same kind that nothing has.
fn missing(id: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let (prefix, _) = id.split_once('_').expect("a prefix");
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()))
}

/// What the reference data that all partners share is called.
fn is_shared(id: &str) -> bool {
    id.starts_with("spk_")
}

#[tokio::test]
async fn nothing_that_can_be_reached_is_another_partners() {
    let (app, fabrikam, contoso) = two_partners().await;
    let walk = Walk::of(&app).await;
    let (theirs, ours) = (all_ids(&walk, &fabrikam).await, all_ids(&walk, &contoso).await);
    let kinds = |ids: &BTreeSet<String>| ids.iter().map(|id| id[..3].to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(kinds(&ours).len(), walk.node_types().len(), "every type with an id is met: {:?}", kinds(&ours));

    for (root, question) in questions(&walk, &ours, "contoso") {
        let answer = contoso.query(&question).await;
        answer.data();
        assert!(answer.text.contains("contoso") || root == "supportPlanKinds" || root == "node", "{root} gives ours");
        assert!(!answer.text.contains("fabrikam"), "{question} gives {}", answer.text);
        let foreign = theirs.iter().filter(|id| !is_shared(id)).find(|id| answer.text.contains(id.as_str()));
        assert_eq!(foreign, None, "{question} gives a foreign id");
    }
}

#[tokio::test]
async fn a_foreign_id_answers_exactly_like_a_missing_one() {
    let (app, fabrikam, contoso) = two_partners().await;
    let walk = Walk::of(&app).await;
    let foreign: Vec<String> = all_ids(&walk, &fabrikam).await.into_iter().filter(|id| !is_shared(id)).collect();
    let missing: Vec<String> = foreign.iter().map(|id| missing(id)).collect();
    let node = |id: &str| json!({ "query": "query($id: ID!) { node(id: $id) { id } }", "variables": { "id": id } });
    for (foreign, missing) in foreign.iter().zip(&missing) {
        assert_eq!(contoso.post(&node(foreign)).await.text, contoso.post(&node(missing)).await.text, "{foreign}");
        assert_eq!(contoso.post(&node(foreign)).await.text, r#"{"data":{"node":null}}"#, "{foreign}");
        assert!(fabrikam.post(&node(foreign)).await.data()["node"].is_object(), "{foreign} is there for its owner");
    }
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
    let all = async |ids: &[String]| contoso.query_with(nodes, json!({ "ids": ids })).await.text;
    assert_eq!(all(&foreign).await, all(&missing).await);

    let customer = async |client: &Client, argument: &str, value: &str| {
        let query = format!("{{ customer({argument}: {value:?}) {{ id name }} }}");
        client.query(&query).await.text
    };
    for (foreign, missing) in foreign.iter().zip(&missing).filter(|(id, _)| id.starts_with("cus_")) {
        assert_eq!(customer(&contoso, "id", foreign).await, customer(&contoso, "id", missing).await);
    }
    let nowhere = customer(&contoso, "domain", "adatum.nowhere.example").await;
    assert_eq!(customer(&contoso, "domain", "adatum.fabrikam.example").await, nowhere);
    assert!(customer(&contoso, "tenantId", ADATUM).await.contains("contoso adatum"), "a shared tenant gives one's own");
    assert!(customer(&fabrikam, "tenantId", ADATUM).await.contains("fabrikam adatum"));

    let search = async |text: &str| {
        contoso.query(&format!("{{ search(text: {text:?}, first: 50) {{ __typename }} }}")).await.text
    };
    for text in ["fabrikam", "adatum.fabrikam.example", "fabrikam-adatum-EX1", "fabrikam-adatum-1"] {
        assert_eq!(search(text).await, search("nothing is called so").await, "{text}");
    }
}

#[tokio::test]
async fn a_filter_by_foreign_ids_selects_like_one_by_missing_ids() {
    let (app, fabrikam, contoso) = two_partners().await;
    let walk = Walk::of(&app).await;
    let foreign: Vec<String> = all_ids(&walk, &fabrikam).await.into_iter().filter(|id| !is_shared(id)).collect();
    let filters = walk.id_filters(2);
    assert!(filters.len() > 20, "{filters:?}");
    for filter in filters {
        let query = |client: &Client, id: &str| {
            let input = match filter.list.as_str() {
                "subscriptions" => "CustomerSubscription",
                "customers" => "Customer",
                "incidents" => "Incident",
                "serviceRequests" => "ServiceRequest",
                "services" => "Service",
                "supportPlans" => "SupportPlan",
                other => panic!("{other} has ids in its filter now: name its input here"),
            };
            let query = format!(
                "query($filter: {input}Filter) {{ list: {}(filter: $filter) {{ totalCount nodes {{ id }} }} }}",
                filter.list
            );
            let (client, variables) = (client.clone(), json!({ "filter": filter.by(id) }));
            async move { client.query_with(&query, variables).await }
        };
        let is_negated = filter.path.contains(&"not".to_owned());
        let mut fits = 0;
        for id in &foreign {
            let owned = query(&fabrikam, id).await;
            if owned.json().get("errors").is_some() {
                continue; // An id of another type than this filter takes.
            }
            fits += usize::from(owned.data()["list"]["totalCount"] != 0);
            assert_eq!(query(&contoso, id).await.text, query(&contoso, &missing(id)).await.text, "{filter:?} {id}");
            let selected = query(&contoso, id).await.data()["list"]["totalCount"].take();
            assert!(selected == 0 || is_negated, "{filter:?} {id} selects {selected}");
            if fits > 0 {
                break;
            }
        }
        assert!(fits > 0 || is_negated, "{filter:?} selects something for the owner");
    }
}

#[tokio::test]
async fn a_text_of_another_partner_selects_nothing() {
    let (_app, fabrikam, contoso) = two_partners().await;
    for (list, filter) in [
        ("customers", "name: { contains: \"fabrikam\" }"),
        ("customers", "domain: { contains: \"fabrikam\" }"),
        ("customers", "subscriptions: { name: { contains: \"fabrikam\" } }"),
        ("customers", "incidents: { title: { contains: \"fabrikam\" } }"),
        ("customers", "serviceHealth: { service: { name: { contains: \"fabrikam\" } } }"),
        ("customers", "serviceRequests: { title: { contains: \"fabrikam\" } }"),
        ("subscriptions", "name: { startsWith: \"fabrikam\" }"),
        ("incidents", "externalIds: [\"fabrikam-adatum-EX1\"]"),
        ("incidents", "customers: { name: { contains: \"fabrikam\" } }"),
        ("incidents", "service: { name: { contains: \"fabrikam\" } }"),
        ("services", "name: { contains: \"fabrikam\" }"),
        ("messages", "title: { contains: \"fabrikam\" }"),
        ("serviceRequests", "incident: { title: { contains: \"fabrikam\" } }"),
    ] {
        let query = format!("{{ list: {list}(filter: {{ {filter} }}) {{ totalCount }} }}");
        assert_eq!(contoso.query(&query).await.data()["list"]["totalCount"], 0, "{query}");
        assert_ne!(fabrikam.query(&query).await.data()["list"]["totalCount"], 0, "{query} for the owner");
    }
}

#[tokio::test]
async fn a_cursor_of_another_partner_is_refused_like_a_forged_one() {
    let (app, fabrikam, contoso) = two_partners().await;
    let walk = Walk::of(&app).await;
    let lists = walk.roots().into_iter().filter(|root| root.ty.inner_named_type().ends_with("Connection"));
    for list in lists.map(|root| root.name.as_str()) {
        let end = format!("{{ list: {list}(first: 1) {{ pageInfo {{ endCursor }} }} }}");
        let cursor = fabrikam.query(&end).await.data()["list"]["pageInfo"]["endCursor"].take();
        let query = format!("query($after: String!) {{ list: {list}(after: $after) {{ nodes {{ id }} }} }}");
        let foreign = contoso.query_with(&query, json!({ "after": cursor })).await;
        assert_eq!(foreign.code(), "BAD_USER_INPUT", "{list}");
        let forged = contoso.query_with(&query, json!({ "after": "bm9uc2Vuc2U" })).await;
        assert_eq!(foreign.text, forged.text, "{list}");
    }
}

/// Asks as a viewer of some of the partner's customers only.
pub struct Restricted<'a> {
    pub app: &'a TestApp,
    pub engine: Engine,
    pub viewer: Viewer,
}

impl Restricted<'_> {
    pub async fn query(&self, query: &str) -> Value {
        let request = Request { query: Some(query.to_owned()), ..Request::default() };
        let context = self.app.context(self.viewer.clone());
        let answer = self.engine.execute(request, Allowed::Everything, context).await;
        serde_json::from_slice(&answer.body).expect("JSON")
    }
}

#[tokio::test]
async fn a_scope_of_some_customers_reaches_nothing_of_the_others() {
    let app = TestApp::with(without_limits).await;
    let contoso = Given::put(&app, CONTOSO, "contoso").await;
    let mut config = Config::default();
    without_limits(&mut config);
    let scope = Scope::customers(contoso.id, [contoso.customer_id(ADATUM)]);
    let viewer = Viewer::new("adatum's own", "adatum's own", [Role::GlobalAdmin], scope);
    let viewer = Restricted { app: &app, engine: app::schema(&config, [7; 32]), viewer };
    let walk = Walk::of(&app).await;

    let everything = all_ids(&walk, &app).await;
    for (root, question) in questions(&walk, &everything, "contoso") {
        let answer = viewer.query(&question).await;
        assert_eq!(answer.get("errors"), None, "{question}");
        let text = answer.to_string();
        assert!(!is_of_bellows(&text), "{root} gives what is another customer's: {question} {text}");
        for owned in ["contoso plan", "contoso competency"] {
            assert!(!text.contains(owned), "{root} gives what belongs to the partner alone: {question} {text}");
        }
    }
    let counts = "{ viewer { isRestrictedToCustomers } customers { totalCount } subscriptions { totalCount }
        incidents { totalCount nodes { title reach { customerCount subscriptionCount seatCount }
        customers { totalCount nodes { name } } } }
        messages { totalCount } serviceRequests { totalCount } supportPlans { totalCount } }";
    let reach = json!({ "customerCount": 1, "subscriptionCount": 2, "seatCount": 14 });
    let seen_by = json!({ "totalCount": 1, "nodes": [{ "name": "contoso adatum" }] });
    let data = viewer.query(counts).await["data"].take();
    let mut titles = Vec::new();
    for incident in data["incidents"]["nodes"].as_array().expect("incidents") {
        assert_eq!((&incident["reach"], &incident["customers"]), (&reach, &seen_by), "{incident}");
        titles.push(incident["title"].as_str().expect("a title"));
    }
    titles.sort_unstable();
    assert_eq!(titles, ["contoso adatum mail is delayed", "contoso shared mail is delayed"]);
    for (list, count) in
        [("customers", 1), ("subscriptions", 2), ("incidents", 2), ("messages", 1), ("serviceRequests", 1)]
    {
        assert_eq!(data[list]["totalCount"], count, "{list}");
    }
    assert_eq!(data["supportPlans"]["totalCount"], 0);
    assert_eq!(data["viewer"]["isRestrictedToCustomers"], true);
    let tenant = format!("{{ customer(tenantId: {BELLOWS:?}) {{ name }} }}");
    assert_eq!(viewer.query(&tenant).await, json!({ "data": { "customer": null } }));
}

/// The names of Microsoft's services are the partner's and not a customer's; everything else of Bellows is.
fn is_of_bellows(text: &str) -> bool {
    text.replace("contoso bellows mail\"", "\"").contains("bellows")
}
