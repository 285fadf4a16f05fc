//! RestoreDBClusterFromSnapshot and RestoreDBClusterToPointInTime.
//!
//! Neither keeps settings of the source, except those that belong to the data: engine, master user, port.

use jiff::SignedDuration;

use super::cluster_settings::Blueprint;
use super::lookup::{cluster_not_found, version_order};
use super::multi_az::check_restorable;
use crate::model::VolumeId;
use crate::model::arn::Arn;
use crate::model::call::{NewClusterSettings, RestoreDbClusterFromSnapshot, RestoreDbClusterToPointInTime};
use crate::model::effect::Work;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, DbClusterSnapshot, EngineVersion, SnapshotStatus};
use crate::model::state::{ClusterRecord, Key, Origin, PlaceIx};
use crate::model::world::{Ctx, World};

/// Clones of one source; more become full copies.
const MAX_CLONES: usize = 15;

impl World {
    pub(crate) fn restore_from_snapshot(
        &mut self,
        ctx: Ctx,
        input: &RestoreDbClusterFromSnapshot,
    ) -> Result<Reply, RdsError> {
        let name = self.check_new_cluster(ctx.here, &input.db_cluster_identifier)?;
        self.check_snapshot_region(ctx.here, &input.snapshot_identifier)?;
        let (owner, snapshot) = self.named_snapshot(ctx.here, &input.snapshot_identifier, ctx.now)?;
        let record = &self.place(owner).snapshots[&snapshot];
        let (source, image) = (record.shown.clone(), record.image);
        if source.status != SnapshotStatus::Available {
            return Err(RdsError::new(
                RdsErrorCode::InvalidDbClusterSnapshotState,
                format!(
                    "The DB cluster snapshot {} isn't in the available state. It is in the {} state.",
                    source.db_cluster_snapshot_identifier, source.status
                ),
            ));
        }
        let version = self.restorable_version(input, &source)?;
        let is_foreign = self.place(owner).account != self.place(ctx.here).account;
        let kms_key_id = self.key_of_restored(ctx.here, &source, is_foreign, input.settings.kms_key_id.as_deref())?;
        let key = self.new_key();
        let blueprint = Blueprint {
            identifier: &name,
            version,
            status: ClusterStatus::Migrating,
            database_name: None,
            master_username: source.master_username.clone(),
            kms_key_id,
            port: input.settings.port.unwrap_or(source.port),
            clone_group_id: None,
        };
        let shown = self.design_cluster(ctx, key, blueprint, &input.settings)?;
        let mut waits = Vec::new();
        if !ctx.course.fails {
            self.emit(Work::RestoreVolume { volume: VolumeId(key), from: image }, &mut waits);
        }
        let duration = self.config.durations.restore_cluster;
        Ok(self.add_cluster(ctx, key, shown, Origin::Restored, duration, waits))
    }

    /// A snapshot of another Region cannot be restored here: it must be copied first.
    fn check_snapshot_region(&self, here: PlaceIx, wanted: &str) -> Result<(), RdsError> {
        if Arn::looks_like(wanted) && Arn::parse(wanted)?.region != self.place(here).region.as_str() {
            return Err(super::lookup::snapshot_not_found(wanted));
        }
        Ok(())
    }

    fn restorable_version(
        &self,
        input: &RestoreDbClusterFromSnapshot,
        source: &DbClusterSnapshot,
    ) -> Result<EngineVersion, RdsError> {
        if input.engine.is_empty() {
            return Err(RdsError::new(
                RdsErrorCode::MissingParameter,
                "The request must contain the parameter Engine.",
            ));
        }
        let version = self.offered_version(&input.engine, input.engine_version.as_deref())?;
        if input.engine != source.engine {
            return Err(RdsError::invalid_combination(format!(
                "The engine {} isn't compatible with the engine {} of the DB cluster snapshot.",
                input.engine, source.engine
            )));
        }
        check_restorable(&source.engine)?;
        if version_order(&version.engine_version) < version_order(&source.engine_version) {
            return Err(RdsError::invalid_combination(format!(
                "The engine version that you requested for your restored DB cluster ({}) is earlier than the engine \
                 version of the DB cluster snapshot ({}).",
                version.engine_version, source.engine_version
            )));
        }
        Ok(version.clone())
    }

    fn key_of_restored(
        &self,
        here: PlaceIx,
        source: &DbClusterSnapshot,
        is_foreign: bool,
        asked: Option<&str>,
    ) -> Result<Option<String>, RdsError> {
        if let Some(key) = source.kms_key_id.as_deref() {
            if is_foreign {
                return Err(RdsError::new(
                    RdsErrorCode::InvalidRestore,
                    "You can't restore a DB cluster from a snapshot that is both shared and encrypted. Copy the \
                     snapshot and restore the copy.",
                ));
            }
            self.check_source_key(&self.place(here).account, key)?;
        }
        match asked {
            Some(asked) => self.usable_key(here, asked).map(Some),
            None => Ok(source.kms_key_id.clone()),
        }
    }

