//! The payload of an invocation: closed, checked before anything is asked of anybody.
//!
//! ```json
//! {"executor": "<name of the execution>",
//!  "input": {"operation_id": "…", "request": {…}, "approved_plan": "…", "drill": true, "ask": {"kind": "resume", "by": "user@host"}},
//!  "cause": {"Error": "…", "Cause": "…"}}
//! ```
//! `request`, `approved_plan`, `drill` and `ask` belong to the first function of an execution, `cause` to the way back; wherever they
//! are given they have to be well formed.

use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    plan,
};
use aurora_restore_ops::ports::Cause;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{failure::FunctionError, payload, place::Served};

/// The most characters of a person's name and of their words.
const WORDS_CHARS_MAX: usize = 2_000;

/// What an invocation asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who executes: the name of the state machine's execution.
    pub executor: ExecutorId,
    /// The operation.
    pub operation_id: OperationId,
    /// What to restore, if the operation does not exist yet.
    pub request: Option<Map<String, Value>>,
    /// The digest of the plan that a person has approved: what the request comes to, or nothing is done.
    pub approved_plan: Option<String>,
    /// Whether the request is one of a drill, to be restored beside the target. Functions that know no drills refuse the word.
    pub drill: bool,
    /// What a person asks of an operation that exists.
    pub ask: Option<Ask>,
    /// Why a function could not do its work, as the state machine caught it.
    pub cause: Option<Cause>,
}

/// What a person asks of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// What.
    pub kind: AskKind,
    /// Who asks.
    pub by: String,
    /// What they did about the step that cannot be undone; goes with [`AskKind::Waive`].
    #[serde(default)]
    pub note: Option<String>,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskKind {
    /// Go on, wherever it stands.
    Resume,
    /// Take it back.
    Undo,
    /// End its retired cluster.
    Retire,
    /// Go on without undoing the step that it is stuck on.
    Waive,
}

impl AskKind {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Undo => "undo",
            Self::Retire => "retire",
            Self::Waive => "waive",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    executor: ExecutorId,
    input: Input,
    #[serde(default)]
    cause: Option<Cause>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    operation_id: OperationId,
    #[serde(default)]
    request: Option<Map<String, Value>>,
    #[serde(default)]
    approved_plan: Option<String>,
    #[serde(default)]
    drill: bool,
    #[serde(default)]
    ask: Option<Ask>,
}

impl Event {
    /// Reads the payload of an invocation of a function.
    ///
    /// # Errors
    /// [`FunctionError::Refused`] with what is wrong and where.
    pub fn read(served: Served, payload: Value) -> Result<Self, FunctionError> {
        if let Some(wrong) = payload::no_object(&payload, &["", "/input", "/input/ask", "/cause"]) {
            return Err(foreign(&wrong));
        }
        let payload: Payload = serde_json::from_value(payload).map_err(|error| foreign(&payload::told(&error)))?;
        if payload.cause.is_some() && served != Served::Undo {
            return Err(foreign(&format!(
                "`cause` belongs to the function of the way back, and this one serves {}",
                served.as_str()
            )));
        }
        if let Some(ask) = &payload.input.ask {
            ask.check()?;
        }
        payload.input.check_approval()?;
        let Input { operation_id, request, approved_plan, drill, ask } = payload.input;
        let (executor, cause) = (payload.executor, payload.cause);
        Ok(Self { executor, operation_id, request, approved_plan, drill, ask, cause })
    }
}

impl Input {
    /// What is approved is the plan of a request. A digest that is none would refuse the restore late, as a stale plan.
    fn check_approval(&self) -> Result<(), FunctionError> {
        match (&self.approved_plan, &self.request) {
            (Some(digest), _) if !plan::is_digest(digest) => {
                Err(foreign("`approved_plan` must be the digest of a plan, which has 16 hexadecimal digits"))
            }
            (Some(_), None) => Err(foreign("`approved_plan` goes with a `request`")),
            (Some(_) | None, Some(_)) | (None, None) => Ok(()),
        }
    }
}

