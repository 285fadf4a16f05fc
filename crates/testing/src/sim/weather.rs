//! Trouble: which calls are struck by what. The weather changes; after a while it is calm for ever.

use aurora_restore_core::ports::Change;
use aurora_restore_sandbox::model::{call::Action, faults::Fault as ModelFault, resources::InstanceStatus};
use jiff::{SignedDuration, Timestamp};

use super::{dice::Dice, mutants::Mutant};

/// No kind of trouble strikes more often than this.
const RATE_MAX: f64 = 0.25;
/// How often the trouble strikes in which a mutant shows.
const RATE_OF_WHAT_A_MUTANT_NEEDS: f64 = 0.4;

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strike {
    Throttled,
    ServerError,
    ServiceUnavailable,
    ReplyLost,
    AccessDenied,
    KmsDenied,
    NoCapacity,
    StuckCopy,
    FailingCopy,
    FailingSnapshot,
    FailingRestore,
    FailingInstance,
    Slow,
    DamagedData,
    AccountUnavailable,
    JournalUnavailable,
    JournalReplyLost,
    DatabaseUnreachable,
    DatabaseLoginRefused,
    DatabaseCertificate,
    DatabaseReplyLost,
    ProofFails,
    SecretMissing,
    SecretDenied,
    SecretUnavailable,
    NoticeRefused,
}

impl Strike {
    /// Every kind, with the name under which it is counted and how often it strikes where it can, in foul weather.
    const ALL: &'static [(Self, &'static str, f64)] = &[
        (Self::Throttled, "throttled", 0.03),
        (Self::ServerError, "server error", 0.015),
        (Self::ServiceUnavailable, "service unavailable", 0.015),
        (Self::ReplyLost, "reply lost", 0.05),
        (Self::AccessDenied, "access denied", 0.001),
        (Self::KmsDenied, "key denied", 0.02),
        (Self::NoCapacity, "no capacity", 0.08),
        (Self::StuckCopy, "stuck copy", 0.05),
        (Self::FailingCopy, "failing copy", 0.04),
        (Self::FailingSnapshot, "failing snapshot", 0.05),
        (Self::FailingRestore, "failing restore", 0.05),
        (Self::FailingInstance, "failing instance", 0.03),
        (Self::Slow, "slow transition", 0.12),
        (Self::DamagedData, "damaged data", 0.08),
        (Self::AccountUnavailable, "account unavailable", 0.03),
        (Self::JournalUnavailable, "journal unavailable", 0.02),
        (Self::JournalReplyLost, "journal reply lost", 0.03),
        (Self::DatabaseUnreachable, "database unreachable", 0.08),
        (Self::DatabaseLoginRefused, "database login refused", 0.015),
        (Self::DatabaseCertificate, "database certificate refused", 0.01),
        (Self::DatabaseReplyLost, "database reply lost", 0.05),
        (Self::ProofFails, "proof of users fails", 0.03),
        (Self::SecretMissing, "secret missing", 0.004),
        (Self::SecretDenied, "secret denied", 0.004),
        (Self::SecretUnavailable, "secret unavailable", 0.03),
        (Self::NoticeRefused, "notice refused", 0.10),
    ];

    /// The names of all kinds.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(_, name, _)| *name)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| *name)
    }

    /// The fault of the model that carries it out, where RDS is struck.
    fn of_model(self, draw: usize) -> Option<ModelFault> {
        Some(match self {
            Self::Throttled => ModelFault::Throttling,
            Self::ServerError => ModelFault::ServerError,
            Self::ServiceUnavailable => ModelFault::ServiceUnavailable,
            Self::ReplyLost => ModelFault::ReplyLost,
            Self::AccessDenied => ModelFault::AccessDenied,
            Self::KmsDenied => ModelFault::KmsDenied,
            Self::NoCapacity => ModelFault::NoCapacity,
            Self::StuckCopy => ModelFault::StuckCopy,
            Self::FailingCopy => ModelFault::FailingCopy,
            Self::FailingSnapshot => ModelFault::FailingSnapshot,
            Self::FailingRestore => ModelFault::FailingRestore,
            Self::FailingInstance if draw.is_multiple_of(2) => {
                ModelFault::FailingInstance { status: InstanceStatus::IncompatibleRestore }
            }
            Self::FailingInstance => ModelFault::FailingInstance { status: InstanceStatus::Failed },
            Self::Slow => ModelFault::Slow { factor: 2 + (draw % 12) as u32 },
            Self::DamagedData
            | Self::AccountUnavailable
            | Self::JournalUnavailable
            | Self::JournalReplyLost
            | Self::DatabaseUnreachable
            | Self::DatabaseLoginRefused
            | Self::DatabaseCertificate
            | Self::DatabaseReplyLost
            | Self::ProofFails
            | Self::SecretMissing
            | Self::SecretDenied
            | Self::SecretUnavailable
            | Self::NoticeRefused => return None,
        })
    }

    /// Whether it makes sense for a call.
    fn can_strike(self, call: &Target<'_>) -> bool {
        match (self, call) {
            (Self::DamagedData, Target::Change(Change::RestoreCluster(_))) => true,
            (Self::Throttled | Self::ServerError | Self::ServiceUnavailable | Self::AccessDenied, Target::Read) => true,
            (Self::DamagedData | Self::AccountUnavailable, Target::Change(_)) => false,
            // A reply that is lost is a call that failed, for a read.
            (_, Target::Change(change)) => {
                let Some(action) = action_of(change) else { return false };
                self.of_model(0).is_some_and(|fault| fault.can_apply_to(action))
            }
            (Self::AccountUnavailable, Target::Account)
            | (Self::JournalUnavailable, Target::JournalRead | Target::JournalWrite)
            | (Self::JournalReplyLost, Target::JournalWrite)
            | (
                Self::DatabaseUnreachable | Self::DatabaseLoginRefused | Self::DatabaseCertificate,
                Target::Database | Target::UserSetup,
            )
            | (Self::DatabaseReplyLost | Self::ProofFails, Target::UserSetup)
            | (Self::SecretMissing | Self::SecretDenied | Self::SecretUnavailable, Target::Secret)
            | (Self::NoticeRefused, Target::Notice) => true,
            _ => false,
        }
    }
}

