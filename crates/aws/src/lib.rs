//! The RDS port over the AWS SDK for Rust.
