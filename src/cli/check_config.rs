//! `supportgraph check-config`

use super::Failure;
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
        print!("{}", Config::table());
        return Ok(());
    }
    let mut section = "";
    for field in config.fields() {
        let (name, key) = field.name.split_once('.').unwrap_or(("", field.name));
        if name != section {
            println!("{}[{name}]", if section.is_empty() { "" } else { "\n" });
            section = name;
        }
        println!("{key} = {}  # {} ({})", field.value, config.origin(field.name), variable(field.name));
    }
    if let Some(reason) = config.refused() {
        eprintln!("note: `serve` refuses this: {reason}");
    }
    for warning in config.warnings() {
        eprintln!("note: {warning}");
    }
    Ok(())
}
