//! Looking at everything that the model shows in one place, page by page.

use std::sync::Arc;

use aurora_restore_sandbox::model::{
    Caller, World,
    call::{
        Call, DescribeDbClusterSnapshots, DescribeDbClusters, DescribeDbInstances, NameDbClusterSnapshot, PageRequest,
    },
    reply::{Page, Reply},
    resources::{AccountQuota, DbCluster, DbClusterSnapshot, DbInstance},
};
use jiff::Timestamp;

use crate::{cloud::State, data::Content};

/// One place at one moment.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) place: &'a Caller,
    pub(super) now: Timestamp,
}

impl Look<'_> {
    pub(super) fn clusters(&self, world: &mut World) -> Vec<Arc<DbCluster>> {
        let call = |page| Call::DescribeDbClusters(DescribeDbClusters { page, ..DescribeDbClusters::default() });
        self.pages(world, call, |reply| match reply {
            Reply::Clusters(page) => Some(page),
            _ => None,
        })
    }

    pub(super) fn instances(&self, world: &mut World) -> Vec<Arc<DbInstance>> {
        let call = |page| Call::DescribeDbInstances(DescribeDbInstances { page, ..DescribeDbInstances::default() });
        self.pages(world, call, |reply| match reply {
            Reply::Instances(page) => Some(page),
            _ => None,
        })
    }

    pub(super) fn snapshots(&self, world: &mut World) -> Vec<Arc<DbClusterSnapshot>> {
        let call = |page| {
            Call::DescribeDbClusterSnapshots(DescribeDbClusterSnapshots {
                page,
                ..DescribeDbClusterSnapshots::default()
            })
        };
        self.pages(world, call, |reply| match reply {
            Reply::Snapshots(page) => Some(page),
            _ => None,
        })
    }

    /// Whom a snapshot is shared with; nobody, if it cannot be shared.
    pub(super) fn shared(&self, world: &mut World, snapshot: &str) -> String {
        let attributes = Call::DescribeDbClusterSnapshotAttributes(NameDbClusterSnapshot {
            db_cluster_snapshot_identifier: snapshot.to_owned(),
        });
        match world.apply(self.place, attributes, self.now) {
            Ok(Reply::SnapshotAttributes(shown)) => format!("{:?}", shown.attributes),
            Ok(_) | Err(_) => String::new(),
        }
    }

    pub(super) fn quotas(&self, world: &mut World) -> Vec<AccountQuota> {
        match world.apply(self.place, Call::DescribeAccountAttributes, self.now) {
            Ok(Reply::AccountQuotas(quotas)) => quotas,
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    /// What is in the database behind a cluster's endpoint, if it answers.
    pub(super) fn content(state: &State, cluster: &DbCluster) -> Option<Arc<Content>> {
        let endpoint = cluster.endpoint.as_ref()?;
        let volume = state.world.who_answers(&endpoint.address, endpoint.port)?.volume;
        state.data.shared(volume)
    }

    fn pages<T>(
        &self,
        world: &mut World,
        call: impl Fn(PageRequest) -> Call,
        page: impl Fn(Reply) -> Option<Page<T>>,
    ) -> Vec<T> {
        let mut items = Vec::new();
        let mut marker = None;
        loop {
            let next = call(PageRequest { marker, max_records: None });
            let given = world.apply(self.place, next, self.now).ok().and_then(&page);
            let Some(given) = given else { return items };
            items.extend(given.items);
            marker = given.marker;
            if marker.is_none() {
                return items;
            }
        }
    }
}
