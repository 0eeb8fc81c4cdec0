//! `supportgraph migrate`

use anyhow::anyhow;

use super::{
    Failure,
    output::{print, tell},
};
use crate::{
    app::{self, with_cause},
    config::Config,
    store::MigrationState,
};

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  supportgraph migrate\n  supportgraph migrate --check && supportgraph serve")]
pub(super) struct Arguments {
    /// Change nothing; fail if the database is not up to date
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    let store = app::connect(&config.database).await?;
    match store.migration_state().await.map_err(with_cause)? {
        MigrationState::UpToDate => {
            print("the database is up to date\n")?;
        }
        MigrationState::Behind { .. } if arguments.check => {
            return Err(Failure::Failed(anyhow!(
                "the database is older than this program; run `supportgraph migrate`"
            )));
        }
        MigrationState::Behind { .. } => {
            store.migrate().await.map_err(with_cause)?;
            print("the database has been brought up to date\n")?;
        }
        MigrationState::Newer { .. } => return Err(Failure::Failed(app::newer_database())),
    }
    if let Some(warning) = app::missing_second_wall(&store, &config.database).await? {
        tell(format_args!("note: {warning}"));
    }
    Ok(())
}
