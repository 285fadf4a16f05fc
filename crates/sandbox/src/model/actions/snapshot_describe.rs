//! DescribeDBClusterSnapshots: own snapshots, and those that others share.

use std::sync::Arc;

use super::cluster_describe::percent;
use super::lookup::snapshot_not_found;
use crate::model::arn::Arn;
use crate::model::call::DescribeDbClusterSnapshots;
use crate::model::error::RdsError;
use crate::model::listing::{check_filters, page, passes};
use crate::model::reply::Reply;
use crate::model::resources::{DbClusterSnapshot, SnapshotKind, SnapshotStatus};
use crate::model::state::SnapshotRecord;
use crate::model::world::{Ctx, World};

const FILTERS: &[&str] = &["db-cluster-id", "db-cluster-snapshot-id", "engine", "snapshot-type"];

/// Where a stuck copy stops.
const STUCK_AT: u8 = 37;

impl World {
    pub(crate) fn describe_snapshots(
        &mut self,
        ctx: Ctx,
        input: &DescribeDbClusterSnapshots,
    ) -> Result<Reply, RdsError> {
        check_filters(&input.filters, FILTERS)?;
        let scope = Scope::of(input)?;
        let wanted = input.db_cluster_snapshot_identifier.as_deref();
        if wanted.is_some() && input.db_cluster_identifier.is_some() {
            return Err(RdsError::invalid_combination(
                "DBClusterIdentifier and DBClusterSnapshotIdentifier can't be specified together.",
            ));
        }
        let cluster = match input.db_cluster_identifier.as_deref() {
            Some(name) => Some(self.named_cluster(ctx.here, name, ctx.now)?.1.shown.db_cluster_identifier.clone()),
            None => None,
        };
        self.refresh_snapshots(ctx);
        let mut listed = self.visible_snapshots(ctx, scope);
        listed.retain(|shown| {
            wanted.is_none_or(|wanted| is_snapshot(shown, wanted))
                && cluster.as_ref().is_none_or(|cluster| shown.db_cluster_identifier == *cluster)
                && input.db_cluster_resource_id.as_ref().is_none_or(|id| shown.db_cluster_resource_id == *id)
                && passes(&input.filters, |name, value| matches_filter(shown, name, value))
        });
        if let Some(wanted) = wanted {
            // An automated snapshot is found by name only when its type is named as well.
            if scope == Scope::Own {
                listed.retain(|shown| shown.snapshot_type != SnapshotKind::Automated);
            }
            if listed.is_empty() {
                return Err(snapshot_not_found(wanted));
            }
        }
        listed.sort_by(|one, other| one.db_cluster_snapshot_identifier.cmp(&other.db_cluster_snapshot_identifier));
        page(listed, &input.page, 100, |shown| shown.db_cluster_snapshot_identifier.clone()).map(Reply::Snapshots)
    }

    /// Brings progress up to the clock.
    fn refresh_snapshots(&mut self, ctx: Ctx) {
        for record in self.place_mut(ctx.here).snapshots.values_mut() {
            if !matches!(record.shown.status, SnapshotStatus::Copying | SnapshotStatus::Creating) {
                continue;
            }
            let mut percent = percent(record.since, record.until, ctx.now);
            if record.stuck {
                percent = percent.min(STUCK_AT);
            }
            if record.shown.percent_progress != percent {
                Arc::make_mut(&mut record.shown).percent_progress = percent;
            }
        }
    }

    fn visible_snapshots(&self, ctx: Ctx, scope: Scope) -> Vec<Arc<DbClusterSnapshot>> {
        let here = self.place(ctx.here);
        let own = here.snapshots.values().filter(|record| record.visible_from <= ctx.now);
        let mut listed: Vec<_> = own
            .filter(|record| scope.has_own(record.shown.snapshot_type))
            .map(|record| Arc::clone(&record.shown))
            .collect();
        if !scope.has_shared() && !scope.has_public() {
            return listed;
        }
        let others = self.places().filter(|(_, place)| place.region == here.region && place.account != here.account);
        for record in others.flat_map(|(_, place)| place.snapshots.values()) {
            let is_named = record.shared_with.contains(here.account.as_str());
            if record.visible_from > ctx.now {
            } else if is_named && scope.has_shared() {
                listed.push(as_seen_by_others(record, SnapshotKind::Shared));
            } else if record.is_public() && scope.has_public() {
                listed.push(as_seen_by_others(record, SnapshotKind::Public));
            }
        }
        listed
    }
}

/// To others a snapshot is known by its ARN, and its tags are not shown.
fn as_seen_by_others(record: &SnapshotRecord, kind: SnapshotKind) -> Arc<DbClusterSnapshot> {
    let mut shown = DbClusterSnapshot::clone(&record.shown);
    shown.db_cluster_snapshot_identifier.clone_from(&shown.db_cluster_snapshot_arn);
    shown.snapshot_type = kind;
    shown.tag_list.clear();
    Arc::new(shown)
}

/// Which snapshots a describe is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Automated and manual ones of the account.
    Own,
    OwnAnd {
        shared: bool,
        public: bool,
    },
    Only(SnapshotKind),
}

impl Scope {
    fn of(input: &DescribeDbClusterSnapshots) -> Result<Self, RdsError> {
        let (shared, public) = (input.include_shared.unwrap_or(false), input.include_public.unwrap_or(false));
        Ok(match input.snapshot_type.as_deref() {
            None if shared || public => Self::OwnAnd { shared, public },
            None => Self::Own,
            Some("automated") => Self::Only(SnapshotKind::Automated),
            Some("manual") => Self::Only(SnapshotKind::Manual),
            Some("shared") => Self::Only(SnapshotKind::Shared),
            Some("public") => Self::Only(SnapshotKind::Public),
            Some(other) => {
                return Err(RdsError::invalid_value(format!("Invalid snapshot type: {other}")));
            }
        })
    }

    fn has_own(self, kind: SnapshotKind) -> bool {
        match self {
            Self::Own | Self::OwnAnd { .. } => true,
            Self::Only(only) => only == kind,
        }
    }

    const fn has_shared(self) -> bool {
        matches!(self, Self::OwnAnd { shared: true, .. } | Self::Only(SnapshotKind::Shared))
    }

    const fn has_public(self) -> bool {
        matches!(self, Self::OwnAnd { public: true, .. } | Self::Only(SnapshotKind::Public))
    }
}

fn is_snapshot(shown: &DbClusterSnapshot, wanted: &str) -> bool {
    if Arn::looks_like(wanted) {
        shown.db_cluster_snapshot_arn == wanted
    } else {
        shown.db_cluster_snapshot_identifier.eq_ignore_ascii_case(wanted)
    }
}

fn matches_filter(shown: &DbClusterSnapshot, name: &str, value: &str) -> bool {
    match name {
        "db-cluster-id" => {
            let wanted =
                if Arn::looks_like(value) { value.rsplit_once(':').map_or(value, |(_, name)| name) } else { value };
            shown.db_cluster_identifier.eq_ignore_ascii_case(wanted)
        }
        "db-cluster-snapshot-id" => is_snapshot(shown, value),
        "snapshot-type" => shown.snapshot_type.as_str() == value,
        "engine" => shown.engine == value,
        _ => false,
    }
}
