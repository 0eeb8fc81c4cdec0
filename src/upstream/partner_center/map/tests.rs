use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::{
    domain::{
        PartnerId, SubscriptionId,
        change::{Batch, Change},
        customer::{Customer, Relationship},
        partner::Partner,
        product_family::ProductFamily,
        service_request::{ServiceRequest, ServiceRequestNote, ServiceRequestStatus, Severity},
        subscription::{BillingCycle, BillingType, Subscription, SubscriptionStatus, SupportContactApplicability},
    },
    upstream::{Origin, testing::*},
};

fn a_customer(batch: Batch) -> Customer {
    let Change::Customer(customer) = only(batch) else { panic!("no customer") };
    customer
}

fn a_subscription(batch: Batch) -> Subscription {
    let Change::Subscription(subscription) = only(batch) else { panic!("no subscription") };
    subscription
}

fn a_request(batch: Batch) -> (ServiceRequest, Vec<ServiceRequestNote>) {
    let Change::ServiceRequest { request, notes } = only(batch) else { panic!("no request") };
    (request, notes)
}

fn a_partner(path: &str) -> Partner {
    let Change::Partner(partner) = only(read_sample(path, &origin()).1) else { panic!("no partner") };
    partner
}

/// A sound subscription with some members replaced.
fn subscription_with(members: Value) -> Subscription {
    let mut item = json!({
        "id": "924671ba-eab9-45d7-95ed-dbd9477f182b", "offerName": "Thing", "quantity": 1, "status": "active",
        "attributes": { "objectType": "Subscription" },
    });
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    a_subscription(read_json(&item, &of_customer()))
}

fn request_with(members: Value) -> ServiceRequest {
    let mut item = json!({ "id": "1", "title": "Help", "attributes": { "objectType": "ServiceRequest" } });
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    a_request(read_json(&item, &of_customer())).0
}

#[test]
fn a_customer_is_told_whole() {
    let customer = a_customer(read_sample("partner-center/customers-2.json", &origin()).1);
    assert_eq!(customer.id, customer_of("eebd1b55-5360-4438-a11d-5c06918c3014"));
    assert_eq!(customer.name, "1kl as kjk");
    assert_eq!(customer.primary_domain.as_deref(), Some("abcdefgh1234.ccsctp.net"));
    assert_eq!(customer.custom_domains, ["abcdefgh1234.ccsctp.net"]);
    assert_eq!((customer.country.as_deref(), customer.culture.as_deref()), (Some("US"), Some("en-US")));
    assert_eq!(customer.relationship, Relationship::Reseller);
    assert_eq!(customer.allow_delegated_access, Some(true));
}

#[test]
fn a_placeholder_beside_a_sound_id_does_no_harm() {
    let (_, batch) = read_sample("partner-center/customers-1.json", &origin());
    assert_eq!((batch.changes.len(), batch.quarantined.len()), (2, 0));
}

