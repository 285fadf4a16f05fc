//! The data of an execution: paths into the state's input (`$`) and the execution's own facts (`$$`), and the functions that
//! make texts of them. What is not there is an error, as it is for Step Functions.

use serde_json::{Map, Value};

/// What a state sees.
pub(super) struct Sight<'a> {
    /// The state's input.
    pub(super) data: &'a Value,
    /// The facts of the execution.
    pub(super) context: &'a Value,
}

/// The field of a path that begins with `$`, if it is there: names with points between them, and `[n]` for a member of a list.
pub(super) fn field<'v>(path: &str, value: &'v Value) -> Option<&'v Value> {
    let fields = path.strip_prefix('$').unwrap_or_else(|| panic!("{path} is no path"));
    fields.split('.').skip(1).try_fold(value, |value, name| {
        match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, index)) => value.get(name)?.get(index.parse::<usize>().expect("an index is a number")),
            None => value.get(name),
        }
    })
}

/// The input with a result put where the path says.
pub(super) fn with_result(mut data: Value, path: &str, result: Value) -> Value {
    let name = path.strip_prefix("$.").filter(|name| !name.contains('.'));
    let name = name.unwrap_or_else(|| panic!("nobody has said what a result at {path} is"));
    data.as_object_mut().expect("a result is put into an object").insert(name.to_owned(), result);
    data
}

impl Sight<'_> {
    /// Parameters with the values of those whose names end in `.$`.
    pub(super) fn filled(&self, parameters: &Map<String, Value>) -> Map<String, Value> {
        let fill = |(name, value): (&String, &Value)| match (name.strip_suffix(".$"), value) {
            (Some(name), Value::String(expression)) => (name.to_owned(), self.value(expression)),
            (Some(name), other) => panic!("{name} is filled with {other}"),
            (None, Value::Object(inner)) => (name.clone(), self.filled(inner).into()),
            (None, other) => (name.clone(), other.clone()),
        };
        parameters.iter().map(fill).collect()
    }

    /// The value of a path, a text in quotes, or a function.
    pub(super) fn value(&self, expression: &str) -> Value {
        let expression = expression.trim();
        if let Some(text) = expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return text.into();
        }
        if let Some((function, rest)) = expression.strip_suffix(')').and_then(|call| call.split_once('(')) {
            let arguments: Vec<Value> = arguments(rest).into_iter().map(|one| self.value(one)).collect();
            return call(function, &arguments);
        }
        let found = match expression.strip_prefix("$$") {
            Some(rest) => field(&format!("${rest}"), self.context),
            None => field(expression, self.data),
        };
        found.cloned().unwrap_or_else(|| panic!("there is no {expression} in {}", self.data))
    }
}

/// The arguments of a function. Commas in texts and in inner functions divide nothing.
fn arguments(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth, mut is_text) = (Vec::new(), 0, 0_u32, false);
    for (at, sign) in text.char_indices() {
        match sign {
            '\'' => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text => depth -= 1,
            ',' if !is_text && depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

fn call(function: &str, arguments: &[Value]) -> Value {
    match (function, arguments) {
        ("States.Format", [Value::String(form), values @ ..]) => {
            let parts: Vec<&str> = form.split("{}").collect();
            assert_eq!(parts.len(), values.len() + 1, "{form} does not fit its values");
            let texts = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let filled: String = parts.iter().zip(texts).map(|(part, text)| format!("{part}{text}")).collect();
            (filled + parts[values.len()]).into()
        }
        ("States.JsonToString", [value]) => value.to_string().into(),
        (other, arguments) => panic!("nobody has said what {other} of {arguments:?} is"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_and_functions_are_filled_in() {
        let (data, context) = (json!({ "a": { "b": 1 } }), json!({ "Execution": { "Name": "op-1" } }));
        let sight = Sight { data: &data, context: &context };
        assert_eq!(sight.value("$"), data);
        assert_eq!(sight.value("$.a.b"), json!(1));
        let list = json!({ "a": [{ "b": 1 }, { "b": 2 }] });
        assert_eq!(field("$.a[1].b", &list), Some(&json!(2)));
        assert_eq!(field("$.a[2]", &list), None);
        assert_eq!(sight.value("$$.Execution.Name"), json!("op-1"));
        assert_eq!(
            sight.value("States.Format('{}, (of {}): {}', $$.Execution.Name, $.a.b, States.JsonToString($.a))"),
            json!("op-1, (of 1): {\"b\":1}")
        );
        let parameters = json!({ "x.$": "$.a.b", "y": { "z.$": "$$.Execution.Name" }, "w": "$.a" });
        let expected = json!({ "x": 1, "y": { "z": "op-1" }, "w": "$.a" });
        assert_eq!(Value::from(sight.filled(parameters.as_object().unwrap())), expected);
    }

    #[test]
    fn a_result_is_put_beside_what_was_there() {
        assert_eq!(with_result(json!({ "a": 1 }), "$.b", json!(2)), json!({ "a": 1, "b": 2 }));
    }
}
