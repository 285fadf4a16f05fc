//! Reports for the tests of the renderers: one that went well, one that failed, one full of hostile texts.

use aurora_restore_core::{
    catalogue::ErrorCode,
    operation::{Direction, Failure, Status, StepKind, StepStatus},
    plan::{Outline, OutlineLine, Verb},
    ports::{AccessProof, Endpoint, UserSetupOutcome},
    report::{Attempt, Figures, Incident, REPORT_VERSION, Report, ResourceLine, StepLine},
    request::Strategy,
    settings::SettingComparison,
    verification::{CheckDetail, CheckOutcome, CheckResult},
};
use jiff::{SignedDuration, Timestamp};

/// When everything begins.
fn start() -> Timestamp {
    "2026-11-22T02:15:00Z".parse().unwrap()
}

fn at(millis: i64) -> Timestamp {
    start() + SignedDuration::from_millis(millis)
}

fn step(step: StepKind, from: i64, took: i64) -> StepLine {
    let took = Some(SignedDuration::from_millis(took));
    let attempt = Attempt { direction: Direction::Forward, started_at: at(from), took, failure: None };
    StepLine {
        step,
        status: StepStatus::Finished,
        started_at: Some(at(from)),
        took,
        attempts: vec![attempt],
        note: None,
    }
}

fn check(name: &str, outcome: CheckOutcome, found: &str, expected: Option<&str>) -> CheckResult {
    CheckResult {
        name: name.to_owned(),
        outcome,
        found: found.to_owned(),
        expected: expected.map(str::to_owned),
        took_ms: 12,
        details: Vec::new(),
    }
}

fn setting(object: &str, field: &str, wished: &str, found: &str) -> SettingComparison {
    SettingComparison {
        object: object.to_owned(),
        field: field.to_owned(),
        wished: wished.to_owned(),
        found: found.to_owned(),
        same: wished == found,
    }
}

fn line(step: StepKind, verb: Verb, object: &str) -> OutlineLine {
    OutlineLine { step, verb, object: object.to_owned() }
}

fn proof(claim: &str, holds: bool, detail: Option<&str>) -> AccessProof {
    AccessProof { claim: claim.to_owned(), holds, detail: detail.map(str::to_owned) }
}

fn users() -> Option<UserSetupOutcome> {
    Some(UserSetupOutcome {
        created: vec!["staging_app".to_owned(), "staging_reader".to_owned()],
        updated: Vec::new(),
        locked: vec!["shop_app".to_owned(), "contractor_2019".to_owned()],
        kept: vec!["analyst".to_owned()],
        proofs: vec![
            proof("application `staging_app` can write", true, None),
            proof("reader `staging_reader` cannot write to orders", true, Some("permission denied (42501)")),
            proof("locked login `contractor_2019` cannot log in", true, Some("password authentication failed (28P01)")),
        ],
    })
}

fn settings() -> Vec<SettingComparison> {
    vec![
        setting("cluster", "deletion_protection", "true", "true"),
        setting("cluster", "backup_retention_days", "7", "7"),
        setting("cluster", "storage_type", "aurora-iopt1", "aurora"),
        setting("instance 1", "class", "db.r6g.large", "db.r6g.large"),
    ]
}

fn outline() -> Option<Outline> {
    use StepKind as S;
    Some(Outline {
        lines: vec![
            line(S::SnapshotCheck, Verb::Read, "snapshot rds:prod-2026-11-21-03-10"),
            line(S::CopySnapshot, Verb::Make, "snapshot prod-copy-1f3a in the target account in eu-central-1"),
            line(S::RestoreSnapshot, Verb::Make, "cluster staging-new-1f3a in the target account in eu-central-1"),
            line(S::SwitchOver, Verb::Change, "cluster staging becomes staging-old-1f3a"),
            line(S::ArchiveSnapshot, Verb::Delete, "snapshot prod-copy-1f3a"),
        ],
        point_of_no_return_after: S::SwitchOver,
        later: vec!["cluster staging-old-1f3a is kept for 24 hours".to_owned()],
    })
}

fn figures() -> Figures {
    Figures {
        recovery_time: Some(SignedDuration::from_millis(19_360)),
        recovery_point: Some(SignedDuration::from_secs(83_100)),
        name_unanswered_max: Some(SignedDuration::from_millis(910)),
        total: Some(SignedDuration::from_millis(19_575)),
        checks_passed: 4,
        checks_total: 4,
        settings_same: 3,
        settings_total: 4,
    }
}

/// One throttled attempt on the way.
fn timeline() -> Vec<StepLine> {
    use StepKind as S;
    let mut timeline: Vec<StepLine> = [
        (S::SnapshotCheck, 0, 420),
        (S::CopySnapshot, 430, 4_100),
        (S::RestoreSnapshot, 4_540, 5_200),
        (S::CreateInstances, 9_750, 3_900),
        (S::ApplySettings, 13_660, 1_250),
        (S::SetupDbUsers, 14_920, 640),
        (S::VerifyRestore, 15_570, 1_480),
        (S::SwitchOver, 17_060, 2_300),
        (S::ArchiveSnapshot, 19_370, 180),
        (S::Notify, 19_560, 15),
    ]
    .map(|(kind, from, took)| step(kind, from, took))
    .into();
    let refused = Failure::retryable(ErrorCode::Throttled, "CopyDBClusterSnapshot of prod-copy-1f3a was throttled");
    let first = Attempt {
        direction: Direction::Forward,
        started_at: at(430),
        took: Some(SignedDuration::from_millis(210)),
        failure: Some(refused),
    };
    timeline[1].attempts[0].started_at = at(1_700);
    timeline[1].attempts[0].took = Some(SignedDuration::from_millis(2_830));
    timeline[1].attempts.insert(0, first);
    timeline
}

