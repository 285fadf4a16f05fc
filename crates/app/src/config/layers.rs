//! Values from all their origins, laid over one another: default < file < environment < flag.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::SignedDuration;

use super::{
    ConfigError, DEFAULTS, Origin, Problem, Sources, event,
    file::{self, Document, key_hint},
    reference, schema, stack,
    value::{self, Value},
};

/// Variables with our prefix that are not keys of the configuration.
const OTHER_VARIABLES: [&str; 9] = [
    "AURORA_RESTORE_CONFIG",
    "AURORA_RESTORE_LOG",
    // Which stack is meant: an option of the command. And which one a function is a part of.
    "AURORA_RESTORE_STACK",
    // What a function is, not what it is to do.
    "AURORA_RESTORE_STEP",
    "AURORA_RESTORE_ENVIRONMENT",
    "AURORA_RESTORE_PARAMETER",
    "AURORA_RESTORE_STATE_MACHINE",
    "AURORA_RESTORE_SWEEP_PERIOD",
    "AURORA_RESTORE_ALLOW_REPLACE",
];

/// The time between two looks at RDS.
const POLL: &str = "limits.poll";

/// Waits of up to so long a function waits itself: the switch keeps clients waiting, and twenty seconds of a small function cost what
/// the three transitions of a wait of the state machine cost.
pub const WAIT_INSIDE_MAX: SignedDuration = SignedDuration::from_secs(20);

/// Variables with this prefix belong to tests and to the development of this program.
const TEST_PREFIX: &str = "AURORA_RESTORE_TEST_";

/// The keys that say what to restore from, each with the key that goes with it alone.
const SOURCES: [(&str, Option<&str>); 5] = [
    ("source.snapshot", None),
    ("source.prefix", Some("source.date")),
    ("source.latest-of", Some("source.kinds")),
    ("source.point-in-time-of", Some("source.time")),
    ("source.clone-of", None),
];

/// The values in force, each with its origin.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    values: BTreeMap<&'static str, (Value, Origin)>,
}

impl Values {
    pub(super) fn get(&self, path: &str) -> Option<&(Value, Origin)> {
        debug_assert!(schema::find(path).is_some(), "`{path}` is not a key");
        self.values.get(path)
    }

    /// What to restore from is one decision: a flag that makes it replaces the whole of what the file says about it.
    fn keep_strongest_source(&mut self) {
        let rank = |path: &str| self.values.get(path).map(|(_, origin)| origin.rank());
        let Some(strongest) = SOURCES.iter().filter_map(|(path, _)| rank(path)).max() else { return };
        let weaker: Vec<_> =
            SOURCES.iter().filter(|(path, _)| rank(path).is_some_and(|rank| rank < strongest)).collect();
        for (path, companion) in weaker {
            self.values.remove(path);
            companion.map(|companion| self.values.remove(companion));
        }
    }

    /// A look that the state machine waits for costs it events, of which it has so many: an event may ask for rarer ones than the
    /// stack's, and for such as functions wait for themselves, but not for those between.
    fn keep_pace(&mut self, of_stack: Option<(Value, Origin)>) {
        let asked = self.values.get(POLL).filter(|(_, origin)| *origin == Origin::Event);
        if let (Some((Value::Duration(asked), _)), Some((Value::Duration(slowest), _))) = (asked, &of_stack)
            && *asked > WAIT_INSIDE_MAX
            && asked < slowest
        {
            self.values.extend(of_stack.map(|of_stack| (POLL, of_stack)));
        }
    }

    pub(super) fn set(&mut self, path: &'static str, value: Value, origin: Origin) {
        self.values.insert(path, (value, origin));
    }
}

