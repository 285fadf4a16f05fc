//! Every refusal with its words, both verdicts, and what is done the second time.

use aurora_restore_core::ports::Side;

use super::*;

const SNAPSHOT: &str = "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:awsbackup:job-1f00";
const PLAN: &str = "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly-1f00";

fn record() -> Record {
    let at = |text: &str| text.parse().unwrap();
    Record {
        operation_id: "drill-20261121-080000-7f3a-restore".to_owned(),
        scenario: Scenario::Restore,
        verdict: Verdict::Passed,
        target: "staging-drill".to_owned(),
        source: format!("snapshot {SNAPSHOT} of cluster prod"),
        snapshot: Some(RestoredSnapshot {
            arn: Arn::new(SNAPSHOT).unwrap(),
            location: Location { side: Side::Source, region: "eu-west-1".parse().unwrap() },
        }),
        requested_at: at("2026-11-21T08:00:00Z"),
        ended_at: Some(at("2026-11-21T09:30:00Z")),
        recovery_time: Some(SignedDuration::new(3_845, 600_000_000)),
        recovery_point: Some(SignedDuration::from_hours(5)),
        checks_passed: 12,
        checks_total: 12,
        executors: 1,
        steps: Vec::new(),
        journal_entries: 34,
        journal_hash: "9f2c5e0d".to_owned(),
    }
}

fn not_passed(reason: &str) -> Record {
    Record { verdict: Verdict::Failed { reasons: vec![reason.to_owned()] }, recovery_time: None, ..record() }
}

fn job() -> RestoreJob {
    RestoreJob {
        status: RestoreJobStatus::Completed,
        resource_type: "Aurora".to_owned(),
        recovery_point: Arn::new(SNAPSHOT).unwrap(),
        testing_plan: Some(PLAN.to_owned()),
        validation: Some(Validation::Validating),
        validation_message: None,
    }
}

fn id() -> RestoreJobId {
    "1F0E1A3B".parse().unwrap()
}

#[track_caller]
fn refused(job: &RestoreJob) -> String {
    Answer::of(&record()).unwrap().course(&id(), Some(job)).unwrap_err().to_string()
}

#[test]
fn a_drill_that_has_passed_answers_with_its_figures() {
    let answer = Answer::of(&record()).unwrap();
    assert_eq!(answer.verdict, TestVerdict::Successful);
    assert_eq!(
        answer.message,
        "aurora-restore drill drill-20261121-080000-7f3a-restore has passed: recovery time 1h 4m 5s, recovery point 5h old, \
         12 of 12 checks passed, last journal entry 9f2c5e0d"
    );
    assert_eq!(answer.course(&id(), Some(&job())), Ok(Course::Answer));
    assert_eq!(answer.course(&id(), Some(&RestoreJob { validation: None, ..job() })), Ok(Course::Answer));
    let lost = Record { scenario: Scenario::HandedOver, ..record() };
    assert_eq!(Answer::of(&lost).unwrap().verdict, TestVerdict::Successful);
}

#[test]
fn a_drill_that_has_not_passed_answers_with_the_reason() {
    let answer = Answer::of(&not_passed("verify-restore failed:\n\u{1b}[31mfew orders")).unwrap();
    assert_eq!(answer.verdict, TestVerdict::Failed);
    assert_eq!(
        answer.message,
        "aurora-restore drill drill-20261121-080000-7f3a-restore has not passed: recovery point 5h old, 12 of 12 checks passed, \
         last journal entry 9f2c5e0d; verify-restore failed:  [31mfew orders"
    );
    assert_eq!(answer.course(&id(), Some(&job())), Ok(Course::Answer));
}

#[test]
fn a_long_reason_is_cut_and_the_figures_stay() {
    let message = Answer::of(&not_passed(&"ü".repeat(5_000))).unwrap().message;
    assert_eq!(message.chars().count(), MESSAGE_CHARS_MAX);
    assert!(message.contains("last journal entry 9f2c5e0d") && message.ends_with("üü…"), "{message}");
}

