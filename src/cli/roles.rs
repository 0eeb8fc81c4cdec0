//! `supportgraph roles`

use strum::{EnumMessage, IntoEnumIterator};

use super::{Failure, output::print};
use crate::{
    app,
    config::Config,
    domain::access::{Permission, Permissions, Role},
    engine::Access,
};

#[derive(clap::Args)]
#[command(after_help = "Example:\n  supportgraph roles > docs/ROLES.md")]
pub(super) struct Arguments {}

pub(super) fn run() -> Result<(), Failure> {
    print(document())?;
    Ok(())
}

const HEAD: &str = "# Roles

What each role may see and do. This text is written by `supportgraph roles`: from the table in `src/domain/access.rs`, and from
what the types, fields and acts of the schema need.

Roles add up. They decide what may be seen of a row; which rows there are is decided by the scope: one partner, and all or some
of its customers. A customer's user has its own tenant as its scope. Whatever lies outside of it is not found, neither to be
seen nor to act on.

- A field that may not be seen is null, with the error `FORBIDDEN` at its path, which names the permission. What stands beside
  it is answered, and no statement runs for what is forbidden.
- A filter or an order that looks at such a field is `FORBIDDEN`, too, and so is `node` for the id of such an object, whether or
  not it exists.
- `search` and the live field `changes` leave out what may not be seen, and an event leaves out members that may not be seen.
- An act that is forbidden does nothing, and says nothing of what it was given.
- `viewer { roles permissions }` tells what one may do. The schema is the same for all.
- No role sees a secret: no field has a key, a token or a password.
";

/// `docs/ROLES.md`.
fn document() -> String {
    let access = app::schema(&Config::default(), [0; 32]).access();
    let mut text = format!("{HEAD}\n{}\n## Roles\n\n", matrix());
    for role in Role::iter() {
        text += &format!("- **{}** (`{}`): {}\n", title(role), <&str>::from(role), about(role.get_documentation()));
    }
    for permission in Permission::iter() {
        text += &section(permission, &access);
    }
    text + &open_to_everybody(&access)
}

/// Who has what, at a glance.
fn matrix() -> String {
    let roles: Vec<String> = Role::iter().map(title).collect();
    let mut text = format!("| | {} |\n|---|{}\n", roles.join(" | "), ":-:|".repeat(roles.len()));
    for permission in Permission::iter() {
        let has = |role| if Permissions::of(&[role]).contains(permission) { "x" } else { "" };
        let cells: Vec<&str> = Role::iter().map(has).collect();
        text += &format!("| `{}` | {} |\n", <&str>::from(permission), cells.join(" | "));
    }
    text
}

/// What needs a permission.
fn section(permission: Permission, access: &[Access]) -> String {
    let has = |role: &Role| Permissions::of(&[*role]).contains(permission);
    let roles: Vec<String> = Role::iter().filter(has).map(title).collect();
    let (name, about) = (<&str>::from(permission), about(permission.get_documentation()));
    let mut text = format!("\n## {name}\n\n{about} {}.\n\n", roles.join(", "));
    let needing: Vec<&Access> = access.iter().filter(|row| row.needs.contains(permission)).collect();
    let is_type = |name: &str| needing.iter().any(|row| row.type_name == name && row.field.is_none());
    let types: Vec<String> =
        needing.iter().filter(|row| row.field.is_none()).map(|row| format!("`{}`", row.type_name)).collect();
    // Whatever stands on such a type needs it anyway.
    let fields = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        let own = needing.iter().filter(|row| wanted(row.type_name) && !is_type(row.type_name));
        own.filter_map(|row| Some(format!("`{}.{}`", row.type_name, row.field?))).collect()
    };
    let is_root = |name: &str| ["Mutation", "Subscription"].contains(&name);
    let lines = [
        ("Types, with all fields that need no more", types),
        ("Fields of other types", fields(&|name| !is_root(name))),
        ("Acts", fields(&|name| name == "Mutation")),
        ("Live fields", fields(&|name| name == "Subscription")),
    ];
    let lines: Vec<String> = lines
        .into_iter()
        .filter(|(_, needing)| !needing.is_empty())
        .map(|(what, needing)| format!("- {what}: {}.\n", needing.join(", ")))
        .collect();
    text += if lines.is_empty() { "- Nothing in the schema.\n" } else { "" };
    text + &lines.concat()
}

/// What needs nothing, and stands on what needs nothing.
fn open_to_everybody(access: &[Access]) -> String {
    let is_open = |row: &&Access| row.needs == Permissions::NONE;
    let types: Vec<&str> =
        access.iter().filter(is_open).filter(|row| row.field.is_none()).map(|row| row.type_name).collect();
    let fields: Vec<String> = access
        .iter()
        .filter(is_open)
        .filter(|row| types.contains(&row.type_name))
        .filter_map(|row| Some(format!("`{}.{}`", row.type_name, row.field?)))
        .collect();
    format!("\n## Open to everybody who may ask\n\n- {}.\n", fields.join(", "))
}

/// `GLOBAL_ADMIN` as people say it.
fn title(role: Role) -> String {
    let words = <&str>::from(role).replace('_', " ").to_lowercase();
    words[..1].to_uppercase() + &words[1..]
}

/// A comment on one line.
fn about(comment: Option<&str>) -> String {
    comment.unwrap_or_default().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_the_table_says() {
        let known = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ROLES.md");
        let known = std::fs::read_to_string(known).unwrap_or_default();
        let differs = document().lines().zip(known.lines()).position(|(is, was)| is != was);
        let differs = differs.or((document().lines().count() != known.lines().count()).then_some(0));
        assert_eq!(differs, None, "run `cargo run -- roles > docs/ROLES.md` and look at what changed");
    }
}
