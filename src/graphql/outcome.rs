//! What an act gave: what its sender can mend beside what cannot be helped.

use async_graphql::Enum;

use crate::{
    domain::{Error, Result, access::Permission, event::EntityKind},
    engine::{Described, Object},
};

/// Something that the sender of an act can mend.
#[derive(Clone, Debug)]
pub struct UserError {
    path: Vec<String>,
    code: &'static str,
    message: String,
}

impl Described for UserError {
    const NAME: &'static str = "UserError";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "Why nothing was done, for a reason that the sender can mend. Source: the rules of this program, and the \
             rows as they were when it was tried.",
        );
        object.texts("path", "What to mend: the argument, then the member of it.", |e| &e.path);
        object.word::<UserErrorCode>("code", "What kind of mistake it is, for programs.", |e| e.code);
        object.text("message", "What is wrong and what would be right, for people.", |e| &e.message);
    }
}

/// What kind of mistake a sender made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// The value does not suit.
    BadUserInput,
    /// Nothing that may be seen has this id.
    NotFound,
    /// The value suits, but not to how things stand now.
    Conflict,
}

/// What was done, or what the sender has to mend for it to be done. Any other failure is one of the field.
pub fn outcome<T>(done: Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    let (input, code, message) = match done {
        Ok(done) => return Ok((Some(done), Vec::new())),
        Err(Error::OfInput { input, error }) => {
            let message = match *error {
                Error::NotFound { .. } => "nothing that may be seen has this id".to_owned(),
                ref other => other.to_string(),
            };
            (input.to_owned(), error.code(), message)
        }
        Err(Error::Invalid { field, reason }) => (field, "BAD_USER_INPUT", reason),
        Err(other) => return Err(other),
    };
    Ok((None, vec![UserError { path: vec!["input".to_owned(), input], code, message }]))
}
