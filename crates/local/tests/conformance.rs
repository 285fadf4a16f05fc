//! Journal and secrets in files and notices on a terminal pass the same suites as those that the engine's tests run on.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::SecretId,
    ports::{Journal, Notifier, SecretDocument, SecretVersions, Secrets},
    secret::Secret,
};
use aurora_restore_local::{ConsoleNotifier, FileSecrets, SqliteJournal};
use aurora_restore_testing::suites::{
    broken,
    journal::{JournalFixture, run},
    notifier::{self, NotifierFixture},
    secret_versions::{self, SecretVersionsFixture},
    secrets::{self, SecretsFixture},
    states,
};

struct OnDisk {
    path: PathBuf,
    journal: SqliteJournal,
}

#[async_trait]
impl JournalFixture for OnDisk {
    fn journal(&self) -> &dyn Journal {
        &self.journal
    }

    async fn reopened(&self) -> Box<dyn Journal> {
        Box::new(SqliteJournal::open(&self.path).expect("the file that was just made"))
    }
}

#[tokio::test]
async fn the_journal_in_a_file_passes_the_suite_of_the_journal_port() {
    let home = tempfile::tempdir().expect("a directory for the journal");
    let path = home.path().join("journal.db");
    let journal = SqliteJournal::open(&path).expect("a new journal");
    let results = run(&OnDisk { path, journal }).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[tokio::test]
async fn the_journal_in_a_file_passes_the_suite_of_the_states_port() {
    let home = tempfile::tempdir().expect("a directory for the journal");
    let journal = SqliteJournal::open(&home.path().join("journal.db")).expect("a new journal");
    assert_eq!(broken(&states::run(&journal, &journal).await), Vec::<String>::new());
}

struct InDirectory(FileSecrets);

#[async_trait]
impl SecretsFixture for InDirectory {
    fn secrets(&self) -> &dyn Secrets {
        &self.0
    }

    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect();
        self.0.put(id, &SecretDocument { fields }).await.expect("the directory can be written");
    }
}

#[tokio::test]
async fn the_secrets_in_files_pass_the_suite_of_the_secrets_port() {
    let home = tempfile::tempdir().expect("a directory for the secrets");
    let mut fixture = InDirectory(FileSecrets::new(home.path().join("secrets")));
    assert_eq!(broken(&secrets::run(&mut fixture).await), Vec::<String>::new());
}

#[async_trait]
impl SecretVersionsFixture for InDirectory {
    fn versions(&self) -> &dyn SecretVersions {
        &self.0
    }

    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        SecretsFixture::put(self, id, fields).await;
    }

    async fn read(&self, id: &SecretId) -> SecretDocument {
        self.0.get(id).await.expect("it is there")
    }

    fn skips(&self, _case: &str) -> Option<&'static str> {
        None
    }
}

#[tokio::test]
async fn the_versions_in_files_pass_the_suite_of_their_port() {
    let home = tempfile::tempdir().expect("a directory for the secrets");
    let mut fixture = InDirectory(FileSecrets::new(home.path().join("secrets")));
    assert_eq!(broken(&secret_versions::run(&mut fixture).await), Vec::<String>::new());
}

/// What stands in the place of the terminal.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct OnScreen {
    screen: Screen,
    notifier: ConsoleNotifier,
}

#[async_trait]
impl NotifierFixture for OnScreen {
    fn notifier(&self) -> &dyn Notifier {
        &self.notifier
    }

    /// One text for each notice: its line, which is not indented, and its body, which is.
    async fn accepted(&self) -> Vec<String> {
        let bytes = self.screen.0.lock().expect("no writer panics").clone();
        let mut notices: Vec<String> = Vec::new();
        for line in String::from_utf8(bytes).expect("notices are text").lines() {
            match notices.last_mut() {
                Some(notice) if line.starts_with(' ') => notice.push_str(line),
                _ => notices.push(line.to_owned()),
            }
        }
        notices
    }
}

#[tokio::test]
async fn the_notices_on_a_terminal_pass_the_suite_of_the_notifier_port() {
    let screen = Screen::default();
    let fixture = OnScreen { notifier: ConsoleNotifier::to("screen", screen.clone()), screen };
    assert_eq!(broken(&notifier::run(&fixture).await), Vec::<String>::new());
}
