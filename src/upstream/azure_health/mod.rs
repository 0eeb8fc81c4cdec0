//! Azure's `Microsoft.ResourceHealth`: service health events of Azure subscriptions and tenants.

mod map;
mod wire;

use serde_json::Value;

use super::{Origin, json};
use crate::domain::change::Batch;

/// What one event says.
pub(super) fn read_item(item: &Value, origin: &Origin) -> Result<Batch, String> {
    let item = json::read_item(item).map_err(|error| error.to_string())?;
    map::event(item, origin)
}
