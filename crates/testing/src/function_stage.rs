//! A stage for the real binary of the functions: a stand-in for the services that keep things, and the sandbox for RDS and
//! STS, without PostgreSQL. In one account and Region there is a cluster with a snapshot to restore from.

use std::time::Duration;

use aurora_restore_sandbox::{
    model::{
        Caller, Secret,
        call::{Call, CreateDbCluster, CreateDbClusterSnapshot, CreateDbInstance, NewClusterSettings},
        config::Durations,
    },
    server::{PostgresMode, Sandbox, SandboxConfig},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    scenario::{FRANKFURT, STAGING},
    stand_in::{StandIn, tables},
};

/// The name of the parameter with the configuration.
pub const PARAMETER: &str = "/aurora-restore/test/config";
/// What stands in it at first.
pub const CONFIGURATION: &str = "[secrets]\nmaster = \"staging/master\"\n[instances]\nclass = \"db.r6g.large\"\n";
/// The state table.
pub const STATE_TABLE: &str = "AuroraRestoreStateTable";
/// The audit table.
pub const AUDIT_TABLE: &str = "AuroraRestoreAuditTable";

const PAUSE: Duration = Duration::from_millis(5);
const LOOKS_MAX: u32 = 4_000;

/// The stage; everything on it ends with this value.
pub struct FunctionStage {
    /// Where tables, secrets, parameters and topics are.
    pub services: StandIn,
    /// Where RDS and STS are.
    pub sandbox: Sandbox,
    _directory: TempDir,
}

/// What functions find around them.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Their account, whose digits are their access key.
    pub account: &'a str,
    /// Their Region.
    pub region: &'a str,
    /// Where tables, secrets, parameters and topics are.
    pub services: &'a str,
    /// Where RDS and STS are.
    pub rds: &'a str,
    /// The time between two looks.
    pub poll: &'a str,
}

impl Surroundings<'_> {
    /// The variables that the template gives to every function, but those that say whom it tells.
    pub fn variables(&self, place: &str) -> Vec<(&'static str, String)> {
        [
            ("AWS_REGION", self.region),
            ("AWS_ACCESS_KEY_ID", self.account),
            ("AWS_SECRET_ACCESS_KEY", "not-checked"),
            ("AWS_ENDPOINT_URL", self.services),
            ("AWS_ENDPOINT_URL_RDS", self.rds),
            ("AWS_ENDPOINT_URL_STS", self.rds),
            ("AURORA_RESTORE_STEP", place),
            ("AURORA_RESTORE_ENVIRONMENT", "test"),
            ("AURORA_RESTORE_PARAMETER", PARAMETER),
            ("AURORA_RESTORE_JOURNAL_STORE", "tables"),
            ("AURORA_RESTORE_JOURNAL_STATE_TABLE", STATE_TABLE),
            ("AURORA_RESTORE_JOURNAL_AUDIT_TABLE", AUDIT_TABLE),
            ("AURORA_RESTORE_SECRETS_STORE", "secrets-manager"),
            ("AURORA_RESTORE_TARGET_REGION", self.region),
            ("AURORA_RESTORE_LIMITS_POLL", self.poll),
        ]
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
    }
}

impl FunctionStage {
    /// Sets it on a stand-in that is entered with the account's digits.
    ///
    /// # Panics
    /// If something of it is refused.
    pub async fn set(services: StandIn) -> Self {
        let services = services.entered_with(STAGING);
        tables::create(&services, STATE_TABLE, AUDIT_TABLE);
        let secret = json!({ "username": "postgres", "password": "fresh-Master-0002", "database": "shop" }).to_string();
        let token = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
        let body = json!({ "Name": "staging/master", "SecretString": secret, "ClientRequestToken": token });
        services.json("secretsmanager", "secretsmanager.CreateSecret", &body);
        let directory = tempfile::tempdir().expect("a directory for the sandbox");
        let mut config = SandboxConfig::new(directory.path());
        config.postgres = PostgresMode::None { major: 16 };
        // A restore is never done here: whoever asks is told to wait.
        config.durations = Durations { restore_cluster: SignedDuration::from_hours(1), ..Durations::zero() };
        let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
        let stage = Self { services, sandbox, _directory: directory };
        stage.put_configuration(CONFIGURATION);
        for call in calls() {
            stage.call(&call).await;
        }
        stage
    }

    /// Puts another text of the configuration in place.
    pub fn put_configuration(&self, text: &str) {
        let parameter = json!({ "Name": PARAMETER, "Value": text, "Type": "String", "Overwrite": true });
        self.services.json("ssm", "AmazonSSM.PutParameter", &parameter);
    }

    /// The variables of the function that serves a place. Nobody is told of anything.
    pub fn variables(&self, place: &str) -> Vec<(&'static str, String)> {
        let services = self.services.url();
        let rds = self.sandbox.endpoint_url();
        let surroundings =
            Surroundings { account: STAGING, region: FRANKFURT, services: &services, rds, poll: "60s" };
        let mut variables = surroundings.variables(place);
        variables.push(("AURORA_RESTORE_NOTIFY_CHANNEL", "none".to_owned()));
        variables
    }

    /// The event that begins an operation beside the source.
    pub fn event(operation: &str) -> Value {
        json!({
            "executor": operation,
            "input": {
                "operation_id": operation,
                "request": { "source": { "snapshot": "prod-snapshot" }, "target": { "cluster": format!("target-{operation}") } },
            },
        })
    }

    /// Calls the model until it accepts: what came before may not be at rest yet.
    async fn call(&self, call: &Call) {
        let place = Caller::new(STAGING, FRANKFURT);
        let mut refusal = None;
        for _ in 0..LOOKS_MAX {
            let (place, call) = (place.clone(), call.clone());
            let tried = self.sandbox.change(move |world, now| world.apply(&place, call, now).err()).await;
            refusal = tried.expect("the state can be saved");
            if refusal.is_none() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the stage is refused: {refusal:?}");
    }
}

fn calls() -> Vec<Call> {
    let engine = || "aurora-postgresql".to_owned();
    vec![
        Call::CreateDbCluster(CreateDbCluster {
            db_cluster_identifier: "prod".to_owned(),
            engine: engine(),
            engine_version: Some("16.4".to_owned()),
            master_username: Some("postgres".to_owned()),
            master_user_password: Some(Secret::new("first-Password-1")),
            settings: NewClusterSettings::default(),
            ..CreateDbCluster::default()
        }),
        Call::CreateDbInstance(CreateDbInstance {
            db_instance_identifier: "prod-1".to_owned(),
            db_cluster_identifier: Some("prod".to_owned()),
            db_instance_class: "db.r6g.large".to_owned(),
            engine: engine(),
            ..CreateDbInstance::default()
        }),
        Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
            db_cluster_snapshot_identifier: "prod-snapshot".to_owned(),
            db_cluster_identifier: "prod".to_owned(),
            tags: Vec::new(),
        }),
    ]
}
