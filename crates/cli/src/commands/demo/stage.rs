//! The directory of the demo: its sandbox, its configuration, its secrets, its journal. Only a directory that bears the
//! demo's mark is ever emptied.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use aurora_restore_app::sandbox::{client::Client, server::Status};

use super::{
    super::sandbox::{
        launch::launch,
        place::{failure, running, usual_directory},
        reset::remove,
        stop::end,
    },
    narrator::Narrator,
    secret_files::Cast,
};
use crate::error::CommandError;

const MARKER: &str = ".aurora-restore-demo";
const MARKER_TEXT: &str =
    "This directory belongs to `aurora-restore demo`; `aurora-restore demo --clean` removes it.\n";
const START_WAIT: Duration = Duration::from_secs(60);
const STOP_WAIT: Duration = Duration::from_secs(60);

/// What the demo makes in its directory besides the sandbox; nothing else is ever removed.
const FILES: [&str; 8] = [
    "aurora-restore.toml",
    "journal.sqlite",
    "journal.sqlite-wal",
    "journal.sqlite-shm",
    "plan.json",
    "report.html",
    "pgpass",
    MARKER,
];

/// The stage.
pub(super) struct Stage {
    directory: PathBuf,
    pub(super) status: Status,
    pub(super) client: Client,
    pub(super) cast: Cast,
}

/// What cleaning found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cleaned {
    Removed,
    NothingThere,
}

impl Stage {
    /// Makes the directory or goes on with it, and runs a sandbox in it.
    pub(super) fn open(directory: PathBuf) -> Result<Self, CommandError> {
        make(&directory)?;
        let cast = Cast::open(&directory.join("secrets"))?;
        let sandbox = sandbox_of(&directory);
        let status = match running(&sandbox)? {
            Some(status) => status,
            None => launch(&sandbox, &["--port", "0", "--any-database-ports"].map(str::to_owned), START_WAIT)?,
        };
        let client = Client::of(&status, &sandbox).map_err(failure)?;
        Ok(Self { directory, status, client, cast })
    }

    /// A file of the demo.
    pub(super) fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// A file of the demo that is not there yet: what an earlier demo left under its name is removed.
    pub(super) fn fresh(&self, name: &str) -> Result<String, CommandError> {
        match fs::remove_file(self.directory.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(CommandError::failed(format!("{name} of an earlier demo could not be removed")).caused_by(error))
            }
            _ => Ok(self.path(name)),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The certificate of the databases' authority.
    pub(super) fn authority(&self) -> Result<&Path, CommandError> {
        self.status.ca_certificate.as_deref().ok_or_else(|| CommandError::internal("the sandbox has no databases"))
    }

    /// Runs one of our own commands as a person would, in a process of its own.
    pub(super) async fn command(&self, narrator: &Narrator, arguments: &[&str]) -> Result<(), CommandError> {
        let flags = narrator.flags();
        let config = self.path("aurora-restore.toml");
        let shown = [&["aurora-restore", "--config", &config], arguments].concat();
        narrator.typed(&shown.join(" "));
        let mut command = self.program()?;
        command.args(["--config", &config]).args(flags).args(arguments);
        command.stdout(if narrator.is_told() { Stdio::inherit() } else { Stdio::null() });
        let ended = command.status().await?;
        if ended.success() {
            return Ok(());
        }
        let exit = ended.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
        Err(CommandError::failed(format!("`{}` ended {exit}", shown.join(" "))))
    }

    /// Writes the report as a page, and gives it as JSON.
    pub(super) async fn report(&self, narrator: &Narrator) -> Result<serde_json::Value, CommandError> {
        let page = self.path("report.html");
        self.command(narrator, &["report", "latest", "--html", &page]).await?;
        let config = self.path("aurora-restore.toml");
        let output = self
            .program()?
            .args(["--config", &config, "--json", "report", "latest"])
            .stderr(Stdio::inherit())
            .output()
            .await?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn program(&self) -> Result<tokio::process::Command, CommandError> {
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        // What the person has configured for real accounts must not get into the demo.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AURORA_RESTORE_") && name != "AURORA_RESTORE_LOG" {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }
}

fn sandbox_of(directory: &Path) -> PathBuf {
    directory.join("sandbox")
}

/// The flag that leads to the directory, where it is not the usual one.
pub(super) fn dir_flag(directory: &Path) -> String {
    match usual_directory("demo") {
        Ok(usual) if usual == directory => String::new(),
        _ => format!(" --dir {}", directory.display()),
    }
}

fn make(directory: &Path) -> Result<(), CommandError> {
    let told = |error| {
        CommandError::failed(format!("the directory {} could not be made", directory.display())).caused_by(error)
    };
    // Root's servers run as another user, who has to get through.
    let mode = if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 };
    fs::DirBuilder::new().recursive(true).mode(mode).create(directory).map_err(told)?;
    if !is_ours(directory) && fs::read_dir(directory).map_err(told)?.next().is_some() {
        return Err(not_ours(directory));
    }
    fs::write(directory.join(MARKER), MARKER_TEXT).map_err(told)
}

fn is_ours(directory: &Path) -> bool {
    directory.join(MARKER).is_file()
}

fn not_ours(directory: &Path) -> CommandError {
    CommandError::configuration(format!(
        "the directory {} is not empty and was not made by the demo",
        directory.display()
    ))
    .hint("Choose an empty or new directory with --dir.")
}

/// Ends the servers of an earlier demo and removes what it made.
pub(super) fn clean(directory: &Path) -> Result<Cleaned, CommandError> {
    if !directory.exists() {
        return Ok(Cleaned::NothingThere);
    }
    if !is_ours(directory) {
        let empty = fs::read_dir(directory)?.next().is_none();
        return if empty { Ok(Cleaned::NothingThere) } else { Err(not_ours(directory)) };
    }
    let sandbox = sandbox_of(directory);
    if sandbox.exists() {
        end(&sandbox, STOP_WAIT)?;
        remove(&sandbox)?;
    }
    let told = |error| {
        CommandError::failed(format!("the demo in {} could not be removed", directory.display())).caused_by(error)
    };
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(told(error)),
        _ => Ok(()),
    };
    gone(fs::remove_dir_all(directory.join("secrets")))?;
    // The mark goes last: if we die before, another --clean finishes the work.
    for name in FILES {
        gone(fs::remove_file(directory.join(name)))?;
    }
    match fs::remove_dir(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::DirectoryNotEmpty => Err(told(error)),
        _ => Ok(Cleaned::Removed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_files_of_others_is_neither_used_nor_cleaned() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("thesis.txt"), "years of work").unwrap();
        assert!(make(directory.path()).is_err());
        assert!(clean(directory.path()).is_err());
        assert!(directory.path().join("thesis.txt").exists());
    }

    #[test]
    fn files_of_others_in_the_demos_directory_survive_its_cleaning() {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path()).unwrap();
        fs::write(directory.path().join("notes.txt"), "mine").unwrap();
        assert_eq!(clean(directory.path()).unwrap(), Cleaned::Removed);
        assert!(directory.path().join("notes.txt").exists());
        assert!(!directory.path().join(MARKER).exists());
    }

    #[test]
    fn cleaning_what_is_not_there_is_no_failure() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(clean(&directory.path().join("nothing")).unwrap(), Cleaned::NothingThere);
    }
}
