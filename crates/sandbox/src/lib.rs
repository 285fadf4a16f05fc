//! A local stand-in for Amazon Aurora with real PostgreSQL behind an RDS-compatible API.

mod api;
pub mod client;
pub mod model;
pub mod postgres;
pub mod server;

pub use api::read_form;
