//! `fill CUSTOMERS URL...`: brings each database up to date and loads the same invented partner into all of them.

use std::{error::Error, time::Instant};

use supportgraph::{
    domain::{
        access::Scope,
        change::{Batch, Change},
        clock::Clock,
    },
    store::{ScopedStore, Store},
    upstream::demo::World,
};

const SEED: u64 = 1;

/// So many customers have a history of more than 1,000 faults.
const CUSTOMERS_OF_THE_HISTORY: usize = 20_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: fill CUSTOMERS URL...";
    let customers: usize = arguments.next().ok_or(usage)?.parse()?;
    let now = Clock::system().now();
    let world = World::new(customers, SEED, now);

    let mut stores: Vec<ScopedStore> = Vec::new();
    for url in arguments {
        let store = Store::connect(&url, 4).await?;
        store.migrate().await?;
        stores.push(store.scoped(&Scope::partner(world.partner())));
    }
    let started = Instant::now();
    // The flat list needs more incidents than a partner of this size has in sixty days.
    let history = World::new(CUSTOMERS_OF_THE_HISTORY, SEED + 1, now);
    for batch in world.batches().chain(history.batches().filter_map(past_faults)) {
        for store in &stores {
            store.apply(batch.clone(), "benchmark", now).await?;
        }
    }
    eprintln!("{customers} customers loaded in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// The faults of a batch that are over, seen by nobody.
fn past_faults(batch: Batch) -> Option<Batch> {
    let changes: Vec<Change> = batch
        .changes
        .into_iter()
        .filter_map(|change| match change {
            Change::Incident { incident, posts, impacts, .. } if incident.is_resolved => Some(Change::Incident {
                incident,
                posts,
                impacts,
                seen_by: Vec::new(),
                azure_subscriptions: Vec::new(),
            }),
            _ => None,
        })
        .collect();
    (!changes.is_empty()).then(|| Batch { changes, ..Batch::default() })
}
