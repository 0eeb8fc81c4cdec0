use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::domain::{
    CustomerId, IncidentId, ServiceHealthId, SubscriptionId,
    incident::{Incident, IncidentPost},
    service_health::{HealthStatus, ServiceHealth, Source},
    service_request::{ServiceRequest, ServiceRequestNote, ServiceRequestStatus},
    subscription::{Subscription, SubscriptionStatus},
};

fn now() -> DateTime<Utc> {
    "2026-03-04T05:06:07Z".parse().unwrap()
}

fn changes(customers: usize, seed: u64) -> Vec<Change> {
    World::new(customers, seed, now()).batches().flat_map(|batch| batch.changes).collect()
}

fn subscriptions(changes: &[Change]) -> Vec<&Subscription> {
    let picked = changes.iter().filter_map(|change| match change {
        Change::Subscription(subscription) => Some(subscription),
        _ => None,
    });
    picked.collect()
}

fn incidents(changes: &[Change]) -> Vec<(&Incident, &[IncidentPost], &[CustomerId])> {
    let picked = changes.iter().filter_map(|change| match change {
        Change::Incident { incident, posts, seen_by, .. } => Some((incident, &posts[..], &seen_by[..])),
        _ => None,
    });
    picked.collect()
}

fn requests(changes: &[Change]) -> Vec<(&ServiceRequest, &[ServiceRequestNote])> {
    let picked = changes.iter().filter_map(|change| match change {
        Change::ServiceRequest { request, notes } => Some((request, &notes[..])),
        _ => None,
    });
    picked.collect()
}

fn health(changes: &[Change]) -> HashMap<ServiceHealthId, &ServiceHealth> {
    let picked = changes.iter().filter_map(|change| match change {
        Change::ServiceHealth(health) => Some((health.id, health)),
        _ => None,
    });
    picked.collect()
}

#[test]
fn the_same_seed_invents_the_same_world() {
    assert_eq!(changes(40, 7), changes(40, 7));
    assert_ne!(changes(40, 7), changes(40, 8));
}

#[test]
fn there_are_as_many_batches_as_promised() {
    for customers in [0, 1, 500, 501] {
        let world = World::new(customers, 1, now());
        assert_eq!(world.batches().count(), world.batch_count(), "{customers}");
    }
}

