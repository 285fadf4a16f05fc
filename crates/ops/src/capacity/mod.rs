//! What the tables need and how they are paid for: what was used, what is advised, and the change that a person asks for.

mod advice;
mod change;
mod used;

pub use advice::{Advice, advise, fitting};
pub use change::{CapacityChange, CapacityPlan, apply, plan};
pub(crate) use change::{looked_at, ready};
pub use used::{Side, Use, used, used_indexes};
