//! A whole world as plain values without times: quick to take and to compare. Worlds with equal glances have equal views;
//! a [`super::View`] says in words where worlds differ.

use std::sync::Arc;

use aurora_restore_core::settings::OUR_TAG_PREFIX;
use aurora_restore_sandbox::model::{
    Caller,
    resources::{DbCluster, DbClusterSnapshot, DbInstance, Tag},
};
use jiff::Timestamp;

use crate::{cloud::Sim, data::Content};

use super::{TIME_TAGS, Witness, look::Look};

/// A whole world at one glance.
pub(crate) struct Glance {
    things: Things,
    tagged: Vec<Tagged>,
}

impl PartialEq for Glance {
    fn eq(&self, other: &Self) -> bool {
        self.things == other.things
    }
}

#[derive(Default, PartialEq)]
struct Things {
    clusters: Vec<(usize, DbCluster, Option<Arc<Content>>)>,
    instances: Vec<(usize, DbInstance)>,
    snapshots: Vec<(usize, DbClusterSnapshot, String)>,
    quotas: Vec<(usize, String, u64)>,
}

/// A thing with tags of this product.
pub(crate) struct Tagged {
    pub(crate) name: String,
    tags: Vec<Tag>,
}

impl Tagged {
    /// The value of a tag.
    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
    }
}

impl Glance {
    /// Looks at everything in these places.
    pub(crate) fn of(sim: &Sim, places: &[Caller], witness: Witness) -> Self {
        use aurora_restore_core::ports::Clock;

        let now = sim.clock().now();
        let mut state = sim.lock();
        let mut glance = Self { things: Things::default(), tagged: Vec::new() };
        for (index, place) in places.iter().enumerate() {
            let look = Look { place, now };
            for cluster in look.clusters(&mut state.world) {
                glance.note(&cluster.db_cluster_identifier, &cluster.tag_list);
                let content = Look::content(&state, &cluster);
                glance.things.clusters.push((index, timeless_cluster(&cluster, witness), content));
            }
            for instance in look.instances(&mut state.world) {
                glance.note(&instance.db_instance_identifier, &instance.tag_list);
                glance.things.instances.push((index, timeless_instance(&instance, witness)));
            }
            for snapshot in look.snapshots(&mut state.world) {
                glance.note(&snapshot.db_cluster_snapshot_identifier, &snapshot.tag_list);
                let shared = look.shared(&mut state.world, &snapshot.db_cluster_snapshot_identifier);
                glance.things.snapshots.push((index, timeless_snapshot(&snapshot, witness), shared));
            }
            let quotas = look.quotas(&mut state.world).into_iter();
            glance.things.quotas.extend(quotas.map(|quota| (index, quota.account_quota_name, quota.used)));
        }
        glance
    }

    /// Everything that bears a tag with this value.
    pub(crate) fn tagged(&self, key: &str, value: &str) -> impl Iterator<Item = &Tagged> {
        self.tagged.iter().filter(move |thing| thing.tag(key) == Some(value))
    }

    fn note(&mut self, name: &str, tags: &[Tag]) {
        let ours: Vec<Tag> = tags.iter().filter(|tag| tag.key.starts_with(OUR_TAG_PREFIX)).cloned().collect();
        if !ours.is_empty() {
            self.tagged.push(Tagged { name: name.to_owned(), tags: ours });
        }
    }
}

fn timeless_cluster(cluster: &DbCluster, witness: Witness) -> DbCluster {
    let mut cluster = cluster.clone();
    cluster.cluster_create_time = Timestamp::UNIX_EPOCH;
    cluster.earliest_restorable_time = None;
    cluster.latest_restorable_time = None;
    cluster.percent_progress = None;
    cluster.clone_group_id = None;
    timeless_tags(&mut cluster.tag_list, witness);
    if witness == Witness::OfLikeness {
        cluster.db_cluster_resource_id.clear();
    }
    cluster
}

fn timeless_instance(instance: &DbInstance, witness: Witness) -> DbInstance {
    let mut instance = instance.clone();
    instance.instance_create_time = None;
    timeless_tags(&mut instance.tag_list, witness);
    if witness == Witness::OfLikeness {
        instance.dbi_resource_id.clear();
    }
    instance
}

fn timeless_snapshot(snapshot: &DbClusterSnapshot, witness: Witness) -> DbClusterSnapshot {
    let mut snapshot = snapshot.clone();
    snapshot.snapshot_create_time = None;
    snapshot.cluster_create_time = Timestamp::UNIX_EPOCH;
    snapshot.percent_progress = 0;
    timeless_tags(&mut snapshot.tag_list, witness);
    if witness == Witness::OfLikeness {
        snapshot.db_cluster_resource_id.clear();
    }
    snapshot
}

fn timeless_tags(tags: &mut Vec<Tag>, witness: Witness) {
    if witness == Witness::OfLikeness {
        tags.retain(|tag| !tag.key.starts_with(OUR_TAG_PREFIX));
    }
    for tag in tags.iter_mut().filter(|tag| TIME_TAGS.contains(&tag.key.as_str())) {
        tag.value.clear();
    }
}
