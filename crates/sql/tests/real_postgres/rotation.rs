//! Rotations on a real server: who can log in at every moment, whatever is cut off where.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ClusterId, SecretId, SecretVersionId},
    ports::{
        Database, DatabaseError, DatabaseErrorKind, DatabaseLogin, LoginProof, Logins, Notice, Notifier, NotifierError,
        RoleSecret, SchemaChoice, SecretDocument, SecretHistory, SecretVersions, SecretVersionsError, Secrets,
        UserSetup, UserSetupOutcome, VersionStage,
    },
    secret::Secret,
    verification::{CheckResult, VerificationSpec},
};
use aurora_restore_ops::rotation::{Rotation, RotationError, RotationPorts, Stage, Stand, Strategy};
use aurora_restore_sql::Postgres;
use aurora_restore_testing::{MemoryVersions, RecordingNotifier};
use tokio::sync::Notify;

use crate::{
    server::{MASTER, MASTER_PASSWORD, Server},
    source,
};

const USERS: &str = "staging/users";
const MASTER_SECRET: &str = "staging/master";

fn id(text: &str) -> SecretId {
    SecretId::new(text).unwrap()
}

fn token(number: usize) -> SecretVersionId {
    SecretVersionId::new(format!("{number:032}")).unwrap()
}

/// A server with users as a restore sets them up, and their secrets.
struct Scene {
    server: Server,
    versions: MemoryVersions,
    notifier: RecordingNotifier,
    target: ClusterId,
}

impl Scene {
    async fn new() -> Self {
        Self::on(Server::start().await).await
    }

    async fn on(server: Server) -> Self {
        source::populate(&server).await;
        let versions = MemoryVersions::default();
        versions.put(&id(MASTER_SECRET), &[("username", MASTER), ("password", MASTER_PASSWORD), ("database", "shop")]);
        let users = [
            ("app_username", "app"),
            ("app_password", "first of the application"),
            ("readonly_username", "reader"),
            ("readonly_password", "first of the reader"),
            ("database", "shop"),
        ];
        versions.put(&id(USERS), &users);
        let stage = Self {
            server,
            versions,
            notifier: RecordingNotifier::default(),
            target: ClusterId::new("staging").unwrap(),
        };
        stage.set_up("app", "first of the application", "reader", "first of the reader").await;
        stage
    }

    /// As a restore does it.
    async fn set_up(&self, app: &str, app_password: &str, reader: &str, reader_password: &str) {
        let role = |username: &str, password: &str| {
            Some(RoleSecret { username: username.to_owned(), password: Secret::new(password) })
        };
        let setup = UserSetup {
            application: role(app, app_password),
            readonly: role(reader, reader_password),
            schemas: SchemaChoice::AllUserSchemas,
            keep_logins: Vec::new(),
            must_be_refused: Vec::new(),
        };
        let outcome = self.server.database().set_up_users(&self.server.master(), &setup).await.unwrap();
        let broken: Vec<_> = outcome.proofs.iter().filter(|proof| !proof.holds).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    async fn rotate(&self, secret: &str, strategy: Strategy, version: &SecretVersionId) -> Result<(), RotationError> {
        let database = self.server.database();
        let ports = RotationPorts {
            versions: &self.versions,
            database: &database,
            logins: &database,
            notifier: &self.notifier,
        };
        self.rotation(&id(secret), strategy, ports).run(version).await
    }

    fn rotation<'a>(&'a self, secret: &'a SecretId, strategy: Strategy, ports: RotationPorts<'a>) -> Rotation<'a> {
        let endpoint = Box::leak(Box::new(self.server.master().endpoint));
        Rotation { secret, strategy, target: &self.target, endpoint, ports }
    }

    async fn rotate_users(&self, number: usize) -> Result<(), RotationError> {
        self.rotate(USERS, alternating(), &token(number)).await
    }

    /// Logs in as the secret says, at a stage of it.
    async fn log_in(&self, secret: &str, stage: VersionStage, keys: (&str, &str)) -> Result<LoginProof, DatabaseError> {
        let document = self.versions.at(&id(secret), stage).unwrap();
        self.server.database().log_in(&login_of(&self.server, &document, keys)).await
    }
}

const APP: (&str, &str) = ("app_username", "app_password");
const READER: (&str, &str) = ("readonly_username", "readonly_password");
const OWNER: (&str, &str) = ("username", "password");

fn alternating() -> Strategy {
    Strategy::Alternating { master: id(MASTER_SECRET) }
}

fn login_of(server: &Server, document: &SecretDocument, keys: (&str, &str)) -> DatabaseLogin {
    let field = |key: &str| document.fields[key].expose().to_owned();
    server.login(&field(keys.0), &field(keys.1), "shop")
}

