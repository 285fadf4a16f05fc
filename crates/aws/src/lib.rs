//! The RDS port over the AWS SDK for Rust.
//!
//! One adapter talks to AWS and to the sandbox alike: only endpoint and credentials differ. It makes one call for one
//! request of the port, never repeats one (the engine alone owns retries), and says of every refusal what it means.
//! It is not the place for decisions about restores.

mod cloud;
mod connection;
mod endpoint;
mod failure;
mod identity;
mod options;
mod proxy;
mod rds;

pub use cloud::AwsCloud;
pub use endpoint::{EndpointUrl, InvalidEndpoint};
pub use options::{AccountAccess, AssumedRole, AwsOptions, CredentialSource};
pub use proxy::{HttpProxy, InvalidProxy};
