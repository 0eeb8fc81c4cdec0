//! What can be done, one file per area.

pub mod import;
