//! Statements that are noted instead of run, so that one can see what would be asked.

use std::sync::{Arc, Mutex, PoisonError};

use super::ScopedStore;

/// The texts of statements, with `?` or `$1` where values go.
#[derive(Clone, Default)]
pub struct Noted(Arc<Mutex<Vec<String>>>);

impl Noted {
    /// Those that were noted since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note(&self, sql: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sql);
    }
}

impl ScopedStore {
    /// The same, finding nothing: what it would read is noted.
    pub fn noting(&self) -> (Self, Noted) {
        let noted = Noted::default();
        (Self { noted: Some(noted.clone()), ..self.clone() }, noted)
    }
}
