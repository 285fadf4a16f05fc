//! Changes of what is there: settings, names, tags, and the end.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ids::Arn,
    ports::{Change, ClusterModify, ClusterStatus, InstanceModify, InstanceStatus, RdsErrorKind, SnapshotStatus, Tags},
    secret::Secret,
};

use super::{
    CLUSTER, RdsFixture, WRITER, cluster_id,
    clusters::{instance_in, removed, restored},
    instance_id, named, refuses, settled, snapshot_id, source, until,
};
use crate::suites::{Case, holds, same};

pub(super) async fn settings(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    restored(fixture, "suite-set").await?;
    let id = cluster_id("suite-set")?;
    let modify = ClusterModify {
        backup_retention_days: Some(7),
        backup_window: Some("02:00-02:30".to_owned()),
        maintenance_window: Some("sun:03:00-sun:03:30".to_owned()),
        copy_tags_to_snapshot: Some(true),
        iam_authentication: Some(true),
        enable_log_exports: vec!["postgresql".to_owned()],
        ..ClusterModify::of(id.clone())
    };
    settled(fixture, rds, &Change::ModifyCluster(Box::new(modify))).await?;
    until!(fixture, "the end of the change", rds.cluster(&id).await?.status == ClusterStatus::Available);
    let found = rds.cluster(&id).await?.settings;
    same("the retention", &found.backup_retention_days, &Some(7))?;
    same("the backup window", &found.backup_window.as_deref(), &Some("02:00-02:30"))?;
    same("the maintenance window", &found.maintenance_window.as_deref(), &Some("sun:03:00-sun:03:30"))?;
    same("the tags of snapshots", &found.copy_tags_to_snapshot, &Some(true))?;
    same("the logins by IAM", &found.iam_authentication, &Some(true))?;
    same("the exports", &found.log_exports, &Some(BTreeSet::from(["postgresql".to_owned()])))?;
    let nobody = ClusterModify { backup_retention_days: Some(7), ..ClusterModify::of(cluster_id("nobody")?) };
    refuses("a change of nothing", rds, &Change::ModifyCluster(Box::new(nobody)), RdsErrorKind::NotFound).await?;
    removed(fixture, "suite-set").await
}

pub(super) async fn instance(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let id = instance_id(WRITER)?;
    let modify = |name: &str| -> Result<Change, super::Broken> {
        Ok(Change::ModifyInstance(Box::new(InstanceModify {
            instance: instance_id(name)?,
            parameter_group: None,
            promotion_tier: Some(3),
            maintenance_window: Some("mon:03:00-mon:03:30".to_owned()),
            auto_minor_version_upgrade: Some(false),
            ca_certificate: None,
        })))
    };
    settled(fixture, rds, &modify(WRITER)?).await?;
    until!(fixture, "the end of the change", rds.instance(&id).await?.status == InstanceStatus::Available);
    let found = rds.instance(&id).await?.settings;
    same("the tier", &found.promotion_tier, &Some(3))?;
    same("the window", &found.maintenance_window.as_deref(), &Some("mon:03:00-mon:03:30"))?;
    same("upgrades", &found.auto_minor_version_upgrade, &Some(false))?;
    refuses("a change of nothing", rds, &modify("nobody")?, RdsErrorKind::NotFound).await?;
    settled(fixture, rds, &Change::RebootInstance { instance: id.clone() }).await?;
    until!(fixture, "the end of the reboot", rds.instance(&id).await?.status == InstanceStatus::Available);
    Ok(())
}

pub(super) async fn password(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let id = cluster_id(CLUSTER)?;
    let change = |password: &str| {
        let modify = ClusterModify { master_password: Some(Secret::new(password)), ..ClusterModify::of(id.clone()) };
        Change::ModifyCluster(Box::new(modify))
    };
    refuses("a password that is too short", rds, &change("short"), RdsErrorKind::InvalidRequest).await?;
    settled(fixture, rds, &change("A-new-Password-1")).await?;
    until!(fixture, "the end of the change", rds.cluster(&id).await?.status == ClusterStatus::Available);
    Ok(())
}

pub(super) async fn protection(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    restored(fixture, "suite-protected").await?;
    let id = cluster_id("suite-protected")?;
    let protect = |on| {
        let modify = ClusterModify { deletion_protection: Some(on), ..ClusterModify::of(id.clone()) };
        Change::ModifyCluster(Box::new(modify))
    };
    settled(fixture, rds, &protect(true)).await?;
    same("its protection", &rds.cluster(&id).await?.settings.deletion_protection, &Some(true))?;
    let delete = Change::DeleteCluster { cluster: id.clone(), final_snapshot: None };
    refuses("its deletion", rds, &delete, RdsErrorKind::InvalidRequest).await?;
    settled(fixture, rds, &protect(false)).await?;
    removed(fixture, "suite-protected").await
}

pub(super) async fn roles(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let role = Arn::new("arn:aws:iam::111111111111:role/import")?;
    let add = |cluster: &str| -> Result<Change, super::Broken> {
        Ok(Change::AddRole { cluster: cluster_id(cluster)?, role: role.clone(), feature: Some("s3Import".to_owned()) })
    };
    rds.change(&add(CLUSTER)?).await?;
    let found = rds.cluster(&cluster_id(CLUSTER)?).await?.settings.roles.unwrap_or_default();
    same("its role", &found.get(&role), &Some(&Some("s3Import".to_owned())))?;
    refuses("the same role again", rds, &add(CLUSTER)?, RdsErrorKind::AlreadyExists).await?;
    refuses("a role of nobody", rds, &add("nobody")?, RdsErrorKind::NotFound).await
}