impl Ask {
    fn check(&self) -> Result<(), FunctionError> {
        let words = |name: &str, text: &str| {
            if text.trim().is_empty() || text.chars().count() > WORDS_CHARS_MAX {
                return Err(foreign(&format!("`ask.{name}` must have 1 to {WORDS_CHARS_MAX} characters")));
            }
            if text.chars().any(char::is_control) {
                return Err(foreign(&format!("`ask.{name}` must not have control characters")));
            }
            Ok(())
        };
        words("by", &self.by)?;
        match (self.kind, &self.note) {
            (AskKind::Waive, Some(note)) => words("note", note),
            (AskKind::Waive, None) => {
                Err(foreign("`ask.note` must say what was done about the step that cannot be undone"))
            }
            (AskKind::Resume | AskKind::Undo | AskKind::Retire, Some(_)) => {
                Err(foreign("`ask.note` goes with `waive` only"))
            }
            (AskKind::Resume | AskKind::Undo | AskKind::Retire, None) => Ok(()),
        }
    }
}

fn foreign(what: &str) -> FunctionError {
    FunctionError::Refused(format!(
        "the event is not one of the pipeline's state machine: {what}; start restores with `aurora-restore start --on-aws`, or an \
         execution of the machine whose input has that form. Nothing was changed."
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(payload: Value) -> String {
        Event::read(Served::FIRST, payload).unwrap_err().to_string()
    }

    #[test]
    fn the_payload_of_the_state_machine_is_read() {
        let payload = json!({
            "executor": "op-1-r7",
            "input": {"operation_id": "op-1", "ask": {"kind": "waive", "by": "me@home", "note": "deleted it"}},
        });
        let event = Event::read(Served::FIRST, payload).unwrap();
        assert_eq!((event.operation_id.as_str(), event.executor.as_str()), ("op-1", "op-1-r7"));
        assert_eq!(event.ask.unwrap().kind, AskKind::Waive);
    }

    #[test]
    fn an_event_that_is_not_ours_is_refused_with_what_is_wrong() {
        let cases = [
            (json!({}), "missing field `executor`"),
            (json!({"Records": []}), "unknown field `Records`"),
            (json!("hello"), "it is no object"),
            (json!(["e", { "operation_id": "o" }, null]), "it is no object"),
            (json!({"executor": "e", "input": ["o"]}), "`input` is no object"),
            (json!({"executor": "e", "input": {"operation_id": "o", "drill": "hunter2"}}), "invalid type: a text"),
            (json!({"executor": "e", "input": {"operation_id": "Op 1"}}), "operation id `Op 1` is not valid"),
            (json!({"executor": "e", "input": {"operation_id": "o", "resume": true}}), "unknown field `resume`"),
            (json!({"executor": "e", "input": {"operation_id": "o", "request": []}}), "invalid type"),
            (
                json!({"executor": "e", "input": {"operation_id": "o", "ask": {"kind": "stop", "by": "x"}}}),
                "unknown variant `stop`",
            ),
            (
                json!({"executor": "e", "input": {"operation_id": "o", "ask": {"kind": "resume", "by": " "}}}),
                "`ask.by` must have",
            ),
            (
                json!({"executor": "e", "input": {"operation_id": "o", "ask": {"kind": "waive", "by": "x"}}}),
                "`ask.note` must say",
            ),
            (
                json!({"executor": "e", "input": {"operation_id": "o", "ask": {"kind": "undo", "by": "x", "note": "y"}}}),
                "`ask.note` goes with",
            ),
            (json!({"executor": "e", "input": {"operation_id": "o"}, "cause": {"Error": "x"}}), "`cause` belongs to"),
            (
                json!({"executor": "e", "input": {"operation_id": "o", "approved_plan": "0123456789abcdef"}}),
                "`approved_plan` goes with a `request`",
            ),
            (
                json!({"executor": "e", "input": {"operation_id": "o", "request": {}, "approved_plan": "yes"}}),
                "16 hexadecimal digits",
            ),
        ];
        for (payload, expected) in cases {
            let told = refused(payload);
            assert!(told.contains(expected) && told.contains("Nothing was changed."), "{told}");
        }
    }
}
