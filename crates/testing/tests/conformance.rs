//! What is simulated passes the same suites as the real thing.

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{AccountId, KmsKey, SecretId, SnapshotId},
    ports::{Cloud, Journal, Location, Notifier, SecretDocument, SecretVersions, Secrets, Side},
};
use aurora_restore_ops::ports::CodeAt;
use aurora_restore_testing::{
    MemoryAlarms, MemoryChanges, MemoryFunctions, MemoryJournal, MemorySecrets, MemoryVersions, RecordingNotifier,
    block_on,
    scenario::{FRANKFURT, IRELAND, STAGING, TARGET_KEY, region},
    stacks::{MemoryArtifacts, MemoryStacks},
    suites::{
        self, broken, journal::JournalFixture, notifier::NotifierFixture, rds::RdsFixture,
        secret_versions::SecretVersionsFixture, secrets::SecretsFixture,
    },
};
use jiff::SignedDuration;

struct Simulated {
    stage: suites::rds::SimulatedStage,
}

#[async_trait]
impl RdsFixture for Simulated {
    fn cloud(&self) -> &dyn Cloud {
        &self.stage.cloud
    }

    fn source(&self) -> Location {
        Location { side: Side::Source, region: region(IRELAND) }
    }

    fn target(&self) -> Location {
        Location { side: Side::Target, region: region(FRANKFURT) }
    }

    fn target_account(&self) -> AccountId {
        AccountId::new(STAGING).expect("a constant that is an account")
    }

    fn target_key(&self) -> KmsKey {
        KmsKey::new(format!("arn:aws:kms:{FRANKFURT}:{STAGING}:key/{TARGET_KEY}")).expect("built from constants")
    }

    fn automated(&self) -> Option<SnapshotId> {
        Some(self.stage.automated.clone())
    }

    async fn wait(&self) {
        self.stage.clock.turn(SignedDuration::from_secs(30));
    }

    fn skips(&self, _case: &str) -> Option<&'static str> {
        None
    }
}

#[test]
fn stacks_and_buckets_in_memory_pass_the_suites_of_their_ports() {
    let results = block_on(suites::stacks::run_stacks(&MemoryStacks::default(), async || {}, None));
    assert_eq!(broken(&results), Vec::<String>::new());
    let results = block_on(suites::stacks::run_artifacts(&MemoryArtifacts::default(), "suite"));
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[test]
fn the_simulated_cloud_passes_the_suite_of_the_rds_port() {
    let fixture = Simulated { stage: suites::rds::simulated_stage() };
    assert_eq!(broken(&block_on(suites::rds::run(&fixture))), Vec::<String>::new());
}

/// A second handle on the same memory stands for a second process.
struct InMemory(&'static MemoryJournal);

#[async_trait]
impl JournalFixture for InMemory {
    fn journal(&self) -> &dyn Journal {
        self.0
    }

    async fn reopened(&self) -> Box<dyn Journal> {
        Box::new(self.0.fork())
    }
}

#[test]
fn the_journal_in_memory_passes_the_suite_of_the_journal_port() {
    let fixture = InMemory(Box::leak(Box::default()));
    assert_eq!(broken(&block_on(suites::journal::run(&fixture))), Vec::<String>::new());
}

#[test]
fn the_journal_in_memory_passes_the_suite_of_the_states_port() {
    let journal = MemoryJournal::default();
    assert_eq!(broken(&block_on(suites::states::run(&journal, &journal))), Vec::<String>::new());
}

#[test]
fn the_changes_in_memory_pass_the_suite_of_the_changes_port() {
    let (changes, journal) = (MemoryChanges::default(), MemoryJournal::default());
    let beside = suites::changes::Beside { journal: &journal, states: &journal };
    assert_eq!(broken(&block_on(suites::changes::run(&changes, beside))), Vec::<String>::new());
}

#[test]
fn the_functions_and_alarms_in_memory_pass_the_suites_of_their_ports() {
    let functions = MemoryFunctions::default();
    functions.add("suite-check", "first");
    functions.know("second.zip", "second");
    let text = |text: &str| text.to_owned();
    let stage = suites::functions::Stage {
        function: text("suite-check"),
        second: CodeAt { bucket: text("suite"), key: text("second.zip"), version: text("1") },
        second_sha256: text("second"),
        no_revisions: None,
    };
    let results = block_on(suites::functions::run_functions(&functions, &stage, async || {}));
    assert_eq!(broken(&results), Vec::<String>::new());

    let alarms = MemoryAlarms::default();
    alarms.add("suite-errors");
    let ring = async || alarms.ring_after("suite-errors", 0);
    assert_eq!(broken(&block_on(suites::functions::run_alarms(&alarms, "suite-errors", ring))), Vec::<String>::new());
}

#[derive(Default)]
struct Store(MemorySecrets);

#[async_trait]
impl SecretsFixture for Store {
    fn secrets(&self) -> &dyn Secrets {
        &self.0
    }

    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        self.0.put(id, fields);
    }
}

#[test]
fn the_secrets_in_memory_pass_the_suite_of_the_secrets_port() {
    let results = block_on(suites::secrets::run(&mut Store::default()));
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[derive(Default)]
struct Versions(MemoryVersions);

#[async_trait]
impl SecretVersionsFixture for Versions {
    fn versions(&self) -> &dyn SecretVersions {
        &self.0
    }

    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        self.0.put(id, fields);
    }

    async fn read(&self, id: &SecretId) -> SecretDocument {
        self.0.get(id).await.expect("it is there")
    }

    fn skips(&self, _case: &str) -> Option<&'static str> {
        None
    }
}

#[test]
fn the_versions_in_memory_pass_the_suite_of_their_port() {
    let results = block_on(suites::secret_versions::run(&mut Versions::default()));
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[derive(Default)]
struct Recorded(RecordingNotifier);

#[async_trait]
impl NotifierFixture for Recorded {
    fn notifier(&self) -> &dyn Notifier {
        &self.0
    }

    async fn accepted(&self) -> Vec<String> {
        self.0.notices().iter().map(|notice| format!("{notice:?}")).collect()
    }
}

#[test]
fn the_recording_notifier_passes_the_suite_of_the_notifier_port() {
    assert_eq!(broken(&block_on(suites::notifier::run(&Recorded::default()))), Vec::<String>::new());
}
