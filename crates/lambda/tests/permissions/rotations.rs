//! The rotation of secrets: the calls of its four stages, and what a client finds where it was cut.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use aurora_restore_testing::{
    runtime_api::Bootstrap,
    secrets_manager::RotatedSecret,
    way::{self, Request},
};
use serde_json::{Value, json};

use crate::{
    play,
    world::{Accounts, STAGING, World},
};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:444455556666:function:aurora-restore-rotate:live";
const USERS: &str = "aurora-restore/staging/users";
const MASTER: &str = "aurora-restore/staging/master";

/// Both secrets, each in its four stages.
pub(crate) fn play(world: &mut World) {
    world.recorder.serve("rotate");
    for name in [USERS, MASTER] {
        let token = RotatedSecret::token(1);
        let events = {
            let secret = RotatedSecret::set_up(&world.services, name, FUNCTION);
            secret.announce(&token);
            RotatedSecret::STEPS.map(|step| secret.event(step, &token))
        };
        for event in events {
            let answer = world.function(Accounts::One, "rotate").invoke(&event);
            assert!(answer.ok, "{event}: {}", answer.body);
        }
    }
}

/// A way to the services on which everything ends at one request: what comes then is not passed on.
#[derive(Clone, Default)]
struct Cut {
    calls: Arc<AtomicUsize>,
    at: Arc<AtomicUsize>,
    reached: Arc<AtomicBool>,
    /// The stages in which it was reached.
    stages: Arc<Mutex<Vec<String>>>,
}

impl Cut {
    fn way_to(&self, server: &str) -> String {
        let cut = self.clone();
        way::to(server, move |request| cut.meet(request))
    }

    /// Counts what a rotation asks of the secrets. Whoever meets the end waits for ever, and nobody waits for them.
    fn meet(&self, request: &Request) {
        let of_secrets = request.signed().is_some_and(|signed| signed.service == "secretsmanager");
        if of_secrets && self.calls.fetch_add(1, Ordering::SeqCst) == self.at.load(Ordering::SeqCst) {
            self.reached.store(true, Ordering::SeqCst);
            loop {
                std::thread::park();
            }
        }
    }

    /// From here on everything ends at that request.
    fn set(&self, at: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.at.store(at, Ordering::SeqCst);
        self.reached.store(false, Ordering::SeqCst);
    }

    /// Has a new process serve an event, which is killed where the way ends. Says whether it answered.
    fn serve(&self, world: &World, services: &str, event: &Value) -> bool {
        let function: Bootstrap = world.start("rotate", services, event);
        let is_over = |lines: &[String]| {
            let said = |word: &str| lines.iter().any(|line| line.contains(word));
            self.reached.load(Ordering::SeqCst) || said("\"answered\"") || said("\"ERROR\"")
        };
        let lines = function.lines_until(is_over);
        if self.reached.load(Ordering::SeqCst) {
            let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
            stages.push(event["Step"].as_str().unwrap().to_owned());
            return false;
        }
        let answer = function.answer();
        assert!(answer.ok, "{event}: {}\n{lines:#?}", answer.body);
        true
    }
}

/// The login of the application, as the secret says.
fn logs_in(world: &World, secret: &RotatedSecret<'_>, when: &str) {
    let document = secret.current();
    let field = |key: &str| document[key].as_str().unwrap().to_owned();
    let (username, password) = (field("app_username"), field("app_password"));
    if let Err(error) = world.log_in(&username, &password) {
        panic!("{when}: {username} is refused: {error}");
    }
}

/// Each rotation is cut one call later than the one before, by the death of its process; another process serves each stage, so it
/// is cut between two stages, too. Secrets Manager asks for a stage again that was not answered.
#[test]
fn killed_at_any_call_of_any_stage_the_secret_logs_in_and_the_next_call_goes_on() {
    let mut world = World::new();
    restore(&mut world);
    let secret = RotatedSecret::set_up(&world.services, USERS, FUNCTION);
    let cut = Cut::default();
    let services = cut.way_to(&world.services.url());
    for number in 0.. {
        let token = RotatedSecret::token(100 + number);
        secret.announce(&token);
        cut.set(number);
        for step in RotatedSecret::STEPS {
            let event = secret.event(step, &token);
            let answered = cut.serve(&world, &services, &event);
            logs_in(&world, &secret, &format!("cut at call {number}, in or behind {step}"));
            if !answered {
                cut.set(usize::MAX);
                assert!(cut.serve(&world, &services, &event), "{step} goes on");
                logs_in(&world, &secret, &format!("gone on behind call {number}, in {step}"));
            }
        }
        assert_eq!(secret.labels(&token), ["AWSCURRENT"], "call {number}");
        if cut.at.load(Ordering::SeqCst) == number {
            break;
        }
    }
    let stages = cut.stages.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(stages.len() > 20, "{stages:?}");
    assert!(RotatedSecret::STEPS.iter().all(|step| stages.iter().any(|cut| cut == step)), "{stages:?}");
}

/// The users of staging, as a restore sets them up.
fn restore(world: &mut World) {
    world.take_snapshot(STAGING, "staging", Some("by-hand"));
    let request = json!({
        "source": { "snapshot": "by-hand" },
        "retirement": { "final-snapshot": "skip", "retain-old": "0s" },
    });
    let input = json!({ "operation_id": "before", "request": request });
    let ended = play::execution(world, Accounts::One, "before", &input);
    assert_eq!(ended.outcome, "completed", "{:#?}", world.entries("before"));
}
