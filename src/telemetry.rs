//! Log lines, one format for people and one for machines, both on standard error; and the names of all metrics.

use std::io::IsTerminal as _;

use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder, core::Collector};
pub use prometheus::{IntCounter, IntGauge};
use tracing_subscriber::{
    Layer as _,
    filter::{FilterExt as _, LevelFilter, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::config::TelemetryConfig;

/// Starts logging. A second call in one process changes nothing.
pub fn start(config: &TelemetryConfig) {
    // The filter was checked when the configuration was read. It knows targets and levels alone, as one that looks into
    // spans costs every request some time.
    let filter: Targets = config.filter.parse().unwrap_or_default();
    // Below that, libraries write what they are handed: URLs with passwords, messages of clients.
    let harmless = Targets::new().with_default(LevelFilter::INFO).with_target("supportgraph", LevelFilter::TRACE);
    let filter = filter.and(harmless);
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let lines = match config.json {
        true => lines.json().flatten_event(true).boxed(),
        false => lines.with_target(false).boxed(),
    };
    // It fails only where logging was started before.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

/// What one server counts; `docs/LIVE.md` explains each. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    pub live: LiveMetrics,
    pub quota: QuotaMetrics,
    pub credentials: CredentialMetrics,
    /// Live operations that are open, by transport.
    pub listeners: IntGaugeVec,
    /// Events that were handed to a transport, by transport.
    pub events_out: IntCounterVec,
    /// Records of the audit log that found no room.
    pub audit_lost: IntCounter,
    /// Sockets and streams that ended, by transport and reason.
    pub closed: IntCounterVec,
}

/// What the core of the live feeds counts.
#[derive(Clone)]
pub struct LiveMetrics {
    /// Batches of events that were worked out for a group of listeners.
    pub told: IntCounter,
    /// Steps that were merged into a later one for listeners that were late.
    pub conflated: IntCounter,
    /// Listeners that were too slow for their group and went back to the log.
    pub fell_back: IntCounter,
    /// Listeners that began at a cursor.
    pub resumed: IntCounter,
    /// Listeners whose cursor was too old, or of elsewhere.
    pub expired: IntCounter,
    /// Seconds from when an event was observed until it was told.
    pub lag: Histogram,
}

/// What is counted of each lane; `docs/LIMITS.md` explains each.
#[derive(Clone)]
pub struct QuotaMetrics {
    /// Objects in answers, by lane.
    pub cost: IntCounterVec,
    /// Requests that were refused, by lane and limit: `document`, `budget`, `requests` or `queue`.
    pub refused: IntCounterVec,
    /// Requests that wait for a place, by lane.
    pub waiting: IntGaugeVec,
}

/// What is counted of credentials; `docs/OPERATIONS.md` explains each.
#[derive(Clone)]
pub struct CredentialMetrics {
    /// Credentials that were not good.
    pub failed: IntCounter,
    /// Credentials that were not looked at, as too many from their address were not good.
    pub held_off: IntCounter,
}

/// Bounds of what is measured in seconds.
const SECONDS: [f64; 11] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0];

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let counter = |name, help| registered(&registry, IntCounter::with_opts, [name, help]);
        let seconds = |opts: Opts| Histogram::with_opts(HistogramOpts::from(opts).buckets(SECONDS.to_vec()));
        let live = LiveMetrics {
            told: counter("supportgraph_live_told_total", "Batches of events worked out for a group of listeners."),
            conflated: counter("supportgraph_live_conflated_total", "Steps merged into a later one for the late."),
            fell_back: counter("supportgraph_live_fell_back_total", "Listeners that were too slow for their group."),
            resumed: counter("supportgraph_live_resumed_total", "Listeners that began at a cursor."),
            expired: counter("supportgraph_live_expired_total", "Listeners whose cursor was too old or of elsewhere."),
            lag: registered(
                &registry,
                seconds,
                ["supportgraph_live_lag_seconds", "From when an event was observed until it was told."],
            ),
        };
        let listeners = registered(
            &registry,
            |opts| IntGaugeVec::new(opts, &["transport"]),
            ["supportgraph_live_listeners", "Live operations that are open."],
        );
        let events_out = registered(
            &registry,
            |opts| IntCounterVec::new(opts, &["transport"]),
            ["supportgraph_live_events_out_total", "Events sent to listeners."],
        );
        let closed = registered(
            &registry,
            |opts| IntCounterVec::new(opts, &["transport", "reason"]),
            ["supportgraph_live_closed_total", "Sockets and streams that ended."],
        );
        let quota = QuotaMetrics {
            cost: registered(
                &registry,
                |opts| IntCounterVec::new(opts, &["lane"]),
                ["supportgraph_cost_total", "Objects in answers, as they are charged."],
            ),
            refused: registered(
                &registry,
                |opts| IntCounterVec::new(opts, &["lane", "limit"]),
                ["supportgraph_refused_total", "Requests that asked for too much, or too soon."],
            ),
            waiting: registered(
                &registry,
                |opts| IntGaugeVec::new(opts, &["lane"]),
                ["supportgraph_waiting", "Requests that wait for a place in their lane."],
            ),
        };
        let credentials = CredentialMetrics {
            failed: counter("supportgraph_credentials_failed_total", "Credentials that were not good."),
            held_off: counter(
                "supportgraph_credentials_held_off_total",
                "Credentials that were not looked at, as too many from their address were not good.",
            ),
        };
        let audit_lost = counter("supportgraph_audit_lost_total", "Records of the audit log that found no room.");
        Self { registry, live, quota, credentials, listeners, events_out, closed, audit_lost }
    }
}

impl Metrics {
    /// Everything in the text format of Prometheus.
    pub fn text(&self) -> String {
        // Fails only for a metric of two names, which the first test of this would find.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    make: impl FnOnce(Opts) -> prometheus::Result<C>,
    [name, help]: [&str; 2],
) -> C {
    let collector = make(Opts::new(name, help)).expect("the name is well formed");
    registry.register(Box::new(collector.clone())).expect("each name is used once");
    collector
}
