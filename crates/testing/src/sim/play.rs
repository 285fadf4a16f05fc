//! The scheduler: whose turn it is, and what time it is then. Time passes only here; in between everything is one moment.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use aurora_restore_core::ids::ExecutorId;
use jiff::{SignedDuration, Timestamp};

use super::{
    Invariant, closing,
    dice::Dice,
    executors::{self, Errand, Farewell},
    names,
    outsiders::Outsider,
    people::Person,
    ways::Way,
    world::{CLOCK_BEHIND_MAX, Executor, Hub},
};

/// Once it is calm everything must be over within this time.
const CALM_MAX: SignedDuration = SignedDuration::from_hours(10 * 24);
/// No world needs more turns.
const TURNS_MAX: u32 = 400_000;

type Running = Pin<Box<dyn Future<Output = Farewell>>>;

/// A world in motion.
pub(super) struct Play {
    hub: Arc<Hub>,
    running: Vec<(Way, Option<Running>)>,
    people: Vec<Person>,
    outsider: Outsider,
    calm_from: Timestamp,
    leaps: Dice,
}

/// Whose turn is next.
#[derive(Clone, Copy)]
enum Turn {
    Executor(usize),
    Person(usize),
    Outsider,
    /// RDS changes something by itself.
    Rds,
}

impl Play {
    pub(super) fn new(hub: Arc<Hub>, seed: u64, calm_from: Timestamp) -> Self {
        let now = hub.now();
        let mut dice = Dice::of(seed, "beginnings");
        let operations = hub.lock().operations.len();
        let people = (0..operations)
            .map(|operation| {
                let begins = now + dice.between(SignedDuration::ZERO, SignedDuration::from_hours(14));
                Person::of(seed, operation, begins)
            })
            .collect();
        let outsider = Outsider::of(seed, now, calm_from);
        Self { hub, running: Vec::new(), people, outsider, calm_from, leaps: Dice::of(seed, "leaps") }
    }

    /// Plays to the end.
    pub(super) fn run(&mut self) {
        names::look(&self.hub, &mut self.hub.lock());
        let begin = closing::Beginning::of(&self.hub);
        let started = self.hub.now();
        let mut turns = 0;
        while self.hub.lock().violation.is_none() && !self.is_over() {
            let (at, turn) = self.next();
            turns += 1;
            if turns > TURNS_MAX || at > self.calm_from + CALM_MAX {
                self.never_ends(turns);
                break;
            }
            let at = self.leap(at);
            self.pass_time(at);
            match turn {
                Turn::Executor(index) => self.executor(index),
                Turn::Person(index) => self.person(index),
                Turn::Outsider => self.outsider.look(&self.hub),
                Turn::Rds => {}
            }
            self.rivals();
        }
        {
            let mut inner = self.hub.lock();
            let begun = inner.operations.iter().filter(|watched| watched.operation().is_some()).count();
            (0..begun).for_each(|_| inner.tally.checked(Invariant::EveryOperationEnds));
        }
        if self.hub.lock().violation.is_none() {
            closing::look(&self.hub, &begin);
        }
        let simulated = self.hub.now().duration_since(started);
        self.hub.lock().tally.simulated = simulated;
    }

    /// It is calm, nobody is at work, and every operation that was begun is over.
    fn is_over(&self) -> bool {
        let inner = self.hub.lock();
        self.hub.now() >= self.calm_from
            && self.running.iter().all(|(_, running)| running.is_none())
            && inner.operations.iter().all(|watched| watched.operation().is_none() || watched.is_settled())
    }

    fn never_ends(&self, turns: u32) {
        let now = self.hub.now();
        let mut inner = self.hub.lock();
        let open = inner.operations.iter().filter(|watched| watched.operation().is_some() && !watched.is_settled());
        let open: Vec<String> = open
            .map(|watched| {
                let failure = watched.operation().and_then(|operation| operation.failure.clone());
                let told = failure.map_or_else(String::new, |failure| format!(" ({failure})"));
                format!("{} is {:?}{told}", watched.id, watched.phase())
            })
            .collect();
        inner.violate(Invariant::EveryOperationEnds, now, format!("after {turns} turns: {}", open.join("; ")));
    }

    fn next(&self) -> (Timestamp, Turn) {
        let mut next = (self.outsider.wakes, Turn::Outsider);
        let mut earlier = |at: Timestamp, turn| {
            if at < next.0 {
                next = (at, turn);
            }
        };
        let inner = self.hub.lock();
        for (index, (way, running)) in self.running.iter().enumerate() {
            if running.is_some() {
                earlier(inner.executors[way.me].wakes, Turn::Executor(index));
            }
        }
        for (index, person) in self.people.iter().enumerate() {
            earlier(person.wakes, Turn::Person(index));
        }
        if let Some(at) = self.hub.sim.lock().world.next_change_at() {
            earlier(at, Turn::Rds);
        }
        next
    }

