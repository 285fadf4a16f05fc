//! What is looked at every week: what went wrong since the last look, and what was left over.

pub(super) mod leftovers;
pub(super) mod logs;
pub(super) mod metrics;
pub(super) mod state;
