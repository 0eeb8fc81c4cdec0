//! `supportgraph schema`

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};

use super::{Failure, output::print};
use crate::{app, config::Config};

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  supportgraph schema > schema.graphql\n  supportgraph schema --check schema.graphql"
)]
pub(super) struct Arguments {
    /// Print nothing; fail if FILE is not this schema
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let engine = app::schema(&Config::default(), [0; 32]);
    let Some(file) = &arguments.check else {
        print(engine.sdl())?;
        return Ok(());
    };
    let path = file.display();
    let known = std::fs::read_to_string(file).with_context(|| format!("{path} cannot be read"))?;
    let Some(line) = first_difference(&known, engine.sdl()) else { return Ok(()) };
    let error =
        anyhow!("{path} is not the schema of this program, from line {line} on; run `supportgraph schema > {path}`");
    Err(Failure::Failed(error))
}

/// The number of the first line that differs; how lines end does not matter.
fn first_difference(known: &str, served: &str) -> Option<usize> {
    let (mut known, mut served) = (known.lines(), served.lines());
    (1..).map(|number| (number, known.next(), served.next())).find_map(|(number, known, served)| {
        match (known, served) {
            (None, None) => Some(None),
            (known, served) if known != served => Some(Some(number)),
            _ => None,
        }
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\r\nb"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}
