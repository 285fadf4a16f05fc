//! The way back: the alias to a version that was published before. The guide's `--revision-id` cannot do that: it is a precondition.

use super::{FunctionsError, Standing, shift::Leg};
use crate::{
    change::{ChangeKind, Proposal},
    ports::Readiness,
};

/// Which version is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The one before the one that serves.
    Previous,
    /// This one.
    Version(u64),
}

/// What would be rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The aliases to be moved.
    pub legs: Vec<Leg>,
    lines: Vec<String>,
}

impl Rollback {
    /// What would be done, to be recorded.
    pub fn proposal(&self, why: Option<&str>) -> Proposal {
        Proposal::new(ChangeKind::FunctionsRollback, self.lines.clone(), &self.lines.join("\n"), why)
    }
}

/// Plans to go back. A function in the middle of a shift goes back to the version that still serves most calls, unless another one is named;
/// one that stands there already is left.
///
/// # Errors
/// [`FunctionsError::NoVersion`] where a function has no such version.
pub fn plan_rollback(standings: &[Standing], wanted: Wanted) -> Result<Rollback, FunctionsError> {
    let (mut legs, mut lines) = (Vec::new(), Vec::new());
    for standing in standings {
        let pointing = standing.alias.pointing;
        let to = match (wanted, pointing.shift) {
            (Wanted::Version(version), _) => usable(standing, version)?,
            (Wanted::Previous, Some(_)) => pointing.version,
            (Wanted::Previous, None) => previous(standing)?,
        };
        if to == pointing.version && pointing.shift.is_none() {
            continue;
        }
        let part = pointing.shift.map_or_else(String::new, |shift| format!(", a part to {}", shift.version));
        lines.push(format!("{}: version {}{part} -> version {to}", standing.function, pointing.version));
        legs.push(Leg { function: standing.function.clone(), from: pointing.version, to });
    }
    Ok(Rollback { legs, lines })
}

fn usable(standing: &Standing, version: u64) -> Result<u64, FunctionsError> {
    let found = standing.version(version).filter(|version| is_usable(&version.readiness));
    found.map(|_| version).ok_or_else(|| none(standing, Some(version)))
}

/// The newest usable version before the one that serves.
pub(crate) fn previous(standing: &Standing) -> Result<u64, FunctionsError> {
    let usable = standing.versions.iter().filter(|version| is_usable(&version.readiness));
    let before =
        usable.filter_map(|version| version.version).filter(|version| *version < standing.alias.pointing.version);
    before.max().ok_or_else(|| none(standing, None))
}

fn is_usable(readiness: &Readiness) -> bool {
    match readiness {
        Readiness::Ready | Readiness::Pending => true,
        Readiness::Failed { .. } => false,
    }
}

fn none(standing: &Standing, wanted: Option<u64>) -> FunctionsError {
    let there: Vec<String> =
        standing.versions.iter().filter_map(|version| version.version).map(|version| version.to_string()).collect();
    FunctionsError::NoVersion { function: standing.function.whole.clone(), wanted, there: there.join(", ") }
}
