//! What is done inside the restored database: users and verification.
//!
//! [`Postgres`] implements the database port of the core for PostgreSQL. Everything that is particular to PostgreSQL
//! stays behind that port: another engine is another type beside it. This room starts no server, knows no AWS service
//! and decides nothing about an operation; it does what it is asked and says what it found.

mod failure;
mod fingerprint;
mod identifier;
mod options;
mod partner;
mod postgres;
mod session;
mod users;
mod verify;

pub use options::{Options, Trust, TrustError};
pub use postgres::Postgres;
