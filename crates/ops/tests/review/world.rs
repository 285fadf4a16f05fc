//! A clean world to review: one restore that went well, quiet logs, metrics that are as they always were.

use std::collections::BTreeMap;

use aurora_restore_core::{
    operation::Status,
    ports::{Clock as _, Location, Side},
};
use aurora_restore_ops::{
    ports::{
        Billed, BucketGuard, GrantedRole, KeyFacts, KeyManager, KeyRotation, KeyState, LogGuard, Metric, RolePolicy,
        SecretGuard, ServiceUse, Stack, StackResource, TableGuard, TopicGuard,
    },
    review::{
        Deployed, Drill, DrillResult, Finding, Level, NamedSecret, ParameterVerdict, Period, Reach, Reviewed,
        Selection, Site, review,
    },
    sweep::{Bounds, Sweep},
};
use aurora_restore_testing::{
    MemoryBills, MemoryExecutions, MemoryFunctions, MemoryGrants,
    review::{MemoryDrifts, MemoryDrills, MemoryKeys, MemoryLogs, MemoryMetrics, MemorySafeguards, MemoryVerdict},
    scenario::{Encryption, FRANKFURT, Scenario, Stage, TARGET, operation, region},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub(crate) const LOG: &str = "/aws/lambda/aurora-restore-copy-snapshot";
pub(crate) const FUNCTION: &str = "aurora-restore-copy-snapshot";
pub(crate) const MACHINE: &str = "arn:aws:states:eu-central-1:444455556666:stateMachine:aurora-restore";
pub(crate) const TABLE: &str = "AuroraRestoreStateTable";
pub(crate) const TOPIC: &str = "arn:aws:sns:eu-central-1:444455556666:notices";
pub(crate) const BUCKET: &str = "aurora-restore-444455556666-eu-central-1";
pub(crate) const ROLE: &str = "aurora-restore-undo";
pub(crate) const ROLE_ARN: &str = "arn:aws:iam::444455556666:role/aurora-restore-undo";
pub(crate) const KEY: &str = "arn:aws:kms:eu-central-1:444455556666:key/1";
pub(crate) const SECRET: &str = "staging/master";
pub(crate) const CONFIGURATION: &str = "[target]\ncluster = \"staging\"\n";

/// The tags of what the stack is made of.
pub(crate) const OF_STACK: [(&str, &str); 2] = [("Application", "AuroraRestore"), ("Environment", "prod")];

pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) executions: MemoryExecutions,
    pub(crate) logs: MemoryLogs,
    pub(crate) metrics: MemoryMetrics,
    pub(crate) bills: MemoryBills,
    pub(crate) deployed: Deployed,
    pub(crate) verdict: MemoryVerdict,
    pub(crate) drifts: MemoryDrifts,
    pub(crate) functions: MemoryFunctions,
    pub(crate) grants: MemoryGrants,
    pub(crate) safeguards: MemorySafeguards,
    pub(crate) keys: MemoryKeys,
    pub(crate) drills: MemoryDrills,
}

impl World {
    pub(crate) fn clean() -> Self {
        Self::on(Stage { encryption: Encryption::CustomerKey, ..Stage::default() })
    }

