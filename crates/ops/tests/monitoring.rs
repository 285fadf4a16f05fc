//! Comparing, applying and judging what watches a stack, over services that live in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::collections::BTreeMap;

use aurora_restore_ops::{
    insights::ask,
    monitoring::{
        self as watching, DECLARED, Declaration, Measured, Names, Plan, Remark, Step, Wanted, measure, plan, wanted,
    },
    ports::{AlarmState, Insights as _, InsightsQuery, LogGuard, Metric, Monitors as _, Stack, StackResource},
};
use aurora_restore_testing::{
    monitors::{MemoryInsights, MemoryMonitors},
    review::{MemoryMetrics, MemorySafeguards},
};
use jiff::{SignedDuration, Timestamp};

const NOW: &str = "2026-11-27T10:20:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn resource(logical: &str, kind: &str, physical: &str) -> StackResource {
    StackResource { logical: logical.to_owned(), kind: kind.to_owned(), physical: physical.to_owned() }
}

/// A small stack: everything that its declaration names.
fn resources() -> Vec<StackResource> {
    let machine = "arn:aws:states:eu-central-1:111122223333:stateMachine:ours";
    vec![
        resource("StateMachine", "AWS::StepFunctions::StateMachine", machine),
        resource("UndoFunction", "AWS::Lambda::Function", "ours-undo"),
        resource("UndoLogs", "AWS::Logs::LogGroup", "/aws/lambda/ours-undo"),
        resource("Topic", "AWS::SNS::Topic", "arn:aws:sns:eu-central-1:111122223333:notices"),
    ]
}

