//! The configuration that a server of the sandbox runs with.
//!
//! It lies beside the data directory and is written anew at each start, so that an image carries no paths, ports or
//! users of the machine it was taken on.

use std::fmt::Write as _;
use std::path::Path;

use super::account::Account;
use super::error::DataPlaneError;
use super::files::{Durability, write_private};
use super::layout::{Home, make_directory};
use super::tls::Tls;

/// The hidden superuser, as on RDS. It comes in through the private socket alone and has no password.
pub(super) const ADMINISTRATOR: &str = "rdsadmin";

/// The size of a WAL segment: a fresh cluster and an image carry at least one.
pub(super) const WAL_SEGMENT_MIB: u32 = 4;

/// What differs between servers.
pub(super) struct ServerSettings<'a> {
    pub(super) account: &'a Account,
    pub(super) run: &'a Path,
    pub(super) tls: &'a Tls,
    pub(super) port: u16,
    pub(super) durability: Durability,
}

impl ServerSettings<'_> {
    /// Writes `conf/` of `home`.
    pub(super) fn write(&self, home: &Home) -> Result<(), DataPlaneError> {
        let conf = home.conf();
        make_directory(&conf, self.account)?;
        for (name, text) in [
            ("postgresql.conf", self.main(home)),
            ("pg_hba.conf", access_rules()),
            ("pg_ident.conf", identity_map(self.account)),
        ] {
            let path = conf.join(name);
            // Written anew at every start: nothing is lost if the power is.
            write_private(&path, text.as_bytes(), Durability::Process)?;
            self.account.own(&path)?;
        }
        Ok(())
    }

    fn main(&self, home: &Home) -> String {
        let conf = home.conf();
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        let fsync = self.durability == Durability::Power;
        let mut text = String::new();
        for (name, value) in [
            ("hba_file", quote(&conf.join("pg_hba.conf"))),
            ("ident_file", quote(&conf.join("pg_ident.conf"))),
            ("unix_socket_directories", quote(self.run)),
            ("port", self.port.to_string()),
            ("ssl_cert_file", quote(&self.tls.server_certificate())),
            ("ssl_key_file", quote(&self.tls.server_key())),
            ("fsync", switch(fsync)),
            // Without fsync a commit that waits for its own write gains nothing over the death of a process:
            // WAL reaches the operating system either way before the client is answered.
            ("synchronous_commit", switch(true)),
        ] {
            writeln!(text, "{name} = {value}").expect("writing to a String does not fail");
        }
        text.push_str(COMMON);
        text
    }
}

/// The same for every server. Memory is kept small because many servers share one laptop.
const COMMON: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
max_connections = 50
superuser_reserved_connections = 5
password_encryption = 'scram-sha-256'
ssl = on
ssl_min_protocol_version = 'TLSv1.2'
shared_buffers = '16MB'
dynamic_shared_memory_type = 'posix'
maintenance_work_mem = '32MB'
huge_pages = off
jit = off
autovacuum_max_workers = 1
max_logical_replication_workers = 1
# Images need the WAL of a backup in full, and a slot that keeps it until it is copied.
wal_level = 'replica'
full_page_writes = on
max_wal_senders = 2
max_replication_slots = 8
max_wal_size = '512MB'
min_wal_size = '32MB'
checkpoint_timeout = '15min'
# A server runs on after a backend crashed, as on RDS.
restart_after_crash = on
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
lc_messages = 'C'
";

/// Who may come in: the administrator through the private socket, everyone else through TLS with a password. A
/// connection that matches no line is refused; so are connections without TLS and those for replication.
fn access_rules() -> String {
    format!(
        "local all {ADMINISTRATOR} peer map=sandbox\n\
         local all all reject\n\
         host all {ADMINISTRATOR} all reject\n\
         hostssl all all 127.0.0.1/32 scram-sha-256\n"
    )
}

fn identity_map(account: &Account) -> String {
    account.administrators().iter().map(|user| format!("sandbox \"{user}\" {ADMINISTRATOR}\n")).collect()
}

/// A path as a value of `postgresql.conf`.
fn quote(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_path_cannot_end_the_value() {
        assert_eq!(quote(Path::new("/it's/x")), "'/it''s/x'");
    }

    #[test]
    fn every_way_in_over_the_network_needs_tls_and_a_scram_password() {
        let rules = access_rules();
        let network: Vec<&str> = rules.lines().filter(|line| line.starts_with("host")).collect();
        assert_eq!(network, ["host all rdsadmin all reject", "hostssl all all 127.0.0.1/32 scram-sha-256"]);
    }
}
