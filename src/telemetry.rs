//! Log lines: one format for people, one for machines, both on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::{
    Layer as _, Registry, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::config::TelemetryConfig;

/// Starts logging. A second call in one process changes nothing.
pub fn start(config: &TelemetryConfig) {
    // The filter was checked when the configuration was read. It knows targets and levels alone, as one that looks into
    // spans costs every request some time.
    let filter: Targets = config.filter.parse().unwrap_or_default();
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let lines = match config.json {
        true => lines.json().flatten_event(true).boxed(),
        false => lines.with_target(false).boxed(),
    };
    // It fails only where logging was started before.
    let _ = Registry::default().with(lines.with_filter(filter)).try_init();
}
