//! Every loader: a scope, what is wanted, and one call of the store for all keys of a level.
//!
//! A loader lives for one request, since it holds the request's scope.

use std::{collections::HashMap, hash::Hash};

use async_graphql::dataloader::Loader;
use chrono::NaiveDate;

use crate::{
    domain::{
        audit::AuditRecord,
        customer::Customer,
        incident::{Incident, IncidentImpact, IncidentPost, IncidentReach},
        message::Message,
        page::{List, Page, Wants},
        partner::{Partner, PartnerRelation, Qualification},
        product_family::ProductFamily,
        service_health::{Service, ServiceHealth},
        service_request::{ServiceRequest, ServiceRequestNote},
        subscription::{AzureEntitlement, Subscription},
        support_offering::SupportOffering,
        support_plan::{ResponseTarget, SupportPlan, SupportPlanKind},
        *,
    },
    store::ScopedStore,
};

/// Declares loaders, each named by the field it serves: its wishes, its key and value, and the call of the store.
macro_rules! loaders {
    ($($name:ident { $($wish:ident: $type:ty),* } $key:ty => $value:ty, |$loader:ident, $keys:ident| $load:expr;)+) => {$(
        pub struct $name {
            pub store: ScopedStore,
            $(pub $wish: $type,)*
        }

        impl Loader<$key> for $name {
            type Value = $value;
            type Error = Error;

            async fn load(&self, $keys: &[$key]) -> Result<HashMap<$key, $value>> {
                let $loader = self;
                $load
            }
        }
    )+};
}

