//! What a stack is made and kept with: CloudFormation and S3, one file for each call.

mod cloudformation;
mod s3;
mod service;
mod sts;

pub use cloudformation::CloudFormation;
pub use s3::S3Artifacts;
pub use sts::Callers;

#[cfg(feature = "functions")]
pub(crate) use service::{Asked, PAGES_MAX};
