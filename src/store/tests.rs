//! What is read, against rows sorted and filtered in memory.

use std::{cmp::Ordering, collections::BTreeSet};

use proptest::{collection::vec, option, prelude::*, sample::select};
use strum::VariantArray as _;

use super::testing::{TestStore, at, contoso, customer, fabrikam, incident, partner, post, subscription};
use crate::domain::{
    CustomerId, SupportOfferingId, SupportPlanId,
    access::Scope,
    change::{Batch, Change},
    customer::CustomerPredicate,
    event::EntityKind,
    filter::{Filter, Range, TextMatch},
    incident::{Incident, IncidentPredicate},
    page::{Direction, List, Listed, Order, Take, Wants},
    product_family::ProductFamily,
    subscription::{Subscription, SubscriptionKey, SubscriptionPredicate, SubscriptionStatus},
    support_offering::{CustomerOffering, SupportOffering},
    support_plan::{SupportPlan, SupportPlanKind},
};

/// Subscriptions in which every key has ties, and nullable ones have nulls.
fn subscriptions(customer: CustomerId, count: i64) -> Vec<Subscription> {
    let name = ["Übung", "apple", "Banana", "100% cotton", "zebra_x", "APPLE"];
    let status = [SubscriptionStatus::Active, SubscriptionStatus::Suspended, SubscriptionStatus::Deleted];
    let one = |n: i64| Subscription {
        friendly_name: name[n as usize % name.len()].to_owned(),
        quantity: n % 4,
        status: status[n as usize % status.len()],
        commitment_ends_on: (n % 3 > 0).then(|| at(24 * (n % 5)).date_naive()),
        created_at: (n % 4 > 0).then(|| at(n % 7)),
        is_auto_renewed: [None, Some(true), Some(false)][n as usize / 2 % 3],
        ..subscription(customer, &n.to_string())
    };
    (0..count).map(one).collect()
}

fn holds(row: &Subscription, predicate: &SubscriptionPredicate) -> bool {
    use SubscriptionPredicate as P;
    match predicate {
        P::Name(wanted) => wanted.matches(&row.friendly_name),
        P::Status(ones) => ones.contains(&row.status),
        P::Quantity(range) => range.contains(&row.quantity),
        P::CommitmentEndsOn(range) => row.commitment_ends_on.is_some_and(|day| range.contains(&day)),
        P::AutoRenewed(yes) => row.is_auto_renewed == Some(*yes),
        other => panic!("{other:?} is not part of this test"),
    }
}

/// The list as it has to be, all of it.
fn oracle(rows: &[Subscription], list: &List<Subscription>) -> Vec<Subscription> {
    let turn = |ordering: Ordering, direction| match direction {
        Direction::Ascending => ordering,
        Direction::Descending => ordering.reverse(),
    };
    let ties = list.order.last().map_or(Direction::Ascending, |last| last.direction);
    let compare = |left: &Subscription, right: &Subscription| {
        let keys = list.order.iter().map(|one| turn(left.key(one.key).cmp(&right.key(one.key)), one.direction));
        keys.fold(Ordering::Equal, Ordering::then).then(turn(left.row_id().cmp(&right.row_id()), ties))
    };
    let mut rows: Vec<_> = rows.iter().filter(|row| list.filter.selects(&|one| holds(row, one))).cloned().collect();
    rows.sort_by(compare);
    rows
}

fn orders() -> impl Strategy<Value = Vec<Order<SubscriptionKey>>> {
    use SubscriptionKey as K;
    let key = select(vec![K::Name, K::Quantity, K::Status, K::CommitmentEndsOn, K::CreatedAt]);
    let direction = select(vec![Direction::Ascending, Direction::Descending]);
    vec((key, direction).prop_map(|(key, direction)| Order { key, direction }), 0..4)
}

