//! Who may see what: what a field needs, and what a filter, an order or an event tells of fields.
//!
//! What is needed stands in the descriptions, who has it in [`crate::domain::access`].

use async_graphql::Value;

use super::{
    argument::Args,
    object::{Described, Field},
    types::{Kind, Types},
};
use crate::domain::{Error, Result, access::Permissions};

impl<T: Described> Field<T> {
    /// All that it needs: what the objects need that it gives, and what it needs of its own.
    pub(super) fn all_needs(&self) -> Permissions {
        let given = self.kind.kind().child().map_or(Permissions::NONE, |child| child.needs);
        self.own_needs.and(given)
    }

    /// Whether somebody may see a `T` and not this field.
    pub(super) fn is_border(&self) -> bool {
        !Permissions::from(T::NEEDS).imply(self.all_needs())
    }

    /// Its description and its type as the schema shows them: null stands for what may not be seen.
    pub(super) fn shown(&self, ty: String) -> (String, String) {
        if !self.is_border() {
            return (self.about.to_owned(), ty);
        }
        let needs: Vec<&str> = self.all_needs().iter().map(Into::into).collect();
        let about = format!("{} Needs {}, else null with the error FORBIDDEN.", self.about, needs.join(" and "));
        (about, ty.trim_end_matches('!').to_owned())
    }
}

/// What one type or one field needs.
#[derive(Clone, Debug)]
pub struct Access {
    pub type_name: &'static str,
    /// None for the type itself.
    pub field: Option<&'static str>,
    pub needs: Permissions,
    /// Whether somebody may see the object and not the field.
    pub is_border: bool,
}

/// Each type, followed by its fields.
pub(super) fn all(types: &Types) -> Vec<Access> {
    let rows = types.iter().flat_map(|object| {
        let type_name = object.name();
        let own = Access { type_name, field: None, needs: object.needs(), is_border: false };
        let fields = (0..object.fields()).map(move |index| {
            let (needs, is_border) = object.access(index);
            Access { type_name, field: Some(object.field_name(index)), needs, is_border }
        });
        [own].into_iter().chain(fields)
    });
    rows.collect()
}

/// Refuses a filter or an order by what the caller may not see: which rows are given would tell it.
pub(super) fn check_arguments(types: &Types, type_name: &str, args: &Args, own: Permissions) -> Result<()> {
    let filter = args.raw("filter").map_or(Permissions::NONE, |filter| needs_of_filter(types, type_name, filter));
    let order = args.raw("orderBy").map_or(Permissions::NONE, |order| needs_of_order(types, type_name, order));
    own.missing(filter.and(order)).map_or(Ok(()), |permission| Err(Error::Forbidden(permission)))
}

/// What is needed for each field that a filter looks at.
fn needs_of_filter(types: &Types, type_name: &str, filter: &Value) -> Permissions {
    let member = |(name, value): (&async_graphql::Name, &Value)| match (name.as_str(), value) {
        // As good as not given.
        (_, Value::Null) => Permissions::NONE,
        ("and" | "or" | "not", value) => needs_of_filter(types, type_name, value),
        (name, value) => {
            let Some((needs, kind)) = field_of_member(types, type_name, name) else { return Permissions::NONE };
            let below = kind.child().map(|child| needs_of_filter(types, child.name, value));
            below.map_or(needs, |below| needs.and(below))
        }
    };
    match filter {
        Value::List(items) => {
            items.iter().map(|item| needs_of_filter(types, type_name, item)).fold(Permissions::NONE, Permissions::and)
        }
        Value::Object(members) => members.iter().map(member).fold(Permissions::NONE, Permissions::and),
        _ => Permissions::NONE,
    }
}

/// What is needed for each field that an order looks at: its keys are named like fields, in capitals.
fn needs_of_order(types: &Types, type_name: &str, order: &Value) -> Permissions {
    let key = |key: &Value| match key {
        Value::Enum(word) => field_of_member(types, type_name, &camel_case(word)).map(|(needs, _)| needs),
        _ => None,
    };
    match order {
        Value::List(items) => {
            items.iter().map(|item| needs_of_order(types, type_name, item)).fold(Permissions::NONE, Permissions::and)
        }
        Value::Object(members) => members.values().filter_map(key).fold(Permissions::NONE, Permissions::and),
        _ => Permissions::NONE,
    }
}

