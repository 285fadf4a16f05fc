//! The stage of these tests: MiniStack for everything but RDS and STS, which are the world's sandbox, with the real template
//! deployed by the real command and the real package in its functions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use aurora_restore_testing::stand_in::StandIn;
use serde_json::{Value, json};

use crate::support::{APP, Ended, PRODUCTION, PRODUCTION_MASTER, READER, STAGING, STAGING_MASTER, World, program};

/// The name of the stack.
pub(crate) const STACK: &str = "pipeline";
/// The parameter with the stack's own configuration.
const PARAMETER: &str = "/aurora-restore/prod/config";
/// The bounds of a request, short enough for a test.
const LIMITS: &str = "[limits]\nstep = \"60s\"\ncopy = \"60s\"\n";

/// A stack that is deployed, on a world of its own.
pub(crate) struct OnStack {
    pub(crate) services: StandIn,
    pub(crate) world: World,
    /// Where RDS and STS are.
    rds: String,
}

impl OnStack {
    /// Deploys the stack over a world.
    pub(crate) fn deploy(world: World) -> Self {
        Self::configured(world, "")
    }

    /// The same, with more in the stack's own configuration.
    pub(crate) fn configured(world: World, more: &str) -> Self {
        let stage = Self::prepared(world, more);
        stage.stack("deploy", &["--yes"]).with_code(0);
        stage
    }

    /// Everything is there for a deployment, and nothing is deployed yet.
    pub(crate) fn prepared(world: World, more: &str) -> Self {
        let rds = world.status.url.clone();
        let stage = Self::new(world, rds);
        stage.put_secrets();
        stage.write_configurations(&format!("{LIMITS}{more}"));
        stage
    }

    /// A stage on which nothing is deployed yet.
    fn new(world: World, rds: String) -> Self {
        // Functions get the digits of their account as their access key, and the sandbox takes such a key for that account.
        let services = StandIn::ministack().entered_with(STAGING.0);
        Self { services, world, rds }
    }

    /// The stack with another RDS than the sandbox, whose snapshot is in the target's own account and Region.
    pub(crate) fn over_another_rds(world: World, rds: String, snapshot: &str) -> Self {
        let stage = Self::new(world, rds);
        stage.put_secrets();
        let of_stack = format!(
            "[source]\nsnapshot = \"{snapshot}\"\n[target]\ncluster = \"staging\"\n[instances]\nclass = \"db.r6g.large\"\n\
             [secrets]\nmaster = \"aurora-restore/staging/master\"\n{LIMITS}attempts-max = 2\n"
        );
        stage.write(&of_stack);
        stage.stack("deploy", &["--yes", "--parameter", "SourceRoleArn="]).with_code(0);
        stage
    }

    /// `stack deploy` or `stack diff` with everything that they need, and more arguments.
    pub(crate) fn stack(&self, action: &str, more: &[&str]) -> Ended {
        self.stack_command(action, more).output().unwrap().into()
    }

    /// The same, not started yet.
    pub(crate) fn stack_command(&self, action: &str, more: &[&str]) -> Command {
        let given = |name: &str, value: &str| format!("{name}={value}");
        let url = self.rds.clone();
        let parameters = [
            given("Architecture", architecture()),
            given("ServiceEndpoint", &self.services.url()),
            given("RdsEndpoint", &url),
            given("StsEndpoint", &url),
            given("SourceRoleArn", &format!("arn:aws:iam::{}:role/reader", PRODUCTION.0)),
            given("TargetClusters", "staging*"),
            given("TargetInstances", "staging*"),
            given("PollInterval", "1s"),
            // MiniStack's CloudFormation knows no saved queries.
            given("SavedQueries", "no"),
        ];
        let package = package().display().to_string();
        let configuration = self.world.path("stack.toml").display().to_string();
        let mut arguments = vec!["stack", action, "--package", &package, "--configuration", &configuration];
        for parameter in &parameters {
            arguments.extend(["--parameter", parameter]);
        }
        arguments.extend(more);
        self.command(&arguments)
    }

