//! One world: the simulated cloud, the journal and the databases, and what the simulation itself knows of everybody.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Display},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    operation::{Operation, Phase, StepKind, StepRecord},
    ports::{Clock, NoticeOutcome, TargetKey},
    request::Request,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Invariant, Tally, Violation,
    dice::Dice,
    mutants::Mutant,
    stage::{CANARY, Site, Stage},
    weather::Weather,
};
use crate::{MemoryJournal, MemorySecrets, RecordingNotifier, Sim, SimDatabase};

/// A call that is on its way reaches RDS within this time. The engine waits longer than that wherever it must be sure
/// that nothing of an overtaken executor is still to come.
pub const LATE_LANDING_MAX: SignedDuration = SignedDuration::from_secs(45);

/// An executor's clock is behind by at most this.
pub(super) const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_secs(20);

/// What everybody works on.
pub(super) struct Hub {
    pub(super) sim: Arc<Sim>,
    pub(super) journal: MemoryJournal,
    pub(super) secrets: MemorySecrets,
    pub(super) database: SimDatabase,
    pub(super) notifier: RecordingNotifier,
    pub(super) mutant: Option<Mutant>,
    inner: Mutex<Inner>,
}

/// What the simulation knows.
pub(super) struct Inner {
    pub(super) seed: u64,
    pub(super) pace: Dice,
    pub(super) weather: Weather,
    pub(super) sites: Vec<SiteWatch>,
    pub(super) operations: Vec<Watched>,
    pub(super) executors: Vec<Executor>,
    /// Who made what, by the model's key.
    pub(super) makers: BTreeMap<u64, usize>,
    /// Operations that another executor should be sent to, because one of theirs seems to hang.
    pub(super) rivals_wanted: Vec<usize>,
    /// What the notifier was asked to tell, accepted or not.
    pub(super) told: Vec<(OperationId, NoticeOutcome)>,
    pub(super) tally: Tally,
    pub(super) story: Option<Vec<String>>,
    pub(super) violation: Option<Violation>,
}

/// A target and who answers under its name.
#[derive(Debug)]
pub(super) struct SiteWatch {
    pub(super) site: Site,
    /// The immutable id of the cluster that rightly bears the name.
    pub(super) serves: Option<String>,
    pub(super) unanswered_since: Option<Timestamp>,
    /// Somebody from outside has taken or broken the name.
    pub(super) disturbed: bool,
}

/// An operation as the simulation sees it: from the truly stored journal only.
pub(super) struct Watched {
    pub(super) id: OperationId,
    pub(super) request: Request,
    pub(super) site: usize,
    pub(super) source_account: &'static str,
    /// The replay of what is stored, with the hash of the last entry; nothing before it began.
    pub(super) replayed: Option<(Operation, String)>,
    pub(super) token: u64,
    /// Somebody from outside has touched what it made or needs.
    pub(super) disturbed: bool,
    /// What the data must hold that it serves, once that is known.
    pub(super) expected: Option<BTreeMap<String, u64>>,
    /// What the cluster under the name held when the plan was made.
    pub(super) old_content: Option<BTreeMap<String, u64>>,
    /// How long the name answered to nobody during the present switch.
    pub(super) unanswered: SignedDuration,
    /// How much had been told when it last ended or was stuck.
    pub(super) told: usize,
    /// When it was begun, by the simulated clock.
    pub(super) begun_at: Option<Timestamp>,
}

impl Watched {
    pub(super) fn operation(&self) -> Option<&Operation> {
        self.replayed.as_ref().map(|(operation, _)| operation)
    }

    pub(super) fn phase(&self) -> Option<Phase> {
        self.operation().map(|operation| operation.phase)
    }

    pub(super) fn step(&self, kind: StepKind) -> Option<&StepRecord> {
        self.operation()?.step(kind)
    }

    /// Whether it is over: nothing runs and nobody has to act.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.phase(), Some(Phase::Ended(_)))
    }
}

/// An executor, alive or not.
#[derive(Debug)]
pub(super) struct Executor {
    pub(super) name: ExecutorId,
    pub(super) operation: usize,
    pub(super) behind: SignedDuration,
    /// What the journal gave it.
    pub(super) token: Option<u64>,
    /// When its token truly was the newest, if its newest call was a look at the journal's head.
    pub(super) proven: Option<Timestamp>,
    /// It is polled when this time has come.
    pub(super) wakes: Timestamp,
    /// A call of its is on its way out.
    pub(super) calls: bool,
    /// It dies instead of waking.
    pub(super) dies: bool,
}

impl Hub {
    pub(super) fn new(seed: u64, stage: Stage, weather: Weather, mutant: Option<Mutant>, traced: bool) -> Self {
        let sites = stage
            .sites
            .into_iter()
            .map(|site| SiteWatch { site, serves: None, unanswered_since: None, disturbed: false })
            .collect();
        let inner = Inner {
            seed,
            pace: Dice::of(seed, "pace"),
            weather,
            sites,
            operations: Vec::new(),
            executors: Vec::new(),
            makers: BTreeMap::new(),
            rivals_wanted: Vec::new(),
            told: Vec::new(),
            tally: Tally { worlds: 1, ..Tally::default() },
            story: traced.then(Vec::new),
            violation: None,
        };
        Self {
            database: SimDatabase::new(&stage.sim),
            sim: stage.sim,
            journal: MemoryJournal::default(),
            secrets: stage.secrets,
            notifier: RecordingNotifier::default(),
            mutant,
            inner: Mutex::new(inner),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.sim.clock().now()
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Looks whether a text holds a secret.
    pub(super) fn show(&self, inner: &mut Inner, what: &str, text: &str) {
        inner.tally.checked(Invariant::NoSecretIsShown);
        if text.contains(CANARY) {
            inner.violate(Invariant::NoSecretIsShown, self.now(), format!("{what}: {text}"));
        }
    }

    /// Looks whether an error holds a secret, in both of its forms.
    pub(super) fn show_error(&self, inner: &mut Inner, what: &str, error: &(impl Display + Debug)) {
        self.show(inner, what, &error.to_string());
        self.show(inner, what, &format!("{error:?}"));
    }
}

impl Inner {
    /// Notes that something did not hold. The first one counts.
    pub(super) fn violate(&mut self, invariant: Invariant, at: Timestamp, found: impl Into<String>) {
        let found = found.into();
        self.tell(at, "!!", || format!("{invariant}: {found}"));
        self.violation.get_or_insert(Violation { invariant, at, found });
    }

    /// Checks something.
    pub(super) fn require(&mut self, invariant: Invariant, at: Timestamp, holds: bool, found: impl FnOnce() -> String) {
        self.tally.checked(invariant);
        if !holds {
            self.violate(invariant, at, found());
        }
    }

    /// Adds a line to the story, if somebody wants it.
    pub(super) fn tell(&mut self, at: Timestamp, who: &str, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{} {who:<14} {}", at.strftime("%m-%d %H:%M:%S%.3f"), what()));
        }
    }

    /// The name of an executor with its operation, for the story.
    pub(super) fn who(&self, executor: usize) -> String {
        let executor = &self.executors[executor];
        format!("{}/{}", self.operations[executor.operation].id, executor.name)
    }

    pub(super) fn operation_of(&self, executor: usize) -> &Watched {
        &self.operations[self.executors[executor].operation]
    }

    /// What an operation locks.
    pub(super) fn target_key(&self, operation: usize) -> TargetKey {
        let site = &self.sites[self.operations[operation].site].site;
        TargetKey { account: site.account.to_owned(), region: site.region(), cluster: site.cluster() }
    }
}
