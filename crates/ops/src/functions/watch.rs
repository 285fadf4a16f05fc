//! Watching a new version: its alarm, and how often its calls fail.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::{ALIAS, FunctionPorts, FunctionsError, shift::Leg};
use crate::{
    follow::patiently,
    ports::{Alarm, AlarmState, ServiceError},
};

/// The time between two looks.
const POLL: Duration = Duration::from_secs(10);

/// Rises when a person asks to stop.
pub type Stop = tokio::sync::watch::Receiver<bool>;

/// How a new version is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// For how long, at each of its parts of the calls.
    pub lasting: Duration,
    /// So many failed calls of the new version are borne.
    pub errors_max: u32,
}

/// Why a new version is taken back.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Objection {
    /// Its alarm rings.
    Rang { alarm: String, reason: String },
    /// Its calls fail.
    Errors { function: String, version: u64, count: f64 },
    /// A person asks to stop.
    Stopped,
}

impl std::fmt::Display for Objection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rang { alarm, reason } => write!(formatter, "alarm {alarm} rings: {reason}"),
            Self::Errors { function, version, count } => {
                write!(formatter, "{count} calls of version {version} of function {function} have failed")
            }
            Self::Stopped => formatter.write_str("stopped on request"),
        }
    }
}

/// Whether the alarms of all functions can tell anything.
///
/// # Errors
/// [`FunctionsError::Deaf`] where one is missing or rings already.
pub(super) async fn require_quiet(ports: FunctionPorts<'_>, legs: &[Leg]) -> Result<(), FunctionsError> {
    let alarms = alarms(ports, legs).await?;
    let deaf = |alarm: &str, reason| FunctionsError::Deaf { alarm: alarm.to_owned(), reason };
    for leg in legs {
        let name = &leg.function.alarm;
        match alarms.iter().find(|alarm| alarm.name == *name).map(|alarm| alarm.state) {
            None => return Err(deaf(name, "does not exist")),
            Some(AlarmState::Ringing) => return Err(deaf(name, "rings already")),
            Some(AlarmState::Quiet | AlarmState::Unknown) => {}
        }
    }
    Ok(())
}

async fn alarms(ports: FunctionPorts<'_>, legs: &[Leg]) -> Result<Vec<Alarm>, ServiceError> {
    let names: Vec<String> = legs.iter().map(|leg| leg.function.alarm.clone()).collect();
    patiently(|| ports.alarms.named(&names)).await
}

/// Watches for a while. Gives what is wrong, as soon as it is; nothing at the end of the time.
///
/// # Errors
/// What the services say: nobody knows then how the new version does.
pub(super) async fn watch(
    ports: FunctionPorts<'_>,
    legs: &[Leg],
    watch: Watch,
    since: Timestamp,
    stop: &mut Stop,
) -> Result<Option<Objection>, FunctionsError> {
    let begun = Instant::now();
    // Bounded by the time.
    loop {
        if *stop.borrow() {
            return Ok(Some(Objection::Stopped));
        }
        if let Some(objection) = look(ports, legs, watch, since).await? {
            return Ok(Some(objection));
        }
        let left = watch.lasting.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        tokio::select! {
            () = sleep(left.min(POLL)) => {}
            // Whoever could ask us to stop may have gone; then nobody does.
            Ok(()) = stop.changed() => {}
        }
    }
}

async fn look(
    ports: FunctionPorts<'_>,
    legs: &[Leg],
    watch: Watch,
    since: Timestamp,
) -> Result<Option<Objection>, FunctionsError> {
    if let Some(alarm) = alarms(ports, legs).await?.into_iter().find(|alarm| alarm.state == AlarmState::Ringing) {
        return Ok(Some(Objection::Rang { alarm: alarm.name, reason: alarm.reason }));
    }
    for leg in legs {
        let (function, version, now) = (&leg.function.whole, leg.to, ports.clock.now());
        let count = patiently(|| ports.alarms.errors(function, ALIAS, version, since, now)).await?;
        if count > f64::from(watch.errors_max) {
            return Ok(Some(Objection::Errors { function: function.clone(), version, count }));
        }
    }
    Ok(None)
}
