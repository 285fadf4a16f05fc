//! What a place truly holds, whatever names lag behind: for onlookers that judge what callers do, which no call of RDS
//! could serve.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ImageId, Place, VolumeId, World,
    resources::{DbCluster, DbClusterSnapshot, DbInstance},
};

/// Everything that one account has in one Region, by a key that is never used twice.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// Its clusters with their volumes.
    pub clusters: BTreeMap<u64, (Arc<DbCluster>, VolumeId)>,
    /// Its instances with the keys of their clusters.
    pub instances: BTreeMap<u64, (Arc<DbInstance>, u64)>,
    /// Its cluster snapshots.
    pub snapshots: BTreeMap<u64, HeldSnapshot>,
}

/// A cluster snapshot with what a describe does not show.
#[derive(Clone, Debug)]
pub struct HeldSnapshot {
    /// As a describe shows it.
    pub shown: Arc<DbClusterSnapshot>,
    /// Its data.
    pub image: ImageId,
    /// The accounts that may restore it.
    pub shared_with: Vec<String>,
}

impl World {
    /// What a place holds at this moment, things included that are not shown yet.
    pub fn holdings(&self, place: &Place) -> Holdings {
        let Some(here) = self.find_place(place.account.as_str(), place.region.as_str()) else {
            return Holdings::default();
        };
        let state = self.place(here);
        let snapshots = state.snapshots.iter().map(|(key, record)| {
            let shared_with = record.shared_with.iter().cloned().collect();
            (*key, HeldSnapshot { shown: Arc::clone(&record.shown), image: record.image, shared_with })
        });
        Holdings {
            clusters: state
                .clusters
                .iter()
                .map(|(key, record)| (*key, (Arc::clone(&record.shown), record.volume)))
                .collect(),
            instances: state
                .instances
                .iter()
                .map(|(key, record)| (*key, (Arc::clone(&record.shown), record.cluster)))
                .collect(),
            snapshots: snapshots.collect(),
        }
    }
}
