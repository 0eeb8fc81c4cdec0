//! What a value of each type looks like in a file or a variable.

use std::net::SocketAddr;

use figment::value::Value;
use secrecy::{ExposeSecret, SecretString};

use super::ResponseStatus;

/// A type that a setting can have.
pub trait Setting: Sized {
    /// What would be right, to go on after "expected ".
    const RIGHT: &'static str;
    /// Whether the value may stand in a file of its own, and is never shown.
    const SECRET: bool = false;

    fn read(value: &Value) -> Option<Self>;

    /// What is wrong with a value that cannot be read, where more can be told than what would be right.
    fn wrong(_: &Value) -> Option<String> {
        None
    }

    /// As it would stand in the TOML file.
    fn show(&self) -> String;
}

impl Setting for bool {
    const RIGHT: &'static str = "true or false";

    fn read(value: &Value) -> Option<Self> {
        value.to_bool()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u64 {
    const RIGHT: &'static str = "a whole number";

    fn read(value: &Value) -> Option<Self> {
        value.to_u128().and_then(|number| number.try_into().ok()).or_else(|| value.to_i128()?.try_into().ok())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for String {
    const RIGHT: &'static str = "a text";

    /// A variable has no quotes, so a text of digits arrives as a number.
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(_, text) => Some(text.clone()),
            Value::Num(_, number) => number
                .to_u128()
                .map(|number| number.to_string())
                .or_else(|| Some(number.to_i128()?.to_string()))
                .or_else(|| Some(number.to_f64()?.to_string())),
            Value::Bool(_, value) => Some(value.to_string()),
            _ => None,
        }
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for Option<String> {
    const RIGHT: &'static str = String::RIGHT;

    fn read(value: &Value) -> Option<Self> {
        String::read(value).map(|text| Some(text).filter(|text| !text.is_empty()))
    }

    fn show(&self) -> String {
        self.clone().unwrap_or_default().show()
    }
}

impl Setting for Vec<String> {
    const RIGHT: &'static str = "a list of texts; in a variable, texts with commas between them";

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Array(_, values) => values.iter().map(String::read).collect(),
            Value::String(_, text) => {
                Some(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
            }
            _ => None,
        }
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for SocketAddr {
    const RIGHT: &'static str = "an address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"";

    fn read(value: &Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Setting for Option<SocketAddr> {
    const RIGHT: &'static str = SocketAddr::RIGHT;

    fn read(value: &Value) -> Option<Self> {
        if value.as_str()?.is_empty() { Some(None) } else { SocketAddr::read(value).map(Some) }
    }

    fn show(&self) -> String {
        self.map_or_else(|| "\"\"".to_owned(), |address| address.show())
    }
}

impl Setting for SecretString {
    const RIGHT: &'static str = String::RIGHT;
    const SECRET: bool = true;

    fn read(value: &Value) -> Option<Self> {
        String::read(value).map(Self::from)
    }

    /// Hidden, but for the embedded database, whose URL is a path and holds no password.
    fn show(&self) -> String {
        let text = self.expose_secret();
        if text.starts_with("sqlite:") { format!("{text:?}") } else { "\"(secret)\"".to_owned() }
    }
}

impl Setting for Option<SecretString> {
    const RIGHT: &'static str = String::RIGHT;
    const SECRET: bool = true;

    fn read(value: &Value) -> Option<Self> {
        Option::<String>::read(value).map(|text| text.map(SecretString::from))
    }

    fn show(&self) -> String {
        if self.is_some() { "\"(secret)\"".to_owned() } else { "\"\"".to_owned() }
    }
}

impl Setting for ResponseStatus {
    const RIGHT: &'static str = "\"suite\" or \"draft\"";

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "suite" => Some(Self::Suite),
            "draft" => Some(Self::Draft),
            _ => None,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Suite => "\"suite\"".to_owned(),
            Self::Draft => "\"draft\"".to_owned(),
        }
    }
}
