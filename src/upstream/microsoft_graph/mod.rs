//! Microsoft Graph service communications: service health, issues and messages of a customer's tenant.

mod map;
mod wire;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{DocumentKind, Origin, json};
use crate::domain::change::Batch;

/// What one item of a Graph answer says.
pub(super) fn read_item(kind: DocumentKind, item: &Value, origin: &Origin) -> Result<Batch, String> {
    use DocumentKind as Kind;
    match kind {
        Kind::HealthOverviews | Kind::HealthOverview => with(item, origin, map::health_overview),
        Kind::Issues | Kind::Issue => with(item, origin, map::issue),
        Kind::Messages | Kind::Message => with(item, origin, map::message),
        other => Err(format!("{} are not Graph's", other.what())),
    }
}

fn with<T: DeserializeOwned>(
    item: &Value,
    origin: &Origin,
    map: impl Fn(T, &Origin) -> Result<Batch, String>,
) -> Result<Batch, String> {
    let item = json::read_item(item).map_err(|error| error.to_string())?;
    map(item, origin)
}
