//! A believable partner with customers, invented: the same number, seed and time give the same partner.
//!
//! It speaks as the real upstreams do, in the same changes under the same ids, and goes the same way into the store.

mod catalog;
mod customers;
mod dice;
mod health;
mod incidents;
mod life;
mod messages;
mod names;
mod partner;
mod posts;
mod requests;
mod stories;
mod subscriptions;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use self::{catalog::SERVICES, customers::Tenant, health::Troubles, incidents::Fault};
use crate::domain::{
    CustomerId, PartnerId,
    change::{Batch, Change},
};

pub use life::Life;

/// So many customers of one batch.
const CUSTOMERS_AT_ONCE: usize = 500;

/// So many faults of one batch.
const FAULTS_AT_ONCE: usize = 50;

/// The invented partner, its customers, and what is wrong at the moment of its invention.
pub struct World {
    seed: u64,
    now: DateTime<Utc>,
    tenants: Vec<Tenant>,
    faults: Vec<Fault>,
}

impl World {
    /// So many customers have names of their own.
    pub const MOST_CUSTOMERS: usize = names::MOST;

    /// Invents a partner with so many customers, but at most [`World::MOST_CUSTOMERS`].
    pub fn new(customers: usize, seed: u64, now: DateTime<Utc>) -> Self {
        let names = names::names(seed, customers).into_iter().enumerate();
        let tenants: Vec<Tenant> =
            names.map(|(number, name)| Tenant::invent(seed, partner::id(), number, name)).collect();
        let faults = incidents::history(seed, partner::id(), &tenants, now);
        Self { seed, now, tenants, faults }
    }

    /// Whose world it is.
    pub fn partner(&self) -> PartnerId {
        partner::id()
    }

    /// The names of the customers.
    pub fn customer_names(&self) -> impl Iterator<Item = &str> {
        self.tenants.iter().map(|tenant| tenant.name.name.as_str())
    }

    /// The customer with this name or tenant id, in any letter case, and its name.
    pub fn customer_called(&self, wanted: &str) -> Option<(CustomerId, String)> {
        let is_wanted = |tenant: &&Tenant| {
            tenant.name.name.eq_ignore_ascii_case(wanted) || tenant.tenant_id.eq_ignore_ascii_case(wanted)
        };
        self.tenants.iter().find(is_wanted).map(|tenant| (tenant.id, tenant.name.name.clone()))
    }

    /// How many batches there are.
    pub fn batch_count(&self) -> usize {
        1 + 2 * self.tenants.len().div_ceil(CUSTOMERS_AT_ONCE) + self.faults.len().div_ceil(FAULTS_AT_ONCE) + 1
    }

    /// Everything, in the order in which it can be applied: each batch refers to itself and to those before it.
    pub fn batches(&self) -> impl Iterator<Item = Batch> + '_ {
        let troubles = Troubles::of(&self.faults, self.tenants.len());
        let of_customers = move |tenants: &[Tenant]| {
            let changes = tenants.iter().flat_map(|tenant| self.customer(tenant, &troubles));
            batch(changes.collect())
        };
        let of_faults = |faults: &[Fault]| {
            let changes = faults.iter().map(|fault| fault.change(self.seed, self.partner(), &self.tenants, self.now));
            batch(changes.collect())
        };
        let seen = self.faults_of_each_customer();
        let of_requests = move |tenants: &[Tenant]| {
            let requests = tenants.iter().flat_map(|tenant| {
                requests::of_customer(tenant, self.seed, self.partner(), &seen[tenant.number], self.now)
            });
            batch(requests.map(|request| request.change(self.now)).collect())
        };
        std::iter::once_with(|| self.before_customers())
            .chain(self.tenants.chunks(CUSTOMERS_AT_ONCE).map(of_customers))
            .chain(self.faults.chunks(FAULTS_AT_ONCE).map(of_faults))
            .chain(std::iter::once_with(|| {
                batch(messages::changes(self.seed, self.partner(), &self.tenants, self.now))
            }))
            .chain(self.tenants.chunks(CUSTOMERS_AT_ONCE).map(of_requests))
    }

    /// What happens from now on.
    pub fn life(self) -> Life {
        Life::new(self)
    }

    fn before_customers(&self) -> Batch {
        let mut changes = partner::changes(self.seed, self.now);
        let services = (0..SERVICES.len()).map(|service| catalog::service(self.partner(), service));
        let azure = catalog::AZURE_SERVICES.iter().map(|name| catalog::azure_service(self.partner(), name));
        changes.extend(services.chain(azure).map(Change::Service));
        batch(changes)
    }

    fn customer(&self, tenant: &Tenant, troubles: &Troubles<'_>) -> Vec<Change> {
        let mut changes = tenant.changes(self.seed, self.partner(), self.now);
        changes.extend(partner::promise(tenant, self.seed, self.now));
        changes.extend(subscriptions::changes(tenant, self.seed, self.now));
        let health = tenant.services();
        changes.extend(health.map(|service| troubles.health(tenant, service, self.seed, self.partner(), self.now)));
        changes
    }

    fn faults_of_each_customer(&self) -> Vec<Vec<&Fault>> {
        let mut seen: Vec<Vec<&Fault>> = vec![Vec::new(); self.tenants.len()];
        for fault in &self.faults {
            for number in &fault.seen_by {
                seen[*number].push(fault);
            }
        }
        seen
    }
}

fn batch(changes: Vec<Change>) -> Batch {
    Batch { changes, ..Batch::default() }
}
