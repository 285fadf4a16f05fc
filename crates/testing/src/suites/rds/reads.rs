//! What is read.

use aurora_restore_core::{
    ids::{AccountId, Arn},
    ports::{
        ClusterStatus, InstanceStatus, RdsErrorKind, SnapshotAddress, SnapshotKind, SnapshotQuery, SnapshotStatus,
    },
};

use super::{
    CLASS, CLUSTER, ENGINE, READER, RdsFixture, SNAPSHOT, WRITER, cluster_id, instance_id, named, refused, snapshot_id,
    source,
};
use crate::suites::{Case, holds, same};

pub(super) async fn cluster(fixture: &dyn RdsFixture) -> Case {
    let found = source(fixture).cluster(&cluster_id(CLUSTER)?).await?;
    same("its name", &found.id, &cluster_id(CLUSTER)?)?;
    same("its status", &found.status, &ClusterStatus::Available)?;
    same("its engine", &found.engine.as_str(), &ENGINE)?;
    holds("it has a version", found.engine_version.contains('.'))?;
    holds("it has a writer's endpoint", found.endpoint.as_ref().is_some_and(|endpoint| endpoint.port > 0))?;
    holds("it has a readers' endpoint", found.reader_endpoint.is_some())?;
    holds("its readers' endpoint is another one", found.endpoint != found.reader_endpoint)?;
    let writers: Vec<_> = found.members.iter().filter(|member| member.writer).collect();
    same("its members", &found.members.len(), &2)?;
    same("its writers", &writers.len(), &1)?;
    same("its writer", &writers.first().map(|writer| writer.instance.as_str()), &Some(WRITER))?;
    holds("it shows its parameter group", found.settings.parameter_group.is_some())?;
    holds("it is in no global database", !found.in_global_database)?;
    same("whether it is protected", &found.settings.deletion_protection, &Some(false))
}

pub(super) async fn lists(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let clusters = rds.clusters().await?;
    holds("the cluster is listed", clusters.iter().any(|cluster| cluster.id.as_str() == CLUSTER))?;
    let instances = rds.instances(Some(&cluster_id(CLUSTER)?)).await?;
    let mut names: Vec<&str> = instances.iter().map(|instance| instance.id.as_str()).collect();
    names.sort_unstable();
    same("its instances", &names, &vec![WRITER, READER])?;
    let all = rds.instances(None).await?;
    holds("they are among all instances", names.iter().all(|name| all.iter().any(|one| one.id.as_str() == *name)))?;
    let writer = rds.instance(&instance_id(WRITER)?).await?;
    same("the instance's cluster", &writer.cluster.map(|id| id.to_string()).as_deref(), &Some(CLUSTER))?;
    same("the instance's status", &writer.status, &InstanceStatus::Available)?;
    same("the instance's class", &writer.settings.class.as_deref(), &Some(CLASS))
}

pub(super) async fn not_found(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let kind = RdsErrorKind::NotFound;
    refused("a cluster", rds.cluster(&cluster_id("nobody")?).await, kind)?;
    refused("an instance", rds.instance(&instance_id("nobody")?).await, kind)?;
    refused("a snapshot", rds.snapshot(&named("nobody")?).await, kind)?;
    refused("the accounts of a snapshot", rds.snapshot_shared_with(&named("nobody")?).await, kind)?;
    refused("a cluster parameter group", rds.cluster_parameter_group("nobody").await, kind)?;
    refused("an instance parameter group", rds.instance_parameter_group("nobody").await, kind)?;
    refused("a subnet group", rds.subnet_group("nobody").await, kind)?;
    let instances = rds.instances(Some(&cluster_id("nobody")?)).await?;
    holds("a cluster that does not exist has no instances", instances.is_empty())
}

