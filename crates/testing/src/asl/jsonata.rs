//! What of JSONata our machines use: paths below `$states`. Anything else is refused.

use serde_json::Value;

use super::data::field;

/// A template with the values of its expressions. A text without the marks of an expression is a text.
pub(super) fn filled(template: &Value, states: &Value) -> Value {
    match template {
        Value::String(text) if text.contains("{%") => value(text, states),
        Value::Object(fields) => fields.iter().map(|(name, inner)| (name.clone(), filled(inner, states))).collect(),
        Value::Array(members) => members.iter().map(|member| filled(member, states)).collect(),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => template.clone(),
    }
}

/// The value of an expression. One without a value is an error, as it is for Step Functions.
pub(super) fn value(expression: &str, states: &Value) -> Value {
    let inner = expression.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")).map(str::trim);
    let path = inner.and_then(|inner| inner.strip_prefix("$states.")).filter(|path| is_path(path));
    let path = path.unwrap_or_else(|| panic!("nobody has said what {expression} is"));
    field(&format!("$.{path}"), states).cloned().unwrap_or_else(|| panic!("there is no {path} in {states}"))
}

/// Names with points between them: no function, no operator, no member of a list.
fn is_path(path: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    path.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use serde_json::json;

    use super::*;

    #[test]
    fn templates_are_filled_with_what_the_state_sees() {
        let states = json!({ "input": { "id": "op-1" }, "result": { "Status": "SUCCEEDED" } });
        let template =
            json!({ "id": "{% $states.input.id %}", "of": [{ "status": "{% $states.result.Status %}" }, "text", 1] });
        assert_eq!(filled(&template, &states), json!({ "id": "op-1", "of": [{ "status": "SUCCEEDED" }, "text", 1] }));
    }

    #[test]
    fn what_is_not_known_and_what_is_not_there_is_refused() {
        for expression in [
            "{% $states.input.none %}",
            "{% $count($states.input.items) %}",
            "{% $states.input.items[0] %}",
            "{% $states.input.a & 'b' %}",
            "{% $states.input.a",
            "a {% $states.input.a %}",
            "{% $.input.a %}",
        ] {
            let states = json!({ "input": { "a": "x", "items": [1] } });
            assert!(catch_unwind(|| filled(&json!(expression), &states)).is_err(), "{expression}");
        }
    }
}