#[tokio::test]
async fn the_former_login_works_until_the_next_rotation_and_then_no_more() {
    let stage = Scene::new().await;
    let first = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    stage.rotate_users(1).await.unwrap();
    for keys in [APP, READER] {
        stage.log_in(USERS, VersionStage::Current, keys).await.unwrap();
        stage.log_in(USERS, VersionStage::Previous, keys).await.unwrap();
    }
    assert_eq!(stage.versions.at(&id(USERS), VersionStage::Pending), None);
    let second = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(second.fields["app_username"].expose(), "app_clone");
    assert_eq!(second.fields["readonly_username"].expose(), "reader_clone");
    stage.rotate_users(2).await.unwrap();
    let third = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(third.fields["app_username"].expose(), "app");
    for keys in [APP, READER] {
        let error = stage.server.database().log_in(&login_of(&stage.server, &first, keys)).await.unwrap_err();
        assert_eq!(error.kind, DatabaseErrorKind::LoginRefused);
        stage.log_in(USERS, VersionStage::Current, keys).await.unwrap();
        stage.log_in(USERS, VersionStage::Previous, keys).await.unwrap();
    }
    let told: Vec<String> = stage.notifier.notices().iter().map(|notice| notice.body.clone()).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("as `app_clone` and `reader_clone` from now on"), "{}", told[0]);
    assert!(!format!("{:?}", stage.notifier.notices()).contains(second.fields["app_password"].expose()));
}

#[tokio::test]
async fn the_partner_is_all_that_the_login_is() {
    let stage = Scene::new().await;
    let server = &stage.server;
    let settings = "ALTER ROLE app SET search_path TO sales, \"$user\"; ALTER ROLE app SET work_mem TO '5MB';
                    ALTER ROLE app IN DATABASE shop SET lock_timeout TO '7s'; ALTER ROLE app CONNECTION LIMIT 7";
    server.execute("shop", settings).await;
    stage.rotate_users(1).await.unwrap();
    let client = |document: SecretDocument| {
        let mut config = tokio_postgres::Config::new();
        config.host_path(server.data().parent().unwrap()).port(server.port).dbname("shop");
        config.user(document.fields["app_username"].expose());
        async move {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        }
    };
    let asked = "SELECT concat_ws('|', current_user, current_setting('search_path'), current_setting('work_mem'),
                                  current_setting('lock_timeout'))";
    let partner = client(stage.versions.at(&id(USERS), VersionStage::Current).unwrap()).await;
    let found: String = partner.query_one(asked, &[]).await.unwrap().get(0);
    assert_eq!(found, "app|sales, \"$user\"|5MB|7s");
    let session: String = partner.query_one("SELECT session_user::text", &[]).await.unwrap().get(0);
    assert_eq!(session, "app_clone");
    partner.batch_execute("INSERT INTO sales.customers (name) VALUES ('x'); DELETE FROM public.notes").await.unwrap();
    let limits = "SELECT string_agg(rolconnlimit::text, ',') FROM pg_roles WHERE rolname IN ('app', 'app_clone')";
    assert_eq!(server.text("postgres", limits).await, "7,7");
    // What the application is given later, its partner has too; what is changed is changed for both.
    server.execute("shop", "CREATE TABLE sales.later (id int); GRANT SELECT ON sales.later TO app").await;
    partner.batch_execute("SELECT * FROM sales.later").await.unwrap();
    let member = "SELECT pg_has_role('master', 'app_clone', 'MEMBER') OR pg_has_role('master', 'app', 'USAGE')";
    let borrowed: bool = server.engine("shop").await.query_one(member, &[]).await.unwrap().get(0);
    assert!(!borrowed, "the master has kept rights that it borrowed");
}

#[tokio::test]
async fn neither_passwords_nor_verifiers_reach_the_server_s_log() {
    let everything = ["log_statement=all", "log_min_messages=debug1", "log_parameter_max_length_on_error=-1"];
    let stage = Scene::on(Server::start_with(&everything, &["127.0.0.1", "localhost"]).await).await;
    let before = stage.server.log().len();
    stage.rotate_users(1).await.unwrap();
    stage.rotate(MASTER_SECRET, Strategy::Single, &token(1)).await.unwrap();
    let log = stage.server.log().split_off(before);
    assert!(log.contains("aurora_restore_role"), "the log must show the statements: {log}");
    assert!(!log.contains("SCRAM-SHA-256$"), "{log}");
    for (secret, key) in [(USERS, "app_password"), (USERS, "readonly_password"), (MASTER_SECRET, "password")] {
        let document = stage.versions.at(&id(secret), VersionStage::Current).unwrap();
        assert!(!log.contains(document.fields[key].expose()));
    }
}

#[tokio::test]
async fn the_master_alone_changes_its_own_password() {
    let stage = Scene::new().await;
    stage.rotate(MASTER_SECRET, Strategy::Single, &token(1)).await.unwrap();
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap();
    let error = stage.log_in(MASTER_SECRET, VersionStage::Previous, OWNER).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::LoginRefused);
    let rights =
        "SELECT concat_ws('|', rolcreatedb, rolcreaterole, rolcanlogin) FROM pg_roles WHERE rolname = 'master'";
    assert_eq!(stage.server.text("postgres", rights).await, "t|t|t");
    // The others are still rotated with it.
    stage.rotate_users(1).await.unwrap();
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

