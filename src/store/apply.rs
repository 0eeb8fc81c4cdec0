//! What an upstream told becomes rows and events: only what is new is written, and told once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::ColumnTrait;
use serde_json::json;
use uuid::Uuid;

use super::{
    ScopedStore, customer,
    difference::difference,
    fact::Fact,
    facts::Facts,
    seen::{MESSAGES, Sight},
    table::Stored,
    told::Telling,
    write::{Write, as_stored, values},
};
use crate::domain::{
    CustomerId, Error, Result, SubscriptionId,
    change::{Applied, Batch, Quarantined},
    customer::Customer,
    event::{EntityKind, Event, Happening},
    incident::IncidentPost,
    partner::{Partner, PartnerRelation},
    service_request::{ServiceRequest, ServiceRequestNote},
    subscription::{Subscription, SupportContact},
    support_offering::CustomerOffering,
};

impl ScopedStore {
    /// Applies what a document says in a transaction of its own. Applying it again changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Write::apply`]; `Conflict` if the scope is narrower than a partner, of which documents speak as a whole.
    pub async fn apply(&self, batch: Batch, document: &str, observed_at: DateTime<Utc>) -> Result<Applied> {
        let mut write = self.begin_whole().await?;
        let (mut applied, events) = write.apply(batch, document, observed_at).await?;
        if write.has_changed() {
            let happened = !write.touched.is_empty() || !events.is_empty();
            let position = write.commit(events).await?;
            applied.position = happened.then_some(position);
        }
        Ok(applied)
    }
}

impl Write {
    /// Applies what a document says, and gives the events that have to be committed with it.
    ///
    /// An answer that is older than what is stored is ignored; one of the same time wins, since it was fetched later.
    /// An answer that says nothing new moves only the time of observation, for which there is no event.
    ///
    /// # Errors
    ///
    /// `Conflict` if the document speaks of another partner, or of a partner of which not even the tenant is known.
    pub async fn apply(
        &mut self,
        batch: Batch,
        document: &str,
        observed_at: DateTime<Utc>,
    ) -> Result<(Applied, Vec<Event>)> {
        let facts = Facts::sorted(batch.changes);
        let mut apply = Apply {
            write: self,
            observed_at,
            applied: Applied { quarantined: batch.quarantined, ..Applied::default() },
            events: Vec::new(),
            added: HashSet::new(),
            parts: HashSet::new(),
        };
        apply.partner(facts.partner).await?;
        apply.merge(facts.relations).await?;
        apply.merge(facts.qualifications).await?;
        apply.merge(facts.plans).await?;
        apply.merge(facts.offerings).await?;
        apply.promises(facts.promises).await?;
        let listed: HashSet<Uuid> = facts.customers.iter().map(Fact::id).collect();
        apply.merge(facts.customers).await?;
        // A list of which a part could not be read is not complete.
        if batch.is_complete_customer_list && apply.applied.quarantined.is_empty() {
            apply.end_customers_beside(&listed).await?;
        }
        apply.resellers(facts.resellers).await?;
        apply.merge(facts.subscriptions).await?;
        apply.support_contacts(facts.contacts).await?;
        apply.merge(facts.entitlements).await?;
        apply.merge(facts.services).await?;
        apply.merge(facts.health).await?;
        apply.merge(facts.incidents).await?;
        apply.posts(facts.posts).await?;
        apply.merge(facts.impacts).await?;
        apply.incidents_told(facts.tellings).await?;
        apply.merge(facts.messages).await?;
        apply.messages_seen(facts.seen_messages).await?;
        apply.merge(facts.requests).await?;
        apply.notes(facts.notes).await?;
        let (applied, events) = (apply.applied, apply.events);
        self.quarantine(document, &applied.quarantined, observed_at).await?;
        Ok((applied, events))
    }
}

/// A batch on its way into a transaction.
struct Apply<'a> {
    write: &'a mut Write,
    observed_at: DateTime<Utc>,
    applied: Applied,
    events: Vec<Event>,
    /// Entities that this batch brought: their parts are not news of their own.
    added: HashSet<Uuid>,
    /// Parts of which it was told already that they changed.
    parts: HashSet<(Uuid, &'static str)>,
}

