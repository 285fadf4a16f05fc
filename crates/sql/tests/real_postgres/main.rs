//! The database port on real PostgreSQL. Every test starts a server of its own, made to look like Aurora: the master is
//! no superuser, the engine's own superuser is `rdsadmin`, and logins go through TLS.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail the test that calls them")]

mod certificates;
mod connection;
mod inheritances;
mod proofs;
mod rotation;
mod server;
mod source;
mod users;
mod verification;
