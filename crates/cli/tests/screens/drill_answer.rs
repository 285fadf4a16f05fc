//! The verdict of a drill as the answer to a restore test of AWS Backup, over HTTP: what is refused, what is sent, and how often.

use aurora_restore_core::{engine::BeginOperation, operation::Status, ports::TargetKey};
use aurora_restore_ops::{
    drill,
    ports::{RestoreJob, RestoreJobStatus, TestVerdict, Validation},
};
use aurora_restore_testing::{
    BackupService, run_to_end,
    runtime_api::OneAnswer,
    scenario::{Scenario, Stage},
};
use insta::assert_snapshot;

use crate::harness::{COMPLETE, Home};

const DRILL: &str = "drill-20261121-080000-7f3a-restore";
const LEFT: &str = "drill-20261121-200000-00ff-restore";
const GIVEN_UP: &str = "drill-20261122-080000-0001-given-up-in-copy-snapshot";
const JOB: &str = "1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D";

/// A home in whose journal a drill has passed, and AWS Backup behind an endpoint.
struct Place {
    home: Home,
    scenario: Scenario,
    backup: BackupService,
}

impl Place {
    fn new() -> Self {
        let scenario = Scenario::new(Stage::default());
        let (home, backup) = (home(), BackupService::new());
        let mut place = Self { home, scenario, backup };
        place.home.set("AWS_ENDPOINT_URL_BACKUP", &place.backup.url());
        place.drill(DRILL);
        place
    }

    /// A drill that is restored, proven and taken back.
    fn drill(&self, id: &str) {
        self.home.recorded(&self.scenario, async |engine| {
            let mut session = engine.begin(self.beginning(id).await).await.unwrap();
            let clock = &self.scenario.clock;
            let status = run_to_end(engine, &mut session, clock, 5_000).await.unwrap();
            assert_eq!(status, Status::Completed);
            engine.undo(&mut session, "dba@bastion").await.unwrap();
            run_to_end(engine, &mut session, clock, 5_000).await.unwrap();
        });
    }

    async fn beginning(&self, id: &str) -> BeginOperation {
        let request = drill::isolated(self.scenario.ports().cloud, self.scenario.swap()).await.unwrap();
        let target = TargetKey { cluster: request.target.cluster.clone(), ..Scenario::target_key() };
        BeginOperation { target, ..self.scenario.begin(id, request) }
    }

    /// A drill that nobody goes on with.
    fn left(&self, id: &str) {
        self.home.recorded(&self.scenario, async |engine| {
            let _session = engine.begin(self.beginning(id).await).await.unwrap();
        });
    }

    /// The job that tests the drill's own snapshot.
    fn job(&self) -> RestoreJob {
        let list: serde_json::Value =
            serde_json::from_slice(&self.home.output(&["--json", "drill", "list"]).stdout).unwrap();
        let drills = list["drills"].as_array().unwrap();
        let drill = drills.iter().find(|drill| drill["operation_id"] == DRILL).unwrap();
        RestoreJob {
            status: RestoreJobStatus::Completed,
            resource_type: "Aurora".to_owned(),
            recovery_point: drill["snapshot"]["arn"].as_str().unwrap().parse().unwrap(),
            testing_plan: Some("arn:aws:backup:eu-central-1:222222222222:restore-testing-plan:weekly-1f".to_owned()),
            validation: Some(Validation::Validating),
            validation_message: None,
        }
    }

    fn put(&self, job: RestoreJob) {
        self.backup.jobs().put(&JOB.parse().unwrap(), job);
    }

    fn screen(&self, arguments: &[&str]) -> String {
        self.home.screen(&[arguments, &["drill", "answer", DRILL, "--restore-job", JOB]].concat())
    }

    /// How often something was sent that is no question.
    fn answers(&self) -> usize {
        self.backup.asked().iter().filter(|line| line.starts_with("PUT ")).count()
    }
}

fn home() -> Home {
    let mut home = Home::with_config(COMPLETE);
    // Nobody but AWS Backup is asked: a port on which nobody listens.
    home.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    home.set("AWS_ACCESS_KEY_ID", "222222222222");
    home.set("AWS_SECRET_ACCESS_KEY", "not-checked");
    home
}

