//! What every payload has to be before anybody reads it: a JSON object, and whatever else it is, told without being repeated.
//!
//! `lambda_runtime` answers for a payload that is not JSON with a name of its own, which no state machine matches, before any code of
//! ours runs. So such a payload is exchanged for one that says so, and refused like every other event that is not ours.

use lambda_runtime::LambdaInvocation;
use serde_json::Value;

/// What a payload begins with that took the place of one that is not JSON. Whoever sends it as it is is refused, too.
const NOT_JSON: &str = "this is not JSON: ";

/// Puts what can be read in the place of what cannot. What can is read twice: events are small.
pub(crate) fn readable(mut invocation: LambdaInvocation) -> LambdaInvocation {
    if let Err(error) = serde_json::from_slice::<Value>(&invocation.body) {
        invocation.body = Value::String(format!("{NOT_JSON}{error}")).to_string().into();
    }
    invocation
}

/// What is wrong with a payload, or with what it has in these places, if it is not an object. A place that is not there, or is null, may
/// stay away; that of the payload itself is the empty one.
pub(crate) fn no_object(payload: &Value, places: &[&str]) -> Option<String> {
    if let Value::String(text) = payload
        && text.starts_with(NOT_JSON)
    {
        return Some(text.clone());
    }
    let is_one = |place: &str| match payload.pointer(place) {
        Some(Value::Object(_)) | None => true,
        Some(value) => value.is_null() && !place.is_empty(),
    };
    // The reader would take the elements of a list for the fields in their order.
    let wrong = places.iter().find(|place| !is_one(place))?;
    Some(match wrong.strip_prefix('/') {
        Some(place) => format!("`{}` is no object", place.replace('/', ".")),
        None => "it is no object".to_owned(),
    })
}

/// What a reader says, without the text that it found: an event of somebody else may carry a secret.
pub(crate) fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (Some(begin), Some(end)) = (text.find("string \""), text.rfind("\", expected")) else { return text };
    match (text.get(..begin), text.get(end + 1..)) {
        (Some(before), Some(after)) if begin < end => format!("{before}a text{after}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_object_is_told_by_its_place() {
        let places = ["", "/input", "/input/ask"];
        let told = |payload: Value| no_object(&payload, &places);
        assert_eq!(told(json!({})), None);
        assert_eq!(told(json!({"input": {"ask": null}})), None);
        assert_eq!(told(json!(["op-1", {}])).as_deref(), Some("it is no object"));
        assert_eq!(told(Value::Null).as_deref(), Some("it is no object"));
        assert_eq!(told(json!({"input": ["op-1"]})).as_deref(), Some("`input` is no object"));
        assert_eq!(told(json!({"input": {"ask": "resume"}})).as_deref(), Some("`input.ask` is no object"));
        assert_eq!(told(json!("hunter2")).as_deref(), Some("it is no object"));
    }

    #[test]
    fn what_was_found_is_not_repeated() {
        let error = serde_json::from_value::<u8>(json!("hunter2 \", expected")).unwrap_err();
        assert_eq!(told(&error), "invalid type: a text, expected u8");
        let error = serde_json::from_value::<u8>(json!(300)).unwrap_err();
        assert_eq!(told(&error), error.to_string());
    }
}
