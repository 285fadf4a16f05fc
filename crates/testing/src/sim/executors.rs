//! Executors: the engine driven as the command or a function would drive it, with sleeping left to the scheduler.

use aurora_restore_core::{
    engine::{Advance, BeginOperation, Engine, EngineError, Session, request_cancel},
    operation::{CancelRequest, Status},
    ports::{Clock, JournalError, Ports},
};
use jiff::SignedDuration;

use super::{
    Invariant,
    other_ways::{DatabaseWay, JournalWay, NotifierWay, SecretsWay},
    rds_way::CloudWay,
    ways::{Leg, Way},
};

/// How often an executor asks a journal that does not answer before it gives up.
const JOURNAL_SILENT_MAX: u32 = 30;
/// An executor gives up after so many moves; whoever started it starts another one.
const MOVES_MAX: u32 = 1_500;

/// What an executor is sent to do.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// Begin the operation and go on with it.
    Begin(Box<BeginOperation>),
    /// Go on with it.
    GoOn,
    /// Go on with a stuck one.
    Unstick,
    /// Undo it.
    Undo,
    /// End its retired cluster.
    Retire,
    /// Ask for its end, without executing it.
    Cancel,
}

impl Errand {
    /// What it is called in the story.
    pub(super) fn told(&self) -> &'static str {
        match self {
            Self::Begin(_) => "begin",
            Self::GoOn => "go on",
            Self::Unstick => "resume",
            Self::Undo => "undo",
            Self::Retire => "retire",
            Self::Cancel => "cancel",
        }
    }
}

/// How an executor's work ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Farewell {
    /// The operation has ended, or is stuck.
    Ended(Status),
    /// A request to cancel was accepted.
    CancelAccepted,
    /// It stopped, and may be sent again.
    Stopped(EngineError),
    /// It gave up.
    GaveUp,
}

/// Runs an errand to its end.
pub(super) async fn run(way: Way, errand: Errand) -> Farewell {
    let (source, target, id, name) = {
        let inner = way.hub.lock();
        let executor = &inner.executors[way.me];
        let watched = &inner.operations[executor.operation];
        let site = &inner.sites[watched.site].site;
        let source =
            aurora_restore_core::ids::AccountId::new(watched.source_account).expect("a constant that is an account");
        (source, site.account(), watched.id.clone(), executor.name.clone())
    };
    let cloud = CloudWay::new(&way, &source, &target);
    let journal = JournalWay::new(&way);
    let (secrets, database, notifier) = (SecretsWay(way.clone()), DatabaseWay(way.clone()), NotifierWay(way.clone()));
    let ports = Ports {
        cloud: &cloud,
        journal: &journal,
        secrets: &secrets,
        database: &database,
        notifier: &notifier,
        clock: &way,
    };
    let engine = Engine::new(ports);
    let session = match errand {
        Errand::Cancel => {
            let request = CancelRequest { by: "a person".to_owned(), reason: None };
            return match request_cancel(&journal, &id, request, way.now()).await {
                Ok(()) => Farewell::CancelAccepted,
                Err(error) => Farewell::Stopped(error),
            };
        }
        Errand::Begin(begin) => engine.begin(*begin).await,
        Errand::GoOn => engine.attach(&id, &name).await,
        Errand::Unstick => asked(&engine, &id, &name, Word::Unstick).await,
        Errand::Undo => asked(&engine, &id, &name, Word::Undo).await,
        Errand::Retire => asked(&engine, &id, &name, Word::Retire).await,
    };
    match session {
        Ok(session) => drive(&way, &engine, session).await,
        Err(error) => Farewell::Stopped(error),
    }
}

#[derive(Clone, Copy)]
enum Word {
    Unstick,
    Undo,
    Retire,
}

/// Takes the operation over on behalf of a person, and says what the person said.
async fn asked(
    engine: &Engine<'_>,
    id: &aurora_restore_core::ids::OperationId,
    name: &aurora_restore_core::ids::ExecutorId,
    word: Word,
) -> Result<Session, EngineError> {
    let mut session = engine.attach(id, name).await?;
    match word {
        Word::Unstick => engine.unstick(&mut session, "a person").await?,
        Word::Undo => engine.undo(&mut session, "a person").await?,
        Word::Retire => engine.retire(&mut session, "a person").await?,
    }
    Ok(session)
}

async fn drive(way: &Way, engine: &Engine<'_>, mut session: Session) -> Farewell {
    let mut silent = 0;
    for _ in 0..MOVES_MAX {
        match engine.advance(&mut session).await {
            Ok(Advance::Ended(status)) => return Farewell::Ended(status),
            Ok(Advance::Moved) => silent = 0,
            Ok(Advance::Wait { after, progress }) => {
                silent = 0;
                if let Some(progress) = progress {
                    way.hub.show(&mut way.hub.lock(), "a progress line", &progress.text);
                }
                way.travel(Leg::Sleep(after)).await;
            }
            Err(EngineError::Journal(JournalError::Unavailable { .. })) if silent < JOURNAL_SILENT_MAX => {
                silent += 1;
                way.travel(Leg::Sleep(SignedDuration::from_secs(5))).await;
            }
            Err(error) => return Farewell::Stopped(error),
        }
    }
    Farewell::GaveUp
}

/// What is learned from the end of an executor's work.
pub(super) fn judge(way: &Way, farewell: &Farewell) {
    let hub = &way.hub;
    let now = hub.now();
    let mut inner = hub.lock();
    let inner = &mut *inner;
    let who = inner.who(way.me);
    inner.tell(now, &who, || format!("stops: {farewell:?}"));
    let watched = inner.operation_of(way.me);
    match farewell {
        Farewell::Ended(_) | Farewell::GaveUp => {}
        Farewell::CancelAccepted => {
            let known = watched
                .operation()
                .is_some_and(|operation| operation.cancel.is_some() || operation.undo_reason.is_some());
            inner.tally.happened("cancel accepted");
            inner.require(Invariant::AcceptedCancelIsObeyed, now, known, || {
                format!("{who} was told that its request is accepted, and it is not in the journal")
            });
        }
        Farewell::Stopped(error) => {
            hub.show_error(inner, "an engine's error", error);
            let sound = match error {
                EngineError::Illegal { .. } | EngineError::Wire { .. } | EngineError::Refused { .. } => false,
                EngineError::NotPossible { .. } => {
                    inner.tally.happened("not possible");
                    true
                }
                EngineError::Journal(_) => true,
            };
            inner.require(Invariant::EngineKeepsItsTable, now, sound, || format!("{who} stopped: {error}"));
        }
    }
}
