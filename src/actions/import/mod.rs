//! Taking in files of what upstreams answered: recognise all of them, then apply each in a transaction of its own.

mod file;
mod report;

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};

pub use self::{
    file::MOST_BYTES,
    report::{Kind, Problem, Report, Tally},
};
use crate::{
    domain::{
        Error, PartnerId, Result,
        access::Scope,
        change::{Applied, Batch, Change},
        clock::Clock,
        partner::Partner,
    },
    store::{ScopedStore, Store},
    upstream::{self, DocumentKind, Origin},
};

/// What is said about the files beside what they say themselves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Tenant of the partner whose documents they are.
    pub partner: Option<String>,
    /// Tenant of the customer whom all documents concern.
    pub customer: Option<String>,
    /// When the documents were fetched; the time of each file's last change if not given.
    pub observed_at: Option<DateTime<Utc>>,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many of so many files were looked at.
    Recognised(usize, usize),
    /// So many of so many documents were applied.
    Applied(usize, usize),
}

/// A file that was understood.
struct Document {
    path: PathBuf,
    kind: Kind,
    observed_at: DateTime<Utc>,
    /// The partner that it speaks for, if it says so.
    partner: Option<String>,
}

/// Imports the files below `paths`. What cannot be used is told in the report, and the rest goes in.
///
/// # Errors
///
/// `Invalid` if it cannot be told whose documents they are. What the database refuses ends the import as
/// [`Report::stopped`]: the files before it stay imported.
pub async fn run(
    store: &Store,
    clock: &Clock,
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(Step),
) -> Result<Report> {
    let mut report = Report::default();
    let files = file::find(paths, &mut report);
    let mut documents = Vec::new();
    for (index, path) in files.iter().enumerate() {
        match recognise(path, options, clock) {
            Ok(document) => documents.push(document),
            Err(problem) => report.add_problem(path, problem),
        }
        progress(Step::Recognised(index + 1, files.len()));
    }
    if documents.is_empty() {
        return Ok(report);
    }
    documents.sort_by(|a, b| (a.kind, a.observed_at, &a.path).cmp(&(b.kind, b.observed_at, &b.path)));
    tell_times_apart(&mut documents);
    let partner = whose(store, options, &documents).await?;
    let mut import = Import { store: store.scoped(&Scope::partner(partner.id)), partner, options };
    let total = documents.len();
    for (index, document) in documents.iter().enumerate() {
        match import.document(document).await {
            Ok(applied) => report.add(&document.path, document.kind, applied),
            Err(Failed::Document(problem)) => report.add_problem(&document.path, problem),
            Err(Failed::Store(error)) => {
                report.stopped = Some((document.path.clone(), error));
                break;
            }
        }
        progress(Step::Applied(index + 1, total));
    }
    Ok(report)
}

/// Reads a file as far as to know what it is.
fn recognise(path: &Path, options: &Options, clock: &Clock) -> Result<Document, Problem> {
    let contents = file::read(path)?;
    // A file from the future would never grow old.
    let observed_at = options.observed_at.unwrap_or(contents.modified_at.min(clock.now()));
    let document = |kind, partner| Document { path: path.to_owned(), kind, observed_at, partner };
    if file::is_toml(path) {
        return Ok(document(Kind::PartnerFile, upstream::tenant_in_partner_file(contents.text()?)));
    }
    let (kind, json) = upstream::recognise(&contents.bytes).map_err(Problem::from)?;
    Ok(document(Kind::Upstream(kind), upstream::partner_tenant(kind, &json)))
}

/// Documents of the same time get times of their own, a millionth of a second apart, in the order in which they are
/// applied: where two of them contradict each other the later one wins, and wins again the next time.
fn tell_times_apart(documents: &mut [Document]) {
    let mut taken = HashSet::new();
    for document in documents {
        while !taken.insert(document.observed_at) {
            document.observed_at += TimeDelta::microseconds(1);
        }
    }
}

struct Whose {
    id: PartnerId,
    tenant_id: String,
    is_known: bool,
}

