//! Notices as plain text, for a person who is watching or a log that is kept.

use std::{
    fmt,
    io::Write,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::ports::{Notice, NoticeOutcome, Notifier, NotifierError};

/// Writes each notice as one line, followed by its body, indented.
pub struct ConsoleNotifier {
    channel: &'static str,
    writer: Mutex<Box<dyn Write + Send>>,
}

impl ConsoleNotifier {
    /// Writes to `writer`, which errors call `channel`.
    pub fn to(channel: &'static str, writer: impl Write + Send + 'static) -> Self {
        Self { channel, writer: Mutex::new(Box::new(writer)) }
    }
}

impl fmt::Debug for ConsoleNotifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ConsoleNotifier").field("channel", &self.channel).finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for ConsoleNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError> {
        let text = rendered(notice);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(text.as_bytes())
            .and_then(|()| writer.flush())
            .map_err(|error| NotifierError { channel: self.channel.to_owned(), reason: error.to_string() })
    }
}

fn rendered(notice: &Notice) -> String {
    let outcome = match notice.outcome {
        NoticeOutcome::Completed => "COMPLETED",
        NoticeOutcome::Failed => "FAILED",
        NoticeOutcome::Cancelled => "CANCELLED",
        NoticeOutcome::Stuck => "STUCK",
        NoticeOutcome::Attention => "ATTENTION",
    };
    let subject = notice.subject.replace(['\r', '\n'], " ");
    let mut text = format!("{outcome} {} {}: {subject}\n", notice.target, notice.operation_id);
    for line in notice.body.lines() {
        text.push_str("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use aurora_restore_core::ids::{ClusterId, OperationId};

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn notice() -> Notice {
        Notice {
            operation_id: OperationId::new("op-1").unwrap(),
            target: ClusterId::new("staging").unwrap(),
            outcome: NoticeOutcome::Completed,
            times_stuck: 0,
            subject: "staging serves\nyesterday's data".into(),
            body: "Rows: 200,000.\nThe old cluster is kept until tomorrow.".into(),
        }
    }

    #[tokio::test]
    async fn a_notice_is_one_line_and_its_body() {
        let screen = Screen::default();
        ConsoleNotifier::to("screen", screen.clone()).notify(&notice()).await.unwrap();
        let text = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "COMPLETED staging op-1: staging serves yesterday's data\n  Rows: 200,000.\n  The old cluster is kept until tomorrow.\n"
        );
    }

    #[tokio::test]
    async fn a_channel_that_is_closed_is_named() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = ConsoleNotifier::to("pipe", Closed).notify(&notice()).await.unwrap_err();
        assert_eq!(error.channel, "pipe");
    }
}
