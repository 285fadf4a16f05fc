//! Moving aliases: a part of the calls first, then all of them, and back if anything is wrong.
//!
//! ```text
//!   live: 3            ──►  live: 3, a tenth to 4  ──watch──►  live: 4  ──watch──►  done
//!                                    │ an alarm, failing calls, an interrupt, no answer │
//!   live: 3  ◄───────────────────────┴──────────────────────────────────────────────────┘
//! ```
//! If we die anywhere, the alias says where: with a part it is in the middle, and the same command goes on with the same version. Whether
//! one that has arrived was watched, it does not say: the change that is recorded as being applied does.

use super::{
    ALIAS, FunctionName, FunctionPorts, FunctionsError, Stop, Watch,
    served::Served,
    watch::{Objection, require_quiet, watch},
};
use crate::{
    follow::{Narrator, patiently},
    ports::{Alias, Functions, Pointing, ServiceError, Shift},
};

/// The part of the calls that a new version gets first.
pub(super) const FIRST_PART: f64 = 0.1;
/// How often an alias is pointed anew because somebody else has moved it.
const TRIES_MAX: u32 = 3;

/// An alias to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Whose.
    pub function: FunctionName,
    /// From this version.
    pub from: u64,
    /// To this one.
    pub to: u64,
}

/// How a gradual move ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// Every alias points to its new version, and nothing was wrong.
    Arrived,
    /// Every alias points to its old version again.
    Back {
        /// Why.
        why: String,
        /// Whether a person asked for it.
        on_request: bool,
    },
}

/// Moves aliases step by step.
///
/// # Errors
/// [`FunctionsError`]. Every alias points to its old version then, but for [`FunctionsError::Astray`].
pub async fn gradually(
    ports: FunctionPorts<'_>,
    legs: &[Leg],
    watching: Watch,
    stop: &mut Stop,
    narrator: &mut dyn Narrator,
) -> Result<Moved, FunctionsError> {
    if let Err(error) = require_quiet(ports, legs).await {
        // Whoever was killed in the middle of a move has left calls with a version that nobody watches.
        if !under_way(ports.functions, legs).await? {
            return Err(error);
        }
        let why = error.to_string();
        narrator.note(&format!("{why}: going back"));
        back(ports.functions, legs, &why).await?;
        return Ok(Moved::Back { why, on_request: false });
    }
    match forward(ports, legs, watching, stop, narrator).await {
        Ok(None) => Ok(Moved::Arrived),
        Ok(Some(objection)) => {
            let (why, on_request) = (objection.to_string(), objection == Objection::Stopped);
            narrator.note(&format!("{why}: going back"));
            back(ports.functions, legs, &why).await?;
            Ok(Moved::Back { why, on_request })
        }
        Err(error) => {
            narrator.note(&format!("{error}: going back"));
            back(ports.functions, legs, &error.to_string()).await?;
            Err(error)
        }
    }
}