    pub(crate) fn restore_to_point_in_time(
        &mut self,
        ctx: Ctx,
        input: &RestoreDbClusterToPointInTime,
    ) -> Result<Reply, RdsError> {
        let name = self.check_new_cluster(ctx.here, &input.db_cluster_identifier)?;
        let source_key = self.source_cluster(ctx, input)?;
        self.refresh_cluster(ctx.here, source_key, ctx.now);
        let source = self.cluster(ctx.here, source_key).ok_or_else(|| cluster_not_found(&name))?;
        source.require_available()?;
        check_restorable(&source.shown.engine)?;
        let is_clone = self.check_moment(ctx, input, source)?;
        let (shown, volume) = (source.shown.clone(), source.volume);
        let group =
            shown.clone_group_id.clone().unwrap_or_else(|| shown.db_cluster_resource_id.replace("cluster-", "clone-"));
        if is_clone && self.place(ctx.here).members(source_key).next().is_none() {
            return Err(RdsError::new(
                RdsErrorCode::InvalidDbClusterState,
                "The source DB cluster must have at least one DB instance to be cloned.",
            ));
        }
        let kms_key_id = self.key_of_point_in_time(ctx.here, shown.kms_key_id.as_deref(), &input.settings)?;
        let version = self.offered_version(&shown.engine, Some(&shown.engine_version))?.clone();
        let key = self.new_key();
        let blueprint = Blueprint {
            identifier: &name,
            version,
            status: ClusterStatus::Creating,
            database_name: shown.database_name.clone(),
            master_username: shown.master_username.clone(),
            kms_key_id,
            port: input.settings.port.unwrap_or(self.config.default_port),
            clone_group_id: is_clone.then(|| group.clone()),
        };
        let designed = self.design_cluster(ctx, key, blueprint, &input.settings)?;
        let duration = self.clone_duration(ctx.here, is_clone, &group);
        if let Some(record) = self.cluster_mut(ctx.here, source_key).filter(|_| is_clone) {
            std::sync::Arc::make_mut(&mut record.shown).clone_group_id = Some(group);
        }
        let mut waits = Vec::new();
        if !ctx.course.fails {
            self.emit(Work::CloneVolume { volume: VolumeId(key), from: volume }, &mut waits);
        }
        let origin = if is_clone { Origin::Cloned } else { Origin::Restored };
        Ok(self.add_cluster(ctx, key, designed, origin, duration, waits))
    }

    fn source_cluster(&self, ctx: Ctx, input: &RestoreDbClusterToPointInTime) -> Result<Key, RdsError> {
        match (&input.source_db_cluster_identifier, &input.source_db_cluster_resource_id) {
            (Some(_), Some(_)) => Err(RdsError::invalid_combination(
                "Only one of SourceDBClusterIdentifier and SourceDbClusterResourceId can be specified.",
            )),
            (Some(name), None) => self.named_cluster(ctx.here, name, ctx.now).map(|(key, _)| key),
            (None, Some(id)) => {
                let clusters = &self.place(ctx.here).clusters;
                let found = clusters.iter().find(|(_, record)| record.shown.db_cluster_resource_id == *id);
                found.map(|(key, _)| *key).ok_or_else(|| cluster_not_found(id))
            }
            (None, None) => Err(RdsError::new(
                RdsErrorCode::MissingParameter,
                "The request must contain the parameter SourceDBClusterIdentifier.",
            )),
        }
    }

    /// Whether a clone is asked for, if the moment asked for can be had.
    fn check_moment(
        &self,
        ctx: Ctx,
        input: &RestoreDbClusterToPointInTime,
        source: &ClusterRecord,
    ) -> Result<bool, RdsError> {
        let is_clone = match input.restore_type.as_deref() {
            None | Some("full-copy") => false,
            Some("copy-on-write") => true,
            Some(other) => {
                return Err(RdsError::invalid_value(format!("Invalid restore type: {other}")));
            }
        };
        let latest = input.use_latest_restorable_time.unwrap_or(false);
        match (input.restore_to_time, latest) {
            (Some(_), true) => {
                return Err(RdsError::invalid_combination(
                    "UseLatestRestorableTime can't be used together with RestoreToTime.",
                ));
            }
            (Some(_), false) if is_clone => {
                return Err(RdsError::invalid_combination(
                    "RestoreToTime can't be specified when RestoreType is copy-on-write.",
                ));
            }
            (None, false) if !is_clone => {
                return Err(RdsError::invalid_combination(
                    "Either RestoreToTime or UseLatestRestorableTime must be specified.",
                ));
            }
            _ => {}
        }
        let shown = &source.shown;
        let (Some(earliest), Some(newest)) = (shown.earliest_restorable_time, shown.latest_restorable_time) else {
            return Err(RdsError::new(
                RdsErrorCode::InvalidRestore,
                format!("DB cluster {} has no restorable time yet.", shown.db_cluster_identifier),
            ));
        };
        match input.restore_to_time {
            Some(moment) if moment < earliest || moment > newest || moment > ctx.now => Err(RdsError::new(
                RdsErrorCode::InvalidRestore,
                format!("The restore time {moment} is not between {earliest} and {newest}."),
            )),
            _ => Ok(is_clone),
        }
    }

    fn key_of_point_in_time(
        &self,
        here: PlaceIx,
        source: Option<&str>,
        settings: &NewClusterSettings,
    ) -> Result<Option<String>, RdsError> {
        match (source, settings.kms_key_id.as_deref()) {
            (None, Some(_)) => Err(RdsError::invalid_combination(
                "KmsKeyId can't be specified because the source DB cluster isn't encrypted.",
            )),
            (Some(source), asked) => {
                self.check_source_key(&self.place(here).account, source)?;
                self.usable_key(here, asked.unwrap_or(source)).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    fn clone_duration(&self, here: PlaceIx, is_clone: bool, group: &str) -> SignedDuration {
        let clusters = self.place(here).clusters.values();
        let in_group = clusters.filter(|record| record.shown.clone_group_id.as_deref() == Some(group)).count();
        if is_clone && in_group <= MAX_CLONES {
            self.config.durations.clone_cluster
        } else {
            self.config.durations.restore_cluster
        }
    }
}
