//! New code: given to a function, published as a version, and moved to by the alias.
//!
//! Every step is skipped where what it would make is there, so a run that was killed is simply run again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use super::{FunctionPorts, FunctionsError, Standing, names::shown, settle::ready, shift::Leg, tune::set_memory};
use crate::{
    change::{AliasMove, Change, ChangeId, ChangeKind, Proposal},
    follow::Narrator,
    ports::CodeAt,
};

/// Code to be deployed, by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// The SHA-256 of the package, in base64, as Lambda tells it.
    pub sha256: String,
    /// Its bytes.
    pub bytes: usize,
}

impl NewCode {
    /// The code of a package.
    pub fn of(content: &[u8]) -> Self {
        Self { sha256: BASE64_STANDARD.encode(Sha256::digest(content)), bytes: content.len() }
    }
}

/// What has to be done with one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It runs the code.
    Nothing,
    /// It gets the code, and a version of it.
    Publish,
    /// A part of its calls goes to a version of the code: somebody was killed, or is at it.
    GoOn(u64),
    /// All of its calls go to a version of the code, and nobody has watched it to the end.
    Watch(u64),
}

/// A function that gets code.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// As it stands.
    pub standing: Standing,
    /// The version that served when the deployment was begun.
    from: u64,
    way: Way,
}

/// What would be deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionsDeployment {
    code: NewCode,
    /// All functions that were asked for: what is approved is over all of them, however far a deployment has come that was killed.
    targets: Vec<Target>,
    begun: Option<ChangeId>,
}

impl FunctionsDeployment {
    /// Plans to give functions some code, or goes on with a deployment of it to just these functions that was begun and of which nobody
    /// knows how it ended. `begun` has such changes, the newest first.
    ///
    /// # Errors
    /// [`FunctionsError::Shifting`] where one is on its way to other code, [`FunctionsError::Missing`].
    pub fn plan(code: NewCode, standings: Vec<Standing>, begun: &[Change]) -> Result<Self, FunctionsError> {
        if let Some(rest) = begun.iter().find_map(|change| Self::rest(&code, &standings, change)) {
            return Ok(rest);
        }
        let target = |standing: Standing| {
            let from = standing.alias.pointing.version;
            Ok(Target { way: way(&standing, &code)?, standing, from })
        };
        let targets = standings.into_iter().map(target).collect::<Result<Vec<_>, FunctionsError>>()?;
        Ok(Self { code, targets, begun: None })
    }

    /// The rest of a deployment that was begun, if it is this one and nobody has moved an alias elsewhere since.
    fn rest(code: &NewCode, standings: &[Standing], change: &Change) -> Option<Self> {
        let target = |standing: &Standing| {
            let mut moves = change.proposal.moves.iter();
            let from = moves.find(|moved| moved.function == standing.function.whole)?.from;
            Some(Target { standing: standing.clone(), from, way: way_from(standing, code, from)? })
        };
        let targets = standings.iter().map(target).collect::<Option<Vec<_>>>()?;
        let rest = Self { code: code.clone(), targets, begun: Some(change.id) };
        (!rest.is_done() && rest.proposal(None).digest == change.proposal.digest).then_some(rest)
    }

    /// Whether every function runs the code, and nobody has left one unwatched.
    pub fn is_done(&self) -> bool {
        self.to_do().next().is_none()
    }

    /// How many functions there is something to be done with.
    pub fn count(&self) -> usize {
        self.to_do().count()
    }

    /// The change that it goes on with.
    pub fn begun(&self) -> Option<ChangeId> {
        self.begun
    }

    /// The way back of each function that a killed run has left on its way: some or all of its calls go to the new version.
    pub fn under_way(&self) -> Vec<Leg> {
        let back = |Target { standing, from, way }: &Target| match way {
            Way::GoOn(version) | Way::Watch(version) => {
                Some(Leg { function: standing.function.clone(), from: *version, to: *from })
            }
            Way::Nothing | Way::Publish => None,
        };
        self.targets.iter().filter_map(back).collect()
    }

