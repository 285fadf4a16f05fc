//! The way back: the alias to a version that was published before. The guide's `--revision-id` cannot do that: it is a precondition.

use super::{
    FunctionsError, Standing,
    served::Served,
    shift::{Leg, at_once, left},
};
use crate::{
    change::{AliasMove, Change, ChangeId, ChangeKind, Proposal},
    ports::{Functions, Pointing, Readiness},
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
    /// The aliases to be moved; of one that is gone on with, those that have been moved among them.
    pub legs: Vec<Leg>,
    /// The change that it goes on with.
    pub begun: Option<ChangeId>,
    lines: Vec<String>,
}

/// How far it went.
#[derive(Debug, Clone, PartialEq)]
pub enum WentBack {
    /// Every alias points to where it is to.
    Wholly,
    /// None does.
    NotAtAll(FunctionsError),
    /// Some do, or nobody knows; the same rollback goes on.
    Partly {
        /// Why.
        error: FunctionsError,
        /// What is left of it, as far as is known.
        left: Vec<Leg>,
    },
}

impl Rollback {
    /// What would be done, to be recorded: the legs with it, because a repeat that planned anew would go one version too far.
    pub fn proposal(&self, why: Option<&str>) -> Proposal {
        let moved = |leg: &Leg| AliasMove { function: leg.function.whole.clone(), from: leg.from, to: Some(leg.to) };
        let moves = self.legs.iter().map(moved).collect();
        Proposal::new(ChangeKind::FunctionsRollback, self.lines.clone(), &self.lines.join("\n"), why).moving(moves)
    }

    /// Moves the aliases at once; one that has been moved is done.
    pub async fn apply(&self, functions: &dyn Functions) -> WentBack {
        let Err(error) = at_once(functions, &self.legs).await else { return WentBack::Wholly };
        match left(functions, &self.legs).await {
            Ok(left) if left.len() == self.legs.len() => WentBack::NotAtAll(error),
            Ok(left) => WentBack::Partly { error, left },
            Err(_) => WentBack::Partly { error, left: self.legs.clone() },
        }
    }
}

/// What is to go back: the rest of a rollback that was begun and of which nobody knows how it ended, else what is planned from where the
/// aliases point to now. `begun` has such changes, the newest first.
///
/// # Errors
/// [`FunctionsError::Begun`] where a change was begun that moves one of these functions and is another, and no version is named: nobody
/// can tell which one is meant. [`FunctionsError::NoVersion`].
pub fn rollback(begun: &[Change], standings: &[Standing], wanted: Wanted) -> Result<Rollback, FunctionsError> {
    let rest = |change: &Change| {
        let legs = rest(&change.proposal, standings, wanted)?;
        Some(Rollback { legs, begun: Some(change.id), lines: change.proposal.diff.clone() })
    };
    if let Some(rest) = begun.iter().find_map(rest) {
        return Ok(rest);
    }
    let find = |whole: &str| standings.iter().find(|standing| standing.function.whole == whole);
    let moves_one = |change: &&Change| {
        // Older records do not tell which.
        let moves = &change.proposal.moves;
        moves.is_empty() || moves.iter().any(|moved| find(&moved.function).is_some())
    };
    match begun.iter().find(moves_one) {
        Some(change) if wanted == Wanted::Previous => {
            let leg = |moved: &AliasMove| {
                let standing = find(&moved.function)?;
                Some(Leg { function: standing.function.clone(), from: moved.from, to: moved.to? })
            };
            Err(FunctionsError::Begun {
                change: change.id,
                left: change.proposal.moves.iter().filter_map(leg).collect(),
            })
        }
        Some(_) | None => plan_rollback(standings, wanted),
    }
}

/// The legs of a rollback that was begun, if it is the one that is asked for: of just these functions, to just these versions, and every
/// alias is where it was or where it is to.
fn rest(proposal: &Proposal, standings: &[Standing], wanted: Wanted) -> Option<Vec<Leg>> {
    let leg = |moved: &AliasMove| {
        let standing = standings.iter().find(|standing| standing.function.whole == moved.function)?;
        let is_there = [Some(moved.from), moved.to].contains(&Some(standing.alias.pointing.version));
        is_there.then(|| Some(Leg { function: standing.function.clone(), from: moved.from, to: moved.to? }))?
    };
    let legs = proposal.moves.iter().map(leg).collect::<Option<Vec<_>>>()?;
    let fits = |standing: &Standing| {
        let leg = legs.iter().find(|leg| leg.function == standing.function);
        match (wanted, leg) {
            (Wanted::Previous, leg) => leg.is_some(),
            (Wanted::Version(version), Some(leg)) => leg.to == version,
            (Wanted::Version(version), None) => standing.alias.pointing == Pointing { version, shift: None },
        }
    };
    (!legs.is_empty() && standings.iter().all(fits)).then_some(legs)
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
    Ok(Rollback { legs, begun: None, lines })
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
