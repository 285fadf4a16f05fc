//! The configuration's text in one SSM parameter (`GetParameter`). What it says is not read here.

use aurora_restore_core::ports::RdsErrorKind;
use aws_sdk_ssm::{
    Client, config::http::HttpResponse, error::SdkError, operation::get_parameter::GetParameterError,
    types::ParameterType,
};
use jiff::Timestamp;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
    failure::{Call, Failure},
};

/// What the largest parameter of SSM holds.
const BYTES_MAX: usize = 8 * 1024;

/// What SSM takes as a name, its own prefix aside.
const NAME_CHARS_MAX: usize = 1_011;

/// The name of the parameter that holds the configuration of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterName(String);

impl ParameterName {
    /// `/aurora-restore/<environment>/config`.
    ///
    /// # Errors
    /// [`ParameterError::NotAName`] if the environment has other signs than letters, digits, `_`, `.` and `-`.
    pub fn of_environment(environment: &str) -> Result<Self, ParameterError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if environment.is_empty() || environment.len() > 128 || !environment.bytes().all(legal) {
            return Err(ParameterError::NotAName { name: environment.to_owned() });
        }
        Ok(Self(format!("/aurora-restore/{environment}/config")))
    }

    /// A name as it is given.
    ///
    /// # Errors
    /// [`ParameterError::NotAName`] if SSM would not take it.
    pub fn new(text: &str) -> Result<Self, ParameterError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
        if text.is_empty() || text.len() > NAME_CHARS_MAX || !text.bytes().all(legal) {
            return Err(ParameterError::NotAName { name: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why the configuration could not be read. No variant holds any part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// An environment or a parameter cannot be called so.
    #[error(
        "`{name}` is not a name that SSM takes: only letters, digits, `_`, `.`, `-` and, in a parameter's, `/` are allowed"
    )]
    NotAName {
        /// The name as given.
        name: String,
    },
    /// There is no such parameter.
    #[error(
        "parameter `{name}` does not exist in {store}; put the configuration there, or correct the environment's name"
    )]
    Missing {
        /// The parameter.
        name: String,
        /// Where it was looked for.
        store: String,
    },
    /// The caller may not read it, or may not use its key.
    #[error(
        "access to parameter `{name}` is denied: {reason}; the caller needs ssm:GetParameter on it, and kms:Decrypt"
    )]
    Denied {
        /// The parameter.
        name: String,
        /// What was said.
        reason: String,
    },
    /// What is there is not the text of a configuration.
    #[error("parameter `{name}` cannot be the configuration: {reason}")]
    Unfit {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// SSM did not answer; trying again may help.
    #[error("parameter `{name}` could not be read: {reason}")]
    Unavailable {
        /// The parameter.
        name: String,
        /// What went wrong.
        reason: String,
    },
}

/// Reads the configuration of an environment.
#[derive(Debug, Clone)]
pub struct SsmConfig {
    client: Client,
    /// What errors call it.
    store: String,
}

impl SsmConfig {
    /// Parameters of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        let config = connection.to_service("SSM", endpoint)?;
        Ok(Self { client: Client::new(&config), store: format!("SSM in {}", connection.region()) })
    }

    /// The text of a parameter, decrypted if it is a `SecureString`.
    ///
    /// # Errors
    /// [`ParameterError`].
    pub async fn read(&self, name: &ParameterName) -> Result<String, ParameterError> {
        self.read_dated(name).await.map(|(text, _)| text)
    }

    /// The same, and when it was changed last.
    ///
    /// # Errors
    /// [`ParameterError`].
    pub async fn read_dated(&self, name: &ParameterName) -> Result<(String, Option<Timestamp>), ParameterError> {
        let sent = self.client.get_parameter().name(name.as_str()).with_decryption(true).send().await;
        let answer = sent.map_err(|error| self.refused(name, &error))?;
        let unfit = |reason: &str| ParameterError::Unfit { name: name.0.clone(), reason: reason.to_owned() };
        let parameter = answer.parameter().ok_or_else(|| unfit("the answer holds none"))?;
        if parameter.r#type() == Some(&ParameterType::StringList) {
            return Err(unfit("it is a list; make it a String or a SecureString"));
        }
        match parameter.value().unwrap_or_default() {
            "" => Err(unfit("it is empty")),
            text if text.len() > BYTES_MAX => {
                Err(unfit(&format!("it has {} bytes, and SSM holds at most {BYTES_MAX} in one parameter", text.len())))
            }
            text => {
                let changed_at = parameter.last_modified_date().map(|at| Timestamp::from_second(at.secs()));
                Ok((text.to_owned(), changed_at.and_then(Result::ok)))
            }
        }
    }

    fn refused(&self, name: &ParameterName, error: &SdkError<GetParameterError, HttpResponse>) -> ParameterError {
        let failure = Failure::of(error, Call::about("GetParameter", name.as_str()));
        let reason = format!("{} answers {}: {}", self.store, failure.code, failure.message);
        let name = name.0.clone();
        match error.as_service_error() {
            Some(GetParameterError::ParameterNotFound(_) | GetParameterError::ParameterVersionNotFound(_)) => {
                ParameterError::Missing { name, store: self.store.clone() }
            }
            Some(GetParameterError::InvalidKeyId(_)) => ParameterError::Denied { name, reason },
            _ => match failure.kind {
                RdsErrorKind::AccessDenied | RdsErrorKind::KmsDenied => ParameterError::Denied { name, reason },
                RdsErrorKind::InvalidRequest => ParameterError::Unfit { name, reason },
                _ => ParameterError::Unavailable { name, reason },
            },
        }
    }
}

#[cfg(test)]
mod tests;
