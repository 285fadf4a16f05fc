//! Lines of JSON on standard output, which Lambda keeps: what developers read, and the metrics.
//!
//! Every line has `operation_id` and `step`, wherever it is written: an environment works on one invocation at a time, so
//! what is being worked on is one value of the process.

use std::{
    fmt,
    io::Write,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// What is written where AURORA_RESTORE_LOG asks for nothing: our own rooms, and what others warn of.
const USUAL: &str = "warn,aurora_restore_app=info,aurora_restore_aws=info,aurora_restore_core=info,\
                     aurora_restore_lambda=info,aurora_restore_ops=info,aurora_restore_sql=info,bootstrap=info";

/// It repeats every error that we have told already, in the form of a debugger: each would be counted twice.
const REPEATS: &str = "lambda_runtime::layers::panic";

/// What is being worked on.
static ABOUT: Mutex<About> = Mutex::new(About { step: None, operation: None, request: None });

#[derive(Debug)]
struct About {
    step: Option<&'static str>,
    operation: Option<String>,
    request: Option<String>,
}

/// Begins to listen, and has panics told as lines like every other.
pub fn listen(asked: Option<&str>) {
    let (filter, wrong) = filter(asked);
    tracing_subscriber::registry().with(JsonLines.with_filter(filter)).init();
    if let Some(wrong) = wrong {
        tracing::warn!(reason = wrong, "AURORA_RESTORE_LOG is not understood, and not obeyed");
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, panic = panic.payload_as_str().unwrap_or("no text"), "panicked");
    }));
}

/// A level that cannot be read must not stop a restore.
fn filter(asked: Option<&str>) -> (Targets, Option<String>) {
    let usual = || {
        USUAL.parse::<Targets>().expect("a constant that is a list of levels").with_target(REPEATS, LevelFilter::OFF)
    };
    match asked.filter(|text| !text.is_empty()).map(str::parse) {
        None => (usual(), None),
        Some(Ok(targets)) => (without_wire(targets), None),
        Some(Err(error)) => (usual(), Some(error.to_string())),
    }
}

/// Whatever is asked for, the SDK does not write down requests: below `debug` it would, bodies and passwords included.
fn without_wire(targets: Targets) -> Targets {
    const OF_OTHERS: [&str; 4] = ["aws_", "h2", "hyper", "rustls"];
    let is_of_others = |target: &str| OF_OTHERS.iter().any(|other| target.starts_with(other));
    let default = targets.default_level().unwrap_or(LevelFilter::OFF);
    let asked: Targets = targets.into_iter().filter(|(target, _)| !is_of_others(target)).collect();
    let asked = asked.with_default(default).with_targets(OF_OTHERS.map(|target| (target, LevelFilter::WARN)));
    asked.with_target(REPEATS, LevelFilter::OFF)
}

/// An invocation begins.
pub(crate) fn begin(step: Option<&'static str>, request: &str) {
    let mut about = ABOUT.lock().unwrap_or_else(PoisonError::into_inner);
    *about = About { step, operation: None, request: Some(request.to_owned()) };
}

/// The operation is known.
pub(crate) fn about(operation: &str) {
    ABOUT.lock().unwrap_or_else(PoisonError::into_inner).operation = Some(operation.to_owned());
}

/// The operation that is being worked on.
pub(crate) fn operation() -> Option<String> {
    ABOUT.lock().unwrap_or_else(PoisonError::into_inner).operation.clone()
}

/// Writes one line, with what is being worked on.
pub(crate) fn write(mut line: Map<String, Value>) {
    let about = ABOUT.lock().unwrap_or_else(PoisonError::into_inner);
    line.insert("operation_id".to_owned(), json!(about.operation));
    line.insert("step".to_owned(), json!(about.step));
    line.insert("request_id".to_owned(), json!(about.request));
    // Who has closed our output reads no lines; the operation does not depend on them.
    let _ = writeln!(std::io::stdout().lock(), "{}", Value::Object(line));
}

struct JsonLines;

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let Fields(mut line) = fields;
        line.insert("timestamp".to_owned(), json!(Timestamp::now()));
        line.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        line.insert("target".to_owned(), json!(event.metadata().target()));
        write(line);
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        // A crate that logs through another one says where it comes from; nobody here needs that.
        if !field.name().starts_with("log.") {
            self.0.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_cannot_be_read_are_told_and_the_usual_ones_hold() {
        let (targets, wrong) = filter(Some("aurora_restore_core=loud"));
        assert!(wrong.is_some());
        assert!(targets.would_enable("aurora_restore_core", &tracing::Level::INFO));
        let (targets, wrong) = filter(Some("debug"));
        assert!(wrong.is_none() && targets.would_enable("anything", &tracing::Level::DEBUG));
        assert!(!filter(None).0.would_enable("aws_config", &tracing::Level::INFO));
    }

    #[test]
    fn nobody_can_ask_for_requests_to_be_written_down() {
        for asked in ["trace", "aws_smithy_runtime=trace", "info,aws_smithy_runtime::client=debug,hyper=trace"] {
            let (targets, wrong) = filter(Some(asked));
            assert!(wrong.is_none());
            for target in ["aws_smithy_runtime::client::orchestrator", "aws_sigv4::http_request", "hyper_util::client"]
            {
                assert!(!targets.would_enable(target, &tracing::Level::DEBUG), "{asked}: {target}");
            }
        }
        assert!(filter(Some("trace")).0.would_enable("aurora_restore_core", &tracing::Level::TRACE));
    }
}
