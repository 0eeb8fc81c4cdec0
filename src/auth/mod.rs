//! Who somebody is, by what they show: a token of an issuer, or an API key.

mod api_key;
mod credential;
mod grant;
mod jwks;
mod jwt;
mod partner;

use std::sync::Arc;

use crate::{
    config::AuthConfig,
    domain::{
        self, CustomerId, PartnerId,
        access::{Proven, Role, Scope, Viewer},
        clock::Clock,
    },
    store::Store,
};
use api_key::Keys;
pub use credential::Credential;
use jwt::Tokens;
use partner::Partners;

/// Why somebody is not let in.
#[derive(Clone, Debug)]
pub enum Denied {
    /// Nothing was shown.
    Missing,
    /// What was shown is not good here. Nobody is told why: it would help those who forge.
    Invalid,
    /// It was good once.
    Expired,
    /// It is good, and grants nothing here; the text says what an administrator has to set.
    NothingGranted(&'static str),
    /// It is good for several partners, or not for the one that was named.
    PartnerUnclear,
    /// The issuer's keys cannot be had at the moment.
    IssuerUnreachable,
    Failed(domain::Error),
}

impl From<domain::Error> for Denied {
    fn from(error: domain::Error) -> Self {
        Self::Failed(error)
    }
}

/// Somebody who is not let in.
#[derive(Clone, Debug)]
pub struct TurnedAway {
    pub why: Denied,
    /// Who it is, as far as that was proven: for the audit log. Nobody is told.
    pub who: Option<Arc<Proven>>,
}

impl From<Denied> for TurnedAway {
    fn from(why: Denied) -> Self {
        Self { why, who: None }
    }
}

impl From<domain::Error> for TurnedAway {
    fn from(error: domain::Error) -> Self {
        Denied::from(error).into()
    }
}

/// Who callers on this machine are as long as nobody has to show anything.
#[derive(Clone, Debug)]
pub struct Local {
    /// Tenant id of the partner that they act for unless they name one.
    pub partner: Option<String>,
    pub roles: Vec<Role>,
    /// `None` reaches every customer of the partner.
    pub customers: Option<Arc<[CustomerId]>>,
}

impl Local {
    /// Global admins.
    pub fn admin(partner: Option<String>) -> Self {
        Self { partner, roles: vec![Role::GlobalAdmin], customers: None }
    }
}

/// Knows whom to let in. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    is_required: bool,
    accepts_keys: bool,
    local: Local,
    partners: Partners,
    tokens: Tokens,
    keys: Keys,
}

impl Auth {
    /// # Errors
    ///
    /// If no HTTPS client can be made.
    pub fn new(config: &AuthConfig, local: Local, store: &Store, clock: &Clock) -> domain::Result<Self> {
        Ok(Self(Arc::new(Inner {
            is_required: config.is_required(),
            accepts_keys: config.api_keys,
            local,
            partners: Partners::new(store, clock),
            tokens: Tokens::new(&config.issuers, store, clock)?,
            keys: Keys::new(store, clock),
        })))
    }

    /// Whether every request needs a credential.
    pub fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// What callers may be who need no credential.
    pub fn local_roles(&self) -> &[Role] {
        &self.0.local.roles
    }

    /// Whether somebody may come with a user name and a password.
    pub fn accepts_keys(&self) -> bool {
        self.0.accepts_keys
    }

    /// Who shows `credential`, acting for the partner with the tenant id `partner`, or for the only one that it may.
    ///
    /// # Errors
    ///
    /// Why nobody does.
    pub async fn viewer(&self, credential: Option<&Credential>, partner: Option<&str>) -> Result<Viewer, TurnedAway> {
        let inner = &self.0;
        match credential {
            Some(Credential::Key(text)) if inner.accepts_keys => {
                named(&[inner.keys.viewer(text).await?], partner).cloned()
            }
            Some(Credential::Token(token)) if inner.tokens.has_issuers() => {
                named(&inner.tokens.verified(token, &inner.partners).await?.viewers, partner).cloned()
            }
            // Without issuers no token can be told from another, and it would grant no more than there is without one.
            Some(Credential::Token(_)) | None if !inner.is_required => self.local(partner).await,
            None => Err(Denied::Missing.into()),
            Some(_) => Err(Denied::Invalid.into()),
        }
    }

    /// Whether `credential` was good when it was looked at last; nothing is looked up. It may have ended since.
    pub fn knows(&self, credential: &Credential) -> bool {
        match credential {
            Credential::Key(text) => self.0.keys.knows(text),
            Credential::Token(token) => self.0.tokens.knows(token),
            Credential::Unusable => false,
        }
    }

    /// Whether what `viewer` showed is still good. A key is looked up if that was too long ago, and taken for what it was as
    /// long as the database does not answer. The end of a token is known beforehand.
    pub async fn stands(&self, viewer: &Viewer) -> bool {
        self.0.keys.stands(viewer).await
    }

    async fn local(&self, partner: Option<&str>) -> Result<Viewer, TurnedAway> {
        let Local { partner: own, roles, customers } = &self.0.local;
        let partner = self.0.partners.choose(partner.or(own.as_deref())).await?.ok_or(Denied::PartnerUnclear)?;
        let scope = Scope { partner, customers: customers.clone() };
        Ok(Viewer::new("local", "local", roles.iter().copied(), scope))
    }
}

/// The viewer who acts for the partner with this tenant id, else the only one.
fn named<'a>(viewers: &'a [Viewer], partner: Option<&str>) -> Result<&'a Viewer, TurnedAway> {
    let found = match (partner.map(PartnerId::of_tenant), viewers) {
        (Some(partner), viewers) => viewers.iter().find(|viewer| viewer.scope.partner == partner),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    // Who named none only forgot it.
    found.ok_or_else(|| TurnedAway { why: Denied::PartnerUnclear, who: partner.and_then(|_| proven(viewers)) })
}

/// Who all of these are, and for which partner if there is but one.
fn proven(viewers: &[Viewer]) -> Option<Arc<Proven>> {
    match viewers {
        [only] => Some(only.proven()),
        [first, ..] => Some(Arc::new(Proven { partner: None, ..Proven::clone(&first.proven()) })),
        [] => None,
    }
}
