//! Where it all happens: accounts and Regions with production, neighbours that are nobody's business, and the targets
//! that operations want.

use std::{collections::BTreeMap, sync::Arc};

use aurora_restore_core::{
    ids::{AccountId, ClusterId, Region, SecretId},
    ports::{Clock, Endpoint},
    secret::Secret,
};
use aurora_restore_sandbox::model::{
    Caller, Secret as ModelSecret, SeedSnapshot, World,
    call::{
        Call, CreateDbCluster, CreateDbClusterSnapshot, CreateDbInstance, CreateParameterGroup, NewClusterSettings,
    },
    config::{ConsistencyLag, DataPlaneMode, Durations, PlacedKey, Quotas, WorldConfig},
    reply::Reply,
    resources::{KmsKey as ModelKey, Tag},
};
use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;
use crate::{
    ManualClock, MemorySecrets, Sim,
    data::Role,
    scenario::{FRANKFURT, IRELAND, PROD, SOURCE_KEY, STAGING, TARGET_KEY},
};

/// A third account, with targets of its own.
pub(super) const ANALYTICS: &str = "333333333333";
/// The cluster of production whose data are wanted everywhere.
pub(super) const PRODUCTION: &str = "prod";
/// A source in the same account and Region as two of the targets.
pub(super) const WAREHOUSE: &str = "warehouse";
/// What stands in every secret and must stand nowhere else.
pub(super) const CANARY: &str = "cAnArY";

const MASTER: &str = "postgres";
const ENGINE: &str = "aurora-postgresql";

/// Every place of the simulation.
pub(super) const PLACES: [(&str, &str); 5] =
    [(PROD, IRELAND), (PROD, FRANKFURT), (STAGING, IRELAND), (STAGING, FRANKFURT), (ANALYTICS, IRELAND)];

/// A target: a name in a place.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) name: &'static str,
    /// Where the name answers, whoever bears it.
    pub(super) endpoint: Endpoint,
    /// Whether a cluster bore the name at first.
    pub(super) was_there: bool,
}

impl Site {
    pub(super) fn caller(&self) -> Caller {
        Caller::new(self.account, self.region)
    }

    pub(super) fn cluster(&self) -> ClusterId {
        ClusterId::new(self.name).expect("a constant that is an identifier")
    }

    pub(super) fn region(&self) -> Region {
        Region::new(self.region).expect("a constant that is a Region")
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account).expect("a constant that is an account")
    }
}

/// What stands on the stage.
pub(super) struct Stage {
    pub(super) sim: Arc<Sim>,
    pub(super) sites: Vec<Site>,
    pub(super) secrets: MemorySecrets,
    /// Whether production is encrypted with a customer's key.
    pub(super) encrypted: bool,
}

impl Stage {
    /// Sets the stage of a seed.
    ///
    /// # Panics
    /// If the model refuses what the stage needs.
    pub(super) fn set(seed: u64) -> Self {
        let mut dice = Dice::of(seed, "stage");
        let mut config = WorldConfig::postgresql(16, durations(&mut dice));
        config.data_plane = DataPlaneMode::Observed;
        config.lag = lag(&mut dice);
        config.quotas = quotas(&mut dice);
        config.kms_keys = keys();
        let start: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a constant that is a time");
        let clock = Arc::new(ManualClock::at(start));
        let builder = Builder { sim: Arc::new(Sim::new(World::new(config), clock)) };
        let encrypted = dice.chance(0.7);
        let shared_before = dice.chance(0.25);
        builder.sources(encrypted, shared_before);
        let sites = builder.targets(&mut dice);
        builder.sim.clock().turn(SignedDuration::from_hours(24));
        builder.settle();
        Self { sim: builder.sim, sites, secrets: secrets(), encrypted }
    }
}

fn durations(dice: &mut Dice) -> Durations {
    let real = Durations::realistic();
    // Some Regions are quick today; none is quicker than a call that is on its way.
    let percent = dice.pick(&[50, 100, 100, 160]);
    let scaled = |duration: SignedDuration| duration * percent / 100;
    Durations {
        restore_cluster: scaled(real.restore_cluster),
        clone_cluster: scaled(real.clone_cluster),
        create_instance: scaled(real.create_instance),
        modify_cluster: scaled(real.modify_cluster),
        rename_cluster: scaled(real.rename_cluster),
        rename_instance: scaled(real.rename_instance),
        delete_cluster: scaled(real.delete_cluster),
        delete_instance: scaled(real.delete_instance),
        take_snapshot: scaled(real.take_snapshot),
        copy_snapshot: scaled(real.copy_snapshot),
        ..real
    }
}

fn lag(dice: &mut Dice) -> ConsistencyLag {
    let secs = |dice: &mut Dice, choices: &[i64]| SignedDuration::from_secs(dice.pick(choices));
    ConsistencyLag { after_create: secs(dice, &[0, 0, 5, 40]), after_rename: secs(dice, &[0, 0, 3, 25]) }
}

