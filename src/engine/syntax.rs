//! Why a text is no document, for whoever wrote it.

use apollo_compiler::{ast, diagnostic::ToCliReport, response::GraphQLError, validation::WithErrors};

/// So many characters are shown of what stands where something else should.
const SHOWN: usize = 24;

/// What apollo's parser expected, and the same without the names of its rules.
const PLAIN: &[(&str, &str)] = &[
    ("R_CURLY", "`}`"),
    ("R_PAREN", "`)`"),
    ("R_BRACK", "`]`"),
    ("'on'", "`on` and a type"),
    ("a Name", "a name"),
    ("a Name in Type Condition", "the name of a type"),
    ("a Selection Set", "`{` and the wanted fields"),
    ("a StringValue, Name or OperationDefinition", "an operation or a fragment"),
    ("a Type", "a type"),
    ("a Variable Definition", "a variable with its type, like `$first: Int`"),
    ("a valid Value", "a value"),
    ("an Argument", "an argument, like `first: 10`"),
    ("an Inline Fragment or a Fragment Spread", "the name of a fragment, or `on` and a type"),
    ("an Operation Type or a Selection Set", "`query`, `mutation`, `subscription` or `{`"),
    ("at least one Selection in Selection Set", "at least one field"),
    ("definition", "an operation or a fragment"),
];

/// The first thing that is wrong in `text`. What a parser finds after it mostly follows from it.
pub(super) fn first_error(text: &str, refused: &WithErrors<ast::Document>) -> Option<GraphQLError> {
    let first = refused.errors.iter().next()?;
    let mut error = first.to_json();
    let found = first.error.location().and_then(|place| text.get(place.offset()..place.end_offset()));
    let message = error.message.trim_start_matches("syntax error: ");
    let plain = match message.strip_prefix("expected ") {
        _ if message == "Unexpected <EOF>." => "there is nothing to execute in the document".to_owned(),
        Some(expected) => {
            let expected = expected.split(", got ").next().unwrap_or(expected);
            let plain = PLAIN.iter().find(|(name, _)| *name == expected).map_or(expected, |(_, plain)| plain);
            format!("expected {plain}, found {}", shown(found.unwrap_or_default()))
        }
        None => message.to_owned(),
    };
    error.message = format!("syntax error: {plain}");
    Some(error)
}

fn shown(found: &str) -> String {
    match found.char_indices().nth(SHOWN) {
        _ if found.is_empty() => "the end of the document".to_owned(),
        Some((end, _)) => format!("`{}…`", &found[..end]),
        None => format!("`{found}`"),
    }
}
