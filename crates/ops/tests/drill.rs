//! Drills over whole restores in a world in memory: what their journals prove, and what they do not.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use aurora_restore_core::{
    engine::{BeginOperation, Engine, Session, request_cancel},
    ids::{Arn, ClusterId, KmsKey},
    operation::{CancelRequest, Operation, Phase, Status, StepKind, StepStatus},
    ports::{Clock as _, Journal as _, SnapshotAddress, TargetKey},
    request::{InstanceOptions, Request, Source, SourceSelector},
    settings::ClusterSettings,
};
use aurora_restore_ops::{
    drill::{
        self, Answer, AnswerError, Course, HeldDrills, History, Period, Record, Refusal, Scenario as Rehearsed, Verdict,
    },
    ports::{RestoreJob, RestoreJobId, RestoreJobStatus, TestVerdict, Validation},
    review::{Drill, DrillResult, Drills as _},
};
use aurora_restore_testing::{
    MemoryRestoreTests, Trouble, Witness, drive, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, TARGET, TargetIs, executor, operation},
};
use jiff::SignedDuration;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Begins a drill, and takes it over or gives it up where its scenario says so.
async fn drilled(scenario: &Scenario, ordinary: &str, rehearsed: Rehearsed) -> Session {
    let engine = Engine::new(scenario.ports());
    let id = drill::operation_id(&operation(ordinary), rehearsed).unwrap();
    let mut session = engine.begin(beginning(scenario, id.as_str()).await).await.unwrap();
    let mut struck = BTreeSet::new();
    let mut others = 0;
    loop {
        let begun = |session: &Session| session.operation().phase == Phase::Forward && under_way(session).is_some();
        let strikes = |session: &Session| match (rehearsed, under_way(session)) {
            (Rehearsed::HandedOver, Some(step)) => !struck.contains(&step),
            (Rehearsed::GivenUpIn(wanted), Some(step)) => wanted == step && struck.is_empty(),
            (Rehearsed::Restore | Rehearsed::UnavailableRegion, _)
            | (Rehearsed::LostJournal | Rehearsed::LostStateTable | Rehearsed::LostFunctionVersion, _)
            | (_, None) => false,
        };
        let looked = |session: &Session, _: &_| !(begun(session) && strikes(session));
        drive(&engine, &mut session, &scenario.clock, MOVES_MAX, looked).await.unwrap();
        match (session.operation().status(), under_way(&session)) {
            (Status::Completed, _) => engine.undo(&mut session, "drill").await.unwrap(),
            (Status::InProgress, Some(step)) => {
                struck.insert(step);
                others += 1;
                match rehearsed {
                    Rehearsed::HandedOver => {
                        session = engine.attach(&id, &executor(&format!("other-{others}"))).await.unwrap();
                    }
                    Rehearsed::GivenUpIn(_) => give_up(scenario, &session).await,
                    Rehearsed::Restore
                    | Rehearsed::UnavailableRegion
                    | Rehearsed::LostJournal
                    | Rehearsed::LostStateTable
                    | Rehearsed::LostFunctionVersion => panic!("nothing strikes"),
                }
            }
            _ => return session,
        }
    }
}

async fn beginning(scenario: &Scenario, id: &str) -> BeginOperation {
    let request = drill::isolated(scenario.ports().cloud, scenario.swap()).await.unwrap();
    let target = TargetKey { cluster: request.target.cluster.clone(), ..Scenario::target_key() };
    BeginOperation { target, ..scenario.begin(id, request) }
}

fn under_way(session: &Session) -> Option<StepKind> {
    session.operation().steps.iter().find(|step| step.status == StepStatus::Started).map(|step| step.kind)
}

async fn give_up(scenario: &Scenario, session: &Session) {
    let request = CancelRequest { by: "drill".to_owned(), reason: None };
    request_cancel(&scenario.journal, &session.operation().id, request, scenario.clock.now()).await.unwrap();
}

async fn record(scenario: &Scenario, operation: &Operation) -> Record {
    let entries = scenario.journal.entries(&operation.id, 0).await.unwrap();
    Record::of_journal(&entries, scenario.clock.now()).unwrap().unwrap()
}

