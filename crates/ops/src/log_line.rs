//! One line of a log: whether it is an error or a warning, of which kind, and of which operation. Pure.
//!
//! | who writes | form | kind |
//! |---|---|---|
//! | our functions | JSON with `level`, `operation_id`, and `error_name` where there is no answer but an error | `error_name`, else a code of the catalogue in the text, else what the sweeper found, else the message |
//! | Lambda | text | the function took too long, or its process ended |
//! | the state machine | JSON with `type` and `execution_arn` | the error with which an execution ended |

use aurora_restore_core::ids::OperationId;
use serde::Deserialize;

use crate::Level;

/// The most characters of a message that make a kind.
const KIND_CHARS: usize = 60;
/// What a kind that is made of a message begins with.
const QUOTE: char = '“';
/// What the codes of the catalogue begin with.
const CODE: &str = "ARP-";

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) level: Level,
    pub(crate) code: String,
    pub(crate) operation: Option<OperationId>,
    pub(crate) text: String,
}

impl Told {
    /// What its kind is called, where that says more than its text.
    pub(crate) fn name(&self) -> Option<&str> {
        (!self.code.starts_with(QUOTE)).then_some(&self.code)
    }
}

/// What is read of a line of JSON.
#[derive(Deserialize)]
struct Line {
    level: Option<String>,
    message: Option<String>,
    error_name: Option<String>,
    found: Option<String>,
    operation_id: Option<String>,
    about: Option<String>,
    operation: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    execution_arn: Option<String>,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    error: Option<String>,
    cause: Option<String>,
}

/// Reads a line; nothing if it is neither an error nor a warning.
pub(crate) fn read(text: &str) -> Option<Told> {
    // Nearly all lines are neither: they are not taken apart.
    const TELLING: [&str; 6] =
        ["\"WARN\"", "\"ERROR\"", "\"ExecutionFailed\"", "\"ExecutionTimedOut\"", "\"ExecutionAborted\"", "RequestId"];
    if !TELLING.iter().any(|word| text.contains(word)) && !text.contains("Task timed out") {
        return None;
    }
    match serde_json::from_str::<Line>(text) {
        Ok(line) if line.execution_arn.is_some() => of_machine(line),
        Ok(line) => of_function(line, text),
        Err(_) => of_lambda(text),
    }
}

/// Whether a line is one that the functions, Lambda or the state machine write, whatever it says.
pub(crate) fn is_known(text: &str) -> bool {
    const OF_JSON: [&str; 3] = ["\"level\"", "\"_aws\"", "\"execution_arn\""];
    const OF_LAMBDA: [&str; 5] = ["INIT_START ", "INIT_REPORT ", "START ", "END ", "REPORT "];
    if text.starts_with('{') {
        return OF_JSON.iter().any(|member| text.contains(member));
    }
    OF_LAMBDA.iter().any(|word| text.starts_with(word)) || of_lambda(text).is_some()
}

/// Whether a kind is a code of the catalogue.
pub(crate) fn is_code(kind: &str) -> bool {
    kind.starts_with(CODE)
}

fn of_function(line: Line, text: &str) -> Option<Told> {
    let level = match line.level.as_deref()? {
        "WARN" => Level::Warning,
        // Nothing came of this call, and the next one mends it; that another executor goes on is as it should be.
        "ERROR" if matches!(line.error_name.as_deref(), Some("AuroraRestore.TryAgain" | "AuroraRestore.Fenced")) => {
            Level::Warning
        }
        "ERROR" => Level::Error,
        _ => return None,
    };
    let message = line.message.unwrap_or_default();
    let of_sweep = line.found.map(|found| format!("sweep: {found}"));
    let code = line.error_name.or_else(|| code_in(text)).or(of_sweep).unwrap_or_else(|| kind_of(&message));
    let named = [line.operation_id, line.about, line.operation].into_iter().flatten();
    let operation = named.into_iter().find_map(|id| OperationId::new(id).ok());
    let told = if message.is_empty() { text.to_owned() } else { message };
    Some(Told { level, code, operation, text: told })
}

fn of_machine(line: Line) -> Option<Told> {
    let kind = line.kind.filter(|kind| kind.starts_with("Execution"))?;
    let details = line.details.unwrap_or(Details { error: None, cause: None });
    let code = details.error.unwrap_or_else(|| kind.clone());
    let level = match (kind.as_str(), code.as_str()) {
        ("ExecutionFailed", "AuroraRestore.Cancelled") | ("ExecutionAborted", _) => Level::Note,
        ("ExecutionFailed", "AuroraRestore.Fenced") => Level::Warning,
        ("ExecutionFailed" | "ExecutionTimedOut", _) => Level::Error,
        _ => return None,
    };
    let execution = line.execution_arn.unwrap_or_default();
    // An execution that goes on with an operation has a name of its own: the operation is told by the function's lines.
    let operation = execution.rsplit(':').next().and_then(|name| OperationId::new(name).ok());
    Some(Told { level, code, operation, text: details.cause.unwrap_or(kind) })
}

fn of_lambda(text: &str) -> Option<Told> {
    let code = if text.contains("Task timed out") {
        "a timeout"
    } else if text.contains("Runtime exited") {
        "the end of its process"
    } else {
        return None;
    };
    Some(Told { level: Level::Error, code: code.to_owned(), operation: None, text: text.trim().to_owned() })
}

