//! Lambda's Runtime API: one invocation after the other, each answered with a reply or with an error that has a name.
//!
//! `lambda_runtime` speaks with the API; it also puts the X-Ray header of an invocation where the SDK looks for it, so the
//! calls of a function are parts of its trace. What it makes of a panic has no name that a state machine could match, so
//! panics are caught here.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use aurora_restore_app::config::Sources;
use jiff::Timestamp;
use lambda_runtime::{
    Diagnostic, Error, LambdaEvent, Runtime, layers::TracingLayer, service_fn, tower::util::MapRequestLayer,
};
use serde_json::Value;

use crate::{
    failure::FunctionError,
    log,
    metrics::{Amount, Measure},
    payload,
    wiring::Wiring,
};

/// The most characters of an error. Step Functions keeps 32,768 of a cause.
const TEXT_CHARS_MAX: usize = 4_000;

/// An answer on its way.
type Answering = Pin<Box<dyn Future<Output = Result<Value, Diagnostic>> + Send>>;

/// Serves invocations until the environment is ended.
///
/// # Errors
/// Where the Runtime API does not answer.
pub async fn run() -> Result<(), Error> {
    let wiring = Arc::new(Wiring::new(Sources::of_process()));
    // Boxed, because a future as large as a whole restore cannot be a part of others.
    let serve = move |event: LambdaEvent<Value>| -> Answering { Box::pin(invoke(Arc::clone(&wiring), event)) };
    let runtime = Runtime::new(service_fn(serve)).layer(TracingLayer::new());
    runtime.layer(MapRequestLayer::new(payload::readable)).run().await
}

async fn invoke(wiring: Arc<Wiring>, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let (payload, context) = event.into_parts();
    log::begin(wiring.served().map(crate::Served::as_str), &context.request_id);
    let deadline = UNIX_EPOCH + Duration::from_millis(context.deadline);
    // A task of its own, whose panic is a value here. What it had measured is lost with it.
    let work = Arc::clone(&wiring);
    let served = caught(async move {
        let mut measures = Vec::new();
        let answer = work.serve(payload, deadline, &mut measures).await;
        (answer, measures)
    })
    .await;
    let (answer, mut measures) = served.unwrap_or_else(|panicked| (Err(panicked), Vec::new()));
    let answer = answer.map_err(|error| (error.name(), cut(error.to_string())));
    if let Err((name, text)) = &answer {
        tracing::error!(error_name = name, "{text}");
        let step = wiring.served().map_or("unknown", crate::Served::as_str);
        measures.push(Measure::of_step("FunctionErrors", step, Amount::Count(1)));
    }
    tell(&wiring, &measures);
    answer.map_err(|(name, text)| Diagnostic { error_type: name.to_owned(), error_message: text })
}

/// Whoever sends a large event does not get it back, nor find it in the log.
fn cut(text: String) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}… (cut)", &text[..end]),
        None => text,
    }
}

fn tell(wiring: &Wiring, measures: &[Measure]) {
    let (operation, now) = (log::operation(), Timestamp::now());
    for measure in measures {
        if let Value::Object(line) = measure.line(wiring.environment(), operation.as_deref(), now) {
            log::write(line);
        }
    }
}

/// Runs work to its end; a panic in it is an error with our name for it.
async fn caught<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, FunctionError> {
    tokio::spawn(work).await.map_err(|error| {
        let said =
            error.try_into_panic().map_or_else(|error| error.to_string(), |payload| panic_text(payload.as_ref()));
        FunctionError::Panic(format!("the function panicked: {said}; please report it with the function's log"))
    })
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = cut("ü".repeat(TEXT_CHARS_MAX + 1));
        assert_eq!((long.chars().count(), long.ends_with("ü… (cut)")), (TEXT_CHARS_MAX + 7, true));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_with_a_name() {
        let number = std::hint::black_box(0_u32);
        let error =
            caught(async move { 1_u32.checked_div(number).expect("a number that is not zero") }).await.unwrap_err();
        assert_eq!(error.name(), "AuroraRestore.Panic");
        assert!(error.to_string().contains("a number that is not zero"), "{error}");
        assert_eq!(caught(async { 7 }).await, Ok(7));
    }
}
