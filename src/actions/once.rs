//! An act that is done once, however often it is sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    domain::{
        CustomerId, Error, Result,
        access::{Permission, Viewer},
    },
    store::Write,
};

/// A kind of act.
pub struct Act {
    /// Tells it from others under the same key.
    pub(super) name: &'static str,
    /// What somebody needs to do it.
    pub needs: Permission,
}

/// An act under the key that its sender gave it.
pub(super) struct Once {
    /// As it is kept: who sees the whole partner shares its keys. Who sees some customers alone has keys of its own, so
    /// that it neither learns of what others sent nor stands in their way.
    pub(super) key: String,
    fingerprint: String,
}

impl Once {
    /// `act` of `viewer` with this input.
    ///
    /// # Errors
    ///
    /// `Forbidden` if the viewer may not do it; `Invalid` if the key could be used twice by accident, or cannot be stored.
    pub(super) fn new(viewer: &Viewer, key: String, act: &Act, input: &impl Serialize) -> Result<Self> {
        viewer.permissions.require(act.needs)?;
        if !(8..=128).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason =
                "a key has 8 to 128 letters, digits or signs of ASCII, without blanks; a new UUID makes a good one";
            return Err(Error::invalid("idempotencyKey", reason));
        }
        let key = match &viewer.scope.customers {
            None => key,
            Some(customers) => {
                let customers: BTreeSet<_> = customers.iter().collect();
                // No key that somebody gives has a blank.
                format!("{} {key}", digest(&(&*viewer.subject, customers))?)
            }
        };
        Ok(Self { key, fingerprint: digest(&(act.name, input))? })
    }

    /// What it made when it was sent before.
    ///
    /// # Errors
    ///
    /// `Conflict` of the input `idempotencyKey` if the key stands for something else.
    pub(super) async fn done_before(&self, write: &mut Write, now: DateTime<Utc>) -> Result<Option<Uuid>> {
        let done = write.done_before(&self.key, &self.fingerprint, now).await;
        done.map_err(|error| error.of_input("idempotencyKey"))
    }

    /// Remembers what it made, and for which customer; none for the partner itself.
    pub(super) async fn remember(
        &self,
        write: &mut Write,
        made: (Uuid, Option<CustomerId>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        write.remember((&self.key, &self.fingerprint), made, now).await
    }
}

/// A short text that stands for a value, and tells nothing of it.
fn digest(value: &impl Serialize) -> Result<String> {
    let value = serde_json::to_vec(value).map_err(Error::internal)?;
    Ok(Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actions::{CLOSE, NOTE, OPEN},
        domain::{
            PartnerId,
            access::{Role, Scope},
        },
    };

    #[test]
    fn nothing_begins_that_the_viewer_may_not_do() {
        for (role, may) in [
            (Role::AdminAgent, [true, true, true]),
            (Role::SalesAgent, [true, false, false]),
            (Role::BillingAdmin, [false; 3]),
        ] {
            let viewer = Viewer::new("a", "a", [role], Scope::partner(PartnerId::of_tenant("p")));
            for (act, may) in [&OPEN, &NOTE, &CLOSE].into_iter().zip(may) {
                // A key that is no good is not spoken of either.
                let begun = Once::new(&viewer, "bad".to_owned(), act, &()).err();
                assert_eq!(matches!(begun, Some(Error::Forbidden(permission)) if permission == act.needs), !may);
            }
        }
    }

    #[test]
    fn who_sees_some_customers_shares_its_keys_with_nobody() {
        let partner = PartnerId::of_tenant("p");
        let [one, two] = ["one", "two"].map(|tenant| CustomerId::of_tenant(partner, tenant));
        let kept = |subject: &str, scope| {
            let viewer = Viewer::new("a", subject, [Role::AdminAgent], scope);
            Once::new(&viewer, "the-same-key".to_owned(), &OPEN, &()).unwrap().key
        };
        let whole = ["ada", "bob"].map(|subject| kept(subject, Scope::partner(partner)));
        assert_eq!(whole, ["the-same-key", "the-same-key"]);
        let narrow = kept("ada", Scope::customers(partner, [one, two]));
        assert_eq!(kept("ada", Scope::customers(partner, [two, one, two])), narrow, "however its customers are told");
        let others = [
            kept("bob", Scope::customers(partner, [one, two])),
            kept("ada", Scope::customers(partner, [one])),
            kept("ada", Scope::customers(partner, [])),
            kept("ada", Scope::partner(partner)),
        ];
        assert!(!others.contains(&narrow));
    }
}