#[test]
fn customers_of_the_same_name_stay_two() {
    let (_, batch) = read_sample("partner-center/customers-3.json", &origin());
    let names: Vec<&str> = batch
        .changes
        .iter()
        .map(|change| match change {
            Change::Customer(customer) => customer.name.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["Contoso190", "Contoso", "Contoso"]);
}

#[test]
fn the_password_in_a_creation_answer_goes_nowhere() {
    let (_, batch) = read_sample("partner-center/customers-4.json", &origin());
    assert!(!format!("{batch:?}").contains(";;n.=s9Z"));
    let customer = a_customer(batch);
    assert_eq!((customer.name.as_str(), customer.relationship), ("test company", Relationship::None));
}

#[test]
fn a_company_profile_tells_a_part_and_keeps_the_rest() {
    let mut known = a_customer(read_sample("partner-center/customers-2.json", &origin()).1);
    let part = a_customer(read_sample("partner-center/profiles-company-1.json", &origin()).1);
    assert_eq!((part.id, part.name.as_str()), (customer(), "DT Demo CSP Customer 005"));
    known.absorb(part);
    assert_eq!(known.relationship, Relationship::Reseller);
    assert_eq!(known.culture.as_deref(), Some("en-US"));
}

#[test]
fn a_billing_profile_does_not_rename_the_customer() {
    let mut known = a_customer(read_sample("partner-center/profiles-company-1.json", &origin()).1);
    let profile = json!({
        "companyName": "Invoices Ltd", "culture": "de-DE",
        "links": { "self": { "uri": format!("/customers/{TENANT}/profiles/billing") } },
        "attributes": { "objectType": "CustomerBillingProfile" },
    });
    known.absorb(a_customer(read_json(&profile, &origin())));
    assert_eq!((known.name.as_str(), known.culture.as_deref()), ("DT Demo CSP Customer 005", Some("de-DE")));
}

#[test]
fn tenants_are_the_same_in_any_notation() {
    for id in [TENANT.to_uppercase(), format!("org:{TENANT}")] {
        let item = json!({ "id": id, "relationshipToPartner": 1, "companyProfile": {} });
        let found = a_customer(read_json(&item, &origin()));
        assert_eq!((found.id, found.relationship), (customer(), Relationship::Reseller));
        assert_eq!(found.relationship_text.as_deref(), Some("reseller"));
    }
}

#[test]
fn a_software_subscription_is_told_whole() {
    let found = a_subscription(read_sample("partner-center/subscriptions-1.json", &origin()).1);
    assert_eq!(found.customer_id, customer_of("954ca09a-1132-4088-bb58-30438dea2756"), "from its link");
    assert_eq!(
        (found.product_family, found.product_family_signal.as_str()),
        (ProductFamily::Software, "productType: Software")
    );
    assert_eq!((found.status, found.status_text.as_str()), (SubscriptionStatus::Active, "active"));
    assert_eq!((found.billing_type, found.billing_cycle), (BillingType::License, BillingCycle::Triennial));
    assert_eq!((found.term.as_deref(), found.renewal_term), (Some("P3Y"), None), "an empty text is absent");
    assert_eq!(found.reseller_network_id, None);
    assert_eq!(found.commitment_ends_on, NaiveDate::from_ymd_opt(2024, 10, 14));
    assert_eq!(found.created_at, Some(at("2021-10-15T21:28:19.305861Z")));
    assert_eq!(found.is_microsoft_product, Some(true));
}

#[test]
fn an_azure_subscription_of_the_old_kind_never_ends() {
    let found = a_subscription(read_sample("partner-center/subscriptions-2.json", &origin()).1);
    assert_eq!(found.external_id, "a356ac8c-e310-44f4-bf85-c7f29044af99");
    assert_eq!(
        (found.product_family, found.product_family_signal.as_str()),
        (ProductFamily::Azure, "offerId: MS-AZR-0145P")
    );
    assert_eq!((found.commitment_ends_on, found.billing_type), (None, BillingType::Usage));
}

#[test]
fn an_add_on_names_its_parent_within_the_same_customer() {
    let found = a_subscription(read_sample("partner-center/subscriptions-3.json", &origin()).1);
    assert_eq!(found.customer_id, customer());
    assert_eq!(found.parent_id, Some(SubscriptionId::of(customer(), "1c2b75c1-74a5-472a-a729-7f8cefc477f9")));
    assert_eq!(found.friendly_name, "Some friendly name");
    assert_eq!(found.product_family, ProductFamily::Microsoft365);
}

#[test]
fn a_subscription_sold_by_a_reseller_names_it() {
    let found = a_subscription(read_sample("partner-center/subscriptions-4.json", &origin()).1);
    assert_eq!(found.reseller_network_id.as_deref(), Some("4847383"));
    assert_eq!((found.billing_cycle, found.quantity), (BillingCycle::Monthly, 5));
    assert_eq!(found.product_family, ProductFamily::SecurityMobility);
}

#[test]
fn a_subscription_of_nobody_is_set_aside_with_the_remedy() {
    let item = json!({ "id": "x", "offerName": "Thing", "quantity": 1, "status": "active" });
    let batch = read_json(&item, &origin());
    assert!(reason(&batch).ends_with("or give --customer"), "{batch:?}");
}

#[test]
fn a_quantity_beyond_all_sense_is_set_aside() {
    let item = json!({ "id": "x", "offerName": "Thing", "quantity": 3_000_000_000_u64, "status": "active" });
    assert_eq!(reason(&read_json(&item, &of_customer())), "its quantity of 3000000000 cannot be right");
}

#[test]
fn a_product_of_another_publisher_is_third_party_whatever_its_name() {
    let found = subscription_with(json!({ "offerName": "Backup for Exchange", "publisherName": "AvePoint" }));
    assert_eq!(found.product_family, ProductFamily::ThirdParty);
    assert_eq!(found.product_family_signal, "publisherName: AvePoint");
    let found = subscription_with(json!({ "isMicrosoftProduct": "false", "productType": { "id": "Azure" } }));
    assert_eq!(found.product_family, ProductFamily::ThirdParty);
}

#[test]
fn numbers_text_and_odd_casing_are_understood() {
    let found = subscription_with(json!({
        "status": 2, "quantity": "25", "isTrial": "True", "billingCycle": "OneTime", "BillingType": "2",
    }));
    assert_eq!((found.status, found.status_text.as_str()), (SubscriptionStatus::Suspended, "suspended"));
    assert_eq!((found.quantity, found.is_trial), (25, true));
    assert_eq!((found.billing_cycle, found.billing_type), (BillingCycle::OneTime, BillingType::License));
}

#[test]
fn unknown_words_are_kept() {
    let found = subscription_with(json!({ "status": "hibernating", "billingCycle": "weekly" }));
    assert_eq!((found.status, found.status_text.as_str()), (SubscriptionStatus::Unknown, "hibernating"));
    assert_eq!((found.billing_cycle, found.billing_cycle_text.as_deref()), (BillingCycle::Unknown, Some("weekly")));
}

#[test]
fn azure_entitlements_stand_below_their_plan() {
    let (_, batch) = read_sample("partner-center/subscriptions-azureentitlements-1.json", &of_customer());
    let Change::AzureEntitlement(found) = only(batch) else { panic!("no entitlement") };
    assert_eq!(found.external_id, "899ae6f1-8a74-4d5e-b6c6-e6b5019bbff8");
    assert_eq!(found.subscription_id, SubscriptionId::of(customer(), "3f15978e-005c-b763-bb78-2a8fab289c58"));

    let (_, batch) = read_sample("partner-center/subscriptions-azureentitlements-1.json", &origin());
    assert!(reason(&batch).contains("--customer"));
}

#[test]
fn a_support_contact_finds_its_subscription_by_its_link() {
    let (_, batch) = read_sample("partner-center/subscriptions-supportcontact-1.json", &origin());
    let Change::SupportContact(subscription, contact) = only(batch) else { panic!("no contact") };
    let customer = customer_of("0c39d6d5-c70d-4c55-bc02-f620844f3fd1");
    assert_eq!(subscription, SubscriptionId::of(customer, "c8d8fbab-6a62-44dc-be50-b7c74e43a296"));
    assert_eq!(contact.applicability, SupportContactApplicability::Set);
    assert_eq!((contact.name.as_deref(), contact.network_id.as_deref()), (Some("Trey Research"), Some("4391507")));
    assert_eq!(contact.tenant_id.as_deref(), Some("3b33e682-00c3-41ee-9dd2-a548adf56438"));
}

#[test]
fn a_request_is_told_with_its_notes() {
    let (request, notes) = a_request(read_sample("partner-center/service-requests-1.json", &of_customer()).1);
    assert_eq!((request.external_id.as_deref(), request.title.as_str()), (Some("616122292874576"), "TrialSR"));
    assert_eq!((request.severity, request.status), (Severity::Critical, ServiceRequestStatus::Open));
    assert_eq!(request.topic.as_deref(), Some("Cannot manage my profile"));
    assert_eq!((request.customer_id, request.closed_at), (Some(customer()), None));
    assert_eq!((notes[0].author.as_deref(), notes[0].text.as_str()), (Some("Account"), "Sample Note"));
    assert_eq!(notes[0].created_at, Some(at("2017-01-09T23:31:15.373Z")), "a time without zone is UTC");
    assert_eq!(notes[0].service_request_id, request.id);
}

#[test]
fn a_request_of_the_partner_itself_has_no_customer() {
    let (request, _) = a_request(read_sample("partner-center/service-requests-1.json", &origin()).1);
    assert_eq!(request.customer_id, None);
    let elsewhere = Origin { partner: PartnerId::of_tenant("another"), ..origin() };
    let (request, _) = a_request(read_sample("partner-center/service-requests-1.json", &elsewhere).1);
    assert!(request.customer_id.is_some(), "the organization is a customer then");
}

#[test]
fn bodies_of_requests_to_the_upstream_are_set_aside() {
    for path in ["partner-center/service-requests-2.json", "partner-center/service-requests-3.json"] {
        let (_, batch) = read_sample(path, &of_customer());
        assert!(reason(&batch).starts_with("it has no id"), "{path}");
    }
}

#[test]
fn a_request_is_closed_only_while_it_is_closed() {
    let closed = "2024-01-01T00:00:00Z";
    let request = request_with(json!({ "status": 2, "severity": 1, "lastClosedDate": closed }));
    assert_eq!((request.status, request.status_text.as_str()), (ServiceRequestStatus::Closed, "closed"));
    assert_eq!((request.severity, request.closed_at), (Severity::Critical, Some(at(closed))));
    assert_eq!(request_with(json!({ "status": "open", "lastClosedDate": closed })).closed_at, None);
    let attention = request_with(json!({ "status": "AttentionNeeded" }));
    assert_eq!(attention.status, ServiceRequestStatus::AttentionNeeded);
}

#[test]
fn a_request_just_created_has_no_dates() {
    let request =
        request_with(json!({ "status": "none", "createdDate": "0001-01-01T00:00:00", "supportTopicId": 32444667 }));
    assert_eq!((request.status, request.created_at), (ServiceRequestStatus::None, None));
}

#[test]
fn relations_are_the_partners_or_the_resellers_of_a_customer() {
    let (_, batch) = read_sample("partner-center/relationships-1.json", &origin());
    let Change::PartnerRelation(relation) = &batch.changes[1] else { panic!("{batch:?}") };
    assert_eq!((relation.name.as_str(), relation.country.as_deref()), ("ReleCloud", Some("BR")));
    assert_eq!(relation.relation_type, "is_indirect_cloud_solution_provider_of");
    assert_eq!(relation.network_id.as_deref(), Some("4847433"));

    let Change::Reseller(of, reseller) = only(read_sample("partner-center/relationships-2.json", &of_customer()).1)
    else {
        panic!("no reseller");
    };
    assert_eq!((of, reseller.name.as_str(), reseller.state), (customer(), "First Up Consultants", None));
}

#[test]
fn a_customers_own_link_makes_its_relations_resellers() {
    let mut list: Value = serde_json::from_slice(&sample("partner-center/relationships-2.json")).unwrap();
    list["links"] = json!({ "self": { "uri": format!("/customers/{TENANT}/relationships") } });
    assert!(matches!(only(read_json(&list, &origin())), Change::Reseller(of, _) if of == customer()));
}

#[test]
fn each_profile_tells_its_part_of_the_partner() {
    let mut partner = a_partner("partner-center/profiles-organization-1.json");
    assert_eq!(partner.id, origin().partner);
    for path in ["support", "mpn", "legalbusiness", "billing"] {
        partner.absorb(a_partner(&format!("partner-center/profiles-{path}-1.json")));
    }
    assert_eq!(partner.name, "TEST_TEST_BugBash1");
    assert_eq!(partner.domain.as_deref(), Some("testtestbugbash1.onmicrosoft.com"));
    assert_eq!(partner.support_phone.as_deref(), Some("4255555555"));
    assert_eq!(
        (partner.network_id.as_deref(), partner.network_name.as_deref()),
        (Some("4391507"), Some("Microsoft Partner"))
    );
    assert_eq!(
        (partner.legal_name.as_deref(), partner.vetting_status.as_deref()),
        (Some("Lucerne Publishing"), Some("authorized"))
    );
    assert_eq!((partner.billing_currency.as_deref(), partner.country.as_deref()), (Some("USD"), Some("US")));
    assert_eq!(partner.tenant_id, "", "a placeholder is no tenant");
}

#[test]
fn the_profile_of_another_partner_is_set_aside() {
    let mut profile: Value = serde_json::from_slice(&sample("partner-center/profiles-organization-1.json")).unwrap();
    profile["tenantId"] = json!(TENANT);
    let batch = read_json(&profile, &origin());
    assert!(reason(&batch).contains("another partner"));
}