fn stack() -> Stack {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Stack {
        id: "arn:aws:cloudformation:eu-central-1:111122223333:stack/pipeline/1".to_owned(),
        name: "pipeline".to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
        changed_at: None,
        parameters: [
            pair("NamePrefix", "ours"),
            pair("Environment", "dev"),
            pair("RestoreTimeoutHours", "10"),
            pair("SavedQueries", "yes"),
        ]
        .into(),
        outputs: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

const HEAD: &str = "version = 1\n[logs]\nretention-days = 90\n[dashboard]\nstart = \"-P7D\"\nalarms = []\n[[queries]]\nid = \"All\"\nname = \"all\"\ntext = \"limit 1\"\n";

fn alarm(name: &str, at_least: &str) -> String {
    format!(
        "[[alarms]]\nid = \"A{}\"\nname = \"{name}\"\nabout = \"It broke.\"\nnamespace = \"AWS/Lambda\"\nmetric = \"Errors\"\n\
         dimensions = {{ FunctionName = \"${{UndoFunction}}\" }}\nstatistic = \"Sum\"\n{at_least}\nperiod = \"5m\"\nperiods = 1\n",
        name.replace('-', "")
    )
}

struct World {
    monitors: MemoryMonitors,
    safeguards: MemorySafeguards,
    resources: Vec<StackResource>,
}

impl World {
    fn new() -> Self {
        let guard = LogGuard { key: None, retention_days: Some(90) };
        let safeguards = MemorySafeguards {
            logs: [("/aws/lambda/ours-undo".to_owned(), guard)].into(),
            ..MemorySafeguards::default()
        };
        Self { monitors: MemoryMonitors::default(), safeguards, resources: resources() }
    }

    fn names(&self) -> Names {
        Names::of(&stack(), &self.resources)
    }

    fn wanted(&self, declared: &str) -> Wanted {
        wanted(&Declaration::parse(declared).unwrap(), &self.names(), &self.resources).unwrap()
    }

    async fn plan(&self, declared: &str) -> Plan {
        let wanted = self.wanted(declared);
        let watched =
            watching::look(&self.monitors, &self.safeguards, &wanted, &self.names(), &self.resources).await.unwrap();
        plan(&wanted, &watched)
    }

    async fn apply(&self, declared: &str) -> usize {
        let steps = self.plan(declared).await.steps;
        for step in &steps {
            watching::apply(&self.monitors, &self.names(), step).await.unwrap();
        }
        steps.len()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_declared_is_made_and_the_same_again_changes_nothing() {
    let world = World::new();
    let declared =
        format!("{HEAD}{}{}", alarm("errors", "at-least = 3"), alarm("long", "at-least-fifths-of-timeout = 4"));
    assert_eq!(world.apply(&declared).await, 4, "two alarms, a dashboard and a query");
    let changes = world.monitors.changes();
    assert_eq!(
        changes,
        ["put alarm ours-errors", "put alarm ours-long", "put dashboard ours-dev", "put query ours/all"]
    );
    let live = world.monitors.alarms("ours-").await.unwrap();
    assert_eq!(live[0].settings.metric, Metric::new("AWS/Lambda", "Errors", &[("FunctionName", "ours-undo")]));
    assert_eq!((live[0].settings.threshold, live[1].settings.threshold), (3.0, 28_800_000.0));
    assert_eq!(live[0].settings.actions, ["arn:aws:sns:eu-central-1:111122223333:notices"]);
    assert_eq!(world.apply(&declared).await, 0);
    assert_eq!(world.monitors.changes().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_difference_is_told_in_words_and_mended() {
    let world = World::new();
    let first = format!("{HEAD}{}", alarm("errors", "at-least = 3"));
    world.apply(&first).await;
    let second = first.replace("at-least = 3", "at-least = 5").replace("limit 1", "limit 2");
    let steps = world.plan(&second).await.steps;
    let [Step::ChangeAlarm(_, differences), Step::PutQuery { query, replaces }] = steps.as_slice() else {
        panic!("{steps:?}")
    };
    assert_eq!(differences, &["threshold 3 -> 5"]);
    assert_eq!(query.id.as_deref(), Some("query-1"), "it is changed and not saved once more");
    let replaced = replaces.as_ref().map(|found| found.text.as_str());
    assert!(
        replaced.is_some_and(|text| text.contains("limit 1")),
        "what is agreed to says what it replaces: {replaced:?}"
    );
    world.monitors.be_silent(3);
    assert_eq!(world.apply(&second).await, 2);
    assert_eq!(world.plan(&second).await, Plan::default());
}

#[tokio::test(start_paused = true)]
async fn what_others_have_made_is_neither_changed_nor_deleted() {
    let mut world = World::new();
    let declared = format!("{HEAD}{}", alarm("errors", "at-least = 3"));
    let settings = world.wanted(&declared).alarms[0].settings.clone();
    for name in ["ours-errors", "ours-of-somebody"] {
        world.monitors.add_of_others(name, &settings);
    }
    let found = world.plan(&declared).await;
    assert_eq!(found.refused, ["alarm ours-errors is somebody else's: neither the stack nor we have made it"]);
    // Once it is the stack's it is ours to change.
    world.resources.push(resource("AErrors", "AWS::CloudWatch::Alarm", "ours-errors"));
    let found = world.plan(&declared.replace("= 3", "= 4")).await;
    assert!(found.refused.is_empty() && matches!(found.steps[0], Step::ChangeAlarm(..)), "{found:?}");
    // What the stack has and nobody declares stays: CloudFormation would miss it.
    let found = world.plan(HEAD).await;
    assert_eq!(found.left, ["alarm ours-errors is the stack's and is not declared: it stays"]);
    assert!(!found.steps.iter().any(|step| matches!(step, Step::RemoveAlarm { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_ours_that_is_declared_no_more_is_deleted() {
    let world = World::new();
    let both = format!("{HEAD}{}{}", alarm("errors", "at-least = 3"), alarm("more", "at-least = 1"));
    world.apply(&both).await;
    let one = format!("{HEAD}{}", alarm("errors", "at-least = 3"));
    let steps = world.plan(&one).await.steps;
    assert!(matches!(steps.as_slice(), [Step::RemoveAlarm { name, .. }] if name == "ours-more"), "{steps:?}");
    world.apply(&one).await;
    assert_eq!(world.monitors.alarms("ours-").await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn logs_that_are_kept_otherwise_are_told() {
    let mut world = World::new();
    world.apply(HEAD).await;
    let guard = LogGuard { key: None, retention_days: None };
    world.safeguards.logs.insert("/aws/lambda/ours-undo".to_owned(), guard);
    let other = [("/aws/lambda/ours-undo".to_owned(), None)].into();
    assert_eq!(world.plan(HEAD).await.steps, [Step::Retain { days: 90, other }]);
}

#[test]
fn a_declaration_that_names_what_the_stack_does_not_have_is_refused() {
    let declaration = Declaration::parse(DECLARED).unwrap();
    let names = Names::of(&stack(), &resources());
    let error = wanted(&declaration, &names, &resources()).unwrap_err();
    assert!(error.to_string().ends_with("is nothing of the stack"), "{error}");
}

/// Weeks of a metric, an hour between two values: by the number of the hour.
fn history(metrics: &MemoryMetrics, metric: &Metric, days: i64, value: impl Fn(i64) -> Option<f64>) {
    for hour in 0..days * 24 {
        if let Some(value) = value(hour) {
            metrics.put(metric, now() - SignedDuration::from_hours(hour + 1), value);
        }
    }
}

async fn remarks(world: &World, metrics: &MemoryMetrics) -> Vec<Remark> {
    let measured = measure(&world.monitors, metrics, "ours-", now()).await.unwrap();
    let one: Vec<Measured<'_>> = measured.alarms.iter().map(|(alarm, periods)| Measured { alarm, periods }).collect();
    watching::review(&one, &world.resources, measured.since, now())
}

/// A world with one alarm from `at_least` on, whose state machine nobody watches.
async fn watched(at_least: i64) -> (World, Metric) {
    let mut world = World::new();
    world.resources.remove(0);
    world.apply(&format!("{HEAD}{}", alarm("errors", &format!("at-least = {at_least}")))).await;
    world.monitors.set_state("ours-errors", AlarmState::Quiet, now());
    (world, Metric::new("AWS/Lambda", "Errors", &[("FunctionName", "ours-undo")]))
}

#[tokio::test(start_paused = true)]
async fn a_threshold_that_fits_gets_no_remark() {
    let (world, metric) = watched(3).await;
    let metrics = MemoryMetrics::default();
    history(&metrics, &metric, 30, |hour| Some(if hour == 100 { 4.0 } else { f64::from(u8::from(hour % 7 == 0)) }));
    assert_eq!(remarks(&world, &metrics).await, []);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_cries_every_day_and_one_that_never_could_get_other_thresholds() {
    let (world, metric) = watched(3).await;
    let metrics = MemoryMetrics::default();
    history(&metrics, &metric, 30, |hour| Some(if hour % 24 == 0 { 5.0 } else { 0.0 }));
    let found = remarks(&world, &metrics).await;
    let [Remark::Noisy { days, proposed, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert!(*days >= 29 && (*proposed - 6.0).abs() < f64::EPSILON, "{found:?}");

    let (world, metric) = watched(100).await;
    let metrics = MemoryMetrics::default();
    history(&metrics, &metric, 30, |hour| Some(if hour % 24 == 0 { 5.0 } else { 0.0 }));
    let found = remarks(&world, &metrics).await;
    let [Remark::Deaf { proposed, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert!((*proposed - 10.0).abs() < f64::EPSILON, "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_proposed_from_less_than_two_weeks() {
    let (world, metric) = watched(3).await;
    for (days, judged) in [(13, false), (15, true)] {
        let metrics = MemoryMetrics::default();
        history(&metrics, &metric, days, |_| Some(5.0));
        let found = remarks(&world, &metrics).await;
        assert_eq!(found.iter().any(|remark| matches!(remark, Remark::Noisy { .. })), judged, "{days}: {found:?}");
        assert_eq!(found.contains(&Remark::TooYoung { days }), !judged, "{days}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn alarms_that_watch_nothing_and_parts_that_nothing_watches_are_told() {
    let (mut world, _) = watched(3).await;
    let since = now() - SignedDuration::from_hours(15 * 24);
    world.monitors.set_state("ours-errors", AlarmState::Unknown, since);
    world.resources.push(resource("StateTable", "AWS::DynamoDB::Table", "states"));
    let found = remarks(&world, &MemoryMetrics::default()).await;
    let alarm = || "ours-errors".to_owned();
    for expected in [
        Remark::NeverJudged { alarm: alarm(), since },
        Remark::WithoutData { alarm: alarm() },
        Remark::Unwatched { resource: "StateTable".to_owned(), what: "AWS::DynamoDB::Table states".to_owned() },
    ] {
        assert!(found.contains(&expected), "{expected:?} is not among {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_tells_nobody_is_told_whether_it_is_switched_off_or_has_no_one_to_tell() {
    let (world, metric) = watched(3).await;
    let metrics = MemoryMetrics::default();
    history(&metrics, &metric, 30, |hour| Some(f64::from(u8::from(hour % 7 == 0))));
    let silent = [Remark::Silent { alarm: "ours-errors".to_owned() }];
    assert_eq!(remarks(&world, &metrics).await, []);
    world.monitors.switch_off("ours-errors");
    assert_eq!(remarks(&world, &metrics).await, silent);

    let (world, _) = watched(3).await;
    let mut settings = world.monitors.alarms("ours-").await.unwrap().remove(0).settings;
    settings.actions.clear();
    world.monitors.add_of_others("ours-errors", &settings);
    assert_eq!(remarks(&world, &metrics).await, silent);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_waited_for_within_a_bound_and_stopped_then() {
    let insights = MemoryInsights::default();
    let line = |text: &str| (now(), text.to_owned());
    insights.put("a", vec![line("{\"level\":\"ERROR\"}"), line("{\"level\":\"INFO\"}")]);
    let groups = ["a".to_owned()];
    let (since, until) = (now() - SignedDuration::from_hours(1), now() + SignedDuration::from_hours(1));
    let query = InsightsQuery { groups: &groups, text: "stats count() as lines by level", since, until };
    let answer = ask(&insights, query).await.unwrap();
    assert_eq!((answer.columns.as_slice(), answer.looked_at), (&["level".to_owned(), "lines".to_owned()][..], 2));
    insights.never_answer();
    let error = ask(&insights, query).await.unwrap_err();
    assert!(error.to_string().contains("stopped after 10 minutes"), "{error}");
    assert_eq!(insights.stopped(), ["1"]);
    let refused = insights.start(InsightsQuery { text: "parse x", ..query }).await.unwrap_err();
    assert!(refused.to_string().contains("no command that is known"), "{refused}");
}
