//! What lists have to be: the same filters and orders over an invented partner in memory.

use std::{cmp::Ordering, collections::BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use supportgraph::{
    domain::{
        change::Change,
        customer::{Customer, CustomerKey, CustomerPredicate},
        filter::{Filter, Range, TextMatch},
        incident::{Incident, IncidentKey, IncidentPredicate},
        page::{Direction, Listed, Order},
        product_family::ProductFamily,
        service_health::HealthStatus,
        subscription::{Subscription, SubscriptionKey, SubscriptionPredicate, SubscriptionStatus},
    },
    upstream::demo::World,
};

/// An invented partner's rows as they were told.
#[derive(Default)]
pub struct Oracle {
    pub customers: Vec<Customer>,
    pub subscriptions: Vec<Subscription>,
    /// With the customers that see each.
    pub incidents: Vec<(Incident, BTreeSet<uuid::Uuid>)>,
}

impl Oracle {
    /// Of the same partner that [`super::TestApp::invent`] puts into the database.
    pub fn of(customers: usize, seed: u64, now: DateTime<Utc>) -> Self {
        let world = World::new(customers, seed, now);
        let mut oracle = Self::default();
        let mut azure = Vec::new();
        for change in world.batches().flat_map(|batch| batch.changes) {
            match change {
                Change::Customer(customer) => oracle.customers.push(customer),
                Change::Subscription(subscription) => oracle.subscriptions.push(subscription),
                Change::AzureEntitlement(entitlement) => azure.push((entitlement.external_id, entitlement.customer_id)),
                Change::Incident { incident, seen_by, azure_subscriptions, .. } => {
                    let holders = azure.iter().filter(|(id, _)| azure_subscriptions.contains(id)).map(|(_, id)| id.0);
                    let seen_by = seen_by.iter().map(|id| id.0).chain(holders).collect();
                    oracle.incidents.push((incident, seen_by));
                }
                _ => {}
            }
        }
        oracle
    }
}

/// A list that tests can ask for in every way.
pub trait Known: Listed {
    /// The root field and the beginning of the names of its inputs.
    const LIST: &'static str;
    const INPUT: &'static str;
    const PREFIX: &'static str;

    fn rows(oracle: &Oracle) -> Vec<Self>;
    fn holds(&self, oracle: &Oracle, predicate: &Self::Predicate) -> bool;
    /// The filter input that a predicate comes from.
    fn input(predicate: &Self::Predicate) -> Value;
    fn key_word(key: Self::Key) -> &'static str;
    fn predicates() -> BoxedStrategy<Self::Predicate>;
    fn keys() -> Vec<Self::Key>;

    fn global_id(&self) -> String {
        format!("{}_{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.row_id().as_bytes()))
    }

    fn selected(&self, oracle: &Oracle, filter: &Filter<Self::Predicate>) -> bool {
        filter.selects(&|predicate: &Self::Predicate| self.holds(oracle, predicate))
    }
}

/// Any combination of predicates.
pub fn filters<T: Known>() -> BoxedStrategy<Filter<T::Predicate>> {
    let leaf = T::predicates().prop_map(Filter::Is);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
    .boxed()
}

/// Up to three keys, none twice; no key stands for the default.
pub fn orders<T: Known>() -> BoxedStrategy<Vec<Order<T::Key>>> {
    let directions = prop::collection::vec(select(vec![Direction::Ascending, Direction::Descending]), 3);
    let keys = Just(T::keys()).prop_shuffle();
    (keys, directions, 0..=3_usize)
        .prop_map(|(keys, directions, count)| {
            let order = keys.into_iter().zip(directions).take(count);
            order.map(|(key, direction)| Order { key, direction }).collect()
        })
        .boxed()
}

pub fn filter_input<T: Known>(filter: &Filter<T::Predicate>) -> Value {
    let all = |parts: &[Filter<T::Predicate>]| parts.iter().map(filter_input::<T>).collect::<Vec<_>>();
    match filter {
        Filter::All(parts) => json!({ "and": all(parts) }),
        Filter::Any(parts) => json!({ "or": all(parts) }),
        Filter::Not(part) => json!({ "not": filter_input::<T>(part) }),
        Filter::Is(predicate) => T::input(predicate),
    }
}

pub fn order_input<T: Known>(order: &[Order<T::Key>]) -> Value {
    let direction = |direction| if direction == Direction::Ascending { "ASC" } else { "DESC" };
    order.iter().map(|one| json!({ "field": T::key_word(one.key), "direction": direction(one.direction) })).collect()
}

/// The ids of the whole list among `rows`, in order.
pub fn listed<T: Known>(
    oracle: &Oracle,
    mut rows: Vec<T>,
    filter: &Filter<T::Predicate>,
    order: &[Order<T::Key>],
) -> Vec<String> {
    let order = if order.is_empty() { T::DEFAULT_ORDER } else { order };
    let turn = |ordering: Ordering, direction| match direction {
        Direction::Ascending => ordering,
        Direction::Descending => ordering.reverse(),
    };
    let ties = order.last().map_or(Direction::Ascending, |last| last.direction);
    rows.retain(|row| row.selected(oracle, filter));
    rows.sort_by(|left, right| {
        let keys = order.iter().map(|one| turn(left.key(one.key).cmp(&right.key(one.key)), one.direction));
        keys.fold(Ordering::Equal, Ordering::then).then(turn(left.row_id().cmp(&right.row_id()), ties))
    });
    rows.iter().map(Known::global_id).collect()
}

fn words<W: Copy + Into<&'static str>>(words: &BTreeSet<W>) -> Vec<&'static str> {
    words.iter().map(|word| (*word).into()).collect()
}

fn set<W: Clone + Ord + std::fmt::Debug + 'static>(words: Vec<W>) -> impl Strategy<Value = BTreeSet<W>> {
    prop::collection::btree_set(select(words), 0..3)
}

fn texts() -> impl Strategy<Value = TextMatch> {
    let part = select(vec!["a", "E", "con", "o", "365", "online", "%", "_", "\\", "'", "zz", "é", "", " ", "mail"]);
    (part, 0..4).prop_map(|(part, how)| match how {
        0 => TextMatch::Contains(part.to_owned()),
        1 => TextMatch::StartsWith(part.to_owned()),
        2 => TextMatch::Equals(part.to_owned()),
        _ => TextMatch::In(vec![part.to_owned(), "Microsoft 365 e3".to_owned()]),
    })
}

fn text_input(text: &TextMatch) -> Value {
    match text {
        TextMatch::Equals(text) => json!({ "eq": text }),
        TextMatch::In(texts) => json!({ "in": texts }),
        TextMatch::StartsWith(text) => json!({ "startsWith": text }),
        TextMatch::Contains(text) => json!({ "contains": text }),
    }
}

fn range<V: Clone, I: Into<Value>>(range: &Range<V>, input: impl Fn(V) -> I) -> Value {
    let end = |end: &Option<V>| end.clone().map(&input).map(Into::into);
    let (from, until): (Option<Value>, Option<Value>) = (end(&range.from), end(&range.until));
    json!({ "from": from, "until": until })
}

fn ranges<V: Clone + std::fmt::Debug>(values: impl Strategy<Value = V> + Clone) -> impl Strategy<Value = Range<V>> {
    (prop::option::of(values.clone()), prop::option::of(values)).prop_map(|(from, until)| Range { from, until })
}

/// Moments around the harness's present.
fn moments() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    let now: DateTime<Utc> = super::TestApp::NOW.parse().expect("a time");
    (-400..400_i64).prop_map(move |days| now + chrono::TimeDelta::days(days))
}

