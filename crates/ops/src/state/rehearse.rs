//! Rehearsing the recovery of the journal: its tables restored to a point in time beside it, proven, compared with it, deleted.
//!
//! If we die in the middle, the tables of the rehearsal stay; the same rehearsal under its name goes on, and ends with deleting
//! them. Nothing is ever written to the journal itself.

use std::time::Duration;

use aurora_restore_core::ports::{Clock, Journal, JournalError};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::{
    compare::{Compared, WholeJournal},
    patience::patiently,
};
use crate::ports::{RecoveryWindow, RehearsalName, RehearsalStatus, Rehearsals, States};

/// The time between two looks at tables that are being made.
const POLL: Duration = Duration::from_secs(5);
/// The most looks: some hours, within which DynamoDB restores tables of any size that ours have.
const LOOKS_MAX: u32 = 5_000;

/// A rehearsal.
pub struct Rehearsal<'a> {
    /// The journal that would be lost.
    pub journal: &'a dyn Journal,
    /// What it keeps beside its entries.
    pub states: &'a dyn States,
    /// Its recovery.
    pub rehearsals: &'a dyn Rehearsals,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

/// What a rehearsal has shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The point in time.
    pub at: Timestamp,
    /// How long it took until the recovered journal was proven.
    pub took: SignedDuration,
    /// What is in it.
    pub compared: Compared,
}

/// Why a recovery was not rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalError {
    /// It is off.
    #[error("point-in-time recovery is off for the tables of the journal")]
    Off,
    /// The time is none to which the tables can be recovered.
    #[error("the tables can be recovered to a time from {} to {}, and not to {at}", window.earliest, window.latest)]
    OutOfWindow {
        /// The time.
        at: Timestamp,
        /// The times that can be.
        window: RecoveryWindow,
    },
    /// It was begun for another time.
    #[error("rehearsal {name} was begun for {begun}, and not for {at}")]
    AnotherTime {
        /// Its name.
        name: RehearsalName,
        /// The time of its tables.
        begun: Timestamp,
        /// The time that is wished.
        at: Timestamp,
    },
    /// The tables were not made in time; they stay.
    #[error("the tables of rehearsal {name} are not there after hours")]
    TooLong {
        /// Its name.
        name: RehearsalName,
    },
    /// The tables say no.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Rehearsal<'_> {
    /// The time to which the tables would be recovered: that of a rehearsal of this name which was begun, or the one that is wished, or
    /// the latest. What happened between two times would seem to be lost.
    ///
    /// # Errors
    /// [`RehearsalError::Off`], [`RehearsalError::OutOfWindow`], [`RehearsalError::AnotherTime`].
    pub async fn point(&self, name: &RehearsalName, wished: Option<Timestamp>) -> Result<Timestamp, RehearsalError> {
        if let Some(begun) = patiently(|| self.rehearsals.begun(name)).await? {
            // Tables are restored to the second.
            return match wished.filter(|at| at.as_second() != begun.as_second()) {
                Some(at) => Err(RehearsalError::AnotherTime { name: name.clone(), begun, at }),
                None => Ok(begun),
            };
        }
        let window = patiently(|| self.rehearsals.window()).await?.ok_or(RehearsalError::Off)?;
        match wished {
            None => Ok(window.latest),
            Some(at) if (window.earliest..=window.latest).contains(&at) => Ok(at),
            Some(at) => Err(RehearsalError::OutOfWindow { at, window }),
        }
    }

    /// Restores the tables beside the journal, waits for them, proves and compares them. They stay.
    ///
    /// # Errors
    /// [`RehearsalError`].
    pub async fn run(&self, name: &RehearsalName, at: Timestamp) -> Result<Rehearsed, RehearsalError> {
        let began = self.clock.now();
        patiently(|| self.rehearsals.begin(name, at)).await?;
        self.usable(name).await?;
        let recovered = self.rehearsals.journal(name)?;
        let compared =
            WholeJournal { journal: self.journal, states: self.states }.compare(recovered.whole(), at).await?;
        Ok(Rehearsed { at, took: self.clock.now().duration_since(began), compared })
    }

    async fn usable(&self, name: &RehearsalName) -> Result<(), RehearsalError> {
        for _ in 0..LOOKS_MAX {
            match patiently(|| self.rehearsals.status(name)).await? {
                RehearsalStatus::Usable => return Ok(()),
                // What was begun may not show yet.
                RehearsalStatus::Making | RehearsalStatus::Missing => sleep(POLL).await,
            }
        }
        Err(RehearsalError::TooLong { name: name.clone() })
    }
}
