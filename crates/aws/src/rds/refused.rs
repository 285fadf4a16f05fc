//! From a failure to the RDS port's error.

use std::error::Error;

use aurora_restore_core::ports::{RdsError, RdsErrorKind};
use aws_sdk_rds::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::failure::{Call, Failure};

impl Call<'_> {
    /// The port's error for what the SDK says.
    pub(crate) fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> RdsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.because(Failure::of(error, self))
    }

    /// The port's error for an answer that does not hold what it must.
    pub(crate) fn malformed(self, what: impl Into<String>) -> RdsError {
        self.because(Failure::malformed(what.into()))
    }

    /// The port's error where RDS answers with an empty list instead of its not-found code.
    pub(crate) fn not_found(self, code: &'static str) -> RdsError {
        self.because(Failure {
            kind: RdsErrorKind::NotFound,
            code: code.to_owned(),
            message: format!("{} not found", self.object),
            request_id: None,
        })
    }

    /// The port's error for a failure.
    pub(crate) fn because(self, failure: Failure) -> RdsError {
        RdsError {
            kind: failure.kind,
            action: self.action.to_owned(),
            object: self.object.to_owned(),
            code: failure.code,
            message: failure.message,
            request_id: failure.request_id,
        }
    }
}
