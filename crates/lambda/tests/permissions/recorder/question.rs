//! The questions that services put to IAM: may this role do this action on this thing, where these keys say these values?

use std::collections::BTreeMap;

use aurora_restore_core::ids::OperationId;
use aurora_restore_testing::{
    function_stage::{AUDIT_TABLE, STATE_TABLE},
    way::Request,
};
use serde_json::{Value, json};

use super::rds;

/// Secrets Manager ends the ARN of a secret with six characters of its own.
const SECRET_END: &str = "-AbCdEf";
/// Stands for every operation: each place is asked the same about many of them.
const SOME_OPERATION: &str = "an-operation";
/// Stands for every minute: a record of another day says the same.
const SOME_MINUTE: &str = "2026-01-01-00-00";

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Question {
    action: String,
    resource: String,
    /// Keys of conditions, as IAM names them.
    keys: BTreeMap<String, Vec<String>>,
}

/// Where a call comes from.
pub(super) struct Origin<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

impl Origin<'_> {
    fn arn(&self, service: &str, thing: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{thing}", self.region, self.account)
    }

    /// The ARN of something of RDS; what is named by an ARN already keeps it.
    pub(super) fn rds(&self, kind: &str, name: &str) -> String {
        if name.starts_with("arn:") { name.to_owned() } else { self.arn("rds", &format!("{kind}:{name}")) }
    }
}

impl Question {
    /// A question without keys.
    pub(super) fn new(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: steady(resource), keys: BTreeMap::new() }
    }

    /// The same with a key of one value or of several.
    pub(super) fn key<'v>(mut self, key: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        self.keys.insert(key.to_owned(), values.into_iter().map(steady).collect());
        self
    }

    /// What shall be done.
    pub(super) fn action(&self) -> &str {
        &self.action
    }

    /// Sorted by field, so that the record is the same whether or not JSON keeps the order in which it is made.
    pub(super) fn to_json(&self) -> Value {
        json!({ "action": self.action, "keys": self.keys, "on": self.resource })
    }
}

/// A text without what differs from day to day.
fn steady(text: &str) -> String {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match shape.find("0000-00-00-00-00") {
        Some(start) => format!("{}{SOME_MINUTE}{}", &text[..start], &text[start + SOME_MINUTE.len()..]),
        None => text.to_owned(),
    }
}

/// What is asked before a call is done.
pub(super) fn questions(service: &str, request: &Request, from: &Origin<'_>, tags: rds::Tags<'_>) -> Vec<Question> {
    if let Some(action) = request.target() {
        return of_json(service, action, &request.json(), from);
    }
    let form = request.form();
    let call = format!("{service}:{}", form.get("Action").expect("a call has an action"));
    match call.as_str() {
        // Everybody may ask who they are.
        "sts:GetCallerIdentity" => Vec::new(),
        "sts:AssumeRole" => {
            let role = form.get("RoleArn").expect("a role is named by its ARN");
            vec![Question::new(&call, role).key("sts:ExternalId", form.get("ExternalId"))]
        }
        "sns:Publish" => vec![Question::new(&call, form.get("TopicArn").expect("a topic is named by its ARN"))],
        _ if service == "rds" => rds::questions(&form, from, tags),
        other => panic!("nobody has said what {other} needs"),
    }
}

fn of_json(service: &str, action: &str, body: &Value, from: &Origin<'_>) -> Vec<Question> {
    let call = format!("{service}:{action}");
    let text = |field: &str| body[field].as_str().unwrap_or_else(|| panic!("{call} without {field}"));
    let resource = match call.as_str() {
        "ssm:GetParameter" => from.arn("ssm", &format!("parameter{}", text("Name"))),
        "secretsmanager:DescribeSecret"
        | "secretsmanager:GetSecretValue"
        | "secretsmanager:PutSecretValue"
        | "secretsmanager:UpdateSecretVersionStage" => of_secret(text("SecretId"), from),
        "secretsmanager:GetRandomPassword" => "*".to_owned(),
        "states:StartExecution" => text("stateMachineArn").to_owned(),
        "states:DescribeExecution" => text("executionArn").to_owned(),
        _ if service == "dynamodb" => return of_tables(action, body, from),
        other => panic!("nobody has said what {other} needs"),
    };
    vec![Question::new(&call, &resource)]
}

/// The ARN of a secret that is named by itself or by its ARN.
fn of_secret(id: &str, from: &Origin<'_>) -> String {
    if !id.starts_with("arn:") {
        return from.arn("secretsmanager", &format!("secret:{id}{SECRET_END}"));
    }
    format!("{}{SECRET_END}", &id[..id.len() - SECRET_END.len()])
}

/// The partition key that a call is about; that of the index where an index is asked.
fn leading_key(of: &Value) -> String {
    let named = [&of["Key"], &of["Item"]].into_iter().find_map(|key| key["operation_id"]["S"].as_str());
    let asked = || {
        // The first condition of a query is that on the partition key: `#operation_id = :operation`.
        let (_, rest) = of["KeyConditionExpression"].as_str()?.split_once(" = ")?;
        of["ExpressionAttributeValues"][rest.split(' ').next()?]["S"].as_str()
    };
    let key = named.or_else(asked).unwrap_or_else(|| panic!("a call about no key: {of}"));
    let is_operation = of["IndexName"].is_null() && OperationId::new(key).is_ok();
    if is_operation { SOME_OPERATION.to_owned() } else { key.to_owned() }
}

/// A transaction is asked for each of its parts; a query of an index for the index.
fn of_tables(action: &str, body: &Value, from: &Origin<'_>) -> Vec<Question> {
    let question = |action: &str, of: &Value| {
        let table = of["TableName"].as_str().unwrap_or_default();
        assert!([STATE_TABLE, AUDIT_TABLE].contains(&table), "a call about the table {table}");
        let index = of["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
        let question =
            Question::new(&format!("dynamodb:{action}"), &from.arn("dynamodb", &format!("table/{table}{index}")));
        question.key("dynamodb:LeadingKeys", [leading_key(of).as_str()])
    };
    let Some(parts) = body["TransactItems"].as_array() else { return vec![question(action, body)] };
    let part = |part: &Value| {
        let (kind, of) = part.as_object().and_then(|part| part.iter().next()).expect("a part of a transaction");
        question(&format!("{kind}Item"), of)
    };
    parts.iter().map(part).collect()
}
