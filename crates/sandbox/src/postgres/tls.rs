//! The certificate authority of one sandbox and the certificate that its servers show.
//!
//! Clients trust the authority, as they trust the bundle that AWS publishes for RDS. It is made once and stays, so
//! that a client configured for the sandbox keeps working after a restart.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::account::Account;
use super::error::DataPlaneError;
use super::files::{Durability, Nursery, write_private};

/// Every name and address under which a server of the sandbox is reached.
const SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The files in `tls/`.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    directory: PathBuf,
}

impl Tls {
    /// Makes the authority and the certificate unless they exist.
    pub(super) fn prepare(directory: &Path, account: &Account, durability: Durability) -> Result<Self, DataPlaneError> {
        let tls = Self { directory: directory.to_path_buf() };
        if tls.server_key().exists() {
            return Ok(tls);
        }
        let nursery = Nursery::open(directory, account)?;
        let draft = Self { directory: nursery.path().to_path_buf() };
        draft.write(account, durability)?;
        nursery.publish(durability)?;
        Ok(tls)
    }

    fn write(&self, account: &Account, durability: Durability) -> Result<(), DataPlaneError> {
        let authority = CertifiedIssuer::self_signed(authority_parameters(), KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = server_parameters()?.signed_by(&key, &authority)?;
        write_private(&self.directory.join("ca.key"), authority.key().serialize_pem().as_bytes(), durability)?;
        write_private(&self.ca_certificate(), authority.pem().as_bytes(), durability)?;
        write_private(&self.server_certificate(), certificate.pem().as_bytes(), durability)?;
        write_private(&self.server_key(), key.serialize_pem().as_bytes(), durability)?;
        let ca = self.ca_certificate();
        std::fs::set_permissions(&ca, std::fs::Permissions::from_mode(0o644))
            .map_err(DataPlaneError::io("open", &ca))?;
        [self.server_certificate(), self.server_key()].iter().try_for_each(|path| account.own(path))
    }

    pub(super) fn ca_certificate(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    pub(super) fn server_certificate(&self) -> PathBuf {
        self.directory.join("server.pem")
    }

    pub(super) fn server_key(&self) -> PathBuf {
        self.directory.join("server.key")
    }
}

fn authority_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "Aurora Restore sandbox authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn server_parameters() -> Result<CertificateParams, DataPlaneError> {
    let mut parameters = CertificateParams::new(SERVER_NAMES.map(String::from))?;
    parameters.distinguished_name.push(DnType::CommonName, "Aurora Restore sandbox server");
    parameters.use_authority_key_identifier_extension = true;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_stays_the_same_and_keys_are_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let account = Account::choose(None).unwrap();
        let directory = root.path().join("tls");
        let tls = Tls::prepare(&directory, &account, Durability::Process).unwrap();
        let before = std::fs::read(tls.ca_certificate()).unwrap();
        let again = Tls::prepare(&directory, &account, Durability::Process).unwrap();
        assert_eq!(std::fs::read(again.ca_certificate()).unwrap(), before);
        for key in [directory.join("ca.key"), tls.server_key()] {
            assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(tls.ca_certificate()).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
