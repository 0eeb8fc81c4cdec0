//! What the claims of a verified token grant.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Denied, partner::Partners};
use crate::{
    config::{IssuerConfig, TENANT},
    domain::{
        CustomerId, PartnerId,
        access::{Proven, Role, Scope, Viewer},
        page::Wants,
    },
    store::Store,
};

/// What a token says.
pub type Claims = Map<String, Value>;

/// Reaches every customer, where customers are listed.
const ALL: &str = "*";

const NO_ROLE: &str = "the token gives no role here; assign one to this person or program at the issuer, and if it stands in \
    another claim than `roles` or has another name here, set roles_claims or role_map of the issuer in auth.issuers";
const NO_PARTNER: &str = "the token is of a tenant that has nothing here; if it is a partner's, import the partner first, or set \
    partner of the issuer in auth.issuers; if it is a customer's, set allow_customers there";
const NO_CUSTOMERS: &str = "the token does not say which customers it is for; have the issuer add the claim that \
    customers_claim of the issuer in auth.issuers names, with tenant ids, or `*` for all";
const NOT_ALL: &str = "a CUSTOMER_USER needs tenant ids of customers, not `*`; have the issuer put them into the claim that \
    customers_claim of the issuer in auth.issuers names, or give another role";

/// Whom a verified token names.
pub struct Person {
    name: String,
    subject: String,
    tenants: Vec<String>,
    /// The partners whose own people it may be.
    own: Vec<PartnerId>,
}

impl Person {
    /// Reads what a token of `issuer` says.
    ///
    /// # Errors
    ///
    /// `Invalid` if it names nobody.
    pub async fn read(
        config: &IssuerConfig,
        issuer: &str,
        claims: &Claims,
        partners: &Partners,
    ) -> Result<Self, Denied> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("oid").or_else(|| text("sub")).ok_or(Denied::Invalid)?;
        let name = ["preferred_username", "upn", "email", "name"].into_iter().find_map(text).unwrap_or(id);
        let tenants = texts(claims, &config.tenant_claim);
        let mut own = Vec::new();
        for tenant in &tenants_of_partners(config, &tenants) {
            own.extend(partners.choose(Some(tenant)).await?);
        }
        Ok(Self { name: name.to_owned(), subject: format!("{issuer}|{id}"), tenants, own })
    }

    /// Whatever the token grants. It is a partner's only where that partner alone is meant.
    pub fn proven(&self) -> Arc<Proven> {
        let partner = if let [only] = self.own[..] { Some(only) } else { None };
        let (subject, name) = (self.subject.as_str().into(), self.name.clone());
        Arc::new(Proven { partner, subject, name, roles: Arc::default() })
    }
}

/// A person as its token tells of it: once for each partner that the token is for.
///
/// # Errors
///
/// `NothingGranted` with what an administrator has to set.
pub async fn viewers(
    config: &IssuerConfig,
    claims: &Claims,
    person: &Person,
    expires_at: DateTime<Utc>,
    store: &Store,
    partners: &Partners,
) -> Result<Vec<Viewer>, Denied> {
    let viewer = |roles: &[Role], scope| Viewer {
        expires_at: Some(expires_at),
        ..Viewer::new(&person.name, &person.subject, roles.iter().copied(), scope)
    };
    if !person.own.is_empty() {
        let roles = roles(config, claims)?;
        let scopes = person.own.iter().map(|partner| scope(config, claims, &roles, *partner));
        return scopes.map(|scope| Ok(viewer(&roles, scope?))).collect();
    }
    match &config.partner {
        // Whatever roles a customer's own administrator gave them: they say nothing here.
        Some(partner) if config.allow_customers => {
            let partner = partners.choose(Some(partner)).await?.ok_or(Denied::NothingGranted(NO_PARTNER))?;
            let customers = known_customers(store, partner, &person.tenants).await?;
            Ok(vec![viewer(&[Role::CustomerUser], Scope::customers(partner, customers))])
        }
        _ => Err(Denied::NothingGranted(NO_PARTNER)),
    }
}

/// The tenants of the partners whose own people these are. An issuer that serves many tenants, or customers as well,
/// tells by the tenant; another one has none but the partner's people.
fn tenants_of_partners(config: &IssuerConfig, tenants: &[String]) -> Vec<String> {
    let is_mixed = config.allow_customers || config.issuer.contains(TENANT);
    match &config.partner {
        None => tenants.to_vec(),
        Some(partner) if !is_mixed || tenants.iter().any(|tenant| tenant.eq_ignore_ascii_case(partner)) => {
            vec![partner.clone()]
        }
        Some(_) => Vec::new(),
    }
}

fn roles(config: &IssuerConfig, claims: &Claims) -> Result<Vec<Role>, Denied> {
    let values = config.roles_claims.iter().flat_map(|name| texts(claims, name));
    let meaning = |value: String| config.role_map.get(&value).unwrap_or(&value).parse().ok();
    let roles: Vec<Role> = values.filter_map(meaning).collect();
    if roles.is_empty() { Err(Denied::NothingGranted(NO_ROLE)) } else { Ok(roles) }
}

fn scope(config: &IssuerConfig, claims: &Claims, roles: &[Role], partner: PartnerId) -> Result<Scope, Denied> {
    let listed = config.customers_claim.as_ref().map(|name| texts(claims, name));
    match listed {
        Some(tenants) if tenants.is_empty() => Err(Denied::NothingGranted(NO_CUSTOMERS)),
        Some(tenants) if !tenants.iter().any(|tenant| tenant == ALL) => {
            let customers = tenants.iter().map(|tenant| CustomerId::of_tenant(partner, tenant));
            Ok(Scope { partner, customers: Some(customers.collect()) })
        }
        Some(_) if roles.contains(&Role::CustomerUser) => Err(Denied::NothingGranted(NOT_ALL)),
        // A customer's user sees its own tenant alone, so it has to be known.
        _ if roles.contains(&Role::CustomerUser) => Err(Denied::NothingGranted(NO_CUSTOMERS)),
        _ => Ok(Scope::partner(partner)),
    }
}

/// The customers of a partner among these tenants.
async fn known_customers(store: &Store, partner: PartnerId, tenants: &[String]) -> Result<Vec<CustomerId>, Denied> {
    let ids: Vec<CustomerId> = tenants.iter().map(|tenant| CustomerId::of_tenant(partner, tenant)).collect();
    let known = store.scoped(&Scope::partner(partner)).customers_by_id(&ids, &Wants::Everything).await?;
    if known.is_empty() {
        return Err(Denied::NothingGranted(NO_PARTNER));
    }
    Ok(known.into_iter().map(|customer| customer.id).collect())
}

/// The texts of a claim, one or a list. Its name may lead into objects by dots, as in `realm_access.roles`.
pub fn texts(claims: &Claims, name: &str) -> Vec<String> {
    let value = claims.get(name).or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        inner.split('.').try_fold(claims.get(outer)?, |value, name| value.get(name))
    });
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_or_by_the_way_to_it() {
        let claims = json!({ "https://a.example/roles": ["x"], "realm_access": { "roles": ["y", 1] }, "one": "z" });
        let claims = claims.as_object().expect("an object");
        assert_eq!(texts(claims, "https://a.example/roles"), ["x"]);
        assert_eq!(texts(claims, "realm_access.roles"), ["y"]);
        assert_eq!(texts(claims, "one"), ["z"]);
        assert!(texts(claims, "realm_access").is_empty() && texts(claims, "none.at.all").is_empty());
    }
}
