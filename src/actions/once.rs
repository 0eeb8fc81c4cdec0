//! An act that is done once, however often it is sent.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    domain::{
        Error, Result,
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
        let input = serde_json::to_vec(&(act.name, input)).map_err(Error::internal)?;
        let fingerprint = Sha256::digest(input).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { key, fingerprint })
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

    /// Remembers what it made.
    pub(super) async fn remember(&self, write: &mut Write, made: Uuid, now: DateTime<Utc>) -> Result<()> {
        write.remember(&self.key, &self.fingerprint, made, now).await
    }
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
}
