//! The sandbox's own connection to a server: the hidden administrator through the private socket.

use std::path::Path;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, Row, error::SqlState, types::ToSql};

use super::conf::ADMINISTRATOR;
use super::error::DataPlaneError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// No statement of ours reaches the server's log, not even one that fails: some carry password verifiers.
const QUIET: &str = "-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic \
                     -c log_min_messages=fatal -c statement_timeout=0 -c lock_timeout=60s \
                     -c role=none -c search_path=pg_catalog -c default_transaction_read_only=off";
/// Where work that concerns the whole server is done. The master user owns both, so either may be gone, renamed or
/// closed; whoever removes both has a server that can no longer be looked after.
const PLACES: [&str; 2] = ["postgres", "template1"];

/// An open connection. Dropping it ends it.
pub(super) struct Session {
    client: Client,
    driver: JoinHandle<()>,
    port: u16,
}

impl Session {
    /// Connects to the server on `port`, whose socket lies in `run`.
    pub(super) async fn open(run: &Path, port: u16, database: &str) -> Result<Self, DataPlaneError> {
        let mut config = Config::new();
        config
            .host_path(run)
            .port(port)
            .user(ADMINISTRATOR)
            .dbname(database)
            .application_name("rdsadmin")
            .options(QUIET)
            .connect_timeout(CONNECT_TIMEOUT);
        let (client, connection) = config.connect(NoTls).await.map_err(DataPlaneError::sql("connect", port))?;
        // An error of the connection shows in the next call of the client.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { client, driver, port })
    }

    /// Connects to whichever database there is for work that concerns the whole server.
    pub(super) async fn administer(run: &Path, port: u16) -> Result<Self, DataPlaneError> {
        let [usual, other] = PLACES;
        match Self::open(run, port, usual).await {
            Err(DataPlaneError::Sql { source, .. }) if is_shut(&source) => Self::open(run, port, other).await,
            opened => opened,
        }
    }

    /// Runs statements without parameters.
    pub(super) async fn run(&self, action: &'static str, sql: &str) -> Result<(), DataPlaneError> {
        self.client.batch_execute(sql).await.map_err(DataPlaneError::sql(action, self.port))
    }

    /// Asks for rows.
    pub(super) async fn rows(
        &self,
        action: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, DataPlaneError> {
        self.client.query(sql, parameters).await.map_err(DataPlaneError::sql(action, self.port))
    }

    /// Asks for exactly one row.
    pub(super) async fn row(
        &self,
        action: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, DataPlaneError> {
        self.client.query_one(sql, parameters).await.map_err(DataPlaneError::sql(action, self.port))
    }
}

/// Whether a database does not exist, or takes no connections.
fn is_shut(error: &tokio_postgres::Error) -> bool {
    [SqlState::INVALID_CATALOG_NAME, SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE]
        .iter()
        .any(|state| error.code() == Some(state))
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
