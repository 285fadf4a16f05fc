//! What a refusal of CloudFormation or S3 means to the ports.

use std::error::Error;

use aurora_restore_core::ports::RdsErrorKind;
use aurora_restore_ops::ports::{ServiceError, ServiceResult};
use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::failure::{Call, Failure};

/// The most pages of one list: far beyond every quota.
pub(crate) const PAGES_MAX: usize = 1_000;

/// A call, as far as errors have to name it: the permission that it needs, and what it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) action: &'static str,
    pub(crate) object: &'a str,
}

impl<'a> Asked<'a> {
    pub(crate) fn about(action: &'static str, object: &'a str) -> Self {
        Self { action, object }
    }

    /// What the SDK's error means.
    pub(crate) fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> ServiceError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let call = self.action.split_once(':').map_or(self.action, |(_, call)| call);
        self.meant(&Failure::of(error, Call { action: call, object: self.object }))
    }

    fn meant(self, failure: &Failure) -> ServiceError {
        let (action, object) = (self.action, self.object.to_owned());
        let reason = format!("{}: {}", failure.code, failure.message);
        match failure.kind {
            RdsErrorKind::AccessDenied | RdsErrorKind::KmsDenied => ServiceError::Denied { action, object, reason },
            RdsErrorKind::NotFound | RdsErrorKind::ReferenceNotFound => {
                ServiceError::Missing { action, object, reason }
            }
            // CloudFormation has one code for everything that it does not like.
            RdsErrorKind::InvalidRequest if failure.message.contains("does not exist") => {
                ServiceError::Missing { action, object, reason }
            }
            RdsErrorKind::Throttled
            | RdsErrorKind::Unavailable
            | RdsErrorKind::TransientQuota
            | RdsErrorKind::CapacityShort => ServiceError::Unavailable { action, object, reason },
            RdsErrorKind::InvalidRequest
            | RdsErrorKind::AlreadyExists
            | RdsErrorKind::Quota
            | RdsErrorKind::InvalidState
            | RdsErrorKind::Other => ServiceError::Refused { action, object, reason },
        }
    }

    /// An answer that does not hold what it must.
    pub(crate) fn malformed(self, what: &str) -> ServiceError {
        let reason = format!("the answer {what}");
        ServiceError::Refused { action: self.action, object: self.object.to_owned(), reason }
    }
}

/// What is gone is as good as deleted.
pub(crate) fn gone_is_fine(result: ServiceResult<()>) -> ServiceResult<()> {
    match result {
        Err(ServiceError::Missing { .. }) => Ok(()),
        other => other,
    }
}
