//! What a document may ask for, measured before anything walks it.
//!
//! Fragments are counted with memory: 60^5 selections in 5 kB of text are counted in the time of reading the text.

use std::collections::HashMap;

use apollo_compiler::{Name, ast};

use crate::domain::{Error, Result};

/// How much one request may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Lexical tokens of the document.
    pub tokens: usize,
    /// Levels of selection sets, fragments expanded.
    pub depth: u64,
    /// Fields with an alias in the document.
    pub aliases: u64,
    /// Directives in the document.
    pub directives: u64,
    /// Fields of the operation's root, fragments expanded.
    pub root_fields: u64,
    /// Fields, fragments expanded.
    pub selections: u64,
    /// Objects that the answer may hold, if every page is full.
    pub cost: u64,
    /// Bytes of the answer, and of each event of a live one.
    pub answer_bytes: usize,
    /// Rows of one page.
    pub page_size: u32,
}

/// What a selection set amounts to once its fragments are expanded.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: u64,
    depth: u64,
    /// Fields of this very level.
    fields: u64,
}

/// Refuses a document that is larger than allowed.
pub(super) fn check_document(document: &ast::Document, limits: &Limits) -> Result<()> {
    let mut measure = Measure { fragments: HashMap::new(), sizes: HashMap::new(), aliases: 0, directives: 0 };
    for definition in &document.definitions {
        if let ast::Definition::FragmentDefinition(fragment) = definition {
            measure.fragments.insert(&fragment.name, &fragment.selection_set);
        }
    }
    let mut largest = Size::default();
    for definition in &document.definitions {
        let (directives, set) = match definition {
            ast::Definition::OperationDefinition(operation) => (&operation.directives, &operation.selection_set),
            ast::Definition::FragmentDefinition(fragment) => (&fragment.directives, &fragment.selection_set),
            _ => continue,
        };
        measure.count_in_text(directives, set);
        if matches!(definition, ast::Definition::OperationDefinition(_)) {
            let size = measure.size(set);
            largest.selections = largest.selections.max(size.selections);
            largest.depth = largest.depth.max(size.depth);
            largest.fields = largest.fields.max(size.fields);
        }
    }
    let split = "split the request, or ask for less at once";
    within("the depth of the query", largest.depth, limits.depth, split)?;
    within("the number of selected fields, fragments expanded,", largest.selections, limits.selections, split)?;
    within("the number of root fields", largest.fields, limits.root_fields, split)?;
    within("the number of aliases", measure.aliases, limits.aliases, split)?;
    within("the number of directives", measure.directives, limits.directives, split)
}

pub(super) fn within(which: &'static str, asked: u64, limit: u64, remedy: &'static str) -> Result<()> {
    if asked <= limit { Ok(()) } else { Err(Error::LimitExceeded { which, asked, limit, remedy }) }
}

struct Measure<'a> {
    fragments: HashMap<&'a Name, &'a Vec<ast::Selection>>,
    /// None while a fragment is being measured: a cycle ends there, and validation tells of it.
    sizes: HashMap<&'a Name, Option<Size>>,
    aliases: u64,
    directives: u64,
}

impl<'a> Measure<'a> {
    fn size(&mut self, set: &'a [ast::Selection]) -> Size {
        let mut size = Size::default();
        for selection in set {
            let part = match selection {
                ast::Selection::Field(field) => {
                    let below = self.size(&field.selection_set);
                    Size { selections: below.selections.saturating_add(1), depth: below.depth + 1, fields: 1 }
                }
                ast::Selection::InlineFragment(fragment) => self.size(&fragment.selection_set),
                ast::Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            };
            size.selections = size.selections.saturating_add(part.selections);
            size.fields = size.fields.saturating_add(part.fields);
            size.depth = size.depth.max(part.depth);
        }
        size
    }