#[test]
fn a_record_that_is_no_verdict_about_a_recovery_point_answers_nothing() {
    let told = |record: Record| Answer::of(&record).unwrap_err().to_string();
    let stands = "it is stuck".to_owned();
    assert_eq!(
        told(Record { verdict: Verdict::Unfinished { stands }, ended_at: None, ..record() }),
        "drill drill-20261121-080000-7f3a-restore has no verdict yet: it is stuck"
    );
    for scenario in Scenario::ALL.into_iter().filter(|scenario| !scenario.is_whole_restore()) {
        let told = told(Record { scenario, ..record() });
        assert!(told.contains(&format!("rehearsed {scenario}, which says nothing")), "{told}");
    }
    let told = told(Record { snapshot: None, ..not_passed("snapshot-check failed") });
    assert!(told.contains("names no snapshot"), "{told}");
}

#[test]
fn a_job_that_is_no_test_of_this_snapshot_is_not_answered() {
    let answer = Answer::of(&record()).unwrap();
    let told = answer.course(&id(), None).unwrap_err().to_string();
    assert_eq!(told, format!("restore job 1F0E1A3B does not exist in {}", answer.snapshot.location));

    let told = refused(&RestoreJob { resource_type: "RDS".to_owned(), ..job() });
    assert_eq!(told, "restore job 1F0E1A3B is not of an Aurora cluster: AWS Backup calls it `RDS`");
    for (status, word) in [
        (RestoreJobStatus::Pending, "PENDING"),
        (RestoreJobStatus::Running, "RUNNING"),
        (RestoreJobStatus::Aborted, "ABORTED"),
        (RestoreJobStatus::Failed, "FAILED"),
        (RestoreJobStatus::Other("PAUSED".to_owned()), "PAUSED"),
    ] {
        let told = refused(&RestoreJob { status, ..job() });
        assert_eq!(told, format!("restore job 1F0E1A3B is {word} and not COMPLETED"));
    }
    let told = refused(&RestoreJob { testing_plan: None, ..job() });
    assert_eq!(told, "restore job 1F0E1A3B was made by no restore testing plan");

    // The same name in another account is another snapshot.
    let other = SNAPSHOT.replace("111122223333", "444455556666");
    let told = refused(&RestoreJob { recovery_point: Arn::new(&other).unwrap(), ..job() });
    assert!(told.contains(&format!("restored {other}, and drill")) && told.ends_with(SNAPSHOT), "{told}");
}

#[test]
fn the_same_verdict_is_not_given_twice_and_another_one_is_not_replaced() {
    let holding = |validation| RestoreJob { validation: Some(validation), ..job() };
    let (good, bad) = (Answer::of(&record()).unwrap(), Answer::of(&not_passed("no")).unwrap());
    for (answer, other) in [(&good, &bad), (&bad, &good)] {
        let held = holding(Validation::Answered(answer.verdict));
        assert_eq!(answer.course(&id(), Some(&held)), Ok(Course::AnsweredAlready));
        let refusal = other.course(&id(), Some(&held)).unwrap_err();
        assert!(matches!(refusal, Refusal::AnsweredOtherwise { .. }), "{refusal}");
    }
    let told = refused(&RestoreJob {
        validation_message: Some("by\nhand".to_owned()),
        ..holding(Validation::Answered(TestVerdict::Failed))
    });
    assert_eq!(told, "restore job 1F0E1A3B holds FAILED already (\"by hand\"), and the drill says SUCCESSFUL");
    let told = refused(&holding(Validation::TimedOut));
    assert_eq!(told, "restore job 1F0E1A3B holds TIMED_OUT already, and the drill says SUCCESSFUL");
    let told = refused(&holding(Validation::Other("WITHDRAWN".to_owned())));
    assert!(told.contains("holds WITHDRAWN already"), "{told}");
}
