//! What an answer costs: the objects in it. Estimated from the selection, as if every page were full; counted while it is
//! written.

use bytes::Bytes;
use serde_json::Value;

use super::{
    argument::{Args, Variables},
    plan::Plan,
    relation::take,
    selection::{Selected, Selection, Sub, What},
};
use crate::domain::page::Take;

/// How many objects a plain list of the domain is taken for.
const BOUNDED_LIST: u64 = 10;

/// How many objects a list of the schema is taken for, all of it together; the query that tools send gives some thousands.
const LIST_OF_SCHEMA: u64 = 1_000;

/// So many bytes of a document take as long to read as an object takes to be answered.
const BYTES_AS_AN_OBJECT: u64 = 100;

/// What a request costs at least, however it ends: it was read and looked at.
pub(super) const LEAST: u64 = 1;

/// What one request costs, in objects of its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// If every page were full. 0 for what was refused before it could be estimated, 1 for a kept answer.
    pub estimated: u64,
    /// What the answer holds, and what is charged. At least 1, but for what was refused because of the budget.
    pub actual: u64,
}

/// What it costs to read a document of which nothing is answered.
pub(super) fn reading(text: &str) -> u64 {
    LEAST + text.len() as u64 / BYTES_AS_AN_OBJECT
}

impl Cost {
    /// Of an answer that was kept.
    pub(super) const KEPT: Self = Self { estimated: LEAST, actual: LEAST };
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            estimated: sum.estimated.saturating_add(cost.estimated),
            actual: sum.actual.saturating_add(cost.actual),
        })
    }
}

/// One field that gives objects.
pub(super) struct Step<'plan, 'path> {
    /// The selection that the field stands in.
    pub(super) on: &'plan Selection,
    pub(super) selected: &'plan Selected,
    pub(super) path: Path<'path>,
    pub(super) parents: u64,
    /// Objects for each parent.
    pub(super) each: u64,
    /// Objects in the answer.
    pub(super) objects: u64,
}

/// The response keys that lead to a field.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    above: Option<&'a Path<'a>>,
    key: &'a str,
}

impl Path<'_> {
    /// `outer.inner`
    pub(super) fn text(&self) -> String {
        match self.above {
            Some(above) => format!("{}.{}", above.text(), self.key),
            None => self.key.to_owned(),
        }
    }
}

/// How lengths of pages are found out.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) variables: &'a Variables,
    pub(super) page_size: u32,
}

/// How many objects an answer may hold.
pub(super) fn estimate(plan: &Plan, asked: Asked<'_>) -> u64 {
    let mut objects = plan.lists_of_schema.saturating_mul(LIST_OF_SCHEMA);
    walk(&plan.root, asked, &mut |step| objects = objects.saturating_add(step.objects));
    objects.max(LEAST)
}

/// Shows every field that gives objects, outer ones first.
pub(super) fn walk<'plan>(root: &'plan Selection, asked: Asked<'_>, visit: &mut dyn FnMut(&Step<'plan, '_>)) {
    below(root, None, 1, asked, visit);
}

fn below<'plan>(
    on: &'plan Selection,
    above: Option<&Path<'_>>,
    parents: u64,
    asked: Asked<'_>,
    visit: &mut dyn FnMut(&Step<'plan, '_>),
) {
    for selected in &on.fields {
        let (each, copies, selections): (u64, u64, Vec<&Selection>) = match &selected.what {
            // What one event leads to.
            What::Live(_, event) => (1, 1, vec![event]),
            What::Relation { sub, .. } => match sub {
                Sub::One(selection) => (1, 1, vec![selection]),
                Sub::Many(selection) => (BOUNDED_LIST, 1, vec![selection]),
                Sub::Page(page) => {
                    // `nodes` beside `edges` shows each row twice.
                    let copies = page.nodes.len().max(1) as u64;
                    (page_length(selected, asked), copies, page.nodes.iter().collect())
                }
                Sub::Refs { selections, is_list, .. } => {
                    let each = if *is_list { refs_length(selected, asked) } else { 1 };
                    (each, 1, selections.iter().collect())
                }
            },
            What::Typename | What::Leaf(_) | What::Part(..) | What::Introspection => continue,
        };
        let rows = parents.saturating_mul(each);
        let path = Path { above, key: &selected.key.name };
        let objects = rows.saturating_mul(copies);
        visit(&Step { on, selected, path, parents, each, objects });
        for selection in selections {
            below(selection, Some(&path), rows, asked, visit);
        }
    }
}

fn page_length(selected: &Selected, asked: Asked<'_>) -> u64 {
    match take(&Args::new(&selected.arguments, asked.variables), asked.page_size) {
        Ok(Take::First(rows) | Take::Last(rows)) => u64::from(rows),
        // The field itself will tell what is wrong with its arguments.
        Err(_) => 0,
    }
}

/// As many as there are ids, or as were asked for.
fn refs_length(selected: &Selected, asked: Asked<'_>) -> u64 {
    let args = Args::new(&selected.arguments, asked.variables);
    let first = || args.get::<Option<i32>>("first").ok().flatten().map(|first| first.max(0) as usize);
    args.list_length().or_else(first).map_or(BOUNDED_LIST, |length| length as u64)
}

/// The objects of an answer to introspection.
pub(super) fn objects_in(value: &Value) -> u64 {
    match value {
        Value::Object(members) => 1 + members.values().map(objects_in).sum::<u64>(),
        Value::Array(items) => items.iter().map(objects_in).sum(),
        _ => 0,
    }
}

/// A response with `extensions` at its end.
pub(super) fn extended(body: &Bytes, extensions: &Value) -> Bytes {
    let open = &body[..body.len().saturating_sub(1)];
    [open, b",\"extensions\":", extensions.to_string().as_bytes(), b"}"].concat().into()
}
