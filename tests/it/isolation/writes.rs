//! Mutations, and the keys under which they are sent.

use serde_json::json;

use super::{Who, Worlds};
use crate::support::walk::Place;

#[tokio::test]
async fn no_mutation_finds_out_about_others_and_no_key_is_theirs() {
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
            worlds.ask(&query, &variables).await;
            // Sent again, it is done before by oneself or by nobody.
            worlds.ask(&query, &variables).await;
        }
        assert!(acts > 0, "{name} is tried");
    }
    for who in [Who::Fabrikam, Who::Contoso] {
        let count = worlds.all.ask(who, "{ serviceRequests { totalCount } }", json!(null)).await.text;
        assert!(!count.contains(r#""totalCount":2}"#), "{who:?} has opened some: {count}");
    }
}
