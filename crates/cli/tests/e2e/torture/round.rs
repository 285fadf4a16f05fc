//! One round: a restore whose processes are killed, and what must hold afterwards.

use std::time::{Duration, Instant};

use aurora_restore_testing::Dice;

use super::{
    ledger::{End, Kill, Round},
    quotas::Holdings,
    victims::{Victim, choose, end, kill_postgres},
};
use crate::support::{
    APP, LOOK, PATIENCE, PRODUCTION, PRODUCTION_MASTER, Pace, Running, STAGING, STAGING_MASTER, World,
};

const ORDERS: u32 = 400;
/// About as long as a restore takes in the sandbox.
const SPAN_MS: usize = 11_000;
const KILLS_MAX: usize = 3;
/// More than any round needs: every kill costs at most one.
const RESUMES_MAX: u32 = 12;

/// A digest of every row of every table.
type Content = Vec<(String, i64, String)>;

/// How the restore is made. The source is in another account and Region every time, so the snapshot is copied to a
/// customer's key, shared and copied across first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    Swap,
    Replace,
    SideBySide,
}

impl Strategy {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Replace => "replace",
            Self::SideBySide => "side-by-side",
        }
    }
}

pub(super) fn run(seed: u64) -> Round {
    let mut dice = Dice::of(seed);
    let strategy =
        dice.pick(&[Strategy::Swap, Strategy::Swap, Strategy::Swap, Strategy::Replace, Strategy::SideBySide]);
    let world = World::new(Pace::Quick, ORDERS);
    let before = Holdings::of(&world);
    let new = world.content(PRODUCTION, "production", PRODUCTION_MASTER);
    let old = world.content(STAGING, "staging", STAGING_MASTER);
    let mut trial = Trial { world, strategy, command: None, kills: Vec::new(), resumed: 0, stuck: 0 };
    let began = Instant::now();
    trial.torture(&mut dice);
    let end = trial.bring_to_its_end();
    trial.prove(end, &before, &new, &old);
    let Trial { kills, resumed, stuck, .. } = trial;
    Round { seed, strategy, kills, resumed, stuck, end, took: began.elapsed() }
}

struct Trial {
    world: World,
    strategy: Strategy,
    command: Option<Running>,
    kills: Vec<Kill>,
    resumed: u32,
    stuck: u32,
}

impl Trial {
    /// Begins the restore, or takes it up where it is.
    fn go_on(&mut self) {
        let arguments: &[&str] = if self.world.standing().is_some() {
            self.resumed += 1;
            &["resume", "latest"]
        } else {
            &["run", "--strategy", self.strategy.word(), "--yes"]
        };
        self.command = Some(self.world.begin(arguments));
    }

    fn torture(&mut self, dice: &mut Dice) {
        let began = Instant::now();
        let mut moments: Vec<usize> = (0..=dice.below(KILLS_MAX)).map(|_| dice.below(SPAN_MS)).collect();
        moments.sort_unstable();
        self.go_on();
        for moment in moments {
            let victim = choose(dice);
            if !self.runs_until(began + Duration::from_millis(moment as u64)) {
                return;
            }
            self.kill(victim, dice);
        }
    }

    /// Waits for a moment. Whether the command still runs then.
    fn runs_until(&mut self, moment: Instant) -> bool {
        let Some(command) = &mut self.command else { return false };
        while Instant::now() < moment {
            if command.is_over() {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        !command.is_over()
    }

    fn kill(&mut self, victim: Victim, dice: &mut Dice) {
        let done = match victim {
            Victim::Command => {
                if let Some(command) = self.command.take() {
                    command.kill();
                }
                true
            }
            Victim::Sandbox => end(self.world.status.pid.try_into().expect("a process id")),
            Victim::Server => kill_postgres(&self.world, true, dice),
            Victim::Backend => kill_postgres(&self.world, false, dice),
        };
        if done {
            let step = match self.world.standing() {
                None => "planning".to_owned(),
                Some((_, Some(step))) => step,
                Some((_, None)) => "between steps".to_owned(),
            };
            self.kills.push(Kill { victim, step });
        }
        match victim {
            Victim::Command => self.go_on(),
            Victim::Sandbox => self.world.restart_sandbox(),
            // The sandbox starts a server that died again, and a server recovers from the death of a session.
            Victim::Server | Victim::Backend => {}
        }
    }

    /// Resumes as an operator would until the operation has ended.
    fn bring_to_its_end(&mut self) -> End {
        loop {
            self.wait_for_the_command();
            let standing = self.world.standing().map(|(status, _)| status);
            match standing.as_deref() {
                Some("COMPLETED") => return End::Restored,
                Some("FAILED") => return End::Undone,
                Some("STUCK") => self.stuck += 1,
                Some(_) | None => {}
            }
            assert!(self.resumed <= RESUMES_MAX, "it does not end: {:#}", self.world.report());
            self.go_on();
        }
    }

    fn wait_for_the_command(&mut self) {
        let Some(mut command) = self.command.take() else { return };
        let deadline = Instant::now() + PATIENCE;
        while !command.is_over() {
            assert!(Instant::now() < deadline, "the command hangs: {:#}", self.world.report());
            std::thread::sleep(LOOK);
        }
    }

    /// Every row is there, nothing is there that nobody knows of, and the quotas are back.
    fn prove(&self, end: End, before: &Holdings, new: &Content, old: &Content) {
        let world = &self.world;
        assert_eq!(&self.rows(PRODUCTION, "production", PRODUCTION_MASTER), new, "the source is as it was");
        let served = self.rows(STAGING, "staging", STAGING_MASTER);
        match (end, self.strategy) {
            (End::Restored, Strategy::Swap | Strategy::Replace) => assert_eq!(&served, new),
            (End::Restored, Strategy::SideBySide) => {
                assert_eq!(&served, old);
                let clusters = world.clusters(STAGING);
                let beside = clusters.iter().find(|name| *name != "staging").expect("the new cluster");
                assert_eq!(&self.rows(STAGING, beside, STAGING_MASTER), new);
            }
            (End::Undone, _) => {
                assert_eq!(&served, old, "{:#}", world.report());
                assert!(world.gets_in("staging", APP), "its users are its users");
            }
        }
        // What is being deleted takes its time.
        let known = world.report()["resources"].to_string();
        let unknown = |now: &Holdings| -> Vec<String> {
            let more = now.more_than(before).into_iter();
            more.filter(|name| end == End::Undone || !known.contains(name.as_str())).collect()
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = Holdings::of(world);
            let left = unknown(&now);
            if left.is_empty() {
                now.assert_counted(before);
                break;
            }
            assert!(Instant::now() < deadline, "left behind: {left:?}\n{:#}", world.report());
            std::thread::sleep(LOOK);
        }
    }

    /// The rows of a cluster, once its server has recovered.
    fn rows(&self, place: (&str, &str), cluster: &str, login: crate::support::Login) -> Content {
        self.world.wait_for("the server", || {
            let port = self.world.port(place, cluster);
            self.world.block_on(self.world.connect(port, login)).is_ok().then_some(())
        });
        self.world.content(place, cluster, login)
    }
}
