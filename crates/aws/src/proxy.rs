//! The HTTP proxy through which AWS is reached where a network has no other way out.
//!
//! Only what goes out over TLS goes through it: the proxy sees which host is called and nothing else. What is spoken in the
//! clear (a server on loopback, the credentials of an instance or a container) never leaves the machine or its link.

use std::fmt;

use aws_smithy_http_client::proxy::ProxyConfig;
use thiserror::Error;
use url::Url;

/// Hosts that are never reached through a proxy: loopback, and the link on which credentials are handed out.
const NEVER_PROXIED: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fd00:ec2::/32";

/// A proxy, with the hosts that are reached without it.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpProxy {
    url: Url,
    bypass: String,
}

/// Why a text cannot be the URL of a proxy. The text itself is not told: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("it is not the URL of an HTTP proxy: {0}")]
pub struct InvalidProxy(&'static str);

impl HttpProxy {
    /// Checks a URL such as `http://proxy.example.com:3128`; without a scheme it is `http`. `bypass` lists hosts, networks
    /// and domains with commas, as `NO_PROXY` does.
    ///
    /// # Errors
    /// [`InvalidProxy`] with the rule that the text breaks.
    pub fn new(url: &str, bypass: &str) -> Result<Self, InvalidProxy> {
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let url = Url::parse(&whole).map_err(|_| InvalidProxy("it cannot be read"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidProxy("only http and https proxies are spoken to"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(InvalidProxy("it names no host"));
        }
        let proxy = Self { url, bypass: bypass.trim().to_owned() };
        ProxyConfig::https(proxy.url.as_str()).map_err(|_| InvalidProxy("it cannot be read"))?;
        Ok(proxy)
    }

    /// The SDK's own form.
    pub(crate) fn config(&self) -> ProxyConfig {
        let bypass = [NEVER_PROXIED, &self.bypass].into_iter().filter(|hosts| !hosts.is_empty());
        ProxyConfig::https(self.url.as_str())
            .expect("it was read once when it was made")
            .no_proxy(bypass.collect::<Vec<_>>().join(","))
    }
}

/// Without a password.
impl fmt::Debug for HttpProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = (self.url.scheme(), self.url.host_str().unwrap_or_default(), self.url.port_or_known_default());
        formatter.debug_struct("HttpProxy").field("url", &place).field("bypass", &self.bypass).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_http_or_https_and_may_lack_its_scheme() {
        for url in ["http://proxy:3128", "https://proxy.example.com", "proxy:3128", "http://me:hunter2@proxy:3128/"] {
            let proxy = HttpProxy::new(url, "internal.example.com").unwrap();
            assert!(!proxy.config().is_disabled(), "{url}");
            assert!(!format!("{proxy:?}").contains("hunter2"), "{proxy:?}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_shown() {
        for url in ["socks5://me:hunter2@proxy:1080", "http://", "ftp://proxy", "http://me:hunter2@pro xy"] {
            let refusal = HttpProxy::new(url, "").unwrap_err().to_string();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }
}
