//! One issuer of tokens, as it stands in the file.

use std::{collections::BTreeMap, str::FromStr};

use figment::value::Value;
use serde::{Deserialize, Serialize};

use super::setting::Setting;
use crate::domain::access::Role;

/// What tokens may be signed with. All have a public and a private half: with a shared secret, whoever can check a token
/// could make one.
const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// Stands for the tenant of the token in the URL of an issuer that serves many.
pub const TENANT: &str = "{tenantid}";

/// An issuer of tokens, and what its tokens grant here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// What stands in `iss`; with [`TENANT`] in it, each Entra tenant has an issuer of its own.
    pub issuer: String,
    /// Of what stands in `aud`, one has to be among these.
    pub audiences: Vec<String>,
    #[serde(default = "rs256")]
    pub algorithms: Vec<String>,
    /// Where the keys are. Otherwise the issuer's discovery document tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Tenant id of the partner that tokens are for. Otherwise it is the partner whose tenant stands in `tenant_claim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    #[serde(default = "tid")]
    pub tenant_claim: String,
    /// Whether users of the partner's customers may come, each to see its own tenant.
    #[serde(default)]
    pub allow_customers: bool,
    #[serde(default = "roles")]
    pub roles_claims: Vec<String>,
    /// What a value of those claims means, such as the id of a group; names of roles mean themselves.
    #[serde(default)]
    pub role_map: BTreeMap<String, String>,
    /// A list of customers' tenant ids, or `*` for all. If this is set, a token without it grants nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_claim: Option<String>,
}

fn rs256() -> Vec<String> {
    vec!["RS256".to_owned()]
}

fn tid() -> String {
    "tid".to_owned()
}

fn roles() -> Vec<String> {
    vec!["roles".to_owned()]
}

impl IssuerConfig {
    /// Of this issuer, with what is usual for the rest.
    pub fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audiences: vec![audience.to_owned()],
            algorithms: rs256(),
            jwks_url: None,
            partner: None,
            tenant_claim: tid(),
            allow_customers: false,
            roles_claims: roles(),
            role_map: BTreeMap::new(),
            customers_claim: None,
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (field, url) in [("issuer", Some(&self.issuer)), ("jwks_url", self.jwks_url.as_ref())] {
            if let Some(url) = url.filter(|url| !is_safe(url)) {
                problems.push(format!("{field} {url:?} is not usable; expected a URL that begins with https://"));
            }
        }
        if self.audiences.iter().all(String::is_empty) {
            problems.push("audiences is empty; expected what stands in `aud` of the tokens for this server".to_owned());
        }
        if self.algorithms.is_empty() {
            problems.push(format!("algorithms is empty; expected some of {}", ALGORITHMS.join(", ")));
        }
        for wrong in self.algorithms.iter().filter(|name| !ALGORITHMS.contains(&name.as_str())) {
            problems.push(format!("algorithm {wrong:?} is not accepted; expected some of {}", ALGORITHMS.join(", ")));
        }
        if let Err(wrong) = super::check::guid(&self.partner) {
            problems.push(format!("partner {wrong}"));
        }
        if self.allow_customers && self.partner.is_none() {
            problems
                .push("allow_customers needs partner: the tenant id of the partner whose customers may come".into());
        }
        for wrong in self.role_map.values().filter(|name| Role::from_str(name).is_err()) {
            problems.push(format!("role_map has no role {wrong:?}; expected a role such as \"HELPDESK_AGENT\""));
        }
        problems
    }
}

/// Nobody on the way can exchange what comes from there.
pub fn is_safe(url: &str) -> bool {
    let host = |rest: &str| rest.split(['/', ':']).next().is_some_and(|host| !host.is_empty());
    let is_here = |rest: &str| {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|here| rest.strip_prefix(here).is_some_and(|after| after.is_empty() || after.starts_with(['/', ':'])))
    };
    !url.contains(char::is_whitespace)
        && (url.strip_prefix("https://").is_some_and(host) || url.strip_prefix("http://").is_some_and(is_here))
}

fn read(value: &Value) -> Result<Vec<IssuerConfig>, String> {
    let Value::Array(_, values) = value else { return Err(format!("expected {}", Vec::<IssuerConfig>::RIGHT)) };
    let one = |(index, value): (usize, &Value)| {
        value.deserialize().map_err(|error| format!("the issuer {}: {}", index + 1, error.to_string().trim()))
    };
    values.iter().enumerate().map(one).collect()
}

impl Setting for Vec<IssuerConfig> {
    const RIGHT: &'static str = "tables `[[auth.issuers]]` with issuer and audiences";

    fn read(value: &Value) -> Option<Self> {
        read(value).ok()
    }

    fn wrong(value: &Value) -> Option<String> {
        read(value).err()
    }

    fn show(&self) -> String {
        toml::Value::try_from(self).map_or_else(|_| "[]".to_owned(), |value| value.to_string())
    }
}

#[expect(clippy::ptr_arg, reason = "a check gets the type of its field")]
pub(super) fn issuers(issuers: &Vec<IssuerConfig>) -> Result<(), String> {
    let mut problems = Vec::new();
    for (index, issuer) in issuers.iter().enumerate() {
        problems.extend(issuer.problems().into_iter().map(|problem| format!("the issuer {}: {problem}", index + 1)));
        let is_same = |other: &&IssuerConfig| {
            other.issuer == issuer.issuer && other.audiences.iter().any(|name| issuer.audiences.contains(name))
        };
        if issuers[..index].iter().any(|other| is_same(&other)) {
            problems.push(format!(
                "the issuer {}: another one has the same issuer and audience; give each its own audience",
                index + 1
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_somebody_could_exchange_on_the_way_are_refused() {
        for url in ["https://a.example/v2.0", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:1/"] {
            assert!(is_safe(url), "{url}");
        }
        for url in ["http://a.example", "http://127.0.0.1.a.example", "https://", "ftp://a", "https://a b", ""] {
            assert!(!is_safe(url), "{url}");
        }
    }
}
