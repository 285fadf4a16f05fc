//! Reviews over ports that live in memory: a clean world gives no finding, and each fault that is planted gives its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod iam;
mod monthly;
mod quarterly;
mod running;
mod weekly;
mod world;
