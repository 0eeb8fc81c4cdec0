//! Log lines: one format for people, one for machines, both on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::TelemetryConfig;

/// Starts logging. A second call in one process changes nothing.
pub fn start(config: &TelemetryConfig) {
    // The filter was checked when the configuration was read.
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let _ = if config.json { lines.json().flatten_event(true).try_init() } else { lines.with_target(false).try_init() };
}
