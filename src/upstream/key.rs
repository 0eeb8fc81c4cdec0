//! Ids in answers: GUIDs, placeholders of documentation, and ids inside links.

use uuid::Uuid;

/// The GUID in lower case; also from `org:<guid>`, as invoices write tenants.
pub fn guid(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("org:") => &text[4..],
        _ => text,
    };
    // Other notations, such as 32 digits in a row, are no tenants.
    if text.len() != 36 {
        return None;
    }
    Uuid::try_parse(text).ok().map(|guid| guid.to_string())
}

/// The id of an item, unless it is missing or a placeholder such as `<guid>` or `{id}`.
pub fn external_id(id: Option<String>) -> Result<String, String> {
    match id {
        None => Err("it has no id; is it the body of a request rather than an answer?".to_owned()),
        Some(id) if is_placeholder(&id) => Err(format!("its id `{id}` is a placeholder, as documentation writes them")),
        Some(id) => Ok(id),
    }
}

/// Whether documentation wrote it in place of an id.
pub fn is_placeholder(id: &str) -> bool {
    id.contains(['<', '>', '{', '}'])
}

/// The customer's tenant in a link such as `/customers/{tenant}/subscriptions`.
pub fn customer_in(uri: &str) -> Option<String> {
    after(uri, "customers").and_then(guid)
}

/// The subscription in a link such as `/customers/{tenant}/subscriptions/{id}/supportcontact`.
pub fn subscription_in(uri: &str) -> Option<String> {
    after(uri, "subscriptions").filter(|id| guid(id).is_some()).map(str::to_lowercase)
}

fn after<'a>(uri: &'a str, name: &str) -> Option<&'a str> {
    let path = uri.split(['?', '#']).next()?;
    let mut segments = path.split('/').skip_while(|segment| !segment.eq_ignore_ascii_case(name));
    segments.nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "3b33e682-00c3-41ee-9dd2-a548adf56438";

    #[test]
    fn guids_are_lower_case_whatever_the_answer_wrote() {
        assert_eq!(guid("3B33E682-00C3-41EE-9DD2-A548ADF56438").as_deref(), Some(GUID));
        assert_eq!(guid("org:3B33E682-00C3-41EE-9DD2-A548ADF56438").as_deref(), Some(GUID));
        assert_eq!(guid("<guid>"), None);
    }

    #[test]
    fn a_placeholder_is_no_id() {
        for id in ["<id>", "{subscriptionId}", "{{CustomerId}}"] {
            assert!(external_id(Some(id.to_owned())).unwrap_err().contains("placeholder"));
        }
    }

    #[test]
    fn links_name_customer_and_subscription() {
        let uri = format!(
            "https://api.partnercenter.microsoft.com/v1/Customers/{GUID}/subscriptions/{GUID}/supportcontact?a=b"
        );
        assert_eq!(customer_in(&uri).as_deref(), Some(GUID));
        assert_eq!(subscription_in(&uri).as_deref(), Some(GUID));
        assert_eq!(customer_in("/customers?size=40"), None);
        assert_eq!(subscription_in(&format!("/customers/{GUID}/subscriptions/overage")), None);
    }
}
