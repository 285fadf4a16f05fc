//! The SDK's configuration: credentials, HTTP, time limits. The SDK never retries here: the engine owns retries.

use std::{sync::Once, time::Duration};

use aurora_restore_core::ids::Region;
use aws_config::{AppName, BehaviorVersion, FrameworkMetadata, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_sdk_sts::config::{RuntimeComponents, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::{
    Builder, Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_types::{origin::Origin, service_config::ServiceConfigKey};

use crate::{
    endpoint::{EndpointUrl, HttpHosts, InvalidEndpoint},
    options::{AccountAccess, AssumedRole, CredentialSource, Network},
    proxy::HttpProxy,
};

/// A TCP and TLS handshake takes milliseconds; after this long nobody is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// RDS answers a restore within a few seconds; a first byte later than this will not come.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The whole of one call, credentials included.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The same two for services that answer within milliseconds, so that whoever waits for the journal hears soon.
#[cfg(any(feature = "tables", feature = "secrets", feature = "config", feature = "notices", feature = "executions"))]
const SERVICE_READ: Duration = Duration::from_secs(10);
#[cfg(any(feature = "tables", feature = "secrets", feature = "config", feature = "notices", feature = "executions"))]
const SERVICE_CALL: Duration = Duration::from_secs(20);

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

const NAME: &str = "aurora-restore";

/// One account in one Region, entered. The adapters of the single services are made from it and share its credentials and
/// its HTTP connections.
#[derive(Debug, Clone)]
pub struct Connection {
    config: SdkConfig,
    region: Region,
    #[cfg_attr(
        not(any(
            feature = "tables",
            feature = "secrets",
            feature = "config",
            feature = "notices",
            feature = "executions"
        )),
        expect(dead_code, reason = "it is for the endpoints of these services")
    )]
    http_hosts: HttpHosts,
}

impl Connection {
    /// Reads the configuration that `access` names. Nothing is sent to a service yet but what a profile file asks for.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if an STS endpoint that the environment or a profile sets breaks the rules of [`EndpointUrl`].
    pub async fn open(
        region: &Region,
        access: &AccountAccess,
        sts_endpoint: Option<&EndpointUrl>,
        network: &Network,
    ) -> Result<Self, InvalidEndpoint> {
        let entry = Entry { access, region, sts_endpoint, http_hosts: &network.http_hosts };
        let config = configure(entry, http_client(network.proxy.as_ref())).await?;
        Ok(Self { config, region: region.clone(), http_hosts: network.http_hosts.clone() })
    }

    /// For tests, whose answers come from a list.
    #[cfg(test)]
    pub(crate) fn over(config: SdkConfig, region: Region) -> Self {
        Self { config, region, http_hosts: HttpHosts::default() }
    }

    /// The Region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The SDK's configuration for a service whose answers come within milliseconds, and the endpoint that its calls go
    /// to, if not AWS's own.
    #[cfg(any(
        feature = "tables",
        feature = "secrets",
        feature = "config",
        feature = "notices",
        feature = "executions"
    ))]
    pub(crate) fn to_service(
        &self,
        service: &str,
        endpoint: Option<&EndpointUrl>,
    ) -> Result<SdkConfig, InvalidEndpoint> {
        let url = effective_endpoint(endpoint, &self.config, service, &self.http_hosts)?;
        let builder = self.config.clone().into_builder().timeout_config(time_limits(SERVICE_READ, SERVICE_CALL));
        Ok(with_endpoint(builder.build(), url.as_ref()))
    }

    #[cfg(feature = "rds")]
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    #[cfg(feature = "rds")]
    pub(crate) fn http(&self) -> SharedHttpClient {
        self.config.http_client().unwrap_or_else(|| http_client(None))
    }
}

fn time_limits(read: Duration, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(read).operation_timeout(call).build()
}

/// The HTTP client that all SDK clients share: rustls with `ring`, the system's certificate authorities, and the proxy if
/// there is one.
pub(crate) fn http_client(proxy: Option<&HttpProxy>) -> SharedHttpClient {
    let Some(proxy) = proxy else {
        return Builder::new().tls_provider(TLS).build_https();
    };
    let proxy = proxy.config();
    // The builder of clients knows no proxy, the one of connectors does. A client keeps its connector with its pool of
    // connections for each set of time limits.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.tls_provider(TLS).build()
    })
}

