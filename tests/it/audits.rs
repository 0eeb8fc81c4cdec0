//! The audit suite of GraphQL over HTTP, as npm's `graphql-http` ships it.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::support::TestApp;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audits");

#[tokio::test(flavor = "multi_thread")]
async fn every_audit_of_graphql_over_http_passes() {
    if !Path::new(FOLDER).join("node_modules/graphql-http").exists() {
        eprintln!(
            "left out: the GraphQL over HTTP audits; `npm ci` in tests/audits installs them, as scripts/test does"
        );
        return;
    }
    let app = TestApp::start().await;
    let url = app.url("/graphql");
    let run =
        tokio::task::spawn_blocking(move || Command::new("node").args(["run.mjs", &url]).current_dir(FOLDER).output());
    let output = run.await.expect("a thread").expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let lines = String::from_utf8(output.stdout).expect("text");
    let audits: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let failed: Vec<&Value> = audits.iter().filter(|audit| audit["status"] != "ok").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(audits.len(), 61, "the suite has changed");
}
