//! The control plane of RDS for Aurora clusters, as a pure simulation over a clock that is passed in.
//!
//! It knows RDS and nothing else: accounts, Regions, clusters, instances, snapshots, their statuses,
//! and the errors that RDS gives. It does no input or output, and it never asks what time it is. Real
//! databases, where there are any, belong to a data plane that carries out [`effect::Work`].
//!
//! A call goes in by [`call::Call`] and comes out as a [`reply::Reply`] or an [`error::RdsError`].

pub mod call;
pub mod config;
pub mod effect;
#[expect(dead_code, reason = "the world, which uses it, follows")]
pub mod error;
#[expect(dead_code, reason = "the world, which uses it, follows")]
pub mod faults;
mod ids;
pub mod reply;
pub mod resources;
mod secret;

pub use ids::{AccountId, Caller, EffectId, ImageId, Place, RegionName, VolumeId};
pub use secret::Secret;