/// What is needed to be told that a member of an object changed. What is no field by its name may be behind any of them,
/// hence needs what all of them need.
pub(super) fn needs_of_member(types: &Types, type_name: &str, member: &str) -> Permissions {
    let Some(object) = types.get(type_name) else { return Permissions::NONE };
    let leaf = |index: usize| match object.field(object.field_name(index)) {
        Some((_, Kind::Leaf)) => object.access(index).0,
        _ => Permissions::NONE,
    };
    let every = || (0..object.fields()).map(leaf).fold(Permissions::NONE, Permissions::and);
    object.needs().and(field_of_member(types, type_name, member).map_or_else(every, |(needs, _)| needs))
}

/// The field that a member of a filter or an event is about: it bears the same name, `ids` looks at `id`, `customerId`
/// and `customerIds` at `customer`.
fn field_of_member(types: &Types, type_name: &str, member: &str) -> Option<(Permissions, Kind)> {
    let object = types.get(type_name)?;
    let one = member.strip_suffix('s').unwrap_or(member);
    let (index, kind) =
        [member, one, one.strip_suffix("Id").unwrap_or(one)].into_iter().find_map(|name| object.field(name))?;
    Some((object.access(index).0, kind))
}

/// `CREATED_AT` as fields are named: `createdAt`.
fn camel_case(word: &str) -> String {
    let mut letters = word.chars();
    let mut camel = String::with_capacity(word.len());
    while let Some(letter) = letters.next() {
        match letter {
            '_' => camel.extend(letters.next()),
            letter => camel.push(letter.to_ascii_lowercase()),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        domain::{access::Permission, event::EntityKind},
        engine::Object,
    };

    #[derive(Clone)]
    struct Vault(Lock);

    #[derive(Clone)]
    struct Lock;

    impl Described for Vault {
        const NAME: &'static str = "Vault";
        const NEEDS: Option<Permission> = None;
        const MADE_FROM: &'static [EntityKind] = &[];

        fn describe(object: &mut Object<Self>) {
            object.text("name", "How called.", |_| "");
            object.int("netWorth", "How much is in it.", |_| 0).needs(Permission::ReadPrices);
            object.part("lock", "How to open it.", |vault| &vault.0);
        }
    }

    impl Described for Lock {
        const NAME: &'static str = "Lock";
        const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
        const MADE_FROM: &'static [EntityKind] = &[];

        fn describe(object: &mut Object<Self>) {
            object.text("code", "What to dial.", |_| "").needs(Permission::ReadPersonalData);
        }
    }

    fn types() -> Types {
        let mut types = Types::default();
        types.add::<Vault>();
        types
    }

    fn needed(needs: Permissions) -> Vec<&'static str> {
        needs.iter().map(Into::into).collect()
    }

    #[test]
    fn a_filter_needs_what_the_fields_need_that_it_looks_at() {
        for (filter, needs) in [
            (json!({ "name": "a" }), vec![]),
            (json!({ "netWorth": 1 }), vec!["READ_PRICES"]),
            (json!({ "netWorth": null, "lock": null }), vec![]),
            (json!({ "not": { "netWorth": 1 } }), vec!["READ_PRICES"]),
            (json!({ "or": [{ "name": "a" }, { "and": [{ "lock": {} }] }] }), vec!["READ_HEALTH"]),
            (json!({ "lockIds": ["a"] }), vec!["READ_HEALTH"]),
            (json!({ "lock": { "not": { "codes": ["1"] } } }), vec!["READ_HEALTH", "READ_PERSONAL_DATA"]),
        ] {
            let value = Value::from_json(filter.clone()).unwrap();
            assert_eq!(needed(needs_of_filter(&types(), "Vault", &value)), needs, "{filter}");
        }
    }

    #[test]
    fn an_order_needs_what_its_keys_need() {
        let by = |word: &str| {
            let key = [(async_graphql::Name::new("field"), Value::Enum(async_graphql::Name::new(word)))];
            needed(needs_of_order(&types(), "Vault", &Value::List(vec![Value::Object(key.into_iter().collect())])))
        };
        assert_eq!(by("NAME"), Vec::<&str>::new());
        assert_eq!(by("NET_WORTH"), ["READ_PRICES"]);
    }

    #[test]
    fn a_member_that_is_no_field_needs_what_all_fields_need() {
        assert_eq!(needed(needs_of_member(&types(), "Vault", "name")), Vec::<&str>::new());
        assert_eq!(needed(needs_of_member(&types(), "Vault", "lockId")), ["READ_HEALTH"]);
        assert_eq!(needed(needs_of_member(&types(), "Vault", "netWorthMinor")), ["READ_PRICES"]);
        assert_eq!(needed(needs_of_member(&types(), "Lock", "name")), ["READ_HEALTH", "READ_PERSONAL_DATA"]);
    }
}
