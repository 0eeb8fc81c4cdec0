//! Fields, arguments, ids, cursors, the search.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EVERYBODY, Who, World, Worlds};
use crate::support::{
    given::{ADATUM, BELLOWS, CONTOSO},
    walk::Place,
};

#[tokio::test]
async fn no_field_tells_of_others() {
    let worlds = Worlds::new().await;
    for root in worlds.walk.roots().into_iter().filter(|root| !root.arguments.iter().any(|one| one.is_required())) {
        let query = worlds.walk.query(root, "", 3);
        worlds.ask(&query, &Value::Null).await;
        let of_everybody = root.name == "supportPlanKinds";
        for who in [Who::Fabrikam, Who::Contoso] {
            let answer = worlds.all.ask(who, &query, Value::Null).await.text;
            assert!(
                answer.contains(who.word()) || of_everybody || root.name == "customer",
                "{} gives {answer}",
                root.name
            );
        }
    }
}

#[tokio::test]
async fn no_argument_finds_out_about_others() {
    let worlds = Worlds::new().await;
    let values = worlds.values();
    let mut tried = BTreeSet::new();
    for Place { name, argument, query, first } in worlds.walk.places("query") {
        let cursors = match argument.name.as_str() {
            "after" | "before" => cursors(&worlds.all, &first.unwrap_or_else(|| panic!("{name} pages a list"))).await,
            _ => Vec::new(),
        };
        let is_new = tried.insert(argument.ty.inner_named_type().to_string());
        let values = match cursors.is_empty() {
            true if is_new => values.of(&argument.ty),
            true => values.some_of(&argument.ty),
            false => cursors,
        };
        assert!(!values.is_empty(), "{name} is asked");
        for value in values {
            worlds.ask(&query, &json!({ "value": value })).await;
        }
    }
}

/// Where a list begins for each of them, and what nobody gave.
async fn cursors(world: &World, first: &str) -> Vec<Value> {
    let mut cursors = vec![json!("bm9uc2Vuc2U")];
    for who in EVERYBODY {
        let answer = world.ask(who, first, Value::Null).await.text;
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        ends(&answer, &mut cursors);
    }
    assert!(cursors.len() > 1, "{first} gives a cursor");
    cursors
}

fn ends(answer: &Value, cursors: &mut Vec<Value>) {
    match answer {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(_) if name == "end" && !cursors.contains(value) => cursors.push(value.clone()),
            value => ends(value, cursors),
        }),
        Value::Array(items) => items.iter().for_each(|item| ends(item, cursors)),
        _ => {}
    }
}

#[tokio::test]
async fn a_foreign_id_answers_like_one_that_nobody_has() {
    let worlds = Worlds::new().await;
    let query = "query($id: ID!) { node(id: $id) { __typename id } }";
    let answer = async |who: Who, id: &str| worlds.all.ask(who, query, json!({ "id": id })).await;
    let mut owned = [0; 4];
    for id in worlds.ids.iter().filter(|id| !id.starts_with("spk_")) {
        for (place, who) in EVERYBODY.into_iter().enumerate() {
            let nobodys = format!("{}_{}", &id[..3], URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes()));
            let (found, missing) = (answer(who, id).await, answer(who, &nobodys).await);
            assert_eq!(found.statements, missing.statements, "{who:?} asks for {id}");
            owned[place] += usize::from(found.text != missing.text);
        }
    }
    let [fabrikam, contoso, adatum, bellows] = owned;
    assert_eq!(
        fabrikam + contoso,
        worlds.ids.iter().filter(|id| !id.starts_with("spk_")).count(),
        "each has one owner"
    );
    assert!(adatum == bellows && 0 < adatum && adatum < contoso, "{owned:?}");
}

/// Also one that somebody hands on who reaches more, or less, of the same partner.
#[tokio::test]
async fn a_cursor_of_another_scope_is_refused_like_a_forged_one() {
    let worlds = Worlds::new().await;
    let mut refused = 0;
    for Place { name, query, first, .. } in worlds.walk.places("query") {
        let Some(first) = first.filter(|_| name.ends_with("(after)") || name.ends_with("(before)")) else { continue };
        for giver in EVERYBODY {
            let page = worlds.all.ask(giver, &first, Value::Null).await.text;
            let mut given = Vec::new();
            ends(&serde_json::from_str(&page).expect("JSON"), &mut given);
            let Some(cursor) = given.pop() else { continue };
            for taker in EVERYBODY.into_iter().filter(|taker| *taker != giver) {
                let foreign = worlds.all.ask(taker, &query, json!({ "value": cursor })).await;
                let forged = worlds.all.ask(taker, &query, json!({ "value": "bm9uc2Vuc2U" })).await;
                assert_eq!(foreign, forged, "{taker:?} goes on after {name} of {giver:?}");
                refused += usize::from(foreign.text.contains("BAD_USER_INPUT"));
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn a_user_of_a_customer_counts_its_own_alone() {
    let world = World::of_all().await;
    let counts =
        "{ viewer { isRestrictedToCustomers partner { name } } customers { totalCount } subscriptions { totalCount }
        incidents { totalCount nodes { title reach { customerCount subscriptionCount seatCount }
        customers { totalCount nodes { name } } } } services { totalCount }
        messages { totalCount } serviceRequests { totalCount } supportPlans { totalCount } }";
    let data: Value = serde_json::from_str(&world.ask(Who::Adatum, counts, Value::Null).await.text).expect("JSON");
    let data = &data["data"];
    let reach = json!({ "customerCount": 1, "subscriptionCount": 2, "seatCount": 14 });
    let seen_by = json!({ "totalCount": 1, "nodes": [{ "name": "contoso adatum" }] });
    let mut titles = Vec::new();
    for incident in data["incidents"]["nodes"].as_array().expect("incidents") {
        assert_eq!((&incident["reach"], &incident["customers"]), (&reach, &seen_by), "{incident}");
        titles.push(incident["title"].as_str().expect("a title"));
    }
    titles.sort_unstable();
    assert_eq!(titles, ["contoso adatum mail is delayed", "contoso shared mail is delayed"]);
    for (list, count) in [
        ("customers", 1),
        ("subscriptions", 2),
        ("incidents", 2),
        ("services", 2),
        ("messages", 1),
        ("serviceRequests", 1),
        ("supportPlans", 0),
    ] {
        assert_eq!(data[list]["totalCount"], count, "{list}");
    }
    let viewer = json!({ "isRestrictedToCustomers": true, "partner": { "name": "contoso partner" } });
    assert_eq!(data["viewer"], viewer, "whose customer one is is no secret");
}

#[tokio::test]
async fn a_shared_tenant_gives_everybody_its_own() {
    let world = World::of_all().await;
    let query = "query($tenant: String!) { customer(tenantId: $tenant) { name } }";
    let named = async |who: Who, tenant: &str| world.ask(who, query, json!({ "tenant": tenant })).await.text;
    assert!(named(Who::Fabrikam, ADATUM).await.contains("fabrikam adatum"));
    assert!(named(Who::Contoso, ADATUM).await.contains("contoso adatum"));
    assert!(named(Who::Adatum, ADATUM).await.contains("contoso adatum"));
    let nobodys = named(Who::Adatum, CONTOSO).await;
    assert_eq!(named(Who::Adatum, BELLOWS).await, nobodys);
    assert_eq!(nobodys, r#"{"data":{"customer":null}}"#);
}