/// Lays the origins over one another.
pub(super) fn resolve(sources: &Sources, file: Option<&Path>) -> Result<Values, ConfigError> {
    let mut values = Values::default();
    let mut problems = Vec::new();
    for (key, value, _) in file::parse(DEFAULTS, Path::new("default-config.toml")).entries {
        values.set(key.path, value, Origin::Default);
    }
    if let Some(path) = file {
        let parsed = file::parse(&read(path)?, path);
        problems.extend(parsed.problems);
        for (key, value, origin) in parsed.entries {
            values.set(key.path, value, origin);
        }
    }
    if let Some(parameter) = &sources.parameter {
        let parsed = file::parse_document(&parameter.text, Document::Parameter(&parameter.name));
        problems.extend(parsed.problems);
        for (key, value, origin) in parsed.entries {
            values.set(key.path, value, origin);
        }
    }
    environment(sources, &mut values, &mut problems);
    if let Some(request) = &sources.event {
        let of_stack = values.get(POLL).cloned();
        let parsed = event::parse(request);
        problems.extend(parsed.problems);
        for (key, value, origin) in parsed.entries {
            values.set(key.path, value, origin);
        }
        values.keep_pace(of_stack);
    }
    if let Some(item) = &sources.item {
        let parsed = event::parse_as(&item.request, &Origin::Item { name: item.name.clone() });
        problems.extend(parsed.problems);
        for (key, value, origin) in parsed.entries {
            values.set(key.path, value, origin);
        }
    }
    if let Some(deployed) = &sources.stack {
        stack::lay(deployed, &mut values, &mut problems);
    }
    flags(sources, &mut values, &mut problems);
    if let Some(deployed) = &sources.stack {
        stack::require_region(deployed, &values, &mut problems);
    }
    values.keep_strongest_source();
    if problems.is_empty() { Ok(values) } else { Err(ConfigError { problems }) }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        Problem {
            message: format!("the configuration {} cannot be read: {error}", path.display()),
            origin: None,
            hint: Some("Write one with `aurora-restore config init`, or correct the path.".to_owned()),
        }
        .into()
    })
}

fn environment(sources: &Sources, values: &mut Values, problems: &mut Vec<Problem>) {
    problems.extend(sources.unreadable.iter().map(|variable| Problem {
        message: "its value is not text in UTF-8".to_owned(),
        origin: Some(Origin::Environment { variable: variable.clone() }),
        hint: Some("Unset it, or set the key in the configuration file.".to_owned()),
    }));
    let ours = sources.environment.iter().filter(|(variable, text)| {
        variable.starts_with("AURORA_RESTORE_")
            && !variable.starts_with(TEST_PREFIX)
            && !OTHER_VARIABLES.contains(&variable.as_str())
            && !text.is_empty()
    });
    for (variable, text) in ours {
        let origin = Origin::Environment { variable: variable.clone() };
        let Some(key) = schema::KEYS.iter().find(|key| schema::variable(key.path) == *variable) else {
            let known: Vec<String> = schema::KEYS.iter().map(|key| schema::variable(key.path)).collect();
            let nearest = crate::did_you_mean(variable, known.iter().map(String::as_str));
            problems.push(Problem {
                message: "no key of the configuration has this name".to_owned(),
                origin: Some(origin),
                hint: Some(nearest.map_or_else(
                    || "Unset it, or look at the keys with `aurora-restore config show`.".to_owned(),
                    |name| format!("Did you mean {name}?"),
                )),
            });
            continue;
        };
        match value::from_text(key.shape, text) {
            Ok(value) => values.set(key.path, value, origin),
            Err(reason) => {
                problems.push(Problem { message: reason, origin: Some(origin), hint: reference::example(key.path) });
            }
        }
    }
}

fn flags(sources: &Sources, values: &mut Values, problems: &mut Vec<Problem>) {
    for flag in &sources.flags {
        let origin = Origin::Flag { flag: flag.flag.clone() };
        let Some(key) = schema::find(&flag.path) else {
            problems.push(Problem {
                message: format!("unknown key `{}`", flag.path),
                origin: Some(origin),
                hint: key_hint(&flag.path),
            });
            continue;
        };
        match value::from_text(key.shape, &flag.text) {
            Ok(value) => values.set(key.path, value, origin),
            Err(reason) => {
                problems.push(Problem { message: reason, origin: Some(origin), hint: reference::example(key.path) });
            }
        }
    }
}

/// The file to read: the one that was named, or the first that exists of the usual places.
pub(super) fn find_file(sources: &Sources) -> Option<PathBuf> {
    if let Some(path) = &sources.file {
        return Some(path.clone());
    }
    if sources.parameter.is_some() {
        return None;
    }
    if let Some(path) = sources.environment.get("AURORA_RESTORE_CONFIG").filter(|text| !text.is_empty()) {
        return Some(PathBuf::from(path));
    }
    sources.usual_files().into_iter().find(|path| path.is_file())
}
