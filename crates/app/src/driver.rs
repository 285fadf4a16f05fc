//! The loop that the command runs around the engine: it sleeps where the engine says wait, tells what happens to a
//! [`Sink`], and stops when it is asked to. The engine's moves are never dropped halfway.

use std::time::Duration;

use aurora_restore_core::{
    engine::{Advance, Engine, EngineError, Session},
    operation::{Operation, Phase, Progress, Status},
    ports::{Journal, JournalError},
};
use jiff::SignedDuration;
use tokio::sync::watch;

use crate::follow::Follower;

/// How often a sink is given the chance to draw.
const TICK: Duration = Duration::from_millis(250);
/// How often a wait looks whether somebody else wrote into the journal (a request to cancel). Cheap: one read of one row.
const GLANCE: Duration = Duration::from_secs(1);
/// The shortest wait, so that a wait for nothing does not turn into a busy loop.
const WAIT_MIN: Duration = Duration::from_millis(10);
/// How often in a row a journal that does not answer is tried again.
const UNAVAILABLE_MAX: u32 = 10;
/// The longest pause between two tries.
const UNAVAILABLE_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Why a driver came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriveEnd {
    /// The operation has ended, or is stuck.
    Ended(Status),
    /// The end of the retired cluster of an operation that had ended before: it is gone if the operation says when, and
    /// otherwise the operation's failure says why not.
    RetirementEnded,
    /// It was asked to stop; the operation stands where it stands.
    Detached,
}

/// Who is told what happens. Facts come once each and in order; progress may be dropped, the last value wins.
pub trait Sink {
    /// An entry was recorded; `operation` is as of the newest one.
    fn fact(&mut self, operation: &Operation, entry: &aurora_restore_core::journal::Entry);

    /// Where the step stands.
    fn progress(&mut self, operation: &Operation, progress: &Progress);

    /// Some time has passed.
    fn tick(&mut self, operation: &Operation);

    /// Something is in the way that may pass by itself.
    fn trouble(&mut self, text: &str);
}

/// A stop signal: `true` once the driver shall come back after the move that it is making.
pub type Stop = watch::Receiver<bool>;

/// Advances an operation until it ends, is stuck, or the driver is told to stop. What `follower` has not seen yet is told
/// first.
///
/// # Errors
/// [`EngineError::Journal`] with `Fenced` if another executor took over, and with `Unavailable` once the bounded retries
/// are spent. Nothing is lost then: the operation can be resumed.
pub async fn drive(
    engine: &Engine<'_>,
    journal: &dyn Journal,
    session: &mut Session,
    follower: &mut Follower,
    sink: &mut dyn Sink,
    stop: &mut Stop,
) -> Result<DriveEnd, EngineError> {
    tell_news(follower, journal, sink).await?;
    let mut unavailable = 0;
    let mut retired = false;
    // Bounded by the engine: every step has a limit in time and in attempts, so it comes to an end or is stuck.
    loop {
        if *stop.borrow() {
            return Ok(DriveEnd::Detached);
        }
        let shown = session.operation().clone();
        retired |= shown.phase == Phase::Retiring;
        match ticking(engine.advance(session), &shown, sink).await {
            Ok(advance) => {
                unavailable = 0;
                tell_news(follower, journal, sink).await?;
                match advance {
                    Advance::Moved => {}
                    Advance::Ended(_) if retired => return Ok(DriveEnd::RetirementEnded),
                    Advance::Ended(status) => return Ok(DriveEnd::Ended(status)),
                    Advance::Wait { after, progress } => {
                        if let Some(progress) = &progress {
                            sink.progress(session.operation(), progress);
                        }
                        wait(after, session, journal, sink, stop).await;
                    }
                }
            }
            Err(EngineError::Journal(error @ JournalError::Unavailable { .. })) if unavailable < UNAVAILABLE_MAX => {
                unavailable += 1;
                sink.trouble(&format!("{error}; trying again ({unavailable} of {UNAVAILABLE_MAX})"));
                let pause = Duration::from_millis(500).saturating_mul(1 << unavailable).min(UNAVAILABLE_PAUSE_MAX);
                sleep(pause, &shown, sink, stop).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn tell_news(follower: &mut Follower, journal: &dyn Journal, sink: &mut dyn Sink) -> Result<(), EngineError> {
    match follower.news(journal).await {
        Ok(entries) => {
            if let Some(operation) = follower.operation() {
                entries.iter().for_each(|entry| sink.fact(operation, entry));
            }
            Ok(())
        }
        // What could not be read now is told with the next news; the engine itself notices a journal that stays away.
        Err(EngineError::Journal(JournalError::Unavailable { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Runs one move to its end, however long it takes, and lets the sink draw meanwhile.
async fn ticking<T>(work: impl Future<Output = T>, operation: &Operation, sink: &mut dyn Sink) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(TICK) => sink.tick(operation),
        }
    }
}

/// Waits, but not longer than until somebody else writes into the journal or the driver is told to stop.
async fn wait(after: SignedDuration, session: &Session, journal: &dyn Journal, sink: &mut dyn Sink, stop: &mut Stop) {
    let operation = session.operation();
    let mut left = Duration::try_from(after).unwrap_or_default().max(WAIT_MIN);
    // Bounded: each turn takes a part of what is left.
    while !left.is_zero() && !*stop.borrow() {
        let part = left.min(GLANCE);
        sleep(part, operation, sink, stop).await;
        left -= part;
        let moved_on = journal.head(&operation.id).await.is_ok_and(|head| head.sequence > operation.sequence);
        if moved_on {
            return;
        }
    }
}

async fn sleep(length: Duration, operation: &Operation, sink: &mut dyn Sink, stop: &mut Stop) {
    tokio::select! {
        () = ticking(tokio::time::sleep(length), operation, sink) => {}
        () = stopped(stop) => {}
    }
}

/// Comes back once a stop is asked for; never if nobody can ask any more.
async fn stopped(stop: &mut Stop) {
    if stop.wait_for(|asked| *asked).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Shows an operation that somebody else executes, until it ends, is stuck, or the watcher is told to stop.
///
/// # Errors
/// [`EngineError`] where the journal cannot be read or trusted.
pub async fn watch_over(
    follower: &mut Follower,
    journal: &dyn Journal,
    sink: &mut dyn Sink,
    stop: &mut Stop,
) -> Result<DriveEnd, EngineError> {
    let mut told: Option<Progress> = None;
    let mut retired = false;
    // Bounded by the operation, or by the person who watches.
    loop {
        tell_news(follower, journal, sink).await?;
        let Some(operation) = follower.operation().cloned() else { return Ok(DriveEnd::Detached) };
        let status = operation.status();
        let retiring = operation.phase == Phase::Retiring;
        if status != Status::InProgress && !retiring {
            return Ok(if retired { DriveEnd::RetirementEnded } else { DriveEnd::Ended(status) });
        }
        retired |= retiring;
        if *stop.borrow() {
            return Ok(DriveEnd::Detached);
        }
        let progress = journal.state(&operation.id).await.ok().and_then(|state| state.progress);
        if let Some(progress) = progress.filter(|progress| told.as_ref() != Some(progress)) {
            sink.progress(&operation, &progress);
            told = Some(progress);
        }
        sleep(GLANCE, &operation, sink, stop).await;
    }
}