    /// Whether a call is on its way out: it lands within its bound, so time does not jump meanwhile.
    fn is_calling(&self) -> bool {
        let inner = self.hub.lock();
        self.running.iter().any(|(way, running)| running.is_some() && inner.executors[way.me].calls)
    }

    /// Now and then the clock jumps forward, as if the whole machine had been asleep.
    fn leap(&mut self, at: Timestamp) -> Timestamp {
        if at >= self.calm_from || !self.leaps.chance(0.000_6) || self.is_calling() {
            return at;
        }
        let by = self.leaps.between(SignedDuration::from_mins(1), SignedDuration::from_hours(8));
        let mut inner = self.hub.lock();
        *inner.tally.faults.entry("clock jumps").or_default() += 1;
        inner.tell(at, "clock", || format!("jumps by {by:#}"));
        at + by
    }

    /// Lets time pass, stopping wherever RDS changes something by itself.
    fn pass_time(&self, until: Timestamp) {
        // Bounded: each turn passes a change, and changes do not make further ones at the same moment for ever.
        for _ in 0..10_000 {
            let now = self.hub.now();
            let next = self.hub.sim.lock().world.next_change_at();
            match next {
                Some(next) if next <= until => {
                    self.hub.sim.clock().turn(next.duration_since(now));
                    self.hub.sim.with_world(|_, _| ());
                    names::look(&self.hub, &mut self.hub.lock());
                }
                Some(_) | None => break,
            }
        }
        let now = self.hub.now();
        self.hub.sim.clock().turn(until.duration_since(now));
    }

    fn executor(&mut self, index: usize) {
        let (way, running) = &mut self.running[index];
        let Some(future) = running else { return };
        if self.hub.lock().executors[way.me].dies {
            *running = None;
            let now = self.hub.now();
            let mut inner = self.hub.lock();
            *inner.tally.faults.entry("executor dies").or_default() += 1;
            let who = inner.who(way.me);
            inner.tell(now, &who, || "DIES".to_owned());
            return;
        }
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(farewell) = future.as_mut().poll(&mut context) {
            *running = None;
            executors::judge(way, &farewell);
        }
    }

    fn person(&mut self, index: usize) {
        let operation = self.people[index].operation;
        let alone = !self.is_executed(operation);
        if self.people[index].has_given_up() {
            self.people[index].wakes = Timestamp::MAX;
            return;
        }
        if let Some(errand) = self.people[index].look(&self.hub, alone) {
            self.send(index, errand);
        }
    }

    fn is_executed(&self, operation: usize) -> bool {
        let inner = self.hub.lock();
        self.running.iter().any(|(way, running)| running.is_some() && inner.executors[way.me].operation == operation)
    }

    /// Where an executor hangs, another one is sent soon: what a person or a state machine does that hears nothing.
    fn rivals(&mut self) {
        let wanted = std::mem::take(&mut self.hub.lock().rivals_wanted);
        for operation in wanted {
            let alive = self.hub.lock().operations[operation].operation().is_some_and(|_| true);
            if alive && let Some(index) = self.people.iter().position(|person| person.operation == operation) {
                self.send(index, Errand::GoOn);
            }
        }
    }

    /// Starts an executor.
    fn send(&mut self, person: usize, errand: Errand) {
        let operation = self.people[person].operation;
        let name = match &errand {
            Errand::Begin(begin) => begin.executor.clone(),
            Errand::Cancel => ExecutorId::new("canceller").expect("a constant that is an executor's id"),
            Errand::GoOn | Errand::Unstick | Errand::Undo | Errand::Retire => {
                ExecutorId::new(self.people[person].next_name()).expect("built from a number")
            }
        };
        let now = self.hub.now();
        let me = {
            let mut inner = self.hub.lock();
            let behind = inner.pace.between(SignedDuration::ZERO, CLOCK_BEHIND_MAX);
            inner.executors.push(Executor {
                name,
                operation,
                behind,
                token: None,
                proven: None,
                wakes: now,
                calls: false,
                dies: false,
            });
            let me = inner.executors.len() - 1;
            let who = inner.who(me);
            inner.tell(now, &who, || format!("is sent to {}", errand.told()));
            me
        };
        let way = Way { hub: Arc::clone(&self.hub), me, since: now };
        self.running.push((way.clone(), Some(Box::pin(executors::run(way, errand)))));
    }
}
