//! Values for every argument of the schema, so that a new argument is tried as soon as it is there.

use apollo_compiler::{Schema, ast::Type, schema::ExtendedType, validation::Valid};
use serde_json::{Map, Value, json};

/// What arguments are made of.
pub struct Values<'a> {
    pub schema: &'a Valid<Schema>,
    /// Global ids, of every type that has one.
    pub ids: Vec<String>,
    /// Texts that somebody may look for. The first ones do where there are many other values.
    pub words: Vec<String>,
}

/// How many words are tried deep within a filter.
const FEW: usize = 3;

impl Values<'_> {
    /// Values of a type, so that each member of an input is used with each value that could make a difference. Filters
    /// within filters go one level deep.
    pub fn of(&self, ty: &Type) -> Vec<Value> {
        self.values(ty, 1)
    }

    /// The same without filters within filters, and with few words: for a type that has been tried elsewhere.
    pub fn some_of(&self, ty: &Type) -> Vec<Value> {
        self.values(ty, 0)
    }

    fn values(&self, ty: &Type, levels: usize) -> Vec<Value> {
        let name = ty.inner_named_type().as_str();
        if ty.is_list() {
            return match name {
                // All of one type at once: an id of another type is refused.
                "ID" => self.ids.chunk_by(|one, other| prefix(one) == prefix(other)).map(|ids| json!(ids)).collect(),
                _ => self
                    .values(&Type::Named(ty.inner_named_type().clone()), levels)
                    .into_iter()
                    .map(|one| json!([one]))
                    .collect(),
            };
        }
        match (name, &self.schema.types[name]) {
            ("ID", _) => self.ids.iter().map(|id| json!(id)).collect(),
            ("String", _) if levels == 0 => self.words.iter().take(FEW).map(|word| json!(word)).collect(),
            ("String", _) => self.words.iter().map(|word| json!(word)).collect(),
            ("Int", _) => vec![json!(1), json!(10)],
            ("Boolean", _) => vec![json!(true), json!(false)],
            ("Date", _) => vec![json!("2026-11-22")],
            ("DateTime", _) => vec![json!("2026-11-22T11:30:00Z")],
            (_, ExtendedType::Enum(words)) => words.values.keys().map(|word| json!(word.as_str())).collect(),
            (_, ExtendedType::InputObject(_)) => self.inputs(name, levels),
            _ => panic!("no test knows a value of the type {name}: give it one in tests/it/support/arguments.rs"),
        }
    }

    /// Inputs in which one member after the other has each of its values, beside what is required.
    fn inputs(&self, name: &str, levels: usize) -> Vec<Value> {
        let input = self.schema.get_input_object(name).expect("an input");
        let is_filter = |ty: &Type| ty.inner_named_type().ends_with("Filter") && ty.inner_named_type() != "TextFilter";
        let mut required = Map::new();
        for (member, definition) in input.fields.iter().filter(|(_, member)| member.is_required()) {
            let value = self.values(&definition.ty, 0).into_iter().next().expect("a value");
            required.insert(member.to_string(), value);
        }
        let mut inputs = Vec::new();
        for (member, definition) in &input.fields {
            let values = match is_filter(&definition.ty) {
                true if levels == 0 => continue,
                true => self.values(&definition.ty, levels - 1),
                false => self.values(&definition.ty, levels),
            };
            inputs.extend(values.into_iter().map(|value| {
                let mut input = required.clone();
                input.insert(member.to_string(), value);
                Value::Object(input)
            }));
        }
        inputs
    }
}

/// What the ids of one type begin with.
fn prefix(id: &str) -> &str {
    id.split_once('_').map_or(id, |(prefix, _)| prefix)
}
