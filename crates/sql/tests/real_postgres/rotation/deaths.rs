//! Rotations that are cut off, wherever that is, while a client logs in all the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{
        Database, DatabaseError, DatabaseLogin, LoginProof, Logins, Notice, Notifier, NotifierError, RoleSecret,
        SecretDocument, SecretHistory, SecretVersions, SecretVersionsError, Secrets as _, Turn, UserSetup,
        UserSetupOutcome, VersionStage,
    },
    secret::Secret,
    verification::{CheckResult, VerificationSpec},
};
use aurora_restore_ops::rotation::{RotationError, RotationPorts, Stand, Strategy};
use aurora_restore_sql::Postgres;
use aurora_restore_testing::{MemoryVersions, RecordingNotifier};
use tokio::sync::Notify;

use super::scene::{APP, MASTER_SECRET, OWNER, READER, Scene, USERS, alternating, id, token};

/// Where a rotation dies: before or after one of its calls. What was under way then is dropped.
struct Death {
    calls: AtomicUsize,
    at: AtomicUsize,
    dead: Notify,
}

impl Death {
    fn new() -> Self {
        Self { calls: AtomicUsize::new(0), at: AtomicUsize::new(usize::MAX), dead: Notify::new() }
    }

    /// One moment. If it is the last one, nobody ever comes back from it.
    async fn moment(&self) {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.at.load(Ordering::SeqCst) {
            self.dead.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn at(&self, call: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.at.store(call, Ordering::SeqCst);
    }
}

/// A port whose caller dies at some moment.
struct Mortal<'a, P: ?Sized>(&'a P, &'a Death);

macro_rules! mortal {
    ($self:ident, $call:expr) => {{
        $self.1.moment().await;
        let answer = $call.await;
        $self.1.moment().await;
        answer
    }};
}

#[async_trait]
impl SecretVersions for Mortal<'_, MemoryVersions> {
    async fn history(&self, id: &SecretId) -> Result<SecretHistory, SecretVersionsError> {
        mortal!(self, self.0.history(id))
    }
    async fn value(&self, id: &SecretId, v: &SecretVersionId) -> Result<Option<SecretDocument>, SecretVersionsError> {
        mortal!(self, self.0.value(id, v))
    }
    async fn put_pending(
        &self,
        id: &SecretId,
        v: &SecretVersionId,
        document: &SecretDocument,
    ) -> Result<(), SecretVersionsError> {
        mortal!(self, self.0.put_pending(id, v, document))
    }
    async fn move_current(
        &self,
        id: &SecretId,
        from: &SecretVersionId,
        to: &SecretVersionId,
    ) -> Result<(), SecretVersionsError> {
        mortal!(self, self.0.move_current(id, from, to))
    }
    async fn clear_pending(&self, id: &SecretId, v: &SecretVersionId) -> Result<(), SecretVersionsError> {
        mortal!(self, self.0.clear_pending(id, v))
    }
    async fn random_password(&self, id: &SecretId) -> Result<Secret, SecretVersionsError> {
        mortal!(self, self.0.random_password(id))
    }
}

#[async_trait]
impl Database for Mortal<'_, Postgres> {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        mortal!(self, self.0.log_in(login))
    }
    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        self.0.set_up_users(master, setup).await
    }
    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        self.0.verify(login, spec).await
    }
}

#[async_trait]
impl Logins for Mortal<'_, Postgres> {
    async fn turn(&self, master: &DatabaseLogin) -> Result<Box<dyn Turn>, DatabaseError> {
        mortal!(self, self.0.turn(master))
    }
    async fn partner_of(&self, master: &DatabaseLogin, login: &str) -> Result<String, DatabaseError> {
        mortal!(self, self.0.partner_of(master, login))
    }
    async fn arm_partner(
        &self,
        master: &DatabaseLogin,
        login: &str,
        partner: &RoleSecret,
    ) -> Result<(), DatabaseError> {
        mortal!(self, self.0.arm_partner(master, login, partner))
    }
    async fn set_own_password(&self, login: &DatabaseLogin, password: &Secret) -> Result<(), DatabaseError> {
        mortal!(self, self.0.set_own_password(login, password))
    }
}

#[async_trait]
impl Notifier for Mortal<'_, RecordingNotifier> {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError> {
        mortal!(self, self.0.notify(notice))
    }
}

/// Rotates until it is done: each time dies one moment later than the time before, and whoever comes next finds out by
/// itself where it stands. Gives how often it died.
async fn rotate_dying(
    stage: &Scene,
    secret: &str,
    strategy: &Strategy,
    number: usize,
    death: &Death,
    deaths: impl Fn(usize) -> usize,
) -> usize {
    let (secret, database) = (id(secret), stage.server.database());
    let (versions, database) = (Mortal(&stage.versions, death), Mortal(&database, death));
    let notifier = Mortal(&stage.notifier, death);
    let ports = RotationPorts { versions: &versions, database: &database, logins: &database, notifier: &notifier };
    let mut died = 0;
    let mut fresh = Some(token(number));
    loop {
        death.at(deaths(died));
        let rotation = stage.rotation(&secret, strategy.clone(), ports);
        let work = async {
            let stand = Stand::of(&rotation.ports.versions.history(&secret).await?);
            let version = match stand {
                Stand::Cut { version } | Stand::Untold { version } => version,
                Stand::AtRest => match fresh.clone() {
                    Some(version) => version,
                    None => return Ok(()),
                },
            };
            rotation.run(&version).await
        };
        tokio::select! {
            done = work => {
                done.unwrap_or_else(|error: RotationError| panic!("{error}"));
                return died;
            }
            () = death.dead.notified() => died += 1,
        }
        // The version is used up once it is current: at rest means done then.
        if stage.versions.at(&secret, VersionStage::Current)
            == stage.versions.value(&secret, &token(number)).await.unwrap()
        {
            fresh = None;
        }
    }
}

