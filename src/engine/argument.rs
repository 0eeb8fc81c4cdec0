//! Arguments: how a field declares them, and what a request gave for them.

use apollo_compiler::{Node, ast};
use async_graphql::{InputType, Name, Value, registry::Registry};

use crate::domain::{Error, Result};

/// One argument of a field, as the schema shows it.
pub struct Argument {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) default: Option<&'static str>,
    pub(super) register: fn(&mut Registry) -> String,
}

/// An argument of type `T`; required unless `T` is an `Option`.
pub fn argument<T: InputType>(name: &'static str, about: &'static str) -> Argument {
    Argument { name, about, default: None, register: T::create_type_info }
}

impl Argument {
    /// Shows a default; what applies it is the field itself.
    pub fn defaults_to(mut self, literal: &'static str) -> Self {
        self.default = Some(literal);
        self
    }
}

/// The variables of a request, coerced to their declared types.
pub type Variables = apollo_compiler::response::JsonMap;

/// What a request gave for the arguments of one field.
pub struct Args(Vec<(Name, Value)>);

impl Args {
    /// Puts variables in place. An argument whose variable was not given counts as not given.
    pub(super) fn new(given: &[Node<ast::Argument>], variables: &Variables) -> Self {
        let value = |argument: &Node<ast::Argument>| {
            Some((Name::new(argument.name.as_str()), constant(&argument.value, variables)?))
        };
        Self(given.iter().filter_map(value).collect())
    }

    /// The argument `name` as it was given.
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// Which members the argument `name` was given with.
    pub fn names_in(&self, name: &str) -> Vec<String> {
        match self.raw(name) {
            Some(Value::Object(members)) => members.keys().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// Puts a text in the place of what was given for `name`, if anything was.
    pub(super) fn set(&mut self, name: &str, text: &str) {
        self.0.retain(|(given, _)| given != name);
        self.0.push((Name::new(name), Value::from(text)));
    }

    /// How long the first list among the arguments is.
    pub(super) fn list_length(&self) -> Option<usize> {
        self.0.iter().find_map(|(_, value)| match value {
            Value::List(items) => Some(items.len()),
            _ => None,
        })
    }

    /// The argument `name` as a `T`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if its value does not suit.
    pub fn get<T: InputType>(&self, name: &str) -> Result<T> {
        T::parse(self.raw(name).cloned())
            .map_err(|error| Error::invalid(name, error.into_server_error(Default::default()).message))
    }
}

fn constant(value: &ast::Value, variables: &Variables) -> Option<Value> {
    Some(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name.as_str())),
        ast::Value::Variable(name) => from_json(variables.get(name.as_str())?),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Float(number) => Value::from(number.try_to_f64().unwrap_or(f64::MAX)),
        ast::Value::Int(number) => match number.try_to_i32() {
            Ok(int) => Value::from(int),
            Err(_) => Value::from(number.try_to_f64().unwrap_or(f64::MAX)),
        },
        ast::Value::Boolean(flag) => Value::Boolean(*flag),
        // An item of a list whose variable was not given is null; a member of an object is left out.
        ast::Value::List(items) => {
            Value::List(items.iter().map(|item| constant(item, variables).unwrap_or(Value::Null)).collect())
        }
        ast::Value::Object(members) => {
            let member = |(name, value): &(_, Node<ast::Value>)| {
                Some((Name::new(apollo_compiler::Name::as_str(name)), constant(value, variables)?))
            };
            Value::Object(members.iter().filter_map(member).collect())
        }
    })
}

fn from_json(value: &apollo_compiler::response::JsonValue) -> Value {
    serde_json::to_value(value).ok().and_then(|value| Value::from_json(value).ok()).unwrap_or(Value::Null)
}
