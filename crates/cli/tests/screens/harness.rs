//! A home of its own for the command, and its screen as one text.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use aurora_restore_core::{
    engine::{Engine, Session},
    journal::{Entry, SealedEntry, StateItem},
    operation::{Event, Status},
    ports::{Clock, Journal, NewOperation, OperationFilter, Ports},
    request::Request,
};
use aurora_restore_local::SqliteJournal;
use aurora_restore_testing::{drive, scenario::Scenario};

/// What time it is for the command, unless a test says otherwise.
const NOW: &str = "2026-11-22T10:15:00Z";

/// A configuration that is complete.
pub(crate) const COMPLETE: &str = r#"
[source]
latest-of = "prod"
[target]
region = "eu-central-1"
cluster = "staging"
[secrets]
master = "staging/master"
"#;

/// A home of its own.
pub(crate) struct Home {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// With a configuration where the command looks for one.
    pub(crate) fn with_config(text: &str) -> Self {
        let home = Self::new();
        std::fs::write(home.path("aurora-restore.toml"), text).unwrap();
        home
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.path(".local/state/aurora-restore/journal.sqlite")
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The command, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aurora-restore"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("HOME", self.directory.path())
            .env("COLUMNS", "100")
            .env("TZ", "UTC")
            .env("USER", "dba")
            .env("HOSTNAME", "bastion")
            .env("AURORA_RESTORE_TEST_NOW", NOW)
            .env("AURORA_RESTORE_TEST_SEED", "32570")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The whole screen: data, talk, exit code.
    pub(crate) fn screen(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let here = self.directory.path().display().to_string();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace(&here, "<home>");
        let mut screen = format!("$ aurora-restore {}\n", arguments.join(" ").replace(&here, "<home>"));
        screen.push_str(&text(&output.stdout));
        if !output.stderr.is_empty() {
            screen.push_str("--- stderr\n");
            screen.push_str(&text(&output.stderr));
        }
        screen.push_str(&format!("--- exit {}", output.status.code().unwrap()));
        screen
    }

    /// The exit code alone.
    pub(crate) fn exit(&self, arguments: &[&str]) -> i32 {
        self.output(arguments).status.code().unwrap()
    }

    /// Everything below the home, with its bytes, to prove that nothing was changed.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        gather(self.directory.path(), &mut files);
        files.sort();
        files
    }

    /// Runs an operation over the simulated cloud, recorded in this home's journal; `moves` stops it halfway.
    pub(crate) fn operation(&self, scenario: &Scenario, id: &str, request: Request, moves: Option<usize>) -> Status {
        self.recorded(scenario, async |engine| {
            let mut session: Session = engine.begin(scenario.begin(id, request)).await.unwrap();
            let mut left = moves.unwrap_or(usize::MAX);
            let goes_on = |_: &Session, _: &aurora_restore_core::engine::Advance| {
                left -= 1;
                left > 0
            };
            drive(engine, &mut session, &scenario.clock, 5_000, goes_on).await.unwrap();
            session.operation().status()
        })
    }

    /// Begins an operation as a version of later days might: its state has a form that nobody knows yet.
    pub(crate) fn begun_by_a_newer_version(&self, scenario: &Scenario, id: &str) {
        let journal = SqliteJournal::open(&self.journal_path()).unwrap();
        let begin = scenario.begin(id, scenario.swap());
        let (operation, at) = (begin.id.clone(), scenario.clock.now());
        let event = Event::TakenOver { executor: begin.executor.clone() };
        let first = SealedEntry::seal(&Entry { operation, sequence: 1, at, event }, "").unwrap();
        let known: StateItem = block_on(journal.list(&OperationFilter::default())).unwrap().items.remove(0);
        let state = StateItem { operation_id: begin.id, version: 99, last_updated_at: at, holds_target: true, ..known };
        let new = NewOperation { target: begin.target, executor: begin.executor, first, state };
        let _token = block_on(journal.create(&new)).unwrap();
    }

    /// Lets an engine work over the simulated cloud, recorded in this home's journal.
    pub(crate) fn recorded<T>(&self, scenario: &Scenario, work: impl AsyncFnOnce(&Engine<'_>) -> T) -> T {
        let journal = SqliteJournal::open(&self.journal_path()).unwrap();
        let engine = Engine::new(Ports { journal: &journal, ..scenario.ports() });
        block_on(work(&engine))
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn gather(directory: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}
