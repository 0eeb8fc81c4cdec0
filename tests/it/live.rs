//! Live feeds, past their transports: nothing lost, nothing twice, and nothing to those it is not for.

use serde_json::{Value, json};
use supportgraph::domain::{
    PartnerId,
    access::Scope,
    change::Change,
    service_health::{HealthStatus, ServiceHealth},
};

use crate::support::{
    Listener, TestApp, code,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
};

pub const HEALTH: &str = "subscription($filter: ServiceHealthChangedFilter, $after: String) {
    serviceHealthChanged(filter: $filter, after: $after) {
        kind cursor happening before after mergedSteps occurredAt changes { name before after }
        health { id reportedStatus customer { name subscriptions(first: 1) { nodes { name } } } }
    }
}";

pub const CHANGES: &str = "subscription($kinds: [EntityKind!], $after: String) {
    changes(kinds: $kinds, after: $after) { kind cursor happening entityKind nodeId node { __typename id } }
}";

/// What Graph says of the service that every given customer has.
fn health(given: &Given, tenant: &str, status: HealthStatus) -> ServiceHealth {
    let name = if tenant == ADATUM { "adatum" } else { "bellows" };
    ServiceHealth { reported_status: status, ..given.health(tenant, name) }
}

/// Lets Graph say it.
pub async fn report(app: &TestApp, given: &Given, tenant: &str, status: HealthStatus) {
    app.apply(given.id, [Change::ServiceHealth(health(given, tenant, status))]).await;
}

/// Reports one status after the other, each in a commit of its own.
pub async fn report_all(app: &TestApp, given: &Given, tenant: &str, statuses: impl IntoIterator<Item = HealthStatus>) {
    for status in statuses {
        report(app, given, tenant, status).await;
    }
}

pub const DOWN: HealthStatus = HealthStatus::ServiceInterruption;
pub const SLOW: HealthStatus = HealthStatus::ServiceDegradation;
pub const FINE: HealthStatus = HealthStatus::ServiceOperational;

pub async fn contoso(app: &TestApp) -> Given {
    Given::put(app, CONTOSO, "contoso").await
}

/// Where the log stands, as a cursor of `changes`.
pub async fn present(app: &TestApp, partner: PartnerId) -> Value {
    app.listen(partner, CHANGES, json!({})).await.next().await["cursor"].clone()
}

/// As many events as come until one has this cursor.
pub async fn until(listener: &mut Listener, cursor: &Value) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = listener.next().await;
        let is_last = event["cursor"] == *cursor;
        events.push(event);
        if is_last {
            return events;
        }
    }
}

#[tokio::test]
async fn a_feed_begins_with_the_present_and_goes_on() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let mut listener = app.listen(contoso.id, HEALTH, json!({})).await;

    let snapshot = listener.snapshot().await;
    assert_eq!(snapshot.len(), 2);
    for event in &snapshot {
        assert_eq!((&event["kind"], &event["happening"]), (&json!("SNAPSHOT"), &Value::Null));
        assert_eq!((&event["before"], &event["after"]), (&Value::Null, &json!("SERVICE_OPERATIONAL")));
        assert_eq!(event["mergedSteps"], 0);
    }
    report(&app, &contoso, ADATUM, DOWN).await;
    let event = listener.next().await;
    assert_eq!(
        (&event["kind"], &event["happening"], &event["mergedSteps"]),
        (&json!("LIVE"), &json!("CHANGED"), &json!(1))
    );
    assert_eq!((&event["before"], &event["after"]), (&json!("SERVICE_OPERATIONAL"), &json!("SERVICE_INTERRUPTION")));
    let members =
        json!([{ "name": "reportedStatus", "before": "SERVICE_OPERATIONAL", "after": "SERVICE_INTERRUPTION" }]);
    assert_eq!(event["changes"], members);
    let health = &event["health"];
    assert_eq!(health["reportedStatus"], "SERVICE_INTERRUPTION");
    assert_eq!(health["customer"]["name"], "contoso adatum");
    assert_eq!(health["customer"]["subscriptions"]["nodes"][0]["name"], "contoso adatum seats");

    // An answer that says nothing new makes no event.
    report(&app, &contoso, ADATUM, DOWN).await;
    report(&app, &contoso, BELLOWS, SLOW).await;
    assert_eq!(listener.next().await["after"], "SERVICE_DEGRADATION");
}