pub(super) async fn tags(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let cluster = rds.cluster(&cluster_id(CLUSTER)?).await?;
    let instance = rds.instance(&instance_id(WRITER)?).await?;
    let snapshot = rds.snapshot(&named(super::SNAPSHOT)?).await?;
    let set = Tags::from([("suite-one".to_owned(), "1".to_owned()), ("suite-two".to_owned(), "2".to_owned())]);
    for resource in [&cluster.arn, &instance.arn, &snapshot.arn] {
        rds.change(&Change::AddTags { resource: resource.clone(), tags: set.clone() }).await?;
        let keys = vec!["suite-two".to_owned(), "suite-never-set".to_owned()];
        rds.change(&Change::RemoveTags { resource: resource.clone(), keys }).await?;
    }
    let shown = [
        rds.cluster(&cluster.id).await?.tags,
        rds.instance(&instance.id).await?.tags,
        rds.snapshot(&named(super::SNAPSHOT)?).await?.tags,
    ];
    for tags in shown {
        same("a tag that was set", &tags.get("suite-one").map(String::as_str), &Some("1"))?;
        same("a tag that was removed", &tags.get("suite-two"), &None)?;
    }
    Ok(())
}

pub(super) async fn tags_of_nobody(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let cluster = rds.cluster(&cluster_id(CLUSTER)?).await?;
    let nobody = Arn::new(cluster.arn.as_str().replace(":cluster:suite", ":cluster:nobody"))?;
    let tags = Tags::from([("suite-one".to_owned(), "1".to_owned())]);
    refuses("tags of nobody", rds, &Change::AddTags { resource: nobody, tags }, RdsErrorKind::NotFound).await
}

pub(super) async fn taken_names(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let taken = Change::RenameCluster { from: cluster_id("suite-peopled")?, to: cluster_id(CLUSTER)? };
    refuses("a cluster's name that is taken", rds, &taken, RdsErrorKind::AlreadyExists).await?;
    let taken = Change::RenameInstance { from: instance_id("suite-peopled-2")?, to: instance_id(WRITER)? };
    refuses("an instance's name that is taken", rds, &taken, RdsErrorKind::AlreadyExists).await
}

pub(super) async fn rename_cluster(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let (old, new) = (cluster_id("suite-peopled")?, cluster_id("suite-renamed")?);
    let before = rds.cluster(&old).await?;
    settled(fixture, rds, &Change::RenameCluster { from: old.clone(), to: new.clone() }).await?;
    until!(fixture, "the new name", rds.cluster(&new).await.is_ok_and(|it| it.status == ClusterStatus::Available));
    until!(fixture, "the end of the old name", rds.cluster(&old).await.is_err_and(|error| error.is_not_found()));
    let after = rds.cluster(&new).await?;
    same("its identity", &after.resource_id, &before.resource_id)?;
    holds("its ARN follows", after.arn.as_str().ends_with(":cluster:suite-renamed"))?;
    holds("its endpoint follows", after.endpoint.is_some() && after.endpoint != before.endpoint)?;
    same("its members stay", &after.members.len(), &before.members.len())?;
    let nobody = Change::RenameCluster { from: old, to: cluster_id("suite-other")? };
    refuses("a rename of nobody", rds, &nobody, RdsErrorKind::NotFound).await
}

pub(super) async fn rename_instance(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let (old, new) = (instance_id("suite-peopled-2")?, instance_id("suite-renamed-2")?);
    let before = rds.instance(&old).await?;
    settled(fixture, rds, &Change::RenameInstance { from: old.clone(), to: new.clone() }).await?;
    until!(fixture, "the new name", rds.instance(&new).await.is_ok_and(|it| it.status == InstanceStatus::Available));
    until!(fixture, "the end of the old name", rds.instance(&old).await.is_err_and(|error| error.is_not_found()));
    let after = rds.instance(&new).await?;
    same("its identity", &after.resource_id, &before.resource_id)?;
    let cluster = rds.cluster(&cluster_id("suite-renamed")?).await?;
    holds("its cluster knows it", cluster.members.iter().any(|member| member.instance == new))
}

pub(super) async fn delete(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    restored(fixture, "suite-ending").await?;
    instance_in(fixture, "suite-ending", "suite-ending-1").await?;
    let delete = Change::DeleteCluster {
        cluster: cluster_id("suite-ending")?,
        final_snapshot: Some(snapshot_id("suite-ending-final")?),
    };
    refuses("a cluster with instances", rds, &delete, RdsErrorKind::InvalidState).await?;
    let instance = Change::DeleteInstance { instance: instance_id("suite-ending-1")? };
    settled(fixture, rds, &instance).await?;
    let id = instance_id("suite-ending-1")?;
    until!(fixture, "the end of the instance", rds.instance(&id).await.is_err_and(|error| error.is_not_found()));
    refuses("an instance that is gone", rds, &instance, RdsErrorKind::NotFound).await?;
    settled(fixture, rds, &delete).await?;
    let id = cluster_id("suite-ending")?;
    until!(fixture, "the end of the cluster", rds.cluster(&id).await.is_err_and(|error| error.is_not_found()));
    refuses("a cluster that is gone", rds, &delete, RdsErrorKind::NotFound).await?;
    let last = rds.snapshot(&named("suite-ending-final")?).await?;
    same("its final snapshot", &last.status, &SnapshotStatus::Available)
}
