//! A local stand-in for Amazon Aurora with real PostgreSQL behind an RDS-compatible API.

pub mod api;
pub mod model;
pub mod postgres;
