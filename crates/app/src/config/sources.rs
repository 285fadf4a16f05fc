//! Where a configuration is looked for, as a value: the process's own environment is read in one place only.

use std::{collections::BTreeMap, path::PathBuf};

use super::stack::DeployedStack;

/// A key that a flag of the command line sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// The flag as written, for messages.
    pub flag: String,
    /// The key.
    pub path: String,
    /// The value as written.
    pub text: String,
}

impl FlagValue {
    /// Reads `KEY=VALUE` of `--set`.
    pub fn of_set(text: &str) -> Option<Self> {
        let (path, value) = text.split_once('=')?;
        let path = path.trim();
        Some(Self { flag: format!("--set {path}"), path: path.to_owned(), text: value.trim().to_owned() })
    }
}

/// A configuration that is kept as the text of a parameter, for functions, which have no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterText {
    /// The parameter's name, for messages.
    pub name: String,
    /// Its text: the same TOML as the file's.
    pub text: String,
}

/// What an item of a batch asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRequest {
    /// The item's name, for messages.
    pub name: String,
    /// The keys of the request, in the form of an event's.
    pub request: serde_json::Map<String, serde_json::Value>,
}

/// Where a configuration is looked for.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that a flag names.
    pub file: Option<PathBuf>,
    /// The parameter that stands in the file's place. With it no file is looked for.
    pub parameter: Option<ParameterText>,
    /// What an event asks for: the keys of the request as JSON, in the form of the file.
    pub event: Option<serde_json::Map<String, serde_json::Value>>,
    /// What an item of a batch asks for: the same keys.
    pub item: Option<ItemRequest>,
    /// The deployed stack whose operations are meant.
    pub stack: Option<DeployedStack>,
    /// Keys that flags set, the weakest first.
    pub flags: Vec<FlagValue>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Variables of ours whose values are no text: not to be obeyed, and not to be passed over in silence either.
    pub unreadable: Vec<String>,
}

impl Sources {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let mut sources = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => {
                    sources.environment.insert(name, value);
                }
                Err(_) if name.starts_with("AURORA_RESTORE_") => sources.unreadable.push(name),
                Err(_) => {}
            }
        }
        sources
    }

    /// A function's: its environment, and the parameter that holds its configuration.
    pub fn of_function(environment: BTreeMap<String, String>, parameter: ParameterText) -> Self {
        Self { parameter: Some(parameter), environment, ..Self::default() }
    }

    /// The same with the parameter that stands in the file's place.
    #[must_use]
    pub fn with_parameter(&self, parameter: ParameterText) -> Self {
        Self { parameter: Some(parameter), ..self.clone() }
    }

    /// The same with what an event asks for.
    #[must_use]
    pub fn with_event(&self, request: serde_json::Map<String, serde_json::Value>) -> Self {
        Self { event: Some(request), ..self.clone() }
    }

    /// The places that are looked at where no file is named, in order.
    pub fn usual_files(&self) -> Vec<PathBuf> {
        let mut files = vec![PathBuf::from("aurora-restore.toml")];
        files.extend(self.directory("XDG_CONFIG_HOME", ".config").map(|dir| dir.join("config.toml")));
        files
    }

    /// Where state is kept that must survive: the journal.
    pub fn state_directory(&self) -> Option<PathBuf> {
        self.directory("XDG_STATE_HOME", ".local/state")
    }

    /// Where data are kept: secrets, the sandbox.
    pub fn data_directory(&self) -> Option<PathBuf> {
        self.directory("XDG_DATA_HOME", ".local/share")
    }

    /// Our directory of an XDG kind. The specification has relative paths ignored.
    fn directory(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        if self.parameter.is_some() {
            // The only place where a function may write; nothing of a restore is ever kept there.
            return Some(PathBuf::from("/tmp/aurora-restore"));
        }
        let absolute = |text: &String| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
        let base = self
            .environment
            .get(variable)
            .and_then(absolute)
            .or_else(|| self.environment.get("HOME").and_then(absolute).map(|home| home.join(below_home)))?;
        Some(base.join("aurora-restore"))
    }
}