fn filters() -> impl Strategy<Value = Filter<SubscriptionPredicate>> {
    use SubscriptionPredicate as P;
    let text = select(vec!["a", "AP", "ü", "0%", "_", "zebra"]).prop_map(str::to_owned);
    let day = || option::of((0..6_i64).prop_map(|day| at(24 * day).date_naive()));
    let predicate = prop_oneof![
        text.clone().prop_map(|text| P::Name(TextMatch::Contains(text))),
        text.clone().prop_map(|text| P::Name(TextMatch::StartsWith(text))),
        text.prop_map(|text| P::Name(TextMatch::In(vec![text, "BANANA".to_owned()]))),
        Just(P::Status(BTreeSet::from([SubscriptionStatus::Active]))),
        (option::of(0..4_i64), option::of(0..4_i64)).prop_map(|(from, until)| P::Quantity(Range { from, until })),
        (day(), day()).prop_map(|(from, until)| P::CommitmentEndsOn(Range { from, until })),
        any::<bool>().prop_map(P::AutoRenewed),
    ];
    predicate.prop_map(Filter::Is).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Filter::All),
            vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|one| Filter::Not(Box::new(one))),
        ]
    })
}

/// Walks a list page by page, for all rows or below one customer, from either end.
async fn walk(
    test: &TestStore,
    list: &List<Subscription>,
    below: Option<CustomerId>,
    forward: bool,
) -> Vec<Subscription> {
    let store = test.of(fabrikam());
    let mut list = List { wants_total: true, ..list.clone() };
    let mut walked = Vec::new();
    loop {
        let page = match below {
            None => store.subscription_page(&list).await.unwrap(),
            Some(parent) => store.subscriptions_of(&[parent], &list).await.unwrap().remove(&parent).unwrap(),
        };
        let more = if forward { page.has_next } else { page.has_previous };
        let (edge, rows) = match forward {
            true => (page.items.last().cloned(), page.items),
            false => (page.items.first().cloned(), page.items.into_iter().rev().collect()),
        };
        walked.extend(rows);
        let Some(edge) = edge.filter(|_| more) else {
            assert_eq!(page.total, Some(walked.len() as u64));
            return walked;
        };
        let position = Some(list.position(&edge));
        if forward { list.after = position } else { list.before = position }
    }
}

#[test]
fn pages_in_any_order_under_any_filter_are_those_of_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
    let test = runtime.block_on(TestStore::new());
    let parent = customer(fabrikam(), "parent");
    let rows = subscriptions(parent.id, 40);
    runtime.block_on(test.put(fabrikam(), &rows));
    runtime.block_on(test.put(contoso(), &subscriptions(customer(contoso(), "other").id, 5)));
    let list = (orders(), filters(), 1..17_u32);
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((order, filter, size) in list, nested: bool, forward: bool)| {
        let take = if forward { Take::First(size) } else { Take::Last(size) };
        let list = List { order, take, filter, ..List::first(size) };
        let mut expected = oracle(&rows, &list);
        if !forward {
            expected.reverse();
        }
        let walked = runtime.block_on(walk(&test, &list, nested.then_some(parent.id), forward));
        let names = |rows: &[Subscription]| rows.iter().map(|row| row.external_id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(names(&walked), names(&expected));
    });
}

#[tokio::test]
async fn each_parent_has_its_own_page_in_one_statement() {
    let test = TestStore::new().await;
    let (one, two) = (customer(fabrikam(), "one"), customer(fabrikam(), "two"));
    test.put(fabrikam(), &subscriptions(one.id, 5)).await;
    test.put(fabrikam(), &subscriptions(two.id, 1)).await;
    let before = test.store.statements();

    let mut pages = test.of(fabrikam()).subscriptions_of(&[one.id, two.id], &List::first(2)).await.unwrap();

    assert_eq!(test.store.statements() - before, 1);
    let (one, two) = (pages.remove(&one.id).unwrap(), pages.remove(&two.id).unwrap());
    assert_eq!((one.items.len(), one.has_next), (2, true));
    assert_eq!((two.items.len(), two.has_next), (1, false));
}

