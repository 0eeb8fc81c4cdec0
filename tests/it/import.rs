//! Taking in files of what upstreams answered.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use supportgraph::{
    actions::import::{self, MOST_BYTES, Options, Report},
    domain::Error,
};
use tempfile::TempDir;

use crate::{
    cli::{supportgraph, text},
    support::TestApp,
};

const PARTNER: &str = "3b33e682-00c3-41ee-9dd2-a548adf56438";
const TENANT: &str = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04";
const OTHER: &str = "c5757d70-06f3-4f23-8367-5a9e55019f94";
const SUBSCRIPTION: &str = "83ef9d05-4169-4ef9-9657-0e86b1eab1de";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn of_partner() -> Options {
    Options { partner: Some(PARTNER.to_owned()), ..Options::default() }
}

async fn try_import(app: &TestApp, paths: &[&Path], options: &Options) -> Result<Report, Error> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).to_owned()).collect();
    import::run(app.store(), &app.clock, &paths, options, &mut |_| ()).await
}

async fn import(app: &TestApp, path: &Path, options: &Options) -> Report {
    try_import(app, &[path], options).await.expect("an import")
}

/// Files that are gone with the value.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, contents).expect("a file");
        self
    }

    /// With the customer [`TENANT`].
    fn with_customer(self) -> Self {
        self.with("customers.json", customers(&[(TENANT, "Contoso")]).to_string())
    }
}

fn customers(customers: &[(&str, &str)]) -> Value {
    let item = |(tenant, name): &(&str, &str)| {
        json!({ "id": tenant, "companyProfile": { "tenantId": tenant, "companyName": name, "domain": "contoso.example" },
            "attributes": { "objectType": "Customer" } })
    };
    json!({ "totalCount": 1, "items": customers.iter().map(item).collect::<Vec<_>>(),
        "attributes": { "objectType": "Collection" } })
}

fn health(status: &str) -> Value {
    json!({ "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#admin/serviceAnnouncement/healthOverviews",
        "value": [{ "id": "Exchange", "service": "Exchange Online", "status": status }] })
}

async fn name_of(app: &TestApp, tenant: &str) -> Value {
    let answer = app.query(&format!("{{ customer(tenantId: \"{tenant}\") {{ name }} }}")).await;
    answer.data()["customer"]["name"].clone()
}

async fn health_of(app: &TestApp, tenant: &str) -> Value {
    let query = format!("{{ customer(tenantId: \"{tenant}\") {{ serviceHealth {{ nodes {{ reportedStatus }} }} }} }}");
    app.query(&query).await.data()["customer"]["serviceHealth"]["nodes"].clone()
}

#[tokio::test]
async fn a_partner_is_its_own_entry_until_partner_center_tells_of_it() {
    let app = TestApp::start().await;
    let told = async |path: &Path, day: u32| {
        let observed_at = Some(format!("2026-01-{day:02}T00:00:00Z").parse().expect("a time"));
        import(&app, path, &Options { observed_at, ..of_partner() }).await;
        app.query("{ partner { name source observedAt networkId partnerType } }").await.data()["partner"].clone()
    };
    let customers = Files::new().with_customer();
    assert_eq!(
        told(customers.path(), 1).await,
        json!({ "name": PARTNER, "source": "ENTERED", "observedAt": "1970-01-01T00:00:00Z", "networkId": null,
            "partnerType": "UNKNOWN" })
    );
    let file = repository("docs/partner.example.toml");
    assert_eq!(
        told(&file, 2).await,
        json!({ "name": "Fabrikam Cloud", "source": "ENTERED", "observedAt": "2026-01-02T00:00:00Z", "networkId": null,
            "partnerType": "DIRECT_BILL" })
    );
    for (path, day) in [(repository("tests/fixtures/partner-center/profiles-mpn-1.json"), 3), (file, 4)] {
        assert_eq!(
            told(&path, day).await,
            json!({ "name": "Fabrikam Cloud", "source": "PARTNER_CENTER", "networkId": "4391507",
                "observedAt": format!("2026-01-{day:02}T00:00:00Z"), "partnerType": "DIRECT_BILL" })
        );
    }
}

