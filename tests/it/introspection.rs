//! Who may look at the schema.

use supportgraph::config::Config;

use crate::support::TestApp;

const SCHEMA: &str = "{ __schema { queryType { name } } }";

#[tokio::test]
async fn whoever_has_a_named_role_may_look_at_the_schema() {
    let app = TestApp::with(|config| config.limits.introspection = vec!["global_admin".to_owned()]).await;
    assert_eq!(app.query(SCHEMA).await.data()["__schema"]["queryType"]["name"], "Query");
    assert!(app.get("/schema.graphql").await.text.contains("type Query"));
}

#[tokio::test]
async fn whoever_has_none_is_told_so_and_nothing_is_suggested() {
    let app = TestApp::with(|config| config.limits.introspection = vec!["HELPDESK_AGENT".to_owned()]).await;
    for query in [
        SCHEMA,
        "{ __type(name: \"Customer\") { name } }",
        "{ viewer { name } ... { s: __schema { types { name } } } }",
    ] {
        let answer = app.query(query).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "FORBIDDEN"), "{query}");
        assert!(answer.text.contains("limits.introspection"), "{}", answer.text);
    }
    let refused = app.get("/schema.graphql").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "FORBIDDEN"));
    assert_eq!(app.query("{ __typename viewer { __typename } }").await.data()["viewer"]["__typename"], "Viewer");
    for mistake in ["{ viewer }", "{ custmers { totalCount } }", "{ customers(frist: 1) { totalCount } }"] {
        let mistaken = app.query(mistake).await;
        assert_eq!(mistaken.code(), "GRAPHQL_VALIDATION_FAILED");
        let text = mistaken.text.to_lowercase();
        assert!(!["did you mean", "customers {", "first"].iter().any(|hint| text.contains(hint)), "{text}");
    }
}

#[tokio::test]
async fn all_and_none_are_words_for_everybody_and_nobody() {
    let app = TestApp::with(|config| config.limits.introspection = vec!["all".to_owned()]).await;
    app.query(SCHEMA).await.data();
    let app = TestApp::with(|config| config.limits.introspection = Vec::new()).await;
    assert_eq!(app.query(SCHEMA).await.code(), "FORBIDDEN");
}

#[test]
fn a_role_that_does_not_exist_is_no_setting() {
    let named = [("SUPPORTGRAPH_LIMITS__INTROSPECTION".to_owned(), "ALL, SUPERUSER".to_owned())];
    let refused = Config::read(None, named).expect_err("it is not usable").to_string();
    assert!(refused.contains("limits.introspection"), "{refused}");
    assert!(refused.contains("\"SUPERUSER\" is no role; expected ALL, or some of GLOBAL_ADMIN"), "{refused}");
}

#[tokio::test]
async fn whoever_may_look_is_told_what_a_mistake_may_have_meant() {
    let app = TestApp::start().await;
    let far = format!("{{ {} }}", "x".repeat(10_000));
    for (mistake, meant) in [
        ("{ custmers { totalCount } }", Some("customers")),
        ("{ customers(frist: 1) { totalCount } }", Some("first")),
        ("{ customers(filter: { nam: { eq: \"a\" } }) { totalCount } }", Some("name")),
        ("{ customers(orderBy: [{ field: NAM }]) { totalCount } }", Some("NAME")),
        ("query($f: CustomersFilter) { customers(filter: $f) { totalCount } }", Some("CustomerFilter")),
        ("{ customers { nodes { incident { nodes { id } } } } }", Some("incidents")),
        ("{ weather }", None),
        (far.as_str(), None),
    ] {
        let told = app.query(mistake).await;
        assert_eq!(told.json()["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{mistake}");
        let hint = told.text.split("; did you mean `").nth(1).and_then(|rest| rest.split('`').next());
        assert_eq!(hint, meant, "{}", told.text);
    }
}