#[tokio::test]
async fn a_listener_resumes_at_any_cursor_and_misses_nothing() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let mut first = app.listen(contoso.id, HEALTH, json!({})).await;
    let mut heard = vec![first.next().await, first.next().await, first.next().await];
    for status in [DOWN, SLOW, FINE] {
        report(&app, &contoso, ADATUM, status).await;
        heard.push(first.next().await);
    }
    let told = |event: &Value| (event["health"]["id"].clone(), event["after"].clone(), event["cursor"].clone());
    // After the first row of the snapshot the second is as it is by now.
    let rows: Vec<Value> = heard[..2].iter().map(|event| event["health"]["id"].clone()).collect();
    let mut resumed = app.listen(contoso.id, HEALTH, json!({ "after": heard[0]["cursor"] })).await;
    let rest = resumed.snapshot().await;
    let adatum_is_first = heard[3]["health"]["id"] == rows[0];
    assert_eq!(rest.len(), if adatum_is_first { 2 } else { 1 }, "{rest:?}");
    assert_eq!(rest.last().expect("a row")["health"]["id"], rows[1]);
    assert!(resumed.is_silent().await);

    // After any later event the same follows as before, merged where it is read at once.
    for (index, event) in heard.iter().enumerate().skip(2).take(3) {
        let mut resumed = app.listen(contoso.id, HEALTH, json!({ "after": event["cursor"] })).await;
        let next = resumed.next().await;
        assert_eq!(told(&next), told(heard.last().expect("the last")));
        assert_eq!(next["mergedSteps"], 5 - index);
        assert_eq!(next["before"], heard[index + 1]["before"]);
    }
    let last = heard.last().expect("the last");
    let mut resumed = app.listen(contoso.id, HEALTH, json!({ "after": last["cursor"] })).await;
    report(&app, &contoso, BELLOWS, DOWN).await;
    assert_eq!(told(&resumed.next().await), told(&first.next().await));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_field_partner_and_database() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let fabrikam = Given::put(&app, FABRIKAM, "fabrikam").await;
    let cursor = present(&app, contoso.id).await;
    let refusal = async |partner: PartnerId, query: &str| {
        let refused = app.try_listen(Scope::partner(partner), query, json!({ "after": cursor })).await;
        code(&refused.err().expect("refused").body)
    };
    assert_eq!(refusal(contoso.id, HEALTH).await, "BAD_USER_INPUT");
    assert_eq!(refusal(fabrikam.id, CHANGES).await, "BAD_USER_INPUT");
    // As after a backup was brought back that is older than the cursor.
    app.execute("update partner set position = 1").await;
    app.execute("delete from event where position > 1").await;
    assert_eq!(refusal(contoso.id, CHANGES).await, "CURSOR_EXPIRED");
}

