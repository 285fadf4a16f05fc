//! A stage for whole restores: a production cluster with snapshots, a staging cluster to be refreshed, neighbours that
//! nobody may touch, and everything that the engine needs around them.

use std::{collections::BTreeMap, sync::Arc};

use aurora_restore_core::{
    engine::{BeginOperation, Engine, EngineError, Session},
    ids::{AccountId, Arn, ClusterId, ExecutorId, KmsKey, OperationId, Region, SecretId, SnapshotId},
    operation::Status,
    ports::{Clock, Endpoint, Ports, SnapshotAddress, TargetKey},
    request::{
        ArchivePolicy, CopyOptions, InstanceOptions, Limits, Request, Retirement, SecretRefs, Source, SourceSelector,
        Strategy, Target, UserOptions, VerificationOptions,
    },
    secret::Secret,
    settings::{ClusterSettings, InstanceSettings},
};
use aurora_restore_sandbox::model::{
    Caller, SeedSnapshot, World,
    call::{
        Call, CreateDbCluster, CreateDbClusterSnapshot, CreateDbInstance, CreateParameterGroup, NewClusterSettings,
    },
    config::{DataPlaneMode, Durations, PlacedKey, WorldConfig},
    reply::Reply,
    resources::{KmsKey as ModelKey, Tag},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    ManualClock, MemoryJournal, MemorySecrets, Sim, SimCloud, SimDatabase,
    data::Role,
    drive::{DriveError, run_to_end},
    notifier::RecordingNotifier,
    run::block_on,
    view::{View, Witness},
};

/// The account of production.
pub const PROD: &str = "111111111111";
/// The account of staging.
pub const STAGING: &str = "222222222222";
/// The Region of production.
pub const IRELAND: &str = "eu-west-1";
/// The Region of staging.
pub const FRANKFURT: &str = "eu-central-1";
/// The cluster whose data are wanted.
pub const SOURCE_CLUSTER: &str = "prod";
/// Its snapshot of yesterday.
pub const SOURCE_SNAPSHOT: &str = "prod-2026-11-21";
/// The name that clients use.
pub const TARGET: &str = "staging";
/// A cluster beside the target that is nobody's business.
pub const NEIGHBOUR: &str = "neighbour";
/// The customer's key in the account and Region of the target.
pub const TARGET_KEY: &str = "22222222-2222-4222-8222-222222222222";
/// The customer's key in the account and Region of the source, which the target account may use.
pub const SOURCE_KEY: &str = "11111111-1111-4111-8111-111111111111";
/// More moves than any restore needs.
pub const MOVES_MAX: u32 = 5_000;

const MASTER: &str = "postgres";
const SOURCE_PASSWORD: &str = "prod-Master-0001";
const NEW_PASSWORD: &str = "fresh-Master-0002";
const ENGINE: &str = "aurora-postgresql";

/// What the stage is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The account of the source.
    pub source_account: &'static str,
    /// The Region of the source.
    pub source_region: &'static str,
    /// How the source is encrypted.
    pub encryption: Encryption,
    /// Whether there is a cluster under the target's name.
    pub target: TargetIs,
    /// How long RDS takes.
    pub pace: Pace,
}

/// How the source's data are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// With the customer's key.
    CustomerKey,
    /// With the key that RDS makes for itself.
    DefaultKey,
}

/// Whether there is a cluster under the target's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetIs {
    /// Nothing bears the name.
    Absent,
    /// A cluster with two instances.
    Present,
    /// The same, protected against deletion.
    Protected,
}

/// How long RDS takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Hours in all.
    Realistic,
    /// Seconds in all.
    Quick,
}

impl Default for Stage {
    /// One account and Region, unencrypted, with a target.
    fn default() -> Self {
        Self {
            source_account: STAGING,
            source_region: FRANKFURT,
            encryption: Encryption::None,
            target: TargetIs::Present,
            pace: Pace::Realistic,
        }
    }
}

impl Stage {
    /// Production in another account and Region, under a customer's key.
    pub fn across() -> Self {
        Self { source_account: PROD, source_region: IRELAND, encryption: Encryption::CustomerKey, ..Self::default() }
    }

