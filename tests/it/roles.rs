//! What each role may see and do: every role with every field, act and live field of the schema.

use std::collections::BTreeSet;

use apollo_compiler::{Schema, schema::ExtendedType, validation::Valid};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;
use supportgraph::{
    config::Config,
    domain::access::{Permission, Permissions, Role, Scope, Viewer},
    engine::Access,
};

use crate::support::{
    TestApp,
    given::{ADATUM, BELLOWS, FABRIKAM, Given},
};

/// Where objects of each type are met.
const PATHS: &[(&str, &str)] = &[
    ("AuditRecord", "auditRecords { nodes { HERE } }"),
    ("AzureEntitlement", "subscriptions { nodes { azureEntitlements { nodes { HERE } } } }"),
    ("Customer", "customers { nodes { HERE } }"),
    ("CustomerSubscription", "subscriptions { nodes { HERE } }"),
    ("Incident", "incidents { nodes { HERE } }"),
    ("IncidentImpact", "incidents { nodes { impacts { HERE } } }"),
    ("IncidentPost", "incidents { nodes { posts { nodes { HERE } } } }"),
    ("IncidentReach", "incidents { nodes { reach { HERE } } }"),
    ("Message", "messages { nodes { HERE } }"),
    ("Partner", "partner { HERE }"),
    ("PartnerRelation", "customers { nodes { reseller { HERE } } }"),
    ("Qualification", "partner { qualifications { HERE } }"),
    ("Query", "HERE"),
    ("ResponseTarget", "supportPlanKinds { responseTargets { HERE } }"),
    ("Service", "services { nodes { HERE } }"),
    ("ServiceHealth", "customers { nodes { serviceHealth { nodes { HERE } } } }"),
    ("ServiceRequest", "serviceRequests { nodes { HERE } }"),
    ("ServiceRequestNote", "serviceRequests { nodes { notes { nodes { HERE } } } }"),
    ("SupportContact", "subscriptions { nodes { supportContact { HERE } } }"),
    ("SupportOffering", "customers { nodes { supportOfferings { HERE } } }"),
    ("SupportPlan", "supportPlans { nodes { HERE } }"),
    ("SupportPlanKind", "supportPlanKinds { HERE }"),
];

/// Types that are met in other ways, each with its own tests: roots, what acts give, and events.
const ELSEWHERE: &[&str] = &[
    "Change",
    "IncidentChange",
    "MemberChange",
    "Mutation",
    "ServiceHealthChange",
    "ServiceRequestAddNotePayload",
    "ServiceRequestChange",
    "ServiceRequestClosePayload",
    "ServiceRequestOpenPayload",
    "Subscription",
    "UserError",
    "Viewer",
];

/// What is open to everybody who may ask. Think twice before adding to it.
const OPEN_TYPES: &[&str] = &["Change", "MemberChange", "Mutation", "Query", "Subscription", "UserError", "Viewer"];
const OPEN_ROOTS: &[&str] = &["Query.node", "Query.nodes", "Query.search", "Query.viewer", "Subscription.changes"];

/// The partner Fabrikam with something of everything.
pub async fn fabrikam() -> (TestApp, Given) {
    fabrikam_with(|_| ()).await
}

async fn fabrikam_with(change: impl FnOnce(&mut Config)) -> (TestApp, Given) {
    let app = TestApp::with(change).await;
    let given = Given::put(&app, FABRIKAM, "fabrikam").await;
    (app, given)
}

/// Somebody of that role; a customer's user works for both customers here, so that it meets everything.
pub fn viewer(given: &Given, role: Role) -> Viewer {
    let scope = match role {
        Role::CustomerUser => Scope::customers(given.id, [given.customer_id(ADATUM), given.customer_id(BELLOWS)]),
        _ => Scope::partner(given.id),
    };
    Viewer::new(role.into(), role.into(), [role], scope)
}

async fn schema(app: &TestApp) -> Valid<Schema> {
    let sdl = app.get("/schema.graphql").await.text;
    Schema::parse_and_validate(sdl, "schema.graphql").expect("a schema")
}