/// Quotas are roomy, or fill up with two or three restores at a time.
fn quotas(dice: &mut Dice) -> Quotas {
    let roomy = Quotas::default();
    if dice.chance(0.6) {
        return roomy;
    }
    Quotas {
        clusters: 5 + dice.below(3),
        instances: 10 + dice.below(4),
        manual_snapshots: 4 + dice.below(4),
        copies_in_progress: 1 + dice.below(2),
        ..roomy
    }
}

fn keys() -> Vec<PlacedKey> {
    PLACES
        .into_iter()
        .flat_map(|(account, region)| [(account, region, SOURCE_KEY), (account, region, TARGET_KEY)])
        .map(|(account, region, id)| PlacedKey {
            account: account.into(),
            region: region.into(),
            key: ModelKey {
                key_id: id.to_owned(),
                alias: None,
                allowed_accounts: [STAGING.into(), ANALYTICS.into()].into(),
                disabled: false,
            },
        })
        .collect()
}

fn secrets() -> MemorySecrets {
    let id = |text: &str| SecretId::new(text).expect("a constant that is a secret's id");
    let word = |text: &str| format!("{CANARY}-{text}");
    let mut secrets = MemorySecrets::default();
    let master = word("fresh-Master");
    secrets.put(&id("staging/master"), &[("username", MASTER), ("password", &master), ("database", "shop")]);
    secrets.put(&id("prod/master"), &[("username", MASTER), ("password", &word("prod-Master"))]);
    secrets.put(
        &id("staging/users"),
        &[
            ("app_username", "shop"),
            ("app_password", &word("shop-of-today")),
            ("readonly_username", "report"),
            ("readonly_password", &word("report-of-today")),
        ],
    );
    secrets
}

struct Builder {
    sim: Arc<Sim>,
}

impl Builder {
    fn operator(&self, place: &Caller, call: Call) -> Reply {
        self.sim.with_world(|world, now| match world.apply(place, call, now) {
            Ok(reply) => reply,
            Err(error) => panic!("the stage is refused: {error}"),
        })
    }

    fn settle(&self) {
        settle(&self.sim, SignedDuration::from_hours(24));
    }

    fn sources(&self, encrypted: bool, shared_before: bool) {
        let prod = Caller::new(PROD, IRELAND);
        let key = encrypted.then(|| format!("arn:aws:kms:{IRELAND}:{PROD}:key/{SOURCE_KEY}"));
        self.cluster(&prod, PRODUCTION, NewClusterSettings { kms_key_id: key, ..NewClusterSettings::default() });
        self.fill(&prod, PRODUCTION, &[("shop.customers", 20_000), ("shop.orders", 180_000), ("shop.beats", 1)]);
        self.snapshot(&prod, PRODUCTION, "prod-2026-11-20");
        self.automated(&prod, PRODUCTION);
        if shared_before {
            let share = aurora_restore_sandbox::model::call::ModifyDbClusterSnapshotAttribute {
                db_cluster_snapshot_identifier: "prod-2026-11-20".to_owned(),
                attribute_name: "restore".to_owned(),
                values_to_add: vec![STAGING.to_owned()],
                values_to_remove: Vec::new(),
            };
            self.operator(&prod, Call::ModifyDbClusterSnapshotAttribute(share));
        }
        let here = Caller::new(STAGING, FRANKFURT);
        self.cluster(&here, WAREHOUSE, NewClusterSettings::default());
        self.fill(&here, WAREHOUSE, &[("shop.customers", 500), ("shop.orders", 900), ("shop.beats", 1)]);
        self.snapshot(&here, WAREHOUSE, "warehouse-2026-11-20");
        self.automated(&here, WAREHOUSE);
    }

    fn targets(&self, dice: &mut Dice) -> Vec<Site> {
        let mut sites = Vec::new();
        let places = [(STAGING, FRANKFURT, "staging"), (STAGING, FRANKFURT, "reports"), (ANALYTICS, IRELAND, "lake")];
        self.cluster(&Caller::new(ANALYTICS, IRELAND), "neighbour", NewClusterSettings::default());
        for (account, region, name) in places {
            let place = Caller::new(account, region);
            let was_there = dice.chance(0.8);
            if was_there {
                self.target(&place, name, dice);
            }
            let shown = if account == STAGING { WAREHOUSE } else { "neighbour" };
            let endpoint = self.endpoint(&place, shown).expect("the cluster was made before");
            let rest = endpoint.host.strip_prefix(shown).expect("a host begins with the cluster's name").to_owned();
            let endpoint = Endpoint { host: format!("{name}{rest}"), port: endpoint.port };
            sites.push(Site { account, region, name, endpoint, was_there });
        }
        sites
    }

