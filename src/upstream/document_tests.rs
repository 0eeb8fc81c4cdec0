use serde_json::json;

use super::*;
use crate::upstream::testing::*;

fn refused(path: &str) -> String {
    let (kind, _) = match recognise(&sample(path)) {
        Err(reason) => return reason.to_string(),
        Ok(recognised) => recognised,
    };
    panic!("{path} was taken for {}", kind.what());
}

#[test]
fn every_sample_that_feeds_an_entity_is_recognised() {
    use DocumentKind as Kind;
    for (path, kind) in [
        ("partner-center/customers-1.json", Kind::CustomerList),
        ("partner-center/customers-2.json", Kind::Customer),
        ("partner-center/customers-3.json", Kind::CustomerList),
        ("partner-center/customers-4.json", Kind::Customer),
        ("partner-center/profiles-company-1.json", Kind::CustomerCompanyProfile),
        ("partner-center/subscriptions-1.json", Kind::Subscriptions),
        ("partner-center/subscriptions-2.json", Kind::Subscription),
        ("partner-center/subscriptions-3.json", Kind::Subscription),
        ("partner-center/subscriptions-4.json", Kind::Subscriptions),
        ("partner-center/subscriptions-azureentitlements-1.json", Kind::AzureEntitlements),
        ("partner-center/subscriptions-supportcontact-1.json", Kind::SupportContact),
        ("partner-center/service-requests-1.json", Kind::ServiceRequest),
        ("partner-center/relationships-1.json", Kind::PartnerRelations),
        ("partner-center/relationships-2.json", Kind::PartnerRelations),
        ("partner-center/profiles-support-1.json", Kind::ProfileSupport),
        ("partner-center/profiles-mpn-1.json", Kind::ProfileMpn),
        ("partner-center/profiles-legalbusiness-1.json", Kind::ProfileLegalBusiness),
        ("partner-center/profiles-organization-1.json", Kind::ProfileOrganization),
        ("partner-center/profiles-billing-1.json", Kind::ProfileBilling),
        ("microsoft-graph/health-overviews-1.json", Kind::HealthOverviews),
        ("microsoft-graph/health-overviews-2.json", Kind::HealthOverviews),
        ("microsoft-graph/health-overviews-3.json", Kind::HealthOverview),
        ("microsoft-graph/issues-1.json", Kind::Issues),
        ("microsoft-graph/issues-2.json", Kind::Issue),
        ("microsoft-graph/issues-3.json", Kind::Issue),
        ("microsoft-graph/issues-4.json", Kind::Issues),
        ("microsoft-graph/messages-1.json", Kind::Messages),
        ("microsoft-graph/messages-2.json", Kind::Messages),
        ("azure-health/events-1.json", Kind::AzureEvents),
    ] {
        let (found, batch) = read_sample(path, &of_customer());
        assert_eq!(found, kind, "{path}");
        assert_eq!(batch.quarantined, [], "{path}");
        assert!(!batch.changes.is_empty(), "{path}");
    }
}

