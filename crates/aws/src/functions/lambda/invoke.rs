//! `Invoke`, with the end of the log, which has the report of what the call took.

use aurora_restore_ops::ports::{CallAnswer, CallReport, Called, ServiceResult};
use aws_sdk_lambda::{Client, primitives::Blob, types::LogType};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::stack::Asked;

pub(super) async fn send(client: &Client, function: &str, qualifier: &str, event: &Value) -> ServiceResult<Called> {
    let asked = Asked::about("lambda:InvokeFunction", function);
    let call = client
        .invoke()
        .function_name(function)
        .qualifier(qualifier)
        .log_type(LogType::Tail)
        .payload(Blob::new(event.to_string()));
    let answer = call.send().await.map_err(|error| asked.failed(&error))?;
    let payload = answer.payload().map(AsRef::<[u8]>::as_ref).unwrap_or_default();
    let value: Value = serde_json::from_slice(payload).unwrap_or(Value::Null);
    let report = answer.log_result().and_then(report);
    Ok(Called { answer: meaning(answer.function_error(), value), report })
}

fn meaning(error: Option<&str>, value: Value) -> CallAnswer {
    let Some(error) = error else { return CallAnswer::Answered(value) };
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    CallAnswer::Failed {
        name: text("errorType").unwrap_or_else(|| error.to_owned()),
        message: text("errorMessage").unwrap_or_default(),
    }
}

/// Reads the line `REPORT` of a log's end.
fn report(log: &str) -> Option<CallReport> {
    let log = BASE64_STANDARD.decode(log).ok()?;
    let log = String::from_utf8_lossy(&log);
    let line = log.lines().rev().find(|line| line.starts_with("REPORT "))?;
    let field = |name: &str| {
        let value = line.split('\t').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(':'))?;
        value.split_whitespace().next().map(str::to_owned)
    };
    let number = |name: &str| field(name)?.parse::<f64>().ok();
    let whole = |name: &str| field(name)?.parse::<u32>().ok();
    // The first one stands behind the id of the request.
    let duration_ms = number("Duration")?;
    Some(CallReport {
        duration_ms,
        billed_ms: u64::from(whole("Billed Duration")?),
        memory_mb: whole("Memory Size")?,
        used_mb: whole("Max Memory Used").unwrap_or_default(),
        init_ms: number("Init Duration"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_read_off_the_end_of_a_log() {
        let log = "START RequestId: 1 Version: 4\n{\"level\":\"INFO\"}\nEND RequestId: 1\nREPORT RequestId: 1\tDuration: 12.34 ms\t\
                   Billed Duration: 63 ms\tMemory Size: 256 MB\tMax Memory Used: 41 MB\tInit Duration: 50.12 ms\t\nXRAY TraceId: x\n";
        let expected =
            CallReport { duration_ms: 12.34, billed_ms: 63, memory_mb: 256, used_mb: 41, init_ms: Some(50.12) };
        assert_eq!(report(&BASE64_STANDARD.encode(log)), Some(expected));
        assert_eq!(report(&BASE64_STANDARD.encode("START RequestId: 1\n")), None);
        assert_eq!(report("%"), None);
    }

    #[test]
    fn an_error_has_its_name_and_a_crash_lambdas_word() {
        let refused = serde_json::json!({ "errorType": "AuroraRestore.Refused", "errorMessage": "no" });
        let name = |error, value| match meaning(error, value) {
            CallAnswer::Failed { name, .. } => name,
            CallAnswer::Answered(_) => "answered".to_owned(),
        };
        assert_eq!(name(Some("Unhandled"), refused), "AuroraRestore.Refused");
        assert_eq!(name(Some("Unhandled"), Value::Null), "Unhandled");
        assert_eq!(name(None, Value::Null), "answered");
    }
}