    fn target(&self, place: &Caller, name: &str, dice: &mut Dice) {
        for is_cluster in [true, false] {
            let group = CreateParameterGroup {
                name: format!("{name}-{}", if is_cluster { "cluster" } else { "instances" }),
                family: "aurora-postgresql16".to_owned(),
                description: name.to_owned(),
                tags: Vec::new(),
            };
            let call = if is_cluster {
                Call::CreateDbClusterParameterGroup(group)
            } else {
                Call::CreateDbParameterGroup(group)
            };
            self.operator(place, call);
        }
        let settings = NewClusterSettings {
            backup_retention_period: Some(3),
            copy_tags_to_snapshot: Some(true),
            db_cluster_parameter_group_name: Some(format!("{name}-cluster")),
            deletion_protection: Some(dice.chance(0.2)),
            tags: vec![Tag::new("team", "data")],
            ..NewClusterSettings::default()
        };
        self.cluster(place, name, settings);
        self.fill(place, name, &[("shop.customers", 10), ("old.things", 3)]);
        if dice.chance(0.5) {
            self.snapshot(place, name, &format!("{name}-by-hand"));
        }
    }

    fn cluster(&self, place: &Caller, name: &str, settings: NewClusterSettings) {
        let encrypted = settings.kms_key_id.is_some();
        self.operator(
            place,
            Call::CreateDbCluster(CreateDbCluster {
                db_cluster_identifier: name.to_owned(),
                engine: ENGINE.to_owned(),
                engine_version: Some("16.4".to_owned()),
                master_username: Some(MASTER.to_owned()),
                master_user_password: Some(ModelSecret::new("first-Password-1")),
                storage_encrypted: Some(encrypted),
                settings,
                ..CreateDbCluster::default()
            }),
        );
        self.settle();
        for number in 1..=2 {
            self.operator(
                place,
                Call::CreateDbInstance(CreateDbInstance {
                    db_instance_identifier: format!("{name}-{number}"),
                    db_cluster_identifier: Some(name.to_owned()),
                    db_instance_class: "db.r6g.large".to_owned(),
                    engine: ENGINE.to_owned(),
                    promotion_tier: Some(number),
                    tags: vec![Tag::new("owner", name)],
                    ..CreateDbInstance::default()
                }),
            );
            self.settle();
        }
    }

    fn snapshot(&self, place: &Caller, cluster: &str, name: &str) {
        self.operator(
            place,
            Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
                db_cluster_snapshot_identifier: name.to_owned(),
                db_cluster_identifier: cluster.to_owned(),
                tags: vec![Tag::new("made-by", "operations")],
            }),
        );
        self.settle();
    }

    fn automated(&self, place: &Caller, cluster: &str) {
        let created_at = self.sim.clock().now() - SignedDuration::from_hours(1);
        nightly(&self.sim, place, cluster, created_at);
    }

    fn endpoint(&self, place: &Caller, name: &str) -> Option<Endpoint> {
        let call = Call::DescribeDbClusters(aurora_restore_sandbox::model::call::DescribeDbClusters {
            db_cluster_identifier: Some(name.to_owned()),
            ..Default::default()
        });
        let Reply::Clusters(page) = self.operator(place, call) else { return None };
        let shown = page.items.first()?.endpoint.clone()?;
        Some(Endpoint { host: shown.address, port: shown.port })
    }

    fn fill(&self, place: &Caller, name: &str, tables: &[(&str, u64)]) {
        let endpoint = self.endpoint(place, name).expect("the cluster was made a moment ago");
        let filled = self.sim.with_data(&endpoint.host, endpoint.port, |content| {
            content.tables = tables.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect();
            let role = |password: &str| Role::with_password(&Secret::new(password), true);
            content.roles = BTreeMap::from([
                (MASTER.to_owned(), role(&format!("{CANARY}-prod-Master"))),
                ("analyst".to_owned(), role(&format!("{CANARY}-analyst"))),
                ("shop".to_owned(), role(&format!("{CANARY}-shop-of-old"))),
            ]);
        });
        assert!(filled.is_some(), "the cluster answers");
    }
}

/// Lets time pass until nothing more happens by itself within so long.
pub(super) fn settle(sim: &Sim, within: SignedDuration) {
    for _ in 0..10_000 {
        let now = sim.clock().now();
        let next = sim.with_world(|world, _| world.next_change_at());
        match next {
            Some(next) if next.duration_since(now) < within => {
                sim.clock().turn(next.duration_since(now).max(SignedDuration::from_millis(1)));
            }
            Some(_) | None => return,
        }
    }
}

/// Puts an automated snapshot of a cluster in place, as RDS makes one every night. Not while the cluster is busy.
pub(super) fn nightly(sim: &Sim, place: &Caller, cluster: &str, created_at: Timestamp) {
    let seed = SeedSnapshot {
        place: place.place(),
        db_cluster_identifier: cluster.to_owned(),
        created_at,
        name: None,
        tags: Vec::new(),
    };
    // A cluster that is being changed has its backup another time.
    let _ = sim.with_world(|world, now| world.seed_snapshot(seed, now).map(|_| ()));
}
