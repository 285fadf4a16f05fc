//! What must hold in every world at every moment. Each has a name, which a failing seed prints, and a doc comment that
//! says exactly what is meant.

use std::fmt;

macro_rules! invariants {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Something that must hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Invariant {
            $($(#[$doc])* $variant,)*
        }

        impl Invariant {
            /// Every invariant.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name that a failing seed prints.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

invariants! {
    /// Under swap the target's name is answered by the cluster that bore it before or by a new one whose verification is
    /// journalled and whose data are truly whole. It may answer to nobody only while the journal says that a switch is
    /// being made or undone: from the first attempt at `switch-over` until that step is finished or undone. The length of
    /// each such window is recorded.
    ///
    /// Checked after every call, and whenever RDS changes something by itself. A name that somebody from outside has
    /// taken or broken is not watched any more.
    NameAnswersOldOrVerifiedNew = "the-name-answers-with-the-old-or-a-verified-new-cluster";
    /// The bound on the time without an answer that the journal gives for a switch is not shorter than the simulated time
    /// in which nobody answered, but for the difference of the executors' clocks.
    ReportedWindowIsABound = "the-reported-time-without-an-answer-is-a-bound";
    /// A change that an executor makes touches only what its operation made, the cluster that its journalled plan found
    /// under the target's name with that cluster's instances, and, under `keep-last`, older copies of the same target.
    /// Judged by what truly changed between the moment before the call and the moment after it, and by who truly made each
    /// thing, not by tags.
    OnlyOursIsTouched = "only-what-is-ours-or-planned-is-touched";
    /// A manual snapshot that no operation made is never deleted. (Automated ones go with their cluster, as RDS does it.)
    ForeignSnapshotsStay = "a-snapshot-that-we-did-not-make-is-never-deleted";
    /// Everything that an executor makes bears the tag of its operation and a name that stands in its journalled plan.
    MadeThingsAreNamedAndTagged = "what-is-made-is-tagged-and-named-in-the-plan";
    /// The cluster that bore the name before is deleted only while its deletion is journalled as begun (`replace`: the
    /// switch-over; otherwise: the retirement), and only once its final snapshot is available with all its data, unless
    /// the request wants none.
    DeletedOnlyWithFinalSnapshot = "an-old-cluster-is-deleted-only-with-its-final-snapshot";
    /// Protection against deletion that stood on a cluster which we did not make is lifted only by the retirement that
    /// somebody asked for.
    ProtectionIsRespected = "protection-of-others-is-not-lifted";
    /// The name goes to a new cluster only once the journal holds a verification; `replace` deletes first, but it is not
    /// completed without one.
    VerifiedBeforeSwitch = "nothing-is-switched-or-completed-unverified";
    /// Every change of RDS is made while the journal says that the executor's operation is doing a step, undoing one, or
    /// ending its retired cluster: the intent is durable before the act.
    IntentBeforeAct = "the-intent-is-journalled-before-the-act";
    /// A change takes effect only if the executor's call before it asked the journal whether its token is still the newest,
    /// and it truly was, no longer before than [`PROOF_AGE_MAX`](aurora_restore_core::engine::PROOF_AGE_MAX) and the time
    /// that a call may be on its way; and the journal accepts no entry with an older token.
    ///
    /// The honest limit: RDS knows no tokens, so a change that is on its way while another executor takes over still
    /// lands. Such landings are counted, they are bounded by [`LATE_LANDING_MAX`](super::LATE_LANDING_MAX), and all other
    /// invariants hold for them, too.
    OvertakenChangeNothing = "an-executor-with-an-old-token-changes-nothing";
    /// An operation that has ended changes nothing any more, calls on their way included.
    SettledChangeNothing = "an-ended-operation-changes-nothing";
    /// No two operations that are in progress or stuck have the same target, whatever the journal's locks say.
    OneOperationPerTarget = "no-two-operations-hold-one-target";
    /// The stored entries of every operation are a chain without a gap, replay through the transition table, and give the
    /// state item that is stored beside them.
    JournalReplays = "the-journal-replays-to-the-state";
    /// The engine never wants to record what the transition table forbids, never refuses a journal that it wrote, and never
    /// panics.
    EngineKeepsItsTable = "the-engine-keeps-its-own-table";
    /// When a switch is recorded as done, the name truly answers with the new cluster; when the cluster is marked as
    /// serving, it truly serves.
    RecordTellsTheTruth = "what-is-recorded-as-proven-is-true";
    /// The data that a completed operation serves are not older than its snapshot and none are missing; what an undone
    /// replacement brings back has all data of the old cluster.
    ServedDataAreWhole = "served-data-are-whole-and-not-older-than-the-snapshot";
    /// Once an operation is undone the old cluster has its name, its instances have theirs, and no mark of ours is left on
    /// it; where a retirement of it had failed half-way, one of its instances at least. An operation beside the target never takes the name and has nothing to give back: that it does not touch the
    /// target at all is held at every call, by [`OnlyOursIsTouched`](Self::OnlyOursIsTouched).
    UndoneIsAsBefore = "what-is-undone-is-as-before";
    /// After the end nothing that an operation made is there except what its report lists as kept, serving or left, and
    /// what the report says is kept or serves is there.
    NothingIsLeft = "nothing-is-left-but-what-the-report-lists";
    /// After the end RDS counts as many clusters, instances and manual snapshots as before, but for what the reports list
    /// and what others made and deleted.
    QuotasAreBack = "quotas-are-back";
    /// After the end the source's clusters and snapshots are as they were, are shared with the accounts with which they
    /// were shared before, and no key of the customer has changed.
    SourceIsAsItWas = "the-source-is-as-it-was";
    /// A request to cancel that was accepted is in the journal, and its operation does not end completed.
    AcceptedCancelIsObeyed = "an-accepted-cancel-is-obeyed";
    /// Once faults and outsiders stop, every operation that was begun ends within a bound of time and calls, with a person
    /// who removes the cause and resumes it where it is stuck.
    EveryOperationEnds = "every-operation-ends";
    /// Whoever waits for an operation is told how it ended, and that a person must act: before either is recorded the
    /// notifier was asked to tell it, whether it could or not. A notice may come twice, and may say more than comes of it.
    PeopleAreTold = "people-are-told-how-it-ended";
    /// No password is in a journal entry, a state item, a progress line, a notice, an error (`Display` and `Debug`), an
    /// outcome, or anything that is traced.
    NoSecretIsShown = "no-secret-is-shown";
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, in the simulated time.
    pub at: jiff::Timestamp,
    /// What was found.
    pub found: String,
}
