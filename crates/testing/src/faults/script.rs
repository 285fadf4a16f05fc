//! What befalls which call: the kinds of trouble, and the script that counts calls and strikes one of them.

use std::{
    collections::BTreeMap,
    future::{Future, pending},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use aurora_restore_core::ports::RdsErrorKind;
use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault as ModelFault, FaultRule},
    resources::InstanceStatus,
};

use crate::cloud::Sim;

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails before its effect, in a way that may pass.
    Fails,
    /// It is refused for good, before its effect.
    Denied,
    /// It takes effect, and its reply is lost.
    ReplyLost,
    /// The executor dies before the call.
    CrashBefore,
    /// The executor dies after the call took effect.
    CrashAfter,
    /// RDS wants fewer calls; nothing happens.
    Throttled,
    /// RDS refuses with an error of this kind; nothing happens.
    Refused(RdsErrorKind),
    /// What a read of RDS shows is in a condition that never ends by itself; the next look shows the truth again.
    ShowsTerminal,
    /// What a change of RDS begins ends badly: the copy, the snapshot, the restore or the instance fails.
    EndsBadly,
}

impl Fault {
    /// Whether the executor dies of it.
    pub fn is_crash(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter)
    }

    /// Whether the fault makes a difference at a call. Each of those left out is the same as another one, or cannot be.
    pub fn makes_sense_at(self, (hit, what): (Hit, &'static str)) -> bool {
        match self {
            Self::Fails | Self::CrashBefore | Self::CrashAfter => true,
            // A journal that denies is a configuration that is wrong from the start.
            Self::Denied => !matches!(hit, Hit::JournalRead | Hit::JournalWrite | Hit::JournalProgress),
            // A read has no effect: a lost reply is the same as a failure.
            Self::ReplyLost => hit.may_have_effect() || hit == Hit::JournalProgress,
            Self::Throttled | Self::Refused(_) => matches!(hit, Hit::RdsRead | Hit::RdsChange),
            Self::ShowsTerminal => {
                let of_status = ["cluster", "clusters", "instance", "instances", "snapshot", "snapshots"];
                hit == Hit::RdsRead && of_status.contains(&what)
            }
            Self::EndsBadly => hit == Hit::RdsChange && model_fault(what).is_some(),
        }
    }
}

/// What the model is told, so that what a change begins ends badly. Changes whose work cannot fail have none.
fn model_fault(action: &str) -> Option<(Action, ModelFault)> {
    let failing = |action: Action, fault| Some((action, fault));
    match Action::ALL.iter().copied().find(|known| known.as_str() == action)? {
        action @ Action::CopyDbClusterSnapshot => failing(action, ModelFault::FailingCopy),
        action @ Action::CreateDbClusterSnapshot => failing(action, ModelFault::FailingSnapshot),
        action @ (Action::RestoreDbClusterFromSnapshot | Action::RestoreDbClusterToPointInTime) => {
            failing(action, ModelFault::FailingRestore)
        }
        action @ Action::CreateDbInstance => {
            failing(action, ModelFault::FailingInstance { status: InstanceStatus::IncompatibleRestore })
        }
        _ => None,
    }
}

/// Which port a call went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hit {
    /// A read of RDS.
    RdsRead,
    /// A change of RDS.
    RdsChange,
    /// Who we are.
    Account,
    /// A read of the journal.
    JournalRead,
    /// An append to the journal, its creation, or taking it over.
    JournalWrite,
    /// The progress line, which may be lost.
    JournalProgress,
    /// A secret.
    Secret,
    /// The database.
    Database,
    /// A notice.
    Notice,
}

impl Hit {
    /// Whether a call there can change anything that the engine ever looks at. The progress line is written and never
    /// read back by it.
    pub fn may_have_effect(self) -> bool {
        match self {
            Self::RdsChange | Self::JournalWrite | Self::Database | Self::Notice => true,
            Self::RdsRead | Self::Account | Self::JournalRead | Self::JournalProgress | Self::Secret => false,
        }
    }
}

/// Counts the calls and says which of them is struck.
#[derive(Debug, Default)]
pub struct Script {
    state: Mutex<ScriptState>,
    crashed: AtomicBool,
}

#[derive(Debug, Default)]
struct ScriptState {
    faults: BTreeMap<usize, Fault>,
    always: Option<(&'static str, Fault)>,
    calls: Vec<(Hit, &'static str)>,
    struck: usize,
}

impl Script {
    /// No faults: only counts.
    pub fn counting() -> Self {
        Self::default()
    }

    /// One fault at the call with this number, counted from 0.
    pub fn with(at: usize, fault: Fault) -> Self {
        let script = Self::default();
        script.lock().faults.insert(at, fault);
        script
    }

    /// A fault at every call of this name, such as `DeleteDBCluster`.
    pub fn always(what: &'static str, fault: Fault) -> Self {
        let script = Self::default();
        script.lock().always = Some((what, fault));
        script
    }

    /// The same with a further fault.
    #[must_use]
    pub fn and(self, at: usize, fault: Fault) -> Self {
        self.lock().faults.insert(at, fault);
        self
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<(Hit, &'static str)> {
        self.lock().calls.clone()
    }

    /// Whether the executor is dead.
    pub fn has_crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    /// How many of the faults have struck.
    pub fn struck(&self) -> usize {
        self.lock().struck
    }

    fn lock(&self) -> MutexGuard<'_, ScriptState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault that befalls the next call, if any.
    pub(super) fn next_fault(&self) -> Option<Fault> {
        let state = self.lock();
        state.faults.get(&state.calls.len()).copied()
    }

    fn count(&self, hit: Hit, what: &'static str) -> Option<Fault> {
        let mut state = self.lock();
        let number = state.calls.len();
        state.calls.push((hit, what));
        let always = state.always.filter(|(struck, _)| *struck == what).map(|(_, fault)| fault);
        let fault = state.faults.get(&number).copied().or(always);
        state.struck += usize::from(fault.is_some());
        fault
    }

    pub(super) async fn pass<T, E>(
        &self,
        (hit, what): (Hit, &'static str),
        call: impl Future<Output = Result<T, E>> + Send,
        trouble: impl FnOnce(Fault) -> E + Send,
    ) -> Result<T, E> {
        match self.count(hit, what) {
            // The last two change what the call finds or begins, not whether it is answered.
            None | Some(Fault::ShowsTerminal | Fault::EndsBadly) => call.await,
            Some(fault @ (Fault::Fails | Fault::Denied | Fault::Throttled | Fault::Refused(_))) => Err(trouble(fault)),
            Some(fault @ Fault::ReplyLost) => {
                let _ = call.await;
                Err(trouble(fault))
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                let _ = call.await;
                self.die().await
            }
        }
    }

    /// Makes the next call of this action in the simulated world begin something that ends badly.
    pub(super) fn spoil(sim: &Sim, action: &str) {
        if let Some((action, fault)) = model_fault(action) {
            sim.with_world(|world, _| world.inject(FaultRule::once(fault).on(action)));
        }
    }

    /// Never answers again; see [`crate::block_on_until`].
    async fn die<T>(&self) -> T {
        self.crashed.store(true, Ordering::SeqCst);
        pending().await
    }
}
