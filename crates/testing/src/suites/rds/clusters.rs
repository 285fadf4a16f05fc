//! Clusters and instances that are made.

use aurora_restore_core::{
    ports::{
        Change, ClusterRestore, ClusterStatus, InstanceCreate, InstanceStatus, PointInTimeMethod, Rds, RdsErrorKind,
        RestoreSource, Tags,
    },
    settings::{ClusterSettings, InstanceSettings},
};

use super::{CLASS, CLUSTER, ENGINE, RdsFixture, SNAPSHOT, cluster_id, instance_id, named, refuses, source, until};
use crate::suites::{Broken, Case, holds, same};

fn tags() -> Tags {
    Tags::from([("suite".to_owned(), "restored".to_owned())])
}

/// A restore of the stage's snapshot or cluster in its own version.
async fn restore_of(rds: &dyn Rds, name: &str, source: RestoreSource) -> Result<ClusterRestore, Broken> {
    let engine_version = rds.cluster(&cluster_id(CLUSTER)?).await?.engine_version;
    Ok(ClusterRestore {
        cluster: cluster_id(name)?,
        source,
        engine: ENGINE.to_owned(),
        engine_version,
        kms_key: None,
        settings: ClusterSettings::default(),
        tags: tags(),
    })
}

/// Restores the stage's snapshot under a name and waits until the cluster is available.
pub(super) async fn restored(fixture: &dyn RdsFixture, name: &str) -> Case {
    let rds = source(fixture);
    let restore = restore_of(rds, name, RestoreSource::Snapshot(named(SNAPSHOT)?)).await?;
    rds.change(&Change::RestoreCluster(Box::new(restore))).await?;
    let id = cluster_id(name)?;
    until!(fixture, "the restore", available(rds, &id).await);
    Ok(())
}

async fn available(rds: &dyn Rds, id: &aurora_restore_core::ids::ClusterId) -> bool {
    rds.cluster(id).await.is_ok_and(|cluster| cluster.status == ClusterStatus::Available)
}

/// Makes an instance and waits until it is available.
pub(super) async fn instance_in(fixture: &dyn RdsFixture, cluster: &str, name: &str) -> Case {
    let rds = source(fixture);
    rds.change(&instance_change(cluster, name, CLASS)?).await?;
    let id = instance_id(name)?;
    let is_there = async || rds.instance(&id).await.is_ok_and(|instance| instance.status == InstanceStatus::Available);
    until!(fixture, "the instance", is_there().await);
    Ok(())
}

fn instance_change(cluster: &str, name: &str, class: &str) -> Result<Change, Broken> {
    Ok(Change::CreateInstance(Box::new(InstanceCreate {
        instance: instance_id(name)?,
        cluster: cluster_id(cluster)?,
        engine: ENGINE.to_owned(),
        settings: InstanceSettings { class: Some(class.to_owned()), ..InstanceSettings::default() },
        tags: tags(),
    })))
}

/// Deletes an empty cluster and waits until it is gone.
pub(super) async fn removed(fixture: &dyn RdsFixture, name: &str) -> Case {
    let rds = source(fixture);
    let delete = Change::DeleteCluster { cluster: cluster_id(name)?, final_snapshot: None };
    super::settled(fixture, rds, &delete).await?;
    let id = cluster_id(name)?;
    until!(fixture, "the deletion", rds.cluster(&id).await.is_err_and(|error| error.is_not_found()));
    Ok(())
}

pub(super) async fn restore(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let mut restore = restore_of(rds, "suite-restored", RestoreSource::Snapshot(named(SNAPSHOT)?)).await?;
    restore.settings.copy_tags_to_snapshot = Some(true);
    restore.settings.deletion_protection = Some(false);
    let change = Change::RestoreCluster(Box::new(restore));
    rds.change(&change).await?;
    refuses("a second cluster of that name", rds, &change, RdsErrorKind::AlreadyExists).await?;
    let id = cluster_id("suite-restored")?;
    until!(fixture, "the restore", available(rds, &id).await);
    let made = rds.cluster(&id).await?;
    same("its tags", &made.tags, &tags())?;
    same("its members", &made.members, &Vec::new())?;
    same("a setting", &made.settings.copy_tags_to_snapshot, &Some(true))?;
    let origin = rds.cluster(&cluster_id(CLUSTER)?).await?;
    same("its master user", &made.master_username, &origin.master_username)?;
    holds("it is another cluster", made.resource_id != origin.resource_id)?;
    removed(fixture, "suite-restored").await
}

