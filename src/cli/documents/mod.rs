//! `supportgraph documents`

mod files;

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::anyhow;
use serde_json::Value;

use super::{Failure, output::print};
use crate::{
    app::{self, with_cause},
    config::Config,
    domain::{clock::Clock, document::DocumentId},
    engine::Engine,
    store::Store,
};
use files::Found;

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  supportgraph documents add queries/ persisted-query-manifest.json\n  \
    supportgraph documents check queries/\n  supportgraph documents remove Board\n\n\
    A file *.graphql or *.gql is one document; it is named after its operation, or after the file if it has several or \
    one without a name. Folders are read with all folders below. A file *.json is a manifest: Apollo's, or an object of \
    texts by their ids as Relay's compiler and graphql-codegen write it.\n\n\
    Clients name a document by `documentId`, which is `sha256:` and the hash of its text, or a name; or as Apollo's \
    persisted queries do. `documents.only` says who may run no others.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Register documents; nothing is registered if one of them cannot be run
    Add {
        /// Files and folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Print the hash and the names of every registered document
    List,
    /// Forget documents, each with all its names
    Remove {
        /// Names or hashes
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Tell which documents cannot be run: of files and folders, or without any, of those that are registered
    Check {
        /// Files and folders
        paths: Vec<PathBuf>,
    },
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    let engine = app::schema(config, [0; 32]);
    match &arguments.command {
        Command::Check { paths } if !paths.is_empty() => {
            let named = named(&engine, files::read(paths)?)?;
            print(format_args!("{} can be run\n", count(named.len())))?;
            Ok(())
        }
        command => {
            let store = app::connect(&config.database).await?;
            app::bring_up_to_date(&store, &config.database).await?;
            match command {
                Command::Add { paths } => add(&store, &engine, paths).await,
                Command::List => list(&store).await,
                Command::Remove { ids } => remove(&store, ids).await,
                Command::Check { .. } => check(&store, &engine).await,
            }
        }
    }
}

async fn add(store: &Store, engine: &Engine, paths: &[PathBuf]) -> Result<(), Failure> {
    let documents = named(engine, files::read(paths)?)?;
    let new = store.register_documents(&documents, Clock::system().now()).await.map_err(with_cause)?;
    let lines = documents.iter().map(|(text, names)| line(&DocumentId::hash_of(text), names) + "\n");
    let lines: String = lines.collect();
    print(format_args!("{lines}registered {}, {new} of them new\n", count(documents.len())))?;
    Ok(())
}

async fn list(store: &Store) -> Result<(), Failure> {
    let documents = store.documents().await.map_err(with_cause)?;
    let lines: String = documents.iter().map(|document| line(&document.hash, &document.names) + "\n").collect();
    print(lines)?;
    Ok(())
}

async fn remove(store: &Store, ids: &[String]) -> Result<(), Failure> {
    for id in ids {
        let known = match DocumentId::read(id) {
            Some(id) => store.forget_document(&id).await.map_err(with_cause)?,
            None => false,
        };
        if !known {
            return Err(anyhow!("no document is registered as {id}; see `supportgraph documents list`").into());
        }
        print(format_args!("removed {id}\n"))?;
    }
    Ok(())
}

async fn check(store: &Store, engine: &Engine) -> Result<(), Failure> {
    let documents = store.documents().await.map_err(with_cause)?;
    let broken = documents.iter().filter_map(|document| {
        let mistakes = engine.check(&document.text).err()?;
        Some(format!("{}\n  {}", line(&document.hash, &document.names), texts(&mistakes.body)))
    });
    let broken: Vec<String> = broken.collect();
    refuse(&broken)?;
    print(format_args!("{} can be run\n", count(documents.len())))?;
    Ok(())
}

/// Each text with its names.
///
/// # Errors
///
/// Every document that cannot be run, and every name that two texts would have.
fn named(engine: &Engine, found: Vec<Found>) -> anyhow::Result<Vec<(String, Vec<String>)>> {
    let mut documents: Vec<(String, Vec<String>)> = Vec::new();
    let mut owners: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for Found { place, id, fallback, text } in found {
        let operations = match engine.check(&text) {
            Ok(operations) => operations,
            Err(mistakes) => {
                wrong.push(format!("{place}: {}", texts(&mistakes.body)));
                continue;
            }
        };
        let operation = match operations.as_slice() {
            [Some(only)] => Some(only.clone()),
            _ => fallback,
        };
        let names: Vec<String> = id.into_iter().chain(operation).collect();
        for name in &names {
            match DocumentId::read(name) {
                Some(DocumentId::Name(_)) => {}
                _ => wrong.push(format!("{place}: {name:?} is no name; use up to 128 letters, digits and -._~")),
            }
            let (first, known) = owners.entry(name.clone()).or_insert_with(|| (place.clone(), text.clone()));
            if *known != text {
                wrong.push(format!("{place}: {first} has another document of the name {name}"));
            }
        }
        match documents.iter_mut().find(|(known, _)| *known == text) {
            Some((_, known)) => known.extend(names),
            None => documents.push((text, names)),
        }
    }
    refuse(&wrong)?;
    for (_, names) in &mut documents {
        names.sort();
        names.dedup();
    }
    Ok(documents)
}

fn refuse(wrong: &[String]) -> anyhow::Result<()> {
    match wrong.len() {
        0 => Ok(()),
        some => Err(anyhow!("{} cannot be used:\n{}", count(some), wrong.join("\n"))),
    }
}

/// The messages of an answer that has nothing else, each with its place in the document.
fn texts(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |error: &Value| {
        let message = error["message"].as_str().unwrap_or_default();
        match &error["locations"][0] {
            Value::Null => message.to_owned(),
            at => format!("{message} (line {}, column {})", at["line"], at["column"]),
        }
    };
    let texts: Vec<String> = body["errors"].as_array().into_iter().flatten().map(text).collect();
    texts.join("; ")
}

fn line(hash: &str, names: &[String]) -> String {
    format!("sha256:{hash}  {}", names.join(" ")).trim_end().to_owned()
}

fn count(documents: usize) -> String {
    format!("{documents} document{}", if documents == 1 { "" } else { "s" })
}
