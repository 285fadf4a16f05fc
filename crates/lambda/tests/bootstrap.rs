//! The real binary: spoken to over the Runtime API, with MiniStack for what is kept and the sandbox for RDS.

use std::path::Path;

use aurora_restore_testing::{
    function_stage::{CONFIGURATION, FunctionStage, STATE_TABLE},
    runtime_api::{Bootstrap, OneAnswer, TRACE},
    scenario::{FRANKFURT, STAGING},
    stand_in::{StandIn, tables},
    watched::{Seen, Watched},
};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_bootstrap");

fn start(variables: &[(&str, String)]) -> Bootstrap {
    Bootstrap::start(Path::new(BINARY), variables, &[])
}

fn set(variables: &mut Vec<(&str, String)>, name: &'static str, value: &str) {
    variables.retain(|(other, _)| *other != name);
    variables.push((name, value.to_owned()));
}

/// Variables that name no service at all: whoever needs one fails.
fn alone(place: &str) -> Vec<(&'static str, String)> {
    let given = [
        ("AWS_REGION", FRANKFURT),
        ("AWS_ACCESS_KEY_ID", STAGING),
        ("AWS_SECRET_ACCESS_KEY", "not-checked"),
        ("AURORA_RESTORE_STEP", place),
        ("AURORA_RESTORE_ENVIRONMENT", "test"),
        ("AURORA_RESTORE_PARAMETER", "/aurora-restore/test/config"),
        ("AURORA_RESTORE_JOURNAL_STATE_TABLE", "AuroraRestoreStateTable"),
        ("AURORA_RESTORE_JOURNAL_AUDIT_TABLE", "AuroraRestoreAuditTable"),
    ];
    given.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

fn parsed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_begins_and_goes_on_over_the_runtime_api() {
    let stage = FunctionStage::set(StandIn::ministack()).await;
    let check = start(&stage.variables("snapshot-check"));
    let answer = check.invoke(&FunctionStage::event("op-1"));
    let expected = json!({ "operation_id": "op-1", "step": "copy-snapshot", "outcome": "next", "wait_seconds": 0 });
    assert_eq!((answer.ok, answer.body), (true, expected.clone()));
    // Delivered again to the warm environment.
    assert_eq!(check.invoke(&FunctionStage::event("op-1")).body, expected);

    let copy = start(&stage.variables("copy-snapshot"));
    assert_eq!(copy.invoke(&FunctionStage::event("op-1")).body["step"], "restore-snapshot");
    let restore = start(&stage.variables("restore-snapshot"));
    let answer = restore.invoke(&FunctionStage::event("op-1")).body;
    assert_eq!((&answer["outcome"], &answer["wait_seconds"]), (&json!("wait"), &json!(60)));

    let lines = parsed(&check.lines_until(|lines| lines.iter().any(|line| line.contains("_aws"))));
    for line in &lines {
        assert_eq!((&line["operation_id"], &line["step"]), (&json!("op-1"), &json!("snapshot-check")), "{line}");
    }
    let metric = lines.iter().find(|line| line.get("_aws").is_some()).expect("it was waited for");
    assert_eq!((&metric["Environment"], &metric["Step"]), (&json!("test"), &json!("snapshot-check")));
    assert!(metric["StepDuration"].is_number(), "{metric}");
    assert!(lines.iter().any(|line| line["message"] == "answered" && line["outcome"] == "Next"), "{lines:?}");
    what_blocks(&stage);
    bad_input(&stage);
}

/// An operation that was begun holds its target: what keeps it from going on has a name of its own, wherever it stands, and
/// says what to do. An operation that was never begun is refused for the same reason.
fn what_blocks(stage: &FunctionStage) {
    let told = |place: &str, event: &Value, name: &str| {
        let answer = start(&stage.variables(place)).invoke(event);
        assert_eq!(answer.error().0, name, "{place}: {}", answer.error().1);
        answer.error().1.to_owned()
    };
    let resume = json!({
        "executor": "op-1-r9",
        "input": { "operation_id": "op-1", "ask": { "kind": "resume", "by": "me@home" } },
    });
    stage.put_configuration("[instances]\nclas = \"db.r6g.large\"\n");
    for (place, event) in [
        ("snapshot-check", FunctionStage::event("op-1")),
        ("restore-snapshot", FunctionStage::event("op-1")),
        ("undo", FunctionStage::event("op-1")),
        ("snapshot-check", resume),
    ] {
        let told = told(place, &event, "AuroraRestore.Blocked");
        assert!(told.contains("Did you mean `instances.class`?"), "{told}");
        assert!(told.ends_with("go on with it by `aurora-restore resume op-1`."), "{told}");
    }
    let begun = told("snapshot-check", &FunctionStage::event("op-8"), "AuroraRestore.Refused");
    assert!(!begun.contains("was begun"), "{begun}");

    stage.put_configuration(CONFIGURATION);
    let mut without_entries = stage.variables("snapshot-check");
    set(&mut without_entries, "AURORA_RESTORE_JOURNAL_AUDIT_TABLE", "NoSuchTable");
    let answer = start(&without_entries).invoke(&FunctionStage::event("op-1"));
    assert_eq!(answer.error().0, "AuroraRestore.Blocked", "{}", answer.error().1);
}

/// What is wrong with the journal or the event is told by its name, and changes nothing.
fn bad_input(stage: &FunctionStage) {
    let refused = |variables: &[(&str, String)], event: &Value| {
        let answer = start(variables).invoke(event);
        let (name, message) = answer.error();
        assert_eq!(name, "AuroraRestore.Refused", "{message}");
        message.to_owned()
    };
    let check = stage.variables("snapshot-check");
    let unknown = json!({ "executor": "op-9", "input": { "operation_id": "op-9" } });
    assert!(refused(&check, &unknown).contains("operation op-9 is not in the journal"));
    let told = refused(&check, &json!({ "executor": "rival", "input": { "operation_id": "op-1" } }));
    assert!(told.contains("operation op-1 exists already, and op-1 executes it"), "{told}");

    tables::create(&stage.services, "OtherState", "OtherAudit");
    let mut swapped = check.clone();
    set(&mut swapped, "AURORA_RESTORE_JOURNAL_STATE_TABLE", "OtherAudit");
    let told = refused(&swapped, &FunctionStage::event("op-2"));
    assert!(told.contains("a table is laid out otherwise"), "{told}");
    let mut nowhere = check.clone();
    set(&mut nowhere, "AURORA_RESTORE_JOURNAL_AUDIT_TABLE", "NoSuchTable");
    let told = refused(&nowhere, &FunctionStage::event("op-2"));
    assert!(told.contains("a table or its index does not exist"), "{told}");

    let mut elsewhere = FunctionStage::event("op-3");
    elsewhere["input"]["request"]["target"]["region"] = json!("eu-west-1");
    assert!(refused(&check, &elsewhere).contains("this stack restores into eu-central-1"));
    let mut misspelt = FunctionStage::event("op-3");
    misspelt["input"]["request"]["target"]["clutser"] = json!("staging");
    assert!(refused(&check, &misspelt).contains("Did you mean `target.cluster`?"));

    let newer = json!({
        "TableName": STATE_TABLE,
        "Key": { "operation_id": { "S": "op-1" } },
        "UpdateExpression": "SET #version = :version",
        "ExpressionAttributeNames": { "#version": "version" },
        "ExpressionAttributeValues": { ":version": { "N": "99" } },
    });
    stage.services.json("dynamodb", "DynamoDB_20120810.UpdateItem", &newer);
    let answer = start(&stage.variables("restore-snapshot")).invoke(&FunctionStage::event("op-1"));
    let (name, told) = answer.error();
    assert_eq!(name, "AuroraRestore.Blocked", "{told}");
    assert!(told.contains("newer version") && told.contains("Nothing was changed."), "{told}");

    let gone = json!({ "TableName": STATE_TABLE, "Key": { "operation_id": { "S": "op-1" } } });
    stage.services.json("dynamodb", "DynamoDB_20120810.DeleteItem", &gone);
    let answer = start(&check).invoke(&FunctionStage::event("op-1"));
    let (name, told) = answer.error();
    assert_eq!(name, "AuroraRestore.Blocked", "{told}");
    assert!(told.contains("its entries are kept, and its state was purged"), "{told}");
}

/// How many invocations an environment serves after its first.
const LATER: u32 = 10;

/// Connections, clients and credentials are made once for an environment, and the configuration is read once while it is
/// believed; a secret is read anew whenever a step needs it, because it may have been rotated.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_environment_needs_is_made_once_and_not_for_each_invocation() {
    let stage = FunctionStage::set(StandIn::ministack()).await;
    let watched = Watched::over(&stage, "snapshot-check");
    let role = ("AURORA_RESTORE_AWS_SOURCE_ROLE", format!("arn:aws:iam::{STAGING}:role/reader"));
    let function = start(&[watched.variables(), &[role]].concat());
    assert_eq!(watched.seen(), Seen::default(), "nothing is asked before there is an invocation");
    let begin = |id: &str| {
        let answer = function.invoke(&FunctionStage::event(id));
        assert_eq!(answer.body["step"], "copy-snapshot", "{}", answer.body);
        watched.seen()
    };
    let first = begin("op-1");
    let later: Vec<Seen> = (2..=1 + LATER).map(|number| begin(&format!("op-{number}"))).collect();
    let (third, last) = (&later[1], later.last().expect("there were later ones"));
    // Calls at once may open one connection more than they need, and the pool keeps it: how many there are is bounded by what
    // is asked at once. A client that is made anew opens one for every invocation.
    let kept = |seen: &Seen| seen.opened - seen.ended_by_service;
    assert!(kept(last) < kept(&first) + LATER, "{first:?}, and after {LATER} more {last:?}");
    let times = |seen: &Seen, action: &str| seen.asked.get(action).copied().unwrap_or(0);
    for action in ["GetParameter", "AssumeRole"] {
        assert_eq!((times(&first, action), times(third, action)), (1, 1), "{action}: {third:?}");
    }
    let identities = times(&first, "GetCallerIdentity");
    assert_eq!((identities > 0, times(third, "GetCallerIdentity")), (true, identities), "{third:?}");
    let secrets = times(&first, "GetSecretValue");
    assert_eq!((secrets > 0, times(third, "GetSecretValue")), (true, 3 * secrets), "{third:?}");
}

