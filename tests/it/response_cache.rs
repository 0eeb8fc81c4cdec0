//! Answers that are kept: the same bytes for one statement, and never older than what they were made from.

use chrono::TimeDelta;
use serde_json::json;
use supportgraph::domain::{
    change::Change,
    customer::Customer,
    partner::{Partner, PartnerRelation, Qualification},
    service_health::{HealthStatus, Service, ServiceHealth},
    service_request::ServiceRequestStatus,
    subscription::{AzureEntitlement, Subscription, SubscriptionStatus, SupportContact},
    support_offering::{CustomerOffering, SupportOffering},
    support_plan::SupportPlan,
};
use uuid::Uuid;

use crate::support::{
    Answer, TestApp,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
};

async fn given() -> (TestApp, Given) {
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    (app, given)
}

/// The answer, and whether it was kept: then only the versions of what it shows were read.
async fn ask(app: &TestApp, query: &str) -> (Answer, bool) {
    let (answer, statements) = app.statements(app.query(query)).await;
    assert_eq!(answer.json().get("errors"), None, "{query}");
    (answer, statements <= 1)
}

/// Lets time pass. Which partners there are is read again every second, whatever is asked.
async fn pass(app: &TestApp, time: TimeDelta) {
    app.clock.advance(time);
    app.query("{ __typename }").await.data();
}

#[tokio::test]
async fn a_kept_answer_is_the_same_bytes_for_at_most_one_statement() {
    let app = TestApp::with_customers(60).await;
    let board = include_str!("../../playground/examples/1-board.graphql");
    let (first, kept) = ask(&app, board).await;
    assert!(!kept);
    for _ in 0..3 {
        let (again, kept) = ask(&app, board).await;
        assert!(kept);
        assert_eq!((again.text.as_str(), again.status), (first.text.as_str(), first.status));
    }
}

/// What is told, and queries of which each shows it.
const TOLD: [(&str, &[&str]); 18] = [
    ("partner", &["{ partner { legalName } }", "{ viewer { partner { legalName } } }"]),
    ("relation", &["{ customers { nodes { reseller { name } } } }"]),
    ("qualification", &["{ partner { qualifications { isCloud } } }"]),
    (
        "plan",
        &[
            "{ supportPlans { nodes { managers } } }",
            "{ customers { nodes { supportPlans { managers } } } }",
            "{ subscriptions { nodes { coveredBy { managers } } } }",
        ],
    ),
    ("offering", &["{ customers { nodes { supportOfferings { hours } } } }"]),
    ("promise", &["{ customers { nodes { supportOfferings { name } } } }"]),
    (
        "customer",
        &[
            "{ customers { nodes { name } } }",
            "{ subscriptions { nodes { customer { name } } } }",
            "{ incidents { nodes { customers { nodes { name } } } } }",
            "{ incidents(filter: { customers: { name: { eq: \"Adatum Ltd\" } } }) { totalCount } }",
            "{ search(text: \"Adatum Ltd\") { __typename } }",
        ],
    ),
    (
        "new customer",
        &[
            "{ customers { totalCount } }",
            "{ partner { customers { totalCount } } }",
            "{ customers(first: 3) { pageInfo { hasNextPage } } }",
            "{ customers { edges { cursor } } }",
            "{ customers { edges { __typename } } }",
            "{ customer(domain: \"coho.contoso.example\") { __typename } }",
        ],
    ),
    (
        "subscription",
        &[
            "{ subscriptions { nodes { status } } }",
            "{ customers(filter: { subscriptions: { status: ACTIVE, isAddOn: false } }) { totalCount } }",
            "{ customers(filter: { subscriptions: { status: SUSPENDED } }) { nodes { name } } }",
            "{ incidents { nodes { reach { subscriptionCount } } } }",
            "{ subscriptions { nodes { coveredBy { name } } } }",
        ],
    ),
    (
        "new subscription",
        &[
            "{ customers { nodes { supportPlans { name } } } }",
            "{ customers { nodes { subscriptions { totalCount } } } }",
        ],
    ),
    ("entitlement", &["{ subscriptions { nodes { azureEntitlements { nodes { name } } } } }"]),
    ("contact", &["{ subscriptions { nodes { supportContact { name } } } }"]),
    ("service", &["{ services { nodes { code } } }", "{ incidents { nodes { service { code } } } }"]),
    (
        "health",
        &[
            "{ customers { nodes { serviceHealth { nodes { status } } } } }",
            "{ customers(filter: { serviceHealth: { isHealthy: false } }) { totalCount } }",
            "{ services { nodes { health(filter: { isHealthy: true }) { totalCount } } } }",
        ],
    ),
    (
        "incident",
        &[
            "{ incidents { nodes { isResolved } } }",
            "{ incidents(filter: { isOpen: true }) { totalCount } }",
            "{ customers { nodes { incidents(filter: { isOpen: true }) { totalCount } } } }",
            "{ customers(filter: { not: { incidents: { title: { contains: \"shared\" }, isOpen: true } } }) { totalCount } }",
            "{ incidents { nodes { latestPost { content } } } }",
            "{ incidents { nodes { posts { totalCount } } } }",
            "{ incidents { nodes { impacts { region } } } }",
            "{ incidents { nodes { customers { totalCount } reach { customerCount } } } }",
        ],
    ),
    ("message", &["{ messages { nodes { title } } }", "{ customers { nodes { messages { totalCount } } } }"]),
    (
        "request",
        &[
            "{ serviceRequests { nodes { status } } }",
            "{ serviceRequests(filter: { isOpen: true }) { totalCount } }",
            "{ customers(filter: { serviceRequests: { isOpen: true } }) { totalCount } }",
            "{ serviceRequests { nodes { notes { totalCount } } } }",
        ],
    ),
    ("left", &["{ customers { nodes { endedAt } } }", "{ customers(filter: { isEnded: false }) { totalCount } }"]),
];

