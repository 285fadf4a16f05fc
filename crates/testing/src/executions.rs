//! Executions of a state machine that live in memory: a name is given once, and who ends one is the test.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::ports::Clock;
use aurora_restore_ops::ports::{Execution, ExecutionName, ExecutionStatus, Executions, ExecutionsError, Started};
use serde_json::Value;

use crate::ManualClock;

/// Executions that run until the test ends them.
#[derive(Debug)]
pub struct MemoryExecutions {
    clock: Arc<ManualClock>,
    all: Mutex<BTreeMap<ExecutionName, (Execution, Value)>>,
}

impl MemoryExecutions {
    /// A machine without executions.
    pub fn new(clock: &Arc<ManualClock>) -> Self {
        Self { clock: Arc::clone(clock), all: Mutex::default() }
    }

    /// Every execution with its input, by name.
    pub fn all(&self) -> Vec<(Execution, Value)> {
        self.lock().values().cloned().collect()
    }

    /// Ends an execution.
    pub fn end(&self, name: &ExecutionName, status: ExecutionStatus) {
        let now = self.clock.now();
        if let Some((execution, _)) = self.lock().get_mut(name)
            && !execution.status.has_ended()
        {
            execution.status = status;
            execution.ended_at = Some(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ExecutionName, (Execution, Value)>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Executions for MemoryExecutions {
    async fn start(&self, name: &ExecutionName, input: &Value) -> Result<Started, ExecutionsError> {
        let mut all = self.lock();
        if let Some((other, with)) = all.get(name) {
            let repeated = !other.status.has_ended() && with == input;
            return Ok(if repeated { Started::Started } else { Started::NameTaken });
        }
        let execution = Execution {
            name: name.clone(),
            status: ExecutionStatus::Running,
            started_at: self.clock.now(),
            ended_at: None,
            input: Some(input.clone()),
            error: None,
            cause: None,
        };
        all.insert(name.clone(), (execution, input.clone()));
        Ok(Started::Started)
    }

    async fn describe(&self, name: &ExecutionName) -> Result<Option<Execution>, ExecutionsError> {
        Ok(self.lock().get(name).map(|(execution, _)| execution.clone()))
    }

    async fn stop(&self, name: &ExecutionName, reason: &str) -> Result<(), ExecutionsError> {
        self.end(name, ExecutionStatus::Aborted);
        if let Some((execution, _)) = self.lock().get_mut(name)
            && execution.status == ExecutionStatus::Aborted
            && execution.cause.is_none()
        {
            execution.cause = Some(reason.to_owned());
        }
        Ok(())
    }
}