    /// The same stage with another target.
    #[must_use]
    pub fn with_target(self, target: TargetIs) -> Self {
        Self { target, ..self }
    }
}

/// The stage with everything on it.
pub struct Scenario {
    /// The simulated world.
    pub sim: Arc<Sim>,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// The cloud as the engine reaches it.
    pub cloud: SimCloud,
    /// The databases.
    pub database: SimDatabase,
    /// The journal.
    pub journal: MemoryJournal,
    /// The secrets.
    pub secrets: MemorySecrets,
    /// The notices.
    pub notifier: RecordingNotifier,
    stage: Stage,
}

impl Scenario {
    /// Sets the stage.
    ///
    /// # Panics
    /// If the model refuses what the stage needs.
    pub fn new(stage: Stage) -> Self {
        let durations = match stage.pace {
            Pace::Realistic => Durations::realistic(),
            Pace::Quick => Durations::quick(),
        };
        let mut config = WorldConfig::postgresql(16, durations);
        config.data_plane = DataPlaneMode::Observed;
        config.kms_keys = keys();
        let start: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a constant that is a time");
        let clock = Arc::new(ManualClock::at(start));
        let sim = Arc::new(Sim::new(World::new(config), Arc::clone(&clock)));
        let scenario = Self::around(sim, MemoryJournal::default(), secrets(), stage);
        scenario.build_source();
        scenario.build_target_place();
        scenario.clock.turn(SignedDuration::from_hours(24));
        scenario.settle();
        scenario
    }

    fn around(sim: Arc<Sim>, journal: MemoryJournal, secrets: MemorySecrets, stage: Stage) -> Self {
        let account = |text: &str| AccountId::new(text).expect("a constant that is an account");
        let (source, target) = (account(stage.source_account), account(STAGING));
        Self {
            cloud: SimCloud::new(&sim, &source, &target, &regions()),
            database: SimDatabase::new(&sim),
            clock: Arc::clone(sim.clock()),
            notifier: RecordingNotifier::default(),
            sim,
            journal,
            secrets,
            stage,
        }
    }