    pub(crate) fn on(stage: Stage) -> Self {
        let scenario = Scenario::new(stage);
        let (status, _) = scenario.run("op-1", scenario.swap()).unwrap();
        assert_eq!(status, Status::Completed);
        scenario.settle();
        let world = Self {
            executions: MemoryExecutions::new(&scenario.clock),
            logs: MemoryLogs::with_pages_of(10),
            metrics: MemoryMetrics::default(),
            bills: MemoryBills::default(),
            deployed: deployed(scenario.clock.now() - SignedDuration::from_hours(24 * 20)),
            verdict: MemoryVerdict(Ok(Some(ParameterVerdict {
                name: "/aurora-restore/prod/config".to_owned(),
                text: CONFIGURATION.to_owned(),
                changed_at: Some(scenario.clock.now() - SignedDuration::from_hours(24 * 30)),
                secrets: vec![NamedSecret { id: SECRET.to_owned(), is_of_target: true }],
                problems: Vec::new(),
            }))),
            drifts: MemoryDrifts::default(),
            functions: MemoryFunctions::default(),
            grants: grants(scenario.clock.now() - SignedDuration::from_hours(24 * 200)),
            safeguards: safeguards(scenario.clock.now() - SignedDuration::from_hours(24 * 30)),
            keys: MemoryKeys([(KEY.to_owned(), key())].into()),
            drills: MemoryDrills(vec![Drill {
                operation: operation("drill-1"),
                scenario: aurora_restore_ops::drill::Scenario::Restore,
                ended_at: scenario.clock.now() - SignedDuration::from_hours(24 * 20),
                result: DrillResult::Passed { recovery_time: Some(SignedDuration::from_mins(40)) },
            }]),
            scenario,
        };
        world.functions.add(FUNCTION, "code-1");
        world.publish(20);
        world.write(100, |_| r#"{"level":"INFO","message":"a step is done","operation_id":"op-1"}"#.to_owned());
        for day in 1..=70 {
            world.measure(&own("OperationsCompleted"), day, 1.0);
            world.measure(&step("StepDuration"), day, 600.0 + 5.0 * f64::from(u32::try_from(day % 7).unwrap()));
            world.measure(&table("ConsumedWriteCapacityUnits"), day, 20_000.0);
            world.bill(&OF_STACK, "AWS Lambda", day, 0.25);
            world.measure(&Metric::new("AWS/Lambda", "Invocations", &[("FunctionName", FUNCTION)]), day, 100.0);
        }
        world
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.scenario.clock.now()
    }

    /// The versions of the function were published so many days ago.
    pub(crate) fn publish(&self, days_ago: i64) {
        let at = self.now() - SignedDuration::from_hours(24 * days_ago);
        self.functions.change_published(FUNCTION, |version| version.changed_at = Some(at));
    }

    /// Writes lines into the log, a minute apart, the last one just now.
    pub(crate) fn write(&self, lines: i64, text: impl Fn(i64) -> String) {
        let at = |number: i64| self.now() - SignedDuration::from_mins(lines - number);
        self.logs.put(LOG, (0..lines).map(|number| (at(number), text(number))));
    }

    /// Puts a value so many days ago.
    pub(crate) fn measure(&self, metric: &Metric, days_ago: i64, value: f64) {
        let midnight = self.now().as_second() - self.now().as_second().rem_euclid(86_400);
        let at = Timestamp::from_second(midnight - days_ago * 86_400 + 3_600).unwrap();
        self.metrics.put(metric, at, value);
    }

    /// Things with these tags cost so much so many days ago.
    pub(crate) fn bill(&self, tags: &[(&str, &str)], service: &str, days_ago: i64, amount: f64) {
        let day = (self.now() - SignedDuration::from_hours(24 * days_ago)).to_zoned(TimeZone::UTC).date();
        self.bills.put(tags, Billed { day, service: service.to_owned(), amount, currency: "USD".to_owned() });
    }

    pub(crate) fn site(&self) -> Site<'_> {
        let location = Location { side: Side::Target, region: region(FRANKFURT) };
        Site {
            now: self.now(),
            stack: Some("ours"),
            journal: Reach::There(&self.scenario.journal),
            states: Reach::There(&self.scenario.journal),
            executions: Reach::There(&self.executions),
            sweep: Reach::There(Sweep {
                stack: "ours",
                ports: self.scenario.ports(),
                executions: &self.executions,
                location: location.clone(),
                ways: Vec::new(),
                bounds: Bounds::default(),
            }),
            rds: Reach::There((&self.scenario.cloud, location)),
            logs: Reach::There((&self.logs, vec![LOG.to_owned()])),
            metrics: Reach::There(&self.metrics),
            bills: Reach::There(&self.bills),
            deployed: Reach::There(&self.deployed),
            configuration: Reach::There(&self.verdict),
            drifts: Reach::There(&self.drifts),
            functions: Reach::There(&self.functions),
            grants: Reach::There(&self.grants),
            safeguards: Reach::There(&self.safeguards),
            keys: Reach::There(&self.keys),
            drills: Reach::There(Box::new(&self.drills)),
        }
    }

    /// Everything that a period's checks find, with the check's name.
    pub(crate) async fn findings(&self, period: Period) -> Vec<(&'static str, Finding)> {
        found(&self.site(), period).await
    }

    /// The one finding that there is.
    pub(crate) async fn only(&self, period: Period) -> (&'static str, Finding) {
        let mut findings = self.findings(period).await;
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }
}

pub(crate) async fn found(site: &Site<'_>, period: Period) -> Vec<(&'static str, Finding)> {
    let checks = Selection::default().of(period).unwrap();
    let told = |one: Reviewed| {
        let name = one.check.name;
        one.findings.into_iter().map(move |finding| (name, finding)).collect::<Vec<_>>()
    };
    review(site, &checks).await.into_iter().flat_map(told).collect()
}

/// A value of the evidence.
pub(crate) fn shown<'f>(finding: &'f Finding, what: &str) -> &'f str {
    let found = finding.evidence.iter().find(|one| one.what == what);
    found.unwrap_or_else(|| panic!("{what} is not in {finding:?}")).value.as_str()
}