/// Whose documents they are: as given, as the files say, or as the only partner that there is.
async fn whose(store: &Store, options: &Options, documents: &[Document]) -> Result<Whose> {
    let known = store.partners().await?;
    let told: BTreeSet<String> =
        documents.iter().filter_map(|document| document.partner.as_deref().map(str::to_lowercase)).collect();
    let told: Vec<&String> = told.iter().collect();
    let tenant_id = match (&options.partner, &told[..], &known[..]) {
        (Some(tenant_id), ..) => tenant_id.to_lowercase(),
        (None, [tenant_id], _) => (*tenant_id).clone(),
        (None, [], [(_, tenant_id, _)]) => tenant_id.clone(),
        (None, [], []) => {
            let reason = "nothing says whose documents these are; give --partner with the tenant id of the partner, or put \
                          its partner file or its organization profile among the paths";
            return Err(Error::invalid("partner", reason));
        }
        (None, [], _) => {
            let names: Vec<String> = known.iter().map(|(_, tenant, name)| format!("{tenant} ({name})")).collect();
            let reason = format!("the database has several partners; give --partner with one of {}", names.join(", "));
            return Err(Error::invalid("partner", reason));
        }
        (None, several, _) => {
            let tenants: Vec<&str> = several.iter().map(|tenant| tenant.as_str()).collect();
            let reason =
                format!("the files speak of several partners, {}; import one after another", tenants.join(" and "));
            return Err(Error::invalid("partner", reason));
        }
    };
    let id = PartnerId::of_tenant(&tenant_id);
    Ok(Whose { id, is_known: known.iter().any(|(known, ..)| *known == id), tenant_id })
}

/// Why a document was not applied.
enum Failed {
    /// Only this one.
    Document(Problem),
    /// The database does not take it; the next one would fare no better.
    Store(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

struct Import<'a> {
    store: ScopedStore,
    partner: Whose,
    options: &'a Options,
}

impl Import<'_> {
    /// Enters the partner with its tenant alone, if nothing before has told more; whatever tells more takes its place.
    async fn introduce(&mut self) -> Result<()> {
        if !self.partner.is_known && self.store.partner().await?.is_none() {
            let partner = Partner::new(&self.partner.tenant_id, &self.partner.tenant_id, DateTime::UNIX_EPOCH);
            let batch = Batch { changes: vec![Change::Partner(partner)], ..Batch::default() };
            self.store.apply(batch, "import", DateTime::UNIX_EPOCH).await?;
        }
        self.partner.is_known = true;
        Ok(())
    }

    async fn document(&mut self, document: &Document) -> Result<Applied, Failed> {
        if document.partner.is_none() {
            self.introduce().await?;
        }
        let batch = match document.kind {
            Kind::PartnerFile => self.partner_file(document).await?,
            Kind::Upstream(kind) => self.upstream_document(document, kind).map_err(Failed::Document)?,
        };
        let name = document.path.display().to_string();
        Ok(self.store.apply(batch, &name, document.observed_at).await?)
    }

    async fn partner_file(&self, document: &Document) -> Result<Batch, Failed> {
        let kinds = self.store.support_plan_kinds().await?;
        let codes: Vec<&str> = kinds.iter().map(|kind| kind.code.as_str()).collect();
        let contents = file::read(&document.path).map_err(Failed::Document)?;
        let text = contents.text().map_err(Failed::Document)?;
        let read = upstream::read_partner_file(text, &codes, document.observed_at);
        let (partner, batch) = read.map_err(|problems| Failed::Document(Problem::Failed(problems.to_string())))?;
        if partner != self.partner.id {
            let reason = "it is the file of another partner than the one that is imported";
            return Err(Failed::Document(Problem::Failed(reason.to_owned())));
        }
        Ok(batch)
    }

    fn upstream_document(&self, document: &Document, expected: DocumentKind) -> Result<Batch, Problem> {
        let contents = file::read(&document.path)?;
        let (kind, json) = upstream::recognise(&contents.bytes).map_err(Problem::from)?;
        if kind != expected {
            return Err(Problem::Failed("it has changed during the import; import it again".to_owned()));
        }
        let place = file::Place::of(&document.path, self.partner.id);
        let origin = Origin {
            partner: self.partner.id,
            customer_tenant: self.options.customer.clone().or(place.customer),
            subscription: place.subscription,
            observed_at: document.observed_at,
        };
        upstream::read(kind, &json, &origin).map_err(Problem::from)
    }
}