/// A swap that went well, with one throttled attempt on the way and one setting that differs.
pub(crate) fn completed() -> Report {
    let timeline = timeline();
    let mut rows = check("row counts", CheckOutcome::Noted, "214,300 rows, 4 tables counted", None);
    rows.details = [
        ("shop.public.customers", "12000"),
        ("shop.public.orders", "200000"),
        ("shop.public.audit", "about 2300 (estimated: the time for counting was used up)"),
    ]
    .map(|(subject, value)| CheckDetail { subject: subject.to_owned(), value: value.to_owned() })
    .into();
    Report {
        version: REPORT_VERSION,
        operation_id: "op-20261122-021500-7f3a".to_owned(),
        made_at: at(30_000),
        status: Status::Completed,
        strategy: Strategy::Swap,
        target: "staging".to_owned(),
        target_key: Some("444455556666/eu-central-1/staging".to_owned()),
        source:
            "snapshot arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:rds:prod-2026-11-21-03-10 of cluster prod"
                .to_owned(),
        requested_at: start(),
        ended_at: Some(at(19_575)),
        figures: figures(),
        endpoint: Some(Endpoint { host: "localhost".to_owned(), port: 40_113 }),
        timeline,
        incidents: vec![Incident { at: at(8_000), text: "executor cli-4711 took over".to_owned() }],
        failure: None,
        warnings: vec!["the snapshot is 23 hours old".to_owned()],
        checks: vec![
            check("connection", CheckOutcome::Passed, "TLS, certificate checked", Some("TLS")),
            check("server version", CheckOutcome::Passed, "15.8", Some("major version 15")),
            check("tables", CheckOutcome::Passed, "4 tables in 1 schema of 1 database", Some("at least 4")),
            rows,
            check("enough orders", CheckOutcome::Passed, "200000", Some("at least 200000")),
        ],
        users: users(),
        settings: settings(),
        outline: outline(),
        resources: vec![
            ResourceLine {
                kind: "snapshot copy",
                name: "prod-copy-1f3a".to_owned(),
                fate: "deleted after the switch".to_owned(),
            },
            ResourceLine { kind: "cluster", name: "staging-new-1f3a".to_owned(), fate: "serves as staging".to_owned() },
        ],
        journal_hash: "9f2c5e0d6d0c4e6a8f2b7c1d3e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071".to_owned(),
        journal_entries: 34,
    }
}

/// A swap whose verification failed and that was undone.
pub(crate) fn failed() -> Report {
    let mut report = completed();
    let failure =
        Failure::terminal(ErrorCode::VerificationFailed, "check `enough orders` found 12, expected at least 200000")
            .hint("The old cluster keeps serving; look at the snapshot before you try again.");
    report.status = Status::Failed;
    report.endpoint = None;
    report.figures.recovery_time = None;
    report.figures.name_unanswered_max = None;
    report.figures.checks_passed = 3;
    report.checks[4] = check("enough orders", CheckOutcome::Failed, "12", Some("at least 200000"));
    report.timeline[6].status = StepStatus::Failed;
    report.timeline[6].attempts[0].failure = Some(failure.clone());
    for (place, step) in report.timeline.iter_mut().enumerate() {
        match place {
            1..=5 => {
                step.status = StepStatus::Undone;
                let from = 17_100 + (5 - i64::try_from(place).unwrap()) * 400;
                let took = Some(SignedDuration::from_millis(380));
                step.attempts.push(Attempt { direction: Direction::Back, started_at: at(from), took, failure: None });
            }
            7.. => {
                step.status = StepStatus::Pending;
                (step.started_at, step.took) = (None, None);
                step.attempts.clear();
            }
            _ => {}
        }
    }
    report.incidents.push(Incident { at: at(17_080), text: "verify-restore failed: undoing".to_owned() });
    report.failure = Some(failure);
    report
}

/// Every text that others choose is an attack.
pub(crate) fn hostile() -> Report {
    const ATTACK: &str = "\"><script>alert('x')</script>\u{1b}[31m\u{202e}& {{ 7 * 7 }}";
    let text = || ATTACK.to_owned();
    let mut report = failed();
    for field in [&mut report.target, &mut report.source, &mut report.operation_id, &mut report.journal_hash] {
        *field = text();
    }
    report.target_key = Some(text());
    report.endpoint = Some(Endpoint { host: text(), port: 1 });
    report.failure = Some(Failure::terminal(ErrorCode::Internal, text()).hint(text()));
    report.warnings = vec![text()];
    report.incidents = vec![Incident { at: start(), text: text() }];
    report.checks = vec![
        check(ATTACK, CheckOutcome::Failed, ATTACK, Some(ATTACK)),
        check("row counts", CheckOutcome::Noted, ATTACK, None),
    ];
    for check in &mut report.checks {
        check.details = vec![CheckDetail { subject: text(), value: text() }];
    }
    report.users = Some(UserSetupOutcome {
        created: vec![text()],
        updated: vec![text()],
        locked: vec![text()],
        kept: vec![text()],
        proofs: vec![proof(ATTACK, false, Some(ATTACK))],
    });
    report.settings = vec![setting(ATTACK, ATTACK, ATTACK, "<b>")];
    report.resources = vec![ResourceLine { kind: "cluster", name: text(), fate: text() }];
    report.timeline[0].note = Some(text());
    report.timeline[1].attempts[0].failure = Some(Failure::retryable(ErrorCode::Throttled, text()));
    report.outline = Some(Outline {
        lines: vec![line(StepKind::SnapshotCheck, Verb::Read, ATTACK)],
        point_of_no_return_after: StepKind::SwitchOver,
        later: vec![text()],
    });
    report
}
