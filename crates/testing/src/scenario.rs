//! A stage for whole restores: a production cluster with snapshots, a staging cluster to be refreshed, neighbours that
//! nobody may touch, and everything that the engine needs around them.

mod build;
mod stage;

pub use stage::{Access, Encryption, Pace, Stage, TargetIs};

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
    settings::{ClusterSettings, InstanceSettings},
};
use aurora_restore_sandbox::model::{
    Caller, World,
    call::Call,
    config::{DataPlaneMode, Durations, PlacedKey, WorldConfig, aurora_postgresql},
    reply::Reply,
    resources::{EngineVersion, KmsKey as ModelKey},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    ManualClock, MemoryJournal, MemorySecrets, Sim, SimCloud, SimDatabase,
    drive::{DriveError, run_to_end},
    notifier::RecordingNotifier,
    run::block_on,
    view::{Glance, View, Witness},
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
        // A second major version, so that what belongs to another one can be told.
        let older = aurora_postgresql(15).into_iter();
        config.engine_versions.extend(older.map(|version| EngineVersion { is_default: false, ..version }));
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
        let source = match stage.access {
            Access::Role => account(stage.source_account),
            Access::SharedOnly => account(STAGING),
        };
        let target = account(STAGING);
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
        let forked = Self::around(Arc::new(self.sim.fork()), self.journal.fork(), self.secrets.clone(), self.stage);
        Self { notifier: self.notifier.fork(), ..forked }
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
        View::of(&self.sim, &places(), witness)
    }

    /// The same with how much of each quota is used.
    pub fn view_with_quotas(&self, witness: Witness) -> View {
        let mut view = self.view(witness);
        view.add_quotas(&self.sim, &places());
        view
    }

    /// The same at one glance, for comparing many worlds.
    pub(crate) fn glance(&self, witness: Witness) -> Glance {
        Glance::of(&self.sim, &places(), witness)
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
                source_kms_key: (encrypted
                    && self.stage.source_account != STAGING
                    && self.stage.access == Access::Role)
                    .then(|| self.source_key()),
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
    pub fn target_key() -> TargetKey {
        TargetKey {
            account: STAGING.to_owned(),
            region: region(FRANKFURT),
            cluster: ClusterId::new(TARGET).expect("a constant that is an identifier"),
        }
    }

    /// What begins an operation.
    pub fn begin(&self, id: &str, request: Request) -> BeginOperation {
        Self::beginning(id, request, "first")
    }

    /// What begins an operation that somebody executes.
    pub fn beginning(id: &str, request: Request, by: &str) -> BeginOperation {
        BeginOperation {
            id: operation(id),
            request,
            target: Self::target_key(),
            executor: executor(by),
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

/// All accounts and Regions of the stage.
pub fn places() -> Vec<Caller> {
    let places = [(PROD, IRELAND), (PROD, FRANKFURT), (STAGING, IRELAND), (STAGING, FRANKFURT)];
    places.into_iter().map(|(account, region)| Caller::new(account, region)).collect()
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
