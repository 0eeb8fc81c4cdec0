//! The one error that crosses layers, with its stable codes.

use std::{error::Error as StdError, sync::Arc};

use super::access::Permission;

/// The result of everything that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong while answering a viewer.
///
/// `Clone`, because one failed statement may be the failure of many fields.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The object does not exist, or lies outside the viewer's scope. Both look the same on purpose: an id cannot be
    /// probed across partners.
    #[error("{kind} {id} was not found")]
    NotFound { kind: &'static str, id: String },

    /// One input is unusable; `reason` is written for the person who sent it and says what would be right.
    #[error("{field}: {reason}")]
    Invalid { field: String, reason: String },

    /// The request is well formed, but the present state of the object forbids it.
    #[error("{0}")]
    Conflict(String),

    /// What is wrong lies in one input, named as its sender named it: who sent it can mend it.
    #[error("{error}")]
    OfInput { input: &'static str, error: Box<Error> },

    /// Who asks has not the role for it.
    #[error("you are not allowed to see or do this; it needs the permission {}, ask an administrator for a role that has it", <&str>::from(*.0))]
    Forbidden(Permission),

    /// The request asks for more than it may.
    #[error("{which} is {asked}, at most {limit} is allowed; {remedy}")]
    LimitExceeded { which: &'static str, asked: u64, limit: u64, remedy: &'static str },

    /// Who asks has used up what it may for now. `what` says of what, and what to do.
    #[error("{what}; try again in {retry_after_seconds} s")]
    RateLimited { what: String, retry_after_seconds: u64 },

    /// What happened since is no longer known, or never was.
    #[error(
        "{0}: what happened after this cursor is no longer kept, or the cursor is of another database; leave it out to \
         begin anew, and go on from the cursors that come with it"
    )]
    CursorExpired(&'static str),

    /// The database did not answer; trying again later may help.
    #[error("the database is not available at the moment; try again in a few seconds")]
    Unavailable(#[source] Arc<dyn StdError + Send + Sync>),

    /// A fault of ours. The cause is logged and never shown.
    #[error("internal error")]
    Internal(#[source] Arc<dyn StdError + Send + Sync>),
}

impl Error {
    /// An unusable input, named as its sender named it.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// Blames an input for a conflict, or for naming what is not there. Any other error is nobody's input and stays.
    pub fn of_input(self, input: &'static str) -> Self {
        match self {
            Self::NotFound { .. } | Self::Conflict(_) => Self::OfInput { input, error: Box::new(self) },
            other => other,
        }
    }

    /// A fault of ours with its cause.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(cause.into()))
    }

    /// The stable code that programs may rely on; `extensions.code` in GraphQL.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "NOT_FOUND",
            Self::Invalid { .. } => "BAD_USER_INPUT",
            Self::Conflict(_) => "CONFLICT",
            Self::OfInput { error, .. } => error.code(),
            Self::Forbidden(_) => "FORBIDDEN",
            Self::LimitExceeded { .. } => "LIMIT_EXCEEDED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::CursorExpired(_) => "CURSOR_EXPIRED",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }
}
