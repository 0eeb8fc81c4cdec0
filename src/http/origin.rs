//! Where a request comes from and where it was sent: the address, the page, the host.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, StatusCode, header};

use super::error::Refusal;

/// The last address in `x-forwarded-for` that is no trusted proxy's, if a trusted one handed the request over, else
/// `peer`: anybody could write that header.
pub fn address(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut hops = hops.iter().rev().map_while(|hop| hop_address(hop));
    let mut address = peer.to_canonical();
    while is_trusted(address) {
        match hops.next() {
            Some(hop) => address = hop.to_canonical(),
            None => break,
        }
    }
    address
}

/// The address of a hop. Some proxies add the port, or the brackets of IPv6.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(bracketed)
}

/// Refuses the page of another origin. A browser lets any page open a WebSocket or an event stream anywhere, or fetch what
/// it may not read, and tells where the page came from; whoever is no browser tells nothing.
///
/// # Errors
///
/// 403 with what would help.
pub fn require_own_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Refusal> {
    let Some(origin) = foreign_page(headers) else { return Ok(()) };
    if allowed.iter().any(|allowed| allowed == "*" || allowed == origin) {
        return Ok(());
    }
    let message = "pages of this origin may not ask; add it to `server.cors_origins`";
    Err(Refusal::new(StatusCode::FORBIDDEN, "ORIGIN_REFUSED", message))
}

/// The origin of the page that asks, if it is another than this server's.
pub fn foreign_page(headers: &HeaderMap) -> Option<&str> {
    let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, name)| name == host));
    (!is_own).then_some(origin)
}

/// Whether a request was meant for this machine, by the name it was sent to.
pub fn is_local_host(host: &str, further: &[String]) -> bool {
    let name = name_in(host);
    let lower = name.to_ascii_lowercase();
    host_address(host).is_some_and(|address| address.is_loopback())
        || lower == "localhost"
        || lower.ends_with(".localhost")
        || further.iter().any(|further| further.eq_ignore_ascii_case(name))
}

/// The address that a request was sent to, if not to a name.
pub fn host_address(host: &str) -> Option<IpAddr> {
    name_in(host).trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// What stands in `host`, without the port.
fn name_in(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_a_trusted_proxy_tells_where_a_request_comes_from() {
        let from = |peer: &str, forwarded: &str| {
            let header = (HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(forwarded).unwrap());
            let is_trusted = |address: IpAddr| address.to_string().starts_with("10.");
            address(peer.parse().unwrap(), &HeaderMap::from_iter([header]), is_trusted).to_string()
        };
        assert_eq!(from("203.0.113.9", "198.51.100.1"), "203.0.113.9", "anybody can write the header");
        assert_eq!(from("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(from("::ffff:10.0.0.1", "192.0.2.7, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(from("10.0.0.1", "nonsense"), "10.0.0.1");
        for (hop, address) in [
            ("198.51.100.1:50214", "198.51.100.1"),
            ("[2001:db8::7]:50214", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[::ffff:198.51.100.1]:50214", "198.51.100.1"),
            ("192.0.2.7:1, 198.51.100.1:2, 10.0.0.2:3", "198.51.100.1"),
            ("192.0.2.7, 198.51.100.1:port, 10.0.0.2", "10.0.0.2"),
        ] {
            assert_eq!(from("10.0.0.1", hop), address, "{hop}");
        }
    }

    #[test]
    fn only_names_of_this_machine_and_configured_ones_are_local() {
        let further = ["gateway.example".to_owned()];
        for host in
            ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "a.localhost:9", "[::1]:8080", "gateway.example:8080"]
        {
            assert!(is_local_host(host, &further), "{host}");
        }
        for host in ["evil.example:8080", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example", ""] {
            assert!(!is_local_host(host, &further), "{host}");
        }
    }
}
