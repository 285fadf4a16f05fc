//! What a policy of a resource lets others do, as far as a review has to know. Pure.

use crate::policy::{Statement, is_for_everybody, is_narrowed, statements};

/// What is to be said of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    /// The first statement that allows everybody something without a condition on who asks, by its name.
    pub(super) open_to_all: Option<String>,
    /// Whether what is sent in the clear is refused to everybody.
    pub(super) refuses_clear_text: bool,
}

/// Reads a policy document. What cannot be read guards nothing.
pub(super) fn judge(document: &str) -> Verdict {
    let statements = statements(document).unwrap_or_default();
    let open = statements
        .iter()
        .find(|statement| statement.allows && is_for_everybody(statement) && !is_narrowed(&statement.conditions));
    Verdict {
        open_to_all: open.map(|statement| statement.name.clone()),
        refuses_clear_text: statements.iter().any(refuses_clear_text),
    }
}

fn refuses_clear_text(statement: &Statement) -> bool {
    let is_of_clear_text = statement.conditions.iter().any(|condition| {
        condition.operator == "Bool" && condition.key == "aws:SecureTransport" && condition.values == ["false"]
    });
    // What is denied to all but some lets those send in the clear.
    let has_no_exception = statement.inversion.is_none();
    !statement.allows && has_no_exception && is_for_everybody(statement) && is_of_clear_text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::cases;

    const CLEAR: &str = r#"{"Sid":"Clear","Effect":"Deny","Principal":"*","Action":"sns:Publish","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;

    fn of(statements: &str) -> (Option<String>, bool) {
        let verdict = judge(&format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#));
        (verdict.open_to_all, verdict.refuses_clear_text)
    }

    #[test]
    fn what_everybody_may_is_open_unless_a_condition_keeps_it_within_accounts() {
        for statement in cases::open() {
            assert_eq!(of(&statement.to_string()), (Some("number 1".to_owned()), false), "{statement}");
        }
        for statement in cases::closed() {
            assert_eq!(of(&statement.to_string()), (None, false), "{statement}");
        }
        let named = json!([{"Effect": "Deny", "Principal": "*", "Action": "*"},
            {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "*"}]);
        assert_eq!(of(&named.to_string()).0.as_deref(), Some("All"));
    }

    #[test]
    fn what_is_sent_in_the_clear_is_refused_to_everybody_or_not_at_all() {
        assert_eq!(of(&format!("[{CLEAR}]")), (None, true));
        assert_eq!(of(&CLEAR.replace("\"Principal\":\"*\"", "\"NotPrincipal\":{\"AWS\":\"1\"}")), (None, false));
        assert_eq!(judge("no policy"), Verdict::default());
    }
}