impl Apply<'_> {
    /// Compares facts with what is stored, and writes what differs.
    async fn merge<T: Fact>(&mut self, facts: Vec<T>) -> Result<()> {
        let mut seen = HashSet::new();
        let ids: Vec<Uuid> = facts.iter().map(Fact::id).filter(|id| seen.insert(*id)).collect();
        let before: HashMap<Uuid, T> =
            self.write.stored::<T>(&ids).await?.into_iter().map(|fact| (fact.id(), fact)).collect();
        let (mut after, accepted) = newest(&before, facts);
        let partner = self.write.scope.partner;
        let mut rows = Vec::new();
        let mut moved: BTreeMap<DateTime<Utc>, Vec<Uuid>> = BTreeMap::new();
        for id in ids {
            let Some(fact) = after.remove(&id) else { continue };
            let row = values::<T::Entity>(&fact.row(partner));
            let Some(stored) = before.get(&id) else {
                rows.push(row);
                self.applied.added += 1;
                self.tell(&fact, Happening::Added, json!({}));
                continue;
            };
            let stored = values::<T::Entity>(&stored.row(partner));
            let difference = difference::<T>(&stored, &row);
            match (row == stored, difference.is_null(), accepted.contains(&id)) {
                (true, _, true) => self.applied.unchanged += 1,
                (true, _, false) => self.applied.outdated += 1,
                (false, true, _) => {
                    self.applied.unchanged += 1;
                    moved.entry(fact.observed_at().unwrap_or(self.observed_at)).or_default().push(id);
                }
                (false, false, _) => {
                    rows.push(row);
                    self.applied.changed += 1;
                    self.tell(&fact, Happening::Changed, difference);
                }
            }
        }
        if !rows.is_empty() || !moved.is_empty() {
            self.write.touched.insert(T::KIND);
        }
        self.write.save::<T::Entity>(rows).await?;
        for (at, ids) in moved {
            self.write.observe::<T>(&ids, at).await?;
        }
        Ok(())
    }

    /// Makes the event for a fact; that of a part speaks of the whole, and once.
    fn tell<T: Fact>(&mut self, fact: &T, happening: Happening, difference: serde_json::Value) {
        let subject = fact.subject();
        let (happening, difference) = match T::PART {
            Some(_) if self.added.contains(&subject) => return,
            Some(member) if !self.parts.insert((subject, member)) => return,
            Some(member) => (Happening::Changed, json!({ member: "changed" })),
            None => (happening, difference),
        };
        if happening == Happening::Added {
            self.added.insert(subject);
        }
        let observed_at = fact.observed_at().unwrap_or(self.observed_at);
        self.events.push(Event {
            kind: T::KIND,
            happening,
            entity_id: subject,
            customer_id: fact.customer(),
            occurred_at: fact.modified_at().unwrap_or(observed_at),
            observed_at,
            difference,
        });
    }

    async fn partner(&mut self, facts: Vec<Partner>) -> Result<()> {
        if facts.iter().any(|fact| fact.id != self.write.scope.partner) {
            return Err(Error::Conflict("the document speaks of another partner".to_owned()));
        }
        let tells_tenant = facts.iter().any(|fact| !fact.tenant_id.is_empty());
        if !facts.is_empty() && !tells_tenant && self.write.stored::<Partner>(&[facts[0].id.0]).await?.is_empty() {
            let remedy = "the partner is not known yet; enter its tenant id and name first";
            return Err(Error::Conflict(remedy.to_owned()));
        }
        self.merge(facts).await
    }

    /// Customers that a complete list does not name have left. Their history stays.
    async fn end_customers_beside(&mut self, listed: &HashSet<Uuid>) -> Result<()> {
        let current = self.write.ids_where::<Customer>(customer::row::Column::EndedAt.is_null()).await?;
        let missing: Vec<Uuid> = current.into_iter().filter(|id| !listed.contains(id)).collect();
        let mut missing: Vec<Customer> = self.write.stored(&missing).await?;
        for customer in &mut missing {
            // Who was seen after the list was read has not left.
            if customer.observed_at <= self.observed_at {
                customer.ended_at = Some(self.observed_at);
                customer.observed_at = self.observed_at;
            }
        }
        missing.retain(|customer| customer.ended_at.is_some());
        self.merge(missing).await
    }

    async fn resellers(&mut self, links: Vec<(CustomerId, PartnerRelation)>) -> Result<()> {
        let ids: Vec<Uuid> = links.iter().map(|(customer, _)| customer.0).collect();
        let customers: Vec<Customer> = self.write.stored(&ids).await?;
        let mut customers: HashMap<_, _> = customers.into_iter().map(|customer| (customer.id, customer)).collect();
        let known = customers.values().filter_map(|customer| customer.reseller_id);
        let known = known.chain(links.iter().map(|(_, relation)| relation.id)).collect::<BTreeSet<_>>();
        let known: Vec<Uuid> = known.into_iter().map(|id| id.0).collect();
        let relations: Vec<PartnerRelation> = self.write.stored(&known).await?;
        let seen_at: HashMap<_, _> = relations.into_iter().map(|known| (known.id, known.observed_at)).collect();
        let mut linked = BTreeSet::new();
        for (id, relation) in links {
            match customers.get_mut(&id) {
                Some(customer) => {
                    // Another reseller takes the place of one that was last seen before it.
                    let present = customer.reseller_id.and_then(|present| seen_at.get(&present));
                    if present.is_none_or(|seen_at| as_stored(*seen_at) < as_stored(relation.observed_at)) {
                        customer.reseller_id = Some(relation.id);
                    }
                    linked.insert(id);
                }
                None => self.set_aside("reseller", "its customer is not known yet", json!({ "customer": id.0 })),
            }
        }
        let customers = linked.iter().filter_map(|id| customers.remove(id)).collect();
        self.merge(customers).await
    }

    async fn support_contacts(&mut self, contacts: Vec<(SubscriptionId, SupportContact)>) -> Result<()> {
        let ids: Vec<Uuid> = contacts.iter().map(|(subscription, _)| subscription.0).collect();
        let subscriptions: Vec<Subscription> = self.write.stored(&ids).await?;
        let mut subscriptions: HashMap<_, _> = subscriptions.into_iter().map(|one| (one.id, one)).collect();
        let mut changed = BTreeSet::new();
        for (id, contact) in contacts {
            match subscriptions.get_mut(&id) {
                Some(subscription) => {
                    subscription.support_contact = contact;
                    changed.insert(id);
                }
                None => {
                    let item = json!({ "subscription": id.0 });
                    self.set_aside("support contact", "its subscription is not known yet", item);
                }
            }
        }
        let subscriptions = changed.iter().filter_map(|id| subscriptions.remove(id)).collect();
        self.merge(subscriptions).await
    }

    /// A fact that hangs on a row which is not there.
    fn set_aside(&mut self, what: &str, why: &str, item: serde_json::Value) {
        let reason = format!("{why}; read that first, then this document again");
        self.applied.quarantined.push(Quarantined { place: what.to_owned(), reason, item });
    }

    /// Posts are appended; those that we have are recognised by their ids.
    async fn posts(&mut self, posts: Vec<IncidentPost>) -> Result<()> {
        let new = self.unknown(posts, |post| post.id.0).await?;
        for post in &new {
            if !self.added.contains(&post.incident_id.0) {
                self.events.push(Event {
                    kind: EntityKind::Incident,
                    happening: Happening::Posted,
                    entity_id: post.incident_id.0,
                    customer_id: None,
                    occurred_at: post.created_at,
                    observed_at: self.observed_at,
                    difference: json!({ "post": [null, post.id.0] }),
                });
            }
        }
        self.append(EntityKind::Incident, new).await
    }

    async fn notes(&mut self, notes: Vec<ServiceRequestNote>) -> Result<()> {
        let new = self.unknown(notes, |note| note.id.0).await?;
        let requests: Vec<Uuid> = new.iter().map(|note| note.service_request_id.0).collect();
        let requests: Vec<ServiceRequest> = self.write.stored(&requests).await?;
        let customers: HashMap<_, _> = requests.into_iter().map(|request| (request.id, request.customer_id)).collect();
        let noted: BTreeSet<Uuid> = customers.keys().map(|id| id.0).filter(|id| !self.added.contains(id)).collect();
        self.write.count_change::<ServiceRequest>(&Vec::from_iter(noted)).await?;
        for note in &new {
            if !self.added.contains(&note.service_request_id.0) {
                self.events.push(Event {
                    kind: EntityKind::ServiceRequest,
                    happening: Happening::Noted,
                    entity_id: note.service_request_id.0,
                    customer_id: customers.get(&note.service_request_id).copied().flatten(),
                    occurred_at: note.created_at.unwrap_or(self.observed_at),
                    observed_at: self.observed_at,
                    difference: json!({ "note": [null, note.id.0] }),
                });
            }
        }
        self.append(EntityKind::ServiceRequest, new).await
    }

    /// Those that are not stored, each once.
    async fn unknown<T: Stored>(&mut self, rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Result<Vec<T>> {
        let ids: Vec<Uuid> = rows.iter().map(&id).collect();
        let mut known: HashSet<Uuid> = self.write.known::<T>(&ids).await?.into_iter().collect();
        Ok(rows.into_iter().filter(|row| known.insert(id(row))).collect())
    }

    async fn append<T: Stored>(&mut self, kind: EntityKind, rows: Vec<T>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.applied.added += rows.len() as u64;
        self.write.touched.insert(kind);
        let partner = self.write.scope.partner;
        self.write.save::<T::Entity>(rows.iter().map(|row| values::<T::Entity>(&row.row(partner))).collect()).await
    }

    async fn promises(&mut self, facts: Vec<CustomerOffering>) -> Result<()> {
        let events = self.write.promise(facts, self.observed_at, &mut self.applied).await?;
        self.events.extend(events);
        Ok(())
    }

    async fn incidents_told(&mut self, tellings: Vec<Telling>) -> Result<()> {
        let of_all = |event: &&Event| event.kind == EntityKind::Incident && event.customer_id.is_none();
        let told_all = self.events.iter().filter(of_all).map(|event| event.entity_id).collect();
        let events = self.write.tell(&tellings, &told_all).await?;
        self.events.extend(events);
        Ok(())
    }

    async fn messages_seen(&mut self, sights: Vec<Sight>) -> Result<()> {
        let events = self.write.see(&MESSAGES, sights).await?;
        self.events.extend(events);
        Ok(())
    }
}

/// What is true after each fact was held against the one before it, and of which ids at least one fact was no older
/// than what was known.
fn newest<T: Fact>(before: &HashMap<Uuid, T>, facts: Vec<T>) -> (HashMap<Uuid, T>, HashSet<Uuid>) {
    let mut after = before.clone();
    let mut accepted = HashSet::new();
    for fact in facts {
        let id = fact.id();
        let merged = match after.remove(&id) {
            None => {
                accepted.insert(id);
                fact
            }
            Some(known) if is_outdated(&fact, &known) => match T::FILLS_GAPS {
                true => known.over(&fact),
                false => known,
            },
            Some(known) => {
                accepted.insert(id);
                fact.over(&known)
            }
        };
        after.insert(id, merged);
    }
    (after, accepted)
}

/// Upstream's own time decides; where it is missing or equal, the time at which we saw it.
fn is_outdated<T: Fact>(fact: &T, known: &T) -> bool {
    if let (Some(now), Some(before)) = (fact.modified_at(), known.modified_at())
        && as_stored(now) != as_stored(before)
    {
        return now < before;
    }
    match (fact.observed_at(), known.observed_at()) {
        (Some(now), Some(before)) => as_stored(now) < as_stored(before),
        _ => false,
    }
}
