//! The two actions of AWS STS that a client needs to act for another account.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::identity::{Identity, Session, assume};
use super::query::{ParamError, Params};
use super::refusal::Refusal;
use super::xml::{self, Service};

/// The version of the API by which its requests are told from those of RDS.
pub(crate) const VERSION: &str = "2011-06-15";

const DURATION_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;
const DURATION_SECONDS_DEFAULT: u32 = 3_600;

/// Answers an action, or refuses it.
pub(super) fn answer(
    action: &str,
    mut params: Params,
    caller: &Identity,
    now: Timestamp,
    request_id: &str,
) -> Result<std::io::Result<String>, Refusal> {
    match action {
        "GetCallerIdentity" => {
            params.finish()?;
            let result =
                CallerIdentity { arn: caller.arn(), user_id: caller.user_id(), account: caller.account.clone() };
            Ok(xml::answer(Service::Sts, action, Some(&result), request_id))
        }
        "AssumeRole" => {
            let session = assume_role(&mut params, now)?;
            params.finish()?;
            Ok(xml::answer(Service::Sts, action, Some(&AssumedRole::of(&session)), request_id))
        }
        _ => Err(Refusal::UnknownAction { action: action.to_owned(), version: VERSION.to_owned() }),
    }
}

fn assume_role(params: &mut Params, now: Timestamp) -> Result<Session, Refusal> {
    // The sandbox has no policies: every role can be assumed, by everybody. What narrows a role is read past.
    for name in ["ExternalId", "Policy", "PolicyArns", "SourceIdentity", "Tags", "TransitiveTagKeys"] {
        params.ignore(name);
    }
    let arn: String = params.required("RoleArn")?;
    let session: String = params.required("RoleSessionName")?;
    let seconds = params.optional("DurationSeconds")?.unwrap_or(DURATION_SECONDS_DEFAULT);
    if !DURATION_SECONDS.contains(&seconds) {
        return Err(invalid("DurationSeconds", "must be between 900 and 43200"));
    }
    assume(&arn, &session, SignedDuration::from_secs(seconds.into()), now)
        .ok_or_else(|| invalid("RoleArn", "must be the ARN of a role, with a legal session name"))
}

fn invalid(name: &str, problem: &'static str) -> Refusal {
    Refusal::Param(ParamError::Invalid { name: name.to_owned(), problem })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CallerIdentity {
    arn: String,
    user_id: String,
    account: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRole<'a> {
    assumed_role_user: User,
    credentials: Credentials<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct User {
    assumed_role_id: String,
    arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: Timestamp,
}

impl<'a> AssumedRole<'a> {
    fn of(session: &'a Session) -> Self {
        Self {
            assumed_role_user: User { assumed_role_id: session.identity.user_id(), arn: session.identity.arn() },
            credentials: Credentials {
                access_key_id: &session.access_key,
                // Clients need one to sign with; nobody checks what they sign.
                secret_access_key: "not-a-secret",
                session_token: &session.token,
                expiration: session.expiry,
            },
        }
    }
}
