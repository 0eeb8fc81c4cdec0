//! Which groups watch what: an event is shown to those alone that it may concern.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use super::{
    group::Group,
    moment::{Moment, Reach},
    topic::Interest,
};
use crate::domain::{CustomerId, event::EntityKind};

/// Groups by kind, and by customer where they watch some only.
#[derive(Default)]
pub(super) struct Index(HashMap<(EntityKind, Option<CustomerId>), Watching>);

/// Groups by number.
type Watching = HashMap<u64, Weak<Group>>;

impl Index {
    pub(super) fn add(&mut self, group: &Arc<Group>) {
        for key in keys(group.topic.interest()) {
            self.0.entry(key).or_default().insert(group.number, Arc::downgrade(group));
        }
    }

    pub(super) fn remove(&mut self, number: u64, interest: &Interest) {
        for key in keys(interest) {
            if let Some(watching) = self.0.get_mut(&key) {
                watching.remove(&number);
                if watching.is_empty() {
                    self.0.remove(&key);
                }
            }
        }
    }

    /// The groups that `moment` may concern; one that watches several customers perhaps several times.
    pub(super) fn watching<'a>(
        &'a self,
        moment: &'a Moment,
    ) -> Box<dyn Iterator<Item = (&'a u64, &'a Weak<Group>)> + 'a> {
        let kind = moment.event.kind;
        let of = move |customer| self.0.get(&(kind, customer)).into_iter().flatten();
        match &moment.reach {
            Reach::Customers(customers) => {
                Box::new(of(None).chain(customers.iter().flat_map(move |customer| of(Some(*customer)))))
            }
            Reach::Everybody => {
                Box::new(self.0.iter().filter(move |((known, _), _)| *known == kind).flat_map(|(_, watching)| watching))
            }
        }
    }
}

fn keys(interest: &Interest) -> Vec<(EntityKind, Option<CustomerId>)> {
    let customers: Vec<Option<CustomerId>> = match &interest.customers {
        Some(customers) => customers.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    interest.kinds.iter().flat_map(|kind| customers.iter().map(|customer| (*kind, *customer))).collect()
}
