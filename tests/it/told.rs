//! An incident that Microsoft tells each tenant in other words: a customer sees the words that its own tenant was told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use supportgraph::{
    app,
    config::Config,
    domain::{
        IncidentPostId,
        access::{Role, Scope, Viewer},
        change::Change,
        incident::{Incident, IncidentPost},
    },
    engine::{Allowed, Engine, Request},
};

use crate::support::{
    TestApp,
    given::{ADATUM, BELLOWS, CONTOSO, Given},
};

const WORDS: &str = "{ incidents(filter: { title: { contains: \"only\" } }) { totalCount nodes {
    title impact latestPost { content } posts { totalCount nodes { content } } customers { totalCount } } } }";

/// Asks as a viewer of some of the partner's customers only.
pub struct Restricted<'a> {
    app: &'a TestApp,
    engine: Engine,
    viewer: Viewer,
}

impl Restricted<'_> {
    pub async fn query(&self, query: &str) -> Value {
        let request = Request { query: Some(query.to_owned()), ..Request::default() };
        let context = self.app.context(self.viewer.clone());
        let answer = self.engine.execute(request, Allowed::Everything, context).await;
        serde_json::from_slice(&answer.body).expect("JSON")
    }
}

/// A viewer of some customers.
pub fn viewer_of<'a>(app: &'a TestApp, given: &Given, tenants: &[&str]) -> Restricted<'a> {
    let customers: Vec<_> = tenants.iter().map(|tenant| given.customer_id(tenant)).collect();
    let scope = Scope::customers(given.id, customers);
    let viewer = Viewer::new("a customer's own", "a customer's own", [Role::GlobalAdmin], scope);
    Restricted { app, engine: app::schema(&Config::default(), [7; 32]), viewer }
}

/// The incident as one tenant is told it, changed after so many hours: title, impact and posts have its own words.
fn told(given: &Given, tenant: &str, words: &str, changed: i64, posts: &[&str]) -> Change {
    let Change::Incident { incident, .. } = given.incident("shared", &[]) else { unreachable!("an incident") };
    let changed_at = given.now + TimeDelta::hours(changed);
    let post = |(hour, text): (i64, &&str)| {
        let (created_at, content) = (given.now + TimeDelta::hours(hour), format!("{text}, only for {words}"));
        let id = IncidentPostId::of(incident.id, created_at, &content);
        IncidentPost { id, incident_id: incident.id, created_at, post_type: "regular".to_owned(), content }
    };
    Change::Incident {
        posts: (1..).zip(posts).map(post).collect(),
        impacts: Vec::new(),
        seen_by: vec![given.customer_id(tenant)],
        azure_subscriptions: Vec::new(),
        incident: Incident {
            title: format!("only {words}"),
            impact: Some(format!("{words} cannot send mail")),
            modified_at: changed_at,
            observed_at: changed_at + TimeDelta::minutes(if tenant == ADATUM { 1 } else { 2 }),
            ..incident
        },
    }
}

/// The same, fetched some minutes later.
pub fn fetched_later(change: Change, minutes: i64) -> Change {
    match change {
        Change::Incident { incident, posts, impacts, seen_by, azure_subscriptions } => {
            let observed_at = incident.observed_at + TimeDelta::minutes(minutes);
            let incident = Incident { observed_at, ..incident };
            Change::Incident { incident, posts, impacts, seen_by, azure_subscriptions }
        }
        other => other,
    }
}

fn words(words: &str, posts: &[&str]) -> Value {
    let posts: Vec<Value> =
        posts.iter().map(|text| json!({ "content": format!("{text}, only for {words}") })).collect();
    json!({ "totalCount": 1, "nodes": [{
        "title": format!("only {words}"),
        "impact": format!("{words} cannot send mail"),
        "latestPost": posts[0],
        "posts": { "totalCount": posts.len(), "nodes": posts },
        "customers": { "totalCount": 1 },
    }] })
}

async fn incidents(viewer: &Restricted<'_>) -> Value {
    viewer.query(WORDS).await["data"]["incidents"].take()
}

