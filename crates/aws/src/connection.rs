//! The SDK's configuration: credentials, HTTP, time limits. The SDK never retries here: the engine owns retries.

use std::time::Duration;

use aurora_restore_core::ids::Region;
use aws_config::{AppName, BehaviorVersion, FrameworkMetadata, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_sdk_rds::config::{RuntimeComponents, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::{
    Builder, Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_types::service_config::ServiceConfigKey;

use crate::{
    endpoint::{EndpointUrl, InvalidEndpoint},
    options::{AccountAccess, AssumedRole, CredentialSource},
    proxy::HttpProxy,
};

/// A TCP and TLS handshake takes milliseconds; after this long nobody is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// RDS answers a restore within a few seconds; a first byte later than this will not come.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The whole of one call, credentials included.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

const NAME: &str = "aurora-restore";

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

/// The configuration of one account. Nothing is sent for it but what a profile file asks for; credentials and roles are
/// fetched by the first call.
pub(crate) async fn configure(
    access: &AccountAccess,
    region: &Region,
    sts_endpoint: Option<&EndpointUrl>,
    http: SharedHttpClient,
) -> Result<SdkConfig, InvalidEndpoint> {
    let base = base_config(&access.credentials, region, http).await;
    match &access.role {
        None => Ok(base),
        Some(role) => assuming(role, base, sts_endpoint).await,
    }
}

async fn base_config(credentials: &CredentialSource, region: &Region, http: SharedHttpClient) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(sdk_region(region))
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .operation_timeout(CALL_TIMEOUT)
                .build(),
        )
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

async fn assuming(
    role: &AssumedRole,
    base: SdkConfig,
    sts_endpoint: Option<&EndpointUrl>,
) -> Result<SdkConfig, InvalidEndpoint> {
    let sts = match effective_endpoint(sts_endpoint, &base, "STS")? {
        Some(url) => base.clone().into_builder().endpoint_url(url.as_str()).build(),
        None => base.clone(),
    };
    let mut provider = aws_config::sts::AssumeRoleProvider::builder(role.arn.as_str())
        .configure(&sts)
        .session_name(role.session_name.as_deref().unwrap_or(NAME));
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    let provider = SharedCredentialsProvider::new(provider.build().await);
    Ok(base.into_builder().credentials_provider(provider).build())
}

/// The endpoint that calls of a service go to, if not AWS's own: the given one, else what the environment or the profile
/// sets (`AWS_ENDPOINT_URL_…`, `AWS_ENDPOINT_URL`, `endpoint_url`), held to the same rules.
pub(crate) fn effective_endpoint(
    given: Option<&EndpointUrl>,
    config: &SdkConfig,
    service: &str,
) -> Result<Option<EndpointUrl>, InvalidEndpoint> {
    if let Some(url) = given {
        return Ok(Some(url.clone()));
    }
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
        .map(|url| EndpointUrl::new(&url))
        .transpose()
}

/// The SDK's type for a Region.
pub(crate) fn sdk_region(region: &Region) -> aws_config::Region {
    aws_config::Region::new(region.as_str().to_owned())
}
