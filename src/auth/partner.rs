//! The partners of the installation, by their tenants.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    domain::{PartnerId, Result, clock::Clock},
    store::Store,
};

/// The partners in the database, read again when a second has passed, or one is asked for that is not there.
pub struct Partners {
    store: Store,
    clock: Clock,
    known: Mutex<Option<Known>>,
}

struct Known {
    /// By tenant id, lower case.
    partners: Vec<(String, PartnerId)>,
    read_at: DateTime<Utc>,
}

impl Known {
    /// The partner that is named, else the only one. An empty database has the partner that owns nothing, so that the
    /// schema can be looked at before anything was imported.
    fn choose(&self, named: Option<&str>) -> Option<PartnerId> {
        match (named, self.partners.as_slice()) {
            (Some(tenant), partners) => {
                partners.iter().find(|(known, _)| known.eq_ignore_ascii_case(tenant)).map(|(_, partner)| *partner)
            }
            (None, []) => Some(PartnerId(Uuid::nil())),
            (None, [(_, only)]) => Some(*only),
            (None, _) => None,
        }
    }
}

impl Partners {
    pub fn new(store: &Store, clock: &Clock) -> Self {
        Self { store: store.clone(), clock: clock.clone(), known: Mutex::default() }
    }

    /// The partner with the tenant id `named`, else the only one.
    pub async fn choose(&self, named: Option<&str>) -> Result<Option<PartnerId>> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        let fresh = known.as_ref().filter(|known| now - known.read_at < TimeDelta::seconds(1));
        if let Some(partner) = fresh.and_then(|known| known.choose(named)).filter(|partner| !partner.0.is_nil()) {
            return Ok(Some(partner));
        }
        let partners = self.store.partners().await?;
        let partners = partners.into_iter().map(|(id, tenant, _)| (tenant, id)).collect();
        Ok(known.insert(Known { partners, read_at: now }).choose(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_is_named_or_the_only_one() {
        let known = |tenants: &[&str]| Known {
            partners: tenants.iter().map(|tenant| ((*tenant).to_owned(), PartnerId::of_tenant(tenant))).collect(),
            read_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(known(&["a", "b"]).choose(Some("B")), Some(PartnerId::of_tenant("b")));
        assert_eq!(known(&["a", "b"]).choose(None), None);
        assert_eq!(known(&["a"]).choose(None), Some(PartnerId::of_tenant("a")));
        assert_eq!(known(&["a"]).choose(Some("b")), None);
        assert_eq!(known(&[]).choose(Some("a")), None);
    }
}
