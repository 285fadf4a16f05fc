//! What a rotation of secrets needs of the configuration. The rest of a request need not be there.

use aurora_restore_core::ids::{ClusterId, Region, SecretId};

use super::{Config, ConfigError, reader::Reader};

/// The keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationKeys {
    /// `target.region`.
    pub region: Region,
    /// `target.cluster`: where the logins log in.
    pub cluster: ClusterId,
    /// `secrets.master`: the login that manages the others.
    pub master: SecretId,
    /// `secrets.users`.
    pub users: Option<SecretId>,
    /// `secrets.source-master`: of another cluster.
    pub source_master: Option<SecretId>,
}

impl Config {
    /// Reads them.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is missing or malformed.
    pub fn rotation(&self) -> Result<RotationKeys, ConfigError> {
        let reader = Reader::new(&self.values);
        let keys = read(&reader);
        reader.finish(keys)
    }
}

fn read(reader: &Reader<'_>) -> Option<RotationKeys> {
    let (region, cluster, master) =
        (reader.required("target.region"), reader.required("target.cluster"), reader.required("secrets.master"));
    let (users, source_master) = (reader.parsed("secrets.users"), reader.parsed("secrets.source-master"));
    Some(RotationKeys { region: region?, cluster: cluster?, master: master?, users, source_master })
}