#[tokio::test]
async fn each_customer_sees_the_words_that_its_own_tenant_was_told() {
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    let (adatum, bellows) = (viewer_of(&app, &given, &[ADATUM]), viewer_of(&app, &given, &[BELLOWS]));

    app.apply(given.id, [told(&given, ADATUM, "adatum", 1, &["Adatum is hit"])]).await;
    let unchanged = "contoso shared mail is delayed";
    let title = "{ incidents(filter: { title: { contains: \"shared\" } }) { nodes { title posts { totalCount } } } }";
    let not_yet = json!({ "nodes": [{ "title": unchanged, "posts": { "totalCount": 2 } }] });
    assert_eq!(bellows.query(title).await["data"]["incidents"], not_yet, "Bellows was told nothing new so far");
    app.apply(given.id, [told(&given, BELLOWS, "bellows", 1, &["Bellows is hit"])]).await;

    let before = ["contoso shared second post", "contoso shared first post"];
    let mut of_adatum = words("adatum", &["Adatum is hit"]);
    let mut of_bellows = words("bellows", &["Bellows is hit"]);
    for expected in [&mut of_adatum, &mut of_bellows] {
        let posts = &mut expected["nodes"][0]["posts"];
        posts["totalCount"] = 3.into();
        posts["nodes"].as_array_mut().expect("posts").extend(before.map(|content| json!({ "content": content })));
    }
    assert_eq!(incidents(&adatum).await, of_adatum);
    assert_eq!(incidents(&bellows).await, of_bellows);

    let everywhere = "{ search(text: \"only\") { ... on Incident { title } }
        incidents(orderBy: { field: TITLE }) { nodes { title impact } pageInfo { endCursor } }
        customers { nodes { incidents { nodes { title impact posts { nodes { content } } } } } }
        found: customers(filter: { incidents: { title: { contains: \"only bellows\" } } }) { totalCount } }";
    let answer = adatum.query(everywhere).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    assert!(!answer.to_string().contains("ellows"), "{answer}");
    assert_eq!(answer["data"]["search"], json!([{ "title": "only adatum" }]));
    assert_eq!(answer["data"]["found"]["totalCount"], 0, "nobody finds out by a filter either");
    assert_eq!(bellows.query(everywhere).await["data"]["found"]["totalCount"], 1);

    let both = viewer_of(&app, &given, &[ADATUM, BELLOWS]);
    let seen = incidents(&both).await;
    assert_eq!(seen["nodes"][0]["title"], "only bellows", "what was told last");
    assert_eq!((&seen["totalCount"], &seen["nodes"][0]["posts"]["totalCount"]), (&json!(1), &json!(4)));
}

#[tokio::test]
async fn other_words_of_the_same_moment_change_nothing_for_anybody_else() {
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    let first = [
        told(&given, ADATUM, "adatum", 1, &["Adatum is hit"]),
        told(&given, BELLOWS, "bellows", 1, &["Bellows is hit"]),
    ];
    let mut position = None;
    for change in first.clone() {
        position = app.apply(given.id, [change]).await.position;
    }
    assert!(position.is_some());
    let titles = "{ incidents(filter: { title: { contains: \"only\" } }) { nodes { title posts { totalCount } } } }";
    let of_all = json!({ "nodes": [{ "title": "only adatum", "posts": { "totalCount": 4 } }] });
    assert_eq!(app.query(titles).await.data()["incidents"], of_all, "the partner sees the first words, and all posts");

    for change in first.clone() {
        let again = app.apply(given.id, [change]).await;
        assert_eq!((again.added, again.changed, again.position), (0, 0, None));
    }
    for change in first {
        let later = app.apply(given.id, [fetched_later(change, 10)]).await;
        assert_eq!((later.added, later.changed, later.position), (0, 0, position), "no event");
    }
    assert_eq!(app.query(titles).await.data()["incidents"], of_all);

    let bellows = viewer_of(&app, &given, &[BELLOWS]);
    let answer = incidents(&bellows).await;
    app.apply(given.id, [told(&given, ADATUM, "adatum", 2, &["Adatum is hit", "Adatum is well"])]).await;
    assert_eq!(incidents(&bellows).await, answer);
    let older = told(&given, BELLOWS, "bellows of old", 0, &[]);
    app.apply(given.id, [fetched_later(older, 90)]).await;
    assert_eq!(incidents(&bellows).await, answer, "an answer that is older than what was told is ignored");
    app.apply(given.id, [told(&given, BELLOWS, "bellows", 2, &["Bellows is hit", "Bellows is well"])]).await;
    let latest = &incidents(&bellows).await["nodes"][0]["latestPost"];
    assert_eq!(latest, &json!({ "content": "Bellows is well, only for bellows" }));
}