    /// A stage of its own that begins as this one is now.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::around(Arc::new(self.sim.fork()), self.journal.fork(), self.secrets.clone(), self.stage)
    }

    /// What the stage is like.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The ports.
    pub fn ports(&self) -> Ports<'_> {
        Ports {
            cloud: &self.cloud,
            journal: &self.journal,
            secrets: &self.secrets,
            database: &self.database,
            notifier: &self.notifier,
            clock: self.clock.as_ref(),
        }
    }

    /// Where the source is.
    pub fn source_place(&self) -> Caller {
        Caller::new(self.stage.source_account, self.stage.source_region)
    }

    /// Where the target is.
    pub fn target_place(&self) -> Caller {
        Caller::new(STAGING, FRANKFURT)
    }

    /// Calls the model as an operator would.
    ///
    /// # Panics
    /// If the model refuses.
    pub fn operator(&self, place: &Caller, call: Call) -> Reply {
        self.sim.with_world(|world, now| match world.apply(place, call, now) {
            Ok(reply) => reply,
            Err(error) => panic!("the stage is refused: {error}"),
        })
    }

    /// Lets time pass until nothing more happens by itself within a day.
    pub fn settle(&self) {
        for _ in 0..10_000 {
            let now = self.clock.now();
            let next = self.sim.with_world(|world, _| world.next_change_at());
            match next {
                Some(next) if next.duration_since(now) < SignedDuration::from_hours(24) => {
                    self.clock.turn(next.duration_since(now).max(SignedDuration::from_millis(1)));
                }
                Some(_) | None => return,
            }
        }
    }

    /// What the whole world looks like.
    pub fn view(&self, witness: Witness) -> View {
        let places = [(PROD, IRELAND), (PROD, FRANKFURT), (STAGING, IRELAND), (STAGING, FRANKFURT)];
        let places: Vec<Caller> = places.into_iter().map(|(account, region)| Caller::new(account, region)).collect();
        View::of(&self.sim, &places, witness)
    }

    /// What the target's name answers with, as a client sees it: the fingerprint of the content.
    pub fn answer_of_target(&self) -> Option<String> {
        let endpoint = self.endpoint_of(TARGET)?;
        self.sim.with_data(&endpoint.host, endpoint.port, |content| content.fingerprint())
    }

    /// The address of a cluster in the target's place. Names do not move with renames, so the address is computed from
    /// the neighbour's.
    pub fn endpoint_of(&self, cluster: &str) -> Option<Endpoint> {
        let call = Call::DescribeDbClusters(aurora_restore_sandbox::model::call::DescribeDbClusters {
            db_cluster_identifier: Some(NEIGHBOUR.to_owned()),
            ..Default::default()
        });
        let Reply::Clusters(page) = self.operator(&self.target_place(), call) else { return None };
        let shown = page.items.first()?.endpoint.clone()?;
        let rest = shown.address.strip_prefix(NEIGHBOUR)?;
        Some(Endpoint { host: format!("{cluster}{rest}"), port: shown.port })
    }

    fn build_source(&self) {
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
        let created_at = self.clock.now() - SignedDuration::from_hours(1);
        let seed = SeedSnapshot {
            place: place.place(),
            db_cluster_identifier: SOURCE_CLUSTER.to_owned(),
            created_at,
            name: None,
            tags: Vec::new(),
        };
        self.sim
            .with_world(|world, now| world.seed_snapshot(seed, now).map(|_| ()))
            .expect("the cluster is available and the name is free");
    }

    fn build_target_place(&self) {
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

    fn source_key(&self) -> KmsKey {
        let text = format!("arn:aws:kms:{}:{}:key/{SOURCE_KEY}", self.stage.source_region, self.stage.source_account);
        KmsKey::new(text).expect("built from constants")
    }

    /// The address of the manual snapshot.
    pub fn snapshot(&self) -> SnapshotAddress {
        SnapshotAddress::Name(SnapshotId::new(SOURCE_SNAPSHOT).expect("a constant that is an identifier"))
    }

    /// A request for this stage. Keys are named where the data are encrypted.
    pub fn request(&self, strategy: Strategy, selector: SourceSelector) -> Request {
        let encrypted = self.stage.encryption != Encryption::None;
        let crosses = self.stage.source_account != STAGING || self.stage.source_region != FRANKFURT;
        let key = |text: String| KmsKey::new(text).expect("built from constants");
        let secret = |text: &str| SecretId::new(text).expect("a constant that is a secret's id");
        Request {
            source: Source { region: region(self.stage.source_region), selector },
            target: Target {
                region: region(FRANKFURT),
                cluster: ClusterId::new(TARGET).expect("a constant that is an identifier"),
                require_tags: BTreeMap::new(),
            },
            strategy,
            copy: CopyOptions {
                kms_key: (encrypted && crosses)
                    .then(|| key(format!("arn:aws:kms:{FRANKFURT}:{STAGING}:key/{TARGET_KEY}"))),
                source_kms_key: (encrypted && self.stage.source_account != STAGING).then(|| self.source_key()),
                route: Default::default(),
            },
            settings: ClusterSettings::default(),
            instances: InstanceOptions {
                count: None,
                settings: InstanceSettings { class: Some("db.r6g.large".to_owned()), ..InstanceSettings::default() },
            },
            engine_version: None,
            secrets: SecretRefs {
                master: secret("staging/master"),
                users: Some(secret("staging/users")),
                source_master: Some(secret("prod/master")),
            },
            users: UserOptions::default(),
            verification: VerificationOptions::default(),
            archive: ArchivePolicy::default(),
            retirement: Retirement::default(),
            tags: BTreeMap::from([("refreshed-by".to_owned(), "nightly".to_owned())]),
            limits: Limits { poll: self.poll(), ..Limits::default() },
        }
    }

    fn poll(&self) -> SignedDuration {
        match self.stage.pace {
            Pace::Realistic => SignedDuration::from_secs(30),
            Pace::Quick => SignedDuration::from_millis(300),
        }
    }

    /// A request for a swap from the manual snapshot.
    pub fn swap(&self) -> Request {
        self.request(Strategy::Swap, SourceSelector::Snapshot(self.snapshot()))
    }

    /// What is locked.
    pub fn target_key(&self) -> TargetKey {
        TargetKey {
            account: STAGING.to_owned(),
            region: region(FRANKFURT),
            cluster: ClusterId::new(TARGET).expect("a constant that is an identifier"),
        }
    }

    /// What begins an operation.
    pub fn begin(&self, id: &str, request: Request) -> BeginOperation {
        BeginOperation {
            id: operation(id),
            request,
            target: self.target_key(),
            executor: executor("first"),
            approved_plan: None,
        }
    }

    /// Runs a whole operation without faults.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn run(&self, id: &str, request: Request) -> Result<(Status, Session), DriveError> {
        block_on(async {
            let engine = Engine::new(self.ports());
            let mut session = engine.begin(self.begin(id, request)).await?;
            let status = run_to_end(&engine, &mut session, &self.clock, MOVES_MAX).await?;
            Ok((status, session))
        })
    }

    /// Takes an operation over and drives it to its end.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn resume(&self, id: &str, by: &str) -> Result<(Status, Session), DriveError> {
        block_on(async {
            let engine = Engine::new(self.ports());
            let mut session = attach(&engine, id, by).await?;
            let status = run_to_end(&engine, &mut session, &self.clock, MOVES_MAX).await?;
            Ok((status, session))
        })
    }
}