#[tokio::test]
async fn filters_look_at_both_sides_of_a_change() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let all = app.listen(contoso.id, HEALTH, json!({})).await.snapshot().await;
    let row = |name: &str| all.iter().find(|event| event["health"]["customer"]["name"] == name).expect("a row");
    let ids = app.query("{ customers { nodes { id name } } services { nodes { id name } } }").await.data();
    let id = |list: &str, name: &str| {
        let rows = ids[list]["nodes"].as_array().expect("rows");
        rows.iter().find(|row| row["name"] == name).expect("a row")["id"].clone()
    };
    let adatum = row("contoso adatum")["health"]["id"].clone();
    let filters = [
        (json!({ "customerIds": [id("customers", "contoso adatum")] }), 1, vec![DOWN, SLOW, FINE]),
        (json!({ "serviceIds": [id("services", "contoso adatum mail")] }), 1, vec![DOWN, SLOW, FINE]),
        (json!({ "serviceIds": [id("services", "contoso shared mail")] }), 0, vec![]),
        (json!({ "productFamily": ["MICROSOFT_365"] }), 2, vec![DOWN, SLOW, FINE]),
        (json!({ "productFamily": ["AZURE"] }), 0, vec![]),
        (json!({ "reportedStatus": ["SERVICE_INTERRUPTION"] }), 0, vec![DOWN, SLOW]),
        (json!({ "hasEnteredOrLeftOperational": true }), 2, vec![DOWN, FINE]),
        (json!({ "customerIds": [] }), 0, vec![]),
        (
            json!({ "customerIds": [id("customers", "contoso adatum")], "reportedStatus": ["SERVICE_OPERATIONAL"] }),
            1,
            vec![DOWN, FINE],
        ),
    ];
    let mut listeners = Vec::new();
    for (filter, rows, _) in &filters {
        let mut listener = app.listen(contoso.id, HEALTH, json!({ "filter": filter })).await;
        assert_eq!(listener.snapshot().await.len(), *rows, "{filter}");
        listeners.push(listener);
    }
    let mut everything = app.listen(contoso.id, HEALTH, json!({})).await;
    everything.snapshot().await;
    let start = everything.is_silent().await;
    assert!(start);
    for listener in &mut listeners {
        assert!(listener.is_silent().await);
    }
    report_all(&app, &contoso, ADATUM, [DOWN, SLOW, FINE]).await;
    for (listener, (filter, _, expected)) in listeners.iter_mut().zip(&filters) {
        for status in expected {
            let event = listener.next().await;
            assert_eq!(event["health"]["id"], adatum, "{filter}");
            assert_eq!(event["after"], json!(<&str>::from(*status)), "{filter}");
        }
    }
    for _ in 0..3 {
        everything.next().await;
    }
    for (listener, (filter, ..)) in listeners.iter_mut().zip(&filters) {
        assert!(listener.is_silent().await, "{filter}");
    }
    let foreign = json!({ "filter": { "customerIds": ["cus_AAAAAAAAAAAAAAAAAAAAAA"] } });
    assert_eq!(app.listen(contoso.id, HEALTH, foreign).await.snapshot().await.len(), 0);
    let wrong = app.try_listen(Scope::partner(contoso.id), HEALTH, json!({ "filter": { "customerIds": ["x"] } })).await;
    assert_eq!(code(&wrong.err().expect("refused").body), "BAD_USER_INPUT");
}

#[tokio::test]
async fn who_listens_alike_is_told_once_for_all() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let query = format!("{{ customer(tenantId: {ADATUM:?}) {{ id }} }}");
    let adatum = app.query(&query).await.data()["customer"]["id"].clone();
    let mut listeners = Vec::new();
    for _ in 0..100 {
        listeners.push(app.listen(contoso.id, HEALTH, json!({})).await);
    }
    // Others, of another customer and of other things: an event must not touch them.
    let mut others = Vec::new();
    for index in 0..100 {
        let filter = json!({ "customerIds": [adatum] });
        let query = HEALTH.replace("subscription(", &format!("subscription Other{index}("));
        others.push(app.listen(contoso.id, &query, json!({ "filter": filter })).await);
    }
    for listener in listeners.iter_mut().chain(&mut others) {
        listener.snapshot().await;
        assert!(listener.is_silent().await);
    }
    let before = app.metrics().live.told.get();
    report(&app, &contoso, BELLOWS, DOWN).await;
    let mut bodies = Vec::new();
    for listener in &mut listeners {
        bodies.push(listener.payload().await.body);
    }
    assert!(bodies.iter().all(|body| body.as_ptr() == bodies[0].as_ptr()), "the same bytes for all");
    assert_eq!(app.metrics().live.told.get() - before, 1);
    for listener in &mut others {
        assert!(listener.is_silent().await);
    }
    // Nobody is told what nobody listens to any more.
    drop((listeners, others));
    let mut other = app.listen(contoso.id, CHANGES, json!({})).await;
    other.next().await;
    assert!(other.is_silent().await);
    report(&app, &contoso, BELLOWS, SLOW).await;
    other.next().await;
    assert_eq!(app.metrics().live.told.get() - before, 2);
}

