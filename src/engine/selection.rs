//! A planned selection: fields merged, fragments expanded, directives decided, types resolved.

use std::sync::Arc;

use apollo_compiler::{Node, ast};

use super::types::AnyObject;
use crate::domain::{access::Permissions, page::Wants};

/// What is selected on objects of one type, in the order of the answer.
pub struct Selection {
    pub(super) object: Arc<dyn AnyObject>,
    pub(super) fields: Vec<Selected>,
    /// The fields that are taken from the rows.
    pub(super) wants: Wants,
}

/// A key of the answer: the alias, or the field's name.
pub(super) struct ResponseKey {
    pub(super) name: String,
    /// `"key":`, ready to be written.
    pub(super) json: Vec<u8>,
}

impl ResponseKey {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), json: format!("\"{name}\":").into_bytes() }
    }
}

/// One member of the answer.
pub struct Selected {
    pub(super) key: ResponseKey,
    pub(super) what: What,
    pub(super) arguments: Vec<Node<ast::Argument>>,
    /// What the caller needs for it.
    pub(super) needs: Permissions,
    /// Whether somebody may see the object and not this: null stands in its place then.
    pub(super) is_border: bool,
    /// Line and column in the document, from 1.
    pub(super) location: Option<(usize, usize)>,
}

/// What a key is answered with.
pub(super) enum What {
    Typename,
    /// A field of the object that is written from the row, by its index in the description.
    Leaf(usize),
    /// An object that is part of the row.
    Part(usize, Selection),
    /// A field that is loaded. `number` counts the relations of this selection.
    Relation {
        field: usize,
        number: usize,
        nullable: bool,
        sub: Sub,
    },
    /// A live field, and what is selected on its events.
    Live(usize, Selection),
    /// `__schema` or `__type`.
    Introspection,
}

/// What is selected on what a relation gives.
pub(super) enum Sub {
    One(Selection),
    Many(Selection),
    Page(PageSelection),
    /// Objects of several types: a selection for each type that may appear.
    Refs {
        selections: Vec<Selection>,
        is_list: bool,
        nullable_items: bool,
    },
}

/// What is selected on a connection.
pub(super) struct PageSelection {
    pub(super) type_name: String,
    pub(super) edge_type_name: String,
    pub(super) items: Vec<(ResponseKey, PageItem)>,
    /// The selections on the rows, however many times `nodes` and `edges` are asked for.
    pub(super) nodes: Vec<Selection>,
    /// What any of them takes from the rows.
    pub(super) wants: Wants,
}

pub(super) enum PageItem {
    Nodes(usize),
    Edges(Vec<(ResponseKey, EdgeItem)>),
    Info(Vec<(ResponseKey, InfoItem)>),
    Total,
    Typename,
}

pub(super) enum EdgeItem {
    Cursor,
    Node(usize),
    Typename,
}

pub(super) enum InfoItem {
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
    Typename,
}

impl Selection {
    /// The relations in the order of their numbers.
    pub(super) fn relations(&self) -> impl Iterator<Item = (&Selected, usize, &Sub)> {
        self.fields.iter().filter_map(|selected| match &selected.what {
            What::Relation { field, sub, .. } => Some((selected, *field, sub)),
            _ => None,
        })
    }
}

impl Sub {
    /// What is taken from the rows.
    pub(super) fn wants(&self) -> Wants {
        match self {
            Self::One(selection) | Self::Many(selection) => selection.wants.clone(),
            Self::Page(page) => page.wants.clone(),
            Self::Refs { .. } => Wants::Everything,
        }
    }
}

impl PageSelection {
    /// Whether the rows themselves are needed; a caller may ask for the total alone.
    pub(super) fn wants_items(&self) -> bool {
        self.items.iter().any(|(_, item)| !matches!(item, PageItem::Total | PageItem::Typename))
    }

    /// Whether anybody asks if there are further rows.
    pub(super) fn wants_ends(&self) -> bool {
        let is_end =
            |(_, item): &(ResponseKey, InfoItem)| matches!(item, InfoItem::HasNextPage | InfoItem::HasPreviousPage);
        self.items.iter().any(|(_, item)| matches!(item, PageItem::Info(info) if info.iter().any(is_end)))
    }

    pub(super) fn wants_total(&self) -> bool {
        self.items.iter().any(|(_, item)| matches!(item, PageItem::Total))
    }
}
