//! The way back: the alias to a version that was published before. The guide's `--revision-id` cannot do that: it is a precondition.

use super::{FunctionsError, Standing, served::Served, shift::Leg};
use crate::{
    change::{ChangeKind, Proposal},
    ports::Readiness,
};

/// What is said of a version that only its number speaks for.
const GUESSED: &str = " (the nearest below it that was not taken back: its alias does not tell what served before)";

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
            (Wanted::Version(version), _) => Earlier { version: usable(standing, version)?, is_noted: true },
            (Wanted::Previous, Some(_)) => Earlier { version: pointing.version, is_noted: true },
            (Wanted::Previous, None) => previous(standing)?,
        };
        if to.version == pointing.version && pointing.shift.is_none() {
            continue;
        }
        let part = pointing.shift.map_or_else(String::new, |shift| format!(", a part to {}", shift.version));
        let guessed = if to.is_noted { "" } else { GUESSED };
        let (function, version) = (&standing.function, to.version);
        lines.push(format!("{function}: version {}{part} -> version {version}{guessed}", pointing.version));
        legs.push(Leg { function: function.clone(), from: pointing.version, to: version });
    }
    Ok(Rollback { legs, lines })
}

fn usable(standing: &Standing, version: u64) -> Result<u64, FunctionsError> {
    let found = standing.version(version).filter(|version| is_usable(&version.readiness));
    found.map(|_| version).ok_or_else(|| none(standing, Some(version)))
}

/// A version to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// Its number.
    pub(crate) version: u64,
    /// Whether its alias tells that it served before; otherwise it is only the nearest that may have.
    pub(crate) is_noted: bool,
}

/// The version that served before the one that serves, as the alias tells. Where it does not, because the stack or a person has moved it:
/// the newest usable one below it that was not taken back.
pub(crate) fn previous(standing: &Standing) -> Result<Earlier, FunctionsError> {
    let (served, live) = (Served::of(&standing.alias), standing.alias.pointing.version);
    if let Some(version) = served.before().iter().find(|version| usable(standing, **version).is_ok()) {
        return Ok(Earlier { version: *version, is_noted: true });
    }
    let usable = standing.versions.iter().filter(|version| is_usable(&version.readiness));
    let below = usable.filter_map(|version| version.version).filter(|version| *version < live);
    let nearest = below.filter(|version| !served.is_taken_back(*version)).max();
    nearest.map(|version| Earlier { version, is_noted: false }).ok_or_else(|| none(standing, None))
}

fn is_usable(readiness: &Readiness) -> bool {
    match readiness {
        Readiness::Ready | Readiness::Pending => true,
        Readiness::Failed { .. } => false,
    }
}

fn none(standing: &Standing, wanted: Option<u64>) -> FunctionsError {
    let served = Served::of(&standing.alias);
    let told = |version: u64| format!("{version}{}", if served.is_taken_back(version) { " (taken back)" } else { "" });
    let there: Vec<String> = standing.versions.iter().filter_map(|version| version.version).map(told).collect();
    FunctionsError::NoVersion { function: standing.function.whole.clone(), wanted, there: there.join(", ") }
}
