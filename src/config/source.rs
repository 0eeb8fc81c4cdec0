//! Where values come from: defaults, then the file, then the environment, with every problem noted.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    util::nest,
    value::{Dict, Map, Value},
};

use super::{setting::Setting, value_text};

/// What every variable starts with.
pub const PREFIX: &str = "SUPPORTGRAPH_";
/// Variables with the prefix that are no settings: the file's path, and what the test harness reads.
const OTHERS: [&str; 3] = ["SUPPORTGRAPH_CONFIG", "SUPPORTGRAPH_TEST_", "SUPPORTGRAPH_BENCH_"];

/// Where a value comes from; the later one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(out, "default"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Variable(name) => write!(out, "{name}"),
        }
    }
}

/// One mistake, written for the person who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `section.field`, or a whole file.
    pub what: String,
    pub origin: Origin,
    /// What is wrong, and what would be right.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (from {}): {}", self.what, self.origin, self.text)
    }
}

/// The merged values while a configuration is read from them.
pub(super) struct Source {
    values: Figment,
    file: Option<PathBuf>,
    /// Every name that was asked for; the rest is unknown.
    known: Vec<String>,
    pub(super) origins: BTreeMap<&'static str, Origin>,
    pub(super) problems: Vec<Problem>,
}

impl Source {
    pub(super) fn new(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut source = Self {
            values: Figment::new(),
            file: file.map(Path::to_owned),
            known: Vec::new(),
            origins: BTreeMap::new(),
            problems: Vec::new(),
        };
        if let Some(file) = file {
            source.merge_file(file);
        }
        source.merge_variables(variables);
        source
    }

    fn merge_file(&mut self, file: &Path) {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                return self.problem("the file", Origin::File(file.to_owned()), format!("cannot be read: {error}"));
            }
        };
        let values = Figment::from(Toml::string(&text));
        match values.extract::<Dict>() {
            Ok(_) => self.values = std::mem::take(&mut self.values).merge(Toml::string(&text)),
            Err(error) => {
                let text = format!("is not TOML: {}", error.to_string().trim().replace('\n', " "));
                self.problem("the file", Origin::File(file.to_owned()), text);
            }
        }
    }

    fn merge_variables(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            if OTHERS.iter().any(|other| name.starts_with(other)) {
                continue;
            }
            let Some(field) = name.strip_prefix(PREFIX) else { continue };
            let key = field.to_ascii_lowercase().replace("__", ".");
            // Reading cannot fail: what is not a number, a list or the like is a text.
            let value = value.parse().unwrap_or_else(|_| Value::from(value));
            self.values = std::mem::take(&mut self.values).merge(Variable { name, key, value });
        }
    }

    /// The value of one field, or its default; notes what is wrong with it.
    pub(super) fn field<T: Setting>(
        &mut self,
        name: &'static str,
        default: T,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> T {
        self.known.push(name.to_owned());
        let mut found = self.find(name);
        if T::SECRET {
            let beside = format!("{name}_file");
            if let Some((path, origin)) = self.find(&beside) {
                match &found {
                    Some((_, here)) if std::mem::discriminant(here) == std::mem::discriminant(&origin) => {
                        let text = format!("stands beside {name}; give one of the two");
                        self.problem(&beside, origin, text);
                    }
                    Some((_, here)) if *here > origin => {}
                    _ => found = self.secret(&beside, &path, origin),
                }
            }
            self.known.push(beside);
        }
        let Some((value, origin)) = found else { return default };
        let wrong = match T::read(&value) {
            Some(value) => match check(&value) {
                Ok(()) => {
                    self.origins.insert(name, origin);
                    return value;
                }
                Err(wrong) => wrong,
            },
            None if T::SECRET => format!("expected {}", T::RIGHT),
            None => T::wrong(&value)
                .unwrap_or_else(|| format!("{} is not usable; expected {}", value_text(&value), T::RIGHT)),
        };
        self.problem(name, origin, wrong);
        default
    }

    fn secret(&mut self, name: &str, path: &Value, origin: Origin) -> Option<(Value, Origin)> {
        let Some(path) = path.as_str() else {
            self.problem(name, origin, "expected the path of a file that holds the secret".to_owned());
            return None;
        };
        match fs::read_to_string(path) {
            Ok(secret) => Some((Value::from(secret.trim_end_matches(['\r', '\n'])), origin)),
            Err(error) => {
                let text = format!("the file {path} cannot be read: {error}; expected a file that holds the secret");
                self.problem(name, origin, text);
                None
            }
        }
    }

    /// Notes every name that nobody asked for.
    pub(super) fn refuse_unknown(&mut self) {
        let Ok(sections) = self.values.extract::<Dict>() else { return };
        for (section, value) in &sections {
            let is_section = self.known.iter().any(|known| known.split('.').next() == Some(section));
            match value {
                Value::Dict(_, fields) if is_section => {
                    for field in fields.keys() {
                        let name = format!("{section}.{field}");
                        if !self.known.contains(&name) {
                            self.unknown(&name);
                        }
                    }
                }
                Value::Dict(_, fields) if !fields.is_empty() => {
                    for field in fields.keys() {
                        self.unknown(&format!("{section}.{field}"));
                    }
                }
                _ => self.unknown(section),
            }
        }
    }

    fn unknown(&mut self, name: &str) {
        let origin = self.find(name).map_or(Origin::Default, |(_, origin)| origin);
        let fold = |text: &str| text.replace(['.', '_'], "");
        let near = self.known.iter().find(|known| fold(known) == fold(name)).or_else(|| {
            let field = name.rsplit('.').next()?;
            self.known.iter().find(|known| known.rsplit('.').next() == Some(field))
        });
        let text = match (near, &origin) {
            (Some(near), Origin::Variable(_)) => format!("there is no such setting; did you mean {}?", variable(near)),
            (Some(near), _) => format!("there is no such setting; did you mean {near}?"),
            (None, _) => "there is no such setting; `supportgraph check-config` lists all of them".to_owned(),
        };
        self.problem(name, origin, text);
    }

    fn find(&self, name: &str) -> Option<(Value, Origin)> {
        let value = self.values.find_value(name).ok()?;
        let origin = match (self.values.get_metadata(value.tag()), &self.file) {
            (Some(metadata), _) if metadata.name.starts_with(PREFIX) => Origin::Variable(metadata.name.to_string()),
            (_, Some(file)) => Origin::File(file.clone()),
            _ => Origin::Default,
        };
        Some((value, origin))
    }

    pub(super) fn problem(&mut self, what: &str, origin: Origin, text: String) {
        self.problems.push(Problem { what: what.to_owned(), origin, text });
    }
}

/// The variable that sets a field.
pub fn variable(field: &str) -> String {
    format!("{PREFIX}{}", field.replace('.', "__").to_ascii_uppercase())
}

/// One variable as a source of its own, so that its name stays with its value.
struct Variable {
    name: String,
    key: String,
    value: Value,
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let values = nest(&self.key, self.value.clone()).into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(values))
    }
}