impl Known for Subscription {
    const LIST: &'static str = "subscriptions";
    const INPUT: &'static str = "CustomerSubscription";
    const PREFIX: &'static str = "sub";

    fn rows(oracle: &Oracle) -> Vec<Self> {
        oracle.subscriptions.clone()
    }

    fn holds(&self, _: &Oracle, predicate: &SubscriptionPredicate) -> bool {
        use SubscriptionPredicate as P;
        match predicate {
            P::Id(ids) => ids.contains(&self.id),
            P::Customer(ids) => ids.contains(&self.customer_id),
            P::Name(wanted) => wanted.matches(&self.friendly_name),
            P::ProductFamily(ones) => ones.contains(&self.product_family),
            P::Status(ones) => ones.contains(&self.status),
            P::Quantity(range) => range.contains(&self.quantity),
            P::CommitmentEndsOn(range) => self.commitment_ends_on.is_some_and(|day| range.contains(&day)),
            P::AutoRenewed(yes) => self.is_auto_renewed == Some(*yes),
            P::Trial(yes) => self.is_trial == *yes,
            P::AddOn(yes) => self.parent_id.is_some() == *yes,
            P::MicrosoftProduct(yes) => self.is_microsoft_product == Some(*yes),
        }
    }

    fn input(predicate: &SubscriptionPredicate) -> Value {
        use SubscriptionPredicate as P;
        match predicate {
            P::Name(wanted) => json!({ "name": text_input(wanted) }),
            P::ProductFamily(ones) => json!({ "productFamily": words(ones) }),
            P::Status(ones) => json!({ "status": words(ones) }),
            P::Quantity(wanted) => json!({ "quantity": range(wanted, |number| number) }),
            P::CommitmentEndsOn(wanted) => json!({ "commitmentEndsOn": range(wanted, |day| day.to_string()) }),
            P::AutoRenewed(yes) => json!({ "isAutoRenewed": yes }),
            P::Trial(yes) => json!({ "isTrial": yes }),
            P::AddOn(yes) => json!({ "isAddOn": yes }),
            P::MicrosoftProduct(yes) => json!({ "isMicrosoftProduct": yes }),
            P::Id(_) | P::Customer(_) => unreachable!("isolation is another test"),
        }
    }