/// How one account is entered, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) access: &'a AccountAccess,
    pub(crate) region: &'a Region,
    pub(crate) sts_endpoint: Option<&'a EndpointUrl>,
    pub(crate) http_hosts: &'a HttpHosts,
}

/// The configuration of one account. Nothing is sent for it but what a profile file asks for; credentials and roles are
/// fetched by the first call.
pub(crate) async fn configure(entry: Entry<'_>, http: SharedHttpClient) -> Result<SdkConfig, InvalidEndpoint> {
    let base = base_config(&entry.access.credentials, entry.region, http).await;
    match &entry.access.role {
        None => Ok(base),
        Some(role) => assuming(role, base, entry).await,
    }
}

async fn base_config(credentials: &CredentialSource, region: &Region, http: SharedHttpClient) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(sdk_region(region))
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(time_limits(READ_TIMEOUT, CALL_TIMEOUT))
        .app_name(AppName::new(NAME).expect("letters and a hyphen are allowed"))
        .framework_metadata(
            FrameworkMetadata::new(NAME, Some(env!("CARGO_PKG_VERSION")))
                .expect("a crate's version is made of allowed characters"),
        );
    let loader = match credentials {
        CredentialSource::Environment => loader,
        CredentialSource::Profile(name) => loader.profile_name(name),
        CredentialSource::Keys { access_key, secret_key } => loader.credentials_provider(Credentials::new(
            access_key,
            secret_key.expose(),
            None,
            None,
            "aurora-restore options",
        )),
    };
    loader.load().await
}

async fn assuming(role: &AssumedRole, base: SdkConfig, entry: Entry<'_>) -> Result<SdkConfig, InvalidEndpoint> {
    let endpoint = effective_endpoint(entry.sts_endpoint, &base, "STS", entry.http_hosts)?;
    let sts = with_endpoint(base.clone(), endpoint.as_ref());
    let mut provider = aws_config::sts::AssumeRoleProvider::builder(role.arn.as_str())
        .configure(&sts)
        .session_name(role.session_name.as_deref().unwrap_or(NAME));
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    let provider = SharedCredentialsProvider::new(provider.build().await);
    Ok(base.into_builder().credentials_provider(provider).build())
}

/// The configuration with an endpoint that is decided. Its origin is set with it: the SDK would ask the environment once more
/// for one whose origin it does not know, and `AWS_ENDPOINT_URL` would go before what was given.
fn with_endpoint(config: SdkConfig, url: Option<&EndpointUrl>) -> SdkConfig {
    let Some(url) = url else { return config };
    let mut builder = config.into_builder().endpoint_url(url.as_str());
    builder.insert_origin("endpoint_url", Origin::shared_config());
    builder.build()
}

/// The endpoint that calls of a service go to, if not AWS's own: the given one, else what the environment or the profile
/// sets (`AWS_ENDPOINT_URL_…`, `AWS_ENDPOINT_URL`, `endpoint_url`), held to the same rules.
pub(crate) fn effective_endpoint(
    given: Option<&EndpointUrl>,
    config: &SdkConfig,
    service: &str,
    http_hosts: &HttpHosts,
) -> Result<Option<EndpointUrl>, InvalidEndpoint> {
    let url = match given {
        Some(url) => Some(url.clone()),
        None => set_elsewhere(config, service).map(|url| EndpointUrl::with_hosts(&url, http_hosts)).transpose()?,
    };
    if let Some(host) = url.as_ref().and_then(EndpointUrl::host_in_the_clear) {
        warn_of_the_clear(host);
    }
    Ok(url)
}

/// What the environment or the profile says.
fn set_elsewhere(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .expect("all three parts are set");
    config
        .service_config()
        .and_then(|settings| settings.load_config(key))
        .or_else(|| config.endpoint_url().map(str::to_owned))
}

/// Told once by a process, however many services are there: somebody has asked for it.
fn warn_of_the_clear(host: &str) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(host, "credentials and secrets are sent in the clear (http): the host is in `aws.http-hosts`");
    });
}

/// The SDK's type for a Region.
pub(crate) fn sdk_region(region: &Region) -> aws_config::Region {
    aws_config::Region::new(region.as_str().to_owned())
}
