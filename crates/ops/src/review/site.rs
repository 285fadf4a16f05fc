//! What is reviewed, and through which ports it is looked at.

use async_trait::async_trait;
use aurora_restore_core::ports::{Cloud, Journal, Location};
use jiff::Timestamp;
use serde_json::Value;

use super::{monthly::Verdicts, quarterly::Drills};
use crate::{
    Reach,
    ports::{
        Bills, Drifts, Execution, ExecutionName, Executions, ExecutionsError, Functions, Grants, Keys, Logs, Metrics,
        Safeguards, Stack, StackResource, Started, States,
    },
    sweep::Sweep,
};

/// The stack that is reviewed.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The stack.
    pub stack: Stack,
    /// What it consists of.
    pub resources: Vec<StackResource>,
    /// The template that it was made with.
    pub template: String,
}

impl Deployed {
    /// What the resources of a kind are called where they live.
    pub fn names<'n>(&'n self, kind: &'n str) -> impl Iterator<Item = &'n str> {
        StackResource::names(&self.resources, kind)
    }
}

/// What is reviewed. Every port may be out of reach by itself: the checks that do without it run all the same.
pub struct Site<'a> {
    /// What time it is.
    pub now: Timestamp,
    /// The stack's name, if a stack is reviewed: it stands in every command.
    pub stack: Option<&'a str>,
    /// The operations.
    pub journal: Reach<&'a dyn Journal>,
    /// What the store keeps of them beside their entries.
    pub states: Reach<&'a dyn States>,
    /// Who should be executing them.
    pub executions: Reach<&'a dyn Executions>,
    /// What looks for things that were left.
    pub sweep: Reach<Sweep<'a>>,
    /// RDS, and where the targets are.
    pub rds: Reach<(&'a dyn Cloud, Location)>,
    /// The logs, and the groups that they are in.
    pub logs: Reach<(&'a dyn Logs, Vec<String>)>,
    /// The metrics.
    pub metrics: Reach<&'a dyn Metrics>,
    /// What was billed.
    pub bills: Reach<&'a dyn Bills>,
    /// The stack.
    pub deployed: Reach<&'a Deployed>,
    /// The configuration that the functions read, and who can judge it.
    pub configuration: Reach<&'a dyn Verdicts>,
    /// The stack's functions.
    pub functions: Reach<&'a dyn Functions>,
    /// How the stack's resources differ from its template.
    pub drifts: Reach<&'a dyn Drifts>,
    /// What the stack's roles may do.
    pub grants: Reach<&'a dyn Grants>,
    /// How the stack's things are guarded.
    pub safeguards: Reach<&'a dyn Safeguards>,
    /// The keys of the stack's account.
    pub keys: Reach<&'a dyn Keys>,
    /// The drills that were held.
    pub drills: Reach<Box<dyn Drills + 'a>>,
}

impl Site<'_> {
    /// A command of this product, or of another one, with the stack that is reviewed: whoever copies it does so for this one.
    pub(super) fn whole(&self, command: String) -> String {
        match command.strip_prefix("aurora-restore ") {
            Some(words) if !words.starts_with("--") => self.command(words),
            Some(_) | None => command,
        }
    }

    /// A command of this product for what is reviewed.
    pub(super) fn command(&self, words: &str) -> String {
        match self.stack {
            Some(stack) => format!("aurora-restore --stack {stack} {words}"),
            None => format!("aurora-restore {words}"),
        }
    }
}

/// Where no state machine executes operations: whoever executes one is a process that nobody can be asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoExecutions;

#[async_trait]
impl Executions for NoExecutions {
    async fn start(&self, _: &ExecutionName, _: &Value) -> Result<Started, ExecutionsError> {
        let machine = "none".to_owned();
        Err(ExecutionsError::MachineMissing { machine })
    }

    async fn describe(&self, _: &ExecutionName) -> Result<Option<Execution>, ExecutionsError> {
        Ok(None)
    }

    async fn stop(&self, _: &ExecutionName, _: &str) -> Result<(), ExecutionsError> {
        Ok(())
    }
}
