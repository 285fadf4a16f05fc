//! CreateDBCluster.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::cluster_settings::Blueprint;
use super::multi_az::{check_kind, is_aurora};
use crate::model::VolumeId;
use crate::model::call::CreateDbCluster;
use crate::model::effect::Work;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::{check_database_name, check_master_username, check_password};
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, DbCluster, EventSource};
use crate::model::state::{ClusterRecord, DEFAULT_KEY_ALIAS, Key, Naming, Origin, PlaceIx};
use crate::model::window::check_maintenance_window;
use crate::model::world::{Ctx, World};
use crate::model::{EffectId, Secret};

impl World {
    pub(crate) fn create_cluster(&mut self, ctx: Ctx, input: CreateDbCluster) -> Result<Reply, RdsError> {
        let name = self.check_new_cluster(ctx.here, &input.db_cluster_identifier)?;
        let version = self.offered_version(&input.engine, input.engine_version.as_deref())?.clone();
        check_kind(&input)?;
        if let Some(database) = &input.database_name {
            check_database_name(database)?;
        }
        let (master_username, password) = master(&input)?;
        let kms_key_id = self.key_of_new_cluster(ctx.here, &input)?;
        if let Some(window) = &input.preferred_maintenance_window {
            check_maintenance_window(window)?;
        }
        let key = self.new_key();
        let blueprint = Blueprint {
            identifier: &name,
            version,
            status: ClusterStatus::Creating,
            database_name: input.database_name.clone(),
            master_username: master_username.clone(),
            kms_key_id,
            port: input.settings.port.unwrap_or(self.config.default_port),
            clone_group_id: None,
        };
        let mut shown = self.design_cluster(ctx, key, blueprint, &input.settings)?;
        if let Some(window) = input.preferred_maintenance_window {
            shown.preferred_maintenance_window = window;
        }
        shown.auto_minor_version_upgrade = input.auto_minor_version_upgrade.unwrap_or(true);
        shown.ca_certificate_identifier = input.ca_certificate_identifier;
        shown.database_insights_mode = input.database_insights_mode;
        shown.http_endpoint_enabled = input.enable_http_endpoint.unwrap_or(false);
        shown.multi_az = !is_aurora(&shown.engine);
        shown.allocated_storage = input.allocated_storage.unwrap_or(shown.allocated_storage);
        let work = Work::CreateVolume {
            volume: VolumeId(key),
            engine_version: shown.engine_version.clone(),
            master_user: master_username,
            master_password: password,
            database: input.database_name,
        };
        let mut waits = Vec::new();
        self.emit(work, &mut waits);
        let duration = self.config.durations.create_cluster;
        Ok(self.add_cluster(ctx, key, shown, Origin::Created, duration, waits))
    }

    fn key_of_new_cluster(&self, here: PlaceIx, input: &CreateDbCluster) -> Result<Option<String>, RdsError> {
        match (&input.settings.kms_key_id, input.storage_encrypted) {
            (Some(_), Some(false)) => {
                Err(RdsError::invalid_combination("KmsKeyId can't be specified when StorageEncrypted is false."))
            }
            (Some(asked), _) => self.usable_key(here, asked).map(Some),
            (None, Some(true)) => self.usable_key(here, &format!("alias/{DEFAULT_KEY_ALIAS}")).map(Some),
            (None, _) => Ok(None),
        }
    }

    /// Puts a new cluster in place, with the job that makes it available.
    pub(crate) fn add_cluster(
        &mut self,
        ctx: Ctx,
        key: Key,
        shown: DbCluster,
        origin: Origin,
        duration: SignedDuration,
        waits: Vec<EffectId>,
    ) -> Reply {
        let ends = ctx.now + ctx.course.stretch(duration);
        if ctx.course.fails {
            let reason = "The data could not be restored.";
            self.add_failing_job(ends, ctx.here, key, JobKind::ClusterReady, reason);
        } else {
            self.add_job(ends, ctx.here, key, JobKind::ClusterReady, waits);
        }
        let lag = self.config.lag.after_create;
        let naming = Naming::new(self.visible_from(ctx.here, key, ctx.now, lag));
        let shown = Arc::new(shown);
        let record = ClusterRecord {
            shown: Arc::clone(&shown),
            naming,
            volume: VolumeId(key),
            origin,
            since: ctx.now,
            until: ends,
            phases: VecDeque::new(),
            deferred: Vec::new(),
            serving: false,
            final_snapshot: None,
            keeps_automated: false,
        };
        self.place_mut(ctx.here).clusters.insert(key, record);
        Reply::Cluster(shown)
    }

    pub(crate) fn cluster_event(&mut self, place: PlaceIx, key: Key, category: &str, message: &str, date: Timestamp) {
        let Some(record) = self.cluster(place, key) else {
            return;
        };
        let shown = Arc::clone(&record.shown);
        let source = (EventSource::DbCluster, shown.db_cluster_identifier.as_str(), shown.db_cluster_arn.as_str());
        self.record_event(place, source, category, message, date);
    }
}

fn master(input: &CreateDbCluster) -> Result<(String, Secret), RdsError> {
    let missing = |parameter: &str| {
        RdsError::new(RdsErrorCode::MissingParameter, format!("The request must contain the parameter {parameter}."))
    };
    let name = input.master_username.clone().ok_or_else(|| missing("MasterUsername"))?;
    let password = input.master_user_password.clone().ok_or_else(|| missing("MasterUserPassword"))?;
    check_master_username(&name)?;
    check_password(password.expose())?;
    Ok((name, password))
}
