//! Sequences out of a seed.
//!
//! Names come from small pools, so that most calls meet something that is there, was there, or is on its way; values are
//! mostly right and sometimes wrong in a way that RDS checks.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{
    ids::{AccountId, Arn, ClusterId, InstanceId, KmsKey, SnapshotId},
    ports::{
        Change, ClusterModify, ClusterRestore, InstanceCreate, InstanceModify, PointInTimeMethod, RestoreSource, Side,
        SnapshotAddress, SnapshotCopy, SnapshotKind, SnapshotQuery, Tags,
    },
    secret::Secret,
    settings::{ClusterSettings, InstanceSettings, ServerlessScaling},
};
use jiff::{SignedDuration, Timestamp};

use super::{Read, Step};
use crate::{
    dice::Dice,
    scenario::{FRANKFURT, IRELAND, SOURCE_KEY, TARGET_KEY},
    suites::rds::{CLASS, CLUSTER, ENGINE, READER, SEALED, SNAPSHOT, WRITER},
};

const CLUSTERS: &[&str] = &[CLUSTER, CLUSTER, "suite-vault", "one", "one", "two", "nobody"];
const INSTANCES: &[&str] = &[WRITER, READER, "one-1", "one-2", "two-1", "nobody-1"];
const SNAPSHOTS: &[&str] = &[SNAPSHOT, SNAPSHOT, SEALED, "first", "second", "third", "nothing"];
const VERSIONS: &[&str] = &["16.6", "16.6", "16.6", "16.8", "16.3", "9.1"];
const WINDOWS: &[&str] = &["sun:03:00-sun:03:30", "mon:04:00-mon:05:00", "some day"];

/// The accounts of the two sides.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Where the stage is.
    pub source: AccountId,
    /// The other one, or the same.
    pub target: AccountId,
}

/// The sequence of a seed. It begins at `now`, on the stage of the conformance suite.
pub fn generate(seed: u64, steps: usize, accounts: &Accounts, now: Timestamp) -> Vec<Step> {
    let mut chance = Chance { dice: Dice::of(seed), accounts, now };
    (0..steps).map(|_| chance.step()).collect()
}

struct Chance<'a> {
    dice: Dice,
    accounts: &'a Accounts,
    now: Timestamp,
}

