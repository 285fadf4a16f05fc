//! What an account uses of its quotas, as RDS counts it, and what there is, as the sandbox lists it.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{PRODUCTION, STAGING, World};

/// What there is in both places, and what RDS counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holdings {
    used: BTreeMap<String, i64>,
    clusters: BTreeSet<String>,
    snapshots: BTreeSet<String>,
    instances: i64,
}

impl Holdings {
    pub(super) fn of(world: &World) -> Self {
        let mut used = BTreeMap::new();
        for place in [PRODUCTION, STAGING] {
            let shown = world.call(place, "DescribeAccountAttributes", &[]);
            for quota in shown.split("<AccountQuota>").skip(1) {
                let text = |name: &str| {
                    let rest = quota.split_once(&format!("<{name}>")).expect("a quota has its fields").1;
                    rest.split_once('<').expect("an element ends").0.to_owned()
                };
                *used.entry(text("AccountQuotaName")).or_default() += text("Used").parse::<i64>().expect("a number");
            }
        }
        let inventory = world.inventory();
        let clusters = inventory.iter().flat_map(|place| &place.clusters);
        let instances = clusters.clone().map(|cluster| cluster.instances.len()).sum::<usize>();
        Self {
            used,
            clusters: clusters.map(|cluster| cluster.name.clone()).collect(),
            snapshots: inventory
                .iter()
                .flat_map(|place| &place.snapshots)
                .filter(|snapshot| snapshot.kind == "manual")
                .map(|snapshot| snapshot.name.clone())
                .collect(),
            instances: i64::try_from(instances).expect("few"),
        }
    }

    /// What is there now and was not before.
    pub(super) fn more_than(&self, before: &Self) -> BTreeSet<String> {
        let new = self.clusters.difference(&before.clusters).chain(self.snapshots.difference(&before.snapshots));
        new.cloned().collect()
    }

    /// The counts of RDS have changed by what there is more, and by nothing else.
    #[track_caller]
    pub(super) fn assert_counted(&self, before: &Self) {
        let size = |set: &BTreeSet<String>| i64::try_from(set.len()).expect("few");
        for (quota, more) in [
            ("DBClusters", size(&self.clusters) - size(&before.clusters)),
            ("DBInstances", self.instances - before.instances),
            ("ManualClusterSnapshots", size(&self.snapshots) - size(&before.snapshots)),
        ] {
            assert_eq!(self.used[quota] - before.used[quota], more, "{quota}: {self:?} after {before:?}");
        }
    }
}
