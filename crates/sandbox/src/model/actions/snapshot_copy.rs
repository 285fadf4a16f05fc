//! CopyDBClusterSnapshot. The call goes to the destination: that is the place of the copy.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::ImageId;
use crate::model::arn::ArnKind;
use crate::model::call::CopyDbClusterSnapshot;
use crate::model::effect::Work;
use crate::model::error::{RdsError, RdsErrorCode};
use crate::model::identifier::checked_tags;
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{DbClusterSnapshot, SnapshotKind, SnapshotStatus, Tag};
use crate::model::state::{Key, PlaceIx};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn copy_snapshot(&mut self, ctx: Ctx, input: &CopyDbClusterSnapshot) -> Result<Reply, RdsError> {
        let (from_place, from_key) =
            self.named_snapshot(ctx.here, &input.source_db_cluster_snapshot_identifier, ctx.now)?;
        let source = Arc::clone(&self.place(from_place).snapshots[&from_key].shown);
        if source.status != SnapshotStatus::Available {
            return Err(RdsError::new(
                RdsErrorCode::InvalidDbClusterSnapshotState,
                format!(
                    "Cannot copy the snapshot {} because it is in the {} state.",
                    source.db_cluster_snapshot_identifier, source.status
                ),
            ));
        }
        let name = self.check_new_snapshot(
            ctx.here,
            "TargetDBClusterSnapshotIdentifier",
            &input.target_db_cluster_snapshot_identifier,
        )?;
        self.check_copies_in_progress(ctx.here)?;
        let kms_key_id = self.key_of_copy(ctx.here, from_place, &source, input.kms_key_id.as_deref())?;
        let is_foreign = self.place(from_place).account != self.place(ctx.here).account;
        let tag_list = tags_of_copy(input, &source, is_foreign)?;
        let key = self.new_key();
        let place = self.place(ctx.here);
        let mut shown = DbClusterSnapshot::clone(&source);
        shown.db_cluster_snapshot_arn = place.arn(ArnKind::ClusterSnapshot, &name);
        shown.db_cluster_snapshot_identifier = name;
        shown.snapshot_type = SnapshotKind::Manual;
        shown.status = SnapshotStatus::Copying;
        shown.percent_progress = 0;
        shown.snapshot_create_time = Some(ctx.now);
        shown.source_db_cluster_snapshot_arn = Some(source.db_cluster_snapshot_arn.clone());
        shown.storage_encrypted = kms_key_id.is_some();
        shown.kms_key_id = kms_key_id;
        shown.tag_list = tag_list;
        if from_place != ctx.here {
            shown.vpc_id = String::new();
            shown.availability_zones = place.zones();
        }
        Ok(Reply::Snapshot(self.begin_copy(ctx, key, shown, (from_place, from_key))))
    }

    fn begin_copy(
        &mut self,
        ctx: Ctx,
        key: Key,
        shown: DbClusterSnapshot,
        from: (PlaceIx, Key),
    ) -> Arc<DbClusterSnapshot> {
        let since = self.copy_begins(ctx, from);
        let until = since + ctx.course.stretch(self.config.durations.copy_snapshot);
        if ctx.course.fails {
            let reason = "The snapshot could not be copied.";
            self.add_failing_job(until, ctx.here, key, JobKind::SnapshotCopied, reason);
        } else if !ctx.course.stuck {
            let mut waits = Vec::new();
            let image = self.place(from.0).snapshots[&from.1].image;
            self.emit(Work::CopyImage { image: ImageId(key), from: image }, &mut waits);
            self.add_job(until, ctx.here, key, JobKind::SnapshotCopied, waits);
        }
        let shown = self.add_snapshot(ctx, key, shown, until);
        if let Some(record) = self.snapshot_mut(ctx.here, key) {
            record.since = since;
            record.stuck = ctx.course.stuck;
            record.copying_from = Some(from);
        }
        shown
    }

    /// A copy waits in a queue first, behind other copies of the same source.
    fn copy_begins(&self, ctx: Ctx, from: (PlaceIx, Key)) -> Timestamp {
        let queued = ctx.now + ctx.course.stretch(self.config.durations.queue_copy);
        self.places()
            .flat_map(|(_, place)| place.snapshots.values())
            .filter(|record| record.copying_from == Some(from) && !record.stuck)
            .map(|record| record.until)
            .fold(queued, Timestamp::max)
    }

    fn check_copies_in_progress(&self, here: PlaceIx) -> Result<(), RdsError> {
        let quota = self.config.quotas.copies_in_progress;
        let copying = |status| status == SnapshotStatus::Copying;
        let running = self.place(here).snapshots.values().filter(|record| copying(record.shown.status)).count();
        if running < quota {
            return Ok(());
        }
        Err(RdsError::new(
            RdsErrorCode::SnapshotQuotaExceeded,
            format!("Cannot copy more than {quota} snapshots across regions"),
        ))
    }

    fn key_of_copy(
        &self,
        here: PlaceIx,
        from: PlaceIx,
        source: &DbClusterSnapshot,
        asked: Option<&str>,
    ) -> Result<Option<String>, RdsError> {
        let Some(source_key) = source.kms_key_id.as_deref() else {
            return match asked {
                None => Ok(None),
                Some(_) => Err(RdsError::invalid_combination(
                    "KmsKeyId can't be specified because the source snapshot isn't encrypted. Encrypt the DB cluster \
                     when you restore the snapshot instead.",
                )),
            };
        };
        self.check_source_key(&self.place(here).account, source_key)?;
        match asked {
            Some(asked) => self.usable_key(here, asked).map(Some),
            None if from == here => Ok(Some(source_key.to_owned())),
            None => Err(RdsError::invalid_combination(
                "KmsKeyId must be specified to copy an encrypted snapshot from another AWS Region or account.",
            )),
        }
    }
}

/// Tags named in the call, or those of the source if that is asked for.
fn tags_of_copy(
    input: &CopyDbClusterSnapshot,
    source: &DbClusterSnapshot,
    is_foreign: bool,
) -> Result<Vec<Tag>, RdsError> {
    if !input.tags.is_empty() || !input.copy_tags.unwrap_or(false) || is_foreign {
        return checked_tags(&input.tags);
    }
    checked_tags(&source.tag_list)
}
