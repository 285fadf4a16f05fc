//! What the cluster of a drill takes from the cluster that serves, so that what is rehearsed is the restore that would be made.

use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::{ClusterId, InvalidId, derived_name},
    operation::Failure,
    plan::PlanError,
    ports::{Cloud, Cluster, Instance, Location, RdsError, RdsErrorKind, Side},
    request::{Request, Strategy},
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
