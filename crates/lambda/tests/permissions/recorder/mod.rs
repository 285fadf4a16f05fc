//! Writes down every call on its way: who made it, and what the services ask IAM before they do it.
//!
//! ```text
//! question  action, thing and keys: what a service asks IAM
//! rds       the same for RDS, whose calls are about several things
//! ```

mod question;
mod rds;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use aurora_restore_sandbox::server::Sandbox;
use aurora_restore_testing::way::{self, Request};
use serde_json::{Value, json};

use question::{Origin, Question};

/// The questions of one account, by place.
type Asked = BTreeMap<String, BTreeSet<Question>>;

/// What was written down.
#[derive(Debug, Default)]
struct Record {
    /// The place that is being served.
    place: String,
    target: Asked,
    source: Asked,
    /// What each place asked since counting began. How often is left out: a slower machine looks more often.
    counted: BTreeSet<(String, Question)>,
}

/// The record of all ways.
#[derive(Clone)]
pub(crate) struct Recorder {
    record: Arc<Mutex<Record>>,
    /// The account of the functions, which is their access key, and the one that they enter.
    accounts: (&'static str, &'static str),
    /// Where the tags are looked up. The ways outlive the sandbox, and must not keep it.
    sandbox: Weak<Sandbox>,
}

impl Recorder {
    /// A recorder for functions of an account that enter another one.
    pub(crate) fn of(target: &'static str, source: &'static str, sandbox: &Arc<Sandbox>) -> Self {
        Self { record: Arc::default(), accounts: (target, source), sandbox: Arc::downgrade(sandbox) }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on calls are those of a place.
    pub(crate) fn serve(&self, place: &str) {
        place.clone_into(&mut self.record().place);
    }

    /// Begins to count anew.
    pub(crate) fn count(&self) {
        self.record().counted.clear();
    }

    /// How many different questions there were since then, by action.
    pub(crate) fn counted(&self) -> BTreeMap<String, u64> {
        let mut counted = BTreeMap::new();
        for (_, question) in &self.record().counted {
            *counted.entry(question.action().to_owned()).or_default() += 1;
        }
        counted
    }

    /// Everything that was written down.
    pub(crate) fn all(&self) -> Value {
        let record = self.record();
        json!({ "target": by_place(&record.target), "source": by_place(&record.source) })
    }

    /// A way to a server, and where it begins.
    pub(crate) fn way_to(&self, server: &str) -> String {
        let recorder = self.clone();
        way::to(server, move |request| recorder.write_down(request))
    }

    fn write_down(&self, request: &Request) {
        let Some(signed) = request.signed() else { return };
        let is_target = signed.access_key == self.accounts.0;
        let account = if is_target { self.accounts.0 } else { self.accounts.1 };
        let from = Origin { account, region: &signed.region };
        let tags = |arn: &str| self.sandbox.upgrade().map(|sandbox| rds::tags_in(&sandbox, arn)).unwrap_or_default();
        let questions = question::questions(&signed.service, request, &from, &tags);
        let mut record = self.record();
        let place = record.place.clone();
        record.counted.extend(questions.iter().map(|question| (place.clone(), question.clone())));
        let side = if is_target { &mut record.target } else { &mut record.source };
        side.entry(place).or_default().extend(questions);
    }
}

fn by_place(asked: &Asked) -> Value {
    asked.iter().map(|(place, asked)| (place.clone(), asked.iter().map(Question::to_json).collect::<Value>())).collect()
}
