//! The reviews of a stack that was deployed and has restored once: what they find of it, and what somebody has done to it since.

use serde_json::{Value, json};

use super::OnStack;
use crate::support::{Pace, World};

/// What MiniStack's CloudFormation does not do although the template says so. Each is mended here as the finding says.
const NOT_MADE: [&str; 5] = [
    "table AuroraRestoreAuditTable cannot be brought back to an earlier moment",
    "table AuroraRestoreAuditTable is not encrypted with a key of this account",
    "table AuroraRestoreStateTable cannot be brought back to an earlier moment",
    "table AuroraRestoreStateTable is not encrypted with a key of this account",
    "topic aurora-restore-notifications is not encrypted",
];
const LOG: &str = "/aws/lambda/aurora-restore-restore-snapshot";
const NO_DRILL: &str = "no drill of a whole restore is on record: nobody has shown that a recovery works";

#[test]
fn a_stack_as_it_was_deployed_gives_no_finding_and_what_is_done_to_it_is_found() {
    let stage = OnStack::deploy(World::new(Pace::None, 40));
    stage.start("op-1", &[]);
    assert_eq!(stage.ended("op-1").0, "SUCCEEDED");
    let weekly = || texts(&findings(&stage, "weekly"));
    let monthly = || texts(&findings(&stage, "monthly").into_iter().filter(can_be_answered).collect::<Vec<_>>());
    let quarterly = || texts(&findings(&stage, "quarterly"));

    assert_eq!(weekly(), Vec::<String>::new());
    assert_eq!(monthly(), Vec::<String>::new());
    let found = quarterly();
    assert_eq!(found, [&[NO_DRILL], &NOT_MADE[..]].concat());
    mend(&stage);
    assert_eq!(quarterly(), [NO_DRILL]);

    lock(&stage, "op-of-nobody");
    log_an_error(&stage);
    let found = weekly();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|what| what.contains("ARP-RESTORE-001")), "{found:?}");
    assert!(found.iter().any(|what| what.contains("444455556666/eu-central-1/other")), "{found:?}");

    stage.put_configuration(&format!("{}# by hand\n", stage.configuration()));
    let changed = [
        "SSM::Parameter /aurora-restore/prod/config was changed beside the stack",
        "parameter /aurora-restore/prod/config is not what was deployed: the next deployment would undo somebody's change",
    ];
    assert_eq!(monthly(), changed);

    stage.services.json("logs", "Logs_20140328.DeleteRetentionPolicy", &json!({ "logGroupName": LOG }));
    assert_eq!(quarterly(), [&format!("log group {LOG} keeps its lines for ever"), NO_DRILL]);
}

/// A lock that names an operation which nobody knows.
fn lock(stage: &OnStack, holder: &str) {
    let item = json!({ "operation_id": { "S": "lock#444455556666/eu-central-1/other" }, "holder": { "S": holder } });
    let put = json!({ "TableName": "AuroraRestoreStateTable", "Item": item });
    stage.services.json("dynamodb", "DynamoDB_20120810.PutItem", &put);
}

/// A line as a function writes one.
fn log_an_error(stage: &OnStack) {
    let stream = json!({ "logGroupName": LOG, "logStreamName": "planted" });
    stage.services.json("logs", "Logs_20140328.CreateLogStream", &stream);
    let message = r#"{"level":"ERROR","message":"it was refused","code":"ARP-RESTORE-001","operation_id":"op-1"}"#;
    let at = jiff::Timestamp::now().as_millisecond();
    let events = json!([{ "timestamp": at, "message": message }]);
    let put = json!({ "logGroupName": LOG, "logStreamName": "planted", "logEvents": events });
    stage.services.json("logs", "Logs_20140328.PutLogEvents", &put);
}

/// What a review finds: the lines of its findings.
fn findings(stage: &OnStack, period: &str) -> Vec<Value> {
    let told = stage.run(&["--json", "review", period]);
    let lines = told.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "finding").collect()
}

fn texts(findings: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = findings.iter().map(|finding| finding["what"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

/// MiniStack sends no bill, and its IAM takes every condition for one that does not hold.
fn can_be_answered(finding: &Value) -> bool {
    let is_conditional = finding["evidence"].as_array().is_some_and(|all| all.iter().any(|one| one["what"] == "key"));
    let is_note = finding["level"] == "note";
    let what = finding["what"].as_str().unwrap();
    !(is_note && (is_conditional || what.starts_with("the bill cannot be looked at")))
}

/// Does what the findings of the quarter name.
fn mend(stage: &OnStack) {
    for table in ["AuroraRestoreAuditTable", "AuroraRestoreStateTable"] {
        let recovery =
            json!({ "TableName": table, "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true } });
        stage.services.json("dynamodb", "DynamoDB_20120810.UpdateContinuousBackups", &recovery);
        let sse = json!({ "Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/of-ours" });
        let encrypted = json!({ "TableName": table, "SSESpecification": sse });
        stage.services.json("dynamodb", "DynamoDB_20120810.UpdateTable", &encrypted);
    }
    let topic = stage.read(&["stack", "status"])["outputs"]["TopicArn"].as_str().unwrap().to_owned();
    let form = [
        ("Action", "SetTopicAttributes"),
        ("Version", "2010-03-31"),
        ("TopicArn", topic.as_str()),
        ("AttributeName", "KmsMasterKeyId"),
        ("AttributeValue", "alias/of-ours"),
    ];
    stage.services.query("sns", &form);
}
