//! Azure's JSON, one event each. All members are optional; names are read in any letter case.

use serde::Deserialize;

use crate::upstream::time::Time;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    /// The tracking id.
    pub name: Option<String>,
    pub properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub header: Option<String>,
    pub event_type: Option<String>,
    pub status: Option<String>,
    pub level: Option<String>,
    pub event_level: Option<String>,
    pub impact_start_time: Time,
    pub impact_mitigation_time: Time,
    pub last_update_time: Time,
    pub impact: Vec<Impact>,
}

/// One service that the event touches.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Impact {
    pub impacted_service: Option<String>,
    pub impacted_service_guid: Option<String>,
    pub impacted_regions: Vec<Region>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Region {
    pub impacted_region: Option<String>,
    pub status: Option<String>,
    pub impacted_subscriptions: Vec<String>,
    pub impacted_tenants: Vec<String>,
    pub last_update_time: Time,
    pub updates: Vec<Update>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Update {
    pub summary: Option<String>,
    pub update_date_time: Time,
    pub event_tags: Vec<String>,
}
