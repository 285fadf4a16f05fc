//! What a function is told by its environment: what it serves, where it is, and where its configuration is.

use std::time::Duration;

use aurora_restore_app::config::Sources;
use aurora_restore_core::ids::Region;

use crate::{failure::FunctionError, place::Served};

/// What a function is.
#[derive(Debug, Clone)]
pub(crate) struct Variables {
    pub(crate) served: Served,
    /// The environment's name: a dimension of every metric.
    pub(crate) environment: String,
    /// The SSM parameter with the configuration.
    pub(crate) parameter: String,
    pub(crate) region: Region,
    /// The stack that it is a part of, by which the sweeper's notices can be told apart.
    pub(crate) stack: Option<String>,
    /// The state machine whose executions the sweeper starts.
    pub(crate) machine: Option<String>,
    /// How often the sweeper comes: what it has found within that time is news.
    pub(crate) sweep_period: Duration,
    /// Whether the stack's roles may do what `replace` needs.
    pub(crate) allows_replace: bool,
    /// Where the package is.
    pub(crate) package: Option<String>,
    /// All of the environment, in which the configuration is looked for.
    pub(crate) sources: Sources,
}

/// How often the sweeper comes where nothing else is said.
const SWEEP_PERIOD_HOURS: u64 = 24;

const STEP: &str = "AURORA_RESTORE_STEP";
const ENVIRONMENT: &str = "AURORA_RESTORE_ENVIRONMENT";

/// What is served here, if that is told: lines and metrics need it whatever else is wrong.
pub(crate) fn served(sources: &Sources) -> Option<Served> {
    sources.environment.get(STEP).and_then(|word| Served::from_word(word))
}

/// The environment's name, in the same way.
pub(crate) fn environment(sources: &Sources) -> Option<&str> {
    sources.environment.get(ENVIRONMENT).map(String::as_str).filter(|name| !name.is_empty())
}

impl Variables {
    /// Reads them.
    pub(crate) fn read(sources: Sources) -> Result<Self, FunctionError> {
        let optional = |name: &str| sources.environment.get(name).filter(|text| !text.is_empty()).cloned();
        let needed = |name: &str| optional(name).ok_or_else(|| missing(name));
        let step = needed(STEP)?;
        let served = served(&sources).ok_or_else(|| {
            wrong(STEP, &format!("`{step}` is neither a step nor `undo`, `retire`, `sweep` or `rotate`"))
        })?;
        let region = needed("AWS_REGION")?;
        // Another stack of the account may have the tables that go without saying.
        if served != Served::Rotate {
            needed("AURORA_RESTORE_JOURNAL_STATE_TABLE")?;
            needed("AURORA_RESTORE_JOURNAL_AUDIT_TABLE")?;
        }
        Ok(Self {
            served,
            environment: needed(ENVIRONMENT)?,
            parameter: needed("AURORA_RESTORE_PARAMETER")?,
            region: Region::new(&region).map_err(|invalid| wrong("AWS_REGION", &invalid.to_string()))?,
            stack: optional("AURORA_RESTORE_STACK"),
            machine: optional("AURORA_RESTORE_STATE_MACHINE"),
            sweep_period: sweep_period(optional("AURORA_RESTORE_SWEEP_PERIOD").as_deref())?,
            allows_replace: allows_replace(optional("AURORA_RESTORE_ALLOW_REPLACE").as_deref())?,
            package: optional("LAMBDA_TASK_ROOT"),
            sources,
        })
    }
}

/// A number of hours with its unit, as in `24h`.
fn sweep_period(text: Option<&str>) -> Result<Duration, FunctionError> {
    let Some(text) = text else { return Ok(Duration::from_hours(SWEEP_PERIOD_HOURS)) };
    let hours = text
        .strip_suffix('h')
        .and_then(|number| number.parse::<u64>().ok())
        .filter(|hours| (1..=8_760).contains(hours));
    hours.map(Duration::from_hours).ok_or_else(|| {
        wrong("AURORA_RESTORE_SWEEP_PERIOD", &format!("`{text}` is not a number of hours from 1h to 8760h"))
    })
}

/// Where a stack does not say whether it allows `replace`, its roles decide.
fn allows_replace(text: Option<&str>) -> Result<bool, FunctionError> {
    match text {
        Some("yes") | None => Ok(true),
        Some("no") => Ok(false),
        Some(text) => Err(wrong("AURORA_RESTORE_ALLOW_REPLACE", &format!("`{text}` is neither `yes` nor `no`"))),
    }
}

pub(crate) fn missing(name: &str) -> FunctionError {
    wrong(name, "it is not set")
}

fn wrong(name: &str, reason: &str) -> FunctionError {
    FunctionError::Refused(format!("environment variable {name}: {reason}; deploy the stack's template again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut Sources)) -> Result<Variables, FunctionError> {
        let mut sources = Sources::default();
        let usual = [
            ("AURORA_RESTORE_STEP", "undo"),
            ("AURORA_RESTORE_ENVIRONMENT", "prod"),
            ("AURORA_RESTORE_PARAMETER", "/aurora-restore/prod/config"),
            ("AWS_REGION", "eu-central-1"),
            ("AURORA_RESTORE_JOURNAL_STATE_TABLE", "states"),
            ("AURORA_RESTORE_JOURNAL_AUDIT_TABLE", "entries"),
        ];
        sources.environment.extend(usual.map(|(name, text)| (name.to_owned(), text.to_owned())));
        change(&mut sources);
        Variables::read(sources)
    }

    fn set(name: &'static str, text: &'static str) -> impl FnOnce(&mut Sources) {
        move |sources| {
            sources.environment.insert(name.to_owned(), text.to_owned());
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(read(|_| {}).unwrap().served, Served::Undo);
        let told = |change| read(change).unwrap_err().to_string();
        assert!(told(set("AURORA_RESTORE_STEP", "")).contains("AURORA_RESTORE_STEP: it is not set"));
        assert!(told(set("AURORA_RESTORE_JOURNAL_STATE_TABLE", "")).contains("JOURNAL_STATE_TABLE: it is not set"));
        let error = read(set("AURORA_RESTORE_STEP", "dance")).unwrap_err().to_string();
        assert!(error.contains("`dance` is neither a step"), "{error}");
        let error = read(set("AURORA_RESTORE_SWEEP_PERIOD", "24")).unwrap_err().to_string();
        assert!(error.contains("not a number of hours"), "{error}");
    }

    #[test]
    fn replace_is_allowed_unless_the_stack_says_no() {
        assert!(read(|_| {}).unwrap().allows_replace);
        assert!(read(set("AURORA_RESTORE_ALLOW_REPLACE", "yes")).unwrap().allows_replace);
        assert!(!read(set("AURORA_RESTORE_ALLOW_REPLACE", "no")).unwrap().allows_replace);
        let error = read(set("AURORA_RESTORE_ALLOW_REPLACE", "maybe")).unwrap_err().to_string();
        assert!(error.contains("`maybe` is neither `yes` nor `no`"), "{error}");
    }

    #[test]
    fn the_sweeper_comes_daily_unless_something_else_is_said() {
        assert_eq!(read(|_| {}).unwrap().sweep_period, Duration::from_hours(24));
        assert_eq!(read(set("AURORA_RESTORE_SWEEP_PERIOD", "1h")).unwrap().sweep_period, Duration::from_hours(1));
    }
}
