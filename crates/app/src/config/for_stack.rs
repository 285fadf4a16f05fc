//! The configuration of a stack: a file, checked as its functions will read it, in the form in which it fits a
//! parameter of a template.

use std::{collections::BTreeMap, path::Path};

use aurora_restore_core::{
    engine::longest,
    request::{Limits, Request},
};
use jiff::{SignedDuration, Timestamp};

use super::{Config, ConfigError, ParameterText, Problem, RotationKeys, Sources, Value};

/// What stands for a configuration that says nothing: a parameter in SSM is never empty.
const NOTHING: &str = "# Nothing is set here: every execution brings its own request.";

/// The most bytes that CloudFormation takes as the value of a parameter.
const BYTES_MAX: usize = 4_096;

/// What the template sets for every function, as far as reading the configuration depends on it; the time between two looks is
/// a parameter of its own.
fn of_functions(region: &str) -> BTreeMap<String, String> {
    let variables = [
        ("AURORA_RESTORE_JOURNAL_STORE", "tables"),
        ("AURORA_RESTORE_SECRETS_STORE", "secrets-manager"),
        ("AURORA_RESTORE_TARGET_REGION", region),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Reads the file as a function would read the parameter. No part of a request has to be there: an event may bring it.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong with it, by line.
pub fn for_stack(file: &Path, region: &str) -> Result<String, ConfigError> {
    let sources = Sources { file: Some(file.to_owned()), environment: of_functions(region), ..Sources::default() };
    refuse_what_functions_refuse(&Config::load(&sources)?)?;
    // Comments are for the reader of the file; a parameter has no room for them.
    let refused =
        |message: String, hint: &str| ConfigError::from(Problem { message, origin: None, hint: Some(hint.to_owned()) });
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| refused(format!("{name} cannot be read: {error}"), "Correct the path."))?;
    let table: toml::Table =
        text.parse().map_err(|error| refused(format!("{name} is not TOML: {error}"), "Correct it."))?;
    let compact = table.to_string();
    if compact.len() > BYTES_MAX {
        let told =
            format!("{name} has {} bytes without its comments, and a stack takes at most {BYTES_MAX}", compact.len());
        return Err(refused(told, "Move what differs between requests into the requests."));
    }
    Ok(if compact.is_empty() { NOTHING.to_owned() } else { compact })
}

/// How an account is entered is the functions' own business: with their roles, and with the template's for the source.
fn refuse_what_functions_refuse(config: &Config) -> Result<(), ConfigError> {
    let is_refused = |path: &str| {
        let of_target = ["aws.target.profile", "aws.target.role", "aws.target.keys-secret"];
        of_target.contains(&path) || path == "aws.source.profile"
    };
    let refused = config.show().into_iter().filter(|key| key.value.is_some() && is_refused(key.path));
    let problems: Vec<Problem> = refused
        .map(|key| Problem {
            message: format!("`{}` cannot be used by functions: they have roles of their own", key.path),
            origin: key.origin.cloned(),
            hint: Some("Take it out; give the role in the source account as the parameter SourceRoleArn.".to_owned()),
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
}

/// What a stack's functions read their configuration from, as the stack says it.
#[derive(Debug, Clone, Copy)]
pub struct StackReading<'a> {
    /// The text of the stack's own configuration.
    pub configuration: &'a str,
    /// The time between two looks, where the stack says one.
    pub poll: Option<&'a str>,
    /// For how many days states and entries are kept, where the stack says so.
    pub retention_days: Option<(&'a str, &'a str)>,
    /// The stack's Region.
    pub region: &'a str,
}

/// What a function of the stack makes of an event: the event's request over the stack's own configuration. It is the request
/// to the last key, because the digest of a plan covers all of them. `now` says what "today" is.
///
/// # Errors
/// [`ConfigError`] with everything that the function would refuse.
pub fn request_on_stack(
    stack: StackReading<'_>,
    event: serde_json::Map<String, serde_json::Value>,
    now: Timestamp,
) -> Result<Request, ConfigError> {
    as_read_there(stack, event)?.request(now)
}

/// What the stack's rotation of secrets works with, with a person's keys laid over the stack's own configuration.
///
/// # Errors
/// [`ConfigError`] with everything that is missing or malformed.
pub fn rotation_on_stack(
    stack: StackReading<'_>,
    event: serde_json::Map<String, serde_json::Value>,
) -> Result<RotationKeys, ConfigError> {
    as_read_there(stack, event)?.rotation()
}

fn as_read_there(
    stack: StackReading<'_>,
    event: serde_json::Map<String, serde_json::Value>,
) -> Result<Config, ConfigError> {
    let StackReading { configuration, poll, retention_days, region } = stack;
    let parameter = ParameterText { name: "of the stack's configuration".to_owned(), text: configuration.to_owned() };
    let mut environment = of_functions(region);
    environment.extend(poll.map(|poll| ("AURORA_RESTORE_LIMITS_POLL".to_owned(), poll.to_owned())));
    if let Some((states, entries)) = retention_days {
        environment.insert("AURORA_RESTORE_JOURNAL_STATE_RETENTION".to_owned(), format!("{states}d"));
        environment.insert("AURORA_RESTORE_JOURNAL_AUDIT_RETENTION".to_owned(), format!("{entries}d"));
    }
    let sources = Sources::of_function(environment, parameter).with_event(event);
    Config::load(&sources)
}

/// Reads a stack's configuration as its functions do.
fn load_on_stack(configuration: &str, region: &str) -> Result<Config, ConfigError> {
    // Lines say themselves where they are from.
    let parameter = ParameterText { name: String::new(), text: configuration.to_owned() };
    Config::load(&Sources::of_function(of_functions(region), parameter))
}

/// The secrets that a stack's configuration names, each key with its id, or what its functions would refuse of it, each as a fragment.
///
/// # Errors
/// Every problem.
pub fn secrets_on_stack(configuration: &str, region: &str) -> Result<Vec<(&'static str, String)>, Vec<String>> {
    let told = |error: ConfigError| error.problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>();
    let config = load_on_stack(configuration, region).map_err(told)?;
    let is_id = |path: &str| ["secrets.master", "secrets.users", "secrets.source-master"].contains(&path);
    let shown = config.show().into_iter().filter(|key| is_id(key.path));
    let ids = shown.filter_map(|key| match key.value {
        Some(Value::Text(id)) => Some((key.path, id.clone())),
        _ => None,
    });
    Ok(ids.collect())
}

/// How long a restore may take by a stack's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackBounds {
    /// Until it has ended, the way back included.
    pub restore: SignedDuration,
    /// How long the old cluster is kept after that.
    pub retain_old: SignedDuration,
}

/// How long one restore may last by a stack's configuration: what is said there, or the defaults. What its functions would
/// refuse has no bounds.
pub fn bounds_on_stack(configuration: &str, region: &str) -> Option<StackBounds> {
    let config = load_on_stack(configuration, region).ok()?;
    let bound = |path: &str| {
        config.show().into_iter().find(|key| key.path == path).and_then(|key| match key.value {
            Some(Value::Duration(bound)) => Some(*bound),
            _ => None,
        })
    };
    let limits = Limits {
        copy: bound("limits.copy")?,
        restore: bound("limits.restore")?,
        instances: bound("limits.instances")?,
        step: bound("limits.step")?,
        ..Limits::default()
    };
    Some(StackBounds { restore: longest(&limits), retain_old: bound("retirement.retain-old")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: StackReading<'_> =
        StackReading { configuration: "", poll: None, retention_days: None, region: "eu-central-1" };

    /// A whole request with one key more.
    fn event_with(section: &str, key: &str, value: &str) -> serde_json::Map<String, serde_json::Value> {
        let event = serde_json::json!({
            "source": {"latest-of": "prod"},
            "target": {"cluster": "staging"},
            "secrets": {"master": "staging/master"},
            section: {key: value},
        });
        event.as_object().unwrap().clone()
    }

    fn read(text: &str) -> Result<String, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("stack.toml");
        std::fs::write(&file, text).unwrap();
        for_stack(&file, "eu-central-1")
    }

    #[test]
    fn comments_are_left_out_and_all_else_stays() {
        let starter = super::super::starter();
        assert!(starter.len() > BYTES_MAX, "the example shows something");
        let compact = read(&format!("{starter}\n")).unwrap();
        assert!(!compact.contains('#') && compact.len() < BYTES_MAX, "{compact}");
        let text = "# One.\n[verification]\ntables-min = 3 # Two.\n";
        assert_eq!(read(text).unwrap(), "[verification]\ntables-min = 3\n");
        for text in ["", "# Later.\n"] {
            assert_eq!(read(text).unwrap(), NOTHING, "SSM takes no empty value");
        }
    }

    #[test]
    fn an_event_completes_what_the_stack_says() {
        let stack = "[secrets]\nmaster = \"staging/master\"\n[limits]\nattempts-max = 3\n";
        let event = serde_json::json!({"source": {"latest-of": "prod"}, "target": {"cluster": "staging"}});
        let now = "2026-11-22T10:15:00Z".parse().unwrap();
        let ask = |configuration| {
            let stack = StackReading { configuration, poll: Some("100s"), ..STACK };
            request_on_stack(stack, event.as_object().unwrap().clone(), now)
        };
        let request = ask(stack).unwrap();
        assert_eq!((request.limits.attempts_max, request.target.region.as_str()), (3, "eu-central-1"));
        assert_eq!(request.limits.poll, SignedDuration::from_secs(100));
        assert!(ask("").unwrap_err().to_string().contains("`secrets.master` is not set"));
    }

    #[test]
    fn looks_that_the_state_machine_waits_for_are_not_more_frequent_than_the_stack_has_them() {
        let now = "2026-11-22T10:15:00Z".parse().unwrap();
        let poll = |of_stack: Option<&'static str>, asked: &str| {
            let stack = StackReading { poll: of_stack, ..STACK };
            request_on_stack(stack, event_with("limits", "poll", asked), now).unwrap().limits.poll.as_secs()
        };
        // 25,000 events of an execution are 96 hours of looks every 130 s, and a day of looks every 30 s.
        assert_eq!((poll(Some("130s"), "30s"), poll(Some("130s"), "21s"), poll(Some("130s"), "129s")), (130, 130, 130));
        assert_eq!((poll(Some("130s"), "20s"), poll(Some("130s"), "5m"), poll(Some("1s"), "30s")), (20, 300, 30));
        assert_eq!(poll(None, "25s"), 30, "a stack that says nothing has the default");
    }

    /// Functions of the version before know nothing of that.
    #[test]
    fn what_is_sent_is_the_pace_that_is_kept() {
        let asked = [
            ("AURORA_RESTORE_SOURCE_LATEST_OF", "prod"),
            ("AURORA_RESTORE_TARGET_CLUSTER", "staging"),
            ("AURORA_RESTORE_SECRETS_MASTER", "staging/master"),
            ("AURORA_RESTORE_LIMITS_POLL", "30s"),
        ];
        let mut environment = of_functions(STACK.region);
        environment.extend(asked.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let config = Config::load(&Sources { environment, ..Sources::default() }).unwrap();
        let now = "2026-11-22T10:15:00Z".parse().unwrap();
        let sent = |poll: &'static str| {
            let stack = StackReading { poll: Some(poll), ..STACK };
            let request = request_on_stack(stack, config.event(), now).unwrap();
            let event = config.event_of(&request);
            assert_eq!(request_on_stack(stack, event.clone(), now).unwrap(), request, "whoever reads it");
            event["limits"]["poll"].as_str().unwrap().to_owned()
        };
        assert_eq!((sent("130s"), sent("1s")), ("130s".to_owned(), "30s".to_owned()));
    }

    #[test]
    fn an_old_cluster_is_not_kept_for_longer_than_the_stack_keeps_the_journal() {
        let now = "2026-11-22T10:15:00Z".parse().unwrap();
        let ask = |days: Option<&'static str>, retain_old: &str| {
            let stack = StackReading { retention_days: days.map(|days| ("30", days)), ..STACK };
            let event = event_with("retirement", "retain-old", retain_old);
            request_on_stack(stack, event, now).map(|request| request.retirement.retain_old)
        };
        let refused = ask(Some("30"), "45d").unwrap_err().to_string();
        assert!(
            refused.contains("`retirement.retain-old`") && refused.contains("`journal.audit-retention`"),
            "{refused}"
        );
        assert!(ask(None, "370d").is_err(), "the default is a year");
        assert_eq!(ask(Some("1095"), "370d").unwrap(), SignedDuration::from_hours(24 * 370));
        assert!(ask(Some("30"), "20d").is_ok());
    }

    #[test]
    fn secrets_are_named_and_what_functions_refuse_is_told() {
        let read = |text| secrets_on_stack(text, "eu-central-1");
        assert_eq!(read("[limits]\nattempts-max = 3\n"), Ok(Vec::new()));
        assert_eq!(
            read("[secrets]\nmaster = \"staging/master\"\n"),
            Ok(vec![("secrets.master", "staging/master".to_owned())])
        );
        assert_eq!(read("[target]\nclutser = \"x\"\n"), Err(vec!["unknown key `target.clutser`".to_owned()]));
    }

    #[test]
    fn what_a_function_would_refuse_is_refused_with_its_line() {
        let told = read("[target]\nclutser = \"x\"\n").unwrap_err().to_string();
        assert!(told.ends_with("stack.toml:2: unknown key `target.clutser`"), "{told}");
        let told = read("[aws.target]\nprofile = \"staging\"\n").unwrap_err().to_string();
        assert!(told.contains("stack.toml:2: `aws.target.profile` cannot be used by functions"), "{told}");
        let large = format!("[restore.tags]\nnote = \"{}\"\n", "x".repeat(BYTES_MAX));
        assert!(read(&large).unwrap_err().to_string().contains("at most 4096"));
    }
}
