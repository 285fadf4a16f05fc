//! Every way in which the API can say no, with the code and status that AWS gives for it.

use super::credentials::ScopeError;
use super::query::{FormError, ParamError};
use super::xml::FaultOf;
use crate::model::error::{RdsError, RdsErrorCode};

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// What the model says.
    #[error("{}", .0.message)]
    Rds(#[from] RdsError),
    /// A parameter is wrong.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The form cannot be read.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The request is not signed as it must be.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// Neither GET nor POST of a form.
    #[error("The request must be a GET, or a POST of application/x-www-form-urlencoded")]
    NotAQuery,
    /// No `Action`.
    #[error("The request must contain the parameter Action")]
    MissingAction,
    /// An `Action` that nobody has, or has here.
    #[error("Could not find operation {action} for version {version}")]
    UnknownAction {
        /// The action asked for.
        action: String,
        /// The version of the API asked for.
        version: String,
    },
    /// An access key that stands for no account.
    #[error("The security token included in the request is invalid")]
    UnknownKey,
    /// The credentials of an assumed role, too late.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The request may come from a web page.
    #[error("Requests of web pages, and to other hosts than this one, are refused by the sandbox")]
    Foreign,
    /// The sandbox cannot take changes now, because it could not save them.
    #[error("The sandbox cannot save its state: {0}")]
    CannotSave(String),
}

impl Refusal {
    /// The code on the wire.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Rds(error) => error.code.as_str(),
            Self::Param(ParamError::Missing(_)) => RdsErrorCode::MissingParameter.as_str(),
            Self::Param(ParamError::Invalid { .. } | ParamError::NotModelled(_)) => {
                RdsErrorCode::InvalidParameterValue.as_str()
            }
            Self::Param(ParamError::Unknown(_)) => "ValidationError",
            Self::Form(FormError::Repeated(_) | FormError::Control(_)) => RdsErrorCode::InvalidParameterValue.as_str(),
            Self::Form(FormError::Encoding | FormError::TooMany | FormError::Name) | Self::NotAQuery => {
                "MalformedQueryString"
            }
            Self::Scope(ScopeError::Missing) => "MissingAuthenticationToken",
            Self::Scope(ScopeError::Incomplete(_) | ScopeError::Malformed) => "IncompleteSignature",
            Self::MissingAction => "MissingAction",
            Self::UnknownAction { .. } => "InvalidAction",
            Self::UnknownKey => "InvalidClientTokenId",
            Self::ExpiredToken => "ExpiredToken",
            Self::Foreign => RdsErrorCode::AccessDenied.as_str(),
            Self::CannotSave(_) => RdsErrorCode::ServiceUnavailable.as_str(),
        }
    }

    /// The HTTP status that goes with it.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Rds(error) => error.http_status(),
            Self::Scope(ScopeError::Missing) | Self::UnknownKey | Self::ExpiredToken | Self::Foreign => 403,
            Self::CannotSave(_) => 503,
            Self::Param(_)
            | Self::Form(_)
            | Self::Scope(ScopeError::Incomplete(_) | ScopeError::Malformed)
            | Self::NotAQuery
            | Self::MissingAction
            | Self::UnknownAction { .. } => 400,
        }
    }

    /// Whose fault it is, which clients go by when they decide whether to retry.
    pub(crate) fn fault_of(&self) -> FaultOf {
        if self.status() < 500 { FaultOf::Sender } else { FaultOf::Receiver }
    }
}
