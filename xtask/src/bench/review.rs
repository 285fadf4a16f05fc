//! A weekly review of a stack with 1,000 operations and 100,000 lines of logs: how long it takes beyond what the stand-ins
//! take to answer, and how much memory.
//!
//! Logs are moto's, which gives them page by page; all else is MiniStack's, which speaks CloudWatch's protocol.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use aurora_restore_aws::{
    AccountAccess, Connection, CredentialSource, DynamoJournal, EndpointUrl, Network, TableName, TablesOptions,
};
use aurora_restore_core::{
    ids::Region,
    journal::StateItem,
    ports::{Journal as _, NewOperation},
    secret::Secret,
};
use aurora_restore_testing::{
    function_stage::{AUDIT_TABLE, STATE_TABLE},
    scenario::{FRANKFURT, STAGING, Scenario, Stage, executor, operation},
    stand_in::{StandIn, tables},
    watched::Watched,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Asked, command, figure, median};

const OPERATIONS: u32 = 1_000;
const LINES: usize = 100_000;
/// One function writes far more than the others.
const GROUPS: usize = 13;
const LINES_OF_FIRST: usize = 40_000;
/// Every so many lines one is an error or a warning.
const ERROR_EVERY: usize = 500;
const LINES_A_CALL: usize = 5_000;
const ROUNDS: usize = 5;
const PAUSE: Duration = Duration::from_millis(5);
const STACK: &str = "bench";

pub(super) fn run(root: &Path) -> Result<(), String> {
    let command = command::built(root)?;
    let (services, logs) = (StandIn::ministack().entered_with(STAGING), StandIn::moto().entered_with(STAGING));
    tables::create(&services, STATE_TABLE, AUDIT_TABLE);
    make_stack(&services)?;
    write_logs(&logs);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(fill(&services))?;
    let (mut own, mut whole, mut memories) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let watched = Watched::services(variables(&services, &logs));
        let began = Instant::now();
        let memory = review(&command, &watched)?;
        let took = began.elapsed();
        own.push(took.saturating_sub(watched.spent()));
        whole.push(took);
        memories.push(memory);
    }
    let (own, whole) = (median(&mut own).unwrap_or_default(), median(&mut whole).unwrap_or_default());
    let megabytes = median(&mut memories).unwrap_or(0) as f64 / 1024.0;
    figure("review weekly, beyond the stand-ins' own replies", own.as_secs_f64(), (2, " s"), Asked::AtMost(5.0))?;
    figure("  the whole of it", whole.as_secs_f64(), (1, " s"), Asked::Nothing)?;
    figure("  peak memory", megabytes, (1, " MiB"), Asked::AtMost(60.0))
}

fn variables(services: &StandIn, logs: &StandIn) -> Vec<(&'static str, String)> {
    [
        ("AWS_REGION", FRANKFURT.to_owned()),
        ("AWS_ACCESS_KEY_ID", STAGING.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "not-checked".to_owned()),
        ("AWS_ENDPOINT_URL", services.url()),
        ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url()),
        ("AURORA_RESTORE_STACK", STACK.to_owned()),
    ]
    .into()
}