pub(super) async fn refused_restores(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let unknown = restore_of(rds, "suite-refused", RestoreSource::Snapshot(named("nobody")?)).await?;
    let change = Change::RestoreCluster(Box::new(unknown));
    refuses("a restore of nothing", rds, &change, RdsErrorKind::ReferenceNotFound).await?;
    let mut version = restore_of(rds, "suite-refused", RestoreSource::Snapshot(named(SNAPSHOT)?)).await?;
    version.engine_version = "9.1".to_owned();
    let change = Change::RestoreCluster(Box::new(version));
    refuses("a version that is not offered", rds, &change, RdsErrorKind::InvalidRequest).await?;
    let mut group = restore_of(rds, "suite-refused", RestoreSource::Snapshot(named(SNAPSHOT)?)).await?;
    group.settings.parameter_group = Some("nobody".to_owned());
    let change = Change::RestoreCluster(Box::new(group));
    refuses("a parameter group that does not exist", rds, &change, RdsErrorKind::ReferenceNotFound).await
}

pub(super) async fn instances(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    restored(fixture, "suite-peopled").await?;
    instance_in(fixture, "suite-peopled", "suite-peopled-1").await?;
    instance_in(fixture, "suite-peopled", "suite-peopled-2").await?;
    let made = rds.cluster(&cluster_id("suite-peopled")?).await?;
    let writers: Vec<&str> =
        made.members.iter().filter(|member| member.writer).map(|member| member.instance.as_str()).collect();
    same("its writers", &writers, &vec!["suite-peopled-1"])?;
    same("its members", &made.members.len(), &2)?;
    holds("it has an endpoint", made.endpoint.is_some())?;
    let first = rds.instance(&instance_id("suite-peopled-1")?).await?;
    same("the instance's tags", &first.tags, &tags())?;
    let again = instance_change("suite-peopled", "suite-peopled-1", CLASS)?;
    refuses("a second instance of that name", rds, &again, RdsErrorKind::AlreadyExists).await?;
    let lonely = instance_change("nobody", "suite-lonely", CLASS)?;
    refuses("an instance of no cluster", rds, &lonely, RdsErrorKind::ReferenceNotFound).await
}

pub(super) async fn unknown_class(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let strange = instance_change(CLUSTER, "suite-strange", "db.none.huge")?;
    refuses("a class that does not exist", rds, &strange, RdsErrorKind::InvalidRequest).await
}

pub(super) async fn clone(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let latest = RestoreSource::LatestOf { cluster: cluster_id(CLUSTER)?, method: PointInTimeMethod::Clone };
    let restore = restore_of(rds, "suite-clone", latest).await?;
    super::settled(fixture, rds, &Change::RestoreCluster(Box::new(restore))).await?;
    let id = cluster_id("suite-clone")?;
    until!(fixture, "the clone", available(rds, &id).await);
    same("its tags", &rds.cluster(&id).await?.tags, &tags())?;
    let nobody = RestoreSource::LatestOf { cluster: cluster_id("nobody")?, method: PointInTimeMethod::Clone };
    let unknown = Change::RestoreCluster(Box::new(restore_of(rds, "suite-clone-2", nobody).await?));
    refuses("a clone of nothing", rds, &unknown, RdsErrorKind::ReferenceNotFound).await?;
    removed(fixture, "suite-clone").await
}

pub(super) async fn full_copy(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let latest = RestoreSource::LatestOf { cluster: cluster_id(CLUSTER)?, method: PointInTimeMethod::FullCopy };
    let restore = restore_of(rds, "suite-full", latest).await?;
    super::settled(fixture, rds, &Change::RestoreCluster(Box::new(restore))).await?;
    let id = cluster_id("suite-full")?;
    until!(fixture, "the copy", available(rds, &id).await);
    removed(fixture, "suite-full").await
}

/// A restore of the stage's cluster as it was at a time.
async fn as_of(rds: &dyn Rds, at: jiff::Timestamp) -> Result<Change, Broken> {
    let source = RestoreSource::PointInTime { cluster: cluster_id(CLUSTER)?, at };
    Ok(Change::RestoreCluster(Box::new(restore_of(rds, "suite-then", source).await?)))
}

pub(super) async fn too_early(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let Some(earliest) = rds.cluster(&cluster_id(CLUSTER)?).await?.earliest_restorable else {
        return holds("the cluster shows its first restorable time", false);
    };
    let early = as_of(rds, earliest - jiff::SignedDuration::from_hours(24 * 30)).await?;
    refuses("a time before the first", rds, &early, RdsErrorKind::InvalidRequest).await
}

pub(super) async fn point_in_time(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let Some(latest) = rds.cluster(&cluster_id(CLUSTER)?).await?.latest_restorable else {
        return holds("the cluster shows its last restorable time", false);
    };
    super::settled(fixture, rds, &as_of(rds, latest).await?).await?;
    let id = cluster_id("suite-then")?;
    until!(fixture, "the restore", available(rds, &id).await);
    removed(fixture, "suite-then").await
}
