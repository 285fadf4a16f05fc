//! The statements of a policy document. IAM lets one value stand where a list may: here everything is a list.

use std::slice;

use serde_json::Value;

/// A document that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy is no JSON document with statements")]
pub struct UnreadablePolicy;

/// One condition of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator, such as `ForAllValues:StringLike`.
    pub operator: String,
    /// The key that it looks at.
    pub key: String,
    /// What the key may say.
    pub values: Vec<String>,
}

/// One statement. What stands there as a function of a template and not as a text is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, or its number from 1 on: `number 3`.
    pub name: String,
    /// Whether it allows something; it denies otherwise.
    pub allows: bool,
    /// To whom, in the policy of a thing; the policy of a role says nothing of it.
    pub principals: Option<Vec<String>>,
    /// What may be done.
    pub actions: Vec<String>,
    /// On what.
    pub resources: Vec<String>,
    /// On which conditions.
    pub conditions: Vec<Condition>,
    /// `NotPrincipal`, `NotAction` or `NotResource`, if it has one of them; the first that it has.
    pub inversion: Option<&'static str>,
}

/// The statements of a document.
///
/// # Errors
/// [`UnreadablePolicy`].
pub fn statements(document: &str) -> Result<Vec<Statement>, UnreadablePolicy> {
    let document: Value = serde_json::from_str(document).map_err(|_| UnreadablePolicy)?;
    let statements = match &document["Statement"] {
        Value::Array(statements) => statements.as_slice(),
        one @ Value::Object(_) => slice::from_ref(one),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(UnreadablePolicy),
    };
    Ok(statements.iter().enumerate().map(|(index, statement)| Statement::read(index + 1, statement)).collect())
}

impl Statement {
    /// Reads one of a document, the first of which is number 1.
    pub fn read(number: usize, statement: &Value) -> Self {
        let inversions = ["NotPrincipal", "NotAction", "NotResource"];
        Self {
            name: statement["Sid"].as_str().map_or_else(|| format!("number {number}"), str::to_owned),
            allows: statement["Effect"] == "Allow",
            principals: statement.get("Principal").map(principals),
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            conditions: conditions(&statement["Condition"]),
            inversion: inversions.into_iter().find(|key| statement.get(key).is_some()),
        }
    }
}

fn principals(value: &Value) -> Vec<String> {
    match value {
        Value::Object(kinds) => kinds.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => texts(value),
    }
}

fn conditions(value: &Value) -> Vec<Condition> {
    let operators = value.as_object().into_iter().flatten();
    let pairs =
        operators.flat_map(|(operator, keys)| keys.as_object().into_iter().flatten().map(move |key| (operator, key)));
    pairs
        .map(|(operator, (key, values))| Condition {
            operator: operator.clone(),
            key: key.clone(),
            values: texts(values),
        })
        .collect()
}

/// One text or several. `true` may be written without quotes in a condition.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(yes) => vec![yes.to_string()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Null | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_stands_where_a_list_may() {
        let document = r#"{"Statement": {"Effect": "Allow", "Action": "rds:A", "Resource": ["x", "y"],
            "Condition": {"Bool": {"aws:SecureTransport": true}, "StringLike": {"k": ["a*", "b"]}}}}"#;
        let [statement] = statements(document).unwrap().try_into().unwrap();
        assert_eq!((statement.name.as_str(), statement.allows), ("number 1", true));
        assert_eq!(
            (statement.actions, statement.resources),
            (vec!["rds:A".to_owned()], vec!["x".to_owned(), "y".to_owned()])
        );
        let conditions: Vec<_> =
            statement.conditions.iter().map(|one| (one.operator.as_str(), one.values.len())).collect();
        assert_eq!(conditions, [("Bool", 1), ("StringLike", 2)]);
        assert_eq!((statement.principals, statement.inversion), (None, None));
    }

    #[test]
    fn what_is_no_policy_is_not_taken_for_one_that_grants_nothing() {
        for document in ["", "[]", "{}", r#"{"Statement": "all"}"#] {
            assert_eq!(statements(document), Err(UnreadablePolicy), "{document}");
        }
    }
}
