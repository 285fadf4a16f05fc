//! A server with users as a restore sets them up, and what rotates their secrets.

use aurora_restore_core::{
    ids::{ClusterId, SecretId, SecretVersionId},
    ports::{
        Database as _, DatabaseError, DatabaseLogin, LoginProof, RoleSecret, SchemaChoice, SecretDocument, UserSetup,
        VersionStage,
    },
    secret::Secret,
};
use aurora_restore_ops::rotation::{Dependent, Rotation, RotationError, RotationPorts, Strategy};
use aurora_restore_testing::{MemoryVersions, RecordingNotifier};

use crate::{
    server::{MASTER, MASTER_PASSWORD, Server},
    source,
};

pub(super) const USERS: &str = "staging/users";
pub(super) const MASTER_SECRET: &str = "staging/master";

pub(super) fn id(text: &str) -> SecretId {
    SecretId::new(text).unwrap()
}

pub(super) fn token(number: usize) -> SecretVersionId {
    SecretVersionId::new(format!("{number:032}")).unwrap()
}

/// A server with users as a restore sets them up, and their secrets.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) versions: MemoryVersions,
    pub(super) notifier: RecordingNotifier,
    dependents: [Dependent; 1],
    target: ClusterId,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::on(Server::start().await).await
    }

    pub(super) async fn on(server: Server) -> Self {
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
            dependents: [Dependent { name: "billing".to_owned(), what_to_do: "restart it".to_owned() }],
            target: ClusterId::new("staging").unwrap(),
        };
        stage.set_up("app", "first of the application", "reader", "first of the reader").await;
        stage
    }

    /// As a restore does it.
    pub(super) async fn set_up(&self, app: &str, app_password: &str, reader: &str, reader_password: &str) {
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

    pub(super) async fn rotate(
        &self,
        secret: &str,
        strategy: Strategy,
        version: &SecretVersionId,
    ) -> Result<(), RotationError> {
        let database = self.server.database();
        let ports = RotationPorts {
            versions: &self.versions,
            database: &database,
            logins: &database,
            notifier: &self.notifier,
        };
        self.rotation(&id(secret), strategy, ports).run(version).await
    }

    pub(super) fn rotation<'a>(
        &'a self,
        secret: &'a SecretId,
        strategy: Strategy,
        ports: RotationPorts<'a>,
    ) -> Rotation<'a> {
        let endpoint = Box::leak(Box::new(self.server.master().endpoint));
        Rotation { secret, strategy, target: &self.target, endpoint, dependents: &self.dependents, ports }
    }

    pub(super) async fn rotate_users(&self, number: usize) -> Result<(), RotationError> {
        self.rotate(USERS, alternating(), &token(number)).await
    }

    /// Logs in as the secret says, at a stage of it.
    pub(super) async fn log_in(
        &self,
        secret: &str,
        stage: VersionStage,
        keys: (&str, &str),
    ) -> Result<LoginProof, DatabaseError> {
        let document = self.versions.at(&id(secret), stage).unwrap();
        self.server.database().log_in(&login_of(&self.server, &document, keys)).await
    }
}

pub(super) const APP: (&str, &str) = ("app_username", "app_password");
pub(super) const READER: (&str, &str) = ("readonly_username", "readonly_password");
pub(super) const OWNER: (&str, &str) = ("username", "password");

pub(super) fn alternating() -> Strategy {
    Strategy::Alternating { master: id(MASTER_SECRET) }
}

pub(super) fn login_of(server: &Server, document: &SecretDocument, keys: (&str, &str)) -> DatabaseLogin {
    let field = |key: &str| document.fields[key].expose().to_owned();
    server.login(&field(keys.0), &field(keys.1), "shop")
}