/// Something that is news to a given partner.
fn news(given: &Given, name: &str) -> Change {
    let later = TimeDelta::minutes(1);
    let subscription = given.subscription(ADATUM, "adatum");
    match name {
        "partner" => Change::Partner(Partner { legal_name: Some("Contoso Ltd".to_owned()), ..given.partner() }),
        "relation" => {
            Change::PartnerRelation(PartnerRelation { name: "Another".to_owned(), ..given.relation("adatum") })
        }
        "qualification" => Change::Qualification(Qualification { is_cloud: Some(false), ..given.qualification() }),
        "plan" => {
            Change::SupportPlan(SupportPlan { managers: vec!["Somebody else".to_owned()], ..given.support_plan() })
        }
        "offering" => Change::SupportOffering(SupportOffering { hours: "always".to_owned(), ..given.offering() }),
        "promise" => {
            Change::CustomerOffering(CustomerOffering { valid_until: given.day().pred_opt(), ..given.promise(ADATUM) })
        }
        "customer" => Change::Customer(Customer { name: "Adatum Ltd".to_owned(), ..given.customer(ADATUM, "adatum") }),
        "new customer" => Change::Customer(given.customer("cccccccc-0000-4000-8000-00000000000c", "coho")),
        "left" => {
            let adatum = given.customer(ADATUM, "adatum");
            Change::Customer(Customer { ended_at: Some(adatum.observed_at), ..adatum })
        }
        "subscription" => Change::Subscription(Subscription { status: SubscriptionStatus::Suspended, ..subscription }),
        "new subscription" => Change::Subscription(given.subscription(THIRD, "datum")),
        "entitlement" => {
            let entitlement = given.entitlement(&subscription, "adatum");
            Change::AzureEntitlement(AzureEntitlement { friendly_name: Some("Another".to_owned()), ..entitlement })
        }
        "contact" => {
            let contact = SupportContact { name: Some("Somebody".to_owned()), ..SupportContact::default() };
            Change::SupportContact(subscription.id, contact)
        }
        "service" => Change::Service(Service { code: "Mail".to_owned(), ..given.service("adatum") }),
        "health" => Change::ServiceHealth(ServiceHealth {
            reported_status: HealthStatus::ServiceInterruption,
            ..given.health(ADATUM, "adatum")
        }),
        "incident" => {
            let mut change = given.incident("shared", &[ADATUM, BELLOWS, THIRD]);
            let Change::Incident { incident, posts, impacts, seen_by, .. } = &mut change else { unreachable!() };
            incident.is_resolved = true;
            incident.modified_at += later;
            posts.retain(|post| post.content.contains("second"));
            posts[0].content = "We have found it.".to_owned();
            posts[0].created_at += later;
            posts[0].id.0 = Uuid::new_v5(&given.id.0, b"another post");
            impacts[0].region = "northeurope".to_owned();
            impacts[0].id.0 = Uuid::new_v5(&given.id.0, b"another impact");
            seen_by.push(given.customer_id(THIRD));
            change
        }
        "message" => {
            let mut change = given.message("adatum", &[ADATUM, BELLOWS]);
            let Change::Message { message, .. } = &mut change else { unreachable!() };
            message.title = "Another title".to_owned();
            message.modified_at += later;
            change
        }
        "request" => {
            let mut change = given.request(ADATUM, "adatum");
            let Change::ServiceRequest { request, notes } = &mut change else { unreachable!() };
            request.status = ServiceRequestStatus::Closed;
            request.modified_at = request.modified_at.map(|at| at + later);
            notes[0].text = "They called again.".to_owned();
            notes[0].id.0 = Uuid::new_v5(&given.id.0, b"another note");
            change
        }
        other => panic!("{other} is not told here"),
    }
}

