//! Mutations, and the keys under which they are sent.

use serde_json::{Value, json};

use super::{Who, Worlds};
use crate::support::walk::Place;

#[tokio::test]
async fn no_mutation_finds_out_about_others_and_no_key_is_theirs() {
    let worlds = act_as(&[Who::Fabrikam, Who::Contoso]).await;
    for who in [Who::Fabrikam, Who::Contoso] {
        let requests = requests_of(&worlds, who).await;
        assert!(requests > 2, "{who:?} has opened some: {requests}");
    }
}

#[tokio::test]
async fn no_mutation_of_somebody_at_a_customer_finds_out_about_others() {
    // What its partner does for a customer befalls it, so the partner rests in this world.
    let worlds = act_as(&[Who::Adatum, Who::Bellows]).await;
    let requests = requests_of(&worlds, Who::Adatum).await;
    assert!(requests > 1, "Adatum has opened some: {requests}");
    assert_eq!(requests_of(&worlds, Who::Bellows).await, 1, "a customer's user opens none, and sees none of Adatum's");
    assert_eq!(requests_of(&worlds, Who::Contoso).await, requests + 1, "the partner sees all of them");
}

/// Tries every mutation with every value as each of `acting`.
async fn act_as(acting: &[Who]) -> Worlds {
    let worlds = Worlds::new().await;
    let values = worlds.values();
    let mut acts = 0;
    for Place { name, argument, query, .. } in worlds.walk.places("mutation") {
        for mut input in values.of(&argument.ty) {
            acts += 1;
            // Everybody takes the same key, and so do two customers of one partner.
            if input["idempotencyKey"].is_string() {
                input["idempotencyKey"] = json!(format!("the-same-key-{acts}"));
            }
            let variables = json!({ "value": input });
            worlds.ask_as(acting, &query, &variables).await;
            // Sent again, it is done before by oneself or by nobody.
            worlds.ask_as(acting, &query, &variables).await;
        }
        assert!(acts > 0, "{name} is tried");
    }
    worlds
}

/// How many requests somebody sees.
async fn requests_of(worlds: &Worlds, who: Who) -> u64 {
    let answer = worlds.all.ask(who, "{ serviceRequests { totalCount } }", json!(null)).await.text;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    answer["data"]["serviceRequests"]["totalCount"].as_u64().expect("a total")
}