#[tokio::test]
async fn a_customer_is_found_by_tenant_and_by_any_domain_in_any_case() {
    let test = TestStore::new().await;
    let wanted = customer(fabrikam(), "Wanted");
    test.put(fabrikam(), &[customer(fabrikam(), "Other"), wanted.clone()]).await;
    for text in [&wanted.tenant_id.to_uppercase(), "WANTED.onmicrosoft.com", "wanted.example"] {
        let found = test.of(fabrikam()).customer_by_tenant_or_domain(text).await.unwrap();
        assert_eq!(found.as_ref(), Some(&wanted), "{text}");
    }
    assert_eq!(test.of(fabrikam()).customer_by_tenant_or_domain("wanted").await.unwrap(), None);
    assert_eq!(test.of(contoso()).customer_by_tenant_or_domain(&wanted.tenant_id).await.unwrap(), None);
}

#[tokio::test]
async fn a_scope_of_some_customers_reaches_no_other() {
    let test = TestStore::new().await;
    let (mine, foreign) = (customer(fabrikam(), "mine"), customer(fabrikam(), "foreign"));
    test.put(fabrikam(), &[mine.clone(), foreign.clone()]).await;
    test.put(fabrikam(), &[subscription(mine.id, "a"), subscription(foreign.id, "b")]).await;

    let store = test.store.scoped(&Scope::customers(fabrikam(), vec![mine.id]));

    assert_eq!(
        store.customers_by_id(&[mine.id, foreign.id], &Wants::Everything).await.unwrap(),
        std::slice::from_ref(&mine)
    );
    assert_eq!(store.customer_page(&List::first(9)).await.unwrap().items, [mine]);
    assert_eq!(store.subscription_page(&List::first(9)).await.unwrap().items.len(), 1);
    assert_eq!(store.subscriptions_of(&[foreign.id], &List::first(9)).await.unwrap()[&foreign.id].items, []);
}

