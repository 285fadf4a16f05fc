//! What happens when time has passed and the data plane has done its part.

mod clusters;
mod instances;
mod phases;
mod snapshots;
