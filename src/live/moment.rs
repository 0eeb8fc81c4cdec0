//! Events with what is needed to know whom they concern.

use std::{
    collections::{BTreeSet, HashMap},
    str::FromStr,
    sync::Arc,
};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    domain::{
        CustomerId, IncidentId, MessageId, Result, ServiceHealthId, ServiceId, ServiceRequestId,
        event::{EntityKind, Event, Logged},
        incident::Incident,
        page::Wants,
        product_family::ProductFamily,
        service_health::{Service, ServiceHealth},
        service_request::ServiceRequest,
    },
    store::ScopedStore,
};

/// A row that has a feed of its own.
#[derive(Clone, Debug)]
pub enum Row {
    ServiceHealth(ServiceHealth),
    Incident(Box<Incident>),
    ServiceRequest(Box<ServiceRequest>),
}

impl Row {
    pub fn id(&self) -> Uuid {
        match self {
            Self::ServiceHealth(row) => row.id.0,
            Self::Incident(row) => row.id.0,
            Self::ServiceRequest(row) => row.id.0,
        }
    }
}

/// Whom an event concerns.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    Everybody,
    Customers(Arc<[CustomerId]>),
}

/// An event, and what listeners decide by whether it is for them. The row is read for the whole partner: it may be told to
/// those alone who may see all of the partner.
#[derive(Debug)]
pub struct Moment {
    pub position: i64,
    pub event: Event,
    pub row: Option<Row>,
    /// Of the service that the row belongs to.
    pub product_family: Option<ProductFamily>,
    pub(super) reach: Reach,
}

impl Moment {
    /// Whether a member was one of `wanted` before the event, or is after it; `present` is what stands in the row.
    pub fn had_or_has<W: FromStr + Ord>(&self, member: &str, present: W, wanted: &BTreeSet<W>) -> bool {
        let word = |value: &Value| value.as_str().and_then(|word| word.parse().ok());
        match self.event.difference.get(member).and_then(Value::as_array) {
            Some(told) => told.iter().filter_map(word).any(|word: W| wanted.contains(&word)),
            None => wanted.contains(&present),
        }
    }
}

/// One or more steps of one entity, told as one.
#[derive(Clone, Debug)]
pub struct Change {
    /// All but the last, in order.
    pub earlier: Vec<Arc<Moment>>,
    pub last: Arc<Moment>,
}

impl Change {
    /// All of them in order.
    pub fn steps(&self) -> impl Iterator<Item = &Moment> {
        self.earlier.iter().chain([&self.last]).map(|moment| &**moment)
    }
}

impl From<Arc<Moment>> for Change {
    fn from(last: Arc<Moment>) -> Self {
        Self { earlier: Vec::new(), last }
    }
}

/// Merges the steps of each entity into one. They stand where the last of them stood, so whoever has seen one and
/// resumes there misses nothing.
pub(super) fn merged(moments: Vec<Arc<Moment>>) -> Vec<Change> {
    let mut changes: HashMap<Uuid, Change> = HashMap::with_capacity(moments.len());
    for moment in moments {
        changes
            .entry(moment.event.entity_id)
            .and_modify(|change| {
                let earlier = std::mem::replace(&mut change.last, Arc::clone(&moment));
                change.earlier.push(earlier);
            })
            .or_insert_with(|| Arc::clone(&moment).into());
    }
    let mut changes: Vec<Change> = changes.into_values().collect();
    changes.sort_unstable_by_key(|change| change.last.position);
    changes
}

/// Completes events with what listeners decide by: a fixed number of statements for each kind among them. `store` has the
/// scope of the whole partner.
pub(super) async fn moments(store: &ScopedStore, events: Vec<Logged>) -> Result<Vec<Arc<Moment>>> {
    let facts = Facts::read(store, &events).await?;
    Ok(events.into_iter().map(|logged| Arc::new(facts.complete(logged))).collect())
}

struct Facts {
    health: HashMap<ServiceHealthId, ServiceHealth>,
    families: HashMap<ServiceId, ProductFamily>,
    incidents: HashMap<IncidentId, Incident>,
    requests: HashMap<ServiceRequestId, ServiceRequest>,
    see_incident: HashMap<IncidentId, Arc<[CustomerId]>>,
    see_message: HashMap<MessageId, Arc<[CustomerId]>>,
}

