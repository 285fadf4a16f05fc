//! The journal in a SQLite file: races, locks, crashes, files and speed.

#![expect(clippy::unwrap_used, reason = "a test fails by it, its helpers too")]

mod behaviour;
mod crash;
mod damage;
mod files;
mod full_disk;
mod golden;
mod speed;
mod support;
