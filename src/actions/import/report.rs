//! What an import did, and what it could not do.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    domain::{
        Error,
        change::{Applied, Quarantined},
    },
    upstream::{DocumentKind, NotUnderstood},
};

/// A kind of document, ordered as they are applied: what others refer to comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The partner's own file.
    PartnerFile,
    Upstream(DocumentKind),
}

impl Kind {
    /// What it holds, for a person.
    pub fn what(self) -> &'static str {
        match self {
            Self::PartnerFile => "the partner's own file",
            Self::Upstream(kind) => kind.what(),
        }
    }

    /// When it is applied.
    fn turn(self) -> (u8, &'static str) {
        use DocumentKind as D;
        let turn = match self {
            Self::PartnerFile => 0,
            Self::Upstream(kind) => match kind {
                D::ProfileOrganization => 1,
                D::ProfileSupport | D::ProfileMpn | D::ProfileLegalBusiness | D::ProfileBilling => 2,
                D::CustomerList => 3,
                D::Customer => 4,
                D::CustomerCompanyProfile | D::CustomerBillingProfile => 5,
                D::PartnerRelations | D::CustomerResellers => 6,
                D::Subscriptions | D::Subscription => 7,
                D::AzureEntitlements | D::AzureEntitlement => 8,
                D::SupportContact => 9,
                D::HealthOverviews | D::HealthOverview => 10,
                D::Issues | D::Issue => 11,
                D::Messages | D::Message => 12,
                D::AzureEvents | D::AzureEvent => 13,
                D::ServiceRequests | D::ServiceRequest => 14,
            },
        };
        (turn, self.what())
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.turn().cmp(&other.turn())
    }
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Why a file was not imported, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing in it is for us.
    Skipped(String),
    /// It should have been imported.
    Failed(String),
}

impl From<NotUnderstood> for Problem {
    fn from(reason: NotUnderstood) -> Self {
        match reason {
            NotUnderstood::NotStored { .. } | NotUnderstood::EmptyList => Self::Skipped(reason.to_string()),
            _ => Self::Failed(reason.to_string()),
        }
    }
}

/// What the documents of one kind brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub documents: u64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub outdated: u64,
    pub quarantined: u64,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order in which the kinds are applied.
    pub tallies: BTreeMap<Kind, Tally>,
    /// Files in which nothing is for us, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// Files that could not be imported, and why; nothing of them is stored.
    pub failed: Vec<(PathBuf, String)>,
    /// Items that could not be used; the rest of their file is stored.
    pub quarantined: Vec<(PathBuf, Quarantined)>,
    /// The file at which the database gave up; nothing of it is stored, and those after it were not tried.
    pub stopped: Option<(PathBuf, Error)>,
}

impl Report {
    /// Whether everything that should have been imported was.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && self.stopped.is_none() && !self.tallies.is_empty()
    }

    /// All kinds together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.tallies.values() {
            total.documents += tally.documents;
            total.added += tally.added;
            total.changed += tally.changed;
            total.unchanged += tally.unchanged;
            total.outdated += tally.outdated;
            total.quarantined += tally.quarantined;
        }
        total
    }

    pub(super) fn add(&mut self, path: &Path, kind: Kind, applied: Applied) {
        let tally = self.tallies.entry(kind).or_default();
        tally.documents += 1;
        tally.added += applied.added;
        tally.changed += applied.changed;
        tally.unchanged += applied.unchanged;
        tally.outdated += applied.outdated;
        tally.quarantined += applied.quarantined.len() as u64;
        self.quarantined.extend(applied.quarantined.into_iter().map(|item| (path.to_owned(), item)));
    }

    pub(super) fn add_problem(&mut self, path: &Path, problem: Problem) {
        match problem {
            Problem::Skipped(reason) => self.skipped.push((path.to_owned(), reason)),
            Problem::Failed(reason) => self.failed.push((path.to_owned(), reason)),
        }
    }
}