impl Facts {
    async fn read(store: &ScopedStore, events: &[Logged]) -> Result<Self> {
        let health = ids::<ServiceHealthId>(events, EntityKind::ServiceHealth);
        let incidents = ids::<IncidentId>(events, EntityKind::Incident);
        let requests = ids::<ServiceRequestId>(events, EntityKind::ServiceRequest);
        let messages = ids::<MessageId>(events, EntityKind::Message);
        let health = if_any(&health, store.service_health_by_id(&health));
        let incident_rows = if_any(&incidents, store.incidents_by_id(&incidents, &Wants::Everything));
        let see_incident = if_any(&incidents, store.customers_seeing_incidents(&incidents));
        let requests = if_any(&requests, store.service_requests_by_id(&requests, &Wants::Everything));
        let see_message = if_any(&messages, store.customers_seeing_messages(&messages));
        let (health, incidents, see_incident, requests, see_message) =
            futures::try_join!(health, incident_rows, see_incident, requests, see_message)?;
        let services: BTreeSet<ServiceId> = health.iter().map(|row| row.service_id).collect();
        let services: Vec<ServiceId> = services.into_iter().collect();
        let services: Vec<Service> = if_any(&services, store.services_by_id(&services)).await?;
        Ok(Self {
            health: health.into_iter().map(|row| (row.id, row)).collect(),
            families: services.into_iter().map(|service| (service.id, service.product_family)).collect(),
            incidents: incidents.into_iter().map(|row| (row.id, row)).collect(),
            requests: requests.into_iter().map(|row| (row.id, row)).collect(),
            see_incident: see_incident.into_iter().map(|(id, customers)| (id, customers.into())).collect(),
            see_message: see_message.into_iter().map(|(id, customers)| (id, customers.into())).collect(),
        })
    }

    fn complete(&self, Logged { position, event }: Logged) -> Moment {
        let id = event.entity_id;
        let row = match event.kind {
            EntityKind::ServiceHealth => self.health.get(&id.into()).cloned().map(Row::ServiceHealth),
            EntityKind::Incident => self.incidents.get(&id.into()).cloned().map(|row| Row::Incident(Box::new(row))),
            EntityKind::ServiceRequest => {
                self.requests.get(&id.into()).cloned().map(|row| Row::ServiceRequest(Box::new(row)))
            }
            _ => None,
        };
        let product_family = match &row {
            Some(Row::ServiceHealth(health)) => self.families.get(&health.service_id).copied(),
            Some(Row::Incident(incident)) => Some(incident.product_family),
            _ => None,
        };
        let reach = match (event.customer_id, event.kind) {
            (Some(customer), _) => Reach::Customers([customer].into()),
            (None, EntityKind::Incident) => self.see_incident.get(&id.into()).cloned().into(),
            (None, EntityKind::Message) => self.see_message.get(&id.into()).cloned().into(),
            // Whoever may see a customer may see all services.
            (None, EntityKind::Service) => Reach::Everybody,
            // What belongs to no customer but the partner itself.
            (None, _) => None.into(),
        };
        Moment { position, event, row, product_family, reach }
    }
}

impl From<Option<Arc<[CustomerId]>>> for Reach {
    fn from(customers: Option<Arc<[CustomerId]>>) -> Self {
        Self::Customers(customers.unwrap_or_else(|| [].into()))
    }
}

fn ids<K: From<Uuid>>(events: &[Logged], kind: EntityKind) -> Vec<K> {
    let ids: BTreeSet<Uuid> =
        events.iter().filter(|logged| logged.event.kind == kind).map(|logged| logged.event.entity_id).collect();
    ids.into_iter().map(K::from).collect()
}

/// What is read by `ids`, if there are any.
async fn if_any<K, T: Default>(ids: &[K], reading: impl Future<Output = Result<T>>) -> Result<T> {
    if ids.is_empty() { Ok(T::default()) } else { reading.await }
}
