//! Trouble on request: rules that tests and demonstrations put in, and the decision what befalls a call.
//!
//! The model itself carries out most faults. One it can only decide: a reply that is lost after the
//! effect. [`World::serve`](super::World::serve) reports it, and whoever stands between model and client
//! drops the reply.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::arn::Arn;
use super::call::Action;
use super::error::{RdsError, RdsErrorCode};
use super::resources::InstanceStatus;

/// Most that a rule slows anything down.
const MAX_FACTOR: i32 = 1_000;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The call is refused with `Throttling`.
    Throttling,
    /// The call is refused with `InternalFailure` before anything happens.
    ServerError,
    /// The call is refused with `ServiceUnavailable` before anything happens.
    ServiceUnavailable,
    /// The call takes effect, and its reply never arrives.
    ReplyLost,
    /// The call is refused with `AccessDenied`.
    AccessDenied,
    /// The call is refused with `KMSKeyNotAccessibleFault`.
    KmsDenied,
    /// The call is refused for want of capacity.
    NoCapacity,
    /// The copy begins and never ends.
    StuckCopy,
    /// The copy ends as `failed`.
    FailingCopy,
    /// The snapshot ends as `failed`.
    FailingSnapshot,
    /// The restored cluster ends as `migration-failed`, a clone as `cloning-failed`.
    FailingRestore,
    /// The instance ends in this status instead of `available`.
    FailingInstance {
        /// A terminal status, such as `incompatible-restore`.
        status: InstanceStatus,
    },
    /// What the call starts takes this many times as long.
    Slow {
        /// Times as long; 1,000 at most, so that the end stays within the calendar.
        factor: u32,
    },
}

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    #[serde(default)]
    /// On this action only; else on each to which the fault can apply.
    pub action: Option<Action>,
    #[serde(default)]
    /// On calls that name this identifier only.
    pub identifier: Option<String>,
    #[serde(default)]
    /// How many matching calls pass unharmed first.
    pub skip: u32,
    #[serde(default = "once")]
    /// How many calls it strikes after that.
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl FaultRule {
    /// A rule that strikes the next call to which the fault can apply.
    pub const fn once(fault: Fault) -> Self {
        Self { fault, action: None, identifier: None, skip: 0, times: 1 }
    }

    /// The same for calls of this action.
    #[must_use]
    pub const fn on(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// The same for calls that name this identifier.
    #[must_use]
    pub fn naming(mut self, identifier: &str) -> Self {
        self.identifier = Some(identifier.to_ascii_lowercase());
        self
    }

    /// The same, but only after this many calls.
    #[must_use]
    pub const fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// The same, this many times.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, action: Action, identifiers: &[&str]) -> bool {
        self.action.is_none_or(|wanted| wanted == action)
            && self.fault.can_apply_to(action)
            && self.identifier.as_deref().is_none_or(|wanted| {
                identifiers.iter().any(|identifier| {
                    let name = Arn::parse(identifier).map_or(*identifier, |arn| arn.name);
                    name.eq_ignore_ascii_case(wanted)
                })
            })
    }
}

impl Fault {
    /// Whether the fault makes sense for this action.
    pub const fn can_apply_to(&self, action: Action) -> bool {
        use Action as A;
        match self {
            Self::Throttling
            | Self::ServerError
            | Self::ServiceUnavailable
            | Self::ReplyLost
            | Self::AccessDenied
            | Self::Slow { .. } => true,
            Self::KmsDenied => matches!(
                action,
                A::CopyDbClusterSnapshot
                    | A::CreateDbCluster
                    | A::CreateDbInstance
                    | A::RestoreDbClusterFromSnapshot
                    | A::RestoreDbClusterToPointInTime
                    | A::StartDbCluster
            ),
            Self::NoCapacity => matches!(
                action,
                A::CreateDbInstance
                    | A::ModifyDbInstance
                    | A::RestoreDbClusterFromSnapshot
                    | A::RestoreDbClusterToPointInTime
            ),
            Self::StuckCopy | Self::FailingCopy => matches!(action, A::CopyDbClusterSnapshot),
            Self::FailingSnapshot => {
                matches!(action, A::CreateDbClusterSnapshot | A::DeleteDbCluster)
            }
            Self::FailingRestore => {
                matches!(action, A::RestoreDbClusterFromSnapshot | A::RestoreDbClusterToPointInTime)
            }
            Self::FailingInstance { .. } => matches!(action, A::CreateDbInstance),
        }
    }