pub(super) async fn snapshots(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let found = rds.snapshot(&named(SNAPSHOT)?).await?;
    same("its name", &found.id, &snapshot_id(SNAPSHOT)?)?;
    same("its cluster", &found.cluster, &cluster_id(CLUSTER)?)?;
    same("its status", &found.status, &SnapshotStatus::Available)?;
    same("its kind", &found.kind, &SnapshotKind::Manual)?;
    same("its engine", &found.engine.as_str(), &ENGINE)?;
    same("its progress", &found.percent, &100)?;
    holds("it says when it was made", found.created_at.is_some())?;
    let by_arn = rds.snapshot(&SnapshotAddress::Arn(found.arn.clone())).await?;
    same("the one with its ARN", &by_arn.id, &found.id)?;
    let query = SnapshotQuery { cluster: Some(cluster_id(CLUSTER)?), kinds: vec![SnapshotKind::Manual] };
    let listed = rds.snapshots(&query).await?;
    holds("it is listed for its cluster", listed.iter().any(|one| one.id == found.id))?;
    holds("only its kind is listed", listed.iter().all(|one| one.kind == SnapshotKind::Manual))?;
    let gone = SnapshotQuery { cluster: Some(cluster_id("nobody")?), kinds: Vec::new() };
    holds("a cluster that does not exist has none", rds.snapshots(&gone).await?.is_empty())?;
    let account: Option<AccountId> = found.arn.account();
    same("its owner", &found.owner(), &account)?;
    let elsewhere = found.arn.as_str().replace(SNAPSHOT, "nobody");
    let nobody = SnapshotAddress::Arn(Arn::new(elsewhere)?);
    refused("an ARN of nothing", rds.snapshot(&nobody).await, RdsErrorKind::NotFound)
}

pub(super) async fn automated(fixture: &dyn RdsFixture) -> Case {
    let Some(id) = fixture.automated() else { return holds("the stage has an automated snapshot", false) };
    let rds = source(fixture);
    let found = rds.snapshot(&SnapshotAddress::Name(id.clone())).await?;
    same("its kind", &found.kind, &SnapshotKind::Automated)?;
    same("its name", &found.id, &id)?;
    let both = SnapshotQuery { cluster: Some(cluster_id(CLUSTER)?), kinds: Vec::new() };
    let listed = rds.snapshots(&both).await?;
    holds("without a kind it is listed, too", listed.iter().any(|one| one.id == id))?;
    holds("beside the manual one", listed.iter().any(|one| one.id.as_str() == SNAPSHOT))
}

pub(super) async fn catalogue(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let version = rds.cluster(&cluster_id(CLUSTER)?).await?.engine_version;
    let versions = rds.engine_versions(ENGINE).await?;
    let offered = versions.iter().find(|offered| offered.version == version);
    holds("the cluster's version is offered", offered.is_some())?;
    holds(
        "it has a family",
        offered.is_some_and(|offered| offered.parameter_group_family.starts_with("aurora-postgresql")),
    )?;
    let classes = rds.orderable_classes(ENGINE, &version).await?;
    holds("the instances' class can be ordered", classes.iter().any(|one| one.class == CLASS))?;
    holds("classes have zones", classes.iter().all(|one| !one.zones.is_empty()))?;
    let mut names: Vec<&str> = classes.iter().map(|one| one.class.as_str()).collect();
    names.dedup();
    same("each class is listed once", &names.len(), &classes.len())?;
    let quotas = rds.quotas().await?;
    for name in ["DBClusters", "DBInstances", "ManualClusterSnapshots"] {
        let quota = quotas.iter().find(|quota| quota.name == name);
        holds(name, quota.is_some_and(|quota| quota.used > 0 && quota.used <= quota.max))?;
    }
    Ok(())
}

pub(super) async fn groups(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let cluster = rds.cluster(&cluster_id(CLUSTER)?).await?;
    let name = cluster.settings.parameter_group.unwrap_or_default();
    let group = rds.cluster_parameter_group(&name).await?;
    same("its name", &group.name, &name)?;
    holds("its family", group.family.starts_with("aurora-postgresql"))?;
    let subnets = rds.subnet_group(&cluster.settings.subnet_group.unwrap_or_default()).await?;
    holds("it covers zones", subnets.zones.len() >= 2)?;
    let writer = rds.instance(&instance_id(WRITER)?).await?;
    let name = writer.settings.parameter_group.unwrap_or_default();
    same("the instances' group", &rds.instance_parameter_group(&name).await?.name, &name)
}

pub(super) async fn events(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let told = rds.recent_events(CLUSTER).await?;
    holds("something is told", !told.is_empty())?;
    let nothing = rds.recent_events("nobody").await?;
    holds("nothing is told of nobody", nothing.is_empty())
}
