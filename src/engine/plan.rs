//! A validated operation to a selection that can be run: the specification's CollectFields, once per document.
//!
//! `@skip` and `@include` are decided here; an operation has one plan for each combination of values that its
//! conditions' variables are given.

use std::{collections::BTreeSet, sync::Arc};

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema, ast,
    collections::IndexMap,
    executable::{self, Field, Operation, SelectionSet},
    validation::Valid,
};

use super::{
    selection::{EdgeItem, InfoItem, PageItem, PageSelection, ResponseKey, Selected, Selection, Sub, What},
    types::{AnyObject, Kind, Types},
};
use crate::domain::{access::Permissions, event::EntityKind, page::Wants};

/// What an operation does once its conditions are decided.
pub struct Plan {
    pub(super) root: Selection,
    pub(super) introspects: bool,
    /// How often a list of the schema is looked through.
    pub(super) lists_of_schema: u64,
    /// Everything that the answer is made from.
    pub(super) reads: BTreeSet<EntityKind>,
}

/// Plans `operation` with the given values of its conditions' variables.
pub(super) fn plan(
    schema: &Valid<Schema>,
    types: &Types,
    document: &ExecutableDocument,
    operation: &Operation,
    conditions: &[(Name, bool)],
) -> Plan {
    let (introspects, lists_of_schema, reads) = (false, 0, BTreeSet::new());
    let mut planner = Planner { schema, types, document, conditions, introspects, lists_of_schema, reads };
    let root = planner.on(operation.selection_set.ty.as_str(), &[&operation.selection_set]);
    let Planner { introspects, lists_of_schema, reads, .. } = planner;
    Plan { root, introspects, lists_of_schema, reads }
}

struct Planner<'a> {
    schema: &'a Schema,
    types: &'a Types,
    document: &'a ExecutableDocument,
    conditions: &'a [(Name, bool)],
    introspects: bool,
    lists_of_schema: u64,
    reads: BTreeSet<EntityKind>,
}

/// The fields under one response key; their sub-selections are merged.
type Grouped<'a> = IndexMap<&'a Name, Vec<&'a Node<Field>>>;