#[tokio::test]
async fn every_sample_is_imported_and_a_second_time_changes_nothing() {
    let app = TestApp::start().await;
    let options = Options { customer: Some(TENANT.to_owned()), ..of_partner() };

    let report = import(&app, &repository("tests/fixtures"), &options).await;

    let failed: Vec<String> = report.failed.iter().map(|(path, _)| path.display().to_string()).collect();
    assert!(failed.iter().all(|path| path.contains("/errors-")), "{failed:?}");
    assert!(report.tallies.len() >= 20, "{:?}", report.tallies);
    assert!(report.total().added > 30);

    let before = app.rows().await;
    let report = import(&app, &repository("tests/fixtures"), &options).await;
    assert_eq!((report.total().added, report.total().changed), (0, 0), "{:?}", report.tallies);
    assert_eq!(app.rows().await, before);
}

#[tokio::test]
async fn the_example_of_a_partner_file_is_imported() {
    let app = TestApp::start().await;
    let report = import(&app, &repository("docs/partner.example.toml"), &Options::default()).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(app.query("{ partner { name } }").await.data()["partner"]["name"], "Fabrikam Cloud");
}

#[tokio::test]
async fn all_problems_of_a_partner_file_are_told_and_nothing_of_it_is_stored() {
    let app = TestApp::start().await;
    let file = format!("[partner]\ntenant_id = \"{PARTNER}\"\nname = \"Fabrikam\"\ntype = \"shop\"\ncolour = 1\n");
    let files = Files::new().with("partner.toml", file);
    let report = import(&app, files.path(), &Options::default()).await;
    let (_, reason) = &report.failed[0];
    assert!(reason.contains("line 4") && reason.contains("line 5"), "{reason}");
    assert_eq!(app.rows().await["event"], [] as [String; 0]);
}

