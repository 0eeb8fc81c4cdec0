//! What a caller asked for and may not see or do, for whoever keeps account of that.

use std::sync::Arc;

use super::write::Problem;
use crate::domain::{Error, access::Permission};

/// So many refused fields of one answer are told.
const MOST: usize = 20;

/// A field that its caller may not see or do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub permission: Permission,
    /// The names of the fields that lead to it, as the answer calls them; without the numbers of list items.
    pub path: String,
}

/// Hears which fields of an event were refused; called for each event in which some were.
pub type HearRefused = Arc<dyn Fn(&[Refused]) + Send + Sync>;

/// Which of the problems of an answer are refusals, each field once.
pub(super) fn refused_in(problems: &[Problem]) -> Vec<Refused> {
    let mut refused: Vec<Refused> = Vec::new();
    for Problem { error, path, .. } in problems {
        let Error::Forbidden(permission) = error else { continue };
        let names: Vec<&str> = path.iter().filter_map(|step| step.as_str()).collect();
        let one = Refused { permission: *permission, path: names.join(".") };
        if refused.len() < MOST && !refused.contains(&one) {
            refused.push(one);
        }
    }
    refused
}
