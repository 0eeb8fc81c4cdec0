//! Queries made from the schema itself, so that a new type or field is walked as soon as it is there.

use apollo_compiler::{
    Schema,
    ast::{FieldDefinition, Type},
    schema::ExtendedType,
    validation::Valid,
};
use serde_json::{Value, json};

use super::Client;

/// How many rows the generated queries take of each list: more than a given partner has of anything.
const ROWS: u32 = 9;

pub struct Walk(pub Valid<Schema>);

/// A list at the root that can be filtered by ids.
#[derive(Debug)]
pub struct IdFilter {
    /// The root field.
    pub list: String,
    /// The members of the filter, from the outside in.
    pub path: Vec<String>,
}

impl IdFilter {
    /// The filter that selects by this id.
    pub fn by(&self, id: &str) -> Value {
        self.path.iter().rev().fold(json!([id]), |value, member| json!({ member: value }))
    }
}

impl Walk {
    /// Of the schema that a server serves.
    pub async fn of(client: &Client) -> Self {
        let sdl = client.get("/schema.graphql").await.text;
        Self(Schema::parse_and_validate(sdl, "schema.graphql").expect("the served schema is valid"))
    }

    fn fields(&self, type_name: &str) -> Vec<&FieldDefinition> {
        let object = self.0.get_object(type_name).unwrap_or_else(|| panic!("{type_name} is an object"));
        object.fields.values().map(|field| &***field).collect()
    }

    /// The fields of the query root.
    pub fn roots(&self) -> Vec<&FieldDefinition> {
        self.fields("Query")
    }

    /// The types that `node` can give, with all their objects' fields.
    pub fn node_types(&self) -> Vec<String> {
        let objects = self.0.types.iter().filter_map(|(name, ty)| Some((name, ty.as_object()?)));
        let nodes = objects.filter(|(_, object)| object.implements_interfaces.iter().any(|one| one.name == "Node"));
        nodes.map(|(name, _)| name.to_string()).collect()
    }

    /// A root field with these arguments, and everything that can be reached from it within so many levels.
    pub fn query(&self, root: &FieldDefinition, arguments: &str, levels: usize) -> String {
        let arguments = match (arguments, is_connection(&root.ty)) {
            ("", true) => format!("(first: {ROWS})"),
            (given, true) => format!("(first: {ROWS}, {given})"),
            ("", false) => String::new(),
            (given, false) => format!("({given})"),
        };
        let below = self.selection(root.ty.inner_named_type(), &mut Vec::new(), levels);
        format!("{{ {}{arguments} {below} }}", root.name)
    }

    /// Everything below an object of that type. No type is entered below itself; of lists of such only the totals.
    fn selection(&self, type_name: &str, path: &mut Vec<String>, levels: usize) -> String {
        match &self.0.types[type_name] {
            ExtendedType::Union(union) => self.on_each(union.members.iter().map(|one| one.to_string()), path, levels),
            ExtendedType::Interface(_) => self.on_each(self.node_types().into_iter(), path, levels),
            ExtendedType::Object(_) => format!("{{ {} }}", self.members(type_name, "", path, levels)),
            _ => String::new(),
        }
    }

    /// Each member under a name of its own: different types call different things alike.
    fn on_each(&self, types: impl Iterator<Item = String>, path: &mut Vec<String>, levels: usize) -> String {
        let on = types.map(|name| format!("... on {name} {{ {} }}", self.members(&name, &name, path, levels)));
        format!("{{ __typename {} }}", on.collect::<Vec<_>>().join(" "))
    }

    fn members(&self, type_name: &str, prefix: &str, path: &mut Vec<String>, levels: usize) -> String {
        path.push(type_name.to_owned());
        let member = |field: &&FieldDefinition, path: &mut Vec<String>| {
            let (name, ty) = (&field.name, field.ty.inner_named_type().as_str());
            let key = if prefix.is_empty() { String::new() } else { format!("{prefix}_{name}: ") };
            if let Some(node) = is_connection(&field.ty).then(|| ty.trim_end_matches("Connection")) {
                let info = "totalCount pageInfo { hasNextPage startCursor }";
                let nodes = match levels > 0 && !path.iter().any(|one| one == node) {
                    true => format!("nodes {{ {} }}", self.members(node, "", path, levels - 1)),
                    false => String::new(),
                };
                return format!("{key}{name}(first: {ROWS}) {{ {info} {nodes} }}");
            }
            match &self.0.types[ty] {
                ExtendedType::Object(_) if levels == 0 || path.iter().any(|one| one == ty) => {
                    format!("{key}{name} {{ __typename }}")
                }
                ExtendedType::Object(_) => format!("{key}{name} {{ {} }}", self.members(ty, "", path, levels - 1)),
                _ => format!("{key}{name}"),
            }
        };
        let members: Vec<String> = self.fields(type_name).iter().map(|field| member(field, path)).collect();
        path.pop();
        members.join(" ")
    }

    /// Each list at the root, with each relation of its rows.
    pub fn relations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for root in self.roots().into_iter().filter(|root| is_connection(&root.ty)) {
            for field in self.fields(root.ty.inner_named_type().trim_end_matches("Connection")) {
                let ty = field.ty.inner_named_type();
                let relation = match &self.0.types[ty] {
                    _ if is_connection(&field.ty) => {
                        format!("{}(first: 3) {{ totalCount nodes {{ __typename }} }}", field.name)
                    }
                    ExtendedType::Object(_) => format!("{} {{ __typename }}", field.name),
                    _ => continue,
                };
                found.push((root.name.to_string(), relation));
            }
        }
        found
    }

    /// Every member of a filter that takes ids, of every list at the root, through so many relations.
    pub fn id_filters(&self, levels: usize) -> Vec<IdFilter> {
        let mut found = Vec::new();
        for root in self.roots() {
            let Some(filter) = root.arguments.iter().find(|argument| argument.name == "filter") else { continue };
            self.ids_in(&root.name, filter.ty.inner_named_type(), &mut Vec::new(), levels, &mut found);
        }
        found
    }

    fn ids_in(&self, list: &str, input: &str, path: &mut Vec<String>, levels: usize, found: &mut Vec<IdFilter>) {
        let input = self.0.get_input_object(input).expect("an input");
        for (name, member) in &input.fields {
            path.push(name.to_string());
            let ty = member.ty.inner_named_type();
            if ty == "ID" {
                found.push(IdFilter { list: list.to_owned(), path: path.clone() });
            } else if levels > 0 && ty.ends_with("Filter") && ty != "TextFilter" && !member.ty.is_list() {
                self.ids_in(list, ty, path, levels - 1, found);
            }
            path.pop();
        }
    }
}

fn is_connection(ty: &Type) -> bool {
    ty.inner_named_type().ends_with("Connection")
}
