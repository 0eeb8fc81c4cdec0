//! How settings are read, and what a reader of the message can do.

use std::{fs, path::Path};

use secrecy::ExposeSecret;
use supportgraph::config::{Config, Origin};

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The problems of a file and variables, one a line.
fn problems(file: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.toml");
    fs::write(&path, file).expect("a file");
    let problems = Config::read(Some(&path), variables(pairs)).expect_err("not usable").0;
    let folder = format!("{}/", folder.path().display());
    problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.toml");
    fs::write(&path, "[server]\nlisten = \"127.0.0.1:1\"\nhosts = [\"a.example\"]\n[limits]\ndepth = 7\n")
        .expect("a file");
    let from = variables(&[
        ("SUPPORTGRAPH_SERVER__LISTEN", "[::1]:2"),
        ("SUPPORTGRAPH_SERVER__CORS_ORIGINS", "https://a.example, https://b.example"),
        ("SUPPORTGRAPH_DATABASE__URL", "postgres://u:p@h/d"),
        ("SUPPORTGRAPH_CACHE__ENABLED", "false"),
        ("SUPPORTGRAPH_SERVER__METRICS_LISTEN", "127.0.0.1:9464"),
        ("SUPPORTGRAPH_TEST_POSTGRES", "is none of ours"),
        ("PATH", "/bin"),
    ]);
    let config = Config::read(Some(&path), from).expect("usable");
    assert_eq!(config.server.listen.to_string(), "[::1]:2");
    assert_eq!(config.server.cors_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(config.server.hosts, ["a.example"]);
    assert_eq!(config.server.metrics_listen.map(|address| address.port()), Some(9464));
    assert_eq!(config.database.url.expose_secret(), "postgres://u:p@h/d");
    assert_eq!((config.limits.depth, config.cache.enabled), (7, false));
    assert_eq!(config.origin("server.listen"), Origin::Variable("SUPPORTGRAPH_SERVER__LISTEN".to_owned()));
    assert_eq!(config.origin("limits.depth"), Origin::File(path));
    assert_eq!(config.origin("limits.cost"), Origin::Default);
}

#[test]
fn every_problem_is_told_at_once_with_its_origin_and_a_way_out() {
    let told = problems(
        "[server]\nlisten = \"everywhere\"\nlitsen = 1\n[limits]\ndepth = \"deep\"\n[databse]\nurl = \"x\"\n",
        &[
            ("SUPPORTGRAPH_LIMITS__PAGE_SIZE", "0"),
            ("SUPPORTGRAPH_SERVER_BODY_LIMIT_BYTES", "1"),
            ("SUPPORTGRAPH_DATABASE__URL", "mysql://root:hunter2@h/d"),
            ("SUPPORTGRAPH_BUS__URL", "nats://a,redis://root:hunter2@b"),
            ("SUPPORTGRAPH_SERVER__CORS_ORIGINS", "https://a.example/path"),
            ("SUPPORTGRAPH_SERVER__PARTNER", "fabrikam"),
            ("SUPPORTGRAPH_SERVER__METRICS_LISTEN", "9464"),
            ("SUPPORTGRAPH_TELEMETRY__FILTER", "a=b=c"),
        ],
    );
    let expected = [
        ("server.listen (from gateway.toml): \"everywhere\" is not usable", "127.0.0.1:8080"),
        ("server.litsen (from gateway.toml): there is no such setting", "check-config"),
        ("limits.depth (from gateway.toml): \"deep\" is not usable", "a whole number"),
        ("databse.url (from gateway.toml): there is no such setting", "did you mean database.url?"),
        ("limits.page_size (from SUPPORTGRAPH_LIMITS__PAGE_SIZE): 0 is out of range", "1 to 10000"),
        ("from SUPPORTGRAPH_SERVER_BODY_LIMIT_BYTES", "did you mean SUPPORTGRAPH_SERVER__BODY_LIMIT_BYTES?"),
        ("database.url (from SUPPORTGRAPH_DATABASE__URL): the database is not known", "postgres://USER"),
        ("bus.url (from SUPPORTGRAPH_BUS__URL): the bus is not known", "nats://HOST"),
        ("server.cors_origins (from SUPPORTGRAPH_SERVER__CORS_ORIGINS)", "without a path"),
        ("server.partner (from SUPPORTGRAPH_SERVER__PARTNER)", "GUID"),
        ("server.metrics_listen (from SUPPORTGRAPH_SERVER__METRICS_LISTEN)", "an address and a port"),
        ("telemetry.filter (from SUPPORTGRAPH_TELEMETRY__FILTER)", "info"),
    ];
    for (what, remedy) in expected {
        assert!(told.iter().any(|line| line.contains(what) && line.contains(remedy)), "{what} … {remedy} in {told:#?}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    assert!(!told.concat().contains("hunter2"), "a secret is not repeated");
}

#[test]
fn issuers_are_tables_and_what_is_wrong_with_each_is_told() {
    let issuer =
        |rest: &str| format!("[[auth.issuers]]\nissuer = \"https://a.example\"\naudiences = [\"x\"]\n{rest}\n");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.toml");
    let good = issuer("algorithms = [\"ES256\"]\nrole_map = { \"5b1c\" = \"HELPDESK_AGENT\" }");
    fs::write(&path, &good).expect("a file");
    let config = Config::read(Some(&path), []).expect("usable");
    let [read] = &config.auth.issuers[..] else { panic!("one issuer") };
    assert_eq!(
        (read.issuer.as_str(), read.tenant_claim.as_str(), &read.algorithms[..]),
        ("https://a.example", "tid", &["ES256".to_owned()][..])
    );
    let shown = config.fields().into_iter().find(|field| field.name == "auth.issuers").expect("the field").value;
    fs::write(&path, format!("[auth]\nissuers = {shown}\n")).expect("a file");
    assert_eq!(Config::read(Some(&path), []).expect("as it was shown").auth.issuers, config.auth.issuers);
    assert!(config.refused().is_none());

    for (wrong, what) in [
        (issuer("algorithms = [\"HS256\"]"), "\"HS256\" is not accepted"),
        (issuer("algorithms = []"), "algorithms is empty"),
        (issuer("audience = \"x\""), "audience"),
        (issuer("partner = \"fabrikam\""), "is not a tenant id"),
        (issuer("allow_customers = true"), "allow_customers needs partner"),
        (issuer("role_map = { a = \"EMPEROR\" }"), "no role \"EMPEROR\""),
        (issuer("jwks_url = \"http://a.example/keys\""), "begins with https://"),
        (format!("{good}{good}"), "the issuer 2: another one has the same issuer and audience"),
        ("[[auth.issuers]]\nissuer = \"https://a.example\"\n".to_owned(), "missing field `audiences`"),
        ("[auth]\nissuers = \"https://a.example\"\n".to_owned(), "[[auth.issuers]]"),
    ] {
        let told = problems(&wrong, &[]);
        assert!(
            told.len() == 1 && told[0].starts_with("auth.issuers (from gateway.toml)") && told[0].contains(what),
            "{what} in {told:#?}"
        );
    }
}

#[test]
fn an_address_that_others_reach_needs_authentication() {
    let refused = |pairs: &[(&str, &str)]| Config::read(None, variables(pairs)).expect("usable").refused().is_some();
    let everywhere = ("SUPPORTGRAPH_SERVER__LISTEN", "0.0.0.0:8080");
    let issuers = ("SUPPORTGRAPH_AUTH__ISSUERS", r#"[{issuer="https://a.example", audiences=["x"]}]"#);
    assert!(refused(&[everywhere]) && refused(&[("SUPPORTGRAPH_SERVER__LISTEN", "[::]:8080")]));
    assert!(!refused(&[]) && !refused(&[everywhere, ("SUPPORTGRAPH_AUTH__REQUIRED", "true")]));
    assert!(!refused(&[everywhere, issuers]));
}

#[test]
fn what_is_legal_and_not_meant_is_warned_about() {
    let warnings = |pairs: &[(&str, &str)]| Config::read(None, variables(pairs)).expect("usable").warnings();
    let postgres = ("SUPPORTGRAPH_DATABASE__URL", "postgres://h/d");
    let bus = ("SUPPORTGRAPH_BUS__URL", "nats://u:hunter2@a:4222, tls://b");
    let rarely = ("SUPPORTGRAPH_LIVE__POLL_SECONDS", "60");
    for pairs in [&[][..], &[rarely], &[postgres], &[postgres, bus], &[postgres, bus, rarely]] {
        assert_eq!(warnings(pairs), [] as [String; 0], "{pairs:?}");
    }
    let nobody = [("SUPPORTGRAPH_AUTH__REQUIRED", "true"), ("SUPPORTGRAPH_AUTH__API_KEYS", "false")];
    let few = [postgres, ("SUPPORTGRAPH_LIVE__OPERATIONS", "10000")];
    for (pairs, what) in [
        ([bus, rarely], "SQLite"),
        ([postgres, rarely], "60 seconds"),
        (nobody, "nobody can come in"),
        (few, "live.operations_per_caller = 10000 lets one caller take every place"),
    ] {
        let told = warnings(&pairs);
        assert!(told.len() == 1 && told[0].contains(what) && !told[0].contains("hunter2"), "{told:?}");
    }
}

#[test]
fn a_file_that_is_not_toml_or_not_there_is_named() {
    let told = problems("[server\nlisten = 1", &[]);
    assert!(told.len() == 1 && told[0].contains("gateway.toml") && told[0].contains("is not TOML"), "{told:#?}");
    let missing = Config::read(Some(Path::new("/nowhere/gateway.toml")), []).expect_err("missing").to_string();
    assert!(missing.contains("/nowhere/gateway.toml") && missing.contains("cannot be read"), "{missing}");
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("url");
    fs::write(&secret, "postgres://u:hunter2@h/d\n").expect("a file");
    let secret = secret.display().to_string();
    let pairs = [("SUPPORTGRAPH_DATABASE__URL_FILE", secret.as_str())];
    let config = Config::read(None, variables(&pairs)).expect("usable");
    assert_eq!(config.database.url.expose_secret(), "postgres://u:hunter2@h/d");
    let shown: String = config.fields().into_iter().map(|field| field.value).collect();
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{config:?}").contains("hunter2"));

    let both = problems("", &[pairs[0], ("SUPPORTGRAPH_DATABASE__URL", "sqlite://a.db")]);
    assert!(both.len() == 1 && both[0].contains("give one of the two"), "{both:#?}");
    let missing = problems("", &[("SUPPORTGRAPH_DATABASE__URL_FILE", "/nowhere/url")]);
    assert!(missing.len() == 1 && missing[0].contains("/nowhere/url"), "{missing:#?}");
}

#[test]
fn every_setting_says_what_it_means() {
    for field in Config::default().fields() {
        assert!(field.about.ends_with('.') && field.about.len() > 15, "{}: {:?}", field.name, field.about);
        assert!(Config::table().contains(&format!("| `{}` |", field.name)));
    }
}

#[test]
fn the_readme_tells_every_setting() {
    let Ok(readme) = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")) else {
        return eprintln!("left out: there is no README.md yet");
    };
    for line in Config::table().lines() {
        assert!(readme.contains(line), "README.md lacks {line}; `supportgraph check-config --table` prints the table");
    }
}
