//! The actions: one file per group. Each checks everything first and changes the world afterwards, so a
//! refused call changes nothing.

mod catalogue;
mod cluster_create;
mod cluster_describe;
mod cluster_end;
mod cluster_modify;
mod cluster_restore;
mod cluster_settings;
mod groups;
mod instance_create;
mod instance_end;
mod instance_modify;
mod instances;
mod lookup;
mod multi_az;
mod roles;
mod seed;
mod snapshot_copy;
mod snapshot_describe;
mod snapshot_share;
mod snapshots;
mod tags;

pub(crate) use cluster_settings::shown_storage_type;
pub use seed::SeedSnapshot;
