//! The clusters that restores have made or may replace, and their instances: what they hold is production's.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ids::ClusterId,
    ports::{Cloud, Cluster, ClusterStatus, Instance, InstanceStatus, Location, RdsError},
    steps::OPERATION_TAG,
};

use super::super::super::{
    finding::{Finding, Seen, counted},
    site::Site,
};
use crate::{Level, Reach, Unlooked, policy::fits};

pub(super) async fn look(site: &Site<'_>) -> Reach<Seen> {
    site.rds.as_ref().then(|(cloud, location)| audit(site, *cloud, location)).await
}

async fn audit(site: &Site<'_>, cloud: &dyn Cloud, location: &Location) -> Seen {
    let rds = cloud.rds(location);
    let unlooked = |what: &str, error: &RdsError| {
        let why = Unlooked { reason: error.to_string(), mend: "aurora-restore doctor".to_owned() };
        super::of_part(what, why)
    };
    let clusters = match rds.clusters().await {
        Ok(clusters) => clusters,
        Err(error) => {
            return Seen { looked_at: "no cluster".to_owned(), findings: vec![unlooked("the clusters", &error)] };
        }
    };
    // That instances cannot be asked about hides nothing of their clusters.
    let (instances, unasked) = match rds.instances(None).await {
        Ok(instances) => (instances, None),
        Err(error) => (Vec::new(), Some(unlooked("the instances", &error))),
    };
    let targets = match &site.deployed {
        Reach::There(deployed) => deployed.stack.parameters.get("TargetClusters").map(String::as_str),
        Reach::NotHere(_) | Reach::Unreachable(_) => None,
    };
    let mut seen = judge(site, targets, &clusters, &instances);
    seen.findings.extend(unasked);
    seen
}

fn judge(site: &Site<'_>, targets: Option<&str>, clusters: &[Cluster], instances: &[Instance]) -> Seen {
    let is_target = |id: &ClusterId| targets.is_some_and(|pattern| fits(pattern, id.as_str()));
    let clusters = clusters.iter().filter(|cluster| cluster.status != ClusterStatus::Deleting);
    let clusters: Vec<&Cluster> =
        clusters.filter(|cluster| cluster.tags.contains_key(OPERATION_TAG) || is_target(&cluster.id)).collect();
    let ids: BTreeSet<&ClusterId> = clusters.iter().map(|cluster| &cluster.id).collect();
    let instances = instances.iter().filter(|instance| instance.status != InstanceStatus::Deleting);
    let is_theirs = |instance: &&Instance| {
        instance.tags.contains_key(OPERATION_TAG) || instance.cluster.as_ref().is_some_and(|id| ids.contains(id))
    };
    let instances: Vec<&Instance> = instances.filter(is_theirs).collect();
    let mut findings: Vec<Finding> =
        clusters.iter().filter(|cluster| !cluster.encrypted).map(|cluster| in_clear(site, &cluster.id)).collect();
    let public = instances.iter().filter(|instance| instance.settings.publicly_accessible == Some(true));
    findings.extend(public.map(|instance| public_instance(instance)));
    let looked_at = format!("{}, {}", counted(clusters.len(), "cluster"), counted(instances.len(), "instance"));
    Seen { looked_at, findings }
}

fn in_clear(site: &Site<'_>, id: &ClusterId) -> Finding {
    // Nothing encrypts a cluster that is there: only the one that is restored in its place.
    let words = if site.stack.is_some() { "plan --on-aws" } else { "plan" };
    let mend = format!("{}  # and restore so", site.command(&format!("{words} --set copy.kms-key=KEY")));
    Finding::new(Level::Warning, format!("the storage of cluster {id} is not encrypted"), mend)
}

fn public_instance(instance: &Instance) -> Finding {
    let id = &instance.id;
    let mend = format!(
        "aws rds modify-db-instance --db-instance-identifier {id} --no-publicly-accessible --apply-immediately"
    );
    let finding = Finding::new(Level::Error, format!("instance {id} has an address on the internet"), mend);
    match &instance.cluster {
        Some(cluster) => finding.with("cluster", cluster),
        None => finding,
    }
}
