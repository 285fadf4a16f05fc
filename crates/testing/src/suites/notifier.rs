//! The conformance suite of the notifier port.

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ClusterId, OperationId},
    ports::{Notice, NoticeOutcome, Notifier},
};

use super::{CaseResult, holds, same, verdict};

/// What the suite needs to know of an implementation.
#[async_trait]
pub trait NotifierFixture: Send + Sync {
    /// The channel under test.
    fn notifier(&self) -> &dyn Notifier;

    /// What the channel has accepted, as text, in order.
    async fn accepted(&self) -> Vec<String>;
}

/// Runs every case.
pub async fn run(fixture: &dyn NotifierFixture) -> Vec<CaseResult> {
    let case = "every notice is accepted with its operation and subject, repeats included";
    vec![CaseResult { case, verdict: verdict(notices(fixture).await) }]
}

async fn notices(fixture: &dyn NotifierFixture) -> super::Case {
    let notice = |outcome, subject: &str| -> Result<Notice, super::Broken> {
        Ok(Notice {
            operation_id: OperationId::new("op-suite")?,
            target: ClusterId::new("staging")?,
            outcome,
            times_stuck: 1,
            subject: subject.to_owned(),
            body: "A sentence with \"quotes\" and\na second line.".to_owned(),
        })
    };
    let sent = [
        notice(NoticeOutcome::Completed, "staging is restored")?,
        notice(NoticeOutcome::Stuck, "the restore of staging is stuck")?,
        notice(NoticeOutcome::Stuck, "the restore of staging is stuck")?,
    ];
    for notice in &sent {
        fixture.notifier().notify(notice).await?;
    }
    let accepted = fixture.accepted().await;
    same("how many were accepted", &accepted.len(), &sent.len())?;
    for (text, notice) in accepted.iter().zip(&sent) {
        holds("the operation is there", text.contains(notice.operation_id.as_str()))?;
        holds("the subject is there", text.contains(&notice.subject))?;
    }
    Ok(())
}
