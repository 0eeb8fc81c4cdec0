//! Graph's JSON, one item each. All members are optional; names are read in any letter case.

use serde::Deserialize;
use serde_json::Value;

use crate::upstream::time::Time;

/// `serviceHealth`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HealthOverview {
    pub id: Option<String>,
    pub service: Option<String>,
    pub status: Option<String>,
    /// Only with `$expand=issues`. Each is read by itself, so that a bad one does not lose the others.
    pub issues: Vec<Value>,
}

/// `serviceHealthIssue`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Issue {
    pub id: Option<String>,
    pub title: Option<String>,
    pub impact_description: Option<String>,
    pub start_date_time: Time,
    pub end_date_time: Time,
    pub last_modified_date_time: Time,
    pub classification: Option<String>,
    pub origin: Option<String>,
    pub status: Option<String>,
    pub service: Option<String>,
    pub feature: Option<String>,
    pub feature_group: Option<String>,
    pub is_resolved: Option<bool>,
    pub high_impact: Option<bool>,
    pub posts: Vec<Post>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Post {
    pub created_date_time: Time,
    pub post_type: Option<String>,
    pub description: Body,
}

/// `itemBody`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Body {
    pub content_type: Option<String>,
    pub content: Option<String>,
}

/// `serviceUpdateMessage`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Message {
    pub id: Option<String>,
    pub title: Option<String>,
    pub start_date_time: Time,
    pub end_date_time: Time,
    pub last_modified_date_time: Time,
    pub category: Option<String>,
    pub severity: Option<String>,
    pub tags: Vec<String>,
    pub is_major_change: Option<bool>,
    pub action_required_by_date_time: Time,
    pub services: Vec<String>,
    pub expiry_date_time: Time,
    pub body: Body,
}
