//! AWS Backup in memory, as far as restore tests are answered: jobs, and the verdicts that they hold.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    RestoreJob, RestoreJobId, RestoreTests, ServiceError, ServiceResult, TestVerdict, Validation,
};

/// Restore jobs in memory.
#[derive(Debug, Default)]
pub struct MemoryRestoreTests {
    jobs: Mutex<BTreeMap<RestoreJobId, RestoreJob>>,
}

impl MemoryRestoreTests {
    /// There is this job from now on.
    pub fn put(&self, id: &RestoreJobId, job: RestoreJob) {
        self.jobs().insert(id.clone(), job);
    }

    /// The job as it is.
    pub fn get(&self, id: &RestoreJobId) -> Option<RestoreJob> {
        self.jobs().get(id).cloned()
    }

    /// A job takes the newest verdict. AWS Backup documents nothing else.
    ///
    /// # Errors
    /// [`ServiceError::Missing`] where there is no such job.
    pub fn take(&self, id: &RestoreJobId, verdict: TestVerdict, message: &str) -> ServiceResult<()> {
        let mut jobs = self.jobs();
        let job = jobs.get_mut(id).ok_or_else(|| missing(id))?;
        job.validation = Some(Validation::Answered(verdict));
        job.validation_message = Some(message.to_owned());
        Ok(())
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<RestoreJobId, RestoreJob>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(id: &RestoreJobId) -> ServiceError {
    let reason = "ResourceNotFoundException: there is no such job".to_owned();
    ServiceError::Missing { action: "backup:PutRestoreValidationResult", object: id.to_string(), reason }
}

#[async_trait]
impl RestoreTests for MemoryRestoreTests {
    async fn job(&self, id: &RestoreJobId) -> ServiceResult<Option<RestoreJob>> {
        Ok(self.get(id))
    }

    async fn answer(&self, id: &RestoreJobId, verdict: TestVerdict, message: &str) -> ServiceResult<()> {
        self.take(id, verdict, message)
    }
}