/// What a call goes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    Read,
    Change(&'a Change),
    Account,
    JournalRead,
    JournalWrite,
    Secret,
    Database,
    UserSetup,
    Notice,
}

/// The action of the model behind a change.
pub(super) fn action_of(change: &Change) -> Option<Action> {
    Action::ALL.iter().copied().find(|action| action.as_str() == change.action())
}

/// The weather of one world.
#[derive(Debug)]
pub(super) struct Weather {
    dice: Dice,
    /// How foul it is, from when on. The last one is calm.
    phases: Vec<(Timestamp, f64)>,
    /// Kinds that do not occur in this world.
    absent: Vec<Strike>,
}

impl Weather {
    /// Draws the weather between two times; afterwards it is calm.
    pub(super) fn drawn(seed: u64, from: Timestamp, calm_from: Timestamp) -> Self {
        let mut dice = Dice::of(seed, "weather");
        let mut phases = vec![(from, 0.0)];
        let mut at = from;
        while at < calm_from {
            // Quiet hours, showers, storms.
            let foulness = dice.pick(&[0.0, 0.05, 0.2, 0.5, 1.0, 3.0]);
            phases.push((at, foulness));
            at += dice.between(SignedDuration::from_mins(20), SignedDuration::from_hours(9));
        }
        phases.push((calm_from, 0.0));
        let absent = Strike::ALL.iter().map(|(kind, ..)| *kind).filter(|_| dice.chance(0.35)).collect();
        Self { dice, phases, absent }
    }

    fn foulness(&self, now: Timestamp) -> f64 {
        self.phases.iter().rev().find(|(from, _)| *from <= now).map_or(0.0, |(_, foulness)| *foulness)
    }

    /// Whether anything can still happen.
    pub(super) fn is_calm(&self, now: Timestamp) -> bool {
        self.phases.last().is_some_and(|(from, _)| *from <= now)
    }

    /// What befalls a call, if anything.
    pub(super) fn strike(&mut self, call: &Target<'_>, now: Timestamp, mutant: Option<Mutant>) -> Option<Strike> {
        if self.is_calm(now) {
            return None;
        }
        let roll = self.dice.fraction();
        let needed = Strike::ALL.iter().find(|(kind, ..)| mutant.is_some_and(|mutant| mutant.needs(*kind, call)));
        if let Some((kind, ..)) = needed.filter(|(kind, ..)| kind.can_strike(call)) {
            return (roll < RATE_OF_WHAT_A_MUTANT_NEEDS).then_some(*kind);
        }
        let foulness = self.foulness(now);
        // Nothing adds up to more than this: most calls need one throw and no look at the table.
        if roll >= foulness * 0.5 {
            return None;
        }
        let mut passed = 0.0;
        for (kind, _, rate) in Strike::ALL {
            if self.absent.contains(kind) || !kind.can_strike(call) {
                continue;
            }
            passed += (rate * foulness).min(RATE_MAX);
            if roll < passed {
                return Some(*kind);
            }
        }
        None
    }

    /// Draws a fault of the model.
    pub(super) fn fault(&mut self, strike: Strike) -> Option<ModelFault> {
        let draw = self.dice.below(1_000);
        strike.of_model(draw)
    }
}