#[test]
fn what_feeds_no_entity_is_named_and_refused() {
    for (path, what) in [
        ("entra-token/token-1.json", "an access token"),
        ("entra-token/token-2.json", "an access token"),
        ("partner-center/audit-records-1.json", "audit records"),
        ("partner-center/paging-1.json", "invoice lines"),
        ("partner-center/fraud-events-1.json", "fraud events"),
        ("partner-center/managed-services-1.json", "managed services"),
        ("partner-center/offer-categories-1.json", "offer categories"),
        ("partner-center/products-1.json", "products"),
        ("partner-center/orders-provisioningstatus-1.json", "the provisioning status of an order"),
        ("partner-center/subscriptions-overage-1.json", "overage settings"),
        ("partner-center/subscriptions-provisioningstatus-1.json", "the provisioning status of a subscription"),
        ("partner-center/support-topics-1.json", "support topics"),
        ("partner-center/dap-customers-1.json", "relations of delegated administration"),
        ("partner-center/webhook-event-access-assignment-deleted-1.json", "a webhook event"),
        ("partner-center/webhook-event-gdap-approved-1.json", "a webhook event"),
        ("partner-center/webhook-event-reseller-accepted-1.json", "a webhook event"),
        ("partner-center/webhook-event-subscription-updated-1.json", "a webhook event"),
        ("partner-center/webhook-event-test-created-1.json", "a webhook event"),
        ("partner-center/webhook-event-threshold-1.json", "a webhook event"),
        ("partner-center/webhooks-events-1.json", "a list of names"),
        ("partner-center/webhooks-registration-1.json", "a webhook registration"),
        ("partner-center/webhooks-registration-2.json", "a webhook registration"),
        ("partner-center/webhooks-validation-1.json", "the result of a webhook test"),
        ("microsoft-graph/gdap-accessassignments-1.json", "relations of delegated administration"),
        ("microsoft-graph/gdap-customers-1.json", "relations of delegated administration"),
        ("microsoft-graph/gdap-relationships-1.json", "relations of delegated administration"),
        ("microsoft-graph/gdap-servicemanagementdetails-1.json", "relations of delegated administration"),
        ("microsoft-graph/messages-markread-1.json", "a request to mark messages"),
        ("microsoft-graph/messages-markread-2.json", "the answer to a request"),
        ("azure-health/availability-statuses-1.json", "the availability of Azure resources"),
        ("azure-health/emerging-issues-1.json", "emerging issues of Azure"),
    ] {
        let reason = refused(path);
        assert!(reason.starts_with(&format!("it holds {what}")), "{path}: {reason}");
        assert!(reason.ends_with("recognised but not stored"), "{path}: {reason}");
    }
}

#[test]
fn error_answers_are_refused_with_their_code() {
    for (path, code) in [
        ("partner-center/errors-400-1.json", "(2000: Tenant Id must be a GUID.)"),
        ("partner-center/errors-400-2.json", "(800090: "),
        ("partner-center/errors-404-1.json", "(3000: "),
        ("partner-center/errors-429-1.json", "(429: Rate limit is exceeded."),
        ("microsoft-graph/errors-429-1.json", "(TooManyRequests: Please retry again later.)"),
        ("entra-token/errors-400-1.json", "(invalid_scope: AADSTS70011"),
    ] {
        let reason = refused(path);
        assert!(reason.starts_with("it is an error answer of Microsoft") && reason.contains(code), "{path}: {reason}");
    }
}

#[test]
fn no_sample_is_left_without_an_answer() {
    for folder in std::fs::read_dir(fixtures()).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            match read_bytes(&std::fs::read(&path).unwrap(), &of_customer()) {
                Err(NotUnderstood::UnknownShape { members }) => panic!("{}: {members:?}", path.display()),
                Err(NotUnderstood::EmptyList | NotUnderstood::NotJson { .. }) => panic!("{}", path.display()),
                _ => {}
            }
        }
    }
}

#[test]
fn a_byte_order_mark_is_no_obstacle() {
    let text = String::from_utf8(sample("partner-center/customers-2.json")).unwrap();
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    assert_eq!(recognise(&marked).unwrap().0, DocumentKind::Customer);

    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(recognise(&[b"\xFF\xFE", &wide[..]].concat()).unwrap().0, DocumentKind::Customer);
}

#[test]
fn what_is_not_json_names_the_place() {
    let reason = recognise(b"{\n  \"id\": }").unwrap_err();
    assert_eq!(reason.to_string(), "it is not JSON: expected value at line 2, column 9");
    assert_eq!(recognise(b" \r\n"), Err(NotUnderstood::Empty));
}