impl Chance<'_> {
    fn step(&mut self) -> Step {
        let side = if self.dice.percent(70) { Side::Source } else { Side::Target };
        match self.dice.below(100) {
            0..20 => self.pass(),
            20..50 => Step::Read(side, self.read(side)),
            _ => Step::Change(side, self.change(side)),
        }
    }

    /// Moments within a transition, and the end of all of them.
    fn pass(&mut self) -> Step {
        let seconds = self.dice.pick(&[30, 61, 200, 480, 900, 2_400, 7_200, 90_000]);
        self.now += SignedDuration::from_secs(seconds);
        Step::Pass(SignedDuration::from_secs(seconds))
    }

    fn read(&mut self, side: Side) -> Read {
        match self.dice.below(16) {
            0 | 1 => Read::Cluster(self.cluster()),
            2 => Read::Clusters,
            3 | 4 => Read::Instance(self.instance()),
            5 => Read::Instances(self.dice.percent(60).then(|| self.cluster())),
            6 | 7 => Read::Snapshot(self.address(side)),
            8 => Read::Snapshots(self.query()),
            9 => Read::SharedWith(SnapshotAddress::Name(self.snapshot())),
            10 => Read::ClusterGroup(self.word(&["default.aurora-postgresql16", "nobodys"])),
            11 => Read::InstanceGroup(self.word(&["default.aurora-postgresql16", "nobodys"])),
            12 => Read::SubnetGroup(self.word(&["default", "nobodys"])),
            13 => match self.dice.below(3) {
                0 => Read::Versions(ENGINE.to_owned()),
                _ => Read::Classes(self.dice.pick(VERSIONS).to_owned()),
            },
            14 => Read::Quotas,
            _ => Read::Events(self.word(&[CLUSTER, WRITER, "one", "one-1"])),
        }
    }

    fn change(&mut self, side: Side) -> Change {
        match self.dice.below(30) {
            0..3 => Change::CopySnapshot(self.copy(side)),
            3 => Change::ShareSnapshot { snapshot: self.snapshot(), with: self.account() },
            4 => Change::UnshareSnapshot { snapshot: self.snapshot(), with: self.account() },
            5 | 6 => Change::CreateSnapshot { cluster: self.cluster(), snapshot: self.snapshot(), tags: self.tags() },
            7 => Change::DeleteSnapshot { snapshot: self.snapshot() },
            8..12 => Change::RestoreCluster(Box::new(self.restore(side))),
            12..15 => Change::ModifyCluster(Box::new(self.modify_cluster())),
            15 | 16 => Change::RenameCluster { from: self.cluster(), to: self.cluster() },
            17 | 18 => self.delete_cluster(),
            19..22 => Change::CreateInstance(Box::new(self.create_instance())),
            22 | 23 => Change::ModifyInstance(Box::new(self.modify_instance())),
            24 => Change::RenameInstance { from: self.instance(), to: self.instance() },
            25 => Change::RebootInstance { instance: self.instance() },
            26 | 27 => Change::DeleteInstance { instance: self.instance() },
            28 => Change::AddRole { cluster: self.cluster(), role: self.role(), feature: self.feature() },
            _ => self.tagging(side),
        }
    }

    fn word(&mut self, choices: &[&str]) -> String {
        self.dice.pick(choices).to_owned()
    }

    fn cluster(&mut self) -> ClusterId {
        ClusterId::new(self.dice.pick(CLUSTERS)).expect("every name of the pool is legal")
    }

    fn instance(&mut self) -> InstanceId {
        InstanceId::new(self.dice.pick(INSTANCES)).expect("every name of the pool is legal")
    }

    fn snapshot(&mut self) -> SnapshotId {
        SnapshotId::new(self.dice.pick(SNAPSHOTS)).expect("every name of the pool is legal")
    }

    fn account(&mut self) -> AccountId {
        if self.dice.percent(70) {
            return self.accounts.target.clone();
        }
        AccountId::new(self.dice.pick(&["333333333333", "444444444444"])).expect("twelve digits")
    }

    /// By name, or by the ARN of a snapshot that may be on the other side.
    fn address(&mut self, side: Side) -> SnapshotAddress {
        let name = self.snapshot();
        if side == Side::Source && self.dice.percent(60) {
            return SnapshotAddress::Name(name);
        }
        SnapshotAddress::Arn(self.arn(Side::Source, "cluster-snapshot", name.as_str()))
    }

    fn arn(&self, side: Side, kind: &str, name: &str) -> Arn {
        let (account, region) = match side {
            Side::Source => (&self.accounts.source, IRELAND),
            Side::Target => (&self.accounts.target, FRANKFURT),
        };
        Arn::new(format!("arn:aws:rds:{region}:{account}:{kind}:{name}")).expect("built from legal names")
    }

    fn role(&mut self) -> Arn {
        let name = self.dice.pick(&["import", "export", "ml"]);
        Arn::new(format!("arn:aws:iam::{}:role/{name}", self.accounts.source)).expect("built from legal names")
    }

    fn feature(&mut self) -> Option<String> {
        self.dice.percent(80).then(|| self.word(&["s3Import", "s3Export", "Lambda"]))
    }

    fn query(&mut self) -> SnapshotQuery {
        let kinds: &[&[SnapshotKind]] =
            &[&[], &[SnapshotKind::Manual], &[SnapshotKind::Automated], &[SnapshotKind::Shared]];
        SnapshotQuery { cluster: self.dice.percent(50).then(|| self.cluster()), kinds: self.dice.pick(kinds).to_vec() }
    }

    fn tags(&mut self) -> Tags {
        match self.dice.below(8) {
            0 => BTreeMap::from([("aws:forbidden".to_owned(), "yes".to_owned())]),
            1..4 => BTreeMap::from([
                ("aurora-restore:operation-id".to_owned(), "one".to_owned()),
                ("team".to_owned(), "a & b <c> \"d\"".to_owned()),
            ]),
            _ => Tags::new(),
        }
    }

    fn key(&mut self, side: Side) -> Option<KmsKey> {
        let (account, region) = match side {
            Side::Source => (&self.accounts.source, IRELAND),
            Side::Target => (&self.accounts.target, FRANKFURT),
        };
        let id = match self.dice.below(6) {
            0 | 1 => return None,
            2 => SOURCE_KEY,
            3 => "00000000-0000-4000-8000-000000000000",
            _ => TARGET_KEY,
        };
        Some(KmsKey::new(format!("arn:aws:kms:{region}:{account}:key/{id}")).expect("built from legal names"))
    }

    fn copy(&mut self, side: Side) -> SnapshotCopy {
        SnapshotCopy {
            from: self.address(side),
            to: self.snapshot(),
            kms_key: if self.dice.percent(50) { self.key(side) } else { None },
            tags: self.tags(),
        }
    }

    fn restore(&mut self, side: Side) -> ClusterRestore {
        let source = match self.dice.below(8) {
            0..5 => RestoreSource::Snapshot(match side {
                Side::Source => self.address(side),
                Side::Target => SnapshotAddress::Name(self.snapshot()),
            }),
            5 => RestoreSource::LatestOf { cluster: self.cluster(), method: PointInTimeMethod::Clone },
            6 => RestoreSource::LatestOf { cluster: self.cluster(), method: PointInTimeMethod::FullCopy },
            _ => RestoreSource::PointInTime {
                cluster: self.cluster(),
                at: self.now - SignedDuration::from_mins(self.dice.pick(&[1, 10, 60, 100_000])),
            },
        };
        ClusterRestore {
            cluster: self.cluster(),
            source,
            engine: if self.dice.percent(95) { ENGINE.to_owned() } else { "aurora-mysql".to_owned() },
            engine_version: self.word(VERSIONS),
            kms_key: if self.dice.percent(15) { self.key(side) } else { None },
            settings: self.cluster_settings(),
            tags: self.tags(),
        }
    }

    fn cluster_settings(&mut self) -> ClusterSettings {
        ClusterSettings {
            parameter_group: self.dice.percent(20).then(|| self.word(&["default.aurora-postgresql16", "nobodys"])),
            subnet_group: self.dice.percent(10).then(|| self.word(&["default", "nobodys"])),
            security_groups: self.dice.percent(20).then(|| BTreeSet::from(["sg-1".to_owned(), "sg-2".to_owned()])),
            port: self.dice.percent(20).then(|| self.dice.pick(&[5432, 6000, 80])),
            deletion_protection: self.flag(),
            iam_authentication: self.flag(),
            copy_tags_to_snapshot: self.flag(),
            log_exports: self.dice.percent(20).then(|| BTreeSet::from([self.word(&["postgresql", "gossip"])])),
            serverless_scaling: self.dice.percent(15).then(|| self.scaling()),
            storage_type: self.dice.percent(15).then(|| self.word(&["aurora", "aurora-iopt1", "floppy"])),
            engine_lifecycle_support: self.dice.percent(10).then(|| "open-source-rds-extended-support-disabled".into()),
            ..ClusterSettings::default()
        }
    }

    fn flag(&mut self) -> Option<bool> {
        self.dice.pick(&[None, None, None, Some(true), Some(false)])
    }

    fn scaling(&mut self) -> ServerlessScaling {
        let (min_half_acus, max_half_acus) = self.dice.pick(&[(1, 8), (0, 4), (16, 2)]);
        ServerlessScaling { min_half_acus, max_half_acus }
    }

    fn modify_cluster(&mut self) -> ClusterModify {
        ClusterModify {
            cluster: self.cluster(),
            master_password: self
                .dice
                .percent(15)
                .then(|| Secret::new(self.word(&["A-new-Password-1", "tiny-1", "with/slash-1"]))),
            parameter_group: self.dice.percent(10).then(|| self.word(&["default.aurora-postgresql16", "nobodys"])),
            security_groups: self.dice.percent(15).then(|| vec!["sg-3".to_owned()]),
            backup_retention_days: self.dice.percent(25).then(|| self.dice.pick(&[1, 7, 35, 36, 0])),
            backup_window: self.dice.percent(20).then(|| self.word(&["02:00-02:30", "23:45-00:15", "never"])),
            maintenance_window: self.dice.percent(20).then(|| self.word(WINDOWS)),
            deletion_protection: self.flag(),
            iam_authentication: self.flag(),
            copy_tags_to_snapshot: self.flag(),
            enable_log_exports: if self.dice.percent(15) { vec!["postgresql".to_owned()] } else { Vec::new() },
            disable_log_exports: if self.dice.percent(10) { vec!["postgresql".to_owned()] } else { Vec::new() },
            serverless_scaling: self.dice.percent(10).then(|| self.scaling()),
            storage_type: self.dice.percent(10).then(|| self.word(&["aurora", "aurora-iopt1", "floppy"])),
            port: self.dice.percent(10).then(|| self.dice.pick(&[5432, 6000])),
        }
    }

    fn delete_cluster(&mut self) -> Change {
        Change::DeleteCluster {
            cluster: self.cluster(),
            final_snapshot: if self.dice.percent(40) { Some(self.snapshot()) } else { None },
        }
    }

    fn create_instance(&mut self) -> InstanceCreate {
        InstanceCreate {
            instance: self.instance(),
            cluster: self.cluster(),
            engine: if self.dice.percent(95) { ENGINE.to_owned() } else { "postgres".to_owned() },
            settings: InstanceSettings {
                class: Some(self.word(&[CLASS, CLASS, CLASS, "db.serverless", "db.m1.tiny"])),
                parameter_group: self.dice.percent(15).then(|| self.word(&["default.aurora-postgresql16", "nobodys"])),
                promotion_tier: self.dice.percent(30).then(|| self.dice.pick(&[0, 3, 15, 99])),
                publicly_accessible: self.flag(),
                performance_insights: self.flag(),
                auto_minor_version_upgrade: self.flag(),
                maintenance_window: self.dice.percent(20).then(|| self.word(WINDOWS)),
                ..InstanceSettings::default()
            },
            tags: self.tags(),
        }
    }

    fn modify_instance(&mut self) -> InstanceModify {
        InstanceModify {
            instance: self.instance(),
            parameter_group: self.dice.percent(15).then(|| self.word(&["default.aurora-postgresql16", "nobodys"])),
            promotion_tier: self.dice.percent(50).then(|| self.dice.pick(&[0, 3, 15, 99])),
            maintenance_window: self.dice.percent(30).then(|| self.word(WINDOWS)),
            auto_minor_version_upgrade: self.flag(),
            ca_certificate: self.dice.percent(15).then(|| self.word(&["rds-ca-rsa2048-g1", "self-made"])),
        }
    }

    fn tagging(&mut self, side: Side) -> Change {
        let resource = match self.dice.below(3) {
            0 => (self.arn(side, "cluster", CLUSTER), self.arn(side, "cluster", "one")),
            1 => (self.arn(side, "db", WRITER), self.arn(side, "db", "one-1")),
            _ => (self.arn(side, "cluster-snapshot", SNAPSHOT), self.arn(side, "cluster-snapshot", "first")),
        };
        let resource = if self.dice.percent(60) { resource.0 } else { resource.1 };
        if self.dice.percent(50) {
            return Change::RemoveTags { resource, keys: vec!["team".to_owned()] };
        }
        let tags = Tags::from([("team".to_owned(), self.word(&["red", "blue"]))]);
        Change::AddTags { resource, tags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_sequence_again_and_another_seed_gives_another() {
        let account = AccountId::new("111111111111").expect("twelve digits");
        let accounts = Accounts { source: account.clone(), target: account };
        let of = |seed| generate(seed, 50, &accounts, Timestamp::UNIX_EPOCH);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
