//! Restore tests of AWS Backup, in memory and over HTTP. moto has no restore jobs, and MiniStack says of every one that there is none.

use aurora_restore_aws::{BackupRestoreTests, EndpointUrl};
use aurora_restore_ops::ports::{RestoreJob, RestoreJobId, RestoreTests};
use aurora_restore_testing::{
    BackupService, MemoryRestoreTests,
    stand_in::StandIn,
    suites::{
        broken,
        restore_tests::{self, RestoreTestsFixture},
    },
};

use crate::services::{connection, endpoint};

struct OverHttp {
    service: BackupService,
    tests: BackupRestoreTests,
}

impl RestoreTestsFixture for OverHttp {
    fn tests(&self) -> &dyn RestoreTests {
        &self.tests
    }

    fn put(&self, id: &RestoreJobId, job: RestoreJob) {
        self.service.jobs().put(id, job);
    }
}

struct InMemory(MemoryRestoreTests);

impl RestoreTestsFixture for InMemory {
    fn tests(&self) -> &dyn RestoreTests {
        &self.0
    }

    fn put(&self, id: &RestoreJobId, job: RestoreJob) {
        self.0.put(id, job);
    }
}

#[tokio::test]
async fn the_fake_passes_the_suite_of_restore_tests() {
    let fixture = InMemory(MemoryRestoreTests::default());
    assert_eq!(broken(&restore_tests::run(&fixture).await), Vec::<String>::new());
}

#[tokio::test]
async fn restore_tests_over_http_pass_the_suite_of_their_port() {
    let service = BackupService::new();
    let endpoint = EndpointUrl::new(&service.url()).expect("an endpoint on this machine");
    let tests = BackupRestoreTests::new(&connection().await, Some(&endpoint)).expect("a legal endpoint");
    let fixture = OverHttp { service, tests };
    assert_eq!(broken(&restore_tests::run(&fixture).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_job_that_ministack_does_not_know_is_none() {
    let server = StandIn::ministack();
    let tests = BackupRestoreTests::new(&connection().await, Some(&endpoint(&server))).expect("a legal endpoint");
    let id: RestoreJobId = "1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D".parse().expect("a legal id");
    assert_eq!(tests.job(&id).await.expect("an answer"), None);
}