fn may(role: Role, needs: Permissions) -> bool {
    Permissions::of(&[role]).missing(needs).is_none()
}

/// A field of a type under a key of its own, with what to select on it.
fn selection(schema: &Schema, row: &Access) -> String {
    let field = row.field.expect("a field");
    let arguments = match (row.type_name, field) {
        ("Query", "node") => "(id: \"nothing\")".to_owned(),
        ("Query", "nodes") => "(ids: [])".to_owned(),
        ("Query", "search") => "(text: \"nothing is called so\")".to_owned(),
        ("Query", "customer") => format!("(tenantId: {ADATUM:?})"),
        _ => String::new(),
    };
    let ty = &schema.type_field(row.type_name, field).expect("a field of the schema").ty;
    let below = match &schema.types[ty.inner_named_type()] {
        ExtendedType::Object(object) if object.fields.contains_key("totalCount") => "{ totalCount }",
        ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_) => "{ __typename }",
        _ => "",
    };
    format!("of_{field}: {field}{arguments} {below}")
}

/// Puts null in the place of each of these fields; gives the paths.
fn hide(value: &mut Value, fields: &BTreeSet<String>, path: &mut Vec<Value>, hidden: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                path.push(json!(name));
                if fields.contains(name) {
                    hidden.push(json!(path));
                    *value = Value::Null;
                } else {
                    hide(value, fields, path, hidden);
                }
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(json!(index));
                hide(item, fields, path, hidden);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Where an answer has errors, each of which has to be FORBIDDEN.
pub fn forbidden(answer: &Value) -> Vec<Value> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "FORBIDDEN"), "{answer}");
    errors.iter().map(|error| error["path"].clone()).collect()
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(Value::to_string);
    values
}

#[tokio::test]
async fn every_role_sees_the_fields_that_it_may_and_null_for_the_others() {
    // A kept answer costs no statement.
    let uncached = |config: &mut Config| {
        config.cache.response_bytes = 0;
        config.limits.cost = 1_000_000;
    };
    let (app, given) = fabrikam_with(uncached).await;
    let (schema, access) = (schema(&app).await, app.access());
    for (type_name, path) in PATHS {
        let of_type: Vec<&Access> = access.iter().filter(|row| row.type_name == *type_name).collect();
        let own = of_type.iter().find(|row| row.field.is_none()).expect("the type itself").needs;
        let fields: Vec<&Access> =
            of_type.into_iter().filter(|row| !matches!(row.field, None | Some("viewer"))).collect();
        let ask = |wanted: &[&Access]| {
            let members: String = wanted.iter().map(|row| selection(&schema, row) + " ").collect();
            format!("{{ {} }}", path.replace("HERE", &format!("__typename {members}")))
        };
        for role in Role::iter() {
            let somebody = viewer(&given, role);
            let admin = Viewer::new("a", "a", [Role::GlobalAdmin], somebody.scope.clone());
            let (answer, statements) = app.statements(app.ask_as(&somebody, &ask(&fields), json!({}))).await;
            if !may(role, own) {
                assert!(!forbidden(&answer).is_empty() && !answer.to_string().contains("of_"), "{role:?} {answer}");
                continue;
            }
            let mut expected = app.ask_as(&admin, &ask(&fields), json!({})).await;
            assert_eq!(expected.get("errors"), None, "{type_name}");
            let (seen, hidden): (Vec<&Access>, Vec<&Access>) = fields.iter().partition(|row| may(role, row.needs));
            let keys = hidden.iter().filter_map(|row| Some(format!("of_{}", row.field?))).collect();
            let mut paths = Vec::new();
            hide(&mut expected["data"], &keys, &mut Vec::new(), &mut paths);
            assert_eq!(answer["data"], expected["data"], "{role:?} sees of {type_name}");
            assert_eq!(sorted(forbidden(&answer)), sorted(paths), "{role:?} hears of {type_name}");

            let (_, without) = app.statements(app.ask_as(&somebody, &ask(&seen), json!({}))).await;
            assert_eq!(statements, without, "{role:?} {type_name}: nothing is read for what is forbidden");
            let is_met = expected.to_string().contains(&format!("\"__typename\":\"{type_name}\""));
            // What belongs to the partner itself is in no customer's scope.
            assert!(is_met || role == Role::CustomerUser, "{role:?} meets a {type_name}");
        }
    }
}

