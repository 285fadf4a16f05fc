//! What a stack's deployment has to know of functions that were changed beside it.
//!
//! CloudFormation compares a deployment with the last one, not with what is there. A function whose code somebody has changed since, and
//! whose package is the same as in the last deployment, would keep that code, and have a new version published of it.

use super::{FunctionName, FunctionsError, NewCode, Standing, list::look_at, settle::ready};
use crate::{
    follow::Narrator,
    ports::{CodeAt, Functions},
};

/// The functions that are there: a stack of an older template may lack some, which its next deployment makes.
///
/// # Errors
/// [`FunctionsError::Service`].
pub async fn present(functions: &dyn Functions, names: &[FunctionName]) -> Result<Vec<Standing>, FunctionsError> {
    let mut found = Vec::new();
    for name in names {
        match look_at(functions, name).await {
            Ok(standing) => found.push(standing),
            Err(FunctionsError::Missing { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(found)
}

/// Gives functions the code of a package whose name the stack has already, where they have another one. Nobody calls what is changed.
///
/// # Errors
/// [`FunctionsError::Shifting`] where one is in the middle of a shift, which the stack would not end.
pub async fn realign(
    functions: &dyn Functions,
    standings: &[Standing],
    code: &NewCode,
    at: &CodeAt,
    narrator: &mut dyn Narrator,
) -> Result<(), FunctionsError> {
    for standing in standings {
        if standing.latest.code_sha256 == code.sha256 {
            continue;
        }
        let function = &standing.function.whole;
        narrator
            .note(&format!("{}: it was given other code beside the stack, and gets the stack's", standing.function));
        let latest = ready(functions, function, None).await?;
        functions.set_code(function, at, &latest.revision).await?;
        let _ready = ready(functions, function, None).await?;
    }
    Ok(())
}

/// Refuses functions that are in the middle of a shift.
///
/// # Errors
/// [`FunctionsError::Shifting`].
pub fn require_settled(standings: &[Standing]) -> Result<(), FunctionsError> {
    match standings.iter().find_map(|standing| Some((standing, standing.alias.pointing.shift?))) {
        Some((standing, shift)) => {
            Err(FunctionsError::Shifting { function: standing.function.whole.clone(), version: shift.version })
        }
        None => Ok(()),
    }
}

/// The functions that do not serve their newest version: somebody has rolled them back.
pub fn behind(standings: &[Standing]) -> Vec<String> {
    let is_behind =
        |standing: &&Standing| standing.newest().is_some_and(|newest| newest > standing.alias.pointing.version);
    let line = |standing: &Standing| {
        let (serves, newest) = (standing.alias.pointing.version, standing.newest().unwrap_or_default());
        format!("{} serves version {serves}, and {newest} is its newest", standing.function)
    };
    standings.iter().filter(is_behind).map(line).collect()
}