#[tokio::test]
async fn users_are_rotated_while_the_master_s_own_rotation_is_cut_off() {
    let stage = Scene::new().await;
    let (secret, database) = (id(MASTER_SECRET), stage.server.database());
    let ports =
        RotationPorts { versions: &stage.versions, database: &database, logins: &database, notifier: &stage.notifier };
    let rotation = stage.rotation(&secret, Strategy::Single, ports);
    for step in [Stage::Create, Stage::Set] {
        rotation.step(step, &token(1)).await.unwrap();
    }
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap_err();
    stage.rotate_users(1).await.unwrap();
    rotation.run(&token(1)).await.unwrap();
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap();
}

#[tokio::test]
async fn after_a_restore_the_other_names_are_left_to_the_source() {
    let stage = Scene::new().await;
    stage.rotate_users(1).await.unwrap();
    let current = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    let field = |key: &str| current.fields[key].expose().to_owned();
    // The restore finds the pair of the source and sets the secret's logins up.
    stage.set_up("app_clone", &field("app_password"), "reader_clone", &field("readonly_password")).await;
    let as_whom =
        "SELECT coalesce((SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                                    WHERE rolname = 'app_clone'), 'nobody')";
    assert_eq!(stage.server.text("postgres", as_whom).await, "nobody");
    stage.rotate_users(2).await.unwrap();
    let next = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(next.fields["app_username"].expose(), "app_clone2");
    for keys in [APP, READER] {
        stage.log_in(USERS, VersionStage::Current, keys).await.unwrap();
    }
    let locked = "SELECT string_agg(rolcanlogin::text, ',') FROM pg_roles WHERE rolname IN ('app', 'reader')";
    assert_eq!(stage.server.text("postgres", locked).await, "false,false");
    stage.rotate_users(3).await.unwrap();
    let back = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(back.fields["app_username"].expose(), "app_clone");
}

#[tokio::test]
async fn a_role_of_somebody_else_is_never_given_a_password() {
    let stage = Scene::new().await;
    let linked = "CREATE ROLE alice LOGIN; GRANT app TO alice; ALTER ROLE alice SET role TO app;
                  CREATE ROLE app_clone NOLOGIN";
    stage.server.execute("postgres", linked).await;
    stage.rotate_users(1).await.unwrap();
    let current = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(current.fields["app_username"].expose(), "app_clone2");
    // A pending version that somebody wrote by hand.
    let untouched = "SELECT string_agg(coalesce(rolpassword, 'none'), ',' ORDER BY rolname) FROM pg_authid
                     WHERE rolname IN ('alice', 'app_clone', 'legacy_app')";
    let before = stage.server.text("postgres", untouched).await;
    for (number, name, reason) in [
        (11, "alice", "was not made for `app_clone2`"),
        (12, "legacy_app", "was not made for `app_clone2`"),
        (13, MASTER, "is the master user"),
        (14, "app_clone2", "which is in use"),
    ] {
        let mut document = current.clone();
        document.fields.insert("app_username".to_owned(), Secret::new(name));
        document.fields.insert("readonly_username".to_owned(), Secret::new("reader"));
        let version = token(number);
        stage.versions.put_pending(&id(USERS), &version, &document).await.unwrap();
        let error = stage.rotate(USERS, alternating(), &version).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{name}: {error}");
        assert!(!error.may_pass(), "{error}");
    }
    assert_eq!(stage.server.text("postgres", untouched).await, before);
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_cannot_be_rotated_is_refused_before_anything_changes() {
    let stage = Scene::new().await;
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("app_username", "nobody"), ("app_password", "x")], "the role `nobody` does not exist"),
        (&[("app_username", "app")], "`app_password` is missing"),
        (&[("host", "db")], "it has none of"),
        (
            &[("app_username", "app"), ("app_password", "x"), ("readonly_username", "app"), ("readonly_password", "y")],
            "the same role",
        ),
    ];
    for (fields, reason) in cases {
        stage.versions.put(&id("other"), fields);
        let error = stage.rotate("other", alternating(), &token(1)).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(stage.versions.at(&id("other"), VersionStage::Pending), None);
    }
    let elsewhere = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    let mut elsewhere = elsewhere;
    elsewhere.fields.insert("database".to_owned(), Secret::new("elsewhere"));
    elsewhere.fields.insert("app_username".to_owned(), Secret::new("app_clone"));
    stage.versions.put_pending(&id(USERS), &token(7), &elsewhere).await.unwrap();
    let error = stage.rotate_users(7).await.unwrap_err();
    assert!(error.to_string().contains("its versions differ in `database`"), "{error}");
    // Whoever asks for the end first gets none.
    stage.versions.put(&id(USERS), &[("app_username", "app"), ("app_password", "first of the application")]);
    let mut early = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    early.fields.insert("app_username".to_owned(), Secret::new("app_clone"));
    stage.versions.put_pending(&id(USERS), &token(8), &early).await.unwrap();
    let (secret, database) = (id(USERS), stage.server.database());
    let ports =
        RotationPorts { versions: &stage.versions, database: &database, logins: &database, notifier: &stage.notifier };
    let error = stage.rotation(&secret, alternating(), ports).step(Stage::Finish, &token(8)).await.unwrap_err();
    assert!(matches!(error, RotationError::Database(_)), "{error}");
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

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
