//! `GetFunctionConfiguration` and `ListVersionsByFunction`, all pages.

use aurora_restore_ops::ports::{FunctionFacts, Readiness, ServiceError, ServiceResult};
use aws_sdk_lambda::{
    Client,
    operation::get_function_configuration::GetFunctionConfigurationOutput,
    types::{FunctionConfiguration, LastUpdateStatus, Runtime, State},
};

use crate::stack::{Asked, PAGES_MAX};

/// What Lambda says of a function, whatever call it was asked by.
struct Said<'a> {
    version: Option<&'a str>,
    code_sha256: Option<&'a str>,
    code_size: i64,
    memory_size: Option<i32>,
    runtime: Option<&'a Runtime>,
    last_modified: Option<&'a str>,
    state: Option<&'a State>,
    state_reason: Option<&'a str>,
    update: Option<&'a LastUpdateStatus>,
    update_reason: Option<&'a str>,
    revision_id: Option<&'a str>,
}

/// Both answers have the same fields and no type in common.
macro_rules! said {
    ($answer:expr) => {
        Said {
            version: $answer.version(),
            code_sha256: $answer.code_sha256(),
            code_size: $answer.code_size(),
            memory_size: $answer.memory_size(),
            runtime: $answer.runtime(),
            last_modified: $answer.last_modified(),
            state: $answer.state(),
            state_reason: $answer.state_reason(),
            update: $answer.last_update_status(),
            update_reason: $answer.last_update_status_reason(),
            revision_id: $answer.revision_id(),
        }
    };
}

pub(super) async fn one(client: &Client, function: &str, version: Option<u64>) -> ServiceResult<Option<FunctionFacts>> {
    let asked = Asked::about("lambda:GetFunctionConfiguration", function);
    let qualifier = version.map(|version| version.to_string());
    let call = client.get_function_configuration().function_name(function).set_qualifier(qualifier);
    match call.send().await.map_err(|error| asked.failed(&error)) {
        Ok(answer) => facts(asked, &of_one(&answer)).map(Some),
        Err(ServiceError::Missing { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

pub(super) async fn versions(client: &Client, function: &str) -> ServiceResult<Vec<FunctionFacts>> {
    let asked = Asked::about("lambda:ListVersionsByFunction", function);
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let call = client.list_versions_by_function().function_name(function).set_marker(marker.clone());
        let page = call.send().await.map_err(|error| asked.failed(&error))?;
        for version in page.versions() {
            found.push(facts(asked, &of_version(version))?);
        }
        let next = page.next_marker().filter(|next| !next.is_empty()).map(str::to_owned);
        if next.is_none() {
            found.retain(|facts| facts.version.is_some());
            found.sort_by_key(|facts| facts.version);
            return Ok(found);
        }
        if next == marker {
            return Err(asked.malformed("does not go on: a page's marker is its own"));
        }
        marker = next;
    }
    Err(asked.malformed("has no end"))
}

fn of_one(answer: &GetFunctionConfigurationOutput) -> Said<'_> {
    said!(answer)
}

fn of_version(version: &FunctionConfiguration) -> Said<'_> {
    said!(version)
}

fn facts(asked: Asked<'_>, said: &Said<'_>) -> ServiceResult<FunctionFacts> {
    let required = |what: Option<&str>, name: &str| {
        what.map(str::to_owned).ok_or_else(|| asked.malformed(&format!("has no {name}")))
    };
    Ok(FunctionFacts {
        // What can still be changed has a word instead of a number.
        version: said.version.and_then(|version| version.parse().ok()),
        code_sha256: required(said.code_sha256, "CodeSha256")?,
        code_bytes: u64::try_from(said.code_size).unwrap_or_default(),
        memory_mb: said.memory_size.and_then(|size| u32::try_from(size).ok()).unwrap_or(128),
        runtime: said.runtime.map_or_else(|| "?".to_owned(), |runtime| runtime.as_str().to_owned()),
        changed_at: said.last_modified.and_then(|at| at.parse().ok()),
        readiness: readiness(said),
        revision: said.revision_id.unwrap_or_default().to_owned(),
    })
}

fn readiness(said: &Said<'_>) -> Readiness {
    let failed = |reason: Option<&str>| Readiness::Failed { reason: reason.unwrap_or("no reason is given").to_owned() };
    match (said.state, said.update) {
        (Some(State::Failed), _) => failed(said.state_reason),
        (_, Some(LastUpdateStatus::Failed)) => failed(said.update_reason),
        (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => Readiness::Pending,
        // One that was put to sleep wakes when it is called.
        _ => Readiness::Ready,
    }
}