#[test]
fn customers_have_several_subscriptions_and_one_has_very_many() {
    let changes = changes(300, 1);
    let mut counts: HashMap<CustomerId, usize> = HashMap::new();
    for subscription in subscriptions(&changes) {
        *counts.entry(subscription.customer_id).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    assert_eq!(counts.len(), 300);
    assert!((4 * 300..8 * 300).contains(&total), "{total}");
    assert_eq!(counts.values().max(), Some(&150));
}

#[test]
fn an_add_on_stands_with_what_it_adds_to() {
    let changes = changes(300, 2);
    let all: HashMap<SubscriptionId, &Subscription> =
        subscriptions(&changes).into_iter().map(|subscription| (subscription.id, subscription)).collect();
    let add_ons: Vec<_> = all.values().filter_map(|add_on| Some((add_on, all[&add_on.parent_id?]))).collect();
    assert!(add_ons.len() > 100);
    for (add_on, parent) in add_ons {
        assert_eq!(add_on.customer_id, parent.customer_id);
        let works = |subscription: &Subscription| subscription.status == SubscriptionStatus::Active;
        assert!(!works(add_on) || works(parent), "{add_on:?}");
    }
}

#[test]
fn terms_are_told_as_they_can_be() {
    let changes = changes(500, 3);
    for subscription in subscriptions(&changes) {
        let (created, starts) = (subscription.created_at.unwrap(), subscription.starts_at.unwrap());
        assert!(created <= starts && starts <= now(), "{subscription:?}");
        let days_left = subscription.commitment_days_left(now().date_naive());
        match subscription.status {
            SubscriptionStatus::Active => assert!(days_left.is_none_or(|days| days > 0), "{subscription:?}"),
            SubscriptionStatus::Expired => assert!(days_left.is_none_or(|days| days <= 0), "{subscription:?}"),
            _ => {}
        }
        assert_eq!(subscription.status == SubscriptionStatus::Suspended, !subscription.suspension_reasons.is_empty());
    }
}

#[test]
fn incidents_are_told_in_order_and_hit_many() {
    let changes = changes(300, 4);
    let incidents = incidents(&changes);
    assert_eq!(incidents.len(), 40 + 300 / 25);
    assert_eq!(incidents.iter().filter(|(incident, ..)| !incident.is_resolved).count(), incidents::OPEN);
    let ids: HashSet<IncidentId> = incidents.iter().map(|(incident, ..)| incident.id).collect();
    assert_eq!(ids.len(), incidents.len());
    for (incident, posts, seen_by) in incidents {
        assert!((1..=8).contains(&posts.len()), "{}", posts.len());
        assert!(posts.is_sorted_by(|a, b| a.created_at < b.created_at), "{posts:?}");
        assert!(incident.modified_at <= now() && incident.started_at.unwrap() < incident.modified_at);
        assert_eq!(incident.is_resolved, incident.ended_at.is_some());
        assert_eq!(incident.is_resolved, incident.status.is_healthy());
        assert!(seen_by.len() >= 10, "{}: {}", incident.title, seen_by.len());
    }
}

#[test]
fn a_service_is_as_bad_as_the_worst_fault_that_its_customer_sees() {
    let changes = changes(300, 5);
    let health = health(&changes);
    assert_matches_faults(&incidents(&changes), &health);
    let healthy = health.values().filter(|health| health.reported_status.is_healthy()).count();
    assert!(healthy * 10 > health.len() * 7, "{healthy} of {}", health.len());
    assert!((300 * 6..300 * 12).contains(&health.len()), "{}", health.len());
}

fn assert_matches_faults(
    incidents: &[(&Incident, &[IncidentPost], &[CustomerId])],
    health: &HashMap<ServiceHealthId, &ServiceHealth>,
) {
    let mut worst: HashMap<ServiceHealthId, HealthStatus> = HashMap::new();
    let graph = incidents.iter().filter(|(incident, ..)| incident.source == Source::MicrosoftGraph);
    for (incident, _, seen_by) in graph.filter(|(incident, ..)| !incident.is_resolved) {
        for customer in *seen_by {
            let id = ServiceHealthId::of(*customer, incident.service_name.as_deref().unwrap());
            let known = worst.entry(id).or_insert(incident.status);
            *known = incident.status.max(*known);
        }
    }
    assert!(!worst.is_empty());
    for (id, health) in health {
        let expected = worst.remove(id).unwrap_or(HealthStatus::ServiceOperational);
        assert_eq!(health.reported_status, expected, "{health:?}");
    }
    assert!(worst.is_empty(), "a customer sees a fault of a service that it does not have");
}

#[test]
fn requests_are_in_all_states_and_some_are_about_incidents() {
    let changes = changes(300, 6);
    let requests = requests(&changes);
    assert!((350..600).contains(&requests.len()), "{}", requests.len());
    let count = |status| requests.iter().filter(|(request, _)| request.status == status).count();
    assert!(count(ServiceRequestStatus::AttentionNeeded) > 10);
    assert!(count(ServiceRequestStatus::Open) > 10);
    assert!(requests.iter().filter(|(request, _)| request.incident_id.is_some()).count() > 20);
    let ids: HashSet<_> = requests.iter().map(|(request, _)| request.id).collect();
    assert_eq!(ids.len(), requests.len());
    for (request, notes) in requests {
        assert_eq!(request.status == ServiceRequestStatus::Closed, request.closed_at.is_some(), "{request:?}");
        assert!(request.created_at <= request.modified_at && request.modified_at <= Some(now()), "{request:?}");
        assert!(notes.is_sorted_by_key(|note| note.created_at));
    }
}

#[test]
fn life_goes_on_the_same_way_for_the_same_seed() {
    let live = || {
        let mut life = World::new(60, 9, now()).life();
        (1..100).map(|step| life.next(now() + TimeDelta::seconds(4 * step))).collect::<Vec<_>>()
    };
    assert_eq!(live(), live());
}

#[test]
fn health_is_never_believed_for_too_long_and_follows_the_faults() {
    let world = World::new(60, 10, now());
    let first: Vec<Change> = world.batches().flat_map(|batch| batch.changes).collect();
    let mut health: HashMap<ServiceHealthId, ServiceHealth> =
        super::tests::health(&first).into_iter().map(|(id, health)| (id, health.clone())).collect();
    let mut faults: HashMap<IncidentId, (Incident, Vec<IncidentPost>, Vec<CustomerId>)> = HashMap::new();
    let mut learn = |changes: &[Change]| -> Vec<(Incident, Vec<IncidentPost>, Vec<CustomerId>)> {
        for (incident, posts, seen_by) in incidents(changes) {
            faults.insert(incident.id, (incident.clone(), posts.to_vec(), seen_by.to_vec()));
        }
        faults.values().cloned().collect()
    };
    learn(&first);
    let mut life = world.life();
    let (mut opened, mut closed) = (0, 0);
    for step in 1..600 {
        let at = now() + TimeDelta::seconds(4 * step);
        let batch = life.next(at);
        health.extend(super::tests::health(&batch.changes).into_iter().map(|(id, health)| (id, health.clone())));
        let told = incidents(&batch.changes);
        opened += told.iter().filter(|(_, posts, _)| posts.len() == 1).count();
        closed += told.iter().filter(|(incident, ..)| incident.is_resolved).count();
        let faults = learn(&batch.changes);
        let faults: Vec<_> = faults.iter().map(|(i, posts, seen_by)| (i, &posts[..], &seen_by[..])).collect();
        assert_matches_faults(&faults, &health.iter().map(|(id, health)| (*id, health)).collect());
        let oldest = health.values().map(|health| health.observed_at).min().unwrap();
        assert!(at - oldest <= TimeDelta::minutes(5), "{oldest} at {at}");
    }
    assert!(opened > 10 && closed > 10, "{opened} began, {closed} ended");
}
