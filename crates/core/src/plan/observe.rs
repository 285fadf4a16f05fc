//! Looking at everything that a plan depends on. Only reads; decides nothing but which snapshot is meant.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    catalogue::ErrorCode,
    ids::{AccountId, ClusterId, OperationId, SnapshotId},
    operation::Failure,
    plan::{
        names::copy_name,
        secrets::{MasterLogin, UserLogins, read_master, read_users},
    },
    ports::{
        AccountQuota, Cluster, EngineVersion, Instance, Location, OrderableClass, ParameterGroup, Ports, RdsError,
        RdsReads, Side, Snapshot, SnapshotAddress, SnapshotKind, SnapshotQuery, SnapshotStatus, SubnetGroup, TargetKey,
    },
    request::{Request, SourceSelector},
    settings::{ClusterSettings, InstanceSettings},
    steps::{OPERATION_TAG, ROLE_TAG, Role, failure_of_cloud, failure_of_rds},
};

/// Something that was asked for by name: there, or not.
pub(super) type Lookup<T> = Option<T>;

/// Everything that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Observed {
    pub now: Timestamp,
    pub source_location: Location,
    pub target_location: Location,
    pub source_account: AccountId,
    pub target_account: AccountId,
    pub snapshot: Result<Option<Snapshot>, Failure>,
    /// Whether the source account has shared the snapshot with the target account already.
    pub is_shared: bool,
    /// The running source of a clone or a restore to a point in time.
    pub running: Lookup<Cluster>,
    pub clusters: Vec<Cluster>,
    pub instances: Vec<Instance>,
    pub engine_versions: Vec<EngineVersion>,
    pub orderable: Vec<OrderableClass>,
    pub cluster_parameter_group: Lookup<ParameterGroup>,
    pub instance_parameter_groups: Vec<(String, Lookup<ParameterGroup>)>,
    pub subnet_group: Lookup<SubnetGroup>,
    pub quotas: Vec<AccountQuota>,
    pub holder: Option<OperationId>,
    pub master: Result<MasterLogin, Failure>,
    pub users: Result<UserLogins, Failure>,
    pub source_master: Result<Option<MasterLogin>, Failure>,
}

impl Observed {
    /// The cluster that bears the target's name, with its instances, the writer first.
    pub(super) fn existing(&self, target: &ClusterId) -> Option<(&Cluster, Vec<&Instance>)> {
        let cluster = self.clusters.iter().find(|cluster| &cluster.id == target)?;
        let is_writer =
            |instance: &Instance| cluster.members.iter().any(|member| member.instance == instance.id && member.writer);
        let mut instances: Vec<&Instance> =
            self.instances.iter().filter(|instance| instance.cluster.as_ref() == Some(target)).collect();
        instances.sort_by_key(|instance| (!is_writer(instance), instance.id.clone()));
        Some((cluster, instances))
    }

    /// The settings that the new cluster shall have: today's, overridden by the request.
    pub(super) fn settings(&self, request: &Request) -> ClusterSettings {
        let today = self.existing(&request.target.cluster).map(|(cluster, _)| cluster.settings.clone());
        today.unwrap_or_default().overridden_by(&request.settings)
    }

    /// The settings that its instances shall have.
    pub(super) fn instance_settings(&self, request: &Request) -> Vec<InstanceSettings> {
        let today: Vec<InstanceSettings> = self
            .existing(&request.target.cluster)
            .map(|(_, instances)| instances.iter().map(|instance| instance.settings.clone()).collect())
            .unwrap_or_default();
        let count = request.instances.count.map_or(today.len().max(1), usize::from);
        let pattern = today.first().cloned().unwrap_or_default();
        (0..count)
            .map(|index| today.get(index).unwrap_or(&pattern).clone().overridden_by(&request.instances.settings))
            .collect()
    }

    /// Engine and version of the data.
    pub(super) fn engine(&self) -> Option<(&str, &str)> {
        if let Ok(Some(snapshot)) = &self.snapshot {
            return Some((&snapshot.engine, &snapshot.engine_version));
        }
        self.running.as_ref().map(|cluster| (cluster.engine.as_str(), cluster.engine_version.as_str()))
    }
}