/// A customer that a given partner has besides, and that sees nothing yet.
const THIRD: &str = "dddddddd-0000-4000-8000-00000000000d";

#[tokio::test]
async fn what_was_told_is_seen_by_the_very_next_request() {
    let app = TestApp::start().await;
    let mut stale = Vec::new();
    for (number, (name, queries)) in TOLD.into_iter().enumerate() {
        let tenant = Uuid::from_u128(number as u128).to_string();
        let given = Given::put(&app, &tenant, "contoso").await;
        app.apply(given.id, [Change::Customer(given.customer(THIRD, "datum"))]).await;
        let client = app.as_partner(&tenant);
        let mut before = Vec::new();
        for query in queries {
            let answer = client.query(query).await;
            answer.data();
            let (again, statements) = app.statements(client.query(query)).await;
            assert!(statements <= 1, "{query} is kept");
            assert_eq!(answer.text, again.text);
            before.push(answer.text);
        }
        app.apply(given.id, [news(&given, name)]).await;
        for (query, before) in queries.iter().zip(before) {
            let after = client.query(query).await;
            after.data();
            if after.text == before {
                stale.push((name, query, before));
            }
        }
    }
    assert!(stale.is_empty(), "answered as if nothing had been told: {stale:#?}");
}

#[tokio::test]
async fn what_has_nothing_to_do_with_an_answer_leaves_it_kept() {
    let (app, given) = given().await;
    for (query, name) in [
        ("{ customers { nodes { name } } }", "incident"),
        ("{ customers { totalCount } }", "subscription"),
        ("{ incidents { nodes { title latestPost { content } } } }", "customer"),
        ("{ subscriptions { nodes { name } } }", "health"),
        ("{ supportPlans { nodes { name } } }", "request"),
        ("{ messages { totalCount } }", "partner"),
    ] {
        ask(&app, query).await;
        app.apply(given.id, [news(&given, name)]).await;
        assert!(ask(&app, query).await.1, "{query} is kept though {name} changed");
    }
    ask(&app, "{ customers { nodes { name } } }").await;
    app.apply(given.id, [news(&given, "customer")]).await;
    app.apply(given.id, [news(&given, "customer")]).await;
    ask(&app, "{ customers { nodes { name } } }").await;
    app.apply(given.id, [news(&given, "customer")]).await;
    assert!(ask(&app, "{ customers { nodes { name } } }").await.1, "being told the same again changes nothing");
}

#[tokio::test]
async fn another_partner_never_gets_a_kept_answer() {
    let app = TestApp::start().await;
    let contoso = Given::put(&app, CONTOSO, "contoso").await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    let query = "{ customers { nodes { name } } }";
    let ask = async |tenant| app.statements(app.as_partner(tenant).query(query)).await;
    assert!(ask(CONTOSO).await.0.text.contains("contoso"));
    let (theirs, statements) = ask(FABRIKAM).await;
    assert!(theirs.text.contains("fabrikam") && !theirs.text.contains("contoso") && statements > 1);

    app.apply(contoso.id, [news(&contoso, "customer")]).await;
    assert!(ask(FABRIKAM).await.1 <= 1, "a change of one partner leaves the other's answers alone");
    assert!(ask(CONTOSO).await.0.text.contains("Adatum Ltd"));
}