    fn key_word(key: SubscriptionKey) -> &'static str {
        match key {
            SubscriptionKey::Name => "NAME",
            SubscriptionKey::Quantity => "QUANTITY",
            SubscriptionKey::Status => "STATUS",
            SubscriptionKey::ProductFamily => "PRODUCT_FAMILY",
            SubscriptionKey::CommitmentEndsOn => "COMMITMENT_ENDS_ON",
            SubscriptionKey::CreatedAt => "CREATED_AT",
        }
    }

    fn predicates() -> BoxedStrategy<SubscriptionPredicate> {
        use SubscriptionPredicate as P;
        let families = vec![ProductFamily::Azure, ProductFamily::Microsoft365, ProductFamily::Unknown];
        let states = vec![SubscriptionStatus::Active, SubscriptionStatus::Suspended, SubscriptionStatus::Expired];
        prop_oneof![
            texts().prop_map(P::Name),
            set(families).prop_map(P::ProductFamily),
            set(states).prop_map(P::Status),
            ranges(0..60_i64).prop_map(P::Quantity),
            ranges(moments().prop_map(|at| at.date_naive())).prop_map(P::CommitmentEndsOn),
            any::<bool>().prop_map(P::AutoRenewed),
            any::<bool>().prop_map(P::Trial),
            any::<bool>().prop_map(P::AddOn),
            any::<bool>().prop_map(P::MicrosoftProduct),
        ]
        .boxed()
    }

    fn keys() -> Vec<SubscriptionKey> {
        use SubscriptionKey as K;
        vec![K::Name, K::Quantity, K::Status, K::ProductFamily, K::CommitmentEndsOn, K::CreatedAt]
    }
}

impl Known for Customer {
    const LIST: &'static str = "customers";
    const INPUT: &'static str = "Customer";
    const PREFIX: &'static str = "cus";

    fn rows(oracle: &Oracle) -> Vec<Self> {
        oracle.customers.clone()
    }

    fn holds(&self, oracle: &Oracle, predicate: &CustomerPredicate) -> bool {
        use CustomerPredicate as P;
        match predicate {
            P::Name(wanted) => wanted.matches(&self.name),
            P::Domain(wanted) => self.primary_domain.iter().chain(&self.custom_domains).any(|one| wanted.matches(one)),
            P::Country(codes) => self.country.as_ref().is_some_and(|code| codes.contains(code)),
            P::Ended(yes) => self.ended_at.is_some() == *yes,
            P::Subscription(filter) => {
                let mut own = oracle.subscriptions.iter().filter(|row| row.customer_id == self.id);
                own.any(|row| row.selected(oracle, filter))
            }
            P::Incident(filter) => {
                let mut own = oracle.incidents.iter().filter(|(_, seen_by)| seen_by.contains(&self.id.0));
                own.any(|(row, _)| row.selected(oracle, filter))
            }
            other => panic!("{other:?} is not part of these tests"),
        }
    }