/// Looks at everything.
pub(super) async fn observe(ports: &Ports<'_>, request: &Request) -> Result<Observed, Failure> {
    let source_location = Location { side: Side::Source, region: request.source.region.clone() };
    let target_location = Location { side: Side::Target, region: request.target.region.clone() };
    let account = async |side| ports.cloud.account(side).await.map_err(|error| failure_of_cloud(&error));
    let (source_account, target_account) = (account(Side::Source).await?, account(Side::Target).await?);
    let (source, target) = (ports.cloud.rds(&source_location), ports.cloud.rds(&target_location));
    let now = ports.clock.now();

    let snapshot = find_snapshot(source, &request.source.selector, now).await;
    let is_shared = match &snapshot {
        Ok(Some(snapshot)) if source_account != target_account && snapshot.kind == SnapshotKind::Manual => {
            let address = SnapshotAddress::Name(snapshot.id.clone());
            let accounts = source.snapshot_shared_with(&address).await.map_err(rds)?;
            accounts.iter().any(|account| account == target_account.as_str())
        }
        Ok(_) | Err(_) => false,
    };
    let running = match &request.source.selector {
        SourceSelector::PointInTime { cluster, .. } | SourceSelector::Clone { cluster } => {
            found(source.cluster(cluster).await)?
        }
        SourceSelector::Snapshot(_) | SourceSelector::ByDate { .. } | SourceSelector::LatestOf { .. } => None,
    };
    let key = TargetKey {
        account: target_account.to_string(),
        region: request.target.region.clone(),
        cluster: request.target.cluster.clone(),
    };
    let holder = ports
        .journal
        .holder(&key)
        .await
        .map_err(|error| Failure::retryable(ErrorCode::Unavailable, error.to_string()))?;
    let mut observed = Observed {
        now,
        source_account,
        target_account,
        snapshot,
        is_shared,
        running,
        clusters: target.clusters().await.map_err(rds)?,
        instances: target.instances(None).await.map_err(rds)?,
        engine_versions: Vec::new(),
        orderable: Vec::new(),
        cluster_parameter_group: None,
        instance_parameter_groups: Vec::new(),
        subnet_group: None,
        quotas: target.quotas().await.map_err(rds)?,
        holder,
        master: read_master(ports.secrets, &request.secrets.master).await,
        users: match &request.secrets.users {
            Some(id) => read_users(ports.secrets, id).await,
            None => Ok(UserLogins::default()),
        },
        source_master: match &request.secrets.source_master {
            Some(id) => read_master(ports.secrets, id).await.map(Some),
            None => Ok(None),
        },
        source_location,
        target_location,
    };
    look_up_what_settings_name(target, request, &mut observed).await?;
    Ok(observed)
}

