//! What a policy of a resource lets others do, as far as a review has to know. Pure.

use serde_json::Value;

/// What is to be said of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    /// The first statement that allows everybody something without a condition, by its name.
    pub(super) open_to_all: Option<String>,
    /// Whether what is sent in the clear is refused to everybody.
    pub(super) refuses_clear_text: bool,
}

/// Reads a policy document. What cannot be read guards nothing.
pub(super) fn judge(document: &str) -> Verdict {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let statements = match &document["Statement"] {
        Value::Array(statements) => statements.as_slice(),
        Value::Object(_) => std::slice::from_ref(&document["Statement"]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => &[],
    };
    let open = statements.iter().enumerate().find(|(_, statement)| is_open(statement));
    Verdict {
        open_to_all: open.map(|(number, statement)| {
            statement["Sid"].as_str().map_or_else(|| format!("number {}", number + 1), str::to_owned)
        }),
        refuses_clear_text: statements.iter().any(refuses_clear_text),
    }
}

fn is_of_everybody(statement: &Value) -> bool {
    let is_star = |value: &Value| match value {
        Value::String(text) => text == "*",
        Value::Array(texts) => texts.iter().any(|text| text == "*"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    is_star(&statement["Principal"]) || is_star(&statement["Principal"]["AWS"])
}

fn is_open(statement: &Value) -> bool {
    let has_condition = statement["Condition"].as_object().is_some_and(|condition| !condition.is_empty());
    statement["Effect"] == "Allow" && is_of_everybody(statement) && !has_condition
}

fn refuses_clear_text(statement: &Value) -> bool {
    let secure = &statement["Condition"]["Bool"]["aws:SecureTransport"];
    statement["Effect"] == "Deny" && is_of_everybody(statement) && (secure == "false" || secure == &Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CLEAR: &str = r#"{"Sid":"Clear","Effect":"Deny","Principal":"*","Action":"sns:Publish","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;

    fn of(statements: &str) -> (Option<String>, bool) {
        let verdict = judge(&format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#));
        (verdict.open_to_all, verdict.refuses_clear_text)
    }

    #[test]
    fn only_what_everybody_may_without_a_condition_is_open() {
        assert_eq!(of(&format!("[{CLEAR}]")), (None, true));
        let all =
            |principal: &str| format!(r#"[{{"Sid":"All","Effect":"Allow","Principal":{principal},"Action":"*"}}]"#);
        for principal in [r#""*""#, r#"{"AWS":"*"}"#, r#"{"AWS":["1","*"]}"#] {
            assert_eq!(of(&all(principal)), (Some("All".to_owned()), false), "{principal}");
        }
        assert_eq!(of(&all(r#"{"Service":"cloudwatch.amazonaws.com"}"#)), (None, false));
        let own = json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*",
            "Condition": {"StringEquals": {"AWS:SourceOwner": "444455556666"}}});
        assert_eq!(of(&own.to_string()), (None, false));
        assert_eq!(judge("no policy"), Verdict::default());
    }
}
