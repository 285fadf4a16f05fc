//! What would be refused, found before anything is changed. Pure: each check looks at what was observed.

use crate::{
    catalogue::ErrorCode,
    ids::OperationId,
    operation::Failure,
    plan::{CopyHop, Finding, Names, Severity, crossing::crossing, observe::Observed},
    ports::{Cluster, ClusterStatus, Snapshot, SnapshotStatus},
    request::{FinalSnapshot, Request, SourceSelector, Strategy},
    settings::user_tags,
    steps::{OPERATION_TAG, TARGET_TAG},
};

/// All findings, the refusals first.
pub(super) fn findings(request: &Request, observed: &Observed, operation: &OperationId) -> Vec<Finding> {
    let mut findings = Vec::new();
    source(&mut findings, request, observed);
    if let Ok(Some(_)) = &observed.snapshot {
        findings.extend(crossing(&request.source.region, &request.target.region));
    }
    version(&mut findings, request, observed);
    groups(&mut findings, request, observed);
    instances(&mut findings, request, observed);
    target(&mut findings, request, observed, operation);
    secrets(&mut findings, observed);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn refuse(findings: &mut Vec<Finding>, code: ErrorCode, message: String) {
    findings.push(Finding { code, severity: Severity::Refusal, message, hint: None });
}

fn refuse_with_hint(findings: &mut Vec<Finding>, code: ErrorCode, message: String, hint: &str) {
    findings.push(Finding { code, severity: Severity::Refusal, message, hint: Some(hint.to_owned()) });
}

fn warn(findings: &mut Vec<Finding>, code: ErrorCode, message: String, hint: &str) {
    findings.push(Finding { code, severity: Severity::Warning, message, hint: Some(hint.to_owned()) });
}

/// A failure that came up while looking becomes a finding.
pub(super) fn of_failure(failure: &Failure) -> Finding {
    Finding {
        code: failure.code,
        severity: Severity::Refusal,
        message: failure.message.clone(),
        hint: failure.hints.first().cloned(),
    }
}

fn source(findings: &mut Vec<Finding>, request: &Request, observed: &Observed) {
    match &observed.snapshot {
        Err(failure) => findings.push(of_failure(failure)),
        Ok(Some(snapshot)) => snapshot_usable(findings, snapshot),
        Ok(None) => running_source(findings, request, observed),
    }
}

fn snapshot_usable(findings: &mut Vec<Finding>, snapshot: &Snapshot) {
    if !snapshot.engine.starts_with("aurora") {
        refuse_with_hint(
            findings,
            ErrorCode::SnapshotNotUsable,
            format!("snapshot {} is of engine {} and not of an Aurora cluster", snapshot.id, snapshot.engine),
            "Name a snapshot of an Aurora cluster. RDS restores this one only as what it was taken of.",
        );
    } else if snapshot.engine != "aurora-postgresql" {
        refuse_with_hint(
            findings,
            ErrorCode::SnapshotNotUsable,
            format!("snapshot {} is of engine {}", snapshot.id, snapshot.engine),
            "Only Aurora PostgreSQL can be verified yet.",
        );
    }
    if snapshot.status != SnapshotStatus::Available {
        refuse(
            findings,
            ErrorCode::SnapshotNotUsable,
            format!("snapshot {} is `{}`", snapshot.id, snapshot.status.word()),
        );
    }
}

fn running_source(findings: &mut Vec<Finding>, request: &Request, observed: &Observed) {
    let (SourceSelector::PointInTime { cluster, .. } | SourceSelector::Clone { cluster }) = &request.source.selector
    else {
        return;
    };
    if observed.source_account != observed.target_account || request.source.region != request.target.region {
        refuse_with_hint(
            findings,
            ErrorCode::SnapshotAccess,
            format!("cluster {cluster} cannot be cloned or restored to a point in time across accounts or Regions"),
            "Restore from a snapshot instead.",
        );
        return;
    }
    let Some(running) = &observed.running else {
        refuse(findings, ErrorCode::SnapshotNotFound, format!("there is no cluster {cluster}"));
        return;
    };
    if running.status != ClusterStatus::Available && running.status != ClusterStatus::BackingUp {
        refuse(
            findings,
            ErrorCode::SnapshotNotUsable,
            format!("source cluster {cluster} is `{}`", running.status.word()),
        );
    }
    if let SourceSelector::Clone { .. } = &request.source.selector
        && running.members.is_empty()
    {
        refuse(
            findings,
            ErrorCode::SnapshotNotUsable,
            format!("source cluster {cluster} has no instance, and only a running cluster can be cloned"),
        );
    }
    if let SourceSelector::PointInTime { at: Some(at), .. } = &request.source.selector {
        let early = running.earliest_restorable.is_some_and(|earliest| *at < earliest);
        let late = running.latest_restorable.is_some_and(|latest| *at > latest);
        if early || late {
            let shown = |time: Option<jiff::Timestamp>| time.map_or_else(|| "unknown".to_owned(), |t| t.to_string());
            refuse(
                findings,
                ErrorCode::SnapshotNotUsable,
                format!(
                    "{at} is outside of what cluster {cluster} can be restored to: {} to {}",
                    shown(running.earliest_restorable),
                    shown(running.latest_restorable)
                ),
            );
        }
    }
}

/// Compares versions such as `16.4` number by number; what is not a number counts as 0.
fn is_older(version: &str, than: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').map(|part| part.parse().unwrap_or(0)).collect() };
    numbers(version) < numbers(than)
}

fn version(findings: &mut Vec<Finding>, request: &Request, observed: &Observed) {
    let Some((engine, of_source)) = observed.engine() else { return };
    let wished = request.engine_version.as_deref().unwrap_or(of_source);
    if is_older(wished, of_source) {
        refuse_with_hint(
            findings,
            ErrorCode::Preflight,
            format!("engine version {wished} is older than the source's {of_source}"),
            "Leave `restore.engine-version` out, or give the source's version or a newer one.",
        );
    }
    if !observed.engine_versions.is_empty() && !observed.engine_versions.iter().any(|v| v.version == wished) {
        let offered: Vec<&str> = observed.engine_versions.iter().map(|v| v.version.as_str()).collect();
        refuse_with_hint(
            findings,
            ErrorCode::Preflight,
            format!("{engine} {wished} is not offered in {}", request.target.region),
            &format!("Set `restore.engine-version` to one of {}.", offered.join(", ")),
        );
    }
}

fn groups(findings: &mut Vec<Finding>, request: &Request, observed: &Observed) {
    let settings = observed.settings(request);
    let wished = request.engine_version.as_deref().or(observed.engine().map(|(_, version)| version));
    let family = observed
        .engine_versions
        .iter()
        .find(|offered| Some(offered.version.as_str()) == wished)
        .map(|offered| offered.parameter_group_family.as_str());
    let region = &request.target.region;
    if let Some(name) = &settings.parameter_group {
        let found = observed.cluster_parameter_group.as_ref().map(|group| group.family.as_str());
        group_fits(findings, &format!("cluster parameter group {name}"), found, family, region.as_str());
    }
    for (name, group) in &observed.instance_parameter_groups {
        let found = group.as_ref().map(|group| group.family.as_str());
        group_fits(findings, &format!("instance parameter group {name}"), found, family, region.as_str());
    }
    if let Some(name) = &settings.subnet_group
        && observed.subnet_group.is_none()
    {
        refuse(findings, ErrorCode::Preflight, format!("subnet group {name} does not exist in {region}"));
    }
}

fn group_fits(findings: &mut Vec<Finding>, what: &str, found: Option<&str>, needed: Option<&str>, region: &str) {
    match (found, needed) {
        (None, _) => refuse_with_hint(
            findings,
            ErrorCode::Preflight,
            format!("{what} does not exist in {region}"),
            "Parameter groups do not travel with a snapshot: create it there, or name another one.",
        ),
        (Some(found), Some(needed)) if found != needed => {
            refuse(findings, ErrorCode::Preflight, format!("{what} is of family {found} and must be of {needed}"));
        }
        (Some(_), _) => {}
    }
}

fn instances(findings: &mut Vec<Finding>, request: &Request, observed: &Observed) {
    let settings = observed.instance_settings(request);
    if settings.is_empty() || settings.len() > 16 {
        refuse(
            findings,
            ErrorCode::Preflight,
            format!("{} instances were asked for: a cluster has 1 to 16", settings.len()),
        );
    }
    let mut told: Vec<&str> = Vec::new();
    for one in &settings {
        match one.class.as_deref() {
            None => {
                let target = match observed.existing(&request.target.cluster) {
                    Some(_) => "the target has no instances",
                    None => "the target does not exist",
                };
                refuse_with_hint(
                    findings,
                    ErrorCode::Preflight,
                    format!("no instance class is known: {target} and the request names none"),
                    "Set `instances.class`, for example to db.r6g.large.",
                );
                return;
            }
            Some(class) if told.contains(&class) => {}
            Some(class) => {
                told.push(class);
                orderable(findings, observed, class, request.target.region.as_str());
            }
        }
        if one.class.as_deref() == Some("db.serverless")
            && observed.settings(request).serverless_scaling.is_none()
            && !told.contains(&"(scaling)")
        {
            told.push("(scaling)");
            refuse_with_hint(
                findings,
                ErrorCode::Preflight,
                "db.serverless needs a capacity, which a restore does not bring back".to_owned(),
                "Set `cluster.serverless-min-acus` and `cluster.serverless-max-acus`.",
            );
        }
    }
}

fn orderable(findings: &mut Vec<Finding>, observed: &Observed, class: &str, region: &str) {
    if observed.orderable.is_empty() || observed.orderable.iter().any(|one| one.class == class) {
        return;
    }
    let offered: Vec<&str> = observed.orderable.iter().map(|one| one.class.as_str()).collect();
    refuse_with_hint(
        findings,
        ErrorCode::Preflight,
        format!("instance class {class} cannot be ordered for this version in {region}"),
        &format!("Set `instances.class` to one of {}.", offered.join(", ")),
    );
}

fn target(findings: &mut Vec<Finding>, request: &Request, observed: &Observed, operation: &OperationId) {
    if let Some(holder) = observed.holder.as_ref().filter(|holder| *holder != operation) {
        refuse_with_hint(
            findings,
            ErrorCode::TargetBusy,
            format!("operation {holder} is already working on {}", request.target.cluster),
            &format!("See `aurora-restore status {holder}`."),
        );
    }
    let Some((existing, _)) = observed.existing(&request.target.cluster) else {
        if request.strategy == Strategy::Replace {
            warn(
                findings,
                ErrorCode::TargetChanged,
                format!("no cluster is named {}: there is nothing to replace", request.target.cluster),
                "The cluster is restored under the name.",
            );
        }
        return;
    };
    target_is_ours(findings, request, existing);
    if request.strategy == Strategy::SideBySide {
        return;
    }
    if existing.in_global_database {
        refuse(findings, ErrorCode::TargetUnfit, format!("cluster {} is a member of a global database", existing.id));
    }
    if existing.status != ClusterStatus::Available && existing.status != ClusterStatus::BackingUp {
        refuse(findings, ErrorCode::TargetUnfit, format!("cluster {} is `{}`", existing.id, existing.status.word()));
    }
    if request.strategy == Strategy::Replace && existing.settings.deletion_protection == Some(true) {
        refuse(findings, ErrorCode::TargetProtected, format!("cluster {} is protected against deletion", existing.id));
    }
    if let Some((engine, _)) = observed.engine()
        && engine != existing.engine
    {
        refuse(
            findings,
            ErrorCode::TargetUnfit,
            format!("cluster {} runs {} and the source is {engine}", existing.id, existing.engine),
        );
    }
}

fn target_is_ours(findings: &mut Vec<Finding>, request: &Request, existing: &Cluster) {
    let tags = user_tags(&existing.tags);
    for (key, value) in &request.target.require_tags {
        if tags.get(key) != Some(value) {
            let found = tags.get(key).map_or_else(|| "missing".to_owned(), |found| format!("`{found}`"));
            refuse(
                findings,
                ErrorCode::TargetNotOurs,
                format!("cluster {} must bear tag {key}=`{value}`, which is {found}", existing.id),
            );
        }
    }
    // A cluster that an operation made for another name is staged or retired there, and not a target of its own.
    if let (Some(operation), Some(target)) = (existing.tags.get(OPERATION_TAG), existing.tags.get(TARGET_TAG))
        && target != request.target.cluster.as_str()
        && request.strategy != Strategy::SideBySide
    {
        refuse(
            findings,
            ErrorCode::TargetNotOurs,
            format!("cluster {} was made by operation {operation} for target {target}", existing.id),
        );
    }
}

fn secrets(findings: &mut Vec<Finding>, observed: &Observed) {
    let failures =
        [observed.master.as_ref().err(), observed.users.as_ref().err(), observed.source_master.as_ref().err()];
    findings.extend(failures.into_iter().flatten().map(of_failure));
    let Ok(master) = &observed.master else { return };
    let of_source = match (&observed.snapshot, &observed.running) {
        (Ok(Some(snapshot)), _) => snapshot.master_username.as_deref(),
        (_, Some(running)) => running.master_username.as_deref(),
        _ => None,
    };
    if let Some(of_source) = of_source.filter(|of_source| *of_source != master.username) {
        refuse_with_hint(
            findings,
            ErrorCode::SecretMalformed,
            format!("the master secret's user is not the source's master user `{of_source}`"),
            "RDS cannot change the master user in a restore: put the source's name into the secret.",
        );
    }
    if let Ok(users) = &observed.users {
        for role in users.application.iter().chain(&users.readonly) {
            if role.username == master.username {
                refuse(
                    findings,
                    ErrorCode::SecretMalformed,
                    format!("role `{}` in the users' secret is the master user", role.username),
                );
            }
        }
    }
    if let Ok(Some(source)) = &observed.source_master
        && source.username == master.username
        && source.password == master.password
    {
        refuse_with_hint(
            findings,
            ErrorCode::SecretMalformed,
            "the new master password is the source's".to_owned(),
            "Give the new cluster a password of its own.",
        );
    }
}

/// Checks that need the names and the way of the snapshot.
pub(super) fn findings_of_names(
    request: &Request,
    observed: &Observed,
    names: &Names,
    hops: &[CopyHop],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    keys(&mut findings, request, hops);
    quotas(&mut findings, request, observed, names, hops);
    taken(&mut findings, request, observed, names);
    findings
}

fn keys(findings: &mut Vec<Finding>, request: &Request, hops: &[CopyHop]) {
    for hop in hops {
        let region = hop
            .kms_key
            .as_ref()
            .filter(|key| key.as_str().starts_with("arn:"))
            .and_then(|key| key.as_str().split(':').nth(3));
        if let Some(region) = region.filter(|region| *region != hop.location.region.as_str()) {
            refuse(
                findings,
                ErrorCode::KmsDenied,
                format!("the key for the copy in {} is a key of {region}", hop.location.region),
            );
        }
    }
    if hops.is_empty() && request.copy.source_kms_key.is_some() {
        warn(
            findings,
            ErrorCode::KmsDenied,
            "`copy.source-kms-key` is given and no copy is made".to_owned(),
            "It is not used.",
        );
    }
}

fn quotas(findings: &mut Vec<Finding>, request: &Request, observed: &Observed, names: &Names, hops: &[CopyHop]) {
    let replaced = request.strategy == Strategy::Replace && observed.existing(&request.target.cluster).is_some();
    let copies = hops.iter().filter(|hop| hop.location == observed.target_location).count();
    let final_snapshot = replaced || request.retirement.final_snapshot == FinalSnapshot::Take;
    let needed = [
        ("DBClusters", u64::from(!replaced)),
        ("DBInstances", if replaced { 0 } else { names.staged_instances.len() as u64 }),
        ("ManualClusterSnapshots", copies as u64 + u64::from(final_snapshot)),
    ];
    for (name, more) in needed {
        let Some(quota) = observed.quotas.iter().find(|quota| quota.name == name) else { continue };
        if quota.used + more > quota.max {
            refuse(
                findings,
                ErrorCode::Quota,
                format!("{name}: {} of {} are used and {more} more are needed", quota.used, quota.max),
            );
        }
    }
}

fn taken(findings: &mut Vec<Finding>, request: &Request, observed: &Observed, names: &Names) {
    let existing = observed.existing(&request.target.cluster);
    let of_target = |id: &crate::ids::InstanceId| {
        existing.as_ref().is_some_and(|(_, instances)| instances.iter().any(|instance| &instance.id == id))
    };
    let clusters = match request.strategy {
        Strategy::Swap => vec![&names.staged, &names.retired],
        Strategy::SideBySide => vec![&names.staged],
        Strategy::Replace => Vec::new(),
    };
    for name in clusters {
        if observed.clusters.iter().any(|cluster| &cluster.id == name) {
            refuse(findings, ErrorCode::NameTaken, format!("cluster {name} exists already"));
        }
    }
    let made = names.staged_instances.iter().chain(&names.serving_instances).chain(&names.retired_instances);
    let mut told = Vec::new();
    for name in made {
        let is_taken = observed.instances.iter().any(|instance| &instance.id == name) && !of_target(name);
        if is_taken && !told.contains(&name) {
            told.push(name);
            refuse(findings, ErrorCode::NameTaken, format!("instance {name} exists already"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        assert!(is_older("15.9", "15.10"));
        assert!(is_older("15", "15.1"));
        assert!(!is_older("16.1", "15.10"));
        assert!(!is_older("15.10", "15.10"));
    }
}