#[test]
fn a_job_is_answered_once_and_holds_the_drill_with_its_figures() {
    let place = Place::new();
    place.put(place.job());
    assert_snapshot!(place.home.screen(&["drill", "answer", DRILL, "--restore-job", JOB, "--plan"]), @r#"
    $ aurora-restore drill answer drill-20261121-080000-7f3a-restore --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D --plan
    aurora-restore drill drill-20261121-080000-7f3a-restore has passed: recovery time 51m 10s, recovery point 25h 14m old, 2 of 2 checks passed, last journal entry 6b6d6e3d035d16d6c15293ecde14602ad95af1e940019b70682bcc0b73a2973e
    --- stderr
    restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D would be answered with SUCCESSFUL; nothing was sent.
    --- exit 0
    "#);
    assert_eq!(place.answers(), 0);
    assert_snapshot!(place.screen(&[]), @r#"
    $ aurora-restore drill answer drill-20261121-080000-7f3a-restore --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D
    aurora-restore drill drill-20261121-080000-7f3a-restore has passed: recovery time 51m 10s, recovery point 25h 14m old, 2 of 2 checks passed, last journal entry 6b6d6e3d035d16d6c15293ecde14602ad95af1e940019b70682bcc0b73a2973e
    --- stderr
    done: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D is answered with SUCCESSFUL.
    --- exit 0
    "#);
    assert_eq!(place.answers(), 1);
    let held = place.backup.jobs().get(&JOB.parse().unwrap()).unwrap();
    assert_eq!(held.validation, Some(Validation::Answered(TestVerdict::Successful)));
    assert!(held.validation_message.unwrap().contains(DRILL));

    assert_snapshot!(place.screen(&[]), @r#"
    $ aurora-restore drill answer drill-20261121-080000-7f3a-restore --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D
    --- stderr
    done: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D holds SUCCESSFUL already: nothing was sent.
    --- exit 0
    "#);
    assert_snapshot!(place.screen(&["--json"]), @r#"
    $ aurora-restore --json drill answer drill-20261121-080000-7f3a-restore --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D
    {
      "version": 1,
      "drill": "drill-20261121-080000-7f3a-restore",
      "restore_job": "1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D",
      "snapshot": "arn:aws:rds:eu-central-1:222222222222:cluster-snapshot:prod-2026-11-21",
      "verdict": "SUCCESSFUL",
      "message": "aurora-restore drill drill-20261121-080000-7f3a-restore has passed: recovery time 51m 10s, recovery point 25h 14m old, 2 of 2 checks passed, last journal entry 6b6d6e3d035d16d6c15293ecde14602ad95af1e940019b70682bcc0b73a2973e",
      "outcome": "answered-already"
    }
    --- exit 0
    "#);
    assert_eq!(place.answers(), 1);
}

#[test]
fn a_job_that_is_no_test_of_this_snapshot_gets_no_answer() {
    let place = Place::new();
    assert_snapshot!(place.screen(&[]), @r#"
    $ aurora-restore drill answer drill-20261121-080000-7f3a-restore --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D
    --- stderr
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D does not exist in the source account in eu-central-1
    hint: Look at the id, and at how that account is entered: `aws backup list-restore-jobs --region eu-central-1`. Nothing was sent.
    --- exit 2
    "#);
    let job = place.job();
    let refused = |job: RestoreJob| {
        place.put(job);
        let screen = place.screen(&[]);
        screen.split_once("--- stderr\n").unwrap().1.to_owned()
    };
    assert_snapshot!(refused(RestoreJob { resource_type: "RDS".to_owned(), ..job.clone() }), @r#"
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D is not of an Aurora cluster: AWS Backup calls it `RDS`
    hint: Name a job that restored an Aurora cluster. Nothing was sent.
    --- exit 2
    "#);
    assert_snapshot!(refused(RestoreJob { status: RestoreJobStatus::Running, ..job.clone() }), @r#"
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D is RUNNING and not COMPLETED
    hint: Only what was restored waits for a verdict; a job that failed or was aborted has told its own. Nothing was sent.
    --- exit 1
    "#);
    assert_snapshot!(refused(RestoreJob { testing_plan: None, ..job.clone() }), @r#"
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D was made by no restore testing plan
    hint: Only a job that a restore testing plan made waits for a verdict. Nothing was sent.
    --- exit 2
    "#);
    let other = "arn:aws:rds:eu-central-1:222222222222:cluster-snapshot:awsbackup:job-1f00".parse().unwrap();
    assert_snapshot!(refused(RestoreJob { recovery_point: other, ..job.clone() }), @r#"
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D restored arn:aws:rds:eu-central-1:222222222222:cluster-snapshot:awsbackup:job-1f00, and drill drill-20261121-080000-7f3a-restore restored arn:aws:rds:eu-central-1:222222222222:cluster-snapshot:prod-2026-11-21
    hint: Rehearse that one: `aurora-restore drill run --snapshot arn:aws:rds:eu-central-1:222222222222:cluster-snapshot:awsbackup:job-1f00`. Nothing was sent.
    --- exit 1
    "#);
    let continuous = "arn:aws:backup:eu-central-1:222222222222:recovery-point:continuous:1f00".parse().unwrap();
    assert_snapshot!(refused(RestoreJob { recovery_point: continuous, ..job.clone() }), @r#"
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D restored arn:aws:backup:eu-central-1:222222222222:recovery-point:continuous:1f00, and drill drill-20261121-080000-7f3a-restore restored arn:aws:rds:eu-central-1:222222222222:cluster-snapshot:prod-2026-11-21
    hint: That recovery point is no cluster snapshot, and no drill can restore it: have the plan choose recovery points of the type SNAPSHOT. Nothing was sent.
    --- exit 1
    "#);
    let held = Some(Validation::Answered(TestVerdict::Failed));
    let message = Some("rows are missing".to_owned());
    assert_snapshot!(refused(RestoreJob { validation: held, validation_message: message, ..job }), @r#"
    error: restore job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D holds FAILED already ("rows are missing"), and the drill says SUCCESSFUL
    hint: It is left as it is: `aws backup describe-restore-job --restore-job-id 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D`. Nothing was sent.
    --- exit 1
    "#);
    assert_eq!(place.answers(), 0);
}

#[test]
fn what_is_no_verdict_of_a_drill_is_refused_before_anybody_is_asked() {
    let place = Place::new();
    place.left(LEFT);
    place.home.operation(&place.scenario, "op-20261122-080000-7f3a", place.scenario.swap(), Some(3));
    let refused = |drill: &str| {
        let screen = place.home.screen(&["drill", "answer", drill, "--restore-job", JOB]);
        screen.split_once("--- stderr\n").unwrap().1.to_owned()
    };
    assert_snapshot!(refused("drill-20251121"), @r#"
    error: no operation begins with `drill-20251121`
    hint: `aurora-restore list` shows the operations of this journal.
    --- exit 2
    "#);
    assert_snapshot!(refused("op-20261122-080000-7f3a"), @r#"
    error: operation op-20261122-080000-7f3a is not a drill
    hint: `aurora-restore drill list` shows the drills. Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(refused(LEFT), @r#"
    error: drill drill-20261121-200000-00ff-restore has no verdict yet: it is not at its end
    hint: `aurora-restore drill finish drill-20261121-200000-00ff-restore` goes on with it. Nothing was sent.
    --- exit 1
    "#);
    assert_snapshot!(place.home.screen(&["drill", "answer", DRILL, "--restore-job", "../x"]), @r#"
    $ aurora-restore drill answer drill-20261121-080000-7f3a-restore --restore-job ../x
    --- stderr
    error: invalid value '../x' for '--restore-job <JOB>': `../x` is not the id of a restore job: it has 1 to 64 letters, digits and hyphens

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_eq!(place.backup.asked(), Vec::<String>::new());
}

#[test]
fn a_drill_that_restored_nothing_to_the_end_is_no_answer() {
    let place = Place { home: home(), scenario: Scenario::new(Stage::default()), backup: BackupService::new() };
    place.left(GIVEN_UP);
    assert_snapshot!(place.home.screen(&["drill", "answer", GIVEN_UP, "--restore-job", JOB]), @r#"
    $ aurora-restore drill answer drill-20261122-080000-0001-given-up-in-copy-snapshot --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D
    --- stderr
    error: drill drill-20261122-080000-0001-given-up-in-copy-snapshot rehearsed given-up-in-copy-snapshot, which says nothing about a recovery point
    hint: Answer with a drill that restored a snapshot to the end, such as one of `--scenario restore`. Nothing was sent.
    --- exit 2
    "#);
}

#[test]
fn a_denied_call_names_the_permission() {
    let mut place = Place::new();
    let denied = OneAnswer::new(403, r#"{"__type":"AccessDeniedException","Message":"not authorized"}"#);
    place.home.set("AWS_ENDPOINT_URL_BACKUP", &denied.url());
    assert_snapshot!(place.screen(&[]), @r#"
    $ aurora-restore drill answer drill-20261121-080000-7f3a-restore --restore-job 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D
    --- stderr
    error: backup:DescribeRestoreJob is denied on 1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D: AccessDeniedException: not authorized
    hint: Whoever runs this needs the permission backup:DescribeRestoreJob; a policy, a boundary or a service control policy denies it.
    --- exit 3
    "#);
}
