//! The [`Stacks`] and [`Drifts`] ports on CloudFormation.

mod change_sets;
mod create_change_set;
mod describe_change_set;
mod describe_stack_events;
mod describe_stacks;
mod drifts;
mod list_stack_resources;
mod plain;

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    ChangeSet, Drifts, NewChangeSet, ResourceDrift, ServiceResult, Stack, StackEvent, StackResource, Stacks,
};
use aws_sdk_cloudformation::{Client, primitives::DateTime};
use jiff::Timestamp;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// The [`Stacks`] port on CloudFormation.
#[derive(Debug, Clone)]
pub struct CloudFormation {
    client: Client,
}

impl CloudFormation {
    /// The stacks of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("CloudFormation", endpoint)?) })
    }
}

#[async_trait]
impl Stacks for CloudFormation {
    async fn describe(&self, stack: &str) -> ServiceResult<Option<Stack>> {
        describe_stacks::one(&self.client, stack).await
    }

    async fn create_change_set(&self, new: &NewChangeSet) -> ServiceResult<()> {
        create_change_set::send(&self.client, new).await
    }

    async fn change_set(&self, stack: &str, name: &str) -> ServiceResult<ChangeSet> {
        describe_change_set::whole(&self.client, stack, name).await
    }

    async fn execute_change_set(&self, stack: &str, name: &str) -> ServiceResult<()> {
        change_sets::execute(&self.client, stack, name).await
    }

    async fn delete_change_set(&self, stack: &str, name: &str) -> ServiceResult<()> {
        change_sets::delete(&self.client, stack, name).await
    }

    async fn newest_event(&self, stack: &str) -> ServiceResult<Option<String>> {
        describe_stack_events::newest(&self.client, stack).await
    }

    async fn events_after(&self, stack: &str, event: Option<&str>) -> ServiceResult<Vec<StackEvent>> {
        describe_stack_events::after(&self.client, stack, event).await
    }

    async fn resources(&self, stack: &str) -> ServiceResult<Vec<StackResource>> {
        list_stack_resources::all(&self.client, stack).await
    }

    async fn template(&self, stack: &str) -> ServiceResult<String> {
        plain::get_template(&self.client, stack).await
    }

    async fn delete(&self, stack: &str) -> ServiceResult<()> {
        plain::delete_stack(&self.client, stack).await
    }
}

#[async_trait]
impl Drifts for CloudFormation {
    async fn begin(&self, stack: &str) -> ServiceResult<String> {
        drifts::begin(&self.client, stack).await
    }

    async fn found(&self, stack: &str, comparison: &str) -> ServiceResult<Option<Vec<ResourceDrift>>> {
        drifts::found(&self.client, stack, comparison).await
    }
}

fn timestamp(at: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_millisecond(at?.to_millis().ok()?).ok()
}

#[cfg(test)]
mod tests;
