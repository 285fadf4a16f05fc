//! RDS in both accounts and in every Region that a restore needs.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{AccountId, Region},
    ports::{Cloud, CloudError, Location, Rds, Side},
};
use aws_config::SdkConfig;
use aws_sdk_rds::config::SharedHttpClient;

use crate::{
    connection::{Connection, Entry, configure, effective_endpoint, http_client, sdk_region},
    endpoint::{EndpointUrl, InvalidEndpoint},
    identity::Identity,
    options::{AccountAccess, Network},
    rds::AwsRds,
};

/// How RDS is reached in both accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsOptions {
    /// The Region in which identities are asked for and roles are assumed, usually the target's.
    pub region: Region,
    /// How the target account is entered.
    pub target: AccountAccess,
    /// How the source account is entered. `None`: it is the target account, with the same credentials.
    pub source: Option<AccountAccess>,
    /// RDS elsewhere than at AWS, for all Regions and both sides: the sandbox, or an interface endpoint.
    pub rds_endpoint: Option<EndpointUrl>,
    /// STS elsewhere than at AWS.
    pub sts_endpoint: Option<EndpointUrl>,
    /// The network between here and them.
    pub network: Network,
}

impl AwsOptions {
    /// One account, the credentials of the environment, AWS's own endpoints.
    pub fn in_region(region: Region) -> Self {
        let target = AccountAccess::default();
        Self { region, target, source: None, rds_endpoint: None, sts_endpoint: None, network: Network::default() }
    }
}

/// The [`Cloud`] port over the AWS SDK. Clients are made once for each account and Region and then kept.
#[derive(Debug)]
pub struct AwsCloud {
    target: Account,
    /// `None` where source and target are the same account.
    source: Option<Account>,
}

impl AwsCloud {
    /// Reads the configuration that the options name. Nothing is sent to RDS or STS yet.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if an endpoint that the environment or a profile sets breaks the rules of [`EndpointUrl`].
    pub async fn new(options: &AwsOptions) -> Result<Self, InvalidEndpoint> {
        let http = http_client(options.network.proxy.as_ref());
        let source = Self::source(options, &http).await?;
        Ok(Self { target: Account::new(Side::Target, &options.target, options, &http).await?, source })
    }

    /// RDS in the account of a connection, and in a source account that is entered with its credentials or others. Where
    /// RDS and STS are is said by the options; how the target is entered, by the connection.
    ///
    /// # Errors
    /// As [`AwsCloud::new`].
    pub async fn in_account_of(connection: &Connection, options: &AwsOptions) -> Result<Self, InvalidEndpoint> {
        let source = Self::source(options, &connection.http()).await?;
        Ok(Self { target: Account::with(Side::Target, connection.config().clone(), options)?, source })
    }

    async fn source(options: &AwsOptions, http: &SharedHttpClient) -> Result<Option<Account>, InvalidEndpoint> {
        match &options.source {
            None => Ok(None),
            Some(access) => Ok(Some(Account::new(Side::Source, access, options, http).await?)),
        }
    }

    fn on(&self, side: Side) -> &Account {
        match side {
            Side::Target => &self.target,
            Side::Source => self.source.as_ref().unwrap_or(&self.target),
        }
    }
}

#[async_trait]
impl Cloud for AwsCloud {
    fn rds(&self, location: &Location) -> &dyn Rds {
        self.on(location.side).rds(&location.region)
    }

    async fn account(&self, side: Side) -> Result<AccountId, CloudError> {
        self.on(side).identity.account().await
    }
}

/// One account: its configuration, its identity, and its RDS in the Regions that were asked for so far.
#[derive(Debug)]
struct Account {
    config: SdkConfig,
    rds_endpoint: Option<EndpointUrl>,
    identity: Arc<Identity>,
    regions: OnceLock<Box<Regional>>,
}

/// A list that only grows, so that a reference into it stays good while others add to it. It has as many members as
/// operations name Regions: one or two.
#[derive(Debug)]
struct Regional {
    region: Region,
    rds: AwsRds,
    next: OnceLock<Box<Regional>>,
}

impl Account {
    async fn new(
        side: Side,
        access: &AccountAccess,
        options: &AwsOptions,
        http: &SharedHttpClient,
    ) -> Result<Self, InvalidEndpoint> {
        let (sts_endpoint, http_hosts) = (options.sts_endpoint.as_ref(), &options.network.http_hosts);
        let config =
            configure(Entry { access, region: &options.region, sts_endpoint, http_hosts }, http.clone()).await?;
        Self::with(side, config, options)
    }

    fn with(side: Side, config: SdkConfig, options: &AwsOptions) -> Result<Self, InvalidEndpoint> {
        let endpoint = |given: &Option<EndpointUrl>, service| {
            effective_endpoint(given.as_ref(), &config, service, &options.network.http_hosts)
        };
        let mut sts = aws_sdk_sts::config::Builder::from(&config);
        if let Some(url) = endpoint(&options.sts_endpoint, "STS")? {
            sts = sts.endpoint_url(url.as_str());
        }
        Ok(Self {
            rds_endpoint: endpoint(&options.rds_endpoint, "RDS")?,
            identity: Arc::new(Identity::new(side, aws_sdk_sts::Client::from_conf(sts.build()))),
            config,
            regions: OnceLock::new(),
        })
    }

    fn rds(&self, region: &Region) -> &AwsRds {
        let mut slot = &self.regions;
        // Bounded by the length of the list: each turn goes one member further, and the last slot is filled with the
        // Region that is looked for unless somebody else filled it first.
        loop {
            let member = slot.get_or_init(|| Box::new(self.regional(region)));
            if member.region == *region {
                return &member.rds;
            }
            slot = &member.next;
        }
    }

    fn regional(&self, region: &Region) -> Regional {
        let mut config = aws_sdk_rds::config::Builder::from(&self.config).region(sdk_region(region));
        if let Some(url) = &self.rds_endpoint {
            config = config.endpoint_url(url.as_str());
        }
        let client = aws_sdk_rds::Client::from_conf(config.build());
        Regional { region: region.clone(), rds: AwsRds::new(client, Arc::clone(&self.identity)), next: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests;