/// The first code of the catalogue in a text: letters, a hyphen, three digits.
fn code_in(text: &str) -> Option<String> {
    text.match_indices(CODE).find_map(|(at, _)| {
        let rest = &text[at + CODE.len()..];
        let (letters, rest) = rest.split_once('-')?;
        let digits = rest.get(..3)?;
        let fits = !letters.is_empty()
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| format!("{CODE}{letters}-{digits}"))
    })
}

/// A message without what differs from one line to the next: digits, so that figures, times and most ids are one.
fn kind_of(message: &str) -> String {
    if message.is_empty() {
        return "no message".to_owned();
    }
    let mut kind = String::new();
    for letter in message.chars().take(KIND_CHARS) {
        let is_digit = letter.is_ascii_digit();
        if !(is_digit && kind.ends_with('#')) {
            kind.push(if is_digit { '#' } else { letter });
        }
    }
    format!("{QUOTE}{}”", kind.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The line, and what it tells: level, kind, operation.
    fn check(text: &str, expected: Option<(Level, &str, Option<&str>)>) {
        let told = read(text);
        let found = told
            .as_ref()
            .map(|told| (told.level, told.code.as_str(), told.operation.as_ref().map(OperationId::as_str)));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lines_of_functions_are_told_by_their_error_their_code_or_their_message() {
        check(r#"{"level":"INFO","message":"an \"ERROR\" is quoted","operation_id":"op-1"}"#, None);
        check(
            r#"{"level":"ERROR","error_name":"AuroraRestore.Panic","message":"x","operation_id":"op-1","step":null}"#,
            Some((Level::Error, "AuroraRestore.Panic", Some("op-1"))),
        );
        check(
            r#"{"level":"ERROR","error_name":"AuroraRestore.TryAgain","message":"x","operation_id":null}"#,
            Some((Level::Warning, "AuroraRestore.TryAgain", None)),
        );
        check(
            r#"{"level":"WARN","message":"ARP-KMS-001: the key is off","operation_id":"op-2"}"#,
            Some((Level::Warning, "ARP-KMS-001", Some("op-2"))),
        );
        check(
            r#"{"level":"WARN","found":"stalled","about":"op-3","message":"stands still","operation_id":null}"#,
            Some((Level::Warning, "sweep: stalled", Some("op-3"))),
        );
        check(
            r#"{"level":"WARN","message":"took 17 s, 3 times","operation_id":null}"#,
            Some((Level::Warning, "“took # s, # times”", None)),
        );
    }

    #[test]
    fn lines_of_lambda_and_of_the_machine_are_told() {
        check("2026-11-22T10:00:00Z 6f Task timed out after 900.00 seconds", Some((Level::Error, "a timeout", None)));
        check(
            "RequestId: 6f Error: Runtime exited with error: signal: killed",
            Some((Level::Error, "the end of its process", None)),
        );
        check("START RequestId: 6f Version: 3", None);
        let machine = |kind: &str, error: &str| {
            format!(
                r#"{{"id":"9","type":"{kind}","details":{{"error":"{error}","cause":"why"}},"execution_arn":"arn:aws:states:eu-central-1:1:execution:m:op-1"}}"#
            )
        };
        let stuck = machine("ExecutionFailed", "AuroraRestore.Stuck");
        check(&stuck, Some((Level::Error, "AuroraRestore.Stuck", Some("op-1"))));
        let cancelled = machine("ExecutionFailed", "AuroraRestore.Cancelled");
        check(&cancelled, Some((Level::Note, "AuroraRestore.Cancelled", Some("op-1"))));
        check(&machine("TaskFailed", "\"ERROR\""), None);
    }

    #[test]
    fn lines_of_somebody_else_are_not_known() {
        for text in [
            r#"{"level":"INFO","message":"x"}"#,
            r#"{"_aws":{},"StepDuration":3}"#,
            r#"{"id":"1","type":"TaskFailed","execution_arn":"arn"}"#,
            "START RequestId: 6f Version: 3",
            "REPORT RequestId: 6f\tDuration: 1 ms",
            "INIT_START Runtime Version: provided:al2023.v1",
            "2026-11-22T10:00:00Z 6f Task timed out after 900.00 seconds",
        ] {
            assert!(is_known(text), "{text}");
        }
        for text in ["hello", "2026-11-22 ERROR it failed", r#"{"msg":"ERROR"}"#, "restarted", "[1,2]"] {
            assert!(!is_known(text), "{text}");
        }
    }

    #[test]
    fn a_kind_that_is_made_of_the_message_has_no_name() {
        let name = |text: &str| read(text).unwrap().name().map(str::to_owned);
        assert_eq!(name(r#"{"level":"WARN","message":"took 17 s"}"#), None);
        assert_eq!(
            name(r#"{"level":"ERROR","error_name":"AuroraRestore.Stuck","message":"x"}"#).as_deref(),
            Some("AuroraRestore.Stuck")
        );
    }

    #[test]
    fn only_what_looks_like_a_code_is_one() {
        assert_eq!(code_in("x ARP-RDS-012: y"), Some("ARP-RDS-012".to_owned()));
        assert_eq!(code_in("ARP-, ARP-x-001, ARP-KMS-1"), None);
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd_to_be_read(text in ".{0,200}", level in "WARN|ERROR|INFO") {
            let _told = read(&text);
            let quoted = serde_json::Value::from(text).to_string();
            let told = read(&format!(r#"{{"level":"{level}","message":{quoted}}}"#));
            prop_assert_eq!(told.is_some(), level != "INFO");
        }
    }
}
