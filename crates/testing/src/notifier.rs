//! A notifier that keeps what it is told.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aurora_restore_core::ports::{Notice, Notifier, NotifierError};

/// Keeps every notice.
#[derive(Debug, Default)]
pub struct RecordingNotifier {
    notices: Mutex<Vec<Notice>>,
}

impl RecordingNotifier {
    /// One that was told the same, and is told its own from here on.
    pub fn fork(&self) -> Self {
        Self { notices: Mutex::new(self.notices()) }
    }

    /// What was told so far.
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Notifier for RecordingNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice.clone());
        Ok(())
    }
}
