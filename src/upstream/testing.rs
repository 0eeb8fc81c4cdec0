//! What tests of the mapping share: samples of Microsoft's answers, and where they come from.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{DocumentKind, NotUnderstood, Origin, read, recognise};
use crate::domain::{
    CustomerId, PartnerId,
    change::{Batch, Change},
};

pub const TENANT: &str = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04";
pub const PARTNER_TENANT: &str = "3b33e682-00c3-41ee-9dd2-a548adf56438";

/// The folder of samples.
pub fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

pub fn sample(path: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An answer of which only the partner is known.
pub fn origin() -> Origin {
    Origin {
        partner: PartnerId::of_tenant(PARTNER_TENANT),
        customer_tenant: None,
        subscription: None,
        observed_at: at("2026-01-02T03:04:05Z"),
    }
}

/// An answer about, or from the tenant of, [`customer`].
pub fn of_customer() -> Origin {
    Origin { customer_tenant: Some(TENANT.to_owned()), ..origin() }
}

pub fn customer() -> CustomerId {
    customer_of(TENANT)
}

pub fn customer_of(tenant: &str) -> CustomerId {
    CustomerId::of_tenant(origin().partner, tenant)
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn read_bytes(bytes: &[u8], origin: &Origin) -> Result<(DocumentKind, Batch), NotUnderstood> {
    let (kind, document) = recognise(bytes)?;
    Ok((kind, read(kind, &document, origin)?))
}

pub fn read_sample(path: &str, origin: &Origin) -> (DocumentKind, Batch) {
    read_bytes(&sample(path), origin).unwrap_or_else(|reason| panic!("{path}: {reason}"))
}

pub fn read_json(document: &Value, origin: &Origin) -> Batch {
    read_bytes(document.to_string().as_bytes(), origin).unwrap_or_else(|reason| panic!("{document}: {reason}")).1
}

/// The only change of a batch in which nothing is quarantined.
pub fn only(mut batch: Batch) -> Change {
    assert_eq!(batch.quarantined, []);
    assert_eq!(batch.changes.len(), 1, "{:?}", batch.changes);
    batch.changes.remove(0)
}

/// The reason why the only item of a batch is in quarantine.
pub fn reason(batch: &Batch) -> &str {
    assert_eq!((batch.changes.len(), batch.quarantined.len()), (0, 1), "{batch:?}");
    &batch.quarantined[0].reason
}
