//! `supportgraph import`

use std::{fmt::Write as _, path::PathBuf};

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::{
    Failure,
    output::{print, tell},
    progress::Progress,
    tenant,
};
use crate::{
    actions::import::{self, Options, Report, Step, Tally},
    app::{self, with_cause},
    config::Config,
    domain::clock::Clock,
};

/// So many unusable items are shown; all of them are kept in the database.
const SHOWN: usize = 50;

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  supportgraph import partner.toml answers/\n  \
    supportgraph import --customer 4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04 health.json\n\n\
    Files are recognised by what is in them, whatever their names. Folders are read with all folders below.\n\n\
    Whose a document is: --customer says it, else the nearest folder above the file that is named by a GUID, the \
    customer's tenant id. A folder below one called `subscriptions` names the subscription: \
    <tenant>/subscriptions/<subscription>/supportcontact.json. The partner is told by --partner, else by its partner file \
    or organization profile among the paths, else it is the only one in the database.\n\n\
    When a document was fetched is the time of the file's last change, so importing a file again changes nothing, and an \
    older file does not undo a newer one.\n\n\
    docs/IMPORT.md tells more. Exit code 1: something could not be imported; it is named.")]
pub(super) struct Arguments {
    /// Files or folders: .json files of what the APIs answered, .toml files of the partner's own data
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Tenant id of the partner whose documents they are
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    partner: Option<String>,
    /// Tenant id of the customer whom all documents concern
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    customer: Option<String>,
    /// When the documents were fetched, e.g. 2026-01-31T08:00:00Z; otherwise the time of each file's last change
    #[arg(long, value_name = "TIME", value_parser = moment)]
    observed_at: Option<DateTime<Utc>>,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    text.parse().map_err(|_| "not a time with its zone such as 2026-01-31T08:00:00Z".to_owned())
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    let store = app::connect(&config.database).await?;
    app::bring_up_to_date(&store, &config.database).await?;
    let options = Options {
        partner: arguments.partner.clone(),
        customer: arguments.customer.clone(),
        observed_at: arguments.observed_at,
    };
    let mut bar: Option<(bool, Progress)> = None;
    let mut progress = |step: Step| {
        let (applies, done, total) = match step {
            Step::Recognised(done, total) => (false, done, total),
            Step::Applied(done, total) => (true, done, total),
        };
        if bar.as_ref().is_none_or(|(applying, _)| *applying != applies) {
            let what = if applies { "importing documents" } else { "looking at files" };
            // The old one has to leave the screen before the new one is drawn.
            bar = None;
            bar = Some((applies, Progress::new(what, total)));
        }
        if let Some((_, bar)) = &mut bar {
            bar.at(done);
        }
    };
    let report = import::run(&store, &Clock::system(), &arguments.paths, &options, &mut progress).await;
    drop(bar);
    let report = report.map_err(with_cause)?;
    tell_problems(&report);
    print_summary(&report)?;
    match report.stopped {
        Some((path, error)) => Err(Failure::Failed(anyhow!(
            "stopped at {}: {:#}. Nothing of this file and of those after it was stored; import everything again when that \
             is mended, what is in already will be recognised",
            path.display(),
            with_cause(error)
        ))),
        None if report.tallies.is_empty() && report.failed.is_empty() => {
            Err(Failure::Failed(anyhow!("there was nothing to import")))
        }
        None if report.failed.is_empty() => Ok(()),
        None => Err(Failure::Failed(anyhow!("{} could not be imported", count(report.failed.len(), "file")))),
    }
}

fn tell_problems(report: &Report) {
    for (path, reason) in &report.skipped {
        tell(format_args!("skipped {}: {reason}", path.display()));
    }
    for (path, item) in report.quarantined.iter().take(SHOWN) {
        tell(format_args!("left out of {}, {}: {}", path.display(), item.place, item.reason));
    }
    if report.quarantined.len() > SHOWN {
        tell(format_args!("left out: {} more", count(report.quarantined.len() - SHOWN, "item")));
    }
    for (path, reason) in &report.failed {
        tell(format_args!("failed {}: {reason}", path.display()));
    }
}

fn print_summary(report: &Report) -> anyhow::Result<()> {
    if report.tallies.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<(&str, Tally)> = report.tallies.iter().map(|(kind, tally)| (kind.what(), *tally)).collect();
    if rows.len() > 1 {
        rows.push(("all", report.total()));
    }
    let width = rows.iter().map(|(what, _)| what.len()).max().unwrap_or_default();
    let mut text = format!(
        "{:width$}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>11}\n",
        "", "documents", "added", "changed", "unchanged", "outdated", "quarantined"
    );
    for (what, Tally { documents, added, changed, unchanged, outdated, quarantined }) in rows {
        let _ = writeln!(
            text,
            "{what:width$}  {documents:>9}  {added:>9}  {changed:>9}  {unchanged:>9}  {outdated:>9}  {quarantined:>11}"
        );
    }
    print(text)?;
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
