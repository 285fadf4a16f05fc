//! What went wrong with a call of any service, read off the SDK's error once and for all.
//!
//! What a wire code *means* is decided in [`mod@classify`], a pure function over what came over the wire. The kinds are
//! those of the RDS port, which tells most apart; the other adapters map from them to what their ports say.

pub(crate) mod classify;

use std::error::Error;

use aurora_restore_core::ports::RdsErrorKind;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::{RequestId, assume_role::AssumeRoleError},
};

use classify::{Answer, classify};

/// A call, as far as errors have to name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The API action.
    pub(crate) action: &'static str,
    /// What it is about.
    #[cfg_attr(not(any(feature = "rds", feature = "stack")), expect(dead_code, reason = "nobody else tells it"))]
    pub(crate) object: &'a str,
}

impl<'a> Call<'a> {
    /// A call about nothing in particular.
    pub(crate) fn new(action: &'static str) -> Self {
        Self { action, object: "*" }
    }

    /// A call about a named thing.
    #[cfg(any(feature = "rds", feature = "notices", feature = "secrets"))]
    pub(crate) fn about(action: &'static str, object: &'a str) -> Self {
        Self { action, object }
    }
}

/// Why a call did not give what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: RdsErrorKind,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

impl Failure {
    /// An answer that does not hold what it must.
    #[cfg(feature = "rds")]
    pub(crate) fn malformed(what: String) -> Self {
        Self::below(RdsErrorKind::Other, "MalformedAnswer", what)
    }

    /// Reads the SDK's error.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>, call: Call<'_>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(refusal) => Self {
                request_id: error.request_id().map(str::to_owned),
                ..Self::refused(refusal.err(), refusal.raw().status().as_u16(), call)
            },
            SdkError::TimeoutError(_) => Self::below(RdsErrorKind::Unavailable, "Timeout", "no answer in time"),
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => Self::unsent(error),
            SdkError::ResponseError(_) => Self {
                request_id: error.request_id().map(str::to_owned),
                ..Self::below(RdsErrorKind::Unavailable, "UnreadableAnswer", chain_text(error))
            },
            _ => Self::below(RdsErrorKind::Other, "UnknownFailure", chain_text(error)),
        }
    }

    fn refused<E>(refusal: &E, status: u16, call: Call<'_>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        let message = refusal.message().unwrap_or_default();
        let clock = if is_about_the_clock(refusal.code().unwrap_or_default(), message) {
            " (the clock of this machine is wrong: set it)"
        } else {
            ""
        };
        let kind = classify(&Answer { action: call.action, code: refusal.code().unwrap_or_default(), message, status });
        Self {
            kind,
            code: refusal.code().map_or_else(|| format!("Http{status}"), str::to_owned),
            message: if message.is_empty() {
                format!("no text, HTTP status {status}{clock}")
            } else {
                format!("{message}{clock}")
            },
            request_id: None,
        }
    }

    /// Nothing came back: the credentials or the connection failed, or the request could not be built.
    fn unsent<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: Error + 'static,
    {
        if let Some(credentials) = sources(error).find_map(|s| s.downcast_ref::<CredentialsError>()) {
            return Self::without_credentials(credentials);
        }
        let (kind, code) = match error {
            SdkError::DispatchFailure(failure) if failure.is_timeout() => (RdsErrorKind::Unavailable, "Timeout"),
            SdkError::DispatchFailure(failure) if !failure.is_user() => (RdsErrorKind::Unavailable, "NoConnection"),
            _ => (RdsErrorKind::InvalidRequest, "RequestNotSent"),
        };
        Self::below(kind, code, chain_text(error))
    }

    fn without_credentials(error: &CredentialsError) -> Self {
        let text = chain_text(error);
        // STS's own refusal to hand out a role's credentials is more telling than the provider's word for it.
        let refusal = sources(error).find_map(|source| source.downcast_ref::<AssumeRoleError>());
        if let Some(refusal) = refusal.filter(|refusal| refusal.code().is_some()) {
            return Self {
                message: format!("the role cannot be assumed: {}", refusal.message().unwrap_or("no text")),
                ..Self::refused(refusal, 400, Call::new("AssumeRole"))
            };
        }
        match error {
            CredentialsError::CredentialsNotLoaded(_) => {
                Self::below(RdsErrorKind::AccessDenied, "NoCredentials", "no credentials were found")
            }
            CredentialsError::InvalidConfiguration(_) => {
                Self::below(RdsErrorKind::AccessDenied, "InvalidCredentialsConfiguration", text)
            }
            _ => Self::below(RdsErrorKind::Unavailable, "CredentialsUnavailable", text),
        }
    }

    fn below(kind: RdsErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), request_id: None }
    }
}

/// AWS takes a signature for a few minutes only. It says so under the code of a wrong key, which leads people astray.
fn is_about_the_clock(code: &str, message: &str) -> bool {
    let expired = ["Signature expired", "Signature not yet current", "request signature is too old"];
    matches!(code, "RequestExpired" | "RequestInTheFuture" | "RequestTimeTooSkewed")
        || expired.iter().any(|text| message.contains(text))
}

/// An error and what caused it, outermost first. Bounded, in case a chain bites its tail.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source()).take(32)
}

fn chain_text(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for part in sources(error).map(ToString::to_string) {
        if !text.contains(&part) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
        }
    }
    text
}