#[tokio::test]
async fn every_type_every_root_field_and_every_act_has_a_row() {
    let (app, _) = fabrikam().await;
    let access = app.access();
    let types = access.iter().filter(|row| row.field.is_none());
    for row in types.clone() {
        let is_met = PATHS.iter().any(|(name, _)| *name == row.type_name);
        assert_ne!(is_met, ELSEWHERE.contains(&row.type_name), "say where {} is met", row.type_name);
        assert_eq!(row.needs == Permissions::NONE, OPEN_TYPES.contains(&row.type_name), "{}", row.type_name);
    }
    for row in access.iter().filter(|row| ["Query", "Mutation", "Subscription"].contains(&row.type_name)) {
        let Some(field) = row.field else { continue };
        let name = format!("{}.{field}", row.type_name);
        assert_eq!(row.needs == Permissions::NONE, OPEN_ROOTS.contains(&name.as_str()), "{name}");
        assert_eq!(row.is_border, row.needs != Permissions::NONE, "{name}: somebody may have no role");
    }
    let known: BTreeSet<&str> = types.map(|row| row.type_name).collect();
    for (name, ty) in schema(&app).await.types.iter().filter(|(_, ty)| ty.is_object() && !ty.is_built_in()) {
        let is_page = ["Connection", "Edge", "PageInfo"].iter().any(|end| name.ends_with(end));
        assert!(is_page || known.contains(name.as_str()), "{name} has no row: {ty}");
    }
}

#[tokio::test]
async fn null_may_stand_wherever_something_may_be_forbidden() {
    let (app, _) = fabrikam().await;
    let schema = schema(&app).await;
    let access = app.access();
    for row in access.iter().filter(|row| row.is_border) {
        let field = schema.type_field(row.type_name, row.field.expect("a field")).expect("in the schema");
        assert!(!field.ty.is_non_null(), "{}.{}: {}", row.type_name, field.name, field.ty);
        let about = field.description.as_deref().unwrap_or_default();
        for permission in row.needs.iter() {
            assert!(about.contains(<&str>::from(permission)), "{}.{}: {about}", row.type_name, field.name);
        }
    }
    assert!(access.iter().filter(|row| row.is_border).count() > 20);
}

/// An input of each act that does something, under a key of its own.
fn input(act: &str, key: &str, request: &Value) -> Value {
    match act {
        "serviceRequestOpen" => {
            json!({ "idempotencyKey": key, "title": "Slow", "description": "Since noon.", "severity": "MINIMAL" })
        }
        "serviceRequestAddNote" => json!({ "idempotencyKey": key, "id": request, "text": "Still." }),
        "serviceRequestClose" => json!({ "idempotencyKey": key, "id": request }),
        other => panic!("{other} is an act now: give it an input here"),
    }
}

#[tokio::test]
async fn every_role_does_what_it_may_and_nothing_else() {
    let (app, given) = fabrikam().await;
    let admin = viewer(&given, Role::GlobalAdmin);
    let acts: Vec<Access> =
        app.access().into_iter().filter(|row| row.type_name == "Mutation" && row.field.is_some()).collect();
    for role in Role::iter() {
        for act in &acts {
            let name = act.field.expect("a field");
            let title = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
            let query = format!(
                "mutation($input: {title}!) {{ {name}(input: $input) {{ serviceRequest {{ id }} userErrors {{ code }} }} }}"
            );
            let opening = OPENING.replace("KEY", &format!("for-{}-{name}", <&str>::from(role)));
            let request = app.ask_as(&admin, &opening, json!({})).await["data"]["made"]["serviceRequest"]["id"].take();
            let before = app.rows().await;
            let key = format!("{}-{name}", <&str>::from(role));
            let (somebody, input_of) =
                (viewer(&given, role), |key: &str, id: &Value| json!({ "input": input(name, key, id) }));
            let (answer, statements) = app.statements(app.ask_as(&somebody, &query, input_of(&key, &request))).await;
            if may(role, act.needs) {
                assert_eq!(answer.get("errors"), None, "{role:?} may {name}");
                assert_eq!(answer["data"][name]["userErrors"], json!([]), "{role:?} {name}");
                assert_ne!(app.rows().await, before, "{role:?} {name}");
                continue;
            }
            assert_eq!(
                (&answer["data"], forbidden(&answer)),
                (&json!({ name: null }), vec![json!([name])]),
                "{role:?}"
            );
            assert_eq!(app.rows().await, before, "{role:?} changes nothing by {name}");
            let (_, nothing) = app.statements(app.ask_as(&somebody, "{ __typename }", json!({}))).await;
            assert!(statements <= nothing, "{role:?} {name}");

            // What was given is not looked at: neither a bad key nor one that another has used.
            for key in ["bad", &format!("{}-{name}", <&str>::from(Role::GlobalAdmin))] {
                let refused = app.ask_as(&somebody, &query, input_of(key, &json!("srq_nonsense"))).await;
                assert_eq!(refused, answer, "{role:?} {name}");
            }
        }
    }
}

