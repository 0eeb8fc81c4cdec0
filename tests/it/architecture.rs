//! What may depend on what, how large a file may be, and that documents name what exists.

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One row of the table in `docs/ARCHITECTURE.md`: a folder or file in `src/`, what of ours it may import, and which of
/// [`FRAMEWORKS`] it may name.
const MAY: [(&str, &[&str], &[&str]); 15] = [
    ("domain", &[], &[]),
    ("store", &["domain"], &["sea_orm"]),
    ("upstream", &["domain"], &[]),
    ("actions", &["domain", "store", "upstream"], &[]),
    ("audit", &["domain", "store"], &[]),
    ("auth", &["domain", "store"], &["jsonwebtoken", "reqwest", "rustls"]),
    ("engine", &["domain"], &["async_graphql", "apollo_compiler"]),
    ("live", &["domain", "store"], &["async_nats"]),
    ("quota", &["domain", "engine", "store"], &[]),
    ("graphql", &["domain", "engine", "store", "actions", "live"], &["async_graphql"]),
    (
        "http",
        &["audit", "domain", "auth", "engine", "graphql", "live", "quota", "store"],
        &["axum", "hyper", "hyper_util", "tokio_tungstenite", "tower_http", "rust_embed"],
    ),
    ("cli", &["*"], &["clap"]),
    ("app.rs", &["*"], &[]),
    ("config", &["domain"], &["figment", "tracing_subscriber"]),
    ("telemetry.rs", &[], &["prometheus", "tracing_subscriber"]),
];

/// Everybody's: the metrics, and one's own section of the configuration.
const EVERYBODYS: [&str; 2] = ["config", "telemetry"];

/// Named in the places that [`MAY`] allows, and nowhere else.
const FRAMEWORKS: [&str; 18] = [
    "apollo_compiler",
    "async_graphql",
    "async_nats",
    "axum",
    "clap",
    "figment",
    "hyper",
    "hyper_util",
    "jsonwebtoken",
    "migrations",
    "prometheus",
    "reqwest",
    "rust_embed",
    "rustls",
    "sea_orm",
    "tokio_tungstenite",
    "tower_http",
    "tracing_subscriber",
];

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !["node_modules", "dist", "target", "fixtures"].contains(&name.as_str()) {
                folders.push(path);
            } else if extensions.iter().any(|extension| path.extension().is_some_and(|own| own == *extension)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The path inside the repository, with `/`.
fn shown(path: &Path) -> String {
    path.strip_prefix(ROOT).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The names of our folders and of frameworks that a line of code uses.
fn names(line: &str) -> (Vec<String>, Vec<&'static str>) {
    let code = line.split("//").next().unwrap_or_default();
    let name =
        |rest: &str| rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect::<String>();
    let ours = code
        .match_indices("crate::")
        .map(|(at, found)| name(&code[at + found.len()..]))
        .filter(|name| !name.is_empty());
    let theirs = FRAMEWORKS.into_iter().filter(|framework| {
        code.match_indices(&format!("{framework}::")).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_' && letter != ':')
        })
    });
    (ours.collect(), theirs.collect())
}

/// `use crate::{a::…, b::…}` over several lines as `crate::a crate::b`, so that each line can be read alone.
fn with_groups_unfolded(text: &str) -> String {
    let Some(start) = text.find("use crate::{") else { return text.to_owned() };
    let Some(end) = text[start..].find("};").map(|end| start + end) else { return text.to_owned() };
    let mut depth = 0;
    let mut group = String::from("crate::");
    for letter in text[start + "use crate::{".len()..end].chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => group.push_str(" crate::"),
            letter if letter.is_whitespace() => {}
            letter => group.push(letter),
        }
    }
    format!("{}{group}\n{}", &text[..start], with_groups_unfolded(&text[end + 1..]))
}