impl<'a> Planner<'a> {
    /// A selection on the described type of that name.
    fn on(&mut self, type_name: &str, sets: &[&'a SelectionSet]) -> Selection {
        let object = Arc::clone(self.types.get(type_name).expect("the schema is made of the described types"));
        self.reads.extend(object.made_from());
        let mut relations = 0;
        let fields = self.collect(type_name, sets);
        let fields = fields.into_iter().map(|(key, fields)| {
            let first = fields[0];
            let open = (Permissions::NONE, false);
            let (what, (needs, is_border)) = match first.name.as_str() {
                "__typename" => (What::Typename, open),
                "__schema" | "__type" => {
                    self.introspects = true;
                    self.lists_of_schema += below(&fields).into_iter().map(|set| self.lists(set)).sum::<u64>();
                    (What::Introspection, open)
                }
                name => self.what(&*object, name, &fields, &mut relations),
            };
            let location = first.location().and_then(|span| span.line_column(&self.document.sources));
            Selected {
                key: ResponseKey::new(key),
                what,
                arguments: first.arguments.clone(),
                needs,
                is_border,
                location: location.map(|at| (at.line, at.column)),
            }
        });
        let fields: Vec<Selected> = fields.collect();
        let taken = fields.iter().filter_map(|selected| match &selected.what {
            What::Leaf(field) | What::Part(field, _) => Some(snake_case(object.field_name(*field))),
            _ => None,
        });
        let wants = Wants::Only(taken.collect());
        Selection { object, fields, wants }
    }

    /// What a field is answered with, and who gets that answer.
    fn what(
        &mut self,
        object: &dyn AnyObject,
        name: &str,
        fields: &[&'a Node<Field>],
        relations: &mut usize,
    ) -> (What, (Permissions, bool)) {
        let (field, kind) = object.field(name).expect("the schema is made of the described types");
        let access = object.access(field);
        self.reads.extend(object.reads(field));
        let sets: Vec<&SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
        let mut relation = |nullable, sub| {
            *relations += 1;
            What::Relation { field, number: *relations - 1, nullable: nullable || access.1, sub }
        };
        let what = match kind {
            Kind::Leaf => What::Leaf(field),
            Kind::Part(child) => What::Part(field, self.on(child.name, &sets)),
            Kind::Live(child) => What::Live(field, self.on(child.name, &sets)),
            Kind::One { child, nullable } => relation(nullable, Sub::One(self.on(child.name, &sets))),
            Kind::Many(child) => relation(false, Sub::Many(self.on(child.name, &sets))),
            Kind::Page { child, filter_reads } => {
                if fields[0].specified_argument_by_name("filter").is_some() {
                    self.reads.extend(filter_reads);
                }
                relation(false, Sub::Page(self.page(child.name, &sets)))
            }
            Kind::Refs { type_name, is_list, nullable_items } => {
                let possible: Vec<&'static str> = self
                    .types
                    .nodes()
                    .map(|(object, _)| object.name())
                    .filter(|name| self.schema.is_subtype(type_name, name))
                    .collect();
                let selections = possible.into_iter().map(|name| self.on(name, &sets)).collect();
                relation(!is_list, Sub::Refs { selections, is_list, nullable_items })
            }
        };
        (what, access)
    }

    fn page(&mut self, node_type: &str, sets: &[&'a SelectionSet]) -> PageSelection {
        let type_name = format!("{node_type}Connection");
        let edge_type_name = format!("{node_type}Edge");
        let mut nodes = Vec::new();
        let mut items = Vec::new();
        // A total, a cursor or "is there more" tells of the rows as well.
        self.reads.extend(self.types.get(node_type).expect("the schema is made of the described types").made_from());
        for (key, fields) in self.collect(&type_name, sets) {
            let sets = below(&fields);
            let item = match fields[0].name.as_str() {
                "nodes" => {
                    nodes.push(self.on(node_type, &sets));
                    PageItem::Nodes(nodes.len() - 1)
                }
                "edges" => PageItem::Edges(self.edges(node_type, &edge_type_name, &sets, &mut nodes)),
                "pageInfo" => PageItem::Info(self.page_info(&sets)),
                "totalCount" => PageItem::Total,
                _ => PageItem::Typename,
            };
            items.push((ResponseKey::new(key), item));
        }
        let names = |selection: &Selection| match &selection.wants {
            Wants::Only(names) => names.to_vec(),
            Wants::Everything => Vec::new(),
        };
        let wants = Wants::Only(nodes.iter().flat_map(names).collect());
        PageSelection { type_name, edge_type_name, items, nodes, wants }
    }

    fn edges(
        &mut self,
        node_type: &str,
        edge_type: &str,
        sets: &[&'a SelectionSet],
        nodes: &mut Vec<Selection>,
    ) -> Vec<(ResponseKey, EdgeItem)> {
        let mut items = Vec::new();
        for (key, fields) in self.collect(edge_type, sets) {
            let item = match fields[0].name.as_str() {
                "node" => {
                    nodes.push(self.on(node_type, &below(&fields)));
                    EdgeItem::Node(nodes.len() - 1)
                }
                "cursor" => EdgeItem::Cursor,
                _ => EdgeItem::Typename,
            };
            items.push((ResponseKey::new(key), item));
        }
        items
    }

    fn page_info(&self, sets: &[&'a SelectionSet]) -> Vec<(ResponseKey, InfoItem)> {
        let item = |(key, fields): (&Name, Vec<&Node<Field>>)| {
            let item = match fields[0].name.as_str() {
                "hasNextPage" => InfoItem::HasNextPage,
                "hasPreviousPage" => InfoItem::HasPreviousPage,
                "startCursor" => InfoItem::StartCursor,
                "endCursor" => InfoItem::EndCursor,
                _ => InfoItem::Typename,
            };
            (ResponseKey::new(key), item)
        };
        self.collect("PageInfo", sets).into_iter().map(item).collect()
    }

    /// How many lists stand in a selection, fragments expanded.
    fn lists(&self, set: &SelectionSet) -> u64 {
        let lists = |selection: &executable::Selection| match selection {
            executable::Selection::Field(field) => u64::from(field.ty().is_list()) + self.lists(&field.selection_set),
            executable::Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.fragment_name);
                fragment.map_or(0, |fragment| self.lists(&fragment.selection_set))
            }
            executable::Selection::InlineFragment(inline) => self.lists(&inline.selection_set),
        };
        set.selections.iter().map(lists).sum()
    }

    /// CollectFields: the fields that apply to objects of `type_name`, by response key, in the order of their first
    /// appearance.
    fn collect(&self, type_name: &str, sets: &[&'a SelectionSet]) -> Grouped<'a> {
        let mut grouped = Grouped::default();
        let mut visited = BTreeSet::new();
        for set in sets {
            self.collect_into(type_name, set, &mut grouped, &mut visited);
        }
        grouped
    }

    fn collect_into(
        &self,
        type_name: &str,
        set: &'a SelectionSet,
        grouped: &mut Grouped<'a>,
        visited: &mut BTreeSet<&'a Name>,
    ) {
        for selection in &set.selections {
            match selection {
                executable::Selection::Field(field) if self.included(&field.directives) => {
                    grouped.entry(field.response_key()).or_default().push(field);
                }
                executable::Selection::FragmentSpread(spread) if self.included(&spread.directives) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && self.applies(type_name, fragment.type_condition())
                        && visited.insert(&spread.fragment_name)
                    {
                        self.collect_into(type_name, &fragment.selection_set, grouped, visited);
                    }
                }
                executable::Selection::InlineFragment(inline)
                    if self.included(&inline.directives)
                        && inline
                            .type_condition
                            .as_ref()
                            .is_none_or(|condition| self.applies(type_name, condition)) =>
                {
                    self.collect_into(type_name, &inline.selection_set, grouped, visited);
                }
                _ => {}
            }
        }
    }

    fn applies(&self, type_name: &str, condition: &Name) -> bool {
        type_name == condition.as_str() || self.schema.is_subtype(condition, type_name)
    }

    fn included(&self, directives: &ast::DirectiveList) -> bool {
        let decided =
            |directive: &Node<ast::Directive>| match directive.specified_argument_by_name("if").map(|value| &**value) {
                Some(ast::Value::Boolean(value)) => *value,
                Some(ast::Value::Variable(name)) => {
                    self.conditions.iter().any(|(condition, value)| condition == name && *value)
                }
                _ => false,
            };
        !directives.get_all("skip").any(decided) && directives.get_all("include").all(decided)
    }
}

/// A field's name as columns are named.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn below<'a>(fields: &[&'a Node<Field>]) -> Vec<&'a SelectionSet> {
    fields.iter().map(|field| &field.selection_set).collect()
}
