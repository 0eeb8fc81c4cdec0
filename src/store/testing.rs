//! A database of its own for each test, and rows that differ only where it matters.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    ScopedStore, Store,
    table::{Model, Stored},
};
use crate::domain::{
    CustomerId, IncidentId, IncidentPostId, PartnerId, ServiceRequestId, SubscriptionId,
    access::Scope,
    customer::{Customer, Relationship},
    incident::{Classification, Incident, IncidentPost, Origin},
    partner::Partner,
    product_family::ProductFamily,
    service_health::{HealthStatus, Source},
    service_request::{ServiceRequest, ServiceRequestStatus, Severity},
    subscription::{BillingCycle, BillingType, Subscription, SubscriptionStatus, SupportContact},
};

/// An empty database in a temporary folder, which is removed with the value.
pub(super) struct TestStore {
    pub store: Store,
    _folder: TempDir,
}

impl TestStore {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::connect(&url, 4).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, _folder: folder }
    }

    /// Everything of one partner.
    pub fn of(&self, partner: PartnerId) -> ScopedStore {
        self.store.scoped(&Scope::partner(partner))
    }

    /// Writes rows as they are, past all rules.
    pub async fn put<T: Stored>(&self, partner: PartnerId, rows: &[T])
    where
        Model<T>: IntoActiveModel<<T::Entity as EntityTrait>::ActiveModel>,
        <T::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = T::Entity> + Send,
    {
        let rows = rows.iter().map(|row| row.row(partner).into_active_model());
        T::Entity::insert_many(rows).exec_without_returning(&self.store.db).await.unwrap();
    }
}

/// So many hours after a day that does not matter.
pub(super) fn at(hour: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

pub(super) fn fabrikam() -> PartnerId {
    PartnerId::of_tenant("fabrikam")
}

pub(super) fn contoso() -> PartnerId {
    PartnerId::of_tenant("contoso")
}

pub(super) fn customer(partner: PartnerId, name: &str) -> Customer {
    let tenant_id = Uuid::new_v5(&partner.0, name.as_bytes()).to_string();
    Customer {
        id: CustomerId::derive(partner.0, &tenant_id),
        tenant_id,
        commerce_id: None,
        name: name.to_owned(),
        primary_domain: Some(format!("{}.onmicrosoft.com", name.to_lowercase())),
        custom_domains: vec![format!("{}.example", name.to_lowercase())],
        country: None,
        culture: None,
        language: None,
        relationship: Relationship::Reseller,
        relationship_text: Some("reseller".to_owned()),
        allow_delegated_access: None,
        associated_partner_id: None,
        registration_number: None,
        reseller_id: None,
        ended_at: None,
        observed_at: at(0),
    }
}

pub(super) fn subscription(customer: CustomerId, name: &str) -> Subscription {
    Subscription {
        id: SubscriptionId::derive(customer.0, name),
        customer_id: customer,
        external_id: name.to_lowercase(),
        parent_id: None,
        offer_id: None,
        offer_name: name.to_owned(),
        friendly_name: name.to_owned(),
        product_family: ProductFamily::Microsoft365,
        product_family_signal: "test".to_owned(),
        product_type: None,
        quantity: 1,
        unit_type: None,
        status: SubscriptionStatus::Active,
        status_text: "active".to_owned(),
        billing_type: BillingType::License,
        billing_type_text: None,
        billing_cycle: BillingCycle::Monthly,
        billing_cycle_text: None,
        term: None,
        renewal_term: None,
        created_at: None,
        starts_at: None,
        commitment_ends_on: None,
        cancellable_until: None,
        is_auto_renewed: None,
        is_trial: false,
        is_microsoft_product: None,
        publisher: None,
        reseller_network_id: None,
        suspension_reasons: Vec::new(),
        order_id: None,
        contract_type: None,
        support_contact: SupportContact::default(),
        observed_at: at(0),
    }
}

pub(super) fn partner(id: PartnerId) -> Partner {
    Partner { id, ..Partner::new(if id == fabrikam() { "fabrikam" } else { "contoso" }, "A partner", at(0)) }
}

pub(super) fn incident(partner: PartnerId, external_id: &str) -> Incident {
    Incident {
        id: IncidentId::derive(partner.0, external_id),
        source: Source::MicrosoftGraph,
        external_id: external_id.to_owned(),
        title: "Mail is delayed".to_owned(),
        impact: None,
        classification: Classification::Incident,
        classification_text: "incident".to_owned(),
        origin: Origin::Microsoft,
        status: HealthStatus::ServiceDegradation,
        status_text: "serviceDegradation".to_owned(),
        level: None,
        service_id: None,
        service_name: Some("Exchange Online".to_owned()),
        product_family: ProductFamily::Microsoft365,
        feature: None,
        feature_group: None,
        started_at: Some(at(0)),
        ended_at: None,
        is_resolved: false,
        is_high_impact: None,
        modified_at: at(0),
        observed_at: at(0),
    }
}

pub(super) fn post(incident: IncidentId, hour: i64) -> IncidentPost {
    IncidentPost {
        id: IncidentPostId::derive(incident.0, &hour.to_string()),
        incident_id: incident,
        created_at: at(hour),
        post_type: "regular".to_owned(),
        content: format!("We are looking into it, hour {hour}."),
    }
}

pub(super) fn service_request(partner: PartnerId, customer: CustomerId) -> ServiceRequest {
    ServiceRequest {
        id: ServiceRequestId::derive(partner.0, "1"),
        source: Source::PartnerCenter,
        external_id: Some("1".to_owned()),
        customer_id: Some(customer),
        subscription_id: None,
        incident_id: None,
        title: "Mail is slow".to_owned(),
        description: "Since yesterday.".to_owned(),
        severity: Severity::Critical,
        severity_text: "critical".to_owned(),
        status: ServiceRequestStatus::Open,
        status_text: "open".to_owned(),
        topic: None,
        product_name: Some("Exchange Online".to_owned()),
        contact_name: None,
        contact_email: None,
        contact_phone: None,
        country: None,
        created_at: Some(at(0)),
        modified_at: Some(at(1)),
        closed_at: None,
        observed_at: at(0),
        version: 0,
    }
}
