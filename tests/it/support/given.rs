//! A small partner that has something of every kind. All its texts carry its own word, so that a leak can be seen.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use supportgraph::domain::{
    AuditRecordId, AzureEntitlementId, CustomerId, IncidentId, IncidentImpactId, IncidentPostId, MessageId, PartnerId,
    PartnerRelationId, QualificationId, ServiceHealthId, ServiceRequestId, ServiceRequestNoteId, SubscriptionId,
    SupportOfferingId, SupportPlanId,
    access::{Role, Scope, Viewer},
    audit::{AuditAction, AuditRecord},
    change::Change,
    customer::{Customer, Relationship},
    incident::{Classification, Incident, IncidentImpact, IncidentPost, Origin},
    message::{Message, MessageCategory, MessageSeverity},
    partner::{Partner, PartnerRelation, Qualification},
    product_family::ProductFamily,
    service_health::{HealthStatus, Service, ServiceHealth, Source},
    service_request::{ServiceRequest, ServiceRequestNote, ServiceRequestStatus, Severity},
    subscription::{AzureEntitlement, BillingCycle, BillingType, Subscription, SubscriptionStatus, SupportContact},
    support_offering::{CustomerOffering, SupportOffering},
    support_plan::{SupportPlan, SupportPlanKind},
};

use super::TestApp;

pub const FABRIKAM: &str = "11111111-aaaa-4111-8111-111111111111";
pub const CONTOSO: &str = "22222222-bbbb-4222-8222-222222222222";
/// The tenants of the two customers that every given partner has.
pub const ADATUM: &str = "aaaaaaaa-0000-4000-8000-00000000000a";
pub const BELLOWS: &str = "bbbbbbbb-0000-4000-8000-00000000000b";

/// A partner with the tenant `tenant_id` that is called `word`.
#[derive(Clone)]
pub struct Given {
    pub id: PartnerId,
    tenant_id: String,
    word: String,
    pub now: DateTime<Utc>,
}

impl Given {
    pub fn new(tenant_id: &str, word: &str, now: DateTime<Utc>) -> Self {
        Self { id: PartnerId::of_tenant(tenant_id), tenant_id: tenant_id.to_owned(), word: word.to_owned(), now }
    }

    /// The same partner, so many hours later.
    pub fn after_hours(&self, hours: i64) -> Self {
        Self { now: self.now + TimeDelta::hours(hours), ..self.clone() }
    }

    /// Puts such a partner, with all it has, into the server's database.
    pub async fn put(app: &TestApp, tenant_id: &str, word: &str) -> Self {
        let given = Self::new(tenant_id, word, app.clock.now());
        let applied = app.apply(given.id, given.changes()).await;
        assert_eq!((applied.quarantined, applied.outdated), (Vec::new(), 0));
        app.store().record(&[given.record()]).await.expect("it is recorded");
        given
    }

    /// What the audit log says of Adatum's request.
    pub fn record(&self) -> AuditRecord {
        let viewer = Viewer::new(&self.text("clerk"), &self.word, [Role::GlobalAdmin], Scope::partner(self.id));
        let record = AuditRecord::of(AuditAction::ServiceRequestOpen, &viewer, &self.text("call"), self.now);
        // The same wherever it is put.
        let id = AuditRecordId(uuid::Uuid::new_v5(&self.id.0, b"record"));
        AuditRecord { id, ..record }.about_entity(ServiceRequestId::of(self.id, &format!("{}-adatum-1", self.word)))
    }

    /// One of everything, and two customers: Adatum and Bellows.
    pub fn changes(&self) -> Vec<Change> {
        let own = [Change::Qualification(self.qualification()), Change::SupportPlan(self.support_plan())];
        self.changes_of(&[ADATUM, BELLOWS]).into_iter().chain(own).collect()
    }

    /// What is told of the partner and of these of its customers, and nothing that only others know of.
    pub fn changes_of(&self, tenants: &[&str]) -> Vec<Change> {
        let mut changes = vec![Change::Partner(self.partner()), Change::SupportOffering(self.offering())];
        for tenant in tenants {
            let name = if *tenant == ADATUM { "adatum" } else { "bellows" };
            let customer = self.customer_id(tenant);
            let parent = self.subscription(tenant, name);
            let add_on = Subscription {
                id: SubscriptionId::of(customer, &format!("{}-{name}-add-on", self.word)),
                external_id: format!("{}-{name}-add-on", self.word),
                parent_id: Some(parent.id),
                ..parent.clone()
            };
            changes.extend([
                Change::Customer(self.customer(tenant, name)),
                Change::Reseller(customer, self.relation(name)),
                Change::Subscription(parent.clone()),
                Change::Subscription(add_on),
                Change::AzureEntitlement(self.entitlement(&parent, name)),
                Change::SupportContact(parent.id, SupportContact::default()),
                Change::Service(self.service(name)),
                Change::ServiceHealth(self.health(tenant, name)),
                Change::CustomerOffering(self.promise(tenant)),
                self.incident(name, &[tenant]),
                self.message(name, &[tenant]),
                self.request(tenant, name),
            ]);
        }
        changes.push(Change::Service(self.service("shared")));
        changes.push(self.incident("shared", tenants));
        changes
    }

