//! What one machine needs instead of AWS services: a journal in a file, secrets in files, notices on the terminal and the
//! system's clock.
//!
//! It is not a cache of anything on AWS: an operation lives in one journal, this one or the other.

mod clock;
mod console;
mod journal;
mod secrets;

pub use clock::SystemClock;
pub use console::ConsoleNotifier;
pub use journal::SqliteJournal;
pub use secrets::FileSecrets;
