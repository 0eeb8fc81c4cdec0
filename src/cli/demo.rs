//! `supportgraph demo`

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use clap::builder::RangedU64ValueParser;
use tokio::time::MissedTickBehavior;

use super::{
    Failure,
    output::{print, tell},
    progress::Progress,
    role,
    serve::{Signals, until_signal},
};
use crate::{
    app::{self, App, with_cause},
    auth::Local,
    config::{AuthConfig, Config, DatabaseConfig},
    domain::{
        CustomerId,
        access::{Role, Scope},
        clock::Clock,
    },
    store::{ScopedStore, Store},
    upstream::demo::{Life, World},
};

/// Time between two things that happen.
const PACE: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  supportgraph demo\n  supportgraph demo --customers 10000 --port 9000\n  \
    supportgraph demo --role HELPDESK_AGENT\n  \
    supportgraph demo --role CUSTOMER_USER --customer Contoso\n\n\
    Everything is invented, and kept in a temporary folder that is deleted at the end. While the demo runs, incidents \
    come and go and the health of services follows. The server listens on this machine only.")]
pub(super) struct Arguments {
    /// How many customers the partner has
    #[arg(long, value_name = "N", default_value_t = 300,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=World::MOST_CUSTOMERS as u64))]
    customers: usize,
    /// Another number invents another partner; the same one the same partner
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Port to listen on; 0 for any that is free
    #[arg(long, value_name = "P", default_value_t = 8080)]
    port: u16,
    /// As whom everything is answered; several roles add up. Otherwise as a Global admin
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// Name or tenant id of a customer; everything is answered as for somebody who reaches these alone
    #[arg(long = "customer", value_name = "CUSTOMER")]
    only: Vec<String>,
}

/// Through whose eyes the demo is seen.
struct View {
    local: Local,
    /// For people; empty for a Global admin.
    told: String,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    is_free(listen)?;
    let clock = Clock::system();
    let world = World::new(arguments.customers, arguments.seed, clock.now());
    let view = view(arguments, &world)?;
    let mut signals = Signals::new()?;
    let folder = tempfile::Builder::new().prefix("supportgraph-demo-").tempdir().context("no temporary folder")?;
    let mut config = config.clone();
    config.server.listen = listen;
    config.server.partner = None;
    let url = format!("sqlite://{}", folder.path().join("demo.db").display());
    config.database = DatabaseConfig { url: url.into(), ..DatabaseConfig::default() };

    // Only this machine reaches it, and nothing in it is anybody's.
    config.auth = AuthConfig::default();

    let life = tokio::select! {
        life = fill(arguments, world, &config.database, &clock) => life?,
        () = signals.stop() => {
            tell("stopped before the demo was ready");
            return Ok(());
        }
    };
    let partner = life.partner_name();
    let app = App::start_for(&config, clock.clone(), view.local).await?;
    let living = tokio::spawn(live(life, app.store.clone(), clock));
    let addr = app.addr;
    print(format_args!(
        "\nThis is demo data: {partner} and its {} customers are invented, and only this machine can reach them.\n\n  \
           playground  http://{addr}/playground\n  \
           GraphQL     http://{addr}/graphql\n  \
           schema      http://{addr}/schema.graphql\n\n{}\
         Incidents come and go while it runs. Stop it with Ctrl+C; the data is deleted then.\n",
        arguments.customers, view.told
    ))?;
    let stopped = until_signal(app, signals).await;
    living.abort();
    stopped
}

/// Who sees the demo, as the arguments say.
fn view(arguments: &Arguments, world: &World) -> Result<View, Failure> {
    let Arguments { roles, only, .. } = arguments;
    let mut found: Vec<(CustomerId, String)> = Vec::new();
    for wanted in only {
        found.push(world.customer_called(wanted).ok_or_else(|| {
            Failure::Usage(format!(
                "the demo has no customer {wanted:?}; the playground shows their names and tenant ids"
            ))
        })?);
    }
    if roles.contains(&Role::CustomerUser) && found.is_empty() {
        let example = world.customer_names().next().unwrap_or_default();
        return Err(Failure::Usage(format!(
            "a CUSTOMER_USER sees its own tenant alone; say which with --customer, e.g. --customer {example:?}"
        )));
    }
    let mut local = Local::admin(None);
    if !roles.is_empty() {
        local.roles.clone_from(roles);
    }
    let names: Vec<&str> = local.roles.iter().map(|role| (*role).into()).collect();
    let of = found.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
    let told = match (roles.is_empty(), found.is_empty()) {
        (true, true) => String::new(),
        (_, true) => format!("Everything is answered as for {}.\n\n", names.join(" and ")),
        (_, false) => format!("Everything is answered as for {} who reaches {of} alone.\n\n", names.join(" and ")),
    };
    local.customers = (!found.is_empty()).then(|| found.iter().map(|(id, _)| *id).collect());
    Ok(View { local, told })
}

/// Whether the port can be had: better known before the data is made.
fn is_free(listen: SocketAddr) -> anyhow::Result<()> {
    TcpListener::bind(listen).map(drop).map_err(|error| {
        let port = listen.port();
        anyhow!(
            "cannot listen on {listen} ({error}); choose another port, e.g. `supportgraph demo --port {}`",
            match port {
                8080 => 8081,
                _ => 0,
            }
        )
    })
}

/// Puts everything of the invented partner into the database.
async fn fill(arguments: &Arguments, world: World, database: &DatabaseConfig, clock: &Clock) -> anyhow::Result<Life> {
    let store = app::connect(database).await?;
    store.migrate().await.map_err(with_cause)?;
    let now = clock.now();
    let store = store.scoped(&Scope::partner(world.partner()));
    let mut progress = Progress::new("inventing customers", arguments.customers);
    let batches = world.batch_count();
    for (index, batch) in world.batches().enumerate() {
        store.apply(batch, "demo", now).await.map_err(with_cause).context("the demo data could not be stored")?;
        progress.at(arguments.customers * (index + 1) / batches);
    }
    Ok(world.life())
}

/// Lets time pass until it is stopped.
async fn live(mut life: Life, store: Store, clock: Clock) {
    let store: ScopedStore = store.scoped(&Scope::partner(life.partner()));
    let mut ticks = tokio::time::interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock.now();
        let batch = life.next(now);
        if let Err(error) = store.apply(batch, "demo", now).await {
            tracing::warn!(error = %with_cause(error), "a change of the demo was lost");
        }
    }
}
