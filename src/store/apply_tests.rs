//! What applying documents writes and tells.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;
use uuid::Uuid;

use super::{
    Store,
    row::Row,
    testing::{TestStore, at, contoso, customer, fabrikam, incident, partner, post, service_request, subscription},
};
use crate::domain::{
    AzureEntitlementId, CustomerId, Error, PartnerId, PartnerRelationId,
    access::Scope,
    change::{Applied, Batch, Change, Quarantined},
    customer::Customer,
    event::{EntityKind, Logged, News},
    filter::Filter,
    incident::Incident,
    page::List,
    page::Wants,
    partner::PartnerRelation,
    subscription::{AzureEntitlement, SubscriptionStatus},
};

fn batch(changes: impl IntoIterator<Item = Change>) -> Batch {
    Batch { changes: changes.into_iter().collect(), ..Batch::default() }
}

fn seen(incident: Incident, by: &[CustomerId]) -> Change {
    let (posts, id) = (Vec::new(), incident.id);
    Change::Incident {
        posts: vec![post(id, 1)].into_iter().chain(posts).collect(),
        impacts: Vec::new(),
        seen_by: by.to_vec(),
        azure_subscriptions: Vec::new(),
        incident,
    }
}

impl TestStore {
    async fn with_partner(which: PartnerId) -> Self {
        let test = Self::new().await;
        test.apply(which, batch([Change::Partner(partner(which))])).await;
        test
    }

    async fn apply(&self, partner: PartnerId, batch: Batch) -> Applied {
        self.of(partner).apply(batch, "test.json", at(1)).await.unwrap()
    }
}

/// Position, `kind.happening` and difference of all events of a partner.
async fn events(store: &Store, partner: PartnerId) -> Vec<(i64, String, String)> {
    let mut select = Query::select();
    select.columns(["position", "kind", "happening", "difference"]).from("event");
    select.and_where(Expr::col("partner_id").eq(partner.0)).order_by("position", sea_orm::Order::Asc);
    let event = |row| {
        let mut row = Row::new(row);
        let (position, kind, happening): (_, String, String) =
            (row.take().unwrap(), row.take().unwrap(), row.take().unwrap());
        (position, format!("{kind}.{happening}"), row.take().unwrap())
    };
    store.rows(&select).await.unwrap().iter().map(event).collect()
}

async fn names(store: &Store, after: usize) -> Vec<String> {
    events(store, fabrikam()).await.into_iter().skip(after).map(|(_, name, _)| name).collect()
}

#[tokio::test]
async fn applying_a_batch_again_changes_nothing_and_tells_nothing() {
    let test = TestStore::new().await;
    let (one, two) = (customer(fabrikam(), "one"), customer(fabrikam(), "two"));
    let request = service_request(fabrikam(), one.id);
    let mut document = batch([
        Change::Partner(partner(fabrikam())),
        seen(incident(fabrikam(), "EX1"), &[one.id, two.id]),
        Change::Subscription(subscription(one.id, "E3")),
        Change::Customer(one),
        Change::Customer(two),
        Change::ServiceRequest { request, notes: Vec::new() },
    ]);
    document.quarantined.push(Quarantined { place: "items[7]".into(), reason: "no id".into(), item: json!({}) });

    let first = test.apply(fabrikam(), document.clone()).await;
    assert_eq!((first.added, first.quarantined.len()), (7, 1));
    let told = events(&test.store, fabrikam()).await;
    assert_eq!(told.iter().map(|(position, ..)| *position).collect::<Vec<_>>(), Vec::from_iter(1..=8));
    let positions = test.of(fabrikam()).versions().await.unwrap();

    let again = test.apply(fabrikam(), document).await;

    assert_eq!((again.added, again.changed, again.position), (0, 0, None));
    assert_eq!(events(&test.store, fabrikam()).await, told);
    assert_eq!(test.of(fabrikam()).versions().await.unwrap(), positions);
}