#[test]
fn an_unknown_shape_names_the_members_it_saw() {
    let reason = recognise(br#"[{ "colour": 1, "taste": 2 }]"#).unwrap_err();
    assert_eq!(reason, NotUnderstood::UnknownShape { members: vec!["colour".to_owned(), "taste".to_owned()] });
    assert_eq!(recognise(b"3"), Err(NotUnderstood::UnknownShape { members: Vec::new() }));
}

#[test]
fn a_list_without_its_items_is_refused() {
    let cut_off = br#"{ "totalCount": 3, "attributes": { "objectType": "Collection" } }"#;
    assert_eq!(recognise(cut_off), Err(NotUnderstood::NoItems));
    assert_eq!(recognise(br#"{ "totalCount": 3, "items": {} }"#), Err(NotUnderstood::NoItems));
}

#[test]
fn an_empty_list_is_known_by_its_own_link() {
    let link = format!("/customers/{TENANT}/subscriptions");
    let list = json!({ "totalCount": 0, "items": [], "links": { "self": { "uri": link } } });
    assert_eq!(recognise(list.to_string().as_bytes()).unwrap().0, DocumentKind::Subscriptions);
    assert_eq!(recognise(b"[]"), Err(NotUnderstood::EmptyList));
}

#[test]
fn one_bad_item_does_not_lose_the_others() {
    let mut list: Value = serde_json::from_slice(&sample("partner-center/customers-3.json")).unwrap();
    list["items"][1]["id"] = json!("<guid>");
    list["items"][1]["companyProfile"]["tenantId"] = json!("<guid>");
    list["items"][1]["userCredentials"] = json!({ "userName": "admin", "password": "hidden" });

    let batch = read_json(&list, &origin());

    assert_eq!(batch.changes.len(), 2);
    assert_eq!(batch.quarantined[0].place, "items[1]");
    assert_eq!(batch.quarantined[0].reason, "its tenant id `<guid>` is not a GUID");
    assert!(!batch.quarantined[0].item.to_string().contains("hidden"));
}

#[test]
fn only_a_whole_list_of_customers_tells_who_has_left() {
    assert!(read_sample("partner-center/customers-1.json", &origin()).1.is_complete_customer_list);
    assert!(!read_sample("partner-center/customers-3.json", &origin()).1.is_complete_customer_list, "a filter");

    let mut page: Value = serde_json::from_slice(&sample("partner-center/customers-1.json")).unwrap();
    page["links"]["next"] = json!({ "uri": "/customers?size=40&seekOperation=Next" });
    assert!(!read_json(&page, &origin()).is_complete_customer_list, "a page with a next one");

    page["links"] = json!({ "self": { "uri": "/customers?size=40&seekOperation=Next" } });
    assert!(!read_json(&page, &origin()).is_complete_customer_list, "a last page");

    page["links"] = json!({ "self": { "uri": "/customers?size=40" } });
    page["items"][0]["id"] = json!("{id}");
    assert!(!read_json(&page, &origin()).is_complete_customer_list, "one was not understood");
}

#[test]
fn reading_the_same_document_twice_gives_the_same() {
    let once = read_sample("microsoft-graph/health-overviews-2.json", &of_customer());
    assert_eq!(read_sample("microsoft-graph/health-overviews-2.json", &of_customer()), once);
}

/// The value with each of its members and items in turn replaced by something unfit.
fn spoiled(value: &Value) -> Vec<Value> {
    let unfit =
        [Value::Null, json!(""), json!(-1.5), json!([[]]), json!({ "a": [{}] }), json!("\u{fffd}0001-01-01Téé")];
    let mut found: Vec<Value> = unfit.to_vec();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                found.extend(spoiled(member).into_iter().map(|spoiled| {
                    let mut copy = members.clone();
                    copy.insert(name.clone(), spoiled);
                    Value::Object(copy)
                }));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                found.extend(spoiled(item).into_iter().map(|spoiled| {
                    let mut copy = items.clone();
                    copy[index] = spoiled;
                    Value::Array(copy)
                }));
            }
        }
        _ => {}
    }
    found
}

#[test]
fn a_spoiled_member_is_refused_or_set_aside_and_never_a_panic() {
    for path in [
        "partner-center/customers-1.json",
        "partner-center/subscriptions-1.json",
        "partner-center/service-requests-1.json",
        "partner-center/relationships-1.json",
        "partner-center/subscriptions-supportcontact-1.json",
        "microsoft-graph/health-overviews-2.json",
        "microsoft-graph/messages-1.json",
        "azure-health/events-1.json",
    ] {
        let document: Value = serde_json::from_slice(&sample(path)).unwrap();
        for spoiled in spoiled(&document) {
            let _ = read_bytes(spoiled.to_string().as_bytes(), &of_customer());
        }
    }
}