#[test]
fn an_event_that_is_not_ours_is_refused_before_anybody_is_asked() {
    let function = start(&alone("snapshot-check"));
    let answer = function.invoke(&json!({ "Records": [] }));
    let (name, message) = answer.error();
    assert_eq!(name, "AuroraRestore.Refused");
    assert!(message.contains("the event is not one of the pipeline's state machine"), "{message}");
    let lines = parsed(&function.lines_until(|lines| lines.iter().any(|line| line.contains("FunctionErrors"))));
    let error = lines.iter().find(|line| line["level"] == "ERROR").expect("the error is logged");
    assert_eq!((&error["error_name"], &error["step"]), (&json!("AuroraRestore.Refused"), &json!("snapshot-check")));
}

/// Other clients send other things, and large ones: each is refused by our name for it, without being repeated, and the next
/// invocation is served.
#[test]
fn what_is_no_event_at_all_is_refused_by_name_and_not_repeated() {
    let denied = OneAnswer::new(400, r#"{"__type":"AccessDeniedException","message":"ssm:GetParameter"}"#);
    let mut variables = alone("snapshot-check");
    set(&mut variables, "AWS_ENDPOINT_URL_SSM", &denied.url());
    let function = start(&variables);
    let failures = |lines: &[String]| lines.iter().filter(|line| line.contains("FunctionErrors")).count();
    function.invoke(&FunctionStage::event("op-1")).error();
    let of_first = function.lines_until(|lines| failures(lines) == 1).len();
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let large = json!({ "executor": "e", "input": "hunter2".repeat(200_000) }).to_string().into_bytes();
    let bodies: [&[u8]; 9] = [b"", b"  ", b"\xff\xfe", b"{bad", b"\"\\ud800\"", b"1e999", b"null", &deep, &large];
    for body in bodies {
        let answer = function.invoke_with(body.to_vec());
        let (name, message) = answer.error();
        assert_eq!(name, "AuroraRestore.Refused", "{message}");
        assert!(message.ends_with("Nothing was changed.") && message.len() < 1_000, "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    let lines = parsed(&function.lines_until(|lines| failures(lines) == bodies.len() + 1));
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), bodies.len() + 1, "each is told once: {errors:?}");
    // Nothing is told of the operation before.
    for line in &lines[of_first..] {
        assert_eq!((&line["step"], line["operation_id"].is_null()), (&json!("snapshot-check"), true), "{line}");
    }
}

#[test]
fn a_sweep_is_not_made_for_the_event_of_somebody_else() {
    let function = start(&alone("sweep"));
    for event in [json!({ "Records": [] }), json!([]), Value::Null] {
        let answer = function.invoke(&event);
        let (name, message) = answer.error();
        assert_eq!(name, "AuroraRestore.Refused", "{message}");
        assert!(message.contains("not the schedule's") && message.ends_with("Nothing was changed."), "{message}");
    }
}

#[test]
fn a_permission_that_is_lacking_is_named_and_the_trace_is_kept() {
    let denied =
        r#"{"__type":"AccessDeniedException","message":"role r is not authorized to perform: ssm:GetParameter"}"#;
    let ssm = OneAnswer::new(400, denied);
    let mut variables = alone("copy-snapshot");
    set(&mut variables, "AWS_ENDPOINT_URL_SSM", &ssm.url());
    let answer = start(&variables).invoke(&FunctionStage::event("op-1"));
    let (name, message) = answer.error();
    assert_eq!(name, "AuroraRestore.Refused");
    assert!(message.contains("the caller needs ssm:GetParameter on it"), "{message}");
    let asked = ssm.asked();
    assert_eq!(asked.len(), 1, "nothing is tried again: {asked:?}");
    let trace = format!("x-amzn-trace-id: {TRACE}").to_lowercase();
    assert!(asked[0].iter().any(|header| header.to_lowercase() == trace), "{asked:?}");
}

/// Emulators that run functions in containers say so where they are: not on loopback, and over http.
#[test]
fn http_beyond_loopback_is_spoken_to_a_host_that_is_named_and_is_warned_of_once() {
    let services = OneAnswer::new(400, r#"{"__type":"AccessDeniedException","message":"ssm:GetParameter"}"#);
    let mut variables = alone("copy-snapshot");
    // Every address of this machine: no loopback address, and reached all the same.
    set(&mut variables, "AWS_ENDPOINT_URL", &services.url().replace("127.0.0.1", "0.0.0.0"));
    for hosts in ["", "emulator"] {
        set(&mut variables, "AURORA_RESTORE_AWS_HTTP_HOSTS", hosts);
        let answer = start(&variables).invoke(&FunctionStage::event("op-1"));
        let (name, message) = answer.error();
        assert_eq!(name, "AuroraRestore.Refused", "{message}");
        assert!(
            message.contains("cannot be used: http is for loopback addresses and the hosts in `aws.http-hosts`"),
            "{message}"
        );
        assert!(message.ends_with("deploy the stack with HttpHosts=0.0.0.0"), "{message}");
    }
    assert!(services.asked().is_empty(), "nothing was sent in the clear");

    set(&mut variables, "AURORA_RESTORE_AWS_HTTP_HOSTS", "emulator,0.0.0.0");
    let function = start(&variables);
    for _ in 0..2 {
        let answer = function.invoke(&FunctionStage::event("op-1"));
        assert!(answer.error().1.contains("the caller needs ssm:GetParameter on it"), "{}", answer.error().1);
    }
    assert_eq!(services.asked().len(), 2);
    let failures = |lines: &[String]| lines.iter().filter(|line| line.contains("error_name")).count();
    let lines = parsed(&function.lines_until(|lines| failures(lines) == 2));
    let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warned.len(), 1, "{lines:?}");
    assert_eq!(warned[0]["host"], "0.0.0.0", "{warned:?}");

    set(&mut variables, "AURORA_RESTORE_AWS_HTTP_HOSTS", "ssm.eu-central-1.amazonaws.com");
    let answer = start(&variables).invoke(&FunctionStage::event("op-1"));
    assert!(answer.error().1.contains("AURORA_RESTORE_AWS_HTTP_HOSTS"), "{}", answer.error().1);
    assert!(answer.error().1.contains("AWS is spoken to over https only"), "{}", answer.error().1);
}

#[test]
fn a_service_that_does_not_answer_is_to_be_tried_again() {
    let ssm = OneAnswer::new(500, "{}");
    let mut variables = alone("copy-snapshot");
    set(&mut variables, "AWS_ENDPOINT_URL_SSM", &ssm.url());
    let answer = start(&variables).invoke(&FunctionStage::event("op-1"));
    assert_eq!(answer.error().0, "AuroraRestore.TryAgain");
}

#[test]
fn a_panic_has_a_name_and_the_environment_goes_on() {
    let mut variables = alone("copy-snapshot");
    set(&mut variables, "AURORA_RESTORE_TEST_PANIC", "a broken invariant");
    let function = start(&variables);
    for _ in 0..2 {
        let answer = function.invoke(&FunctionStage::event("op-1"));
        let (name, message) = answer.error();
        assert_eq!(name, "AuroraRestore.Panic");
        assert!(message.contains("a broken invariant"), "{message}");
    }
    let lines = parsed(&function.lines_until(|lines| lines.iter().any(|line| line.contains("\"panicked\""))));
    let told = lines.iter().find(|line| line["message"] == "panicked").expect("it was waited for");
    assert_eq!(told["panic"], "a broken invariant");
}

#[test]
fn a_function_that_is_not_told_what_it_serves_says_so() {
    let mut variables = alone("copy-snapshot");
    set(&mut variables, "AURORA_RESTORE_STEP", "copy");
    let answer = start(&variables).invoke(&json!({}));
    assert!(answer.error().1.contains("AURORA_RESTORE_STEP: `copy` is neither a step"), "{:?}", answer.body);
    // What is told is told by its step and environment, whatever else is missing.
    for lacking in ["AURORA_RESTORE_PARAMETER", "AURORA_RESTORE_JOURNAL_STATE_TABLE"] {
        let mut variables = alone("copy-snapshot");
        variables.retain(|(name, _)| *name != lacking);
        let function = start(&variables);
        let answer = function.invoke(&FunctionStage::event("op-1"));
        assert!(answer.error().1.contains(&format!("{lacking}: it is not set")), "{:?}", answer.body);
        let lines = parsed(&function.lines_until(|lines| lines.iter().any(|line| line.contains("FunctionErrors"))));
        let metric = lines.iter().find(|line| line.get("_aws").is_some()).expect("it was waited for");
        assert_eq!((&metric["Environment"], &metric["step"]), (&json!("test"), &json!("copy-snapshot")));
    }
}