#[tokio::test]
async fn who_stops_in_the_middle_of_a_snapshot_keeps_nobody_waiting() {
    let app = TestApp::with(|config| config.database.max_connections = 2).await;
    let contoso = contoso(&app).await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut listener = app.listen(contoso.id, HEALTH, json!({})).await;
        assert!(listener.is_silent().await, "nothing is read yet");
        idle.push(listener);
    }
    app.query("{ customers { totalCount } }").await.data();
    for listener in &mut idle {
        assert_eq!(listener.snapshot().await.len(), 2);
    }
}

#[tokio::test]
async fn nothing_crosses_a_scope() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let fabrikam = Given::put(&app, FABRIKAM, "fabrikam").await;
    let of = |tenant: &str| Scope::customers(contoso.id, [contoso.customer_id(tenant)]);
    let incidents = "subscription($after: String) { incidentChanged(after: $after) { kind cursor happening
        changes { name before after }
        incident { title customers { nodes { name } } } } }";
    let requests = "subscription($after: String) { serviceRequestChanged(after: $after) {
        kind cursor happening serviceRequest { title } } }";
    for query in [HEALTH, CHANGES, incidents, requests] {
        let mut adatum = app.try_listen(of(ADATUM), query, json!({})).await.expect("it begins");
        let mut whole = app.listen(contoso.id, query, json!({})).await;
        let mut foreign = app.listen(fabrikam.id, query, json!({})).await;
        let (rows, start) = adatum.snapshot_and_cursor().await;
        for event in rows {
            assert!(!event.to_string().replace("bellows mail", "").contains("bellows"), "{query}: {event}");
        }
        whole.snapshot().await;
        foreign.snapshot().await;
        for listener in [&mut adatum, &mut whole, &mut foreign] {
            assert!(listener.is_silent().await);
        }
        // What is Bellows' alone, what is the partner's alone, then what both see.
        let word = format!("bellows{}", query.len());
        app.apply(
            contoso.id,
            [
                Change::ServiceHealth(health(&contoso, BELLOWS, if query == HEALTH { DOWN } else { SLOW })),
                Change::SupportPlan(contoso.support_plan()),
                contoso.incident(&word, &[BELLOWS]),
                contoso.request(BELLOWS, &word),
            ],
        )
        .await;
        let both = format!("both{}", query.len());
        app.apply(
            contoso.id,
            [
                Change::ServiceHealth(health(&contoso, ADATUM, if query == HEALTH { DOWN } else { SLOW })),
                contoso.incident(&both, &[ADATUM, BELLOWS]),
                contoso.request(ADATUM, &both),
            ],
        )
        .await;
        let happenings: &[&str] = match query {
            CHANGES => &["CHANGED", "ADDED", "SEEN", "ADDED"],
            query if query == incidents => &["ADDED", "SEEN"],
            query if query == requests => &["ADDED"],
            _ => &["CHANGED"],
        };
        let mut heard = Vec::new();
        for happening in happenings {
            let event = adatum.next().await;
            assert_eq!(event["happening"], *happening, "{query}");
            assert!(!event.to_string().contains(&word), "{query}: {event}");
            assert_ne!(event.get("node"), Some(&Value::Null), "{query}: {event}");
            heard.push(event);
        }
        if query == incidents {
            assert_eq!(heard[0]["incident"]["customers"]["nodes"], json!([{ "name": "contoso adatum" }]));
        }
        let mut of_whole = whole.next().await;
        of_whole["cursor"] = heard[0]["cursor"].clone();
        assert_ne!(of_whole, heard[0], "the whole partner hears of Bellows first: {query}");
        assert!(adatum.is_silent().await, "{query}");
        // Who reads the log for itself hears the same, and not that Bellows saw it.
        let mut resumed = app.try_listen(of(ADATUM), query, json!({ "after": start })).await.expect("it goes on");
        for event in &heard {
            assert_eq!(resumed.next().await, *event, "{query}");
        }
        assert!(resumed.is_silent().await, "{query}");
        assert!(foreign.is_silent().await, "{query}");
    }
}