pub(crate) fn own(name: &str) -> Metric {
    Metric::new("AuroraRestore", name, &[("Environment", "prod")])
}

pub(crate) fn step(name: &str) -> Metric {
    Metric::new("AuroraRestore", name, &[("Environment", "prod"), ("Step", "copy-snapshot")])
}

pub(crate) fn table(name: &str) -> Metric {
    Metric::new("AWS/DynamoDB", name, &[("TableName", TABLE)])
}

/// One role, which may what the stack's template gives a step, and used it.
fn grants(made_at: Timestamp) -> MemoryGrants {
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Sid":"Trace","Effect":"Allow","Action":["xray:PutTraceSegments"],"Resource":"*"},
        {"Sid":"DeleteOurs","Effect":"Allow","Action":"rds:DeleteDBCluster","Resource":"arn:aws:rds:eu-central-1:444455556666:cluster:*",
            "Condition":{"StringEquals":{"aws:ResourceTag/aurora-restore:role":["staged","retired"]}}},
        {"Sid":"KeyOfTopic","Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-central-1:444455556666:key/1",
            "Condition":{"StringLike":{"kms:ViaService":"sns.*.amazonaws.com"}}}]}"#;
    let policies = vec![RolePolicy { name: "undo".to_owned(), document: document.to_owned() }];
    let used =
        ["xray", "rds", "kms"].map(|service| ServiceUse { service: service.to_owned(), last_used_at: Some(made_at) });
    let role = GrantedRole { arn: ROLE_ARN.to_owned(), made_at: Some(made_at), policies };
    MemoryGrants {
        roles: [(ROLE.to_owned(), role)].into(),
        used: [(ROLE_ARN.to_owned(), used.to_vec())].into(),
        ..MemoryGrants::default()
    }
}

/// Everything as the stack's template has it made.
fn safeguards(changed_at: Timestamp) -> MemorySafeguards {
    let key = || Some(KEY.to_owned());
    let policy = r#"{"Statement":[{"Sid":"NothingInClear","Effect":"Deny","Principal":"*","Action":"sns:Publish",
        "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
    MemorySafeguards {
        tables: [(TABLE.to_owned(), TableGuard { key: key(), point_in_time: true })].into(),
        topics: [(TOPIC.to_owned(), TopicGuard { key: key(), policy: Some(policy.to_owned()) })].into(),
        logs: [(LOG.to_owned(), LogGuard { key: key(), retention_days: Some(90) })].into(),
        buckets: [(BUCKET.to_owned(), BucketGuard { public_is_refused: true })].into(),
        secrets: [(SECRET.to_owned(), SecretGuard { changed_at: Some(changed_at), rotates: false })].into(),
        denies_secrets: false,
    }
}

/// The key of the stack, as its template has it made.
fn key() -> KeyFacts {
    KeyFacts {
        arn: KEY.to_owned(),
        manager: KeyManager::Customer,
        state: KeyState::Enabled,
        rotation: KeyRotation::On,
        policy: Some(r#"{"Statement":[]}"#.to_owned()),
    }
}

fn deployed(changed_at: Timestamp) -> Deployed {
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let resource = |kind: &str, physical: &str| StackResource {
        logical: kind.rsplit(':').next().unwrap_or(kind).to_owned(),
        kind: kind.to_owned(),
        physical: physical.to_owned(),
    };
    Deployed {
        stack: Stack {
            id: "arn:aws:cloudformation:eu-central-1:444455556666:stack/ours/1".to_owned(),
            name: "ours".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
            changed_at: Some(changed_at),
            parameters: pairs(&[
                ("Configuration", CONFIGURATION),
                ("Runtime", "provided.al2023"),
                ("MemorySize", "256"),
                ("CodeBucket", BUCKET),
                ("TargetClusters", TARGET),
            ]),
            outputs: pairs(&[("Environment", "prod"), ("Version", env!("CARGO_PKG_VERSION"))]),
            tags: BTreeMap::new(),
        },
        resources: vec![
            resource("AWS::Lambda::Function", FUNCTION),
            resource("AWS::StepFunctions::StateMachine", MACHINE),
            resource("AWS::DynamoDB::Table", TABLE),
            resource("AWS::IAM::Role", ROLE),
            resource("AWS::Logs::LogGroup", LOG),
            resource("AWS::SNS::Topic", TOPIC),
            resource("AWS::KMS::Key", "1"),
        ],
        template: "Resources:\n  F:\n    Properties:\n      Runtime: !Ref Runtime\n".to_owned(),
    }
}

/// Level, text and command of a finding.
pub(crate) fn told(finding: &Finding) -> (Level, &str, &str) {
    (finding.level, finding.what.as_str(), finding.mend.as_str())
}
