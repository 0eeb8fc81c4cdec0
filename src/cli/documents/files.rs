//! Documents as they stand in files: one in a file, or many in a manifest.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::domain::document::DocumentId;

/// One document.
pub(super) struct Found {
    /// As messages call it.
    pub place: String,
    /// What a manifest calls it, if that is not its hash.
    pub id: Option<String>,
    /// Its name if it has no operation of its own name.
    pub fallback: Option<String>,
    pub text: String,
}

/// All that is in these files and folders, in the order of their names.
///
/// # Errors
///
/// A file that cannot be read, a manifest that is none, a folder without documents.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        let files = if path.is_dir() { documents_below(path)? } else { vec![path.clone()] };
        ensure!(!files.is_empty(), "{} has no files *.graphql or *.gql", path.display());
        for file in files {
            let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let place = file.display().to_string();
            match file.extension().is_some_and(|extension| extension == "json") {
                true => found.extend(manifest(&place, &text)?),
                false => {
                    let fallback = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
                    found.push(Found { place, id: None, fallback, text });
                }
            }
        }
    }
    Ok(found)
}

/// JSON beside documents mostly holds something else, so a manifest has to be named itself.
fn documents_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("{} cannot be read", folder.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).with_context(unreadable)?.collect();
    let mut paths: Vec<PathBuf> = entries.with_context(unreadable)?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(documents_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "graphql" || extension == "gql") {
            files.push(path);
        }
    }
    Ok(files)
}

/// What Apollo's tool generates.
#[derive(Deserialize)]
struct ApolloManifest {
    format: String,
    version: u64,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

fn manifest(place: &str, text: &str) -> anyhow::Result<Vec<Found>> {
    let documents: Vec<(String, String)> = if let Ok(apollo) = serde_json::from_str::<ApolloManifest>(text) {
        ensure!(
            apollo.format == "apollo-persisted-query-manifest" && apollo.version == 1,
            "{place} is a manifest of another format than apollo-persisted-query-manifest, version 1"
        );
        apollo.operations.into_iter().map(|operation| (operation.id, operation.body)).collect()
    } else if let Ok(texts) = serde_json::from_str::<BTreeMap<String, String>>(text) {
        texts.into_iter().collect()
    } else {
        bail!("{place} is no manifest: neither Apollo's, nor an object of documents by their ids");
    };
    ensure!(!documents.is_empty(), "{place} has no documents");
    let found = documents.into_iter().map(|(id, text)| {
        let place = format!("{place}, {id}");
        let digits = id.strip_prefix("sha256:").unwrap_or(&id);
        let is_hash = DocumentId::is_hash(digits);
        ensure!(!is_hash || digits == DocumentId::hash_of(&text), "{place} is not the SHA-256 of its text");
        Ok(Found { place, id: (!is_hash).then(|| id.clone()), fallback: None, text })
    });
    found.collect()
}
