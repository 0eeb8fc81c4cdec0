//! One request on its way through the levels: all parents of a level are in hand, each loader is asked once.

use std::{any::Any, collections::HashMap, ops::Range};

use super::{argument::Variables, context::Context, cursor::CursorKey, selection::Selection, types::Types};
use crate::domain::{Result, access::Permission, page::Page};

/// The rows of one level: a `Vec` of the type that the selection is on.
pub(super) type Rows = dyn Any + Send + Sync;

/// What every relation of a request needs.
pub struct Run<'a> {
    pub(super) context: &'a Context,
    pub(super) types: &'a Types,
    pub(super) variables: &'a Variables,
    pub(super) cursors: &'a CursorKey,
    /// At most that many rows a page.
    pub(super) page_size: u32,
    /// Each loader is asked once for a key that nothing has, and nothing below it is loaded; see [`super::dry_run`].
    pub(super) is_rehearsal: bool,
}

/// What loading one relation gave for all parents of a level; a failure is the failure of each of them.
pub(super) type Joined = Result<Children>;

/// The children of all parents of a level.
pub(super) enum Children {
    /// Objects of one type: for each parent one, or none.
    One { level: Level, of: Vec<Option<usize>> },
    /// Objects of one type: for each parent some.
    Many { level: Level, of: Vec<Range<usize>> },
    /// Pages of one type.
    Pages { level: Level, of: Vec<PageOf>, cursor: CursorFn },
    /// Objects of several types.
    Refs { levels: Vec<Level>, of: Vec<Vec<Option<Ref>>> },
}

/// Rows of one type, and what was joined to them for each selection on them.
pub(super) struct Level {
    pub(super) rows: Box<Rows>,
    pub(super) joined: Vec<Vec<Joined>>,
}

/// One parent's page, as rows of a level.
#[derive(Clone)]
pub(super) struct PageOf {
    pub(super) rows: Range<usize>,
    pub(super) has_next: bool,
    pub(super) has_previous: bool,
    pub(super) total: Option<u64>,
}

/// One object among those of several types.
#[derive(Clone, Copy)]
pub(super) enum Ref {
    /// Which of the types, and which row.
    Row { level: usize, row: usize },
    /// Of a type that the caller may not see, whether or not there is such an object.
    Forbidden(Permission),
}

/// Makes the cursor of a row; the rows and the index are given when it is asked for.
pub(super) type CursorFn = Box<dyn Fn(&Rows, usize) -> String + Send + Sync>;

impl Level {
    /// Loads all that `selections` want below `rows`.
    pub(super) async fn load<T: Send + Sync + 'static>(rows: Vec<T>, selections: &[&Selection], run: &Run<'_>) -> Self {
        Self::load_any(Box::new(rows), selections, run).await
    }

    pub(super) async fn load_any(rows: Box<Rows>, selections: &[&Selection], run: &Run<'_>) -> Self {
        if run.is_rehearsal {
            return Self { rows, joined: Vec::new() };
        }
        let joined = selections.iter().map(|selection| selection.object.join(&*rows, selection, run));
        let joined = futures::future::join_all(joined).await;
        Self { rows, joined }
    }
}

/// Puts pages behind each other as one level: rows, and each parent's share of them. Parents with the same key, such as
/// one customer below two incidents, share a page.
pub(super) fn lay_out<K: std::hash::Hash + Eq, T>(keys: &[K], mut pages: HashMap<K, Page<T>>) -> (Vec<T>, Vec<PageOf>) {
    let mut rows = Vec::with_capacity(pages.values().map(|page| page.items.len()).sum());
    let mut shares: Vec<PageOf> = Vec::with_capacity(keys.len());
    let mut places: HashMap<&K, usize> = HashMap::with_capacity(keys.len());
    for key in keys {
        if let Some(place) = places.get(key) {
            shares.push(shares[*place].clone());
            continue;
        }
        places.insert(key, shares.len());
        let start = rows.len();
        let page = pages.remove(key).unwrap_or(Page {
            items: Vec::new(),
            has_next: false,
            has_previous: false,
            total: Some(0),
        });
        rows.extend(page.items);
        let (has_next, has_previous, total) = (page.has_next, page.has_previous, page.total);
        shares.push(PageOf { rows: start..rows.len(), has_next, has_previous, total });
    }
    (rows, shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_with_the_same_key_share_a_page() {
        let page = |items| Page { items, has_next: true, has_previous: false, total: None };
        let (rows, shares) = lay_out(&[1, 2, 1, 3], HashMap::from([(1, page(vec!["a", "b"])), (2, page(vec!["c"]))]));
        assert_eq!(rows, ["a", "b", "c"]);
        let shown: Vec<_> = shares.iter().map(|share| share.rows.clone()).collect();
        assert_eq!(shown, [0..2, 2..3, 0..2, 3..3]);
    }
}
