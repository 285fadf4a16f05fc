//! Finding things by the names and ARNs that calls contain.

use jiff::Timestamp;

use crate::model::arn::{Arn, ArnKind};
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::resources::{ClusterStatus, EngineVersion};
use crate::model::state::{ClusterRecord, InstanceRecord, Key, PlaceIx, PlaceState};
use crate::model::world::World;

pub(crate) fn cluster_not_found(name: &str) -> RdsError {
    RdsError::new(RdsErrorCode::DbClusterNotFound, format!("DBCluster {name} not found."))
}

pub(crate) fn instance_not_found(name: &str) -> RdsError {
    RdsError::new(RdsErrorCode::DbInstanceNotFound, format!("DBInstance {name} not found."))
}

pub(crate) fn snapshot_not_found(name: &str) -> RdsError {
    RdsError::new(RdsErrorCode::DbClusterSnapshotNotFound, format!("DBClusterSnapshot {name} not found."))
}

pub(crate) fn invalid_cluster_state(message: impl Into<String>) -> RdsError {
    RdsError::new(RdsErrorCode::InvalidDbClusterState, message)
}

pub(crate) fn invalid_instance_state(message: impl Into<String>) -> RdsError {
    RdsError::new(RdsErrorCode::InvalidDbInstanceState, message)
}

/// The numbers of a version, for comparisons.
pub(crate) fn version_order(version: &str) -> Vec<u32> {
    version.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

impl PlaceState {
    /// The name in an ARN of this place, or the text itself.
    pub(crate) fn local_name<'a>(&self, text: &'a str, kind: ArnKind) -> Option<&'a str> {
        if !Arn::looks_like(text) {
            return Some(text);
        }
        let arn = Arn::parse(text).ok()?;
        (arn.kind == kind && arn.account == self.account.as_str() && arn.region == self.region.as_str())
            .then_some(arn.name)
    }

    pub(crate) fn find_cluster(&self, wanted: &str, now: Timestamp) -> Option<Key> {
        let name = self.local_name(wanted, ArnKind::Cluster)?;
        let answers = |record: &ClusterRecord| record.naming.answers(&record.shown.db_cluster_identifier, name, now);
        self.clusters.iter().find(|(_, record)| answers(record)).map(|(key, _)| *key)
    }

    pub(crate) fn find_instance(&self, wanted: &str, now: Timestamp) -> Option<Key> {
        let name = self.local_name(wanted, ArnKind::Instance)?;
        let answers = |record: &InstanceRecord| record.naming.answers(&record.shown.db_instance_identifier, name, now);
        self.instances.iter().find(|(_, record)| answers(record)).map(|(key, _)| *key)
    }

    /// A snapshot of this place by name, whether or not it can be seen yet.
    pub(crate) fn snapshot_named(&self, name: &str) -> Option<Key> {
        let is_it = |shown: &str| shown.eq_ignore_ascii_case(name);
        self.snapshots
            .iter()
            .find(|(_, record)| is_it(&record.shown.db_cluster_snapshot_identifier))
            .map(|(key, _)| *key)
    }

    pub(crate) fn members(&self, cluster: Key) -> impl Iterator<Item = (Key, &InstanceRecord)> {
        self.instances.iter().filter(move |(_, record)| record.cluster == cluster).map(|(key, record)| (*key, record))
    }

    pub(crate) fn cluster_name_is_taken(&self, name: &str) -> bool {
        self.clusters.values().any(|record| record.naming.takes(&record.shown.db_cluster_identifier, name))
    }

    pub(crate) fn instance_name_is_taken(&self, name: &str) -> bool {
        self.instances.values().any(|record| record.naming.takes(&record.shown.db_instance_identifier, name))
    }
}

impl World {
    pub(crate) fn named_cluster(
        &self,
        here: PlaceIx,
        wanted: &str,
        now: Timestamp,
    ) -> Result<(Key, &ClusterRecord), RdsError> {
        let place = self.place(here);
        place
            .find_cluster(wanted, now)
            .and_then(|key| Some((key, place.clusters.get(&key)?)))
            .ok_or_else(|| cluster_not_found(wanted))
    }

    pub(crate) fn named_instance(
        &self,
        here: PlaceIx,
        wanted: &str,
        now: Timestamp,
    ) -> Result<(Key, &InstanceRecord), RdsError> {
        let place = self.place(here);
        place
            .find_instance(wanted, now)
            .and_then(|key| Some((key, place.instances.get(&key)?)))
            .ok_or_else(|| instance_not_found(wanted))
    }

    /// A snapshot for reading: by name in this place, or by ARN wherever it is. Snapshots of others are
    /// found by ARN alone, and only when shared with the account here.
    pub(crate) fn named_snapshot(
        &self,
        here: PlaceIx,
        wanted: &str,
        now: Timestamp,
    ) -> Result<(PlaceIx, Key), RdsError> {
        let caller = &self.place(here).account;
        let (place, name) = if Arn::looks_like(wanted) {
            let arn = Arn::parse(wanted)?;
            if arn.kind != ArnKind::ClusterSnapshot {
                return Err(RdsError::invalid_value(format!("{wanted} is not the ARN of a DB cluster snapshot.")));
            }
            (self.find_place(arn.account, arn.region), arn.name)
        } else {
            (Some(here), wanted)
        };
        let place = place.ok_or_else(|| snapshot_not_found(wanted))?;
        let key = self.place(place).snapshot_named(name).ok_or_else(|| snapshot_not_found(wanted))?;
        let record = &self.place(place).snapshots[&key];
        let may_see = self.place(place).account == *caller || record.is_shared_with(caller);
        if !may_see || record.visible_from > now {
            return Err(snapshot_not_found(wanted));
        }
        Ok((place, key))
    }

    /// A version on offer: the exact one, the default of a major version, or the default of the engine.
    pub(crate) fn offered_version(&self, engine: &str, version: Option<&str>) -> Result<&EngineVersion, RdsError> {
        let mut of_engine = self.config.engine_versions.iter().filter(|offer| offer.engine == engine).peekable();
        if of_engine.peek().is_none() {
            return Err(RdsError::invalid_value(format!("Invalid DB engine: {engine}")));
        }
        let fits = |offer: &&EngineVersion| match version {
            None => offer.is_default,
            Some(wanted) => {
                offer.engine_version == wanted || (offer.major_engine_version == wanted && offer.is_default)
            }
        };
        of_engine.find(fits).ok_or_else(|| {
            RdsError::invalid_combination(format!("Cannot find version {} for {engine}", version.unwrap_or("default")))
        })
    }
}

impl ClusterRecord {
    /// Refuses anything but a cluster at rest.
    pub(crate) fn require_available(&self) -> Result<(), RdsError> {
        if self.shown.status == ClusterStatus::Available {
            return Ok(());
        }
        Err(invalid_cluster_state(format!(
            "DB cluster {} isn't in the available state. It is in the {} state.",
            self.shown.db_cluster_identifier, self.shown.status
        )))
    }
}
