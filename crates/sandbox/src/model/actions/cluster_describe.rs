//! DescribeDBClusters, and what a cluster shows that moves with the clock.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::lookup::cluster_not_found;
use crate::model::VolumeId;
use crate::model::arn::Arn;
use crate::model::call::DescribeDbClusters;
use crate::model::effect::{EndpointKey, EndpointKind};
use crate::model::error::RdsError;
use crate::model::listing::{check_filters, page, passes};
use crate::model::reply::{Page, Reply};
use crate::model::resources::{ClusterStatus, DbCluster, Endpoint, InstanceStatus};
use crate::model::state::{ClusterRecord, InstanceRecord, Key, PlaceIx, PlaceState};
use crate::model::world::{Answering, Ctx, World};

/// How far the latest restorable time is behind.
const RESTORABLE_LAG: SignedDuration = SignedDuration::from_mins(5);

const FILTERS: &[&str] = &["clone-group-id", "db-cluster-id", "db-cluster-resource-id", "domain", "engine"];

impl World {
    pub(crate) fn describe_clusters(&mut self, ctx: Ctx, input: &DescribeDbClusters) -> Result<Reply, RdsError> {
        check_filters(&input.filters, FILTERS)?;
        if let Some(wanted) = input.db_cluster_identifier.as_deref() {
            let (key, _) = self.named_cluster(ctx.here, wanted, ctx.now)?;
            self.refresh_cluster(ctx.here, key, ctx.now);
            let record = self.cluster(ctx.here, key).ok_or_else(|| cluster_not_found(wanted))?;
            let matches = passes(&input.filters, |name, value| matches_filter(&record.shown, name, value));
            let items = if matches { vec![Arc::clone(&record.shown)] } else { Vec::new() };
            return Ok(Reply::Clusters(Page { items, marker: None }));
        }
        let keys: Vec<Key> = self.place(ctx.here).clusters.keys().copied().collect();
        for key in keys {
            self.refresh_cluster(ctx.here, key, ctx.now);
        }
        let clusters = self.place(ctx.here).clusters.values();
        let mut listed: Vec<_> = clusters
            .filter(|record| record.naming.is_listed(ctx.now))
            .map(|record| &record.shown)
            .filter(|shown| passes(&input.filters, |name, value| matches_filter(shown, name, value)))
            .cloned()
            .collect();
        listed.sort_by(|one, other| one.db_cluster_identifier.cmp(&other.db_cluster_identifier));
        page(listed, &input.page, 100, |shown| shown.db_cluster_identifier.clone()).map(Reply::Clusters)
    }

    /// Brings progress and the latest restorable time up to the clock.
    pub(crate) fn refresh_cluster(&mut self, place: PlaceIx, key: Key, now: Timestamp) {
        let Some(record) = self.cluster_mut(place, key) else {
            return;
        };
        if matches!(record.shown.status, ClusterStatus::Creating | ClusterStatus::Migrating) {
            let percent = percent(record.since, record.until, now).to_string();
            if record.shown.percent_progress.as_ref() != Some(&percent) {
                Arc::make_mut(&mut record.shown).percent_progress = Some(percent);
            }
            return;
        }
        let resting = [ClusterStatus::Stopped, ClusterStatus::Deleting, ClusterStatus::Failed];
        let Some(latest) = record.shown.latest_restorable_time else {
            return;
        };
        // RDS moves it on in steps of minutes as well.
        if now - RESTORABLE_LAG > latest + RESTORABLE_LAG && !resting.contains(&record.shown.status) {
            Arc::make_mut(&mut record.shown).latest_restorable_time = Some(now - RESTORABLE_LAG);
        }
    }

    /// Shows a published endpoint on whatever bears its name.
    pub(crate) fn show_endpoint(&mut self, key: &EndpointKey, volume: VolumeId) {
        let Some(place) = self.find_place(key.account.as_str(), key.region.as_str()) else {
            return;
        };
        let endpoint = self.endpoint(place, key.kind, &key.name, 0);
        let place = self.place_mut(place);
        match key.kind {
            EndpointKind::ClusterWriter | EndpointKind::ClusterReader => {
                let mine = |record: &&mut ClusterRecord| {
                    record.volume == volume && record.shown.db_cluster_identifier == key.name
                };
                let Some(record) = place.clusters.values_mut().find(mine) else {
                    return;
                };
                let shown = Arc::make_mut(&mut record.shown);
                if key.kind == EndpointKind::ClusterWriter {
                    shown.port = endpoint.as_ref().map_or(shown.port, |endpoint| endpoint.port);
                    shown.endpoint = endpoint;
                } else {
                    shown.reader_endpoint = endpoint;
                }
            }
            // An instance shows its endpoint once it is created.
            EndpointKind::Instance => {}
        }
    }
}

fn matches_filter(shown: &DbCluster, name: &str, value: &str) -> bool {
    match name {
        "clone-group-id" => shown.clone_group_id.as_deref() == Some(value),
        "db-cluster-id" => is_cluster(shown, value),
        "db-cluster-resource-id" => shown.db_cluster_resource_id == value,
        "engine" => shown.engine == value,
        // No cluster here is in a directory.
        _ => false,
    }
}

fn is_cluster(shown: &DbCluster, value: &str) -> bool {
    if Arn::looks_like(value) {
        shown.db_cluster_arn == value
    } else {
        shown.db_cluster_identifier.eq_ignore_ascii_case(value)
    }
}

/// How far work has come, never quite done before its end.
pub(crate) fn percent(since: Timestamp, until: Timestamp, now: Timestamp) -> u8 {
    let whole = until.duration_since(since).as_millis();
    let done = now.duration_since(since).as_millis();
    if whole <= 0 || done <= 0 {
        return 0;
    }
    u8::try_from((done * 100 / whole).min(99)).unwrap_or(99)
}

/// Statuses in which a cluster serves its clients.
fn serves(status: ClusterStatus) -> bool {
    matches!(
        status,
        ClusterStatus::Available
            | ClusterStatus::BackingUp
            | ClusterStatus::Modifying
            | ClusterStatus::Renaming
            | ClusterStatus::ResettingMasterCredentials
            | ClusterStatus::UpdateIamDbAuth
    )
}

impl PlaceState {
    pub(crate) fn who_answers(&self, address: &str, port: u16) -> Option<Answering<'_>> {
        let is_it = |endpoint: &Option<Endpoint>| {
            endpoint.as_ref().is_some_and(|endpoint| endpoint.address == address && endpoint.port == port)
        };
        self.clusters.iter().find_map(|(key, record)| {
            let shown = &record.shown;
            let writer = shown.db_cluster_members.iter().find(|member| member.is_cluster_writer);
            let is_writer = |member: &InstanceRecord| {
                writer.is_some_and(|writer| writer.db_instance_identifier == member.shown.db_instance_identifier)
            };
            let mut up = self
                .members(*key)
                .map(|(_, member)| member)
                .filter(|member| member.shown.db_instance_status == InstanceStatus::Available);
            let writable = if is_it(&shown.endpoint) {
                up.any(is_writer).then_some(true)
            } else if is_it(&shown.reader_endpoint) {
                up.next().map(|_| false)
            } else {
                up.find(|member| is_it(&member.shown.endpoint)).map(is_writer)
            }?;
            serves(shown.status).then_some(Answering {
                db_cluster_resource_id: &shown.db_cluster_resource_id,
                db_cluster_identifier: &shown.db_cluster_identifier,
                volume: record.volume,
                writable,
            })
        })
    }
}