    fn input(predicate: &CustomerPredicate) -> Value {
        use CustomerPredicate as P;
        match predicate {
            P::Name(wanted) => json!({ "name": text_input(wanted) }),
            P::Domain(wanted) => json!({ "domain": text_input(wanted) }),
            P::Country(codes) => json!({ "country": codes }),
            P::Ended(yes) => json!({ "isEnded": yes }),
            P::Subscription(filter) => json!({ "subscriptions": filter_input::<Subscription>(filter) }),
            P::Incident(filter) => json!({ "incidents": filter_input::<Incident>(filter) }),
            other => unreachable!("{other:?}"),
        }
    }

    fn key_word(key: CustomerKey) -> &'static str {
        match key {
            CustomerKey::Name => "NAME",
            CustomerKey::Country => "COUNTRY",
            CustomerKey::TenantId => "TENANT_ID",
        }
    }

    fn predicates() -> BoxedStrategy<CustomerPredicate> {
        use CustomerPredicate as P;
        let countries = ["DE", "FR", "US", "GB"].map(str::to_owned).to_vec();
        prop_oneof![
            texts().prop_map(P::Name),
            texts().prop_map(P::Domain),
            set(countries).prop_map(P::Country),
            any::<bool>().prop_map(P::Ended),
            filters::<Subscription>().prop_map(|filter| P::Subscription(Box::new(filter))),
            filters::<Incident>().prop_map(|filter| P::Incident(Box::new(filter))),
        ]
        .boxed()
    }

    fn keys() -> Vec<CustomerKey> {
        vec![CustomerKey::Name, CustomerKey::Country, CustomerKey::TenantId]
    }
}

impl Known for Incident {
    const LIST: &'static str = "incidents";
    const INPUT: &'static str = "Incident";
    const PREFIX: &'static str = "inc";

    fn rows(oracle: &Oracle) -> Vec<Self> {
        oracle.incidents.iter().map(|(incident, _)| incident.clone()).collect()
    }

    fn holds(&self, _: &Oracle, predicate: &IncidentPredicate) -> bool {
        use IncidentPredicate as P;
        match predicate {
            P::Open(yes) => self.is_resolved != *yes,
            P::Title(wanted) => wanted.matches(&self.title),
            P::Status(ones) => ones.contains(&self.status),
            P::ProductFamily(ones) => ones.contains(&self.product_family),
            P::StartedAt(range) => self.started_at.is_some_and(|at| range.contains(&at)),
            P::ModifiedAt(range) => range.contains(&self.modified_at),
            other => panic!("{other:?} is not part of these tests"),
        }
    }

    fn input(predicate: &IncidentPredicate) -> Value {
        use IncidentPredicate as P;
        match predicate {
            P::Open(yes) => json!({ "isOpen": yes }),
            P::Title(wanted) => json!({ "title": text_input(wanted) }),
            P::Status(ones) => json!({ "status": words(ones) }),
            P::ProductFamily(ones) => json!({ "productFamily": words(ones) }),
            P::StartedAt(wanted) => json!({ "startedAt": range(wanted, |at| at.to_rfc3339()) }),
            P::ModifiedAt(wanted) => json!({ "modifiedAt": range(wanted, |at| at.to_rfc3339()) }),
            other => unreachable!("{other:?}"),
        }
    }

    fn key_word(key: IncidentKey) -> &'static str {
        match key {
            IncidentKey::StartedAt => "STARTED_AT",
            IncidentKey::ModifiedAt => "MODIFIED_AT",
            IncidentKey::Severity => "SEVERITY",
            IncidentKey::Title => "TITLE",
        }
    }

    fn predicates() -> BoxedStrategy<IncidentPredicate> {
        use IncidentPredicate as P;
        let states = vec![HealthStatus::ServiceDegradation, HealthStatus::ServiceRestored, HealthStatus::Unknown];
        prop_oneof![
            any::<bool>().prop_map(P::Open),
            texts().prop_map(P::Title),
            set(states).prop_map(P::Status),
            set(vec![ProductFamily::Azure, ProductFamily::Microsoft365]).prop_map(P::ProductFamily),
            ranges(moments()).prop_map(P::StartedAt),
            ranges(moments()).prop_map(P::ModifiedAt),
        ]
        .boxed()
    }

    fn keys() -> Vec<IncidentKey> {
        vec![IncidentKey::StartedAt, IncidentKey::ModifiedAt, IncidentKey::Severity, IncidentKey::Title]
    }
}
