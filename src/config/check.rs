//! What is right, beyond the type of a value. Each says what is wrong and what would be right.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use strum::IntoEnumIterator as _;

use crate::domain::{
    access::{Lane, Role},
    document::RegisteredOnly,
};

/// Every value of the type will do.
pub(super) fn any<T>(_: &T) -> Result<(), String> {
    Ok(())
}

/// A number between two bounds, both included.
pub(super) fn within(least: u64, most: u64) -> impl Fn(&u64) -> Result<(), String> {
    move |value| {
        let right = || format!("{value} is out of range; expected {least} to {most}");
        (least..=most).contains(value).then_some(()).ok_or_else(right)
    }
}

pub(super) fn guid(value: &Option<String>) -> Result<(), String> {
    match value {
        Some(text) if uuid::Uuid::try_parse(text).is_err() => Err(format!(
            "{text:?} is not a tenant id; expected a GUID such as \"3f2504e0-4f89-11d3-9a0c-0305e82c3301\""
        )),
        _ => Ok(()),
    }
}

#[expect(clippy::ptr_arg, reason = "a check gets the type of its field")]
pub(super) fn hosts(values: &Vec<String>) -> Result<(), String> {
    let wrong = values.iter().find(|host| {
        host.is_empty()
            || !host.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
    });
    match wrong {
        Some(wrong) => Err(format!("{wrong:?} is not a host name; expected a name without scheme and port")),
        None => Ok(()),
    }
}

#[expect(clippy::ptr_arg, reason = "a check gets the type of its field")]
pub(super) fn origins(values: &Vec<String>) -> Result<(), String> {
    let is_origin = |text: &str| {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        text == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
    };
    match values.iter().find(|text| !is_origin(text)) {
        Some(wrong) => Err(format!(
            "{wrong:?} is not an origin; expected scheme and host without a path, such as \"https://portal.example\", or \"*\""
        )),
        None => Ok(()),
    }
}

/// A network, or one address as a network of its own. None if it is neither.
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[expect(clippy::ptr_arg, reason = "a check gets the type of its field")]
pub(super) fn networks(values: &Vec<String>) -> Result<(), String> {
    match values.iter().find(|text| network(text).is_none()) {
        Some(wrong) => {
            Err(format!("{wrong:?} is no network; expected an address, or a network such as \"10.0.0.0/8\""))
        }
        None => Ok(()),
    }
}

#[expect(clippy::ptr_arg, reason = "a check gets the type of its field")]
pub(super) fn registered_only(values: &Vec<String>) -> Result<(), String> {
    RegisteredOnly::of(values).map(drop).map_err(|unknown| {
        let lanes = Lane::iter().map(<&str>::from);
        let words: Vec<&str> = lanes.chain(Role::iter().map(<&str>::from)).collect();
        format!("{unknown:?} is neither a lane nor a role; expected any of {}", words.join(", "))
    })
}

#[expect(clippy::ptr_arg, reason = "a check gets the type of its field")]
pub(super) fn roles(values: &Vec<String>) -> Result<(), String> {
    Role::named(values).map(drop).map_err(|unknown| {
        let words: Vec<&str> = Role::iter().map(<&str>::from).collect();
        format!("{unknown:?} is no role; expected ALL, or some of {}", words.join(", "))
    })
}

/// The text itself is not repeated: it may hold a password.
pub(super) fn database_url(value: &SecretString) -> Result<(), String> {
    let url = value.expose_secret();
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| url.starts_with(scheme)) {
        Ok(())
    } else {
        Err("the database is not known; expected sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE".to_owned())
    }
}

/// The text itself is not repeated: it may hold a password.
pub(super) fn bus_url(value: &Option<SecretString>) -> Result<(), String> {
    let Some(urls) = value else { return Ok(()) };
    let is_server = |url: &str| {
        let server = url.trim().strip_prefix("nats://").or_else(|| url.trim().strip_prefix("tls://"));
        server.is_some_and(|server| !server.is_empty())
    };
    if !cfg!(feature = "nats") {
        return Err("this program was built without NATS; leave it empty, or build with the feature nats".to_owned());
    }
    if urls.expose_secret().split(',').all(is_server) {
        Ok(())
    } else {
        Err("the bus is not known; expected nats://HOST:PORT or tls://HOST:PORT, several with commas between them"
            .to_owned())
    }
}

pub(super) fn filter(value: &String) -> Result<(), String> {
    match value.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "{value:?} is not a filter ({error}); expected a level such as \"info\", or \"supportgraph=debug,info\""
        )),
    }
}