async fn attach(engine: &Engine<'_>, id: &str, by: &str) -> Result<Session, EngineError> {
    engine.attach(&operation(id), &executor(by)).await
}

/// An operation's id.
///
/// # Panics
/// If the text is not one.
pub fn operation(id: &str) -> OperationId {
    OperationId::new(id).expect("a test gives ids that are legal")
}

/// An executor's id.
///
/// # Panics
/// If the text is not one.
pub fn executor(id: &str) -> ExecutorId {
    ExecutorId::new(id).expect("a test gives ids that are legal")
}

/// A Region.
///
/// # Panics
/// If the text is not one.
pub fn region(text: &str) -> Region {
    Region::new(text).expect("a test gives Regions that are legal")
}

/// The Regions of the stage.
pub fn regions() -> Vec<Region> {
    vec![region(IRELAND), region(FRANKFURT)]
}

/// The ARN of a snapshot.
///
/// # Panics
/// If the name is not legal.
pub fn snapshot_arn(place: &Caller, name: &str) -> Arn {
    let text = format!("arn:aws:rds:{}:{}:cluster-snapshot:{name}", place.region, place.account);
    Arn::new(text).expect("a test gives names that are legal")
}

/// The customer keys of all places.
pub fn keys() -> Vec<PlacedKey> {
    let places = [(PROD, IRELAND), (PROD, FRANKFURT), (STAGING, IRELAND), (STAGING, FRANKFURT)];
    places
        .into_iter()
        .flat_map(|(account, region)| [(account, region, SOURCE_KEY), (account, region, TARGET_KEY)])
        .map(|(account, region, id)| PlacedKey {
            account: account.into(),
            region: region.into(),
            key: ModelKey {
                key_id: id.to_owned(),
                alias: None,
                allowed_accounts: [STAGING.into()].into(),
                disabled: false,
            },
        })
        .collect()
}

fn secrets() -> MemorySecrets {
    let id = |text: &str| SecretId::new(text).expect("a constant that is a secret's id");
    let mut secrets = MemorySecrets::default();
    secrets.put(&id("staging/master"), &[("username", MASTER), ("password", NEW_PASSWORD), ("database", "shop")]);
    secrets.put(&id("prod/master"), &[("username", MASTER), ("password", SOURCE_PASSWORD)]);
    secrets.put(
        &id("staging/users"),
        &[
            ("app_username", "shop"),
            ("app_password", "shop-of-today"),
            ("readonly_username", "report"),
            ("readonly_password", "report-of-today"),
        ],
    );
    secrets
}