/// Looks up what the settings and the engine refer to, once both are known.
async fn look_up_what_settings_name(
    target: &dyn RdsReads,
    request: &Request,
    observed: &mut Observed,
) -> Result<(), Failure> {
    let settings = observed.settings(request);
    if let Some(name) = &settings.parameter_group {
        observed.cluster_parameter_group = found(target.cluster_parameter_group(name).await)?;
    }
    if let Some(name) = &settings.subnet_group {
        observed.subnet_group = found(target.subnet_group(name).await)?;
    }
    let mut names: Vec<String> =
        observed.instance_settings(request).into_iter().filter_map(|one| one.parameter_group).collect();
    names.sort();
    names.dedup();
    for name in names {
        let group = found(target.instance_parameter_group(&name).await)?;
        observed.instance_parameter_groups.push((name, group));
    }
    let Some((engine, version)) = observed.engine().map(|(engine, version)| (engine.to_owned(), version.to_owned()))
    else {
        return Ok(());
    };
    if !engine.starts_with("aurora") {
        return Ok(());
    }
    let version = request.engine_version.clone().unwrap_or(version);
    observed.engine_versions = target.engine_versions(&engine).await.map_err(rds)?;
    if observed.engine_versions.iter().any(|offered| offered.version == version) {
        observed.orderable = target.orderable_classes(&engine, &version).await.map_err(rds)?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn rds(error: RdsError) -> Failure {
    failure_of_rds(&error)
}

/// Only the typed not-found means that a thing is not there.
fn found<T>(result: Result<T, RdsError>) -> Result<Option<T>, Failure> {
    match result {
        Ok(thing) => Ok(Some(thing)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(rds(error)),
    }
}

async fn find_snapshot(
    source: &dyn RdsReads,
    selector: &SourceSelector,
    now: Timestamp,
) -> Result<Option<Snapshot>, Failure> {
    match selector {
        SourceSelector::PointInTime { .. } | SourceSelector::Clone { .. } => Ok(None),
        SourceSelector::Snapshot(address) => match found(source.snapshot(address).await)? {
            Some(snapshot) => Ok(Some(snapshot)),
            None => Err(not_found(format!("there is no cluster snapshot {address}"))),
        },
        SourceSelector::ByDate { prefix, date } => by_date(source, prefix, *date, now).await.map(Some),
        SourceSelector::LatestOf { cluster, kinds } => latest(source, cluster, kinds).await.map(Some),
    }
}

fn not_found(message: String) -> Failure {
    Failure::terminal(ErrorCode::SnapshotNotFound, message).hint(ErrorCode::SnapshotNotFound.action())
}

async fn by_date(source: &dyn RdsReads, prefix: &str, date: Date, now: Timestamp) -> Result<Snapshot, Failure> {
    let today = TimeZone::UTC.to_datetime(now).date();
    if date > today {
        return Err(Failure::terminal(
            ErrorCode::SnapshotDate,
            format!("{date} lies in the future: today is {today} in UTC"),
        )
        .hint(ErrorCode::SnapshotDate.action()));
    }
    let query = SnapshotQuery {
        cluster: None,
        kinds: vec![SnapshotKind::Manual, SnapshotKind::Automated, SnapshotKind::Shared],
    };
    let all = source.snapshots(&query).await.map_err(rds)?;
    let matching = all.into_iter().filter(|snapshot| is_of_day(&snapshot.id, prefix, date)).collect();
    newest_usable(matching, &format!("of {prefix} for {date}"))
}

/// `<prefix>-YYYY-MM-DD`, or the automated `rds:<prefix>-YYYY-MM-DD-hh-mm`.
fn is_of_day(id: &SnapshotId, prefix: &str, date: Date) -> bool {
    let prefix = prefix.to_ascii_lowercase();
    let wanted = format!("{prefix}-{date}");
    match id.as_str().strip_prefix("rds:") {
        Some(automated) => automated.strip_prefix(&wanted).is_some_and(|rest| {
            rest.len() == 6
                && rest.bytes().enumerate().all(|(i, b)| if i % 3 == 0 { b == b'-' } else { b.is_ascii_digit() })
        }),
        None => id.as_str() == wanted,
    }
}

async fn latest(source: &dyn RdsReads, cluster: &ClusterId, kinds: &[SnapshotKind]) -> Result<Snapshot, Failure> {
    let kinds = if kinds.is_empty() {
        vec![SnapshotKind::Manual, SnapshotKind::Automated, SnapshotKind::Shared]
    } else {
        kinds.to_vec()
    };
    let query = SnapshotQuery { cluster: Some(cluster.clone()), kinds };
    let all = source.snapshots(&query).await.map_err(rds)?;
    newest_usable(originals(all), &format!("of cluster {cluster}"))
}

/// Leaves out what operations have copied from something that is there, too: such a copy bears a later date and holds no
/// newer data, and its operation may delete it at any moment. A copy whose origin is gone is what there is.
fn originals(all: Vec<Snapshot>) -> Vec<Snapshot> {
    let has_its_origin = |copy: &Snapshot| all.iter().any(|other| is_copy_of(copy, other));
    let left_out: Vec<bool> = all.iter().map(has_its_origin).collect();
    all.into_iter().zip(left_out).filter(|(_, left_out)| !left_out).map(|(snapshot, _)| snapshot).collect()
}

/// Whether an operation made one from the other: a copy is named after what it was made from.
fn is_copy_of(copy: &Snapshot, origin: &Snapshot) -> bool {
    let is_copy = copy.tags.get(ROLE_TAG).is_some_and(|role| role == Role::Copy.as_str());
    let made_by = copy.tags.get(OPERATION_TAG).and_then(|id| OperationId::new(id).ok()).filter(|_| is_copy);
    let number = copy.id.as_str().rsplit('-').next().and_then(|number| number.parse::<usize>().ok());
    let named = made_by.zip(number).map(|(id, number)| copy_name(origin.id.as_str(), &id.tag(), number));
    named.is_some_and(|name| name == copy.id.as_str())
}

/// The newest available one. The newest of all is often still being made and is passed over; if none is available, the
/// newest is named with its condition.
fn newest_usable(mut snapshots: Vec<Snapshot>, of_what: &str) -> Result<Snapshot, Failure> {
    snapshots.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
    match snapshots.iter().rposition(|snapshot| snapshot.status == SnapshotStatus::Available) {
        Some(index) => Ok(snapshots.swap_remove(index)),
        None => match snapshots.pop() {
            Some(unusable) => Ok(unusable),
            None => Err(not_found(format!("there is no cluster snapshot {of_what}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_matches_whole_names_only() {
        let date = Date::constant(2026, 11, 21);
        let matches = |name: &str, prefix: &str| is_of_day(&SnapshotId::new(name).unwrap(), prefix, date);
        assert!(matches("prod-2026-11-21", "prod"));
        assert!(matches("rds:prod-2026-11-21-03-10", "Prod"));
        assert!(!matches("prod-2-2026-11-21", "prod"));
        assert!(!matches("prod-2026-11-21-copy", "prod"));
        assert!(!matches("rds:prod-2026-11-2103-10", "prod"));
        assert!(!matches("rds:prod-eu-2026-11-21-03-10", "prod"));
        assert!(!matches("prod-2026-11-20", "prod"));
    }
}
