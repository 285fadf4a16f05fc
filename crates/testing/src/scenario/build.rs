//! Building what stands on the stage: clusters with content, snapshots, groups.

use aurora_restore_core::secret::Secret;
use aurora_restore_sandbox::model::{
    Caller, SeedSnapshot,
    call::{
        Call, CreateDbCluster, CreateDbClusterSnapshot, CreateDbInstance, CreateParameterGroup,
        ModifyDbClusterSnapshotAttribute, NewClusterSettings,
    },
    reply::Reply,
    resources::Tag,
};
use jiff::SignedDuration;

use super::{
    Access, ENGINE, Encryption, MASTER, NEIGHBOUR, SOURCE_CLUSTER, SOURCE_PASSWORD, SOURCE_SNAPSHOT, STAGING, Scenario,
    TARGET, TargetIs,
};
use aurora_restore_core::ports::Clock;

use crate::data::Role;

impl Scenario {
    pub(super) fn build_source(&self) {
        let place = self.source_place();
        let (encrypted, key) = match self.stage.encryption {
            Encryption::None => (false, None),
            Encryption::CustomerKey => (true, Some(self.source_key().to_string())),
            Encryption::DefaultKey => (true, None),
        };
        let settings = NewClusterSettings { kms_key_id: key, ..NewClusterSettings::default() };
        self.build_cluster(&place, SOURCE_CLUSTER, encrypted, settings);
        self.fill(&place, SOURCE_CLUSTER, &[("shop.customers", 20_000), ("shop.orders", 180_000)], SOURCE_PASSWORD);
        self.operator(
            &place,
            Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
                db_cluster_snapshot_identifier: SOURCE_SNAPSHOT.to_owned(),
                db_cluster_identifier: SOURCE_CLUSTER.to_owned(),
                tags: vec![Tag::new("made-by", "operations")],
            }),
        );
        self.settle();
        self.seed_snapshot(None, SignedDuration::from_hours(1));
        if self.stage.access == Access::SharedOnly {
            let share = ModifyDbClusterSnapshotAttribute {
                db_cluster_snapshot_identifier: SOURCE_SNAPSHOT.to_owned(),
                attribute_name: "restore".to_owned(),
                values_to_add: vec![STAGING.to_owned()],
                values_to_remove: Vec::new(),
            };
            self.operator(&place, Call::ModifyDbClusterSnapshotAttribute(share));
        }
    }

    /// Puts a snapshot of the source in place that no call can make: an automated one without a name, or one of AWS
    /// Backup with the name that it gave.
    ///
    /// # Panics
    /// If the name is taken or not legal.
    pub fn seed_snapshot(&self, name: Option<&str>, age: SignedDuration) {
        let seed = SeedSnapshot {
            place: self.source_place().place(),
            db_cluster_identifier: SOURCE_CLUSTER.to_owned(),
            created_at: self.clock.now() - age,
            name: name.map(ToOwned::to_owned),
            tags: Vec::new(),
        };
        self.sim
            .with_world(|world, now| world.seed_snapshot(seed, now).map(|_| ()))
            .expect("the cluster is available and the name is free");
    }

    pub(super) fn build_target_place(&self) {
        let place = self.target_place();
        for (call, name) in [(true, "staging-cluster"), (false, "staging-instances")] {
            let group = CreateParameterGroup {
                name: name.to_owned(),
                family: "aurora-postgresql16".to_owned(),
                description: "staging".to_owned(),
                tags: Vec::new(),
            };
            self.operator(
                &place,
                if call { Call::CreateDbClusterParameterGroup(group) } else { Call::CreateDbParameterGroup(group) },
            );
        }
        self.build_cluster(&place, NEIGHBOUR, false, NewClusterSettings::default());
        self.fill(&place, NEIGHBOUR, &[("other.things", 7)], "neighbour-Master-1");
        if self.stage.target == TargetIs::Absent {
            return;
        }
        let settings = NewClusterSettings {
            backup_retention_period: Some(3),
            copy_tags_to_snapshot: Some(true),
            db_cluster_parameter_group_name: Some("staging-cluster".to_owned()),
            deletion_protection: Some(self.stage.target == TargetIs::Protected),
            enable_cloudwatch_logs_exports: vec!["postgresql".to_owned()],
            engine_lifecycle_support: Some("open-source-rds-extended-support-disabled".to_owned()),
            tags: vec![Tag::new("team", "data")],
            ..NewClusterSettings::default()
        };
        self.build_cluster(&place, TARGET, false, settings);
        self.fill(&place, TARGET, &[("shop.customers", 10)], "stale-Master-0000");
    }

    fn build_cluster(&self, place: &Caller, name: &str, encrypted: bool, settings: NewClusterSettings) {
        self.operator(
            place,
            Call::CreateDbCluster(CreateDbCluster {
                db_cluster_identifier: name.to_owned(),
                engine: ENGINE.to_owned(),
                engine_version: Some("16.4".to_owned()),
                master_username: Some(MASTER.to_owned()),
                master_user_password: Some(aurora_restore_sandbox::model::Secret::new("first-Password-1")),
                storage_encrypted: Some(encrypted),
                settings,
                ..CreateDbCluster::default()
            }),
        );
        self.settle();
        let is_target = name == TARGET;
        for number in 1..=2 {
            self.operator(
                place,
                Call::CreateDbInstance(CreateDbInstance {
                    db_instance_identifier: format!("{name}-{number}"),
                    db_cluster_identifier: Some(name.to_owned()),
                    db_instance_class: "db.r6g.large".to_owned(),
                    engine: ENGINE.to_owned(),
                    db_parameter_group_name: is_target.then(|| "staging-instances".to_owned()),
                    promotion_tier: Some(number),
                    tags: vec![Tag::new("owner", name)],
                    ..CreateDbInstance::default()
                }),
            );
            self.settle();
        }
    }

    /// Fills a cluster with tables and logins. The master's password is set as well.
    fn fill(&self, place: &Caller, name: &str, tables: &[(&str, u64)], password: &str) {
        let call = Call::DescribeDbClusters(aurora_restore_sandbox::model::call::DescribeDbClusters {
            db_cluster_identifier: Some(name.to_owned()),
            ..Default::default()
        });
        let Reply::Clusters(page) = self.operator(place, call) else { return };
        let Some(endpoint) = page.items.first().and_then(|cluster| cluster.endpoint.clone()) else { return };
        let filled = self.sim.with_data(&endpoint.address, endpoint.port, |content| {
            content.tables = tables.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect();
            let role = |password: &str| Role::with_password(&Secret::new(password), true);
            content.roles.insert(MASTER.to_owned(), role(password));
            content.roles.insert("analyst".to_owned(), role("analyst-of-old"));
            content.roles.insert("shop".to_owned(), role("shop-of-old"));
        });
        assert!(filled.is_some(), "the cluster answers");
    }
}
