//! Keeps web pages out: a page open in a browser on the same machine must not be able to talk to the sandbox.
//!
//! The API listens on loopback, which any page can address. A browser tells on itself by `Origin` or `Sec-Fetch-Site`, and
//! a page that rebinds its own name to 127.0.0.1 by the `Host` that it sends.

use std::net::IpAddr;

use super::http::HttpRequest;

/// Whether the request may have come from a web page, or was sent to a name that is not this machine's own.
pub(crate) fn is_foreign(request: &HttpRequest) -> bool {
    let told = ["origin", "sec-fetch-site"].iter().any(|name| request.headers.contains_key(*name));
    told || !request.header("host").is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["127.0.0.1", "127.0.0.1:4510", "localhost:80", "LOCALHOST", "[::1]:4510", "127.1.2.3:1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example:4510", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example:1", "", ":80"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