    fn put_secrets(&self) {
        let master = |login: (&str, &str)| json!({"username": login.0, "password": login.1, "database": "shop"});
        let users = json!({"app_username": APP.0, "app_password": APP.1,
                           "readonly_username": READER.0, "readonly_password": READER.1});
        let secrets = [
            ("staging/master", master(STAGING_MASTER)),
            ("production/master", master(PRODUCTION_MASTER)),
            ("staging/users", users),
        ];
        for (name, content) in secrets {
            let body = json!({
                "Name": format!("aurora-restore/{name}"),
                "SecretString": content.to_string(),
                "ClientRequestToken": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
            });
            self.services.json("secretsmanager", "secretsmanager.CreateSecret", &body);
        }
    }

    /// The stack's own configuration says what is restored; that of the person only where the stack is.
    fn write_configurations(&self, more: &str) {
        let authority = self.world.status.ca_certificate.as_ref().unwrap().display();
        let [target_key, source_key] = self.world.keys();
        let of_stack = format!(
            "[source]\nregion = \"{}\"\nlatest-of = \"production\"\n[target]\ncluster = \"staging\"\n\
             [copy]\nkms-key = \"{target_key}\"\nsource-kms-key = \"{source_key}\"\n\
             [secrets]\nmaster = \"aurora-restore/staging/master\"\nusers = \"aurora-restore/staging/users\"\n\
             source-master = \"aurora-restore/production/master\"\n\
             [database]\nca-certificate = \"{authority}\"\n{more}",
            PRODUCTION.1
        );
        self.write(&of_stack);
    }

    fn write(&self, of_stack: &str) {
        let url = &self.rds;
        fs::write(self.world.path("stack.toml"), of_stack).unwrap();
        let of_person = format!(
            "[target]\nregion = \"{}\"\n[aws]\nrds-endpoint = \"{url}\"\nsts-endpoint = \"{url}\"\n",
            STAGING.1
        );
        fs::write(self.world.path("person.toml"), of_person).unwrap();
    }

    /// Lets the person into the source account: a plan looks at both.
    pub(crate) fn let_the_person_look_at_the_source(&self) {
        let path = self.world.path("person.toml");
        let source = format!("[aws.source]\nrole = \"arn:aws:iam::{}:role/reader\"\n", PRODUCTION.0);
        fs::write(&path, fs::read_to_string(&path).unwrap() + &source).unwrap();
    }

    /// The command of a person who works on the stack.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .env("AWS_ENDPOINT_URL", self.services.url())
            .env("AWS_ACCESS_KEY_ID", STAGING.0)
            .env("AWS_SECRET_ACCESS_KEY", "not-checked")
            .arg("--config")
            .arg(self.world.path("person.toml"))
            .args(["--stack", STACK])
            .args(arguments);
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// What a command tells as JSON.
    #[track_caller]
    pub(crate) fn read(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = ["--json"].into_iter().chain(arguments.iter().copied()).collect();
        let ended = self.run(&arguments);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }

    /// What a command tells as lines of JSON.
    #[track_caller]
    pub(crate) fn read_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let told = self.run(&[&["--json"], arguments].concat()).with_code(0);
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a restore, and goes away.
    #[track_caller]
    pub(crate) fn start(&self, id: &str, more: &[&str]) {
        let arguments = ["start", "--on-aws", "--yes", "--id", id];
        self.run(&[&arguments, more].concat()).with_code(0);
    }

    /// Waits until an operation is in a step.
    #[track_caller]
    pub(crate) fn stands_in(&self, id: &str, step: &str) {
        self.world.wait_for(step, || (self.begun(id)? == step).then_some(()));
    }

    /// The step that was begun and has not ended, as the journal says.
    fn begun(&self, id: &str) -> Option<String> {
        let report: Value = serde_json::from_str(&self.run(&["--json", "report", id]).out).ok()?;
        let started = report["timeline"].as_array()?.iter().find(|step| step["status"] == "started")?;
        started["step"].as_str().map(str::to_owned)
    }

