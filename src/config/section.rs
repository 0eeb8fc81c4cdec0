//! How a section is written down: once, with its words, its defaults and what is right.

/// One setting, as the README's table and `check-config` show it.
pub struct Field {
    /// `section.field`, as in the file.
    pub name: &'static str,
    /// What it means: the first paragraph of its documentation.
    pub about: String,
    /// The value as it would stand in the file; a secret shows none.
    pub value: String,
}

/// Declares a section: a struct, its defaults, how it is read, and what is told about its fields.
///
/// Each field is `name: type = default, check;` where `check` says what is wrong with a value of the right type.
macro_rules! section {
    ($(#[doc = $about:literal])+ $section:ident $key:literal {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, $check:expr;)+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub struct $section { $($(#[doc = $doc])+ pub $field: $type,)+ }

        impl Default for $section {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $section {
            pub(in crate::config) fn read(source: &mut Source) -> Self {
                Self { $($field: source.field(concat!($key, ".", stringify!($field)), $default, $check),)+ }
            }

            pub(in crate::config) fn fields(&self) -> Vec<Field> {
                vec![$(Field {
                    name: concat!($key, ".", stringify!($field)),
                    about: $crate::config::section::first_paragraph(&[$($doc),+]),
                    value: Setting::show(&self.$field),
                },)+]
            }
        }
    };
}

pub(super) use section;

/// The lines before the first empty one, as one line.
pub(super) fn first_paragraph(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).take_while(|line| !line.is_empty()).collect();
    lines.join(" ")
}
