//! What one machine needs instead of AWS services: a journal in a file, secrets in files and notices on the terminal.
//!
//! It is not a cache of anything on AWS: an operation lives in one journal, this one or the other.

mod console;
mod export_file;
mod journal;
mod secrets;

pub use console::ConsoleNotifier;
pub use export_file::ExportFile;
pub use journal::SqliteJournal;
pub use secrets::FileSecrets;
