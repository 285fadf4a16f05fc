//! Endpoints other than AWS's own: checked, so that credentials and passwords never cross a network in the clear unless
//! somebody has named the host to which they may.

use std::{fmt, net::Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

/// The URL of an endpoint that is used instead of AWS's own: `https`, or `http` on a loopback address or a host of
/// [`HttpHosts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(Url);

/// Hosts beyond loopback to which `http` is spoken: those of emulators, in networks that whoever names them trusts. Each is one
/// host, written out, and never one of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpHosts(Vec<Host>);

/// Why a URL cannot be an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the endpoint `{url}` cannot be used: {reason}")]
pub struct InvalidEndpoint {
    /// The URL as given, without a password if it had one.
    pub url: String,
    /// The rule that it breaks.
    pub reason: &'static str,
    /// The host that [`HttpHosts`] would have to name for it, if that may be done.
    pub unlisted: Option<String>,
}

/// Why a text cannot be one of the hosts to which `http` is spoken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{host}` cannot be spoken to over http: {reason}")]
pub struct InvalidHttpHost {
    /// The text as given.
    pub host: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl EndpointUrl {
    /// Checks a URL where `http` is for loopback addresses only.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] with the rule that the URL breaks.
    pub fn new(text: &str) -> Result<Self, InvalidEndpoint> {
        Self::with_hosts(text, &HttpHosts::default())
    }

    /// Checks a URL where `http` is for loopback addresses and these hosts.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] with the rule that the URL breaks.
    pub fn with_hosts(text: &str, hosts: &HttpHosts) -> Result<Self, InvalidEndpoint> {
        let Ok(url) = Url::parse(text) else {
            // What cannot be read may hold anything, a password too: it is not shown.
            return Err(InvalidEndpoint {
                url: "…".to_owned(),
                reason: "it is not a URL such as https://rds.example.com",
                unlisted: None,
            });
        };
        let refused = |reason| Err(InvalidEndpoint { url: without_credentials(&url), reason, unlisted: None });
        if !url.username().is_empty() || url.password().is_some() {
            return refused("credentials do not belong in a URL");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused("it must not have a query or a fragment");
        }
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => Ok(Self(url)),
            ("http", Some(host)) if is_loopback(&host) || hosts.admits(&host) => Ok(Self(url)),
            ("http", Some(host)) if is_of_aws(&host) => refused("AWS is spoken to over https only"),
            ("http", Some(host)) => Err(InvalidEndpoint {
                unlisted: Some(host.to_string()),
                url: without_credentials(&url),
                reason: "http is for loopback addresses and the hosts in `aws.http-hosts` only, use https",
            }),
            _ => refused("only https, and http on a loopback address, are spoken"),
        }
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host beyond loopback to which it has credentials and passwords go in the clear.
    pub fn host_in_the_clear(&self) -> Option<&str> {
        let is_beyond = self.0.scheme() == "http" && self.0.host().is_some_and(|host| !is_loopback(&host));
        self.0.host_str().filter(|_| is_beyond)
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl HttpHosts {
    /// Checks names and addresses of hosts.
    ///
    /// # Errors
    /// [`InvalidHttpHost`] with the first that is none, or that AWS's services have.
    pub fn new(hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, InvalidHttpHost> {
        hosts.into_iter().map(|host| one_host(host.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    fn admits(&self, host: &Host<&str>) -> bool {
        self.0.contains(&without_last_dot(host))
    }
}

fn one_host(text: &str) -> Result<Host, InvalidHttpHost> {
    let refused = |reason| Err(InvalidHttpHost { host: text.to_owned(), reason });
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(Host::Ipv6(address));
    }
    if text.contains('*') {
        return refused("patterns are not taken, write each host out");
    }
    let Ok(host) = Host::parse(text) else {
        return refused("it is not the name or the IP address of a host, without scheme and port");
    };
    let host = match &host {
        Host::Domain(name) => without_last_dot(&Host::Domain(name.as_str())),
        Host::Ipv4(_) | Host::Ipv6(_) => host,
    };
    let Host::Domain(name) = &host else { return Ok(host) };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
        return refused("it is not the name or the IP address of a host, without scheme and port");
    }
    if is_of_aws(&Host::Domain(name.as_str())) {
        return refused("it is AWS's own, and AWS is spoken to over https only");
    }
    Ok(host)
}

/// A name with a dot at its end is the same name.
fn without_last_dot(host: &Host<&str>) -> Host {
    match host {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

/// The names under which AWS has its services, in every partition.
fn is_of_aws(host: &Host<&str>) -> bool {
    let Host::Domain(name) = host else { return false };
    let name = name.strip_suffix('.').unwrap_or(name);
    name.split('.').any(|label| label == "amazonaws") || name.ends_with(".aws")
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
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
            "http://rds.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0:80",
        ] {
            let refusal = EndpointUrl::new(url).unwrap_err();
            let told = "http is for loopback addresses and the hosts in `aws.http-hosts` only, use https";
            assert_eq!(refusal.reason, told, "{url}");
            assert!(refusal.unlisted.is_some(), "{url}");
        }
    }

    #[test]
    fn http_is_spoken_to_the_hosts_that_are_named_and_to_no_other() {
        let hosts = HttpHosts::new(["emulator", "Stack_1.example.com.", "10.0.0.1", "fd00::1", "[fd00::2]"]).unwrap();
        for url in [
            "http://emulator:4566",
            "http://EMULATOR.:4566",
            "http://stack_1.example.com",
            "http://10.0.0.1:4566/",
            "http://[fd00::1]:4566",
            "http://[fd00::2]:4566",
            "http://127.0.0.1:4566",
            "https://emulator",
        ] {
            assert!(EndpointUrl::with_hosts(url, &hosts).is_ok(), "{url}");
        }
        for url in [
            "http://emulator.example.com",
            "http://example.com",
            "http://10.0.0.2",
            "http://emulator1",
            "ftp://emulator",
        ] {
            assert!(EndpointUrl::with_hosts(url, &hosts).is_err(), "{url}");
        }
        let in_the_clear =
            |url: &str| EndpointUrl::with_hosts(url, &hosts).unwrap().host_in_the_clear().map(str::to_owned);
        assert_eq!(in_the_clear("http://emulator:4566").as_deref(), Some("emulator"));
        assert_eq!(in_the_clear("http://localhost:4566"), None);
        assert_eq!(in_the_clear("https://emulator"), None);
    }

    #[test]
    fn a_host_of_aws_is_never_spoken_to_over_http() {
        for host in [
            "rds.eu-central-1.amazonaws.com",
            "rds.eu-central-1.amazonaws.com.",
            "RDS.eu-central-1.AmazonAWS.com",
            "rds.cn-north-1.amazonaws.com.cn",
            "amazonaws.com",
            "lambda.eu-central-1.api.aws",
        ] {
            let refusal = HttpHosts::new([host]).unwrap_err();
            assert_eq!(refusal.reason, "it is AWS's own, and AWS is spoken to over https only", "{host}");
            let refusal = EndpointUrl::new(&format!("http://{host}")).unwrap_err();
            assert_eq!((refusal.reason, refusal.unlisted), ("AWS is spoken to over https only", None), "{host}");
        }
    }

    #[test]
    fn a_host_is_written_out_without_anything_around_it() {
        for host in
            ["", ".", "*", "*.example.com", "http://emulator", "emulator:4566", "emulator/", "a b", "me@emulator"]
        {
            assert!(HttpHosts::new([host]).is_err(), "{host}");
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
