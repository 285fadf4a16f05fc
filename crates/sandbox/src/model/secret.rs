//! A password that does not show itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password on its way to the data plane. `Debug` prints dots.
///
/// It is serialised in clear, because work that was not finished before a restart is handed out again
/// after it: whoever writes a [`World`](super::World) to a file must make that file readable by its
/// owner alone (mode 0600). Once the work is done the password is gone from the world.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself. Call it only where it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
