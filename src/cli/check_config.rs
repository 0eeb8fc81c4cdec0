//! `supportgraph check-config`

use std::fmt::Write as _;

use super::{
    Failure,
    output::{print, tell},
};
use crate::config::{Config, variable};

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  supportgraph check-config\n  supportgraph --config gateway.toml check-config\n\n\
    Each setting can be overridden by a variable: server.listen by SUPPORTGRAPH_SERVER__LISTEN.")]
pub(super) struct Arguments {
    /// Print the defaults with their meaning, as a Markdown table
    #[arg(long)]
    table: bool,
}

pub(super) fn run(arguments: &Arguments, config: &Config) -> Result<(), Failure> {
    if arguments.table {
        print(Config::table())?;
        return Ok(());
    }
    let (mut text, mut section) = (String::new(), "");
    for field in config.fields() {
        let (name, key) = field.name.split_once('.').unwrap_or(("", field.name));
        if name != section {
            let _ = writeln!(text, "{}[{name}]", if section.is_empty() { "" } else { "\n" });
            section = name;
        }
        let (value, origin) = (field.value, config.origin(field.name));
        let _ = writeln!(text, "{key} = {value}  # {origin} ({})", variable(field.name));
    }
    print(text)?;
    for warning in config.warnings() {
        tell(format_args!("note: {warning}"));
    }
    config.refused().map_or(Ok(()), |problems| Err(problems.into()))
}