    fn to_do(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.way != Way::Nothing)
    }

    /// What would be done, to be recorded.
    pub fn proposal(&self, why: Option<&str>) -> Proposal {
        let new = shown(&self.code.sha256);
        let line = |Target { standing, from, way }: &Target| {
            let old = standing.version(*from).map_or("?", |old| shown(&old.code_sha256));
            let what = match way {
                Way::Nothing => "nothing".to_owned(),
                Way::Publish => "a new version".to_owned(),
                Way::GoOn(version) => format!("version {version}, which has a part of the calls already"),
                Way::Watch(version) => {
                    format!("version {version}, which has all calls already and was not watched to the end")
                }
            };
            let size = self.code.bytes / 1024;
            format!("{}: version {from} (code {old}…) -> {what} (code {new}…, {size} KiB)", standing.function)
        };
        let covered = |target: &Target| format!("{} {}", target.standing.function.whole, target.from);
        let all: Vec<String> = self.targets.iter().map(covered).collect();
        let applied = format!("{}\n{}", self.code.sha256, all.join("\n"));
        let moved = |target: &Target| AliasMove {
            function: target.standing.function.whole.clone(),
            from: target.from,
            to: None,
        };
        let moves = self.targets.iter().map(moved).collect();
        Proposal::new(ChangeKind::FunctionsDeploy, self.to_do().map(line).collect(), &applied, why).moving(moves)
    }

    /// Publishes the versions. No call goes to any of them yet, but where it did before.
    ///
    /// # Errors
    /// [`FunctionsError`]; every alias points to where it did.
    pub async fn publish(
        &self,
        ports: FunctionPorts<'_>,
        at: &CodeAt,
        narrator: &mut dyn Narrator,
    ) -> Result<Vec<Leg>, FunctionsError> {
        let mut legs = Vec::new();
        for Target { standing, from, way } in &self.targets {
            let to = match way {
                Way::Nothing => continue,
                Way::GoOn(version) | Way::Watch(version) => *version,
                Way::Publish => self.publish_one(ports, standing, at).await?,
            };
            let live = standing.alias.pointing.version;
            narrator.note(&format!("{}: version {to} has the code, version {live} serves", standing.function));
            legs.push(Leg { function: standing.function.clone(), from: *from, to });
        }
        Ok(legs)
    }

    async fn publish_one(
        &self,
        ports: FunctionPorts<'_>,
        standing: &Standing,
        at: &CodeAt,
    ) -> Result<u64, FunctionsError> {
        let (functions, function) = (ports.functions, &standing.function.whole);
        let latest = ready(functions, function, None).await?;
        if latest.code_sha256 != self.code.sha256 {
            let set = functions.set_code(function, at, &latest.revision).await;
            // If its reply was lost, the function has the code all the same.
            let now = ready(functions, function, None).await?;
            if now.code_sha256 != self.code.sha256 {
                set?;
                let reason = "it has other code than it was given".to_owned();
                return Err(FunctionsError::NotReady { function: function.clone(), reason });
            }
        }
        // Whoever measured sizes and was killed has left one: a version has the memory of the one that serves.
        let _facts = set_memory(ports, function, standing.live()?.memory_mb).await?;
        // If we die here, the next run finds the code there. Publishing what has not changed gives the version that is there.
        let about = format!("aurora-restore functions deploy, code {}", shown(&self.code.sha256));
        let version = functions.publish(function, &self.code.sha256, &about).await?;
        let _ready = ready(functions, function, Some(version)).await?;
        Ok(version)
    }
}

fn way(standing: &Standing, code: &NewCode) -> Result<Way, FunctionsError> {
    match standing.alias.pointing.shift {
        Some(shift) if has_code(standing, shift.version, code) => Ok(Way::GoOn(shift.version)),
        Some(shift) => {
            Err(FunctionsError::Shifting { function: standing.function.whole.clone(), version: shift.version })
        }
        None if standing.live()?.code_sha256 == code.sha256 => Ok(Way::Nothing),
        None => Ok(Way::Publish),
    }
}

/// What is left to do with a function that served this version when the deployment was begun; none where somebody has moved its alias
/// elsewhere since.
fn way_from(standing: &Standing, code: &NewCode, from: u64) -> Option<Way> {
    let live = standing.alias.pointing.version;
    if live == from {
        return way(standing, code).ok();
    }
    let arrived = standing.alias.pointing.shift.is_none() && has_code(standing, live, code);
    arrived.then_some(Way::Watch(live))
}

fn has_code(standing: &Standing, version: u64, code: &NewCode) -> bool {
    standing.version(version).is_some_and(|version| version.code_sha256 == code.sha256)
}