#[tokio::test]
async fn incidents_and_tickets_tell_what_befell_them() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let incidents = "subscription($filter: IncidentChangedFilter) { incidentChanged(filter: $filter) {
        kind cursor happening changes { name before after isWithheld } incident { title status } } }";
    let requests = "subscription($filter: ServiceRequestChangedFilter) { serviceRequestChanged(filter: $filter) {
        kind cursor happening changes { name before after isWithheld } serviceRequest { title status } } }";
    let mut incident = app.listen(contoso.id, incidents, json!({})).await;
    let mut adatums = app
        .listen(
            contoso.id,
            incidents,
            json!({ "filter": { "status": ["SERVICE_RESTORED"], "classification": ["INCIDENT"] } }),
        )
        .await;
    let ids = app.query("{ customers { nodes { id } } }").await.data();
    let ids: Vec<&Value> = ids["customers"]["nodes"].as_array().expect("rows").iter().map(|row| &row["id"]).collect();
    let mut both = app.listen(contoso.id, incidents, json!({ "filter": { "customerIds": ids } })).await;
    assert_eq!(both.snapshot().await.len(), 3);
    assert!(both.is_silent().await);
    let mut request = app.listen(contoso.id, requests, json!({ "filter": { "severity": ["CRITICAL"] } })).await;
    let mut closed = app.listen(contoso.id, requests, json!({ "filter": { "status": ["CLOSED"] } })).await;
    assert_eq!(incident.snapshot().await.len(), 3);
    assert_eq!(request.snapshot().await.len(), 2);
    assert_eq!((adatums.snapshot().await.len(), closed.snapshot().await.len()), (0, 0));

    let Change::Incident { incident: mut row, mut posts, impacts, azure_subscriptions, .. } =
        contoso.incident("adatum", &[ADATUM])
    else {
        unreachable!()
    };
    row.status = HealthStatus::ServiceRestored;
    row.is_resolved = true;
    posts[0].content = "all is well".to_owned();
    posts[0].id = supportgraph::domain::IncidentPostId::of(row.id, posts[0].created_at, &posts[0].content);
    let seen_by = vec![contoso.customer_id(ADATUM), contoso.customer_id(BELLOWS)];
    app.apply(contoso.id, [Change::Incident { incident: row, posts, impacts, seen_by, azure_subscriptions }]).await;
    let (changed, posted, seen) = (incident.next().await, incident.next().await, incident.next().await);
    assert_eq!(changed["happening"], "CHANGED");
    let status =
        json!({ "name": "status", "before": "SERVICE_DEGRADATION", "after": "SERVICE_RESTORED", "isWithheld": false });
    assert!(changed["changes"].as_array().expect("changes").contains(&status), "{changed}");
    assert_eq!(changed["incident"]["status"], "SERVICE_RESTORED");
    assert_eq!((&posted["happening"], &seen["happening"]), (&json!("POSTED"), &json!("SEEN")));
    assert_eq!(adatums.next().await["cursor"], changed["cursor"]);
    // A group that watches several of the customers that see it is told once.
    assert_eq!(both.next().await["cursor"], changed["cursor"]);
    assert_eq!(both.next().await["cursor"], posted["cursor"]);

    let Change::ServiceRequest { request: mut row, mut notes } = contoso.request(ADATUM, "adatum") else {
        unreachable!()
    };
    row.status = supportgraph::domain::service_request::ServiceRequestStatus::Closed;
    notes[0].text = "thank you".to_owned();
    notes[0].id = supportgraph::domain::ServiceRequestNoteId::of(row.id, notes[0].created_at, None, &notes[0].text);
    app.apply(contoso.id, [Change::ServiceRequest { request: row, notes }]).await;
    let (changed, noted) = (request.next().await, request.next().await);
    assert_eq!((&changed["happening"], &noted["happening"]), (&json!("CHANGED"), &json!("NOTED")));
    assert_eq!(closed.next().await["cursor"], changed["cursor"]);
    let mut later = app.listen(contoso.id, requests, json!({})).await;
    assert_eq!(later.snapshot().await.len(), 1, "what is closed is not in the snapshot");
}
