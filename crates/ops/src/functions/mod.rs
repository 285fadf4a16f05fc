//! The functions of a deployed stack: what they run, a new version step by step, the way back, how much memory they need.
//!
//! Everything calls a function by its alias `live`. A version is never changed; what a function runs is changed by pointing the alias
//! to another one. The rules are in `docs/design/0008-changes-and-functions.md`. It is not the place for making functions: the stack does.

mod deploy;
mod error;
mod list;
mod names;
mod realign;
mod resize;
mod rollback;
mod served;
mod settle;
mod shift;
mod smoke;
mod tune;
mod watch;

pub use deploy::{FunctionsDeployment, NewCode, Target};
pub use error::FunctionsError;
pub use list::{Standing, look};
pub use names::{FunctionName, FunctionNames};
pub use realign::{behind, present, realign, require_settled};
pub use resize::resize;
pub(crate) use rollback::previous;
pub use rollback::{Rollback, Wanted, WentBack, plan_rollback, rollback};
pub use shift::{Leg, Moved, at_once, gradually};
pub use smoke::{Smoke, SmokeResult, can_be_asked, smoke};
pub use tune::{Fit, Measured, Tuning, TuningPlan};
pub use watch::{Stop, Watch};

use aurora_restore_core::ports::Clock;

use crate::ports::{Alarms, Functions};

/// The alias that everything calls.
pub const ALIAS: &str = "live";

/// What functions are worked on with.
#[derive(Clone, Copy)]
pub struct FunctionPorts<'p> {
    /// The functions.
    pub functions: &'p dyn Functions,
    /// The alarms.
    pub alarms: &'p dyn Alarms,
    /// What time it is.
    pub clock: &'p dyn Clock,
}
