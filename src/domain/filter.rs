//! The algebra of filters that every list shares. The same value selects rows in the database and in memory.

/// A condition over predicates of one entity.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter<P> {
    /// Every part holds; nothing to hold selects everything.
    All(Vec<Filter<P>>),
    /// At least one part holds; no part selects nothing.
    Any(Vec<Filter<P>>),
    /// The part does not hold. A predicate on a missing value does not hold, so its negation does.
    Not(Box<Filter<P>>),
    Is(P),
}

impl<P> Default for Filter<P> {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl<P> From<P> for Filter<P> {
    fn from(predicate: P) -> Self {
        Self::Is(predicate)
    }
}

impl<P> Filter<P> {
    /// Whether the filter selects a row on which `holds` decides each predicate.
    pub fn selects(&self, holds: &impl Fn(&P) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.selects(holds)),
            Self::Any(parts) => parts.iter().any(|part| part.selects(holds)),
            Self::Not(part) => !part.selects(holds),
            Self::Is(predicate) => holds(predicate),
        }
    }
}

/// What a text must be like. Letter case never matters.
#[derive(Clone, Debug, PartialEq)]
pub enum TextMatch {
    Equals(String),
    In(Vec<String>),
    StartsWith(String),
    Contains(String),
}

impl TextMatch {
    /// Whether `text` is like that.
    pub fn matches(&self, text: &str) -> bool {
        let text = fold(text);
        match self {
            Self::Equals(other) => text == fold(other),
            Self::In(others) => others.iter().any(|other| text == fold(other)),
            Self::StartsWith(start) => text.starts_with(&fold(start)),
            Self::Contains(part) => text.contains(&fold(part)),
        }
    }
}

/// How text is compared and ordered: without regard to letter case.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// A half-open range: `from` included, `until` not.
#[derive(Clone, Debug, PartialEq)]
pub struct Range<T> {
    pub from: Option<T>,
    pub until: Option<T>,
}

impl<T: PartialOrd> Range<T> {
    /// Whether `value` lies inside.
    pub fn contains(&self, value: &T) -> bool {
        self.from.as_ref().is_none_or(|from| value >= from) && self.until.as_ref().is_none_or(|until| value < until)
    }
}
