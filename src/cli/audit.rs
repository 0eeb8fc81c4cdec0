//! `supportgraph audit`

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::ValueEnum;
use serde_json::{Value, json};

use super::{
    Failure,
    output::{print, tell},
    partner_of,
    progress::Progress,
    tenant,
};
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
        supportgraph audit export --partner 3b33e682-00c3-41ee-9dd2-a548adf56438 --format csv\n\n\
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
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
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
    tell(format_args!("{total} records are from before {since}"));
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
    print(format_args!("deleted {deleted} records\n"))?;
    Ok(())
}

async fn export(export: &Export, store: &Store) -> Result<(), Failure> {
    let partner = match &export.partner {
        Some(tenant) => Some(partner_of(tenant, store).await?),
        None => None,
    };
    let range = Range { from: export.since, until: export.until };
    let mut is_read = print(head(export.format)?)?;
    let mut last: Option<AuditRecord> = None;
    while is_read {
        let mut page = store.audit_after(partner, &range, last.as_ref(), PAGE).await.map_err(with_cause)?;
        is_read = !page.is_empty() && print(lines(&page, export.format)?)?;
        last = page.pop();
    }
    Ok(())
}

/// What stands above the records.
fn head(format: Format) -> anyhow::Result<String> {
    match format {
        Format::Ndjson => Ok(String::new()),
        Format::Csv => table([COLUMNS.map(|(name, _)| name.to_owned())]),
    }
}

fn lines(records: &[AuditRecord], format: Format) -> anyhow::Result<String> {
    match format {
        Format::Ndjson => {
            let object = |record| Value::from_iter(COLUMNS.map(|(name, value)| (name, value(record))));
            Ok(records.iter().map(|record| format!("{}\n", object(record))).collect())
        }
        Format::Csv => table(records.iter().map(|record| COLUMNS.map(|(_, value)| cell(value(record))))),
    }
}

fn table(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> anyhow::Result<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    rows.into_iter().try_for_each(|row| table.write_record(row))?;
    Ok(String::from_utf8(table.into_inner()?)?)
}

/// What is told of a record, by its name in the schema.
type Column = (&'static str, fn(&AuditRecord) -> Value);

const COLUMNS: [Column; 15] = [
    ("id", |record| json!(global_id(AuditRecordId::PREFIX, record.id.0))),
    ("occurredAt", |record| json!(record.occurred_at.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
    ("partnerId", |record| json!(record.partner_id.map(|partner| global_id(PartnerId::PREFIX, partner.0)))),
    ("action", |record| json!(<&str>::from(record.action))),
    ("outcome", |record| json!(<&str>::from(record.outcome))),
    ("subject", |record| json!(record.subject)),
    ("name", |record| json!(record.name)),
    ("roles", |record| record.roles.iter().map(|role| <&str>::from(*role)).collect()),
    ("targetId", |record| json!(record.entity_id.map(|id| global_id(record.action.prefix(), id)))),
    ("target", |record| json!(record.target)),
    ("address", |record| json!(record.address)),
    ("correlationId", |record| json!(record.correlation_id)),
    ("code", |record| json!(record.code)),
    ("inputs", |record| json!(record.inputs)),
    ("refused", |record| json!(record.refused)),
];

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