const OPENING: &str = "mutation { made: serviceRequestOpen(input: { idempotencyKey: \"KEY\", title: \"Slow\",
    description: \"Since noon.\", severity: MINIMAL }) { serviceRequest { id } } }";

#[tokio::test]
async fn every_role_listens_to_what_it_may_and_to_nothing_else() {
    let (app, given) = fabrikam().await;
    for row in app.access().iter().filter(|row| row.type_name == "Subscription") {
        let Some(field) = row.field else { continue };
        let query = format!("subscription {{ heard: {field} {{ kind cursor }} }}");
        for role in Role::iter() {
            match app.try_listen_as(&viewer(&given, role), &query, json!({})).await {
                Ok(mut listener) => {
                    assert!(may(role, row.needs), "{role:?} must not hear {field}");
                    listener.snapshot().await;
                }
                Err(refused) => {
                    assert!(!may(role, row.needs), "{role:?} may hear {field}");
                    let answer: Value = serde_json::from_slice(&refused.body).expect("JSON");
                    assert_eq!(
                        (&answer["data"], forbidden(&answer)),
                        (&json!({ "heard": null }), vec![json!(["heard"])])
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_viewer_sees_its_own_roles_and_what_they_grant() {
    let (app, given) = fabrikam().await;
    let both = [Role::BillingAdmin, Role::HelpdeskAgent];
    let somebody = Viewer::new("ada", "ada", both, Scope::partner(given.id));
    let answer = app.ask_as(&somebody, "{ viewer { name roles permissions } }", json!({})).await;
    let words: Vec<&str> = Permissions::of(&both).iter().map(Into::into).collect();
    let roles = ["HELPDESK_AGENT", "BILLING_ADMIN"];
    assert_eq!(answer, json!({ "data": { "viewer": { "name": "ada", "roles": roles, "permissions": words } } }));

    let nobody = Viewer::new("nobody", "nobody", [], Scope::partner(given.id));
    let answer =
        app.ask_as(&nobody, "{ viewer { name roles partner { name } } customers { totalCount } }", json!({})).await;
    let viewer = json!({ "name": "nobody", "roles": [], "partner": null });
    assert_eq!(answer["data"], json!({ "viewer": viewer, "customers": null }));
    assert_eq!(forbidden(&answer), [json!(["viewer", "partner"]), json!(["customers"])]);
    let message = answer["errors"][1]["message"].as_str().unwrap_or_default();
    assert!(message.contains(<&str>::from(Permission::ReadCustomers)), "{message}");
}

#[tokio::test]
async fn the_schema_is_the_same_for_all() {
    let (app, given) = fabrikam().await;
    let query =
        "{ __schema { types { name fields { name type { name kind } } } } __type(name: \"Customer\") { name } }";
    let whole = app.ask_as(&viewer(&given, Role::GlobalAdmin), query, json!({})).await;
    for role in Role::iter() {
        assert_eq!(app.ask_as(&viewer(&given, role), query, json!({})).await, whole, "{role:?}");
    }
}
