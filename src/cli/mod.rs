//! The command line: one file per command.

mod audit;
mod check_config;
mod demo;
mod documents;
mod import;
mod key;
mod migrate;
mod output;
mod progress;
mod roles;
mod schema;
mod serve;

use std::{fmt, path::PathBuf, process::ExitCode};

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use strum::IntoEnumIterator as _;
use uuid::Uuid;

use crate::{
    app::with_cause,
    config::{Config, Problems},
    domain::{
        PartnerId,
        access::{Lane, Role},
    },
    store::Store,
    telemetry,
};
use output::tell;

/// One GraphQL gateway for a Microsoft cloud partner.
#[derive(Parser)]
#[command(
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        supportgraph demo                              try it with invented data\n  \
        supportgraph import answers/ partner.toml      take in what Microsoft's APIs answered\n  \
        supportgraph serve                             answer at http://127.0.0.1:8080/playground\n  \
        supportgraph --config gateway.toml serve       with a configuration of your own\n  \
        SUPPORTGRAPH_SERVER__LISTEN=127.0.0.1:9000 supportgraph serve\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage or configuration."
)]
struct Arguments {
    /// Configuration file. Without it, the file that SUPPORTGRAPH_CONFIG names, or supportgraph.toml where it exists.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer queries until told to stop
    Serve(serve::Arguments),
    /// Try everything with an invented partner, on this machine only
    Demo(demo::Arguments),
    /// Take in files of what Microsoft's APIs answered, and the partner's own file
    Import(import::Arguments),
    /// Export the audit log, or delete what is old in it
    Audit(audit::Arguments),
    /// Issue, list and revoke the keys of programs
    Key(key::Arguments),
    /// Register documents that clients name instead of sending them
    Documents(documents::Arguments),
    /// Bring the database up to date
    Migrate(migrate::Arguments),
    /// Print the schema, or compare it with a file
    Schema(schema::Arguments),
    /// Print who may see and do what
    Roles(roles::Arguments),
    /// Print every setting with its value and where that comes from
    CheckConfig(check_config::Arguments),
}

/// Why a command ended without success.
enum Failure {
    /// The caller has to change the command or the configuration: exit code 2.
    Usage(String),
    /// It was tried and did not work: exit code 1.
    Failed(anyhow::Error),
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Usage(problems.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<Problems>().map_or_else(Self::Failed, Self::from)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => write!(out, "{text}"),
            // The chain of causes on one line.
            Self::Failed(error) => write!(out, "{error:#}"),
        }
    }
}

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    match execute(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(format_args!("supportgraph: {failure}"));
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

fn execute(arguments: Arguments) -> Result<(), Failure> {
    // The schema and the roles depend on nothing that can be set.
    if let Command::Schema(arguments) = &arguments.command {
        return schema::run(arguments);
    }
    if let Command::Roles(_) = &arguments.command {
        return roles::run();
    }
    let config = Config::load(arguments.config.as_deref())?;
    telemetry::start(&config.telemetry);
    match arguments.command {
        Command::Serve(arguments) => block_on(serve::run(&arguments, &config)),
        Command::Demo(arguments) => block_on(demo::run(&arguments, &config)),
        Command::Import(arguments) => block_on(import::run(&arguments, &config)),
        Command::Audit(arguments) => block_on(audit::run(&arguments, &config)),
        Command::Key(arguments) => block_on(key::run(&arguments, &config)),
        Command::Documents(arguments) => block_on(documents::run(&arguments, &config)),
        Command::Migrate(arguments) => block_on(migrate::run(&arguments, &config)),
        Command::CheckConfig(arguments) => check_config::run(&arguments, &config),
        Command::Schema(_) | Command::Roles(_) => Ok(()),
    }
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from)?;
    runtime.block_on(command)
}

/// The partner whose tenant somebody named.
async fn partner_of(tenant: &str, store: &Store) -> anyhow::Result<PartnerId> {
    let partners = store.partners().await.map_err(with_cause)?;
    let named = partners.into_iter().find(|(_, known, _)| known.eq_ignore_ascii_case(tenant));
    named.map(|(id, ..)| id).ok_or_else(|| anyhow!("there is no partner {tenant} in the database"))
}

/// A tenant id, in lower case.
fn tenant(text: &str) -> Result<String, String> {
    let guid = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    guid.map(|guid| guid.to_string())
        .ok_or_else(|| "not a GUID such as 4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04".to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    text.replace('-', "_").parse().map_err(|_| one_of(Role::iter()))
}

fn lane(text: &str) -> Result<Lane, String> {
    text.parse().map_err(|_| one_of(Lane::iter()))
}

fn one_of(words: impl Iterator<Item = impl Into<&'static str>>) -> String {
    format!("expected one of {}", words.map(Into::into).collect::<Vec<&str>>().join(", "))
}
