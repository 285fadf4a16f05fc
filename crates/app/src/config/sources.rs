//! Where a configuration is looked for, as a value: the process's own environment is read in one place only.

use std::{collections::BTreeMap, path::PathBuf};

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

/// Where a configuration is looked for.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that a flag names.
    pub file: Option<PathBuf>,
    /// Keys that flags set, the weakest first.
    pub flags: Vec<FlagValue>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
}

impl Sources {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file: None, flags: Vec::new(), environment }
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
        let absolute = |text: &String| Some(PathBuf::from(text)).filter(|path| path.is_absolute());
        let base = self
            .environment
            .get(variable)
            .and_then(absolute)
            .or_else(|| self.environment.get("HOME").and_then(absolute).map(|home| home.join(below_home)))?;
        Some(base.join("aurora-restore"))
    }
}
