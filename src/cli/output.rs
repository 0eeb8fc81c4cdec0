//! What commands say: results on standard output, all else on standard error. Neither panics when nobody reads.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write as _},
};

use anyhow::Context as _;

/// Prints a result as it is, and tells whether somebody still reads. Who closes the pipe, as `head` does, has had enough,
/// which is no failure.
///
/// # Errors
///
/// If it cannot be written for another reason, such as a full disk.
pub fn print(text: impl Display) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).context("the output cannot be written"),
    }
}

/// Tells whoever runs the command something that is no result. What is done goes on though nobody hears of it.
pub fn tell(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
