//! Known-bad engines: the same engine with one guard taken away, made by ports that lie to it. The invariants must catch
//! every one of them, or they prove nothing about the good one.
//!
//! Two invariants have no mutant of their own: a quota that is not back (`QuotasAreBack`) is used by something that is left
//! (`NothingIsLeft`), which is found first; and only the engine itself has ever let an operation that had ended change something
//! (`SettledChangeNothing`, by a call that was on its way).

use super::{
    Invariant,
    weather::{Strike, Target},
};

macro_rules! mutants {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $caught_by:ident;)*) => {
        /// A way in which the engine is broken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $($(#[$doc])* $variant,)*
        }

        impl Mutant {
            /// Every mutant.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The invariant that must catch it.
            pub fn caught_by(self) -> Invariant {
                match self {
                    $(Self::$variant => Invariant::$caught_by,)*
                }
            }
        }
    };
}

mutants! {
    /// Data that are not whole pass for verified.
    VerifiesNothing = "verifies-nothing", NameAnswersOldOrVerifiedNew;
    /// The old cluster is renamed away as soon as the restore begins.
    FreesTheNameEarly = "frees-the-name-early", NameAnswersOldOrVerifiedNew;
    /// Whatever bears a name of ours counts as ours, whatever its tags.
    AdoptsWithoutTag = "adopts-without-tag", OnlyOursIsTouched;
    /// Entries are written a while after they were acknowledged.
    ActsBeforeTheAppend = "acts-before-the-append", IntentBeforeAct;
    /// The journal's head always shows the executor's own token.
    IgnoresTheFence = "ignores-the-fence", OvertakenChangeNothing;
    /// On the way back a cluster counts as gone at once.
    ForgetsToUndo = "forgets-to-undo", NothingIsLeft;
    /// A deletion that fails counts as one of something that is gone.
    SwallowsFailedDeletes = "swallows-failed-deletes", NothingIsLeft;
    /// A rename counts as done once it is accepted, and a login through the name as proven without trying.
    ProvesNoLogin = "proves-no-login", RecordTellsTheTruth;
    /// The archive deletes the source instead of the copy.
    DeletesTheSource = "deletes-the-source", ForeignSnapshotsStay;
    /// Every operation locks a name of its own instead of the target's.
    LocksNothing = "locks-nothing", OneOperationPerTarget;
    /// Every entry is stored twice, with two numbers.
    AppendsTwice = "appends-twice", JournalReplays;
    /// An entry's body is stored in other words than were sealed.
    RewritesHistory = "rewrites-history", JournalReplays;
    /// The executor's clock stands still, so that no bound in time is ever reached.
    WaitsForEver = "waits-for-ever", EveryOperationEnds;
    /// A failure of the database tells with which password it was tried.
    LeaksAPassword = "leaks-a-password", NoSecretIsShown;
    /// The final snapshot counts as there without having been taken.
    SkipsTheFinalSnapshot = "skips-the-final-snapshot", DeletedOnlyWithFinalSnapshot;
    /// What was shared for a copy stays shared.
    LeavesTheShare = "leaves-the-share", SourceIsAsItWas;
    /// Things are made without tags.
    MakesWithoutTags = "makes-without-tags", MadeThingsAreNamedAndTagged;
    /// A request to cancel is acknowledged and forgotten.
    ForgetsTheCancel = "forgets-the-cancel", AcceptedCancelIsObeyed;
    /// The undo of the switch takes the name from the new cluster and does not give it to the old one.
    ForgetsTheOldCluster = "forgets-the-old-cluster", NameAnswersOldOrVerifiedNew;
    /// Only a success is told.
    TellsSuccessOnly = "tells-success-only", PeopleAreTold;
    /// Nobody is told that a person must act.
    TellsNoStuck = "tells-no-stuck", PeopleAreTold;
    /// The mark on the old cluster is not taken off.
    LeavesItsMark = "leaves-its-mark", UndoneIsAsBefore;
    /// Data that are not whole pass for verified where no name is switched.
    VerifiesNothingBeside = "verifies-nothing-beside", ServedDataAreWhole;
    /// The protection of the old cluster is taken off before it is renamed.
    LiftsProtection = "lifts-protection", ProtectionIsRespected;
    /// A name that is free goes to the new cluster as soon as that has an instance.
    TakesAFreeNameEarly = "takes-a-free-name-early", VerifiedBeforeSwitch;
    /// The newest entry is not read back.
    LosesTheNewestEntry = "loses-the-newest-entry", EngineKeepsItsTable;
    /// The executor's clock stands still from the first rename to the last.
    MeasuresNoSwitch = "measures-no-switch", ReportedWindowIsABound;
}

impl Mutant {
    /// Whether the mutant shows only where this trouble strikes: then it strikes often, in every weather.
    pub(super) fn needs(self, strike: Strike, call: &Target<'_>) -> bool {
        let deletes = || matches!(call, Target::Change(change) if change.action().starts_with("Delete"));
        match self {
            Self::VerifiesNothing | Self::VerifiesNothingBeside => strike == Strike::DamagedData,
            Self::SwallowsFailedDeletes => strike == Strike::Throttled && deletes(),
            Self::WaitsForEver => strike == Strike::StuckCopy,
            Self::ForgetsToUndo | Self::ForgetsTheOldCluster => strike == Strike::ProofFails,
            Self::LeaksAPassword
            | Self::FreesTheNameEarly
            | Self::AdoptsWithoutTag
            | Self::ActsBeforeTheAppend
            | Self::IgnoresTheFence
            | Self::ProvesNoLogin
            | Self::DeletesTheSource
            | Self::LocksNothing
            | Self::AppendsTwice
            | Self::RewritesHistory
            | Self::SkipsTheFinalSnapshot
            | Self::LeavesTheShare
            | Self::MakesWithoutTags
            | Self::ForgetsTheCancel
            | Self::TellsSuccessOnly
            | Self::TellsNoStuck
            | Self::LeavesItsMark
            | Self::LiftsProtection
            | Self::TakesAFreeNameEarly
            | Self::LosesTheNewestEntry
            | Self::MeasuresNoSwitch => false,
        }
    }

    /// Whether the mutant shows only where a stranger takes the name of the staged cluster.
    pub(super) fn needs_squatters(self) -> bool {
        self == Self::AdoptsWithoutTag
    }
}