/// Runs the review; gives its peak memory in KiB.
fn review(command: &Path, watched: &Watched) -> Result<u64, String> {
    let mut child = Command::new(command)
        .args(["review", "weekly", "--json"])
        .env_remove("AURORA_RESTORE_CONFIG")
        .envs(watched.variables().iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", command.display()))?;
    let memory = watch(&mut child)?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let told = String::from_utf8_lossy(&output.stdout);
    // The errors among the lines are findings, so it ends with 1.
    let looked = told.matches(r#""outcome":"looked""#).count();
    let all = told.contains(&format!("{LINES} lines")) && told.contains(&format!("{OPERATIONS} operations"));
    if output.status.code() != Some(1) || looked != 4 || !all {
        return Err(format!(
            "the review ended with {}:\n{told}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(memory)
}

/// Looks at the most memory that a process has had, until it ends. The kernel keeps the peak, so the last look has it.
fn watch(child: &mut Child) -> Result<u64, String> {
    let mut peak = 0;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let found = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = found.and_then(|text| text.split_whitespace().next()).and_then(|text| text.parse().ok());
        peak = kibibytes.map_or(peak, |found: u64| peak.max(found));
        thread::sleep(PAUSE);
    }
    Ok(peak)
}

fn group(number: usize) -> String {
    format!("/aws/lambda/bench-{number}")
}

/// A stack of the outputs that a review reads, with the log groups of its functions.
fn make_stack(services: &StandIn) -> Result<(), String> {
    let mut resources = json!({
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "StateMachineName": STACK,
            "RoleArn": format!("arn:aws:iam::{STAGING}:role/bench"),
            "DefinitionString": r#"{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}"#,
        }},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": STACK}},
    });
    for number in 0..GROUPS {
        resources[format!("Logs{number}")] =
            json!({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": group(number)}});
    }
    let template = json!({
        "Resources": resources,
        "Outputs": {
            "StateMachineArn": {"Value": {"Ref": "Machine"}},
            "TopicArn": {"Value": {"Ref": "Topic"}},
            "StateTableName": {"Value": STATE_TABLE},
            "AuditTableName": {"Value": AUDIT_TABLE},
            "Environment": {"Value": "bench"},
        },
    });
    let (version, template) = (("Version", "2010-05-15"), template.to_string());
    let form = [("Action", "CreateStack"), version, ("StackName", STACK), ("TemplateBody", template.as_str())];
    services.query("cloudformation", &form);
    for _ in 0..2_000 {
        let form = [("Action", "DescribeStacks"), version, ("StackName", STACK)];
        if services.query("cloudformation", &form).contains("CREATE_COMPLETE") {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    Err("the stack is never made".to_owned())
}

/// Lines as functions write them, over the last six days.
fn write_logs(logs: &StandIn) {
    let call = |action: &str, body: &Value| logs.json("logs", &format!("Logs_20140328.{action}"), body);
    let others = (LINES - LINES_OF_FIRST) / (GROUPS - 1);
    let begins = Timestamp::now() - SignedDuration::from_hours(24 * 6);
    for number in 0..GROUPS {
        let group = group(number);
        call("CreateLogGroup", &json!({ "logGroupName": group }));
        call("CreateLogStream", &json!({ "logGroupName": group, "logStreamName": "one" }));
        let lines = if number == 0 { LINES_OF_FIRST } else { others };
        for first in (0..lines).step_by(LINES_A_CALL) {
            let events: Vec<Value> = (first..lines.min(first + LINES_A_CALL))
                .map(|line| json!({ "timestamp": begins.as_millisecond() + line as i64 * 5_000, "message": message(line) }))
                .collect();
            call("PutLogEvents", &json!({ "logGroupName": group, "logStreamName": "one", "logEvents": events }));
        }
    }
}

fn message(line: usize) -> String {
    let (level, error) = match line % ERROR_EVERY {
        0 => ("ERROR", r#","error_name":"AuroraRestore.Refused""#),
        1 => ("WARN", ""),
        _ => ("INFO", ""),
    };
    let mut text = format!(
        r#"{{"level":"{level}"{error},"message":"a cluster is being restored, and this line is as long as most"#
    );
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#"","operation_id":"op-{:04}","request_id":"6f0f2a2e-{line:08}","step":"restore-snapshot","#,
        line % 1_000
    );
    text.push_str(r#""target":"aurora_restore_core::steps::restore","timestamp":"2026-11-22T10:00:00Z"}"#);
    text
}

/// Whole restores, played over the simulated cloud and recorded in the tables entry by entry.
async fn fill(services: &StandIn) -> Result<(), String> {
    let told = |error: &dyn std::error::Error| error.to_string();
    let region = Region::new(FRANKFURT).map_err(|error| told(&error))?;
    let keys = CredentialSource::Keys { access_key: STAGING.to_owned(), secret_key: Secret::new("not-checked") };
    let access = AccountAccess { credentials: keys, role: None };
    let connection =
        Connection::open(&region, &access, None, &Network::default()).await.map_err(|error| told(&error))?;
    let endpoint = EndpointUrl::new(&services.url()).map_err(|error| told(&error))?;
    let name = |text: &str| TableName::new(text).map_err(|error| told(&error));
    let options = TablesOptions {
        state_table: name(STATE_TABLE)?,
        audit_table: name(AUDIT_TABLE)?,
        state_retention: StateItem::KEPT_AFTER_END,
        audit_retention: TablesOptions::AUDIT_RETENTION,
        endpoint: Some(endpoint),
    };
    let journal = DynamoJournal::new(&connection, &options).map_err(|error| told(&error))?;
    let scenario = Scenario::new(Stage::default());
    for number in 0..OPERATIONS {
        let id = format!("op-{number:04}");
        scenario.run(&id, scenario.swap()).map_err(|error| error.to_string())?;
        scenario.settle();
        let id = operation(&id);
        let last = scenario.journal.state(&id).await.map_err(|error| told(&error))?;
        let mut entries = scenario.journal.stored(&id).into_iter();
        let first = entries.next().ok_or("an operation has entries")?;
        let state = StateItem { sequence: 1, ..last.clone() };
        let new = NewOperation { target: last.target_key.clone(), executor: executor("first"), first, state };
        let token = journal.create(&new).await.map_err(|error| told(&error))?;
        for entry in entries {
            let state = StateItem { sequence: entry.sequence, ..last.clone() };
            journal.append(token, &entry, &state).await.map_err(|error| told(&error))?;
        }
    }
    Ok(())
}