#[tokio::test]
async fn everything_that_makes_another_answer_makes_another_entry() {
    let (app, _) = given().await;
    let query = "query A($yes: Boolean! = true, $first: Int) {
        customers(first: $first) { nodes { name tenantId @include(if: $yes) country @skip(if: $yes) } } }
        query B { customers { totalCount } }";
    let requests = [
        json!({ "query": query, "operationName": "A" }),
        json!({ "query": query, "operationName": "B" }),
        json!({ "query": query, "operationName": "A", "variables": { "yes": false } }),
        json!({ "query": query, "operationName": "A", "variables": { "first": 1 } }),
        json!({ "query": query, "operationName": "A", "variables": { "first": 1, "yes": false } }),
        json!({ "query": query.replace("name", "called: name"), "operationName": "A" }),
    ];
    let mut answers = Vec::new();
    for request in &requests {
        let (answer, statements) = app.statements(app.post(request)).await;
        answer.data();
        assert!(statements > 1, "{request} is new");
        assert!(!answers.contains(&answer.text), "{request} answers otherwise than those before");
        answers.push(answer.text);
    }
    for (request, answer) in requests.iter().zip(answers) {
        let (again, statements) = app.statements(app.post(request)).await;
        assert_eq!((again.text, statements <= 1), (answer, true), "{request}");
    }
}

#[tokio::test]
async fn an_answer_that_time_alone_changes_is_kept_until_then() {
    let (app, _) = given().await;
    let health = "{ customers { nodes { serviceHealth { nodes { status unknownReason light } } } } }";
    ask(&app, health).await;
    pass(&app, TimeDelta::minutes(10) - TimeDelta::microseconds(1)).await;
    let (fresh, kept) = ask(&app, health).await;
    assert!(kept && fresh.text.contains("SERVICE_OPERATIONAL"), "{}", fresh.text);
    pass(&app, TimeDelta::microseconds(1)).await;
    let (old, _) = ask(&app, health).await;
    assert!(old.text.contains(r#""status":"UNKNOWN","unknownReason":"STALE","light":"GREY""#), "{}", old.text);
    assert!(!old.text.contains("OPERATIONAL"), "{}", old.text);
    pass(&app, TimeDelta::days(9)).await;
    assert!(ask(&app, health).await.1, "unknown stays unknown");
}

#[tokio::test]
async fn what_depends_on_the_day_is_asked_again_at_midnight() {
    for query in [
        "{ customers { nodes { supportPlans { name } } } }",
        "{ subscriptions { nodes { coveredBy { name } } } }",
        "{ supportPlans { nodes { isInForce } } }",
        "{ subscriptions { nodes { commitmentDaysLeft } } }",
    ] {
        let (app, _) = given().await;
        let (today, _) = ask(&app, query).await;
        pass(&app, TimeDelta::hours(12) - TimeDelta::microseconds(1)).await;
        assert!(ask(&app, query).await.1, "{query} holds until midnight");
        pass(&app, TimeDelta::microseconds(1)).await;
        assert_ne!(ask(&app, query).await.0.text, today.text, "{query}");
    }
}

#[tokio::test]
async fn errors_are_never_kept() {
    let (app, _) = given().await;
    app.execute("alter table support_plan rename to elsewhere").await;
    let query = "{ customers { nodes { name reseller { name } } } partner { name supportPlans { totalCount } } }";
    let failed = app.query(query).await.json();
    assert_eq!(failed["errors"][0]["extensions"]["code"], "INTERNAL", "{failed}");
    app.execute("alter table elsewhere rename to support_plan").await;
    assert_eq!(app.query(query).await.data()["partner"]["supportPlans"]["totalCount"], 1);
}

#[tokio::test]
async fn the_cache_holds_no_more_than_it_may() {
    let app = TestApp::with(|config| config.cache.response_bytes = 64 * 1024).await;
    Given::put(&app, CONTOSO, "contoso").await;
    let query = |number: usize| format!("{{ customers {{ nodes {{ n{number}: name {} }} }} }}", fields(20));
    let mut size = 0;
    for number in 0..200 {
        size = size.max(ask(&app, &query(number)).await.0.text.len());
    }
    assert!(size > 1000, "an answer has {size} bytes");
    let mut kept = 0;
    for number in (0..200).rev() {
        kept += usize::from(ask(&app, &query(number)).await.1);
    }
    assert!(kept > 0 && kept * size <= 2 * 64 * 1024, "{kept} answers of {size} bytes are kept");

    let large = format!("{{ customers {{ nodes {{ {} }} }} }}", fields(150));
    let (answer, _) = ask(&app, &large).await;
    assert!(answer.text.len() > 64 * 1024 / 8);
    assert!(!ask(&app, &large).await.1, "an answer that would push out many others is not kept");
}

fn fields(count: usize) -> String {
    (0..count).map(|number| format!("alias{number}: tenantId ")).collect()
}
