//! Two accounts: production with a snapshot in the one, staging with a stale cluster in the other; and what keeps the
//! journal, the secrets, the configuration and the notices of staging.

use std::{
    collections::HashMap,
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aurora_restore_core::{
    ports::{Database as _, DatabaseError, DatabaseLogin, Endpoint},
    secret::Secret,
};
use aurora_restore_sandbox::{
    client::{Client, SnapshotWish, text_of},
    model::{
        AccountId, Place, RegionName,
        config::{Durations, PlacedKey},
        faults::FaultRule,
        resources::KmsKey,
    },
    server::{Sandbox, SandboxConfig},
};
use aurora_restore_sql::{Options, Postgres, Trust};
use aurora_restore_testing::{
    function_stage::{AUDIT_TABLE, PARAMETER, STATE_TABLE},
    runtime_api::Bootstrap,
    stand_in::{StandIn, tables},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::recorder::Recorder;

pub(crate) const PRODUCTION: (&str, &str) = ("111122223333", "eu-west-1");
pub(crate) const STAGING: (&str, &str) = ("444455556666", "eu-central-1");
pub(crate) const SOURCE_KEY: &str = "0d5c7f3e-6d5b-4a57-9f0e-2b1f6f0c1a11";
pub(crate) const TARGET_KEY: &str = "7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";

const MACHINE: &str = "arn:aws:states:eu-central-1:444455556666:stateMachine:aurora-restore";
const BINARY: &str = env!("CARGO_BIN_EXE_bootstrap");
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// Whether the functions are told a role in the source account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Accounts {
    One,
    Two,
}

/// The world; everything in it ends with this value.
pub(crate) struct World {
    pub(crate) recorder: Recorder,
    client: Client,
    pub(crate) services: StandIn,
    runtime: tokio::runtime::Runtime,
    ways: (String, String),
    topic: String,
    functions: HashMap<(Accounts, String), Bootstrap>,
    authority: PathBuf,
    _sandbox: Arc<Sandbox>,
    _directory: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // A directory that the user who runs PostgreSQL can enter.
        let directory = tempfile::Builder::new().permissions(Permissions::from_mode(0o711)).tempdir().unwrap();
        let data = directory.path().join("sandbox");
        let mut config = SandboxConfig::new(&data);
        config.durations = Durations::zero();
        let sandbox = Arc::new(runtime.block_on(Sandbox::start(config)).unwrap());
        let client = Client::of(sandbox.status(), &data).unwrap();
        let services = StandIn::ministack().entered_with(STAGING.0);
        let recorder = Recorder::of(STAGING.0, PRODUCTION.0, &sandbox);
        let ways = (recorder.way_to(&services.url()), recorder.way_to(sandbox.endpoint_url()));
        let topic = format!("arn:aws:sns:{}:{}:notices", STAGING.1, STAGING.0);
        let authority = sandbox.status().ca_certificate.clone().unwrap();
        let functions = HashMap::new();
        let world = Self {
            recorder,
            client,
            services,
            runtime,
            ways,
            topic,
            functions,
            authority,
            _sandbox: sandbox,
            _directory: directory,
        };
        world.set_services();
        world.set_rds();
        world
    }

    fn set_services(&self) {
        tables::create(&self.services, STATE_TABLE, AUDIT_TABLE);
        self.services.query("sns", &[("Action", "CreateTopic"), ("Version", "2010-03-31"), ("Name", "notices")]);
        let definition = json!({ "StartAt": "end", "States": { "end": { "Type": "Succeed" } } }).to_string();
        let role = "arn:aws:iam::444455556666:role/machine";
        let machine = json!({ "name": "aurora-restore", "definition": definition, "roleArn": role });
        self.services.json("states", "AWSStepFunctions.CreateStateMachine", &machine);
        let master = |password: &str| json!({ "username": "dba", "password": password, "database": "shop" });
        let users = json!({
            "app_username": "staging_app", "app_password": "staging-app-pw",
            "readonly_username": "staging_reader", "readonly_password": "staging-reader-pw",
        });
        let secrets = [
            ("aurora-restore/staging/master", master("staging-master-pw")),
            ("aurora-restore/production/master", master("production-master-pw")),
            ("aurora-restore/staging/users", users),
        ];
        for (number, (name, content)) in secrets.into_iter().enumerate() {
            let token = format!("6ba7b811-9dad-11d1-80b4-00c04fd430{number:02}");
            let body = json!({ "Name": name, "SecretString": content.to_string(), "ClientRequestToken": token });
            self.services.json("secretsmanager", "secretsmanager.CreateSecret", &body);
        }
        let configuration = format!(
            "[secrets]\nmaster = \"aurora-restore/staging/master\"\nusers = \"aurora-restore/staging/users\"\n[target]\ncluster = \"staging\"\n\
             [instances]\nclass = \"db.r6g.large\"\n[limits]\nstep = \"60s\"\n[verification]\ntables-min = 0\n[database]\nca-certificate = \"{}\"\n",
            self.authority.display()
        );
        let parameter = json!({ "Name": PARAMETER, "Value": configuration, "Type": "String", "Overwrite": true });
        self.services.json("ssm", "AmazonSSM.PutParameter", &parameter);
    }

    fn set_rds(&self) {
        for (place, id, shared) in [(PRODUCTION, SOURCE_KEY, Some(STAGING.0)), (STAGING, TARGET_KEY, None)] {
            let allowed_accounts = shared.into_iter().map(AccountId::new).collect();
            let key = KmsKey { key_id: id.to_owned(), alias: None, allowed_accounts, disabled: false };
            let placed = PlacedKey { account: AccountId::new(place.0), region: RegionName::new(place.1), key };
            self.runtime.block_on(self.client.put_kms_key(&placed)).unwrap();
        }
        self.make_cluster(PRODUCTION, "production", "production-master-pw", SOURCE_KEY);
        self.make_cluster(STAGING, "staging", "staging-master-pw", TARGET_KEY);
        self.take_snapshot(PRODUCTION, "production", None);
        self.make_groups();
    }

    /// Groups that the settings of a request can name, for the version of PostgreSQL that is on this machine.
    fn make_groups(&self) {
        let shown = self.call(STAGING, "DescribeDBClusters", &[("DBClusterIdentifier", "staging")]);
        let version = text_of(&shown, "EngineVersion").unwrap();
        let family = format!("aurora-postgresql{}", version.split('.').next().unwrap());
        let family = ("DBParameterGroupFamily", family.as_str());
        let description = ("Description", "tuned");
        let group = [("DBClusterParameterGroupName", "tuned"), family, description];
        self.call(STAGING, "CreateDBClusterParameterGroup", &group);
        self.call(STAGING, "CreateDBParameterGroup", &[("DBParameterGroupName", "tuned"), family, description]);
        self.call(
            STAGING,
            "CreateDBSubnetGroup",
            &[
                ("DBSubnetGroupName", "private"),
                ("DBSubnetGroupDescription", "private"),
                ("SubnetIds.SubnetIdentifier.1", "subnet-11111111"),
                ("SubnetIds.SubnetIdentifier.2", "subnet-22222222"),
            ],
        );
    }

    pub(crate) fn make_cluster(&self, place: (&str, &str), name: &str, password: &str, key: &str) {
        let (key, instance) = (key_arn(place, key), format!("{name}-1"));
        let cluster = [
            ("DBClusterIdentifier", name),
            ("Engine", "aurora-postgresql"),
            ("MasterUsername", "dba"),
            ("MasterUserPassword", password),
            ("DatabaseName", "shop"),
            ("StorageEncrypted", "true"),
            ("KmsKeyId", &key),
        ];
        self.call(place, "CreateDBCluster", &cluster);
        let member = [
            ("DBInstanceIdentifier", instance.as_str()),
            ("DBClusterIdentifier", name),
            ("DBInstanceClass", "db.r6g.large"),
            ("Engine", "aurora-postgresql"),
        ];
        self.call(place, "CreateDBInstance", &member);
        self.wait_for("the instance", || {
            let shown = self.call(place, "DescribeDBInstances", &[("DBInstanceIdentifier", &instance)]);
            text_of(&shown, "DBInstanceStatus").as_deref() == Some("available")
        });
    }

    /// A snapshot of yesterday: an automated one, or a manual one of that name.
    pub(crate) fn take_snapshot(&self, place: (&str, &str), cluster: &str, name: Option<&str>) {
        let wish = SnapshotWish {
            place: here(place),
            cluster: cluster.to_owned(),
            created_at: Timestamp::now() - SignedDuration::from_hours(21),
            name: name.map(str::to_owned),
        };
        let arn = self.runtime.block_on(self.client.take_past_snapshot(&wish)).unwrap();
        let name = arn.split_once("cluster-snapshot:").unwrap().1.to_owned();
        self.wait_for("the snapshot", || {
            let inventory = self.runtime.block_on(self.client.inventory()).unwrap();
            let mut snapshots = inventory.into_iter().flat_map(|place| place.snapshots);
            snapshots.any(|one| one.name == name && one.status == "available")
        });
    }

    /// Makes RDS misbehave.
    pub(crate) fn inject(&self, rule: &FaultRule) {
        self.runtime.block_on(self.client.inject(rule)).unwrap();
    }

    /// A snapshot of production that was taken by hand and that staging may use. Gives its ARN.
    pub(crate) fn share_snapshot(&self, name: &str) -> String {
        self.take_snapshot(PRODUCTION, "production", Some(name));
        let shared = [
            ("DBClusterSnapshotIdentifier", name),
            ("AttributeName", "restore"),
            ("ValuesToAdd.AttributeValue.1", STAGING.0),
        ];
        self.call(PRODUCTION, "ModifyDBClusterSnapshotAttribute", &shared);
        format!("arn:aws:rds:{}:{}:cluster-snapshot:{name}", PRODUCTION.1, PRODUCTION.0)
    }

    /// Calls RDS until it accepts: what came before may not be at rest yet.
    pub(crate) fn call(&self, place: (&str, &str), action: &str, parameters: &[(&str, &str)]) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.runtime.block_on(self.client.call(&here(place), action, parameters)) {
                Ok(answer) => return answer,
                Err(error) => {
                    let may_pass = error.code().is_some_and(|code| code.starts_with("InvalidDB"));
                    assert!(may_pass && Instant::now() < deadline, "{action}: {error}");
                }
            }
            std::thread::sleep(LOOK);
        }
    }

    fn wait_for(&self, what: &str, mut came: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !came() {
            assert!(Instant::now() < deadline, "{what} did not come about");
            std::thread::sleep(LOOK);
        }
    }

    /// The function of a place, started where it is called for the first time.
    pub(crate) fn function(&mut self, accounts: Accounts, place: &str) -> &Bootstrap {
        let variables = self.variables(accounts, place);
        let start = || Bootstrap::start(Path::new(BINARY), &variables, &[]);
        self.functions.entry((accounts, place.to_owned())).or_insert_with(start)
    }

    /// A function of its own, whose way to the services is another one.
    pub(crate) fn start(&self, place: &str, services: &str, waiting: &Value) -> Bootstrap {
        let mut variables = self.variables(Accounts::One, place);
        variables.retain(|(name, _)| *name != "AWS_ENDPOINT_URL");
        variables.push(("AWS_ENDPOINT_URL", services.to_owned()));
        Bootstrap::start(Path::new(BINARY), &variables, &[waiting])
    }

    /// Logs in to the writer of staging, as a client of the application does.
    pub(crate) fn log_in(&self, username: &str, password: &str) -> Result<(), DatabaseError> {
        let inventory = self.runtime.block_on(self.client.inventory()).unwrap();
        let place = inventory.into_iter().find(|place| place.account == STAGING.0 && place.region == STAGING.1);
        let cluster = place.unwrap().clusters.into_iter().find(|cluster| cluster.name == "staging").unwrap();
        let at = cluster.endpoint.unwrap();
        let login = DatabaseLogin {
            endpoint: Endpoint { host: at.address, port: at.port },
            database: "shop".to_owned(),
            username: username.to_owned(),
            password: Secret::new(password),
        };
        let options = Options::new(vec![Trust::PemFile(self.authority.clone())]);
        let postgres = Postgres::new(options).unwrap();
        self.runtime.block_on(postgres.log_in(&login)).map(drop)
    }

    fn variables(&self, accounts: Accounts, place: &str) -> Vec<(&'static str, String)> {
        let (services, rds) = (self.ways.0.as_str(), self.ways.1.as_str());
        let mut variables = vec![
            ("AWS_REGION", STAGING.1),
            ("AWS_ACCESS_KEY_ID", STAGING.0),
            ("AWS_SECRET_ACCESS_KEY", "not-checked"),
            ("AWS_ENDPOINT_URL", services),
            ("AWS_ENDPOINT_URL_RDS", rds),
            ("AWS_ENDPOINT_URL_STS", rds),
            ("AURORA_RESTORE_STEP", place),
            ("AURORA_RESTORE_ENVIRONMENT", "test"),
            ("AURORA_RESTORE_PARAMETER", PARAMETER),
            ("AURORA_RESTORE_JOURNAL_STORE", "tables"),
            ("AURORA_RESTORE_JOURNAL_STATE_TABLE", STATE_TABLE),
            ("AURORA_RESTORE_JOURNAL_AUDIT_TABLE", AUDIT_TABLE),
            ("AURORA_RESTORE_SECRETS_STORE", "secrets-manager"),
            ("AURORA_RESTORE_NOTIFY_CHANNEL", "sns"),
            ("AURORA_RESTORE_NOTIFY_TOPIC", &self.topic),
            ("AURORA_RESTORE_TARGET_REGION", STAGING.1),
            ("AURORA_RESTORE_LIMITS_POLL", "150ms"),
            ("AURORA_RESTORE_STATE_MACHINE", MACHINE),
        ];
        if accounts == Accounts::Two {
            variables.push(("AURORA_RESTORE_AWS_SOURCE_ROLE", "arn:aws:iam::111122223333:role/aurora-restore-source"));
            variables.push(("AURORA_RESTORE_AWS_SOURCE_EXTERNAL_ID", "an-external-id"));
        }
        variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// What an operation is called in the state table: `COMPLETED` and the like.
    pub(crate) fn status(&self, id: &str) -> String {
        let item = json!({ "TableName": STATE_TABLE, "Key": { "operation_id": { "S": id } } });
        let found = self.services.json("dynamodb", "DynamoDB_20120810.GetItem", &item);
        found["Item"]["status"]["S"].as_str().unwrap_or("unknown").to_owned()
    }

    /// The bodies of the entries of an operation's journal.
    pub(crate) fn entries(&self, id: &str) -> Vec<String> {
        let query = json!({
            "TableName": AUDIT_TABLE,
            "KeyConditionExpression": "operation_id = :id",
            "ExpressionAttributeValues": { ":id": { "S": id } },
        });
        let found = self.services.json("dynamodb", "DynamoDB_20120810.Query", &query);
        let items = found["Items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["body"]["S"].as_str().unwrap_or("deflated").to_owned()).collect()
    }
}

fn here(place: (&str, &str)) -> Place {
    Place { account: AccountId::new(place.0), region: RegionName::new(place.1) }
}

pub(crate) fn key_arn(place: (&str, &str), id: &str) -> String {
    format!("arn:aws:kms:{}:{}:key/{id}", place.1, place.0)
}
