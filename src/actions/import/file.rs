//! Files: which there are below some paths, what is in them, and what the folders above say.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::report::{Problem, Report};
use crate::domain::PartnerId;

/// Larger files are refused: an answer of an API is never so long, and all of it is held in memory.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// What a file holds, and since when.
pub struct Contents {
    pub bytes: Vec<u8>,
    pub modified_at: DateTime<Utc>,
}

impl Contents {
    pub fn text(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.bytes).map_err(|_| Problem::Failed("it is not text in UTF-8".to_owned()))
    }
}

/// Whether it is the partner's own file rather than an answer.
pub fn is_toml(path: &Path) -> bool {
    has_extension(path, "toml")
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Contents, Problem> {
    let unreadable = |error: io::Error| Problem::Failed(format!("it cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let too_large = || {
        let most = MOST_BYTES / (1024 * 1024);
        Problem::Failed(format!("it is larger than {most} MB; fetch the list in smaller pages, and import those"))
    };
    if metadata.len() > MOST_BYTES {
        return Err(too_large());
    }
    let modified_at = DateTime::<Utc>::from(metadata.modified().map_err(unreadable)?);
    let mut bytes = Vec::new();
    // A file may grow while it is read.
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large());
    }
    // What databases keep.
    let modified_at = DateTime::from_timestamp_micros(modified_at.timestamp_micros()).unwrap_or(modified_at);
    Ok(Contents { bytes, modified_at })
}

/// The `.json` and `.toml` files at and below some paths, each once, in the order of their names.
pub fn find(paths: &[PathBuf], report: &mut Report) -> Vec<PathBuf> {
    let mut finder = Finder { report, seen: HashSet::new(), files: Vec::new() };
    for path in paths {
        let (files, problems) = (finder.files.len(), finder.problems());
        finder.visit(path);
        if path.is_dir() && finder.files.len() == files && finder.problems() == problems {
            finder.fail(path, "there is no .json or .toml file in this folder");
        }
    }
    finder.files
}

struct Finder<'a> {
    report: &'a mut Report,
    /// Files and folders by their real paths.
    seen: HashSet<PathBuf>,
    files: Vec<PathBuf>,
}

impl Finder<'_> {
    fn visit(&mut self, path: &Path) {
        // A link that leads nowhere has no real path, nor has what must not be seen.
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) => return self.fail(path, &format!("it cannot be read: {error}")),
        };
        if !self.seen.insert(real.clone()) {
            return self.skip(path, "it was read already under another name");
        }
        if real.is_dir() {
            return self.visit_folder(path);
        }
        match (real.is_file(), has_extension(path, "json") || is_toml(path)) {
            (true, true) => self.files.push(path.to_owned()),
            (true, false) => self.skip(path, "its name ends in neither .json nor .toml"),
            (false, _) => self.skip(path, "it is neither a file nor a folder"),
        }
    }

    fn visit_folder(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        match entries {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
                paths.sort();
                paths.iter().for_each(|path| self.visit(path));
            }
            Err(error) => self.fail(folder, &format!("it cannot be read: {error}")),
        }
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.report.add_problem(path, Problem::Skipped(reason.to_owned()));
    }

    fn fail(&mut self, path: &Path, reason: &str) {
        self.report.add_problem(path, Problem::Failed(reason.to_owned()));
    }

    fn problems(&self) -> usize {
        self.report.failed.len()
    }
}

/// What the folders above a file say about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The tenant of the nearest folder that is named by a GUID, other than the partner's own.
    pub customer: Option<String>,
    /// The name of the nearest folder below one called `subscriptions`.
    pub subscription: Option<String>,
}

impl Place {
    pub fn of(path: &Path, partner: PartnerId) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folders: Vec<String> = path.ancestors().skip(1).filter_map(|folder| folder.file_name()).map(text).collect();
        let mut place = Self { customer: None, subscription: None };
        for (index, name) in folders.iter().enumerate() {
            let Some(guid) = guid(name) else { continue };
            let is_subscription =
                folders.get(index + 1).is_some_and(|above| above.eq_ignore_ascii_case("subscriptions"));
            if is_subscription {
                place.subscription = place.subscription.or(Some(guid));
            } else if PartnerId::of_tenant(&guid) != partner {
                place.customer = place.customer.or(Some(guid));
            }
        }
        place
    }
}

fn text(name: &std::ffi::OsStr) -> String {
    name.to_string_lossy().into_owned()
}

fn guid(name: &str) -> Option<String> {
    (name.len() == 36).then(|| Uuid::try_parse(name).ok()).flatten().map(|guid| guid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTNER: &str = "3b33e682-00c3-41ee-9dd2-a548adf56438";
    const TENANT: &str = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04";
    const OTHER: &str = "c5757d70-06f3-4f23-8367-5a9e55019f94";

    fn place(path: &str) -> (Option<String>, Option<String>) {
        let place = Place::of(Path::new(path), PartnerId::of_tenant(PARTNER));
        (place.customer, place.subscription)
    }

    #[test]
    fn the_nearest_folder_named_by_a_guid_is_the_customer() {
        let tenant = Some(TENANT.to_owned());
        assert_eq!(place(&format!("/x/{TENANT}/health.json")), (tenant.clone(), None));
        assert_eq!(place(&format!("/x/{OTHER}/{}/deep/health.json", TENANT.to_uppercase())), (tenant, None));
        assert_eq!(place(&format!("/x/{TENANT}.json")), (None, None));
    }

    #[test]
    fn the_partners_own_folder_is_no_customer() {
        assert_eq!(place(&format!("/x/{PARTNER}/customers.json")), (None, None));
        assert_eq!(place(&format!("/x/{PARTNER}/{TENANT}/health.json")), (Some(TENANT.to_owned()), None));
    }

    #[test]
    fn the_folder_below_subscriptions_is_the_subscription() {
        let both = (Some(TENANT.to_owned()), Some(OTHER.to_owned()));
        assert_eq!(place(&format!("/x/{TENANT}/subscriptions/{OTHER}/supportcontact.json")), both);
        assert_eq!(place(&format!("/x/{TENANT}/subscriptions/all.json")), (Some(TENANT.to_owned()), None));
    }
}
