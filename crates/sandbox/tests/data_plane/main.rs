//! The data plane with real PostgreSQL servers.
//!
//! Every test has a sandbox of its own in a temporary directory. Needs the programs of PostgreSQL on this machine.

#![expect(clippy::unwrap_used, reason = "what a test sets up must be there; a panic says what is not")]

mod harness;

mod crashes;
mod disk;
mod endpoints;
mod figures;
mod images;
mod master;
mod users;
mod work;
