//! The control plane of RDS for Aurora clusters, as a pure simulation over a clock that is passed in.
//!
//! It knows RDS and nothing else: accounts, Regions, clusters, instances, snapshots, their statuses,
//! and the errors that RDS gives. It does no input or output, and it never asks what time it is. Real
//! databases, where there are any, belong to a data plane that carries out [`effect::Work`].
//!
//! A call goes in by [`World::apply`] as a [`call::Call`], and comes out as a [`reply::Reply`] or an
//! [`error::RdsError`]; time goes in by [`World::tick`].

mod actions;
mod arn;
pub mod call;
pub mod config;
mod dispatch;
pub mod effect;
pub mod error;
pub mod faults;
pub mod holdings;
mod identifier;
mod ids;
pub mod inventory;
mod jobs;
mod kms;
mod listing;
mod outbox;
pub mod reply;
pub mod resources;
mod secret;
mod state;
#[cfg(test)]
mod tests;
mod transitions;
mod window;
mod world;

pub use actions::SeedSnapshot;
pub use ids::{AccountId, Caller, EffectId, ImageId, Place, RegionName, VolumeId};
pub use secret::Secret;
pub use world::{Answering, Served, World};