    fn text(&self, what: &str) -> String {
        format!("{} {what}", self.word)
    }

    pub fn day(&self) -> NaiveDate {
        self.now.date_naive()
    }

    pub fn customer_id(&self, tenant: &str) -> CustomerId {
        CustomerId::of_tenant(self.id, tenant)
    }

    pub fn partner(&self) -> Partner {
        Partner { domain: Some(self.text("domain")), ..Partner::new(&self.tenant_id, &self.text("partner"), self.now) }
    }

    pub fn relation(&self, name: &str) -> PartnerRelation {
        let tenant_id = format!("{}-{name}-reseller", self.word);
        PartnerRelation {
            id: PartnerRelationId::of_tenant(self.id, &tenant_id),
            tenant_id,
            name: self.text(&format!("{name} reseller")),
            relation_type: "is_indirect_reseller_of".to_owned(),
            state: Some("Active".to_owned()),
            network_id: None,
            country: None,
            observed_at: self.now,
        }
    }

    pub fn qualification(&self) -> Qualification {
        let (code, level) = (self.text("competency"), "GOLD".to_owned());
        Qualification {
            id: QualificationId::of(self.id, &code, &level, self.day()),
            code,
            level,
            is_cloud: Some(true),
            valid_from: self.day(),
            valid_until: None,
        }
    }

    /// Ends today.
    pub fn support_plan(&self) -> SupportPlan {
        let name = self.text("plan");
        SupportPlan {
            id: SupportPlanId::of(self.id, "ASFP", &name, self.day()),
            kind_id: SupportPlanKind::id_of("ASFP"),
            name,
            activated_at: None,
            valid_from: self.day(),
            valid_until: Some(self.day()),
            managers: vec![self.text("manager")],
        }
    }

    pub fn offering(&self) -> SupportOffering {
        let name = self.text("offering");
        SupportOffering {
            id: SupportOfferingId::of_name(self.id, &name),
            name,
            covers: vec![ProductFamily::Microsoft365],
            hours: "8 to 17, Europe/Berlin".to_owned(),
            contact_email: None,
            contact_phone: None,
            contact_website: None,
            price_minor: Some(5000),
            currency: Some("EUR".to_owned()),
            provider: None,
            valid_from: self.day(),
            valid_until: None,
        }
    }

    pub fn promise(&self, tenant: &str) -> CustomerOffering {
        CustomerOffering {
            customer_id: self.customer_id(tenant),
            offering_id: self.offering().id,
            valid_from: self.day(),
            valid_until: None,
            told_at: None,
        }
    }

    pub fn customer(&self, tenant: &str, name: &str) -> Customer {
        Customer {
            id: self.customer_id(tenant),
            tenant_id: tenant.to_owned(),
            commerce_id: None,
            name: self.text(name),
            primary_domain: Some(format!("{name}.{}.example", self.word)),
            custom_domains: Vec::new(),
            country: Some("DE".to_owned()),
            culture: None,
            language: None,
            relationship: Relationship::Reseller,
            relationship_text: Some("reseller".to_owned()),
            allow_delegated_access: None,
            associated_partner_id: None,
            registration_number: None,
            reseller_id: None,
            ended_at: None,
            observed_at: self.now,
        }
    }

    pub fn subscription(&self, tenant: &str, name: &str) -> Subscription {
        let (customer_id, external_id) = (self.customer_id(tenant), format!("{}-{name}-subscription", self.word));
        Subscription {
            id: SubscriptionId::of(customer_id, &external_id),
            customer_id,
            external_id,
            parent_id: None,
            offer_id: None,
            offer_name: "Microsoft 365 E3".to_owned(),
            friendly_name: self.text(&format!("{name} seats")),
            product_family: ProductFamily::Microsoft365,
            product_family_signal: "test".to_owned(),
            product_type: None,
            quantity: 7,
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
            commitment_ends_on: Some(self.day()),
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
            observed_at: self.now,
        }
    }

    pub fn entitlement(&self, subscription: &Subscription, name: &str) -> AzureEntitlement {
        let external_id = format!("{}-{name}-azure", self.word);
        AzureEntitlement {
            id: AzureEntitlementId::of(subscription.id, &external_id),
            customer_id: subscription.customer_id,
            subscription_id: subscription.id,
            external_id,
            friendly_name: Some(self.text(&format!("{name} azure"))),
            status_text: Some("active".to_owned()),
            observed_at: self.now,
        }
    }

