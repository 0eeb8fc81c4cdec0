//! The state of services for customers: as bad as the worst fault that a customer sees there.

use chrono::{DateTime, Utc};

use super::{
    catalog::{self, SERVICES, ServiceIndex},
    customers::Tenant,
    dice::Dice,
    incidents::{Fault, word},
};
use crate::domain::{
    PartnerId, ServiceHealthId,
    change::Change,
    service_health::{HealthStatus, ServiceHealth},
};

/// The open faults of each customer.
pub struct Troubles<'a>(Vec<Vec<&'a Fault>>);

impl<'a> Troubles<'a> {
    pub fn of(faults: &'a [Fault], customers: usize) -> Self {
        let mut open: Vec<Vec<&Fault>> = vec![Vec::new(); customers];
        for fault in faults.iter().filter(|fault| fault.is_open()) {
            for number in &fault.seen_by {
                open[*number].push(fault);
            }
        }
        Self(open)
    }

    /// The health of one service for a customer.
    pub fn health(
        &self,
        tenant: &Tenant,
        service: ServiceIndex,
        seed: u64,
        partner: PartnerId,
        now: DateTime<Utc>,
    ) -> Change {
        let here = self.0[tenant.number].iter().filter(|fault| fault.what.service() == Some(service));
        let worst = here.max_by_key(|fault| fault.status());
        let status = worst.map_or(HealthStatus::ServiceOperational, |fault| fault.status());
        let since = match worst {
            Some(fault) => fault.modified_at(),
            None => Dice::of(seed, SERVICES[service].1, tenant.number).minutes_before(now, 40 * 1440, 1440),
        };
        Change::ServiceHealth(ServiceHealth {
            id: ServiceHealthId::of(tenant.id, SERVICES[service].0),
            customer_id: tenant.id,
            service_id: catalog::service(partner, service).id,
            reported_status: status,
            reported_status_text: word(status),
            since,
            observed_at: now,
        })
    }
}
