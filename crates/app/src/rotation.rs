//! What the rotation of a secret works with, wired.

#[cfg(feature = "local")]
use std::io::Write;

use aurora_restore_aws::AwsCloud;
use aurora_restore_core::{
    ids::{ClusterId, Region, SecretVersionId},
    ports::{Cloud as _, Database, Endpoint, Location, Logins, Notifier, RdsError, SecretVersions, Side},
};
use rand::RngExt as _;

#[cfg(feature = "local")]
use crate::{
    config::Environment,
    services::{ServicesError, open_cloud, open_database, open_notifier, open_secrets, open_versions},
};

/// A database in which logins are tried and changed.
pub(crate) trait LoginDatabase: Database + Logins {}

impl<T: Database + Logins> LoginDatabase for T {}

/// Everything that a rotation needs.
pub struct RotationServices {
    pub(crate) cloud: AwsCloud,
    pub(crate) versions: Box<dyn SecretVersions>,
    pub(crate) database: Box<dyn LoginDatabase>,
    pub(crate) notifier: Box<dyn Notifier>,
}

impl RotationServices {
    /// Makes the services. `console` is where notices for the person at the terminal are written.
    ///
    /// # Errors
    /// [`ServicesError`].
    #[cfg(feature = "local")]
    pub async fn build(
        environment: &Environment,
        region: &Region,
        console: impl Write + Send + 'static,
    ) -> Result<Self, ServicesError> {
        let secrets = open_secrets(environment).await?;
        Ok(Self {
            cloud: open_cloud(&environment.aws, region, secrets.as_ref()).await?,
            versions: open_versions(environment).await?,
            database: Box::new(open_database(&environment.database)?),
            notifier: open_notifier(environment, secrets.as_ref(), console).await?,
        })
    }

    /// The versions of secrets.
    pub fn versions(&self) -> &dyn SecretVersions {
        self.versions.as_ref()
    }

    /// Where logins are tried.
    pub fn database(&self) -> &dyn Database {
        self.database.as_ref()
    }

    /// Where logins are changed.
    pub fn logins(&self) -> &dyn Logins {
        self.database.as_ref()
    }

    /// Who is told.
    pub fn notifier(&self) -> &dyn Notifier {
        self.notifier.as_ref()
    }

    /// Where the writer of a cluster of the target account answers; `None` where it does not yet.
    ///
    /// # Errors
    /// What RDS says.
    pub async fn endpoint(&self, region: &Region, cluster: &ClusterId) -> Result<Option<Endpoint>, RdsError> {
        let location = Location { side: Side::Target, region: region.clone() };
        Ok(self.cloud.rds(&location).cluster(cluster).await?.endpoint)
    }
}

/// A new version of a secret: 32 random hexadecimal digits.
///
/// # Errors
/// Never in practice; kept as an error so that a fault is reported and not acted upon.
pub fn new_secret_version() -> Result<SecretVersionId, aurora_restore_core::ids::InvalidId> {
    let number: u128 = rand::rng().random();
    SecretVersionId::new(format!("{number:032x}"))
}
