//! Walking a list page by page, in any order and either direction: each row once, whatever comes and goes meanwhile.

use proptest::prelude::*;
use serde_json::{Value, json};
use supportgraph::domain::{
    change::Change,
    customer::Customer,
    filter::Filter,
    incident::Incident,
    page::{Listed, Order},
    subscription::Subscription,
};
use tokio::runtime::Runtime;

use crate::{
    filters::{invented, runner},
    support::{
        Client, TestApp,
        given::{CONTOSO, FABRIKAM, Given},
        oracle::{Known, Oracle, filter_input, filters, listed, order_input, orders},
    },
};

/// Reads a list from one end to the other; the ids in the order of the list.
async fn walk<T: Known>(client: &Client, variables: &Value, size: usize, forward: bool) -> Vec<String> {
    let (count, place) = if forward { ("first", "after") } else { ("last", "before") };
    let query = format!(
        "query($filter: {input}Filter, $order: [{input}Order!], $size: Int!, $place: String) {{
            list: {list}({count}: $size, {place}: $place, filter: $filter, orderBy: $order) {{
                totalCount edges {{ cursor node {{ id }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}",
        input = T::INPUT,
        list = T::LIST
    );
    let (mut ids, mut place, mut total) = (Vec::new(), Value::Null, Value::Null);
    loop {
        let mut variables = variables.clone();
        variables["size"] = size.into();
        variables["place"] = place.clone();
        let list = client.query_with(&query, variables).await.data()["list"].take();
        let edges = list["edges"].as_array().expect("edges");
        assert!(edges.len() <= size);
        assert!(total.is_null() || list["totalCount"] == total, "the total stays on every page");
        total = list["totalCount"].clone();
        let page = edges.iter().map(|edge| edge["node"]["id"].as_str().expect("an id").to_owned());
        let info = &list["pageInfo"];
        let (more, end, came_from) = match forward {
            true => ("hasNextPage", "endCursor", "hasPreviousPage"),
            false => ("hasPreviousPage", "startCursor", "hasNextPage"),
        };
        assert_eq!(info[came_from], !place.is_null(), "{came_from} tells that there was a page before");
        match forward {
            true => ids.extend(page),
            false => drop(ids.splice(0..0, page.collect::<Vec<_>>())),
        }
        assert_eq!(info["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(info["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        if info[more] == false {
            assert_eq!(total, ids.len(), "as many as were counted");
            return ids;
        }
        assert_eq!(edges.len(), size, "a page before the last is full");
        place = info[end].clone();
    }
}

fn check<T: Known>(cases: u32) {
    let (runtime, app, oracle): (Runtime, TestApp, Oracle) = invented();
    let case = (filters::<T>(), orders::<T>(), 7..60_usize, any::<bool>());
    let checked = runner(cases).run(&case, |(filter, order, size, forward)| {
        let variables = json!({ "filter": filter_input::<T>(&filter), "order": order_input::<T>(&order) });
        let ids = runtime.block_on(walk::<T>(&app, &variables, size, forward));
        prop_assert_eq!(ids, listed::<T>(&oracle, T::rows(&oracle), &filter, &order), "{}", variables);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn walking_subscriptions_gives_each_once_in_order() {
    check::<Subscription>(20);
}

#[test]
fn walking_customers_gives_each_once_in_order() {
    check::<Customer>(20);
}

#[test]
fn walking_incidents_gives_each_once_in_order() {
    check::<Incident>(20);
}

#[test]
fn single_rows_can_be_walked_through_missing_values() {
    let (runtime, app, oracle) = invented();
    let oracle_of =
        |order: &[Order<_>]| listed::<Customer>(&oracle, oracle.customers.clone(), &Filter::default(), order);
    use supportgraph::domain::customer::CustomerKey as K;
    for order in [
        vec![Order::ascending(K::Country), Order::descending(K::Name)],
        vec![Order::descending(K::Country), Order::ascending(K::TenantId)],
    ] {
        for forward in [true, false] {
            let variables = json!({ "order": order_input::<Customer>(&order) });
            let ids = runtime.block_on(walk::<Customer>(&app, &variables, 1, forward));
            assert_eq!(ids, oracle_of(&order), "{order:?}");
        }
    }
}

/// One page of the names of a given partner's subscriptions, and its last cursor.
async fn names(app: &TestApp, arguments: &str) -> (Vec<String>, String) {
    let query = format!("{{ subscriptions({arguments}) {{ nodes {{ name }} pageInfo {{ endCursor startCursor }} }} }}");
    let data = app.query(&query).await.data();
    let nodes = data["subscriptions"]["nodes"].as_array().expect("nodes");
    let names = nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect();
    (names, data["subscriptions"]["pageInfo"]["endCursor"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn rows_that_come_or_go_meanwhile_shift_nothing() {
    let app = TestApp::with(|config| config.cache.enabled = false).await;
    let given = Given::new(CONTOSO, "contoso", app.clock.now());
    app.apply(given.id, [Change::Partner(given.partner())]).await;
    let tenant = crate::support::given::ADATUM;
    let named = |name: &str| {
        let mut subscription = given.subscription(tenant, name);
        subscription.friendly_name = name.to_owned();
        Change::Subscription(subscription)
    };
    app.apply(given.id, [Change::Customer(given.customer(tenant, "adatum"))]).await;
    app.apply(given.id, ["b", "d", "f", "h", "j"].map(named)).await;

    let (first, cursor) = names(&app, "first: 2").await;
    assert_eq!(first, ["b", "d"]);
    app.apply(given.id, ["a", "c", "e", "i"].map(named)).await;
    for gone in ["d", "f"] {
        app.execute(&format!("delete from subscription where friendly_name = '{gone}'")).await;
    }
    let (second, end) = names(&app, &format!("first: 2, after: {cursor:?}")).await;
    assert_eq!(second, ["e", "h"], "the row of the cursor is gone, its place is not");
    assert_eq!(names(&app, &format!("first: 9, after: {end:?}")).await.0, ["i", "j"]);
    assert_eq!(names(&app, &format!("last: 9, before: {cursor:?}")).await.0, ["a", "b", "c"]);
    assert_eq!(names(&app, &format!("first: 9, after: {cursor:?}, before: {end:?}")).await.0, ["e"]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_order_and_partner_only() {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    let (contoso, fabrikam) = (app.as_partner(CONTOSO), app.as_partner(FABRIKAM));
    let cursor = async |client: &Client, list: &str| {
        let query = format!("{{ list: {list} {{ pageInfo {{ endCursor }} }} }}");
        client.query(&query).await.data()["list"]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned()
    };
    let own = cursor(&contoso, "customers(first: 1)").await;
    let mut forged = own.clone().into_bytes();
    forged[3] ^= 1;
    let forged = String::from_utf8_lossy(&forged).into_owned();
    let by_country = "customers(first: 1, orderBy: { field: COUNTRY })";
    let descending = "customers(first: 1, orderBy: { field: NAME, direction: DESC })";
    for (what, cursor) in [
        ("forged", forged),
        ("truncated", own[..own.len() - 4].to_owned()),
        ("longer", format!("{own}AAAA")),
        ("empty", String::new()),
        ("no base64", "not a cursor!".to_owned()),
        ("an id", "cus_AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        ("another order", cursor(&contoso, by_country).await),
        ("another direction", cursor(&contoso, descending).await),
        ("another list", cursor(&contoso, "subscriptions(first: 1)").await),
        ("another partner", cursor(&fabrikam, "customers(first: 1)").await),
    ] {
        for argument in ["after", "before"] {
            let query = format!("query($cursor: String) {{ customers({argument}: $cursor) {{ totalCount }} }}");
            let answer = contoso.query_with(&query, json!({ "cursor": cursor })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{what}");
            let message = answer.json()["errors"][0]["message"].to_string();
            assert!(message.contains(argument) && message.contains("leave it out"), "{what}: {message}");
        }
    }
    let query = "query($cursor: String) { customers(after: $cursor, filter: { isEnded: false }) { nodes { name } } }";
    let data = contoso.query_with(query, json!({ "cursor": own })).await.data();
    assert_eq!(data["customers"]["nodes"], json!([{ "name": "contoso bellows" }]), "a filter may change on the way");
}

#[tokio::test]
async fn sizes_that_make_no_page_are_refused() {
    let app = TestApp::with_customers(30).await;
    for (arguments, part) in [
        ("first: -1", "first: a number of rows cannot be negative"),
        ("last: -2147483648", "last: a number of rows cannot be negative"),
        (
            "first: 501",
            "first: 501 is more than a page may hold; ask for at most 500, then go on with `after: endCursor`",
        ),
        ("last: 2147483647", "ask for at most 500"),
        ("first: 1, last: 1", "give either `first` or `last`, not both"),
    ] {
        for list in ["customers", "incidents", "messages"] {
            let answer = app.query(&format!("{{ {list}({arguments}) {{ totalCount }} }}")).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{arguments}");
            let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();
            assert!(message.contains(part), "{arguments}: {message}");
        }
    }
    let page = "nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let data = app
        .query(&format!("{{ none: customers(first: 0) {{ {page} }} default: customers {{ {page} }} }}"))
        .await
        .data();
    let info = json!({ "hasNextPage": true, "hasPreviousPage": false, "startCursor": null, "endCursor": null });
    assert_eq!(data["none"], json!({ "nodes": [], "totalCount": 30, "pageInfo": info }));
    assert_eq!(data["default"]["nodes"].as_array().map(Vec::len), Some(20));
    let nulls =
        app.query("{ customers(first: null, after: null, filter: null, orderBy: null) { nodes { id } } }").await;
    assert_eq!(nulls.data()["customers"]["nodes"].as_array().map(Vec::len), Some(20));
}

#[test]
fn pages_of_each_parent_are_the_pages_of_its_own_rows() {
    let (runtime, app, oracle) = invented();
    let query = "query($size: Int!, $place: String, $filter: CustomerSubscriptionFilter,
            $order: [CustomerSubscriptionOrder!], $incidents: IncidentFilter, $by: [IncidentOrder!]) {
        subscriptions(first: 200, orderBy: $order) { edges { cursor node { id } } }
        customers(first: 500) { nodes { id
            subscriptions(first: $size, after: $place, filter: $filter, orderBy: $order) {
                totalCount nodes { id } pageInfo { hasNextPage } }
            incidents(last: $size, filter: $incidents, orderBy: $by) {
                totalCount nodes { id } pageInfo { hasPreviousPage } } } } }";
    let case = (
        filters::<Subscription>(),
        orders::<Subscription>(),
        filters::<Incident>(),
        orders::<Incident>(),
        0..6_usize,
        0..200_usize,
    );
    let checked = runner(25).run(&case, |(filter, order, incidents, by, size, from)| {
        let mut variables = json!({ "size": size, "filter": filter_input::<Subscription>(&filter),
            "order": order_input::<Subscription>(&order), "incidents": filter_input::<Incident>(&incidents),
            "by": order_input::<Incident>(&by) });
        let first = runtime.block_on(app.query_with(query, variables.clone())).data();
        let edge = &first["subscriptions"]["edges"][from];
        let whole = listed::<Subscription>(&oracle, oracle.subscriptions.clone(), &Filter::default(), &order);
        let passed = if edge.is_null() { &whole[..0] } else { &whole[..=from] };
        variables["place"] = edge["cursor"].clone();
        let data = runtime.block_on(app.query_with(query, variables.clone())).data();
        for node in data["customers"]["nodes"].as_array().expect("customers") {
            let customer = oracle.customers.iter().find(|one| node["id"] == one.global_id()).expect("known");
            let own = |row: &&Subscription| row.customer_id == customer.id;
            let own = oracle.subscriptions.iter().filter(own).cloned().collect();
            let mut wanted = listed::<Subscription>(&oracle, own, &filter, &order);
            let total = wanted.len();
            wanted.retain(|id| !passed.contains(id));
            let more = wanted.len() > size;
            wanted.truncate(size);
            prop_assert_eq!(&node["subscriptions"], &page(total, &wanted, "hasNextPage", more), "{}", variables);

            let seen = oracle.incidents.iter().filter(|(_, seen_by)| seen_by.contains(&customer.row_id()));
            let wanted = listed(&oracle, seen.map(|(one, _)| one.clone()).collect(), &incidents, &by);
            let from = wanted.len().saturating_sub(size);
            let page = page(wanted.len(), &wanted[from..], "hasPreviousPage", from > 0);
            prop_assert_eq!(&node["incidents"], &page, "{}", variables);
        }
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

fn page(total: usize, ids: &[String], flag: &str, more: bool) -> Value {
    let nodes: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    json!({ "totalCount": total, "nodes": nodes, "pageInfo": { flag: more } })
}