#[tokio::test]
async fn a_change_tells_what_was_before_and_after_but_no_personal_data() {
    let test = TestStore::with_partner(fabrikam()).await;
    let before = service_request(fabrikam(), customer(fabrikam(), "one").id);
    let mut after = before.clone();
    after.title = "Mail is slow again".to_owned();
    after.contact_email = Some("ada@example.com".to_owned());
    after.modified_at = Some(at(3));
    for request in [before, after] {
        test.apply(fabrikam(), batch([Change::ServiceRequest { request, notes: Vec::new() }])).await;
    }
    let told: serde_json::Value =
        serde_json::from_str(&events(&test.store, fabrikam()).await.pop().unwrap().2).unwrap();
    assert_eq!(told["title"], json!(["Mail is slow", "Mail is slow again"]));
    assert_eq!(told["contact_email"], json!("changed"));
    assert_eq!(told.as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn a_later_look_at_the_same_moves_only_the_time_of_observation() {
    let test = TestStore::with_partner(fabrikam()).await;
    let one = customer(fabrikam(), "one");
    test.apply(fabrikam(), batch([Change::Customer(one.clone())])).await;
    let before = test.of(fabrikam()).versions().await.unwrap()[&EntityKind::Customer];

    let later = Customer { observed_at: at(5), ..one.clone() };
    let applied = test.apply(fabrikam(), batch([Change::Customer(later.clone())])).await;

    assert_eq!((applied.unchanged, applied.position), (1, Some(2)));
    assert_eq!(test.of(fabrikam()).customers_by_id(&[one.id], &Wants::Everything).await.unwrap(), [later]);
    assert_eq!(events(&test.store, fabrikam()).await.len(), 2);
    assert_eq!(test.of(fabrikam()).versions().await.unwrap()[&EntityKind::Customer], before + 1);
}

#[tokio::test]
async fn an_answer_that_is_older_than_what_is_stored_is_ignored() {
    let test = TestStore::with_partner(fabrikam()).await;
    let id = customer(fabrikam(), "one").id;
    let fresh = Incident { modified_at: at(9), ..incident(fabrikam(), "EX1") };
    let stale = Incident { modified_at: at(8), is_resolved: true, observed_at: at(99), ..fresh.clone() };
    let bought = crate::domain::subscription::Subscription { observed_at: at(9), ..subscription(id, "E3") };
    let stale_bought = crate::domain::subscription::Subscription {
        observed_at: at(8),
        status: SubscriptionStatus::Suspended,
        ..bought.clone()
    };
    test.apply(fabrikam(), batch([seen(fresh.clone(), &[]), Change::Subscription(bought.clone())])).await;

    let applied = test.apply(fabrikam(), batch([seen(stale, &[]), Change::Subscription(stale_bought)])).await;

    assert_eq!((applied.outdated, applied.changed, applied.position), (2, 0, None));
    assert_eq!(test.of(fabrikam()).incidents_by_id(&[fresh.id], &Wants::Everything).await.unwrap(), [fresh]);
    assert_eq!(test.of(fabrikam()).subscriptions_by_id(&[bought.id], &Wants::Everything).await.unwrap(), [bought]);
}

#[tokio::test]
async fn new_posts_and_new_viewers_of_a_known_incident_are_told() {
    let test = TestStore::with_partner(fabrikam()).await;
    let (one, two) = (customer(fabrikam(), "one").id, customer(fabrikam(), "two").id);
    let known = incident(fabrikam(), "EX1");
    test.apply(fabrikam(), batch([seen(known.clone(), &[one])])).await;

    let more = Change::Incident {
        posts: vec![post(known.id, 1), post(known.id, 2)],
        impacts: Vec::new(),
        seen_by: vec![one, two],
        azure_subscriptions: Vec::new(),
        incident: known.clone(),
    };
    test.apply(fabrikam(), batch([more])).await;

    assert_eq!(names(&test.store, 3).await, ["incident.posted", "incident.seen"]);
    let store = test.of(fabrikam());
    let latest = store.latest_posts_of(&[known.id], Wants::Everything).await.unwrap().remove(&known.id).unwrap();
    assert_eq!(latest, post(known.id, 2));
    assert_eq!(store.latest_posts_of(&[known.id], Wants::Only([].into())).await.unwrap()[&known.id].content, "");
}

#[tokio::test]
async fn words_that_only_one_tenant_is_told_are_news_for_its_customer() {
    let test = TestStore::with_partner(fabrikam()).await;
    let (one, two) = (customer(fabrikam(), "one").id, customer(fabrikam(), "two").id);
    let told = |title: &str, hour: i64| {
        let at = at(hour);
        Incident { title: title.to_owned(), modified_at: at, observed_at: at, ..incident(fabrikam(), "EX1") }
    };
    test.apply(fabrikam(), batch([seen(told("Slow", 1), &[one, two])])).await;
    assert_eq!(names(&test.store, 1).await, ["incident.added", "incident.seen", "incident.seen"]);

    test.apply(fabrikam(), batch([seen(told("Slow for one", 2), &[one])])).await;
    assert_eq!(names(&test.store, 4).await, ["incident.changed"], "everybody hears of it");
    assert!(!events(&test.store, fabrikam()).await[4].2.contains("Slow"), "but not in which words");
    let later = Incident { observed_at: at(3), ..told("Slow for two", 2) };
    test.apply(fabrikam(), batch([seen(later.clone(), &[two])])).await;
    assert_eq!(names(&test.store, 5).await, ["incident.seen"]);
    for (own, title) in [(one, "Slow for one"), (two, "Slow for two")] {
        let store = test.store.scoped(&Scope::customers(fabrikam(), vec![own]));
        let slice = store.incident_slice((0, 9), (Uuid::nil(), 9), &Filter::default()).await.unwrap();
        assert_eq!(slice.rows.iter().map(|row| &row.title).collect::<Vec<_>>(), [title], "what a feed begins with");
    }

    test.apply(fabrikam(), batch([seen(later, &[two])])).await;
    test.apply(fabrikam(), batch([seen(Incident { observed_at: at(4), ..told("Slow for one", 2) }, &[one])])).await;
    assert_eq!(names(&test.store, 6).await.len(), 0);
}

#[tokio::test]
async fn whoever_holds_a_named_azure_subscription_sees_the_incident() {
    let test = TestStore::with_partner(fabrikam()).await;
    let one = customer(fabrikam(), "one");
    let plan = subscription(one.id, "Azure plan");
    let entitlement = AzureEntitlement {
        id: AzureEntitlementId::derive(plan.id.0, "a-1"),
        customer_id: one.id,
        subscription_id: plan.id,
        external_id: "a-1".to_owned(),
        friendly_name: None,
        status_text: None,
        observed_at: at(0),
    };
    let named = incident(fabrikam(), "AZ1");
    test.apply(
        fabrikam(),
        batch([
            Change::Customer(one.clone()),
            Change::Subscription(plan),
            Change::AzureEntitlement(entitlement),
            Change::Incident {
                incident: named.clone(),
                posts: Vec::new(),
                impacts: Vec::new(),
                seen_by: Vec::new(),
                azure_subscriptions: vec!["A-1".to_owned(), "somebody else's".to_owned()],
            },
        ]),
    )
    .await;

    let page = test.of(fabrikam()).customers_of_incidents(&[named.id], &List::first(5)).await.unwrap();
    assert_eq!(page[&named.id].items, [one]);
    let reach = test.of(fabrikam()).reach_of(&[named.id]).await.unwrap()[&named.id];
    assert_eq!((reach.customers, reach.subscriptions, reach.seats), (1, 1, 1));
}

#[tokio::test]
async fn an_older_answer_does_not_bring_the_former_reseller_back() {
    let test = TestStore::with_partner(fabrikam()).await;
    let one = customer(fabrikam(), "one");
    let sold_by = |name: &str, hour| {
        let relation = PartnerRelation {
            id: PartnerRelationId::of_tenant(fabrikam(), name),
            tenant_id: name.to_owned(),
            name: name.to_owned(),
            relation_type: String::new(),
            state: None,
            network_id: None,
            country: None,
            observed_at: at(hour),
        };
        batch([Change::Reseller(one.id, relation)])
    };
    test.apply(fabrikam(), batch([Change::Customer(one.clone())])).await;
    test.apply(fabrikam(), sold_by("former", 1)).await;
    test.apply(fabrikam(), sold_by("present", 2)).await;
    let before = events(&test.store, fabrikam()).await;

    for (name, hour) in [("former", 1), ("present", 2), ("former", 2)] {
        test.apply(fabrikam(), sold_by(name, hour)).await;
    }

    let seller = test.of(fabrikam()).customers_by_id(&[one.id], &Wants::Everything).await.unwrap()[0].reseller_id;
    assert_eq!(seller, Some(PartnerRelationId::of_tenant(fabrikam(), "present")));
    assert_eq!(events(&test.store, fabrikam()).await, before);
}

#[tokio::test]
async fn only_a_complete_list_ends_customers() {
    let test = TestStore::with_partner(fabrikam()).await;
    let (stays, leaves) = (customer(fabrikam(), "stays"), customer(fabrikam(), "leaves"));
    test.apply(fabrikam(), batch([Change::Customer(stays.clone()), Change::Customer(leaves.clone())])).await;
    let mut list = batch([Change::Customer(stays)]);
    list.is_complete_customer_list = true;
    list.quarantined.push(Quarantined { place: "items[1]".into(), reason: "no id".into(), item: json!(1) });
    test.apply(fabrikam(), list.clone()).await;
    assert_eq!(test.of(fabrikam()).customers_by_id(&[leaves.id], &Wants::Everything).await.unwrap()[0].ended_at, None);
    list.quarantined.clear();

    test.apply(fabrikam(), list.clone()).await;

    assert_eq!(
        test.of(fabrikam()).customers_by_id(&[leaves.id], &Wants::Everything).await.unwrap()[0].ended_at,
        Some(at(1))
    );
    assert_eq!(test.apply(fabrikam(), list).await.changed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_at_once_leave_no_gap_in_the_positions() {
    let test = TestStore::with_partner(fabrikam()).await;
    let mut commits = test.store.commits();
    let writer = |name: &'static str| {
        let store = test.of(fabrikam());
        async move {
            for n in 0..10 {
                let one = customer(fabrikam(), &format!("{name}{n}"));
                let bought = Change::Subscription(subscription(one.id, "E3"));
                store.apply(batch([Change::Customer(one), bought]), name, at(1)).await.unwrap();
            }
        }
    };
    let (one, two) = (tokio::spawn(writer("one")), tokio::spawn(writer("two")));
    one.await.unwrap();
    two.await.unwrap();

    let positions: Vec<i64> = events(&test.store, fabrikam()).await.iter().map(|(position, ..)| *position).collect();
    assert_eq!(positions, Vec::from_iter(1..=41));
    let told: Vec<News> = std::iter::from_fn(|| commits.try_recv().ok()).collect();
    let ends: Vec<i64> = told.iter().map(|news| news.standing.position).collect();
    assert_eq!(ends, Vec::from_iter((1..=20).map(|commit| commit * 2 + 1)));
    let handed: Vec<Logged> = told.iter().flat_map(|news| news.events.to_vec()).collect();
    assert_eq!(handed, test.of(fabrikam()).log_after(1, 100).await.unwrap().events, "as they stand in the log");
}

#[tokio::test]
async fn what_is_dropped_was_never_written() {
    let test = TestStore::with_partner(fabrikam()).await;
    let one = customer(fabrikam(), "one");
    let mut write = test.of(fabrikam()).begin().await.unwrap();
    write.apply(batch([Change::Customer(one.clone())]), "test.json", at(1)).await.unwrap();
    drop(write);
    assert_eq!(test.of(fabrikam()).customers_by_id(&[one.id], &Wants::Everything).await.unwrap(), []);
}

#[tokio::test]
async fn no_partner_can_write_over_the_rows_of_another() {
    let test = TestStore::with_partner(fabrikam()).await;
    test.apply(contoso(), batch([Change::Partner(partner(contoso()))])).await;
    let one = customer(fabrikam(), "one");
    test.apply(fabrikam(), batch([Change::Customer(one.clone())])).await;

    let forged = Customer { name: "forged".to_owned(), ..one.clone() };
    test.apply(contoso(), batch([Change::Customer(forged)])).await;
    let foreign = test.of(contoso()).apply(batch([Change::Partner(partner(fabrikam()))]), "x", at(1)).await;

    assert!(matches!(foreign, Err(Error::Conflict(_))));
    assert_eq!(test.of(fabrikam()).customers_by_id(&[one.id], &Wants::Everything).await.unwrap(), [one]);
}

#[tokio::test]
async fn a_partner_has_to_be_known_before_anything_else_of_it() {
    let test = TestStore::new().await;
    let unknown = test.of(fabrikam()).apply(batch([Change::Customer(customer(fabrikam(), "one"))]), "x", at(1)).await;
    assert!(matches!(unknown, Err(Error::Conflict(_))));
    assert_eq!(test.store.partners().await.unwrap(), []);
}