    /// A service that only the customer of that name has.
    pub fn service(&self, name: &str) -> Service {
        let name = self.text(&format!("{name} mail"));
        Service::named(self.id, Source::MicrosoftGraph, &name, ProductFamily::Microsoft365)
    }

    pub fn health(&self, tenant: &str, name: &str) -> ServiceHealth {
        let customer_id = self.customer_id(tenant);
        ServiceHealth {
            id: ServiceHealthId::of(customer_id, &self.service(name).name),
            customer_id,
            service_id: self.service(name).id,
            reported_status: HealthStatus::ServiceOperational,
            reported_status_text: format!("{}-{name}-operational", self.word),
            since: self.now,
            observed_at: self.now,
        }
    }

    /// An open incident with two posts that the customers with these tenants see.
    pub fn incident(&self, name: &str, seen_by: &[&str]) -> Change {
        let external_id = format!("{}-{name}-EX1", self.word);
        let id = IncidentId::of(self.id, Source::MicrosoftGraph, &external_id);
        let service = self.service(name);
        let post = |content: String, at| IncidentPost {
            id: IncidentPostId::of(id, at, &content),
            incident_id: id,
            created_at: at,
            post_type: "regular".to_owned(),
            content,
        };
        let earlier = self.now - TimeDelta::hours(1);
        Change::Incident {
            posts: vec![
                post(self.text(&format!("{name} first post")), earlier),
                post(self.text(&format!("{name} second post")), self.now),
            ],
            impacts: vec![IncidentImpact {
                id: IncidentImpactId::of(id, &service.name, "westeurope"),
                incident_id: id,
                service_name: service.name.clone(),
                region: "westeurope".to_owned(),
                status_text: None,
                updated_at: None,
            }],
            seen_by: seen_by.iter().map(|tenant| self.customer_id(tenant)).collect(),
            azure_subscriptions: Vec::new(),
            incident: Incident {
                id,
                source: Source::MicrosoftGraph,
                external_id,
                title: self.text(&format!("{name} mail is delayed")),
                impact: None,
                classification: Classification::Incident,
                classification_text: "incident".to_owned(),
                origin: Origin::Microsoft,
                status: HealthStatus::ServiceDegradation,
                status_text: "serviceDegradation".to_owned(),
                level: None,
                service_id: Some(service.id),
                service_name: Some(service.name),
                product_family: ProductFamily::Microsoft365,
                feature: None,
                feature_group: None,
                started_at: Some(earlier),
                ended_at: None,
                is_resolved: false,
                is_high_impact: None,
                modified_at: self.now,
                observed_at: self.now,
            },
        }
    }

    pub fn message(&self, name: &str, seen_by: &[&str]) -> Change {
        let external_id = format!("{}-{name}-MC1", self.word);
        let message = Message {
            id: MessageId::of(self.id, &external_id),
            external_id,
            title: self.text(&format!("{name} message")),
            category: MessageCategory::StayInformed,
            category_text: "stayInformed".to_owned(),
            severity: MessageSeverity::Normal,
            severity_text: "normal".to_owned(),
            is_major_change: None,
            action_required_by: None,
            services: vec![self.text(name)],
            tags: Vec::new(),
            body: self.text(&format!("{name} body")),
            starts_at: None,
            ends_at: None,
            expires_at: None,
            modified_at: self.now,
            observed_at: self.now,
        };
        Change::Message { message, seen_by: seen_by.iter().map(|tenant| self.customer_id(tenant)).collect() }
    }

    pub fn request(&self, tenant: &str, name: &str) -> Change {
        let external_id = format!("{}-{name}-1", self.word);
        let id = ServiceRequestId::of(self.id, &external_id);
        let text = self.text(&format!("{name} note"));
        let incident = format!("{}-{name}-EX1", self.word);
        Change::ServiceRequest {
            notes: vec![ServiceRequestNote {
                id: ServiceRequestNoteId::of(id, Some(self.now), None, &text),
                service_request_id: id,
                created_at: Some(self.now),
                author: None,
                text,
            }],
            request: ServiceRequest {
                id,
                source: Source::PartnerCenter,
                external_id: Some(external_id),
                customer_id: Some(self.customer_id(tenant)),
                subscription_id: Some(self.subscription(tenant, name).id),
                incident_id: Some(IncidentId::of(self.id, Source::MicrosoftGraph, &incident)),
                title: self.text(&format!("{name} mail is slow")),
                description: self.text(&format!("{name} since yesterday")),
                severity: Severity::Critical,
                severity_text: "critical".to_owned(),
                status: ServiceRequestStatus::Open,
                status_text: "open".to_owned(),
                topic: None,
                product_name: None,
                contact_name: None,
                contact_email: None,
                contact_phone: None,
                country: None,
                created_at: Some(self.now),
                modified_at: Some(self.now),
                closed_at: None,
                observed_at: self.now,
                version: 0,
            },
        }
    }
}