/// A client that reads the secret before it logs in, all the time.
struct Client {
    logins: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Vec<String>>,
}

impl Client {
    fn start(stage: &Scene, keys: (&'static str, &'static str)) -> Self {
        let (logins, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (versions, database) = (stage.versions.clone(), stage.server.database());
        let template = stage.server.login("", "", "shop");
        let (counted, stopped) = (Arc::clone(&logins), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut refused = Vec::new();
            while !stopped.load(Ordering::SeqCst) {
                let document = versions.get(&id(USERS)).await.unwrap();
                let login = DatabaseLogin {
                    username: document.fields[keys.0].expose().to_owned(),
                    password: document.fields[keys.1].clone(),
                    ..template.clone()
                };
                if let Err(error) = database.log_in(&login).await {
                    refused.push(error.to_string());
                }
                counted.fetch_add(1, Ordering::SeqCst);
            }
            refused
        });
        Self { logins, stop, task }
    }

    /// Waits until a login that began after this call has ended: no client takes longer from reading a secret to logging in
    /// than there is between two rotations.
    async fn goes_on(&self) {
        let before = self.logins.load(Ordering::SeqCst);
        let logged_in = async {
            while self.logins.load(Ordering::SeqCst) < before + 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), logged_in).await.expect("the client goes on");
    }

    async fn end(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let refused = self.task.await.unwrap();
        (self.logins.load(Ordering::SeqCst), refused)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wherever_a_rotation_dies_a_client_that_reads_the_secret_logs_in() {
    let stage = Scene::new().await;
    // One login is enough here, and half the work; the figure below has both.
    let one = [("app_username", "app"), ("app_password", "first of the application"), ("database", "shop")];
    stage.versions.put(&id(USERS), &one);
    let death = Death::new();
    let client = Client::start(&stage, APP);
    // One rotation for every moment of one: it dies there, and whoever comes next ends it.
    let mut moments = 0;
    loop {
        let deaths = |died: usize| if died == 0 { moments } else { usize::MAX };
        if rotate_dying(&stage, USERS, &alternating(), moments + 1, &death, deaths).await == 0 {
            break;
        }
        moments += 1;
        client.goes_on().await;
    }
    assert!(moments > 30, "{moments} moments are too few: the ports are not asked");
    let (logins, refused) = client.end().await;
    assert!(refused.is_empty() && logins > 0, "{logins} logins, refused: {refused:?}");
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
    stage.log_in(USERS, VersionStage::Previous, APP).await.unwrap();
    assert!(!stage.notifier.notices().is_empty());
    assert_eq!(stage.versions.at(&id(USERS), VersionStage::Pending), None);
}

#[tokio::test]
async fn wherever_the_master_s_rotation_dies_one_of_its_passwords_works() {
    let stage = Scene::new().await;
    let death = Death::new();
    let master = id(MASTER_SECRET);
    let died = AtomicUsize::new(0);
    loop {
        let number = died.load(Ordering::SeqCst);
        let (database, again) = (stage.server.database(), token(1));
        let (versions, dying) = (Mortal(&stage.versions, &death), Mortal(&database, &death));
        let notifier = Mortal(&stage.notifier, &death);
        let ports = RotationPorts { versions: &versions, database: &dying, logins: &dying, notifier: &notifier };
        death.at(number);
        let rotation = stage.rotation(&master, Strategy::Single, ports);
        let ended = tokio::select! {
            done = rotation.run(&again) => { done.unwrap(); true }
            () = death.dead.notified() => false,
        };
        let mut works = 0;
        for label in [VersionStage::Current, VersionStage::Pending] {
            if stage.versions.at(&master, label).is_some() {
                works += usize::from(stage.log_in(MASTER_SECRET, label, OWNER).await.is_ok());
            }
        }
        assert!(works > 0, "no password works after moment {number}");
        if ended {
            break;
        }
        died.fetch_add(1, Ordering::SeqCst);
    }
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap();
    assert!(died.load(Ordering::SeqCst) > 20);
}

/// The figure: `cargo xtask bench rotation` asks for a hundred.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_that_die_again_and_again_refuse_no_client() {
    let rotations =
        std::env::var("AURORA_RESTORE_TEST_ROTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let stage = Scene::new().await;
    let death = Death::new();
    let clients = [Client::start(&stage, APP), Client::start(&stage, READER)];
    let mut deaths = 0;
    for number in 1..=rotations {
        // Three deaths at moments that move through the rotation, then to the end.
        let moment = |died: usize| if died < 3 { (number * 7 + died * 11) % 53 } else { usize::MAX };
        deaths += rotate_dying(&stage, USERS, &alternating(), number, &death, moment).await;
        for client in &clients {
            client.goes_on().await;
        }
    }
    let (mut logins, mut refused) = (0, Vec::new());
    for client in clients {
        let (counted, of_client) = client.end().await;
        logins += counted;
        refused.extend(of_client);
    }
    println!("{rotations} rotations, {deaths} crashes, {logins} logins, {} failed", refused.len());
    assert!(refused.is_empty(), "{refused:?}");
    assert!(deaths >= rotations && logins > 0);
}
