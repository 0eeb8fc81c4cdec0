//! Queries made from the schema itself, so that a new type or field is walked as soon as it is there.

use std::collections::VecDeque;

use super::Client;
use apollo_compiler::{
    Schema,
    ast::{FieldDefinition, InputValueDefinition, Type},
    schema::ExtendedType,
    validation::Valid,
};

/// How many rows the generated queries take of each list: more than a given partner has of anything.
const ROWS: u32 = 9;

pub struct Walk(pub Valid<Schema>);

/// An argument of a field, and a way to get there from the root.
pub struct Place {
    /// `Type.field(argument)`.
    pub name: String,
    pub argument: InputValueDefinition,
    /// Asks with the variable `$value` as the argument, for all that can be told without going further.
    pub query: String,
    /// The same without the argument, for the cursor `end` of the first row alone; none for what is no list.
    pub first: Option<String>,
}

impl Walk {
    /// Of the schema that a server serves.
    pub async fn of(client: &Client) -> Self {
        let sdl = client.get("/schema.graphql").await.text;
        Self(Schema::parse_and_validate(sdl, "schema.graphql").expect("the served schema is valid"))
    }

    /// The fields of an object.
    pub fn fields(&self, type_name: &str) -> Vec<&FieldDefinition> {
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
                ExtendedType::Interface(_) | ExtendedType::Union(_) if levels == 0 => {
                    format!("{key}{name} {{ __typename }}")
                }
                ExtendedType::Interface(_) | ExtendedType::Union(_) => {
                    format!("{key}{name} {}", self.selection(ty, path, levels - 1))
                }
                _ => format!("{key}{name}"),
            }
        };
        let members: Vec<String> = self.fields(type_name).iter().map(|field| member(field, path)).collect();
        path.pop();
        members.join(" ")
    }

    /// What an object itself says; of a list, how long it is and what its rows say.
    fn leaves(&self, type_name: &str) -> String {
        let of = |name: &str, prefix: &str| {
            let says = |field: &&FieldDefinition| match &self.0.types[field.ty.inner_named_type()] {
                ExtendedType::Object(_) if ["edges", "node", "pageInfo"].contains(&field.name.as_str()) => {
                    Some(format!("{} {}", field.name, self.leaves(field.ty.inner_named_type())))
                }
                ExtendedType::Scalar(_) | ExtendedType::Enum(_) if prefix.is_empty() => Some(field.name.to_string()),
                ExtendedType::Scalar(_) | ExtendedType::Enum(_) => Some(format!("{prefix}_{0}: {0}", field.name)),
                _ => None,
            };
            self.fields(name).iter().filter_map(says).collect::<Vec<_>>().join(" ")
        };
        let any_of = |types: Vec<String>| {
            let on: Vec<String> = types.iter().map(|name| format!("... on {name} {{ {} }}", of(name, name))).collect();
            format!("{{ __typename {} }}", on.join(" "))
        };
        match &self.0.types[type_name] {
            ExtendedType::Union(union) => any_of(union.members.iter().map(|one| one.to_string()).collect()),
            ExtendedType::Interface(_) => any_of(self.node_types()),
            _ => format!("{{ __typename {} }}", of(type_name, "")),
        }
    }

    /// What an event says, and what the objects that it is about say themselves. Nothing further: what an event is about is
    /// told as it is when the event is sent.
    fn event(&self, type_name: &str) -> String {
        let says = |field: &&FieldDefinition| match &self.0.types[field.ty.inner_named_type()] {
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) => field.name.to_string(),
            _ => format!("{} {}", field.name, self.leaves(field.ty.inner_named_type())),
        };
        format!("{{ {} }}", self.fields(type_name).iter().map(says).collect::<Vec<_>>().join(" "))
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

    /// Every argument of every field that is reached from a root. A field is reached once, by the shortest way.
    pub fn places(&self, operation: &str) -> Vec<Place> {
        let root = match operation {
            "query" => "Query",
            "mutation" => "Mutation",
            _ => "Subscription",
        };
        let mut places = Vec::new();
        let mut known = vec![root.to_owned()];
        let mut next = VecDeque::from([(root.to_owned(), Vec::new())]);
        while let Some((type_name, way)) = next.pop_front() {
            for field in self.fields(&type_name) {
                for argument in &field.arguments {
                    places.push(self.place(operation, &type_name, &way, field, argument));
                }
                let ty = field.ty.inner_named_type().to_string();
                let is_way = operation == "query" && (field.arguments.is_empty() || is_connection(&field.ty));
                if is_way && self.0.get_object(&ty).is_some() && !known.contains(&ty) {
                    known.push(ty.clone());
                    let rows = if is_connection(&field.ty) { format!("(first: {ROWS})") } else { String::new() };
                    let way = way.iter().cloned().chain([format!("{}{rows}", field.name)]).collect();
                    next.push_back((ty, way));
                }
            }
        }
        places
    }

    fn place(
        &self,
        operation: &str,
        type_name: &str,
        way: &[String],
        field: &FieldDefinition,
        argument: &InputValueDefinition,
    ) -> Place {
        let others = field.arguments.iter().filter(|other| other.name != argument.name && other.is_required());
        let mut given: Vec<String> = others.map(|other| format!("{}: \"contoso\"", other.name)).collect();
        let pages = is_connection(&field.ty);
        match argument.name.as_str() {
            "first" | "last" => {}
            "before" if pages => given.push(format!("last: {ROWS}")),
            _ if pages => given.push(format!("first: {ROWS}")),
            _ => {}
        }
        given.push(format!("{}: $value", argument.name));
        let ty = field.ty.inner_named_type();
        let below = match operation {
            "query" => self.leaves(ty),
            "subscription" => self.event(ty),
            _ => self.selection(ty, &mut Vec::new(), 1),
        };
        let asked = |field: String| way.iter().rev().fold(field, |inner, outer| format!("{outer} {{ {inner} }}"));
        Place {
            name: format!("{type_name}.{}({})", field.name, argument.name),
            argument: argument.clone(),
            query: format!(
                "{operation}($value: {}) {{ {} }}",
                argument.ty,
                asked(format!("{}({}) {below}", field.name, given.join(", ")))
            ),
            first: pages.then(|| {
                format!("{{ {} }}", asked(format!("{}(first: 1) {{ pageInfo {{ end: endCursor }} }}", field.name)))
            }),
        }
    }
}

fn is_connection(ty: &Type) -> bool {
    ty.inner_named_type().ends_with("Connection")
}
