//! Any text as a configuration: it is refused with every problem and its place, or it gives a request that the journal
//! keeps as it is.

use std::collections::BTreeMap;

use aurora_restore_app::config::{Config, ConfigError, Origin, ParameterText, Sources};
use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{Entry, SealedEntry},
    operation::Event,
    request::Request,
};

const PARAMETER: &str = "/aurora-restore/prod";

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parameter = ParameterText { name: PARAMETER.to_owned(), text: text.to_owned() };
    read(&Sources::of_function(BTreeMap::new(), parameter), text.split('\n').count());
}

/// Reads what these sources say; the parameter has so many lines.
pub(crate) fn read(sources: &Sources, lines: usize) {
    let now = "2026-11-22T10:15:00Z".parse().expect("a constant that is a time");
    match Config::load(sources) {
        Err(error) => require_told(&error, lines),
        Ok(config) => {
            let _shown = config.show();
            match config.request(now) {
                Err(error) => require_told(&error, lines),
                Ok(request) => require_kept(request),
            }
        }
    }
}

/// What is wrong is told with the place where it stands; only what is missing stands nowhere.
fn require_told(error: &ConfigError, lines: usize) {
    assert!(!error.problems.is_empty());
    for problem in &error.problems {
        assert!(!problem.message.is_empty());
        match &problem.origin {
            Some(Origin::Parameter { name, line }) => {
                assert_eq!(name, PARAMETER);
                assert!((1..=lines).contains(line), "line {line} of {lines}: {problem}");
            }
            Some(Origin::Environment { .. } | Origin::Flag { .. } | Origin::Event) => {}
            Some(Origin::File { .. } | Origin::Default | Origin::Item { .. } | Origin::Stack { .. }) => {
                panic!("nobody wrote that: {problem:?}")
            }
            None => assert!(is_about_something_missing(&problem.message), "{problem:?}"),
        }
    }
}

fn is_about_something_missing(message: &str) -> bool {
    ["missing", "nothing", "not set", "needs", "give"].iter().any(|word| message.contains(word))
}

fn require_kept(request: Request) {
    let executor = ExecutorId::new("fuzz").expect("a constant that is an id");
    let entry = Entry {
        operation: OperationId::new("op-fuzz").expect("a constant that is an id"),
        sequence: 1,
        at: "2026-11-22T10:15:00Z".parse().expect("a constant that is a time"),
        event: Event::Requested { request: Box::new(request), executor, approved_plan: None },
    };
    let sealed = SealedEntry::seal(&entry, "").expect("a request that was accepted can be written");
    assert_eq!(sealed.open(1, ""), Ok(entry));
}
