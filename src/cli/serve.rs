//! `supportgraph serve`

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::{app::App, config::Config, domain::clock::Clock};

#[derive(clap::Args)]
#[command(after_help = "Example:\n  supportgraph serve\n\n\
    SIGTERM and SIGINT stop the server; what is in flight is answered first. A second signal stops it at once.")]
pub(super) struct Arguments {}

pub(super) async fn run(_: &Arguments, config: &Config) -> Result<(), Failure> {
    until_signal(App::start(config, Clock::system()).await?).await
}

/// Prints where to find the server, and stops it when the process is told to.
async fn until_signal(app: App) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    println!("supportgraph answers at http://{}/graphql; open http://{}/playground", app.addr, app.addr);

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    eprintln!("stopping: answering what is in flight; send the signal again to stop at once");
    let cut_off = tokio::select! {
        cut_off = app.stop() => cut_off?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    if cut_off > 0 {
        eprintln!("{cut_off} connections were cut off after server.drain_timeout_seconds");
    }
    Ok(())
}
