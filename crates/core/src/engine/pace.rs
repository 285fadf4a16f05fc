//! How often RDS is looked at.
//!
//! The interval follows what is known about the phase. A copy, a restore and the making of instances take from many
//! minutes to hours, and RDS throttles pollers, so they are looked at every `limits.poll` (30 seconds by default).
//! What is short is looked at more often: settings, deletions at a third of it, and the switch of the name, during
//! which clients wait, at a tenth. A change of status is therefore noticed within one such interval.

use jiff::SignedDuration;

use crate::request::Limits;

/// For copies, restores and instances.
pub fn for_long_phases(limits: &Limits) -> SignedDuration {
    limits.poll
}

/// For steps that take a minute or so.
pub fn for_steps(limits: &Limits) -> SignedDuration {
    limits.poll / 3
}

/// For the switch, while clients wait.
pub fn for_switch(limits: &Limits) -> SignedDuration {
    limits.poll / 10
}

/// Before a step looks again because what it saw was too old to act upon: soon, as clients may be waiting.
pub fn before_looking_again(limits: &Limits) -> SignedDuration {
    for_switch(limits)
}