    /// `kill -9` of the process of a function in the middle of its step. It is held while the journal is asked, because on a
    /// machine with much to do its step could end meanwhile.
    #[track_caller]
    pub(crate) fn kill_function(&self, id: &str, step: &str) {
        let variable = format!("AURORA_RESTORE_STEP={step}\n");
        self.world.wait_for("the function in its step", || {
            let pid = descendants(self.services.pid()).into_iter().find(|pid| environment(*pid).contains(&variable))?;
            signal(pid, "STOP").then_some(())?;
            let stands = self.begun(id).as_deref() == Some(step);
            let sent = signal(pid, if stands { "KILL" } else { "CONT" });
            (stands && sent).then_some(())
        });
    }

    /// The text of the stack's own configuration, as its functions read it.
    pub(crate) fn configuration(&self) -> String {
        let found = self.services.json("ssm", "AmazonSSM.GetParameter", &json!({ "Name": PARAMETER }));
        found["Parameter"]["Value"].as_str().unwrap().to_owned()
    }

    /// Puts another text in its place, without a deployment.
    pub(crate) fn put_configuration(&self, text: &str) {
        let parameter = json!({ "Name": PARAMETER, "Value": text, "Type": "String", "Overwrite": true });
        self.services.json("ssm", "AmazonSSM.PutParameter", &parameter);
    }
}

/// A queue that gets every notice of the stack's topic.
pub(crate) struct Inbox(String);

impl Inbox {
    /// Subscribes it.
    pub(crate) fn of(stage: &OnStack) -> Self {
        let made = stage.services.json("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": "inbox" }));
        let outputs = stage.read(&["stack", "status"]);
        let topic = outputs["outputs"]["TopicArn"].as_str().unwrap().to_owned();
        let queue = format!("arn:aws:sqs:{}:{}:inbox", STAGING.1, STAGING.0);
        let form = [
            ("Action", "Subscribe"),
            ("Version", "2010-03-31"),
            ("TopicArn", topic.as_str()),
            ("Protocol", "sqs"),
            ("Endpoint", queue.as_str()),
        ];
        stage.services.query("sns", &form);
        Self(made["QueueUrl"].as_str().unwrap().to_owned())
    }

    /// Waits for a notice that names an operation.
    #[track_caller]
    pub(crate) fn wait_for(&self, stage: &OnStack, id: &str) -> String {
        let asked = json!({ "QueueUrl": self.0, "MaxNumberOfMessages": 10 });
        stage.world.wait_for("the notice", || {
            let found = stage.services.json("sqs", "AmazonSQS.ReceiveMessage", &asked);
            let messages = found["Messages"].as_array()?.clone();
            messages.iter().map(|message| message["Body"].to_string()).find(|text| text.contains(id))
        })
    }
}

/// The processes below one.
fn descendants(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| parent(&entry)).collect();
    let mut found = vec![pid];
    let mut next = 0;
    // Bounded: every process is found once, because it has one parent.
    while let Some(above) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, parent)| *parent == above).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

fn parent(entry: &fs::DirEntry) -> Option<(u32, u32)> {
    let pid = entry.file_name().to_str()?.parse().ok()?;
    let status = fs::read_to_string(entry.path().join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Some((pid, line.trim().parse().ok()?))
}

/// Whether the process was there to get it.
fn signal(pid: u32, name: &str) -> bool {
    Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap().success()
}

fn environment(pid: u32) -> String {
    let content = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&content).replace('\0', "\n") + "\n"
}

/// The architecture of this machine, as Lambda calls it.
pub(super) fn architecture() -> &'static str {
    if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" }
}

/// The package, as `cargo xtask package` makes it. `AURORA_RESTORE_TEST_PACKAGED` says that this was done already.
pub(crate) fn package() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        if std::env::var_os("AURORA_RESTORE_TEST_PACKAGED").is_none() {
            let made = Command::new(env!("CARGO")).args(["xtask", "package"]).current_dir(&root).status().unwrap();
            assert!(made.success(), "`cargo xtask package` ended with {made}");
        }
        root.join(format!("dist/aurora-restore-lambda-{}.zip", architecture()))
    })
}
