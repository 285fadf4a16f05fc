//! What the functions of a stack serve: the version behind each alias. It is read in one place, so that checks of different periods
//! mean the same by it.

use futures_util::{StreamExt as _, stream};

use super::{finding::Finding, site::Deployed};
use crate::{
    Unlooked,
    follow::patiently,
    functions::ALIAS,
    ports::{FunctionFacts, Functions, ServiceError, ServiceResult, Shift},
};

/// So many functions are asked about at once.
const AT_ONCE: usize = 4;

/// A function, and what it serves.
pub(super) struct Serving {
    /// What can still be changed of it.
    pub(super) latest: FunctionFacts,
    /// The version that serves, or most of it.
    pub(super) live: FunctionFacts,
    /// The part of the calls that goes to another version.
    pub(super) shift: Option<Shift>,
}

/// What each function of a stack serves, by its name. None where the function, its alias or the version is not there.
pub(super) async fn serving<'d>(
    functions: &dyn Functions,
    deployed: &'d Deployed,
) -> Vec<(&'d str, ServiceResult<Option<Serving>>)> {
    let names: Vec<&str> = deployed.names("AWS::Lambda::Function").collect();
    let looks: Vec<_> = names.iter().map(|name| one(functions, name)).collect();
    let found: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    names.into_iter().zip(found).collect()
}

/// What is told of a function that cannot be asked about.
pub(super) fn not_asked(name: &str, error: ServiceError) -> Finding {
    let mut finding = Unlooked::from(error).finding();
    finding.what = format!("function {name} {}", finding.what);
    finding
}

/// Of the versions only the one that serves is asked about: `functions::look` lists all of them.
async fn one(functions: &dyn Functions, name: &str) -> ServiceResult<Option<Serving>> {
    let Some(latest) = patiently(|| functions.describe(name, None)).await? else { return Ok(None) };
    let Some(alias) = patiently(|| functions.alias(name, ALIAS)).await? else { return Ok(None) };
    let version = Some(alias.pointing.version);
    let live = patiently(|| functions.describe(name, version)).await?;
    Ok(live.map(|live| Serving { latest, live, shift: alias.pointing.shift }))
}
