//! One connection to the server: encrypted, bounded in time, and with settings that do not depend on the database.

use std::{fmt::Display, time::Duration};

use aurora_restore_core::ports::{DatabaseError, DatabaseErrorKind, DatabaseLogin};
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, Row, SimpleQueryMessage,
    config::{ChannelBinding, SslMode},
    types::ToSql,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{Instrument as _, Span};

use crate::{
    failure::{self, Refusal},
    options::Options,
};

/// The span of one statement, or of several that are sent together.
fn traced(doing: &str) -> Span {
    tracing::debug_span!("statement", doing)
}

/// Timeouts that a database or role may bring along and that would cut a session of ours off while another one works.
/// Not every version has all of them. Everything is qualified, because the search path may be the users'.
const NO_OTHER_TIMEOUTS: &str = "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
    WHERE name OPERATOR(pg_catalog.=) ANY \
    (ARRAY['idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout'])";

/// What opens sessions.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) tls: MakeRustlsConnect,
    pub(crate) options: Options,
}

/// What a session is for; it decides the session's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Statements of ours that may write, whatever the database's default is.
    Manage,
    /// Statements of ours that try what a client of this login would find: its defaults are left as they are.
    Try,
    /// Statements of ours that only look.
    Look,
    /// Statements that a request brought along: they see the search path they were written for, and cannot write.
    Foreign,
}

/// An open connection. Dropping it ends it, and with it an open transaction.
pub(crate) struct Session {
    client: Client,
    driver: JoinHandle<()>,
    place: String,
}

impl Connector {
    /// Logs in.
    pub(crate) async fn open(&self, login: &DatabaseLogin, purpose: Purpose) -> Result<Session, DatabaseError> {
        let place = format!("{}/{}", login.endpoint, login.database);
        let doing = format!("logging in as `{}`", login.username);
        let trouble =
            |kind, reason: String| DatabaseError { kind, endpoint: place.clone(), doing: doing.clone(), reason };
        if [&login.database, &login.username].iter().any(|name| name.contains('\0')) {
            let reason = "a name contains the character zero".to_owned();
            return Err(trouble(DatabaseErrorKind::InvalidRequest, reason));
        }
        let config = self.config(login);
        let limit = self.options.connect_timeout;
        let (client, connection) = match tokio::time::timeout(limit, config.connect(self.tls.clone())).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                return Err(trouble(failure::kind(&error), failure::reason(&error)));
            }
            Err(_) => {
                let reason = format!("no answer within {} s", limit.as_secs_f32());
                return Err(trouble(DatabaseErrorKind::Unreachable, reason));
            }
        };
        // An error of the connection shows in the next call of the client.
        let driver = tokio::spawn(async move { drop(connection.await) });
        let session = Session { client, driver, place };
        session.run("setting up the session", &self.settings(purpose)).await?;
        if purpose == Purpose::Manage {
            session.silence_event_triggers().await?;
        }
        Ok(session)
    }

    fn config(&self, login: &DatabaseLogin) -> Config {
        let mut config = Config::new();
        config
            .host(&login.endpoint.host)
            .port(login.endpoint.port)
            .dbname(&login.database)
            .user(&login.username)
            .password(login.password.expose())
            .application_name("aurora-restore")
            .ssl_mode(SslMode::Require)
            .channel_binding(ChannelBinding::Prefer)
            .connect_timeout(self.options.connect_timeout)
            .tcp_user_timeout(Duration::from_mins(1))
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(10))
            .keepalives_retries(3);
        config
    }

    /// Sent after the login rather than with it, because poolers and proxies refuse settings in the start-up message.
    fn settings(&self, purpose: Purpose) -> String {
        let mut settings = format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET client_min_messages = warning; \
             SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; \
             SET extra_float_digits = 1; SET bytea_output = 'hex'; ",
            self.options.statement_timeout.as_millis(),
            self.options.lock_timeout.as_millis(),
        );
        settings.push_str(match purpose {
            // Nothing that lies in a schema of the users can stand in for a function of the system.
            Purpose::Try => "SET search_path = pg_catalog, pg_temp",
            Purpose::Manage => "SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = off",
            // Rows that a policy hides are no rows for whoever asks: better a refusal than a count that is too low.
            Purpose::Look => {
                "SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = on; SET row_security = off"
            }
            Purpose::Foreign => "SET default_transaction_read_only = on",
        });
        settings.push_str("; ");
        settings.push_str(NO_OTHER_TIMEOUTS);
        settings
    }
}

