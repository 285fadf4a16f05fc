//! Journal and secrets in files pass the same suites as those that the engine's tests run on.

use std::path::PathBuf;

use async_trait::async_trait;
use aurora_restore_core::{
    ids::SecretId,
    ports::{Journal, SecretDocument, Secrets},
    secret::Secret,
};
use aurora_restore_local::{FileSecrets, SqliteJournal};
use aurora_restore_testing::suites::{
    broken,
    journal::{JournalFixture, run},
    secrets::{self, SecretsFixture},
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