loaders! {
    TheCustomers { list: List<Customer> } () => Page<Customer>,
        |it, _keys| only(it.store.customer_page(&it.list).await);
    CustomersOfIncident { list: List<Customer> } IncidentId => Page<Customer>,
        |it, incidents| it.store.customers_of_incidents(incidents, &it.list).await;
    CustomerById { wants: Wants } CustomerId => Customer,
        |it, ids| by(it.store.customers_by_id(ids, &it.wants).await, |row| row.id);

    TheSubscriptions { list: List<Subscription> } () => Page<Subscription>,
        |it, _keys| only(it.store.subscription_page(&it.list).await);
    SubscriptionsOfCustomer { list: List<Subscription> } CustomerId => Page<Subscription>,
        |it, customers| it.store.subscriptions_of(customers, &it.list).await;
    AddOnsOfSubscription { list: List<Subscription> } SubscriptionId => Page<Subscription>,
        |it, parents| it.store.add_ons_of(parents, &it.list).await;
    AzureEntitlementsOfSubscription { list: List<AzureEntitlement> } SubscriptionId => Page<AzureEntitlement>,
        |it, subscriptions| it.store.azure_entitlements_of(subscriptions, &it.list).await;
    SubscriptionById { wants: Wants } SubscriptionId => Subscription,
        |it, ids| by(it.store.subscriptions_by_id(ids, &it.wants).await, |row| row.id);

    TheSupportPlans { list: List<SupportPlan> } () => Page<SupportPlan>,
        |it, _keys| only(it.store.support_plan_page(&it.list).await);
    SupportPlanById {} SupportPlanId => SupportPlan,
        |it, ids| by(it.store.support_plans_by_id(ids).await, |row| row.id);
    SupportPlansBehindCustomer { day: NaiveDate } CustomerId => Vec<SupportPlan>,
        |it, customers| it.store.support_plans_behind(customers, it.day).await;
    SupportPlansCovering { day: NaiveDate } ProductFamily => Vec<SupportPlan>,
        |it, families| it.store.support_plans_covering(families, it.day).await;
    TheSupportPlanKinds {} () => Vec<SupportPlanKind>,
        |it, _keys| only(it.store.support_plan_kinds().await);
    SupportPlanKindById {} SupportPlanKindId => SupportPlanKind,
        |it, ids| by(it.store.support_plan_kinds_by_id(ids).await, |row| row.id);
    ResponseTargetsOfKind {} SupportPlanKindId => Vec<ResponseTarget>,
        |it, kinds| it.store.response_targets_of(kinds).await;
    SupportOfferingsOfCustomer { day: NaiveDate } CustomerId => Vec<SupportOffering>,
        |it, customers| it.store.support_offerings_of(customers, it.day).await;

    TheServices { list: List<Service> } () => Page<Service>,
        |it, _keys| only(it.store.service_page(&it.list).await);
    ServiceById {} ServiceId => Service,
        |it, ids| by(it.store.services_by_id(ids).await, |row| row.id);
    ServiceHealthOfCustomer { list: List<ServiceHealth> } CustomerId => Page<ServiceHealth>,
        |it, customers| it.store.service_health_of(customers, &it.list).await;
    ServiceHealthOfService { list: List<ServiceHealth> } ServiceId => Page<ServiceHealth>,
        |it, services| it.store.service_health_of_services(services, &it.list).await;
    ServiceHealthById {} ServiceHealthId => ServiceHealth,
        |it, ids| by(it.store.service_health_by_id(ids).await, |row| row.id);

    TheIncidents { list: List<Incident> } () => Page<Incident>,
        |it, _keys| only(it.store.incident_page(&it.list).await);
    IncidentById { wants: Wants } IncidentId => Incident,
        |it, ids| by(it.store.incidents_by_id(ids, &it.wants).await, |row| row.id);
    IncidentsOfCustomer { list: List<Incident> } CustomerId => Page<Incident>,
        |it, customers| it.store.incidents_of_customers(customers, &it.list).await;
    IncidentsOfService { list: List<Incident> } ServiceId => Page<Incident>,
        |it, services| it.store.incidents_of_services(services, &it.list).await;
    LatestPostOfIncident { wants: Wants } IncidentId => IncidentPost,
        |it, incidents| it.store.latest_posts_of(incidents, it.wants.clone()).await;
    PostsOfIncident { list: List<IncidentPost> } IncidentId => Page<IncidentPost>,
        |it, incidents| it.store.posts_of(incidents, &it.list).await;
    ImpactsOfIncident {} IncidentId => Vec<IncidentImpact>,
        |it, incidents| it.store.impacts_of(incidents).await;
    ReachOfIncident {} IncidentId => IncidentReach,
        |it, incidents| it.store.reach_of(incidents).await;

    TheMessages { list: List<Message> } () => Page<Message>,
        |it, _keys| only(it.store.message_page(&it.list).await);
    MessageById { wants: Wants } MessageId => Message,
        |it, ids| by(it.store.messages_by_id(ids, &it.wants).await, |row| row.id);
    MessagesOfCustomer { list: List<Message> } CustomerId => Page<Message>,
        |it, customers| it.store.messages_of(customers, &it.list).await;

    TheServiceRequests { list: List<ServiceRequest> } () => Page<ServiceRequest>,
        |it, _keys| only(it.store.service_request_page(&it.list).await);
    ServiceRequestById { wants: Wants } ServiceRequestId => ServiceRequest,
        |it, ids| by(it.store.service_requests_by_id(ids, &it.wants).await, |row| row.id);
    ServiceRequestsOfCustomer { list: List<ServiceRequest> } CustomerId => Page<ServiceRequest>,
        |it, customers| it.store.service_requests_of(customers, &it.list).await;
    ServiceRequestsOfIncident { list: List<ServiceRequest> } IncidentId => Page<ServiceRequest>,
        |it, incidents| it.store.service_requests_of_incidents(incidents, &it.list).await;
    NotesOfServiceRequest { list: List<ServiceRequestNote> } ServiceRequestId => Page<ServiceRequestNote>,
        |it, requests| it.store.notes_of(requests, &it.list).await;

    TheAuditRecords { list: List<AuditRecord> } () => Page<AuditRecord>,
        |it, _keys| only(it.store.audit_page(&it.list).await);
    AuditRecordById {} AuditRecordId => AuditRecord,
        |it, ids| by(it.store.audit_records_by_id(ids).await, |row| row.id);

    ThePartner {} () => Partner,
        |it, _keys| at_most(it.store.partner().await);
    PartnerById {} PartnerId => Partner,
        |it, ids| by(it.store.partner().await.map(|partner| partner.into_iter().filter(|partner| ids.contains(&partner.id)).collect()), |row| row.id);
    TheQualifications {} () => Vec<Qualification>,
        |it, _keys| only(it.store.qualifications().await);
    PartnerRelationById {} PartnerRelationId => PartnerRelation,
        |it, ids| by(it.store.partner_relations_by_id(ids).await, |row| row.id);
}

/// Rows by their ids.
fn by<K: Hash + Eq, T>(rows: Result<Vec<T>>, id: impl Fn(&T) -> K) -> Result<HashMap<K, T>> {
    Ok(rows?.into_iter().map(|row| (id(&row), row)).collect())
}

/// What a root field loads, which has no key.
fn only<T>(loaded: Result<T>) -> Result<HashMap<(), T>> {
    Ok(HashMap::from([((), loaded?)]))
}

/// What a root field may find.
fn at_most<T>(found: Result<Option<T>>) -> Result<HashMap<(), T>> {
    Ok(found?.map(|row| ((), row)).into_iter().collect())
}