#[track_caller]
fn reasons(record: &Record) -> &[String] {
    match &record.verdict {
        Verdict::Failed { reasons } => reasons,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_drill_proves_a_restore_and_leaves_the_world_as_it_was() {
    for stage in [Stage::default(), Stage::across()] {
        let scenario = Scenario::new(stage);
        let before = scenario.view_with_quotas(Witness::OfIdentity);
        let session = drilled(&scenario, "op-20261121-080000-7f3a", Rehearsed::Restore).await;
        let record = record(&scenario, session.operation()).await;
        assert_eq!(record.verdict, Verdict::Passed, "{stage:?}");
        assert!(record.recovery_time.unwrap() > SignedDuration::ZERO && record.recovery_point.is_some());
        assert!(record.ended_at.unwrap() > record.requested_at && record.checks_passed == record.checks_total);
        assert!(record.steps.iter().any(|step| step.step == StepKind::VerifyRestore));
        scenario.settle();
        assert_eq!(scenario.view_with_quotas(Witness::OfIdentity), before, "{stage:?}");
    }
}

#[tokio::test]
async fn a_drill_is_like_the_target_except_for_its_protection() {
    let scenario = Scenario::new(Stage::default().with_target(TargetIs::Protected));
    let mut bare = scenario.swap();
    bare.settings = ClusterSettings::default();
    bare.instances = InstanceOptions::default();
    let request = drill::isolated(scenario.ports().cloud, bare.clone()).await.unwrap();
    assert_eq!(request.target.cluster.as_str(), format!("{TARGET}-drill"));
    assert_eq!((request.settings.deletion_protection, request.instances.count), (Some(false), Some(2)));
    assert!(request.settings.subnet_group.is_some() && request.instances.settings.class.is_some(), "{request:?}");

    // What is asked for goes first; where there is no target, nothing else is known.
    bare.instances.count = Some(1);
    assert_eq!(drill::isolated(scenario.ports().cloud, bare.clone()).await.unwrap().instances.count, Some(1));
    let empty = Scenario::new(Stage::default().with_target(TargetIs::Absent));
    let request = drill::isolated(empty.ports().cloud, bare.clone()).await.unwrap();
    assert_eq!((request.settings.subnet_group, request.instances), (None, bare.instances));
}

#[tokio::test]
async fn every_scenario_passes_where_what_it_rehearses_works() {
    for rehearsed in Rehearsed::ALL.into_iter().filter(|rehearsed| !rehearsed.restores_nothing()) {
        let needs_no_source = rehearsed == Rehearsed::UnavailableRegion;
        let scenario = Scenario::new(if needs_no_source { Stage::default() } else { Stage::across() });
        let before = scenario.view_with_quotas(Witness::OfIdentity);
        let session = drilled(&scenario, "op-20261121-080000-7f3a", rehearsed).await;
        let record = record(&scenario, session.operation()).await;
        assert_eq!((record.scenario, &record.verdict), (rehearsed, &Verdict::Passed), "{record:?}");
        scenario.settle();
        assert_eq!(scenario.view_with_quotas(Witness::OfIdentity), before, "{rehearsed}");
    }
}

#[tokio::test]
async fn a_restore_that_needed_the_lost_region_has_not_passed() {
    let scenario = Scenario::new(Stage::across());
    let session = drilled(&scenario, "op-20261121-080000-7f3a", Rehearsed::UnavailableRegion).await;
    let found = record(&scenario, session.operation()).await;
    let source = &session.operation().request.source.region;
    assert!(reasons(&found).contains(&format!("Region {source} was used")), "{found:?}");
}

#[test]
fn what_is_lost_with_the_source_is_told() {
    let scenario = Scenario::new(Stage::across());
    let request = scenario.swap();
    let left = drill::without_source_region(request.clone()).unwrap();
    assert_eq!((&left.source.region, &left.source.selector), (&request.target.region, &request.source.selector));
    let lost = request.source.region.clone();
    for (region, kept) in [(&lost, false), (&request.target.region, true)] {
        let mut asked = request.clone();
        asked.copy.source_kms_key = Some(KmsKey::new(format!("arn:aws:kms:{region}:111122223333:key/1")).unwrap());
        assert_eq!(drill::without_source_region(asked).unwrap().copy.source_kms_key.is_some(), kept, "{region}");
    }
    let told = |request: Request| drill::without_source_region(request).unwrap_err().to_string();
    let here = Request {
        source: Source { region: request.target.region.clone(), ..request.source.clone() },
        ..request.clone()
    };
    assert!(told(here).contains("the target is lost, too"));
    let cluster = request.target.cluster.clone();
    let arn = Arn::new(format!("arn:aws:rds:{lost}:111122223333:cluster-snapshot:nightly")).unwrap();
    for (selector, reason) in [
        (SourceSelector::PointInTime { cluster, at: None }, "its cluster is lost, too"),
        (SourceSelector::Snapshot(SnapshotAddress::Arn(arn)), "the snapshot is lost, too"),
    ] {
        let asked = Request { source: Source { region: lost.clone(), selector }, ..request.clone() };
        let told = told(asked);
        assert!(told.starts_with(&format!("without Region {lost} ")) && told.contains(reason), "{told}");
    }
}

#[tokio::test]
async fn a_drill_that_is_not_taken_back_is_unfinished_and_does_not_count() {
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(beginning(&scenario, "drill-1-restore").await).await.unwrap();
    assert!(matches!(record(&scenario, session.operation()).await.verdict, Verdict::Unfinished { .. }));
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    let found = record(&scenario, session.operation()).await;
    assert_eq!(found.verdict, Verdict::Unfinished { stands: "it is restored and was not taken back".to_owned() });
    let history = History::read(&scenario.journal, scenario.clock.now()).await.unwrap();
    let figures = history.figures();
    assert_eq!((history.drills.len(), figures.ended, figures.passed, figures.success_percent()), (1, 0, 0, None));
}

#[tokio::test]
async fn what_was_not_rehearsed_is_told() {
    // Nobody took over, though the id says so.
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(beginning(&scenario, "drill-1-handed-over").await).await.unwrap();
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    engine.undo(&mut session, "drill").await.unwrap();
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    let found = record(&scenario, session.operation()).await;
    assert!(reasons(&found).iter().any(|reason| reason == "nobody else took over in verify-restore"), "{found:?}");

    // Given up, but elsewhere.
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(beginning(&scenario, "drill-1-given-up-in-verify-restore").await).await.unwrap();
    let restoring = |session: &Session, _: &_| under_way(session) != Some(StepKind::RestoreSnapshot);
    drive(&engine, &mut session, &scenario.clock, MOVES_MAX, restoring).await.unwrap();
    give_up(&scenario, &session).await;
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    let found = record(&scenario, session.operation()).await;
    assert_eq!(reasons(&found), ["it was given up in restore-snapshot and not in verify-restore"]);
}

/// Its driver may have died between the beginning of the step and the word that it is given up.
#[tokio::test]
async fn a_drill_that_was_left_in_its_step_is_given_up_there_and_in_no_other() {
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let wanted = Rehearsed::GivenUpIn(StepKind::RestoreSnapshot);
    let mut session = engine.begin(beginning(&scenario, "drill-1-given-up-in-restore-snapshot").await).await.unwrap();
    assert!(!wanted.strikes(session.operation()), "nothing was begun");
    let before = |session: &Session, _: &_| under_way(session) != Some(StepKind::RestoreSnapshot);
    drive(&engine, &mut session, &scenario.clock, MOVES_MAX, before).await.unwrap();
    assert!(wanted.strikes(session.operation()));
    assert!(!Rehearsed::GivenUpIn(StepKind::VerifyRestore).strikes(session.operation()));
    assert!(!Rehearsed::Restore.strikes(session.operation()));
    give_up(&scenario, &session).await;
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    assert!(!wanted.strikes(session.operation()), "it was given up before");
    assert_eq!(record(&scenario, session.operation()).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_restore_that_fails_fails_its_drill_with_the_reason() {
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let mut session = engine.begin(beginning(&scenario, "drill-1-restore").await).await.unwrap();
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    let found = record(&scenario, session.operation()).await;
    assert!(reasons(&found)[0].starts_with("verify-restore failed: "), "{found:?}");
    let held = HeldDrills { journal: &scenario.journal, now: scenario.clock.now() }.newest().await.unwrap();
    assert!(matches!(held[..], [Drill { result: DrillResult::Failed { .. }, .. }]), "{held:?}");
}

#[tokio::test]
async fn the_history_counts_what_is_whole_and_names_what_is_not() {
    let scenario = Scenario::new(Stage::default());
    drilled(&scenario, "op-20261101-080000-0001", Rehearsed::Restore).await;
    let given_up = drilled(&scenario, "op-20261102-080000-0002", Rehearsed::GivenUpIn(StepKind::RestoreSnapshot)).await;
    let altered = drilled(&scenario, "op-20261103-080000-0003", Rehearsed::Restore).await;
    scenario.journal.alter(&altered.operation().id, 3, |entry| entry.body.push(' '));

    let now = scenario.clock.now();
    let history = History::read(&scenario.journal, now).await.unwrap();
    let figures = history.figures();
    assert_eq!((figures.ended, figures.passed, figures.success_percent()), (2, 2, Some(100)));
    // What was given up on purpose says nothing of how long a restore takes.
    assert_eq!(figures.recovery_time_median, history.drills[1].recovery_time);
    assert_eq!(history.drills[0].operation_id, given_up.operation().id.as_str());
    assert_eq!(history.refused.len(), 1);
    assert_eq!(history.refused[0].operation, altered.operation().id);
    assert_eq!(history.quarters().len(), 1);

    let passed = history.drills[1].ended_at.unwrap();
    let own = ClusterId::new(history.drills[1].target.clone()).unwrap();
    let never = ClusterId::new("never-rehearsed-drill").unwrap();
    for (period, days) in [(Period::Weekly, 7), (Period::Monthly, 31), (Period::Quarterly, 90)] {
        let just_within = passed + DAY * days - SignedDuration::from_secs(1);
        assert_eq!(history.passed_within(Rehearsed::Restore, &own, period, just_within), Some(passed), "{period:?}");
        assert_eq!(history.passed_within(Rehearsed::Restore, &own, period, passed + DAY * days), None, "{period:?}");
        assert_eq!(history.passed_within(Rehearsed::Restore, &never, period, just_within), None, "{period:?}");
        assert_eq!(history.passed_within(Rehearsed::HandedOver, &own, period, just_within), None, "{period:?}");
    }
    let held = HeldDrills { journal: &scenario.journal, now }.newest().await.unwrap();
    let scenarios: Vec<Rehearsed> = held.iter().map(|drill| drill.scenario).collect();
    assert_eq!(scenarios, [Rehearsed::GivenUpIn(StepKind::RestoreSnapshot), Rehearsed::Restore]);
}

#[tokio::test]
async fn a_drill_answers_the_restore_test_of_its_own_snapshot_once() {
    for stage in [Stage::default(), Stage::across()] {
        let scenario = Scenario::new(stage);
        let session = drilled(&scenario, "op-20261121-080000-7f3a", Rehearsed::Restore).await;
        let plan = session.operation().facts.plan.clone().unwrap();
        let answer = Answer::of(&record(&scenario, session.operation()).await).unwrap();
        assert_eq!(answer.snapshot.location, plan.source_location, "{stage:?}");

        let (tests, id): (_, RestoreJobId) = (MemoryRestoreTests::default(), "1F0E1A3B".parse().unwrap());
        let missing = drill::look(&tests, &id, &answer).await.unwrap_err();
        assert!(matches!(missing, AnswerError::Refused(Refusal::NoJob { .. })), "{missing}");
        tests.put(
            &id,
            RestoreJob {
                status: RestoreJobStatus::Completed,
                resource_type: "Aurora".to_owned(),
                recovery_point: plan.snapshot.as_ref().unwrap().arn.clone(),
                testing_plan: Some("arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly".to_owned()),
                validation: Some(Validation::Validating),
                validation_message: None,
            },
        );
        assert_eq!(drill::look(&tests, &id, &answer).await.unwrap(), Course::Answer);
        drill::give(&tests, &id, &answer).await.unwrap();
        let held = tests.get(&id).unwrap();
        assert_eq!(held.validation, Some(Validation::Answered(TestVerdict::Successful)));
        assert_eq!(held.validation_message.as_deref(), Some(answer.message.as_str()));
        assert_eq!(drill::look(&tests, &id, &answer).await.unwrap(), Course::AnsweredAlready);
    }
}

#[tokio::test]
async fn a_drill_whose_data_are_refused_answers_that_it_failed() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let session = drilled(&scenario, "op-20261121-080000-7f3a", Rehearsed::Restore).await;
    let answer = Answer::of(&record(&scenario, session.operation()).await).unwrap();
    assert_eq!(answer.verdict, TestVerdict::Failed);
    assert!(answer.message.contains("has not passed: ") && answer.message.contains("verify-restore failed"));
}
