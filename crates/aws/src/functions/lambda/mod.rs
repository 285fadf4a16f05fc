//! The [`Functions`] port on Lambda, one file for each kind of call.

mod aliases;
mod change;
mod describe;
mod invoke;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use aurora_restore_ops::ports::{Alias, Called, CodeAt, FunctionFacts, Functions, Pointing, ServiceResult};
use aws_sdk_lambda::Client;
use serde_json::Value;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// The [`Functions`] port on Lambda.
#[derive(Debug, Clone)]
pub struct LambdaFunctions {
    client: Client,
}

impl LambdaFunctions {
    /// The functions of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("Lambda", endpoint)?) })
    }
}

#[async_trait]
impl Functions for LambdaFunctions {
    async fn describe(&self, function: &str, version: Option<u64>) -> ServiceResult<Option<FunctionFacts>> {
        describe::one(&self.client, function, version).await
    }

    async fn versions(&self, function: &str) -> ServiceResult<Vec<FunctionFacts>> {
        describe::versions(&self.client, function).await
    }

    async fn alias(&self, function: &str, alias: &str) -> ServiceResult<Option<Alias>> {
        aliases::get(&self.client, function, alias).await
    }

    async fn set_code(&self, function: &str, code: &CodeAt, revision: &str) -> ServiceResult<()> {
        change::code(&self.client, function, code, revision).await
    }

    async fn set_memory(&self, function: &str, memory_mb: u32, revision: &str) -> ServiceResult<()> {
        change::memory(&self.client, function, memory_mb, revision).await
    }

    async fn publish(&self, function: &str, code_sha256: &str, about: &str) -> ServiceResult<u64> {
        change::publish(&self.client, function, code_sha256, about).await
    }

    async fn point(
        &self,
        function: &str,
        alias: &str,
        to: Pointing,
        description: Option<&str>,
        revision: &str,
    ) -> ServiceResult<()> {
        aliases::update(&self.client, function, alias, to, description, revision).await
    }

    async fn call(&self, function: &str, qualifier: &str, event: &Value) -> ServiceResult<Called> {
        invoke::send(&self.client, function, qualifier, event).await
    }
}
