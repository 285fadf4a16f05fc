//! That a password goes to RDS and nowhere else.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use aurora_restore_core::{
    ports::{Change, Rds},
    secret::Secret,
};

use super::*;
use crate::rds::replay::{Replay, refusal, reply};

const PASSWORD: &str = "correct-horse-battery";
const SDK: &str = "aws_smithy_runtime";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + 'static {
        let log = self.clone();
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || log.clone()).finish()
    }
}

fn new_password() -> Change {
    let mut modify = ClusterModify::of(ClusterId::new("staging").unwrap());
    modify.master_password = Some(Secret::new(PASSWORD));
    Change::ModifyCluster(Box::new(modify))
}

#[tokio::test]
async fn a_password_is_sent_and_never_traced() {
    let log = Log::default();
    let replay =
        Replay::answering([reply(ACTION, "<DBCluster></DBCluster>"), reply(ACTION, "<DBCluster></DBCluster>")]);
    replay.rds().change(&new_password()).with_subscriber(log.subscriber()).await.unwrap();
    assert!(replay.forms()[0].contains(&format!("MasterUserPassword={PASSWORD}")));
    assert!(log.text().contains("sending a change"), "nothing was traced");
    assert!(!log.text().contains(PASSWORD), "{}", log.text());
    assert!(!log.text().contains(SDK), "the SDK was listened to");

    // Other changes are traced, so the silence above is not for want of listening.
    let rename =
        Change::RenameCluster { from: ClusterId::new("staging-new").unwrap(), to: ClusterId::new("staging").unwrap() };
    replay.rds().change(&rename).with_subscriber(log.subscriber()).await.unwrap();
    assert!(log.text().contains(SDK), "the SDK traces no more");
}

#[tokio::test]
async fn a_password_that_a_refusal_repeats_is_taken_out() {
    let replay =
        Replay::answering([refusal(400, "InvalidParameterValue", &format!("the password {PASSWORD} is too plain"))]);
    let error = replay.rds().change(&new_password()).await.unwrap_err();
    assert_eq!(error.message, "the password … is too plain");
    assert!(!format!("{error:?}").contains(PASSWORD));
}