#[tokio::test]
async fn every_read_answers_on_an_empty_database() {
    let test = TestStore::new().await;
    let id = customer(fabrikam(), "nobody").id;
    let day = at(0).date_naive();
    for scope in [Scope::partner(fabrikam()), Scope::customers(fabrikam(), vec![id])] {
        let store = test.store.scoped(&scope);
        assert_eq!(store.partner().await.unwrap(), None);
        assert!(store.partner_relations_by_id(&[]).await.unwrap().is_empty());
        assert!(store.qualifications().await.unwrap().is_empty());
        assert!(store.azure_entitlements_of(&[id.0.into()], &List::first(1)).await.unwrap().len() == 1);
        assert!(store.support_plan_page(&List::first(1)).await.unwrap().items.is_empty());
        assert_eq!(store.support_plans_behind(&[id], day).await.unwrap()[&id], []);
        assert!(store.support_offerings_of(&[id], day).await.unwrap().is_empty());
        assert!(store.service_page(&List::first(1)).await.unwrap().items.is_empty());
        assert!(store.service_health_of(&[id], &List::first(1)).await.unwrap()[&id].items.is_empty());
        assert!(store.service_health_of_services(&[id.0.into()], &List::first(1)).await.unwrap().len() == 1);
        assert!(store.service_health_by_id(&[]).await.unwrap().is_empty());
        assert!(store.incident_page(&List::first(1)).await.unwrap().items.is_empty());
        assert!(store.incidents_of_customers(&[id], &List::first(1)).await.unwrap()[&id].items.is_empty());
        assert!(store.incidents_of_services(&[id.0.into()], &List::first(1)).await.unwrap().len() == 1);
        assert!(store.latest_posts_of(&[id.0.into()], Wants::Only([].into())).await.unwrap().is_empty());
        assert!(store.impacts_of(&[id.0.into()]).await.unwrap().is_empty());
        assert_eq!(store.reach_of(&[id.0.into()]).await.unwrap()[&id.0.into()], Default::default());
        assert!(store.customers_of_incidents(&[id.0.into()], &List::first(1)).await.unwrap().len() == 1);
        assert!(store.message_page(&List::first(1)).await.unwrap().items.is_empty());
        assert!(store.messages_of(&[id], &List::first(1)).await.unwrap()[&id].items.is_empty());
        assert!(store.service_request_page(&List::first(1)).await.unwrap().items.is_empty());
        assert!(store.service_requests_of(&[id], &List::first(1)).await.unwrap()[&id].items.is_empty());
        assert!(store.notes_of(&[id.0.into()], &List::first(1)).await.unwrap().len() == 1);
        assert_eq!(store.search("x", EntityKind::VARIANTS, 5).await.unwrap(), []);
        let kinds = store.support_plan_kinds().await.unwrap();
        assert_eq!(kinds.len(), 5);
        assert_eq!(kinds[0].id, SupportPlanKind::id_of(&kinds[0].code));
        let targets = store.response_targets_of(&kinds.iter().map(|kind| kind.id).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(targets.values().map(Vec::len).sum::<usize>(), 7);
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_with_the_reason() {
    use sea_orm::ConnectionTrait;

    use super::MigrationState;

    let test = TestStore::new().await;
    assert_eq!(test.store.migration_state().await.unwrap(), MigrationState::UpToDate);
    assert_eq!(test.store.cursor_key().await.unwrap().len(), 32);
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 0)";
    test.store.db.execute_unprepared(newer).await.unwrap();

    let error = test.store.migrate().await.unwrap_err();

    assert!(error.to_string().contains("m9999_from_the_future"), "{error}");
}

#[tokio::test]
async fn plans_and_offerings_stand_behind_customers_that_they_cover() {
    let test = TestStore::new().await;
    let (covered, suspended) = (customer(fabrikam(), "covered"), customer(fabrikam(), "suspended"));
    let kind_id = SupportPlanKind::id_of("ASFP");
    let day = at(24).date_naive();
    let plan = |name: &str, valid_until| SupportPlan {
        id: SupportPlanId::derive(fabrikam().0, name),
        kind_id,
        name: name.to_owned(),
        activated_at: None,
        valid_from: at(0).date_naive(),
        valid_until,
        managers: Vec::new(),
    };
    let (current, expired) = (plan("current", Some(day)), plan("expired", Some(at(0).date_naive())));
    let offering = SupportOffering {
        id: SupportOfferingId::derive(fabrikam().0, "gold"),
        name: "Gold".to_owned(),
        covers: vec![ProductFamily::Azure, ProductFamily::Microsoft365],
        hours: "always".to_owned(),
        contact_email: None,
        contact_phone: None,
        contact_website: None,
        price_minor: None,
        currency: None,
        provider: None,
        valid_from: at(0).date_naive(),
        valid_until: None,
    };
    let promise = CustomerOffering {
        customer_id: covered.id,
        offering_id: offering.id,
        valid_from: at(0).date_naive(),
        valid_until: None,
        told_at: None,
    };
    let no_longer = Subscription { status: SubscriptionStatus::Suspended, ..subscription(suspended.id, "E3") };
    let batch = Batch {
        changes: vec![
            Change::Partner(partner(fabrikam())),
            Change::SupportPlan(current.clone()),
            Change::SupportPlan(expired),
            Change::SupportOffering(offering.clone()),
            Change::CustomerOffering(promise),
            Change::Subscription(subscription(covered.id, "E3")),
            Change::Subscription(no_longer),
        ],
        ..Batch::default()
    };
    let store = test.of(fabrikam());
    store.apply(batch.clone(), "test", at(1)).await.unwrap();
    assert_eq!(store.apply(batch.clone(), "test", at(1)).await.unwrap().position, None);
    let mut ended = batch;
    ended.changes.retain(|change| matches!(change, Change::CustomerOffering(_)));
    if let Some(Change::CustomerOffering(promise)) = ended.changes.first_mut() {
        promise.valid_until = Some(day);
    }
    assert_eq!(store.apply(ended, "test", at(2)).await.unwrap().position, Some(8));

    let plans = store.support_plans_behind(&[covered.id, suspended.id], day).await.unwrap();
    assert_eq!((&plans[&covered.id], &plans[&suspended.id]), (&vec![current], &vec![]));
    let offerings = store.support_offerings_of(&[covered.id, suspended.id], day).await.unwrap();
    assert_eq!((offerings.len(), &offerings[&covered.id]), (1, &vec![offering]));

    let narrow = test.store.scoped(&Scope::customers(fabrikam(), vec![suspended.id]));
    assert_eq!(narrow.support_plan_page(&List::first(9)).await.unwrap().items, []);
    assert!(narrow.support_offerings_of(&[covered.id], day).await.unwrap().is_empty());
}

#[tokio::test]
async fn incidents_are_reached_through_the_customers_that_see_them() {
    let test = TestStore::new().await;
    let (one, two) = (customer(fabrikam(), "one"), customer(fabrikam(), "two"));
    let (open, closed) = (incident(fabrikam(), "EX1"), incident(fabrikam(), "EX2"));
    let closed = Incident { is_resolved: true, ..closed };
    let seen = |incident: &Incident, by: &[CustomerId]| Change::Incident {
        incident: incident.clone(),
        posts: vec![post(incident.id, 1)],
        impacts: Vec::new(),
        seen_by: by.to_vec(),
        azure_subscriptions: Vec::new(),
    };
    let changes = vec![
        Change::Partner(partner(fabrikam())),
        Change::Customer(one.clone()),
        Change::Customer(two.clone()),
        seen(&open, &[one.id]),
        seen(&closed, &[one.id, two.id]),
    ];
    let store = test.of(fabrikam());
    store.apply(Batch { changes, ..Batch::default() }, "test", at(1)).await.unwrap();

    let touched = CustomerPredicate::Incident(Box::new(IncidentPredicate::Open(true).into()));
    let page = store.customer_page(&List::first(9).filtered(touched.clone().into())).await.unwrap();
    assert_eq!(page.items, std::slice::from_ref(&one));
    let untouched = Filter::Not(Box::new(touched.into()));
    assert_eq!(
        store.customer_page(&List::first(9).filtered(untouched)).await.unwrap().items,
        std::slice::from_ref(&two)
    );

    let narrow = test.store.scoped(&Scope::customers(fabrikam(), vec![two.id]));
    assert_eq!(narrow.incident_page(&List::first(9)).await.unwrap().items, std::slice::from_ref(&closed));
    assert_eq!(narrow.incidents_by_id(&[open.id], &Wants::Everything).await.unwrap(), []);
    assert_eq!(narrow.latest_posts_of(&[open.id], Wants::Everything).await.unwrap().len(), 0);
    assert_eq!(narrow.reach_of(&[closed.id]).await.unwrap()[&closed.id].customers, 1);
    assert_eq!(store.reach_of(&[closed.id]).await.unwrap()[&closed.id].customers, 2);
}

#[tokio::test]
async fn a_search_puts_what_is_exactly_meant_first() {
    let test = TestStore::new().await;
    let (meant, like) = (customer(fabrikam(), "Ex1"), customer(fabrikam(), "Annex1"));
    let changes = vec![
        Change::Partner(partner(fabrikam())),
        Change::Customer(like.clone()),
        Change::Customer(meant.clone()),
        Change::Subscription(subscription(like.id, "ex12")),
        Change::Incident {
            incident: incident(fabrikam(), "EX1"),
            posts: Vec::new(),
            impacts: Vec::new(),
            seen_by: Vec::new(),
            azure_subscriptions: Vec::new(),
        },
    ];
    test.of(fabrikam()).apply(Batch { changes, ..Batch::default() }, "test", at(1)).await.unwrap();

    let found = test.of(fabrikam()).search(" ex1 ", EntityKind::VARIANTS, 9).await.unwrap();

    let incident = (EntityKind::Incident, incident(fabrikam(), "EX1").id.0);
    let bought = (EntityKind::Subscription, subscription(like.id, "ex12").id.0);
    assert_eq!(found, [incident, (EntityKind::Customer, meant.id.0), bought, (EntityKind::Customer, like.id.0)]);
    assert_eq!(test.of(fabrikam()).search("ex1", EntityKind::VARIANTS, 1).await.unwrap(), [incident]);
    assert_eq!(test.of(contoso()).search("ex1", EntityKind::VARIANTS, 9).await.unwrap(), []);
}
