//! `supportgraph serve`

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    Failure,
    output::{print, tell},
};
use crate::{app::App, config::Config, domain::clock::Clock};

#[derive(clap::Args)]
#[command(after_help = "Example:\n  supportgraph serve\n\n\
    SIGTERM and SIGINT stop the server; what is in flight is answered first. A second signal stops it at once.")]
pub(super) struct Arguments {}

pub(super) async fn run(_: &Arguments, config: &Config) -> Result<(), Failure> {
    let signals = Signals::new()?;
    let app = App::start(config, Clock::system()).await?;
    let addr = app.addr;
    print(format_args!("supportgraph answers at http://{addr}/graphql; open http://{addr}/playground\n"))?;
    until_signal(app, signals).await
}

/// What tells the process to stop.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on signals do not end the process by themselves.
    pub fn new() -> anyhow::Result<Self> {
        let receive = |kind| signal(kind).context("signals cannot be received");
        Ok(Self { terminate: receive(SignalKind::terminate())?, interrupt: receive(SignalKind::interrupt())? })
    }

    /// Waits until the process is told to stop.
    pub async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Stops the server when the process is told to.
pub(super) async fn until_signal(app: App, mut signals: Signals) -> Result<(), Failure> {
    signals.stop().await;
    tell("stopping: answering what is in flight; send the signal again to stop at once");
    let cut_off = tokio::select! {
        cut_off = app.stop() => cut_off?,
        () = signals.stop() => return Ok(()),
    };
    if cut_off > 0 {
        tell(format_args!("{cut_off} connections were cut off after server.drain_timeout_seconds"));
    }
    Ok(())
}