    fn refusal(&self, action: Action) -> Option<RdsError> {
        let (code, message) = match self {
            Self::Throttling => (RdsErrorCode::Throttling, "Rate exceeded"),
            Self::ServerError => (
                RdsErrorCode::InternalFailure,
                "An internal error has occurred. Please try your query again at a later time.",
            ),
            Self::ServiceUnavailable => (
                RdsErrorCode::ServiceUnavailable,
                "Service is unavailable. Please try your query again at a later time.",
            ),
            Self::AccessDenied => (
                RdsErrorCode::AccessDenied,
                "User is not authorized to perform this action because no identity-based policy allows it",
            ),
            Self::KmsDenied => (
                RdsErrorCode::KmsKeyNotAccessible,
                "The specified KMS key does not exist, is not enabled or you do not have permissions to access it.",
            ),
            Self::NoCapacity => match action {
                Action::CreateDbInstance | Action::ModifyDbInstance => (
                    RdsErrorCode::InsufficientDbInstanceCapacity,
                    "The requested instance class is not available in the specified Availability Zone at this time.",
                ),
                _ => (
                    RdsErrorCode::InsufficientDbClusterCapacity,
                    "The DB cluster doesn't have enough capacity for the current operation.",
                ),
            },
            Self::ReplyLost
            | Self::StuckCopy
            | Self::FailingCopy
            | Self::FailingSnapshot
            | Self::FailingRestore
            | Self::FailingInstance { .. }
            | Self::Slow { .. } => return None,
        };
        Some(RdsError::new(code, message))
    }
}

/// What the rules decided for one call.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) refusal: Option<RdsError>,
    pub(crate) course: Course,
    pub(crate) reply_lost: bool,
}

/// How the work that a call starts will go.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    pub(crate) stuck: bool,
    pub(crate) fails: bool,
    pub(crate) instance_ends_as: Option<InstanceStatus>,
    pub(crate) slowed_by: i32,
}

impl Course {
    /// The duration, stretched as far as a rule says.
    pub(crate) fn stretch(&self, duration: SignedDuration) -> SignedDuration {
        duration.saturating_mul(self.slowed_by.clamp(1, MAX_FACTOR))
    }
}

/// The rules in force, in the order in which they were put in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Faults {
    rules: Vec<FaultRule>,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) {
        if rule.times > 0 {
            self.rules.push(rule);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn rules(&self) -> &[FaultRule] {
        &self.rules
    }

    /// Decides about a call and uses up the rules that struck it.
    ///
    /// A refusal comes alone: what else might have struck the call waits for the next one.
    pub(crate) fn judge(&mut self, action: Action, identifiers: &[&str]) -> Verdict {
        let mut verdict = Verdict::default();
        for rule in &mut self.rules {
            if verdict.refusal.is_some() || !rule.matches(action, identifiers) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times = rule.times.saturating_sub(1);
            verdict.refusal = rule.fault.refusal(action);
            match &rule.fault {
                Fault::ReplyLost => verdict.reply_lost = true,
                Fault::StuckCopy => verdict.course.stuck = true,
                Fault::FailingCopy | Fault::FailingSnapshot | Fault::FailingRestore => {
                    verdict.course.fails = true;
                }
                Fault::FailingInstance { status } => {
                    verdict.course.instance_ends_as = Some(*status);
                }
                Fault::Slow { factor } => verdict.course.slowed_by = i32::try_from(*factor).unwrap_or(MAX_FACTOR),
                Fault::Throttling
                | Fault::ServerError
                | Fault::ServiceUnavailable
                | Fault::AccessDenied
                | Fault::KmsDenied
                | Fault::NoCapacity => {}
            }
        }
        self.rules.retain(|rule| rule.times > 0);
        verdict
    }
}