    fn fragment(&mut self, name: &'a Name) -> Size {
        if let Some(known) = self.sizes.get(name) {
            return known.unwrap_or_default();
        }
        let Some(set) = self.fragments.get(name).copied() else { return Size::default() };
        self.sizes.insert(name, None);
        let size = self.size(set);
        self.sizes.insert(name, Some(size));
        size
    }

    fn count_in_text(&mut self, directives: &ast::DirectiveList, set: &[ast::Selection]) {
        self.directives += directives.len() as u64;
        for selection in set {
            match selection {
                ast::Selection::Field(field) => {
                    self.aliases += u64::from(field.alias.is_some());
                    self.count_in_text(&field.directives, &field.selection_set);
                }
                ast::Selection::InlineFragment(fragment) => {
                    self.count_in_text(&fragment.directives, &fragment.selection_set);
                }
                ast::Selection::FragmentSpread(spread) => self.directives += spread.directives.len() as u64,
            }
        }
    }
}

/// Refuses a request whose answer might hold too many objects.
pub(super) fn check_cost(estimated: u64, limits: &Limits) -> Result<()> {
    let remedy =
        "lower `first` on the inner lists, or ask for fewer lists at once; a dry run tells which list costs what";
    let which = "the cost of the query, which is the number of objects if every page is full,";
    within(which, estimated, limits.cost, remedy)
}

/// The variables that decide `@skip` and `@include` anywhere in the document.
pub(super) fn condition_variables(document: &ast::Document) -> Vec<Name> {
    let mut names = Vec::new();
    for definition in &document.definitions {
        match definition {
            ast::Definition::OperationDefinition(operation) => conditions(&operation.selection_set, &mut names),
            ast::Definition::FragmentDefinition(fragment) => conditions(&fragment.selection_set, &mut names),
            _ => {}
        }
    }
    names.sort();
    names.dedup();
    names
}

fn conditions(set: &[ast::Selection], names: &mut Vec<Name>) {
    for selection in set {
        let (directives, below): (_, &[ast::Selection]) = match selection {
            ast::Selection::Field(field) => (&field.directives, &field.selection_set),
            ast::Selection::InlineFragment(fragment) => (&fragment.directives, &fragment.selection_set),
            ast::Selection::FragmentSpread(spread) => (&spread.directives, &[]),
        };
        for directive in directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include")) {
            if let Some(ast::Value::Variable(name)) = directive.specified_argument_by_name("if").map(|value| &**value) {
                names.push(name.clone());
            }
        }
        conditions(below, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            tokens: 1000,
            depth: 5,
            aliases: 2,
            directives: 2,
            root_fields: 3,
            selections: 10_000,
            cost: 1000,
            answer_bytes: 8_000_000,
            page_size: 500,
        }
    }

    fn refused(text: &str) -> String {
        let document = ast::Document::parse(text, "test.graphql").unwrap();
        check_document(&document, &limits()).unwrap_err().to_string()
    }

    #[test]
    fn fragments_that_multiply_are_counted_without_expanding_them() {
        let mut text = "{ ...f0 }".to_owned();
        for level in 0..5 {
            let spreads = format!("...f{} ", level + 1).repeat(60);
            text += &format!("fragment f{level} on Query {{ {spreads} }}");
        }
        text += "fragment f5 on Query { viewer { name } }";
        assert!(refused(&text).contains("fragments expanded"));
    }

    #[test]
    fn a_cycle_of_fragments_ends() {
        let document = ast::Document::parse("{ ...a } fragment a on Query { ...a }", "test.graphql").unwrap();
        assert!(check_document(&document, &limits()).is_ok());
    }

    #[test]
    fn each_limit_tells_what_to_do() {
        assert!(refused("{ a { b { c { d { e { f } } } } } }").contains("depth of the query is 6, at most 5"));
        assert!(refused("{ a b c d }").contains("root fields"));
        assert!(refused("{ a: x b: x c: x }").contains("aliases"));
        assert!(refused("{ a @x @x @x }").contains("directives"));
    }
}