fn violations(file: &str, text: &str) -> Vec<String> {
    let place = file.trim_start_matches("src/").split('/').next().unwrap_or_default();
    let Some((_, ours, theirs)) = MAY.iter().find(|(name, ..)| *name == place || format!("{name}.rs") == place) else {
        let known = ["lib.rs", "main.rs"].contains(&place);
        return if known {
            Vec::new()
        } else {
            vec![format!("{file} is in no row of the table in docs/ARCHITECTURE.md")]
        };
    };
    // Code under test may stand on more than the code itself.
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in with_groups_unfolded(text).lines() {
        let (uses, frameworks) = names(line);
        for name in uses {
            let allowed = name == place
                || EVERYBODYS.contains(&name.as_str())
                || ours.contains(&"*")
                || ours.contains(&name.as_str());
            if !allowed && name.chars().next().is_some_and(char::is_lowercase) {
                found.push(format!("{file} must not import crate::{name}: {}", line.trim()));
            }
        }
        for framework in frameworks.iter().filter(|framework| !theirs.contains(framework)) {
            let migrates = place == "store" && *framework == "migrations";
            if !migrates {
                found.push(format!("{file} must not name {framework}: {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_import_is_in_the_table() {
    let found: Vec<String> = files(&Path::new(ROOT).join("src"), &["rs"])
        .iter()
        .filter(|path| !["tests.rs", "testing.rs"].iter().any(|name| path.ends_with(name)))
        .flat_map(|path| violations(&shown(path), &fs::read_to_string(path).expect("a file")))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_forbidden_import_is_found() {
    for (file, text) in [
        ("src/domain/a.rs", "use crate::store::Store;"),
        ("src/domain/a.rs", "use crate::{\n    domain::Error,\n    store::{Store, Page},\n};"),
        ("src/domain/a.rs", "fn a() { crate::http::serve() }"),
        ("src/http/a.rs", "use sea_orm::Database;"),
        ("src/engine/a.rs", "use crate::graphql::Context;"),
        ("src/novel/a.rs", ""),
    ] {
        assert_eq!(violations(file, text).len(), 1, "{file}: {text}");
    }
    for (file, text) in [
        ("src/store/a.rs", "use crate::{\n    domain::{Error, customer::Customer},\n};\nuse sea_orm::Database;"),
        ("src/domain/a.rs", "// crate::store would be wrong\nuse super::Error;"),
        ("src/http/mod.rs", "use crate::config::ServerConfig;"),
        ("src/cli/a.rs", "use crate::store::Store;"),
    ] {
        assert_eq!(violations(file, text), Vec::<String>::new(), "{file}: {text}");
    }
}

#[test]
fn no_file_is_longer_than_600_lines() {
    let folders = ["src", "tests", "migrations", "playground/src", "benches", "scripts"];
    let files =
        folders.iter().flat_map(|folder| files(&Path::new(ROOT).join(folder), &["rs", "js", "jsx", "mjs", "py", "sh"]));
    let long = files.filter(|path| fs::read_to_string(path).expect("a file").lines().count() > 600);
    let long: Vec<String> = long.map(|path| shown(&path)).collect();
    assert!(long.is_empty(), "split {long:?}");
}

#[test]
fn every_path_that_a_document_names_exists() {
    let root = Path::new(ROOT);
    let mut documents = files(&root.join("docs"), &["md"]);
    documents
        .extend(["README.md", "CHANGELOG.md"].map(|name| root.join(name)).into_iter().filter(|path| path.exists()));
    let starts = ["src/", "docs/", "tests/", "migrations/", "playground/", "scripts/", ".ci/", "benches/"];
    let mut missing = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document).expect("a document");
        for named in text.split('`').skip(1).step_by(2) {
            let is_path =
                starts.iter().any(|start| named.starts_with(start)) && !named.contains([' ', '*', '{', '<', '…']);
            if is_path && !root.join(named.trim_end_matches('/')).exists() && !named.contains("NNNN") {
                missing.push(format!("{} names {named}", shown(document)));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn the_table_in_the_documentation_is_the_one_that_is_checked() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/ARCHITECTURE.md")).expect("the document");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row.len() > 4)
        .collect();
    for (place, ours, theirs) in MAY {
        let place = format!("`{place}`");
        let row = rows.iter().find(|row| row[1].split(", ").any(|named| named == place));
        let row = row.unwrap_or_else(|| panic!("{place} has a row"));
        let named: Vec<&str> = row[2].split('`').skip(1).step_by(2).collect();
        let listed: Vec<&str> = if row[2] == "all" { vec!["*"] } else { named };
        assert_eq!(listed, ours, "{place}");
        for framework in theirs {
            let shown = framework.replace('_', "-");
            assert!(row[3].contains(&shown) || shown.starts_with("hyper"), "{place} names {shown}");
        }
    }
}
