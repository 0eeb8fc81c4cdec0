//! `supportgraph key`

use std::fmt::Write as _;

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Subcommand;

use super::{
    Failure, lane,
    output::{print, tell},
    partner_of, role, tenant,
};
use crate::{
    actions::{Actions, COMMAND_LINE},
    app::{self, with_cause},
    config::Config,
    domain::{
        CustomerId, Error, PartnerId,
        access::{Lane, Role, Scope, Viewer},
        api_key::{ApiKey, NewKey},
        clock::Clock,
        page::Wants,
    },
    store::Store,
};

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    supportgraph key issue --name \"Power BI\" --role SALES_AGENT --expires-days 365\n  \
    supportgraph key issue --name \"Contoso's portal\" --role CUSTOMER_USER \
    --customer 4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04 --lane screen\n  \
    supportgraph key list\n  \
    supportgraph key revoke k7m2q4xz\n\n\
    A key is sent as `authorization: Bearer KEY`, or as the password of Basic with any user name, which is what Excel \
    and Power BI ask for. It is shown once. A key that is revoked stops within five seconds on every node.")]
pub(super) struct Arguments {
    /// Tenant id of the partner; needed once the database holds several
    #[arg(long, global = true, value_name = "TENANT", value_parser = tenant)]
    partner: Option<String>,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Make a key and print it, this once
    Issue(Issue),
    /// Print all keys, newest first
    List,
    /// End a key for good
    Revoke {
        /// The eight letters and digits between `sg_` and the next `_`
        prefix: String,
    },
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  supportgraph key issue --name \"Power BI\" --role SALES_AGENT --expires-days 365")]
struct Issue {
    /// Who uses it, for people
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// What it may do; several add up
    #[arg(long = "role", required = true, value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// Tenant id of a customer that it reaches; several add up. Without one it reaches all.
    #[arg(long = "customer", value_name = "TENANT", value_parser = tenant)]
    customers: Vec<String>,
    /// Days until it ends by itself; otherwise it is good until it is revoked
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
    expires_days: Option<u16>,
    /// Which share of the server it uses: bi, screen or playground
    #[arg(long, default_value = "bi", value_parser = lane)]
    lane: Lane,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    let store = app::connect(&config.database).await?;
    app::bring_up_to_date(&store, &config.database).await?;
    let clock = Clock::system();
    let partner = partner(&store, arguments.partner.as_deref()).await?;
    // Whoever can write to the database may do everything with it.
    let viewer = Viewer::new(COMMAND_LINE, COMMAND_LINE, [Role::GlobalAdmin], Scope::partner(partner));
    let actions = Actions::new(&store, &clock, COMMAND_LINE);
    match &arguments.act {
        Act::Issue(issue) => {
            let customers = issue.customers.iter().map(|tenant| CustomerId::of_tenant(partner, tenant));
            let new = NewKey {
                name: issue.name.clone(),
                roles: issue.roles.clone(),
                customers: (!issue.customers.is_empty()).then(|| customers.collect()),
                lane: issue.lane,
                expires_at: issue.expires_days.map(|days| clock.now() + TimeDelta::days(days.into())),
            };
            let issued = actions.issue_api_key(&viewer, new).await;
            if let Err(Error::OfInput { .. }) = issued {
                // It names a customer by an id that nobody typed.
                require_customers(&issue.customers, &store, &viewer.scope).await?;
            }
            let (key, text) = issued.map_err(with_cause)?;
            print(format_args!("{}\n", text.reveal()))?;
            let end = key.expires_at.map_or("until it is revoked".to_owned(), |end| format!("until {}", day(end)));
            tell(format_args!("this is the only time that it is shown; it is good {end}"));
        }
        Act::List => {
            let keys = actions.api_keys(&viewer).await.map_err(with_cause)?;
            list(&keys, &store, &viewer.scope, clock.now()).await?;
        }
        Act::Revoke { prefix } => {
            let key = actions.revoke_api_key(&viewer, prefix).await.map_err(with_cause)?;
            print(format_args!("revoked {} ({}); servers refuse it within five seconds\n", key.prefix, key.name))?;
        }
    }
    Ok(())
}

/// The partner that is named, else the only one.
async fn partner(store: &Store, named: Option<&str>) -> anyhow::Result<PartnerId> {
    if let Some(tenant) = named {
        return partner_of(tenant, store).await;
    }
    match store.partners().await.map_err(with_cause)?.as_slice() {
        [(only, ..)] => Ok(*only),
        [] => bail!("there is no partner in the database yet; import something first"),
        _ => bail!("the database holds several partners; say with --partner whose key it is"),
    }
}

/// # Errors
///
/// Tenants that are no customers of the partner, each as it was typed.
async fn require_customers(tenants: &[String], store: &Store, scope: &Scope) -> anyhow::Result<()> {
    let ids: Vec<CustomerId> = tenants.iter().map(|tenant| CustomerId::of_tenant(scope.partner, tenant)).collect();
    let known = store.scoped(scope).customers_by_id(&ids, &Wants::Everything).await.map_err(with_cause)?;
    let is_known = |id: &CustomerId| known.iter().any(|customer| customer.id == *id);
    let unknown = tenants.iter().zip(&ids).filter(|(_, id)| !is_known(id)).map(|(tenant, _)| tenant.as_str());
    match unknown.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        [one] => bail!("{one} is no customer of this partner; import it first"),
        several => bail!("{} are no customers of this partner; import them first", several.join(", ")),
    }
}

async fn list(keys: &[ApiKey], store: &Store, scope: &Scope, now: DateTime<Utc>) -> anyhow::Result<()> {
    let store = store.scoped(scope);
    let mut text =
        format!("{:8}  {:10}  {:10}  {:10}  {:16}  what\n", "prefix", "state", "issued", "ends", "last used");
    for key in keys {
        let state = match key.revoked_at {
            Some(_) => "revoked",
            None if key.is_good(now) => "good",
            None => "expired",
        };
        let or_never = |at: Option<String>| at.unwrap_or("never".to_owned());
        let roles: Vec<&str> = key.roles.iter().map(|role| (*role).into()).collect();
        let whose = match &key.customers {
            None => "all customers".to_owned(),
            Some(customers) => {
                let customers = store.customers_by_id(customers, &Wants::Everything).await.map_err(with_cause)?;
                customers.into_iter().map(|customer| customer.name).collect::<Vec<_>>().join(", ")
            }
        };
        let lane: &str = key.lane.into();
        let _ = writeln!(
            text,
            "{:8}  {state:10}  {:10}  {:10}  {:16}  {} ({}; {whose}; {lane})",
            key.prefix,
            day(key.created_at),
            or_never(key.expires_at.map(day)),
            or_never(key.last_used_at.map(minute)),
            key.name,
            roles.join(", "),
        );
    }
    print(text)?;
    Ok(())
}

fn day(at: DateTime<Utc>) -> String {
    at.date_naive().to_string()
}

/// In UTC, as days are.
fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}
