//! What the cluster of a drill takes from the cluster that serves, so that what is rehearsed is the restore that would be made.

use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::{Arn, ClusterId, InvalidId, KmsKey, Region, derived_name},
    operation::Failure,
    plan::PlanError,
    ports::{Cloud, Cluster, Instance, Location, RdsError, RdsErrorKind, Side, SnapshotAddress},
    request::{Request, SourceSelector, Strategy},
    steps::failure_of_rds,
};

/// The request of a drill: the same restore under a name of its own, with the settings that the target has today. Only reads.
///
/// # Errors
/// [`PlanError::Failed`] where RDS does not say what the target is like.
pub async fn isolated(cloud: &dyn Cloud, mut request: Request) -> Result<Request, PlanError> {
    let failed = |error: RdsError| PlanError::Failed(failure_of_rds(&error));
    let location = Location { side: Side::Target, region: request.target.region.clone() };
    let rds = cloud.rds(&location);
    let target = request.target.cluster.clone();
    match rds.cluster(&target).await {
        Ok(cluster) => take_after(&mut request, &cluster, &rds.instances(Some(&target)).await.map_err(failed)?),
        // The first restore of all is rehearsed with what the request says.
        Err(error) if error.kind == RdsErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    request.target.cluster =
        target_of(&target).map_err(|error| Failure::terminal(ErrorCode::Internal, error.to_string()))?;
    // The name is free, so the switch is rehearsed and there is nobody to switch away.
    request.strategy = Strategy::Swap;
    // It is deleted again as soon as it is proven.
    request.settings.deletion_protection = Some(false);
    Ok(request)
}

/// Why a restore cannot do without the source's Region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("without Region {lost} {reason}")]
pub struct SourceIsLost {
    lost: Region,
    reason: &'static str,
}

/// The same request after the source's Region was lost: the snapshot is looked for in the target's Region, where somebody has to have
/// copied it before.
///
/// # Errors
/// [`SourceIsLost`] where nothing can be left to restore from.
pub fn without_source_region(mut request: Request) -> Result<Request, SourceIsLost> {
    let lost = std::mem::replace(&mut request.source.region, request.target.region.clone());
    let reason = match &request.source.selector {
        _ if lost == request.target.region => Some("the target is lost, too: give a target in another Region"),
        SourceSelector::PointInTime { .. } | SourceSelector::Clone { .. } => {
            Some("its cluster is lost, too: name snapshots, by their cluster or their date")
        }
        SourceSelector::Snapshot(SnapshotAddress::Arn(arn)) if arn.region().as_ref() == Some(&lost) => {
            Some("the snapshot is lost, too: name one of the target's Region")
        }
        SourceSelector::Snapshot(_) | SourceSelector::ByDate { .. } | SourceSelector::LatestOf { .. } => None,
    };
    // A key of the lost Region is lost with it; a copy that can be shared as it is needs none.
    let is_lost = |key: &KmsKey| Arn::new(key.as_str()).is_ok_and(|arn| arn.region().as_ref() == Some(&lost));
    request.copy.source_kms_key = request.copy.source_kms_key.filter(|key| !is_lost(key));
    match reason {
        Some(reason) => Err(SourceIsLost { lost, reason }),
        None => Ok(request),
    }
}

/// The name that a drill restores under.
///
/// # Errors
/// [`InvalidId`] never in practice: a name that is too long is shortened.
pub fn target_of(target: &ClusterId) -> Result<ClusterId, InvalidId> {
    ClusterId::new(derived_name(target.as_str(), "drill"))
}

fn take_after(request: &mut Request, cluster: &Cluster, instances: &[Instance]) {
    request.settings = cluster.settings.clone().overridden_by(&request.settings);
    let is_writer =
        |instance: &&Instance| cluster.members.iter().any(|member| member.writer && member.instance == instance.id);
    let Some(pattern) = instances.iter().find(is_writer).or(instances.first()) else { return };
    let mut settings = pattern.settings.clone();
    // Those of one instance are not those of all.
    (settings.zone, settings.promotion_tier) = (None, None);
    request.instances.settings = settings.overridden_by(&request.instances.settings);
    request.instances.count = request.instances.count.or_else(|| u8::try_from(instances.len()).ok());
}
