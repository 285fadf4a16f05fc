//! What a policy of a resource lets others do, as far as a review has to know. Pure.

use crate::policy::{Statement, statements};

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
    let statements = statements(document).unwrap_or_default();
    let open = statements
        .iter()
        .find(|statement| statement.allows && of_everybody(statement) && statement.conditions.is_empty());
    Verdict {
        open_to_all: open.map(|statement| statement.name.clone()),
        refuses_clear_text: statements.iter().any(refuses_clear_text),
    }
}

fn of_everybody(statement: &Statement) -> bool {
    statement.principals.iter().flatten().any(|principal| principal == "*")
}

fn refuses_clear_text(statement: &Statement) -> bool {
    let is_of_clear_text = statement.conditions.iter().any(|condition| {
        condition.operator == "Bool" && condition.key == "aws:SecureTransport" && condition.values == ["false"]
    });
    !statement.allows && of_everybody(statement) && is_of_clear_text
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
