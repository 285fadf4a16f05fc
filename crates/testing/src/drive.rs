//! Driving the engine: what the command does with sleeping, done here by turning the clock.

use aurora_restore_core::{
    engine::{Advance, Engine, EngineError, Session},
    operation::Status,
    ports::JournalError,
};
use jiff::SignedDuration;

use crate::clock::ManualClock;

/// How long a driver waits before it asks a journal again that did not answer.
const JOURNAL_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Why driving ended without an end of the operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriveError {
    /// The engine refused to go on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It did not end within the bound.
    #[error("the operation did not end within {moves} moves")]
    Endless {
        /// The bound.
        moves: u32,
    },
}

/// How driving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The operation has ended, or is stuck.
    Ended(Status),
    /// The onlooker said so.
    ByOnlooker,
}

/// Drives an operation until it ends or is stuck.
///
/// # Errors
/// [`DriveError`].
pub async fn run_to_end(
    engine: &Engine<'_>,
    session: &mut Session,
    clock: &ManualClock,
    moves_max: u32,
) -> Result<Status, DriveError> {
    match drive(engine, session, clock, moves_max, |_, _| true).await? {
        Stop::Ended(status) => Ok(status),
        Stop::ByOnlooker => unreachable!("the onlooker never says so"),
    }
}

/// Drives an operation; `goes_on` is asked after every move, before the clock is turned.
///
/// # Errors
/// [`DriveError`].
pub async fn drive(
    engine: &Engine<'_>,
    session: &mut Session,
    clock: &ManualClock,
    moves_max: u32,
    mut goes_on: impl FnMut(&Session, &Advance) -> bool,
) -> Result<Stop, DriveError> {
    for _ in 0..moves_max {
        match engine.advance(session).await {
            Ok(Advance::Ended(status)) => return Ok(Stop::Ended(status)),
            Ok(advance) => {
                if !goes_on(session, &advance) {
                    return Ok(Stop::ByOnlooker);
                }
                if let Advance::Wait { after, .. } = advance {
                    clock.turn(after);
                }
            }
            Err(EngineError::Journal(JournalError::Unavailable { .. })) => clock.turn(JOURNAL_PAUSE),
            Err(other) => return Err(other.into()),
        }
    }
    Err(DriveError::Endless { moves: moves_max })
}
