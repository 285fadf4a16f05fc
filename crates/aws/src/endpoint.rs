//! Endpoints other than AWS's own: checked, so that credentials and passwords never cross a network in the clear.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

/// The URL of an endpoint that is used instead of AWS's own: `https`, or `http` on a loopback address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(String);

/// Why a URL cannot be an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the endpoint `{url}` cannot be used: {reason}")]
pub struct InvalidEndpoint {
    /// The URL as given, without a password if it had one.
    pub url: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl EndpointUrl {
    /// Checks a URL.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] with the rule that the URL breaks.
    pub fn new(text: &str) -> Result<Self, InvalidEndpoint> {
        let Ok(url) = Url::parse(text) else {
            // What cannot be read may hold anything, a password too: it is not shown.
            return Err(InvalidEndpoint {
                url: "…".to_owned(),
                reason: "it is not a URL such as https://rds.example.com",
            });
        };
        let refused = |reason| Err(InvalidEndpoint { url: without_credentials(&url), reason });
        if !url.username().is_empty() || url.password().is_some() {
            return refused("credentials do not belong in a URL");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused("it must not have a query or a fragment");
        }
        match url.scheme() {
            "https" if url.host().is_some() => Ok(Self(url.into())),
            "http" if is_loopback(&url) => Ok(Self(url.into())),
            "http" => refused("http is for loopback addresses only, use https"),
            _ => refused("only https, and http on a loopback address, are spoken"),
        }
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn without_credentials(url: &Url) -> String {
    if url.cannot_be_a_base() {
        // Without a host there is no telling which part is secret.
        return "…".to_owned();
    }
    let mut url = url.clone();
    // Both fail only for URLs that cannot have credentials at all.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_loopback_are_accepted() {
        for url in [
            "https://rds.eu-central-1.amazonaws.com",
            "https://vpce-1.rds.eu-central-1.vpce.amazonaws.com/",
            "http://127.0.0.1:4510",
            "http://127.8.9.1:4510",
            "http://[::1]:4510",
            "http://localhost:4510",
        ] {
            assert!(EndpointUrl::new(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn http_to_any_other_host_is_refused() {
        for url in [
            "http://rds.eu-central-1.amazonaws.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0:80",
        ] {
            let refusal = EndpointUrl::new(url).unwrap_err();
            assert_eq!(refusal.reason, "http is for loopback addresses only, use https", "{url}");
        }
    }

    #[test]
    fn other_schemes_and_texts_are_refused() {
        for url in ["", "rds", "ftp://127.0.0.1", "unix:/run/rds", "https://h/?a=b"] {
            assert!(EndpointUrl::new(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_shown() {
        let refusal = EndpointUrl::new("https://me:hunter2@rds.example.com").unwrap_err();
        assert!(!refusal.to_string().contains("hunter2"), "{refusal}");
        let refusal = EndpointUrl::new("me:hunter2@rds example").unwrap_err();
        assert!(!refusal.to_string().contains("hunter2"), "{refusal}");
    }
}
