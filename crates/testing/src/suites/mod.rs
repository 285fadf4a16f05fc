//! Conformance suites as library functions: one per port, run by every implementation of it.
//!
//! A suite is a list of cases. A case says in one sentence what must hold; an implementation's fixture says how time
//! passes there and which cases it cannot show, with the reason.

pub mod bills;
pub mod changes;
pub mod executions;
pub mod functions;
pub mod grants;
pub mod insights;
pub mod journal;
pub mod logs;
pub mod metrics;
pub mod monitors;
pub mod notifier;
pub mod rds;
pub mod restore_tests;
pub mod safeguards;
pub mod secret_versions;
pub mod secrets;
pub mod stacks;
pub mod states;
pub mod table_settings;

use std::fmt;

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It cannot be shown there.
    Skipped(&'static str),
    /// It does not hold.
    Broken(String),
}

/// A case and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// What must hold, as a sentence.
    pub case: &'static str,
    /// How it ended.
    pub verdict: Verdict,
}

/// Gives the broken cases, one line each; empty is good.
pub fn broken(results: &[CaseResult]) -> Vec<String> {
    results
        .iter()
        .filter_map(|result| match &result.verdict {
            Verdict::Broken(reason) => Some(format!("{}: {reason}", result.case)),
            Verdict::Holds | Verdict::Skipped(_) => None,
        })
        .collect()
}

/// Why a case does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl<E: fmt::Display> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Case = Result<(), Broken>;

fn same<T: fmt::Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Case {
    if found == expected { Ok(()) } else { Err(Broken(format!("{what} is {found:?} and not {expected:?}"))) }
}

fn holds(what: &str, condition: bool) -> Case {
    if condition { Ok(()) } else { Err(Broken(format!("{what} does not hold"))) }
}

fn verdict(result: Case) -> Verdict {
    match result {
        Ok(()) => Verdict::Holds,
        Err(Broken(reason)) => Verdict::Broken(reason),
    }
}
