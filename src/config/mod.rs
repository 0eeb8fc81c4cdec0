//! The typed configuration: defaults, then a TOML file, then `SUPPORTGRAPH_SECTION__FIELD`.
//!
//! Unknown fields are refused, and all problems are told at once. Nothing else reads the environment.

mod check;
mod issuer;
mod section;
mod sections;
mod setting;
mod source;

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use figment::value::Value;

pub use check::network;
pub use issuer::{IssuerConfig, TENANT, is_safe};
pub use section::Field;
pub use sections::{
    AuthConfig, BusConfig, CacheConfig, DatabaseConfig, DocumentsConfig, LimitsConfig, LiveConfig, ResponseStatus,
    ServerConfig, TelemetryConfig,
};
use source::Source;
pub use source::{Origin, Problem, variable};

/// The file that is read when it exists and none was named.
pub const DEFAULT_FILE: &str = "supportgraph.toml";

/// Who looks for other nodes' changes less often than that should be woken by a bus.
const LONG_POLL_SECONDS: u64 = 10;

/// Everything that can be set.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub server: ServerConfig,
    pub auth: AuthConfig,
    pub database: DatabaseConfig,
    pub limits: LimitsConfig,
    pub cache: CacheConfig,
    pub documents: DocumentsConfig,
    pub live: LiveConfig,
    pub bus: BusConfig,
    pub telemetry: TelemetryConfig,
    origins: std::collections::BTreeMap<&'static str, Origin>,
}

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the configuration is not usable:")?;
        self.0.iter().try_for_each(|problem| write!(out, "\n- {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// Reads `file` and the variables of the process. Without a file, `SUPPORTGRAPH_CONFIG` names one, and
    /// `supportgraph.toml` is read where it exists.
    ///
    /// # Errors
    ///
    /// Every problem found, each with the field, where its value came from, what is wrong and what would be right.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn load(file: Option<&Path>) -> Result<Self, Problems> {
        let named = file.map(Path::to_owned).or_else(|| std::env::var_os("SUPPORTGRAPH_CONFIG").map(PathBuf::from));
        let file = named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists()));
        // A variable that is not UTF-8 is none of ours.
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(file.as_deref(), variables)
    }

    /// Reads `file`, then lets `variables` override it.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn read(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Problems> {
        let mut source = Source::new(file, variables);
        let mut config = Self {
            server: ServerConfig::read(&mut source),
            auth: AuthConfig::read(&mut source),
            database: DatabaseConfig::read(&mut source),
            limits: LimitsConfig::read(&mut source),
            cache: CacheConfig::read(&mut source),
            documents: DocumentsConfig::read(&mut source),
            live: LiveConfig::read(&mut source),
            bus: BusConfig::read(&mut source),
            telemetry: TelemetryConfig::read(&mut source),
            origins: Default::default(),
        };
        source.refuse_unknown();
        config.origins = source.origins;
        if source.problems.is_empty() { Ok(config) } else { Err(Problems(source.problems)) }
    }

    /// Every field with its present value.
    pub fn fields(&self) -> Vec<Field> {
        let sections = [
            self.server.fields(),
            self.auth.fields(),
            self.database.fields(),
            self.limits.fields(),
            self.cache.fields(),
            self.documents.fields(),
            self.live.fields(),
            self.bus.fields(),
            self.telemetry.fields(),
        ];
        sections.into_iter().flatten().collect()
    }

    /// Why `serve` must not begin: the whole network would see every partner's data.
    pub fn refused(&self) -> Option<Problems> {
        let listen = self.server.listen;
        if listen.ip().is_loopback() || self.auth.is_required() {
            return None;
        }
        let text = format!(
            "listening on {listen} would show every partner's data to the whole network, as no authentication is set up; \
             set auth.issuers to accept tokens, or auth.required = true to accept API keys alone (`supportgraph key \
             issue` makes one), or set server.listen to a loopback address such as 127.0.0.1:{}",
            listen.port()
        );
        let what = "server.listen";
        Some(Problems(vec![Problem { what: what.to_owned(), origin: self.origin(what), text }]))
    }

    /// What is legal, and most likely not meant.
    pub fn warnings(&self) -> Vec<String> {
        let embedded = self.database.is_embedded();
        let mut warnings = Vec::new();
        if self.auth.required && self.auth.issuers.is_empty() && !self.auth.api_keys {
            warnings.push(
                "auth.required is set, but there is no issuer and API keys are off: nobody can come in; set auth.issuers or \
                 auth.api_keys"
                    .to_owned(),
            );
        }
        if embedded && self.bus.url.is_some() {
            warnings.push(
                "bus.url is set, but a SQLite database has one node alone: there is nobody to wake; for several nodes, set \
                 database.url to PostgreSQL"
                    .to_owned(),
            );
        }
        if !embedded && self.bus.url.is_none() && self.live.poll_seconds > LONG_POLL_SECONDS {
            warnings.push(format!(
                "without a bus, changes that other nodes write are told up to live.poll_seconds = {} seconds late; set bus.url, \
                 or look more often",
                self.live.poll_seconds
            ));
        }
        if self.live.operations_per_caller >= self.live.operations {
            warnings.push(format!(
                "live.operations_per_caller = {} lets one caller take every place of live.operations = {}; a tenth of it leaves \
                 room for others",
                self.live.operations_per_caller, self.live.operations
            ));
        }
        warnings
    }

    /// Where the value of `field` comes from.
    pub fn origin(&self, field: &str) -> Origin {
        self.origins.get(field).cloned().unwrap_or(Origin::Default)
    }

    /// The defaults as the table of the README.
    pub fn table() -> String {
        let mut table = "| Setting | Default | Meaning |\n|---|---|---|\n".to_owned();
        for Field { name, about, value } in Self::default().fields() {
            let _ = writeln!(table, "| `{name}` | `{value}` | {about} |");
        }
        table
    }
}

/// A value as its sender wrote it, for messages.
fn value_text(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Array(..) => "a list".to_owned(),
        Value::Dict(..) => "a section".to_owned(),
        Value::Empty(..) => "nothing".to_owned(),
        Value::Char(_, letter) => format!("{letter:?}"),
        Value::Bool(_, value) => value.to_string(),
        Value::Num(_, number) => number
            .to_i128()
            .map(|number| number.to_string())
            .or_else(|| number.to_u128().map(|number| number.to_string()))
            .or_else(|| number.to_f64().map(|number| number.to_string()))
            .unwrap_or_default(),
    }
}
