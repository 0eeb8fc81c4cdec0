//! What a request cost and what is left, in the headers of its response.

use std::sync::LazyLock;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use super::Http;
use crate::{domain::access::Viewer, engine::Cost, quota::Standing};

/// Objects that the answer could have held.
const ESTIMATED: HeaderName = HeaderName::from_static("x-supportgraph-cost-estimated");
/// Objects that it holds, and that are charged.
const ACTUAL: HeaderName = HeaderName::from_static("x-supportgraph-cost-actual");
/// The budget, and what is left of it, as the tenth draft of the IETF's "RateLimit header fields for HTTP" writes them.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What a page of another origin may read.
pub static EXPOSED: LazyLock<[HeaderName; 5]> =
    LazyLock::new(|| [ESTIMATED, ACTUAL, POLICY, LIMIT, header::RETRY_AFTER]);

impl Http {
    /// Completes a response that answers `viewer`.
    pub(super) fn tell_cost(&self, response: &mut Response, cost: Cost, viewer: &Viewer) {
        let headers = response.headers_mut();
        headers.insert(ESTIMATED, cost.estimated.into());
        headers.insert(ACTUAL, cost.actual.into());
        let Some(Standing { name, quota, window_seconds, left, full_in_seconds }) = self.0.quota.standing(viewer)
        else {
            return;
        };
        for (name, value) in [
            (POLICY, format!("\"{name}\";q={quota};w={window_seconds}")),
            (LIMIT, format!("\"{name}\";r={left};t={full_in_seconds}")),
        ] {
            headers.insert(name, HeaderValue::try_from(value).expect("words and numbers"));
        }
    }
}
