//! What a stack is made and kept with: CloudFormation and S3, one file for each call, and KMS, which is only looked at.

mod cloudformation;
mod kms;
mod s3;
mod service;

pub use cloudformation::CloudFormation;
pub use kms::KmsKeys;
pub use s3::S3Artifacts;