/// Whether an alias has left the version that it is to come from, or gives a part of its calls to the new one.
async fn under_way(functions: &dyn Functions, legs: &[Leg]) -> Result<bool, FunctionsError> {
    for leg in legs {
        let found = patiently(|| functions.alias(&leg.function.whole, ALIAS)).await?;
        if found.is_some_and(|found| {
            found.pointing.version == leg.to || found.pointing.shift.is_some_and(|shift| shift.version == leg.to)
        }) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn forward(
    ports: FunctionPorts<'_>,
    legs: &[Leg],
    watching: Watch,
    stop: &mut Stop,
    narrator: &mut dyn Narrator,
) -> Result<Option<Objection>, FunctionsError> {
    let since = ports.clock.now();
    // Whoever was killed behind the last move has left aliases that have arrived: they stay, and are watched again.
    let on_the_way = left(ports.functions, legs).await?;
    for (what, part) in [("a tenth of the calls", Some(FIRST_PART)), ("all calls", None)] {
        if on_the_way.is_empty() && part.is_some() {
            continue;
        }
        for leg in &on_the_way {
            point(ports.functions, leg, pointing(leg, part), None).await?;
        }
        narrator.note(&format!("{what} to the new version; watching for {} s", watching.lasting.as_secs()));
        if let Some(objection) = watch(ports, legs, watching, since, stop).await? {
            return Ok(Some(objection));
        }
    }
    Ok(None)
}

/// Where an alias points to while the new version has a part of the calls; without one it has all of them.
fn pointing(leg: &Leg, part: Option<f64>) -> Pointing {
    match part {
        Some(part) => Pointing { version: leg.from, shift: Some(Shift { version: leg.to, part }) },
        None => Pointing { version: leg.to, shift: None },
    }
}

/// Moves aliases at once.
///
/// # Errors
/// [`FunctionsError`]; some of them may be moved then, and the same call moves the others.
pub async fn at_once(functions: &dyn Functions, legs: &[Leg]) -> Result<(), FunctionsError> {
    for leg in legs {
        point(functions, leg, Pointing { version: leg.to, shift: None }, None).await?;
    }
    Ok(())
}

/// The legs whose alias does not point to where it is to.
pub(super) async fn left(functions: &dyn Functions, legs: &[Leg]) -> Result<Vec<Leg>, FunctionsError> {
    let mut left = Vec::new();
    for leg in legs {
        if look(functions, &leg.function.whole).await?.pointing != pointing(leg, None) {
            left.push(leg.clone());
        }
    }
    Ok(left)
}

/// Points every alias back to where it came from. Goes on where one of them cannot be, and tells of it.
async fn back(functions: &dyn Functions, legs: &[Leg], after: &str) -> Result<(), FunctionsError> {
    let mut failed: Vec<(String, FunctionsError)> = Vec::new();
    for leg in legs {
        match point(functions, leg, Pointing { version: leg.from, shift: None }, Some(leg.to)).await {
            // Where somebody else has moved it, it is theirs.
            Ok(()) | Err(FunctionsError::Moved { .. }) => {}
            Err(error) => {
                failed.push((format!("the alias of function {} (to version {})", leg.function.whole, leg.from), error));
            }
        }
    }
    let Some((_, error)) = failed.first() else { return Ok(()) };
    let reason = error.to_string();
    let what: Vec<String> = failed.into_iter().map(|(what, _)| what).collect();
    Err(FunctionsError::Astray { what: what.join(" and "), reason, after: after.to_owned() })
}

/// Points one alias, if it does not point there already; what it tells of itself goes with it, the version with it that is taken back. An
/// alias that points to anything but the two versions is somebody else's work.
async fn point(
    functions: &dyn Functions,
    leg: &Leg,
    to: Pointing,
    taken_back: Option<u64>,
) -> Result<(), FunctionsError> {
    let function = &leg.function.whole;
    let mut refused = None;
    for _ in 0..TRIES_MAX {
        let found = look(functions, function).await?;
        if found.pointing == to {
            if let Some(version) = taken_back {
                tell(functions, function, &found, version).await;
            }
            return Ok(());
        }
        if ![leg.from, leg.to].contains(&found.pointing.version) {
            return Err(FunctionsError::Moved { function: function.clone() });
        }
        let told = to.shift.is_none().then(|| {
            let told = Served::once_at(&found, to.version);
            taken_back.into_iter().fold(told, Served::without).to_string()
        });
        match functions.point(function, ALIAS, to, told.as_deref(), &found.revision).await {
            Ok(()) => return Ok(()),
            // Its reply may be lost, or the alias another one's by now: it is looked at again.
            Err(error @ (ServiceError::Refused { .. } | ServiceError::Unavailable { .. })) => refused = Some(error),
            Err(error @ (ServiceError::Denied { .. } | ServiceError::Missing { .. })) => return Err(error.into()),
        }
    }
    Err(refused.map_or(FunctionsError::Moved { function: function.clone() }, FunctionsError::from))
}

async fn look(functions: &dyn Functions, function: &str) -> Result<Alias, FunctionsError> {
    let found = patiently(|| functions.alias(function, ALIAS)).await?;
    found.ok_or_else(|| FunctionsError::Missing { what: format!("alias {ALIAS} of function {function}") })
}

/// Has an alias that was not moved tell of a version that was published for it and will not serve. It points where it is to, so it is no
/// failure that it tells nothing.
async fn tell(functions: &dyn Functions, function: &str, found: &Alias, taken_back: u64) {
    let known = Served::of(found);
    if taken_back == found.pointing.version || known.is_taken_back(taken_back) {
        return;
    }
    let told = known.without(taken_back).to_string();
    let _told = functions.point(function, ALIAS, found.pointing, Some(&told), &found.revision).await;
}
