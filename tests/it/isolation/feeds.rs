//! Live feeds: snapshots, what follows them, and cursors of others.

use std::sync::Arc;

use serde_json::{Value, json};
use supportgraph::domain::change::Change;

use super::{EVERYBODY, Who, World, Worlds};
use crate::support::{
    Listener,
    given::{ADATUM, BELLOWS, Given},
    walk::Place,
};

/// Whatever `who` is told up to the end of the snapshot, or why it is told nothing.
async fn snapshot(world: &World, who: Who, query: &str, value: &Value) -> Result<Vec<Value>, String> {
    let mut listener = world.listen(who, query, json!({ "value": value })).await?;
    let mut told = Vec::new();
    loop {
        let answer = next(who, &mut listener).await;
        if answer["data"].to_string().contains("SNAPSHOT_COMPLETE") {
            return Ok(told);
        }
        told.push(answer);
    }
}

/// The next answer, with what it refuses. Positions of a partner's log are the same for all of it, so those who see a part
/// are given other cursors when they are alone.
async fn next(who: Who, listener: &mut Listener) -> Value {
    let payload = listener.payload().await;
    let mut answer: Value = serde_json::from_slice(&payload.body).expect("JSON");
    if who.tenant().is_some() {
        let events = answer["data"].as_object_mut().expect("an event");
        events.values_mut().for_each(|event| drop(event["cursor"].take()));
    }
    answer
}

#[tokio::test]
async fn no_snapshot_tells_of_others() {
    let worlds = Worlds::new().await;
    let values = worlds.values();
    for Place { name, argument, query, .. } in worlds.walk.places("subscription") {
        if argument.name == "after" {
            continue;
        }
        for value in [Value::Null].into_iter().chain(values.of(&argument.ty)) {
            for (who, alone) in &worlds.alone {
                let among_others = snapshot(&worlds.all, *who, &query, &value).await;
                assert_eq!(among_others, snapshot(alone, *who, &query, &value).await, "{who:?}: {name} {value}");
            }
        }
    }
}

/// Also one that somebody hands on who reaches more, or less, of the same partner.
#[tokio::test]
async fn a_cursor_of_another_scope_is_refused_like_a_forged_one() {
    let worlds = Worlds::new().await;
    for Place { name, query, .. } in worlds.walk.places("subscription") {
        if !name.ends_with("(after)") {
            continue;
        }
        for giver in EVERYBODY {
            let listening = worlds.all.listen(giver, &query, json!({ "value": null })).await;
            let cursor = end_of_snapshot(&mut listening.unwrap_or_else(|refused| panic!("{refused}"))).await;
            for (taker, alone) in worlds.alone.iter().filter(|(taker, _)| *taker != giver) {
                // Nobody listens there, so that no other statements are counted.
                let refused = async |cursor: &str| {
                    let (refused, statements) =
                        alone.app.statements(alone.listen(*taker, &query, json!({ "value": cursor }))).await;
                    (refused.err().unwrap_or_else(|| panic!("{taker:?} goes on after {name} of {giver:?}")), statements)
                };
                let forged = refused("bm9uc2Vuc2U").await;
                assert!(forged.0.contains("BAD_USER_INPUT"), "{}", forged.0);
                assert_eq!(refused(&cursor).await, forged, "{taker:?} is given {name} of {giver:?}");
            }
        }
    }
}

/// The cursor from which a listener goes on that has heard the snapshot.
async fn end_of_snapshot(listener: &mut Listener) -> Arc<str> {
    loop {
        let payload = listener.payload().await;
        if String::from_utf8_lossy(&payload.body).contains("SNAPSHOT_COMPLETE") {
            return payload.cursor.expect("a cursor");
        }
    }
}

/// The same again, an hour later, in other words.
fn later(given: &Given, tenants: &[&str]) -> Vec<Change> {
    let mut changes = given.after_hours(1).changes_of(tenants);
    for change in &mut changes {
        match change {
            Change::Customer(customer) => customer.country = Some("FR".to_owned()),
            Change::ServiceHealth(health) => health.reported_status_text.push_str(" since"),
            Change::Incident { incident, .. } => incident.title.push_str(" more"),
            Change::Message { message, .. } => message.title.push_str(" more"),
            Change::ServiceRequest { request, .. } => request.title.push_str(" more"),
            _ => {}
        }
    }
    changes
}

/// What follows, up to the first event about what nothing else is called like.
async fn deltas(who: Who, listener: &mut Listener) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = next(who, listener).await;
        let is_last = event.to_string().contains("the last");
        events.push(event);
        if is_last {
            return events;
        }
    }
}

#[tokio::test]
async fn nothing_that_befalls_others_is_told() {
    let worlds = Worlds::new().await;
    let feeds: Vec<Place> =
        worlds.walk.places("subscription").into_iter().filter(|place| place.name.ends_with("(after)")).collect();
    assert_eq!(feeds.len(), worlds.walk.fields("Subscription").len(), "every feed can be resumed");
    let mut listening = Vec::new();
    for feed in &feeds {
        for (who, alone) in &worlds.alone {
            for world in [&worlds.all, alone] {
                let listener = world.listen(*who, &feed.query, json!({ "value": null })).await;
                let mut listener = listener.unwrap_or_else(|refused| panic!("{who:?}: {refused}"));
                while !next(*who, &mut listener).await.to_string().contains("SNAPSHOT_COMPLETE") {}
                listening.push((*who, listener));
            }
        }
    }

    for who in [Who::Fabrikam, Who::Contoso] {
        befall(&worlds.all, who, &[ADATUM, BELLOWS]).await;
    }
    for (who, alone) in &worlds.alone {
        befall(alone, *who, &who.tenant().map_or_else(|| vec![ADATUM, BELLOWS], |tenant| vec![tenant])).await;
    }

    let mut told = 0;
    let mut listening = listening.into_iter();
    for feed in &feeds {
        for who in EVERYBODY {
            let mut next = async || {
                let (_, mut listener) = listening.next().expect("a listener");
                deltas(who, &mut listener).await
            };
            let (among_others, alone) = (next().await, next().await);
            assert_eq!(among_others, alone, "{who:?}: {}", feed.name);
            told += among_others.len();
        }
    }
    assert!(told > 50, "{told}");
}

/// What there is changes, and then something begins that nothing else is called like.
async fn befall(world: &World, who: Who, tenants: &[&str]) {
    let given = who.given(&world.app);
    world.app.apply(given.id, later(&given, tenants)).await;
    for tenant in tenants {
        let given = given.after_hours(2);
        let name = if *tenant == ADATUM { "the last of adatum" } else { "the last of bellows" };
        let changes = [
            Change::Service(given.service(name)),
            Change::Subscription(given.subscription(tenant, name)),
            given.incident(name, &[tenant]),
            Change::ServiceHealth(given.health(tenant, name)),
            given.request(tenant, name),
        ];
        world.app.apply(given.id, changes).await;
    }
}
