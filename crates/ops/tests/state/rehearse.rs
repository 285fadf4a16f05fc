//! Going on with a rehearsal that was left.

use async_trait::async_trait;
use aurora_restore_core::ports::{Clock as _, JournalError};
use aurora_restore_ops::{
    ports::{RecoveryWindow, RehearsalName, RehearsalStatus, Rehearsals, RehearsedJournal},
    state::{Rehearsal, RehearsalError},
};
use aurora_restore_testing::{
    MemoryJournal,
    scenario::{Scenario, Stage},
};
use jiff::{SignedDuration, Timestamp};

/// Tables that were begun for a time, beside a journal in memory.
struct Begun {
    at: Option<Timestamp>,
    window: RecoveryWindow,
}

#[async_trait]
impl Rehearsals for Begun {
    async fn window(&self) -> Result<Option<RecoveryWindow>, JournalError> {
        Ok(Some(self.window))
    }

    async fn begun(&self, _: &RehearsalName) -> Result<Option<Timestamp>, JournalError> {
        Ok(self.at)
    }

    async fn begin(&self, _: &RehearsalName, _: Timestamp) -> Result<(), JournalError> {
        Ok(())
    }

    async fn status(&self, _: &RehearsalName) -> Result<RehearsalStatus, JournalError> {
        Ok(RehearsalStatus::Usable)
    }

    fn journal(&self, _: &RehearsalName) -> Result<RehearsedJournal, JournalError> {
        Ok(RehearsedJournal { journal: Box::new(MemoryJournal::default()), states: Box::new(MemoryJournal::default()) })
    }

    async fn discard(&self, _: &RehearsalName) -> Result<(), JournalError> {
        Ok(())
    }
}

/// What happened between two times would be told as lost.
#[tokio::test]
async fn a_rehearsal_that_was_begun_is_gone_on_with_as_of_its_own_time() {
    let scenario = Scenario::new(Stage::default());
    let latest = scenario.clock.now();
    let hour = SignedDuration::from_hours(1);
    let window = RecoveryWindow { earliest: latest - hour * 24, latest };
    let name = RehearsalName::new("rehearsal-1").unwrap();
    let point = async |at: Option<Timestamp>, wished: Option<Timestamp>| {
        let rehearsals = Begun { at, window };
        let (journal, clock) = (&scenario.journal, scenario.clock.as_ref());
        Rehearsal { journal, states: journal, rehearsals: &rehearsals, clock }.point(&name, wished).await
    };
    assert_eq!(point(None, None).await, Ok(latest));
    assert_eq!(point(None, Some(latest - hour)).await, Ok(latest - hour));
    assert!(matches!(point(None, Some(latest + hour)).await, Err(RehearsalError::OutOfWindow { .. })));
    let begun = latest - hour * 2;
    assert_eq!(point(Some(begun), None).await, Ok(begun));
    assert_eq!(point(Some(begun), Some(begun)).await, Ok(begun));
    let another = point(Some(begun), Some(latest)).await.unwrap_err();
    assert!(matches!(another, RehearsalError::AnotherTime { .. }), "{another}");
}
