//! What a name that the schema does not know may have meant.

use apollo_compiler::{Schema, response::GraphQLError, schema::ExtendedType};

/// The error, with the nearest name that the schema has in that place.
pub(super) fn with_suggestion(mut error: GraphQLError, schema: &Schema) -> GraphQLError {
    if let Some((meant, known)) = unknown_name(&error.message, schema)
        && let Some(nearest) = nearest(meant, known)
    {
        error.message += &format!("; did you mean `{nearest}`?");
    }
    error
}

/// The name that is not known, as the validator tells of it, and those that are known in its place.
fn unknown_name<'a>(message: &'a str, schema: &'a Schema) -> Option<(&'a str, Vec<&'a str>)> {
    let parts: Vec<&str> = message.split('`').collect();
    match parts.as_slice() {
        ["type ", on, " does not have a field ", field, ..] => {
            let fields = match schema.types.get(*on)? {
                ExtendedType::Object(object) => &object.fields,
                ExtendedType::Interface(interface) => &interface.fields,
                _ => return None,
            };
            Some((*field, fields.keys().map(|name| name.as_str()).collect()))
        }
        ["the argument ", argument, " is not supported by ", coordinate, ..] => {
            let (on, field) = coordinate.split_once('.')?;
            let field = schema.type_field(on, field).ok()?;
            Some((*argument, field.arguments.iter().map(|argument| argument.name.as_str()).collect()))
        }
        ["value ", value, " does not exist on ", on, ..] => {
            let values = &schema.get_enum(on)?.values;
            Some((*value, values.keys().map(|name| name.as_str()).collect()))
        }
        ["field ", field, " does not exist on ", on, ..] => {
            let fields = &schema.get_input_object(on)?.fields;
            Some((*field, fields.keys().map(|name| name.as_str()).collect()))
        }
        ["cannot find type ", name, ..] => Some((*name, schema.types.keys().map(|name| name.as_str()).collect())),
        _ => None,
    }
}

/// No name of the schema is as long; comparing takes as long as both names are, multiplied.
const LONGEST: usize = 64;

/// The name that takes the fewest changes, if two of five letters remain.
fn nearest<'a>(meant: &str, known: Vec<&'a str>) -> Option<&'a str> {
    if meant.len() > LONGEST {
        return None;
    }
    let changes = |name: &'a str| (strsim::damerau_levenshtein(&meant.to_lowercase(), &name.to_lowercase()), name);
    let (changes, name) = known.into_iter().map(changes).min()?;
    (changes * 5 <= meant.chars().count() * 2 + 2).then_some(name)
}
