//! Maintenance of a deployed pipeline: what is done around restores rather than in one.
//!
//! It declares the ports that it needs beside those of `core`; the adapters implement them. It is not the place for
//! decisions about a restore itself, and like `core` it reads no environment and learns the time through a port.

pub mod ports;
pub mod sweep;
