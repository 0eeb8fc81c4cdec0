//! Why a document cannot be used, said to the person who sent it.

use std::fmt;

/// Why a document as a whole cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub enum NotUnderstood {
    /// Nothing in it.
    Empty,
    /// Not JSON; the place is where reading stopped.
    NotJson { line: usize, column: usize, reason: String },
    /// Microsoft answered with an error, and that answer was saved.
    ErrorAnswer { code: String, message: String },
    /// A kind that is known, but tells nothing that is kept here.
    NotStored { what: String },
    /// A list without items that does not say what it is a list of.
    EmptyList,
    /// A list whose items are missing, e.g. because the file was cut off.
    NoItems,
    /// A shape that is not known.
    UnknownShape { members: Vec<String> },
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::NotJson { line, column, reason } => {
                write!(f, "it is not JSON: {reason} at line {line}, column {column}")
            }
            Self::ErrorAnswer { code, message } => {
                write!(f, "it is an error answer of Microsoft ({code}: {message}); fetch it again")
            }
            Self::NotStored { what } => write!(f, "it holds {what}, which is recognised but not stored"),
            Self::EmptyList => f.write_str("it is an empty list that does not say of what; nothing to read"),
            Self::NoItems => f.write_str("it is a list, but its `items` are missing; is the file complete?"),
            Self::UnknownShape { members } if members.is_empty() => {
                f.write_str("it is no kind of answer that is known: neither an object nor a list of objects")
            }
            Self::UnknownShape { members } => {
                write!(f, "it is no kind of answer that is known; its members are {}", members.join(", "))
            }
        }
    }
}

impl std::error::Error for NotUnderstood {}
