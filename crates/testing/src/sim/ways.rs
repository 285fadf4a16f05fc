//! The way of an executor's calls: out, effect, back. On each leg the scheduler may let somebody else go on, and the
//! executor may hang or die; the effect itself is one moment. After every call the invariants are checked.

use std::{
    fmt::{Debug, Display},
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use aurora_restore_core::{
    operation::{StepKind, StepStatus},
    ports::Clock,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    entries,
    mutants::Mutant,
    names,
    weather::{Strike, Target},
    world::{Hub, LATE_LANDING_MAX},
};

/// The way of one executor.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) hub: Arc<Hub>,
    pub(super) me: usize,
    /// When it was begun.
    pub(super) since: Timestamp,
}

/// A part of a call's way, or a pause between two.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leg {
    /// The call is on its way to where it takes effect.
    Out,
    /// The reply is on its way back, or the executor does something else for a while.
    Back,
    /// The executor sleeps.
    Sleep(SignedDuration),
}

/// What a call was, for the story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called<'a> {
    pub(super) action: &'a str,
    pub(super) object: &'a str,
}

/// What has to be looked at after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing can have changed.
    Read,
    /// RDS may have changed.
    Change,
    /// The journal may have changed.
    Entry,
}

impl Way {
    /// Travels a leg; somebody else may go on meanwhile.
    pub(super) fn travel(&self, leg: Leg) -> Travel<'_> {
        Travel { way: self, leg, left: false }
    }

    /// What befalls a call at this moment, if anything.
    pub(super) fn strike(&self, target: &Target<'_>) -> Option<Strike> {
        let now = self.hub.now();
        let mut inner = self.hub.lock();
        let strike = inner.weather.strike(target, now, self.hub.mutant)?;
        *inner.tally.faults.entry(strike.name()).or_default() += 1;
        Some(strike)
    }

    /// To be called right after the effect of every call.
    pub(super) fn note<T, E: Display + Debug>(&self, called: Called<'_>, result: &Result<T, E>, after: After) {
        let now = self.hub.now();
        let mut inner = self.hub.lock();
        let inner = &mut *inner;
        inner.tally.calls += 1;
        inner.executors[self.me].proven = None;
        if let Err(error) = result {
            self.hub.show_error(inner, called.action, error);
        }
        if inner.story.is_some() {
            let outcome = match result {
                Ok(_) => "ok".to_owned(),
                Err(error) => format!("FAILED: {error}"),
            };
            let who = inner.who(self.me);
            inner.tell(now, &who, || format!("{} {} -> {outcome}", called.action, called.object));
        }
        let operation = inner.executors[self.me].operation;
        match after {
            After::Read => {}
            After::Change => names::look(&self.hub, inner),
            After::Entry => {
                entries::follow(&self.hub, inner, operation);
                names::look(&self.hub, inner);
            }
        }
    }

    fn depart(&self, leg: Leg) {
        let now = self.hub.now();
        let mut inner = self.hub.lock();
        let inner = &mut *inner;
        let chaos = !inner.weather.is_calm(now);
        let ms = SignedDuration::from_millis;
        let dice = &mut inner.pace;
        let mut hangs = false;
        let takes = match leg {
            Leg::Out if chaos && dice.chance(0.02) => {
                hangs = true;
                dice.between(SignedDuration::from_secs(3), LATE_LANDING_MAX)
            }
            Leg::Out => dice.between(ms(10), ms(400)),
            Leg::Back if chaos && dice.chance(0.006) => {
                hangs = true;
                dice.between(SignedDuration::from_mins(2), SignedDuration::from_hours(7))
            }
            Leg::Back => dice.between(ms(5), ms(200)),
            Leg::Sleep(pause) => dice.between(pause, pause + pause / 5 + ms(1)),
        };
        let dies = chaos && dice.chance(0.004);
        let rival = hangs && dice.chance(0.5);
        let executor = &mut inner.executors[self.me];
        executor.wakes = now + takes;
        executor.dies = dies;
        executor.calls = matches!(leg, Leg::Out);
        let operation = executor.operation;
        if hangs {
            *inner.tally.faults.entry("executor hangs").or_default() += 1;
            let who = inner.who(self.me);
            inner.tell(now, &who, || format!("hangs for {takes:#}"));
        }
        if rival {
            inner.rivals_wanted.push(operation);
        }
    }
}

impl Clock for Way {
    fn now(&self) -> Timestamp {
        if self.hub.is(Mutant::WaitsForEver) {
            return self.since;
        }
        let (behind, switching_since) = {
            let inner = self.hub.lock();
            let switch = inner.operation_of(self.me).step(StepKind::SwitchOver);
            let since = switch.filter(|step| step.status == StepStatus::Started).and_then(|step| step.started_at);
            (inner.executors[self.me].behind, since)
        };
        match switching_since {
            Some(since) if self.hub.is(Mutant::MeasuresNoSwitch) => since,
            Some(_) | None => self.hub.now() - behind,
        }
    }
}

/// Leaves once and arrives when the scheduler says so.
pub(super) struct Travel<'a> {
    way: &'a Way,
    leg: Leg,
    left: bool,
}

impl Future for Travel<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.left {
            return Poll::Ready(());
        }
        self.left = true;
        self.way.depart(self.leg);
        Poll::Pending
    }
}