#[tokio::test]
async fn a_broken_file_is_named_and_the_others_go_in() {
    let app = TestApp::start().await;
    let files = Files::new()
        .with_customer()
        .with("a/cut-off.json", &customers(&[(OTHER, "Fabrikam")]).to_string()[..90])
        .with("a/empty.json", "")
        .with("a/garbage.json", [0, 159, 146, 150, 255])
        .with("a/unknown.json", r#"{ "colour": "blue" }"#)
        .with("a/error.json", r#"{ "code": 2000, "description": "Tenant Id must be a GUID." }"#)
        .with("a/latin.toml", [b'#', 0xE9])
        .with("notes.txt", "to do");

    let report = import(&app, files.path(), &of_partner()).await;

    let reason = |name: &str| {
        let found = report.failed.iter().find(|(path, _)| path.ends_with(name));
        found.map(|(_, reason)| reason.clone()).unwrap_or_else(|| panic!("{name} in {report:?}"))
    };
    assert!(reason("a/cut-off.json").contains("not JSON"));
    assert_eq!(reason("a/empty.json"), "it is empty");
    assert!(reason("a/garbage.json").contains("not JSON"));
    assert!(reason("a/unknown.json").contains("colour"));
    assert!(reason("a/error.json").contains("Tenant Id must be a GUID."));
    assert!(reason("a/latin.toml").contains("UTF-8"));
    assert!(report.skipped.iter().any(|(path, reason)| path.ends_with("notes.txt") && reason.contains(".json")));
    assert!(!report.is_success());
    assert_eq!(name_of(&app, TENANT).await, "Contoso");
    assert_eq!(name_of(&app, OTHER).await, Value::Null);
}

#[tokio::test]
async fn a_bad_item_is_left_out_and_the_rest_of_its_file_goes_in() {
    let app = TestApp::start().await;
    let files =
        Files::new().with("customers.json", customers(&[("nobody", "Nobody"), (TENANT, "Contoso")]).to_string());
    let report = import(&app, files.path(), &of_partner()).await;
    assert!(report.is_success());
    assert_eq!((report.total().added, report.total().quarantined), (1, 1));
    let (_, item) = &report.quarantined[0];
    assert_eq!(item.place, "items[0]");
    assert!(item.reason.contains("nobody"), "{}", item.reason);
    assert_eq!(name_of(&app, TENANT).await, "Contoso");
}

#[tokio::test]
async fn an_item_that_hangs_on_what_is_not_known_is_told_until_it_is() {
    let app = TestApp::start().await;
    let contact = json!({ "supportTenantId": PARTNER, "supportMpnId": "1", "name": "Fabrikam",
        "attributes": { "objectType": "SupportContact" } });
    let files = Files::new()
        .with_customer()
        .with(&format!("{TENANT}/subscriptions/{SUBSCRIPTION}/supportcontact.json"), contact.to_string());

    let report = import(&app, files.path(), &of_partner()).await;

    let [(path, item)] = &report.quarantined[..] else { panic!("{report:?}") };
    assert!(report.is_success() && path.ends_with("supportcontact.json"), "{report:?}");
    assert_eq!(item.place, "support contact");
    assert_eq!(item.reason, "its subscription is not known yet; read that first, then this document again");
    assert_eq!(report.total().quarantined, 1);

    let subscription = json!({ "items": [{ "id": SUBSCRIPTION, "offerName": "Microsoft 365 E3", "quantity": 3,
        "status": "active", "attributes": { "objectType": "Subscription" } }] });
    let files = files.with(&format!("{TENANT}/subscriptions.json"), subscription.to_string());
    assert_eq!(import(&app, files.path(), &of_partner()).await.quarantined, []);
}

#[tokio::test]
async fn folders_say_whose_a_document_is() {
    let app = TestApp::start().await;
    let contact = json!({ "supportTenantId": PARTNER, "supportMpnId": "1", "name": "Fabrikam",
        "attributes": { "objectType": "SupportContact" } });
    let subscriptions = json!({ "items": [{ "id": SUBSCRIPTION, "offerName": "Microsoft 365 E3", "quantity": 3,
        "status": "active", "attributes": { "objectType": "Subscription" } }] });
    let files = Files::new()
        .with_customer()
        .with(&format!("{TENANT}/subscriptions/{SUBSCRIPTION}/supportcontact.json"), contact.to_string())
        .with(&format!("{TENANT}/subscriptions.json"), subscriptions.to_string())
        .with(&format!("{TENANT}/health.json"), health("serviceDegradation").to_string());

    let report = import(&app, files.path(), &of_partner()).await;

    assert!(report.is_success(), "{report:?}");
    assert_eq!(report.total().quarantined, 0, "{report:?}");
    assert_eq!(health_of(&app, TENANT).await, json!([{ "reportedStatus": "SERVICE_DEGRADATION" }]));
}

#[tokio::test]
async fn the_customer_of_the_command_goes_before_that_of_folders() {
    let app = TestApp::start().await;
    let both = customers(&[(TENANT, "Contoso"), (OTHER, "Fabrikam")]);
    let files = Files::new().with("customers.json", both.to_string());
    let files = files.with(&format!("{OTHER}/health.json"), health("serviceOperational").to_string());
    let options = Options { customer: Some(TENANT.to_owned()), ..of_partner() };
    import(&app, files.path(), &options).await;
    assert_eq!(health_of(&app, TENANT).await, json!([{ "reportedStatus": "SERVICE_OPERATIONAL" }]));
    assert_eq!(health_of(&app, OTHER).await, json!([]));
}

#[tokio::test]
async fn health_that_says_not_whose_is_left_out_with_a_way_out() {
    let app = TestApp::start().await;
    let files = Files::new().with_customer().with("health.json", health("serviceOperational").to_string());
    let report = import(&app, files.path(), &of_partner()).await;
    assert!(report.quarantined[0].1.reason.contains("--customer"), "{report:?}");
}

#[tokio::test]
async fn an_older_file_does_not_undo_a_newer_one() {
    let app = TestApp::start().await;
    let at = |time: &str| Options { observed_at: Some(time.parse().expect("a time")), ..of_partner() };
    let newer = Files::new().with("a.json", customers(&[(TENANT, "Contoso now")]).to_string());
    let older = Files::new().with("a.json", customers(&[(TENANT, "Contoso then")]).to_string());
    import(&app, newer.path(), &at("2026-03-01T00:00:00Z")).await;
    let report = import(&app, older.path(), &at("2026-02-01T00:00:00Z")).await;
    assert_eq!(report.total().outdated, 1);
    assert_eq!(name_of(&app, TENANT).await, "Contoso now");
}

#[tokio::test]
async fn the_time_of_a_file_is_when_it_was_changed_and_never_in_the_future() {
    let app = TestApp::start().await;
    let files = Files::new().with_customer();
    let path = files.path().join("customers.json");
    let seen = |app: &TestApp| {
        let query = format!("{{ customer(tenantId: \"{TENANT}\") {{ observedAt }} }}");
        let client = app.client.clone();
        async move { client.query(&query).await.data()["customer"]["observedAt"].clone() }
    };
    let change = |seconds| {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("another time");
    };
    change(1_700_000_000);
    import(&app, files.path(), &of_partner()).await;
    assert_eq!(seen(&app).await, "2023-11-14T22:13:20Z");
    change(4_000_000_000);
    import(&app, files.path(), &of_partner()).await;
    assert_eq!(seen(&app).await, TestApp::NOW);
}

#[tokio::test]
async fn whose_documents_they_are_has_to_be_said() {
    let app = TestApp::start().await;
    let files = Files::new().with_customer();
    let said = |error: Error| error.to_string();

    let error = try_import(&app, &[files.path()], &Options::default()).await.unwrap_err();
    assert!(said(error).contains("--partner"));

    let file = |tenant: &str| format!("[partner]\ntenant_id = \"{tenant}\"\nname = \"{tenant}\"\ntype = \"advisor\"\n");
    let two = Files::new().with("a.toml", file(PARTNER)).with("b.toml", file(OTHER));
    let error = said(try_import(&app, &[two.path()], &Options::default()).await.unwrap_err());
    assert!(error.contains(PARTNER) && error.contains(OTHER), "{error}");

    for name in ["a.toml", "b.toml"] {
        import(&app, &two.path().join(name), &Options::default()).await;
    }
    let error = said(try_import(&app, &[files.path()], &Options::default()).await.unwrap_err());
    assert!(error.contains("several partners") && error.contains(OTHER), "{error}");
    assert!(import(&app, files.path(), &of_partner()).await.is_success());
}

#[tokio::test]
async fn the_only_partner_is_meant_unless_said_otherwise() {
    let app = TestApp::start().await;
    import(&app, &repository("docs/partner.example.toml"), &Options::default()).await;
    let files = Files::new().with_customer();
    assert!(import(&app, files.path(), &Options::default()).await.is_success());
    assert_eq!(name_of(&app, TENANT).await, "Contoso");
}

#[tokio::test]
async fn folders_that_go_in_circles_and_empty_ones_do_no_harm() {
    let app = TestApp::start().await;
    let files = Files::new().with_customer();
    fs::create_dir(files.path().join("empty")).expect("a folder");
    std::os::unix::fs::symlink(files.path(), files.path().join("circle")).expect("a link");
    std::os::unix::fs::symlink("nowhere", files.path().join("broken.json")).expect("a link");
    let report = import(&app, files.path(), &of_partner()).await;
    assert_eq!(report.total().documents, 1);
    assert!(report.skipped.iter().any(|(path, _)| path.ends_with("circle")));
    assert!(report.failed.iter().any(|(path, _)| path.ends_with("broken.json")), "{report:?}");

    let report = import(&app, &files.path().join("empty"), &of_partner()).await;
    assert!(report.failed[0].1.contains("no .json or .toml"), "{report:?}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_unread() {
    let app = TestApp::start().await;
    let files = Files::new();
    let file = File::create(files.path().join("huge.json")).expect("a file");
    file.set_len(MOST_BYTES + 1).expect("a hole");
    let report = import(&app, files.path(), &of_partner()).await;
    assert!(report.failed[0].1.contains("256 MB"), "{report:?}");
}

#[test]
fn the_command_sums_up_and_fails_if_a_file_did() {
    let files = Files::new().with_customer();
    let run = |arguments: &[&str]| {
        let output = supportgraph(files.path(), arguments).output().expect("the program runs");
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let arguments = ["import", "--partner", PARTNER, "customers.json"];

    let (code, out, _) = run(&arguments);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("added") && out.contains("customers"), "{out}");

    let (code, _, err) = run(&["import", "--partner", PARTNER, "missing.json", "customers.json"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("missing.json") && err.contains("1 file could not be imported"), "{err}");

    let (code, _, err) = run(&["import", "--partner", "fabrikam", "customers.json"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("not a GUID"), "{err}");
}

#[test]
fn a_database_that_cannot_grow_stops_the_import_and_nothing_is_half_done() {
    let many: Vec<(String, String)> =
        (0..20_000).map(|n| (format!("00000000-0000-0000-0000-{n:012}"), format!("Customer {n}"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(tenant, name)| (tenant.as_str(), name.as_str())).collect();
    let files = Files::new().with("few/a.json", customers(&[(TENANT, "Contoso")]).to_string());
    let files = files.with("many/b.json", customers(&many).to_string());
    let program = supportgraph(files.path(), &[]).get_program().to_string_lossy().into_owned();
    let import = |limit: &str| {
        let script = format!("{limit} exec {program} import --partner {PARTNER} few many");
        let output = Command::new("sh").args(["-c", &script]).current_dir(files.path()).output().expect("a shell");
        (output.status.code(), text(&output.stderr))
    };
    assert!(supportgraph(files.path(), &["migrate"]).status().expect("it runs").success());

    // Files may not grow beyond 4 MiB, as on a disk that is full.
    let (code, err) = import("trap '' XFSZ; ulimit -f 8192;");
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("stopped at many/b.json") && err.contains("import everything again"), "{err}");

    let (code, err) = import("");
    assert_eq!(code, Some(0), "{err}");
}
