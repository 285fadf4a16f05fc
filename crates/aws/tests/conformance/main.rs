//! The conformance suites of the ports, run by the adapters over the AWS SDK and HTTP: RDS on the sandbox and on moto, all
//! else on moto and on MiniStack, which know AWS from other people's reading of its documentation.

mod bills;
mod changes;
mod executions;
mod functions;
mod grants;
mod journal;
mod keys;
mod monitoring;
mod moto;
mod restore_tests;
mod review;
mod sandbox;
mod sequences;
mod services;
mod stacks;
mod states;
mod table_settings;
mod wire;

use aurora_restore_aws::{AccountAccess, AwsCloud, AwsOptions, CredentialSource, EndpointUrl};
use aurora_restore_core::{ids::Region, secret::Secret};

/// A cloud behind an endpoint, entered with an access key for each account.
async fn cloud(url: &str, source: &str, target: &str) -> AwsCloud {
    let endpoint = EndpointUrl::new(url).expect("an endpoint on this machine");
    let access = |key: &str| AccountAccess {
        credentials: CredentialSource::Keys { access_key: key.to_owned(), secret_key: Secret::new("not-checked") },
        role: None,
    };
    let options = AwsOptions {
        source: Some(access(source)),
        target: access(target),
        rds_endpoint: Some(endpoint.clone()),
        sts_endpoint: Some(endpoint),
        ..AwsOptions::in_region(region("eu-west-1"))
    };
    AwsCloud::new(&options).await.expect("the endpoints are legal")
}

fn region(text: &str) -> Region {
    Region::new(text).expect("a constant that is a Region")
}
