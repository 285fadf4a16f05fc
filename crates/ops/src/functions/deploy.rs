//! New code: given to a function, published as a version, and moved to by the alias.
//!
//! Every step is skipped where what it would make is there, so a run that was killed is simply run again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use super::{FunctionPorts, FunctionsError, Standing, names::shown, settle::ready, shift::Leg, tune::set_memory};
use crate::{
    change::{ChangeKind, Proposal},
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
}

/// A function that gets code.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// As it stands.
    pub standing: Standing,
    way: Way,
}

/// What would be deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionsDeployment {
    code: NewCode,
    targets: Vec<Target>,
}

impl FunctionsDeployment {
    /// Plans to give functions some code.
    ///
    /// # Errors
    /// [`FunctionsError::Shifting`] where one is on its way to other code, [`FunctionsError::Missing`].
    pub fn plan(code: NewCode, standings: Vec<Standing>) -> Result<Self, FunctionsError> {
        let target = |standing: Standing| Ok(Target { way: way(&standing, &code)?, standing });
        let targets = standings.into_iter().map(target).collect::<Result<Vec<_>, FunctionsError>>()?;
        let targets = targets.into_iter().filter(|target| target.way != Way::Nothing).collect();
        Ok(Self { code, targets })
    }

    /// The functions that do not run the code yet.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// What would be done, to be recorded.
    pub fn proposal(&self, why: Option<&str>) -> Proposal {
        let new = shown(&self.code.sha256);
        let line = |Target { standing, way }: &Target| {
            let live = standing.alias.pointing.version;
            let old = standing.version(live).map(|old| shown(&old.code_sha256)).unwrap_or("?");
            let what = match way {
                Way::Nothing => "nothing".to_owned(),
                Way::Publish => "a new version".to_owned(),
                Way::GoOn(version) => format!("version {version}, which has a part of the calls already"),
            };
            format!(
                "{}: version {live} (code {old}…) -> {what} (code {new}…, {} KiB)",
                standing.function,
                self.code.bytes / 1024
            )
        };
        let covered =
            |target: &Target| format!("{} {}", target.standing.function.whole, target.standing.alias.pointing.version);
        let all: Vec<String> = self.targets.iter().map(covered).collect();
        let applied = format!("{}\n{}", self.code.sha256, all.join("\n"));
        Proposal::new(ChangeKind::FunctionsDeploy, self.targets.iter().map(line).collect(), &applied, why)
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
        for Target { standing, way } in &self.targets {
            let to = match way {
                Way::Nothing => continue,
                Way::GoOn(version) => *version,
                Way::Publish => self.publish_one(ports, standing, at).await?,
            };
            let from = standing.alias.pointing.version;
            narrator.note(&format!("{}: version {to} has the code, version {from} serves", standing.function));
            legs.push(Leg { function: standing.function.clone(), from, to });
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
    let has_it = |version: u64| standing.version(version).is_some_and(|version| version.code_sha256 == code.sha256);
    match standing.alias.pointing.shift {
        Some(shift) if has_it(shift.version) => Ok(Way::GoOn(shift.version)),
        Some(shift) => {
            Err(FunctionsError::Shifting { function: standing.function.whole.clone(), version: shift.version })
        }
        None if standing.live()?.code_sha256 == code.sha256 => Ok(Way::Nothing),
        None => Ok(Way::Publish),
    }
}
