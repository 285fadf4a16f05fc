//! Behaviour of the whole model, told as sentences.

mod catalogue;
mod clusters;
mod effects;
mod faults;
mod instances;
mod invariants;
mod multi_az;
mod renames;
mod restores;
mod sharing;
mod snapshots;
mod stage;
