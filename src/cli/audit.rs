//! `supportgraph audit`

use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::ValueEnum;
use serde_json::{Value, json};

use super::{Failure, progress::Progress};
use crate::{
    actions::{Actions, COMMAND_LINE},
    app::{self, with_cause},
    config::Config,
    domain::{
        AuditRecordId, PartnerId,
        audit::{AuditRecord, KEPT_DAYS},
        clock::Clock,
        filter::Range,
    },
    engine::global_id,
    store::Store,
};

/// So many records are read at once.
const PAGE: u64 = 500;
/// So many are deleted at once: others write in between.
const STEP: u64 = 5_000;
/// A hundred years, to keep arithmetic within what a calendar can hold.
const MOST_DAYS: u32 = 36_500;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Print the audit log, oldest first
    #[command(after_help = "Examples:\n  supportgraph audit export --since 2026-11-01T00:00:00Z > november.ndjson\n  \
        supportgraph audit export --partner 4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04 --format csv\n\n\
        Without --partner it is everything, with what nobody who was proven did.")]
    Export(Export),
    /// Delete old records for good, and record that
    #[command(after_help = "Example:\n  supportgraph audit prune --older-than-days 365\n\n\
        Export first what has to be kept elsewhere. Each step is recorded as AUDIT_PRUNE with the number of records and the \
        moment from before which they were. The database lets no record go that is younger than 90 days, whoever asks.")]
    Prune(Prune),
}

#[derive(clap::Args)]
struct Export {
    /// Tenant id of the partner whose records are wanted
    #[arg(long, value_name = "TENANT")]
    partner: Option<String>,
    /// The first moment that counts, e.g. 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    /// The first moment that no longer counts
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// One JSON object a line, or a table
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
}

#[derive(clap::Args)]
struct Prune {
    /// Days after which a record goes, at least 90
    #[arg(long, value_name = "N", value_parser = days)]
    older_than_days: u32,
}

fn days(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(days) if days < KEPT_DAYS => {
            Err(format!("each record is kept for {KEPT_DAYS} days; give {KEPT_DAYS} or more"))
        }
        Ok(days) if days <= MOST_DAYS => Ok(days),
        _ => Err(format!("expected a number of days from {KEPT_DAYS} to {MOST_DAYS}")),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Ndjson,
    Csv,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    let store = app::connect(&config.database).await?;
    app::bring_up_to_date(&store, &config.database).await?;
    match &arguments.command {
        Command::Export(arguments) => export(arguments, &store).await,
        Command::Prune(arguments) => prune(arguments, &store).await,
    }
}

async fn prune(prune: &Prune, store: &Store) -> Result<(), Failure> {
    let clock = Clock::system();
    let before = clock.now() - TimeDelta::days(prune.older_than_days.into());
    let old = store.audit_before(before).await.map_err(with_cause)?;
    let total: u64 = old.iter().map(|(_, count)| count).sum();
    let since = before.to_rfc3339_opts(SecondsFormat::Secs, true);
    eprintln!("{total} records are from before {since}");
    let actions = Actions::new(store, &clock, COMMAND_LINE);
    let mut progress = Progress::new("deleting", usize::try_from(total).unwrap_or(usize::MAX));
    let mut deleted = 0;
    for (owner, _) in old {
        loop {
            let step = actions.prune_audit(owner, before, STEP).await.map_err(with_cause)?;
            if step == 0 {
                break;
            }
            deleted += step;
            progress.at(usize::try_from(deleted).unwrap_or(usize::MAX));
        }
    }
    drop(progress);
    println!("deleted {deleted} records");
    Ok(())
}

async fn export(export: &Export, store: &Store) -> Result<(), Failure> {
    let partner = export.partner.as_deref().map(PartnerId::of_tenant);
    let range = Range { from: export.since, until: export.until };
    let mut out = Out::new(export.format);
    let mut last: Option<AuditRecord> = None;
    loop {
        let page = store.audit_after(partner, &range, last.as_ref(), PAGE).await.map_err(with_cause)?;
        for record in &page {
            out.write(record)?;
        }
        match page.into_iter().next_back() {
            Some(record) => last = Some(record),
            None => return Ok(out.end()?),
        }
    }
}

/// Where records are printed.
enum Out {
    Lines(BufWriter<io::Stdout>),
    Table { table: Box<csv::Writer<io::Stdout>>, has_head: bool },
}

impl Out {
    fn new(format: Format) -> Self {
        match format {
            Format::Ndjson => Self::Lines(BufWriter::new(io::stdout())),
            Format::Csv => Self::Table { table: Box::new(csv::Writer::from_writer(io::stdout())), has_head: false },
        }
    }

    fn write(&mut self, record: &AuditRecord) -> anyhow::Result<()> {
        let members = members(record);
        let written = match self {
            Self::Lines(out) => {
                let line = Value::Object(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect());
                writeln!(out, "{line}")
            }
            Self::Table { table, has_head } => {
                if !*has_head {
                    *has_head = true;
                    table.write_record(members.each_ref().map(|(name, _)| *name)).context("nobody reads")?;
                }
                table.write_record(members.map(|(_, value)| cell(value))).map_err(io::Error::other)
            }
        };
        written.context("the output cannot be written")
    }

    fn end(self) -> anyhow::Result<()> {
        let ended = match self {
            Self::Lines(mut out) => out.flush(),
            Self::Table { mut table, .. } => table.flush(),
        };
        ended.context("the output cannot be written")
    }
}

/// A record by the names of the schema.
fn members(record: &AuditRecord) -> [(&'static str, Value); 15] {
    let AuditRecord { action, outcome, roles, .. } = record;
    let roles: Vec<&str> = roles.iter().map(|role| (*role).into()).collect();
    [
        ("id", json!(global_id(AuditRecordId::PREFIX, record.id.0))),
        ("occurredAt", json!(record.occurred_at.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
        ("partnerId", json!(record.partner_id.map(|partner| global_id(PartnerId::PREFIX, partner.0)))),
        ("action", json!(<&str>::from(*action))),
        ("outcome", json!(<&str>::from(*outcome))),
        ("subject", json!(record.subject)),
        ("name", json!(record.name)),
        ("roles", json!(roles)),
        ("targetId", json!(record.entity_id.map(|id| global_id(action.prefix(), id)))),
        ("target", json!(record.target)),
        ("address", json!(record.address)),
        ("correlationId", json!(record.correlation_id)),
        ("code", json!(record.code)),
        ("inputs", json!(record.inputs)),
        ("refused", json!(record.refused)),
    ]
}

/// A value as a cell. A text that a spreadsheet would take for a formula gets an apostrophe: callers choose some of them.
fn cell(value: Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    };
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell(json!("=1+1")), "'=1+1");
        assert_eq!(
            cell(json!(["READ_PRICES price", "READ_AUDIT auditRecords"])),
            "READ_PRICES price; READ_AUDIT auditRecords"
        );
        assert_eq!(cell(Value::Null), "");
    }
}
