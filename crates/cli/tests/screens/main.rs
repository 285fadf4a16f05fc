//! Whole screens of the command, exit codes included. Home, width, time zone, clock and seed are pinned; nothing here needs
//! a network but that of this machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod changes;
mod configuration;
mod damaged_journal;
mod drill_answer;
mod harness;
mod journal;
mod killed_purge;
mod logs;
mod monitoring;
mod review;
mod secrets;
mod stack;
mod state;
mod state_damaged;
mod state_recovery;
mod usage;
