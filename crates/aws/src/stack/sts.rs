//! Who calls (`GetCallerIdentity`), as the records of changes name them.

use aurora_restore_ops::ports::ServiceResult;
use aws_sdk_sts::Client;

use super::service::Asked;
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// Who calls, asked of STS.
#[derive(Debug, Clone)]
pub struct Callers {
    client: Client,
}

impl Callers {
    /// The identity behind a connection. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("STS", endpoint)?) })
    }

    /// The ARN of the caller: a user, or the session of a role.
    ///
    /// # Errors
    /// [`aurora_restore_ops::ports::ServiceError`].
    pub async fn arn(&self) -> ServiceResult<String> {
        let asked = Asked::about("sts:GetCallerIdentity", "the caller");
        let answer = self.client.get_caller_identity().send().await.map_err(|error| asked.failed(&error))?;
        answer.arn.filter(|arn| !arn.is_empty()).ok_or_else(|| asked.malformed("names no caller"))
    }
}