impl Session {
    /// Keeps the event triggers of the source from running along with what is granted, made and taken back here: they are
    /// code of others that would run as the master, and may fail or reach out of the database. Aurora lets a master do
    /// so; where it may not, they run.
    async fn silence_event_triggers(&self) -> Result<(), DatabaseError> {
        const SILENCING: &str = "silencing event triggers";
        if let Err(refusal) = self.attempt(SILENCING, "SET session_replication_role = replica").await? {
            tracing::debug!(place = self.place, %refusal, "event triggers of the source run along");
        }
        Ok(())
    }

    /// Runs statements without parameters.
    pub(crate) async fn run(&self, doing: &str, sql: &str) -> Result<(), DatabaseError> {
        self.client.batch_execute(sql).instrument(traced(doing)).await.map_err(|error| self.failed(doing, &error))
    }

    /// Runs statements without parameters that the server may refuse; its refusal is a value, not an error.
    pub(crate) async fn attempt(&self, doing: &str, sql: &str) -> Result<Result<(), Refusal>, DatabaseError> {
        let done = self.client.batch_execute(sql).instrument(traced(doing)).await;
        self.sort_out(doing, done)
    }

    /// Runs one statement, through the part of the protocol that refuses text with more than one.
    pub(crate) async fn attempt_one(&self, doing: &str, sql: &str) -> Result<Result<(), Refusal>, DatabaseError> {
        let done = self.client.execute(sql, &[]).instrument(traced(doing)).await.map(drop);
        self.sort_out(doing, done)
    }

    /// Asks for rows, every value as the server writes it.
    pub(crate) async fn attempt_texts(
        &self,
        doing: &str,
        sql: &str,
    ) -> Result<Result<Vec<Vec<Option<String>>>, Refusal>, DatabaseError> {
        let answered = self.client.simple_query(sql).instrument(traced(doing)).await.map(|messages| {
            let rows = messages.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
                }
                _ => None,
            });
            rows.collect()
        });
        self.sort_out(doing, answered)
    }

    /// Asks for rows that the server may refuse.
    pub(crate) async fn attempt_rows(
        &self,
        doing: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Result<Vec<Row>, Refusal>, DatabaseError> {
        let answered = self.client.query(sql, parameters).instrument(traced(doing)).await;
        self.sort_out(doing, answered)
    }

    /// Asks for rows.
    pub(crate) async fn rows(
        &self,
        doing: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, DatabaseError> {
        self.client.query(sql, parameters).instrument(traced(doing)).await.map_err(|error| self.failed(doing, &error))
    }

    /// Asks for exactly one row.
    pub(crate) async fn row(
        &self,
        doing: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, DatabaseError> {
        self.client
            .query_one(sql, parameters)
            .instrument(traced(doing))
            .await
            .map_err(|error| self.failed(doing, &error))
    }

    /// Asks for the names in the first column.
    pub(crate) async fn names(
        &self,
        doing: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<String>, DatabaseError> {
        let rows = self.rows(doing, sql, parameters).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The major version of the server.
    pub(crate) async fn major(&self) -> Result<i32, DatabaseError> {
        let sql = "SELECT current_setting('server_version_num')::int / 10000";
        Ok(self.row("asking for the server's version", sql, &[]).await?.get(0))
    }

    /// The connection itself, for what the methods here do not cover.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Turns a failure of the client library into the port's.
    pub(crate) fn failed(&self, doing: impl Display, error: &tokio_postgres::Error) -> DatabaseError {
        self.trouble(failure::kind(error), doing, failure::reason(error))
    }

    /// Trouble of this place.
    pub(crate) fn trouble(
        &self,
        kind: DatabaseErrorKind,
        doing: impl Display,
        reason: impl Into<String>,
    ) -> DatabaseError {
        DatabaseError { kind, endpoint: self.place.clone(), doing: doing.to_string(), reason: reason.into() }
    }

    /// Tells the server's refusal of a statement from the loss of the connection.
    fn sort_out<T>(
        &self,
        doing: &str,
        done: Result<T, tokio_postgres::Error>,
    ) -> Result<Result<T, Refusal>, DatabaseError> {
        match done {
            Ok(value) => Ok(Ok(value)),
            Err(error) => match Refusal::of(&error) {
                Some(refusal) if failure::kind(&error) != DatabaseErrorKind::Unreachable => Ok(Err(refusal)),
                _ => Err(self.failed(doing, &error)),
            },
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
