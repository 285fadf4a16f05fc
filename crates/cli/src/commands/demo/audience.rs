//! The application of staging: it asks the same question every 50 milliseconds, from before the restore until after it, and
//! remembers every answer that it did not get.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_postgres::Client;

use super::{content, database::Login};
use crate::error::CommandError;

/// Between two questions.
const PERIOD: Duration = Duration::from_millis(50);
/// An answer that takes longer counts as none.
const PATIENCE: Duration = Duration::from_secs(2);

/// What it remembers.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) queries: u64,
    pub(super) failures: u64,
    /// The longest time between two answers in which a question went unanswered.
    pub(super) longest_gap: Duration,
    /// The different answers, in the order in which they came first.
    pub(super) notes: Vec<String>,
    /// How often an answer came back that had been replaced by another one already.
    pub(super) relapses: u64,
}

/// The application.
pub(super) struct Audience {
    answers: Arc<Mutex<Answers>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Audience {
    /// Begins to ask.
    pub(super) fn begin(login: Login) -> Self {
        let answers = Arc::new(Mutex::new(Answers::default()));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(ask_until(login, Arc::clone(&answers), stopped));
        Self { answers, stop, task }
    }

    /// The first answer.
    pub(super) async fn first_answer(&self, wait: Duration) -> Result<String, CommandError> {
        self.wait_for(wait, |notes| notes.first().cloned())
            .await
            .ok_or_else(|| CommandError::failed("staging does not answer its application"))
    }

    /// The newest answer, if it is another one than `before`.
    pub(super) async fn latest_answer_other_than(&self, before: &str, wait: Duration) -> Option<String> {
        self.wait_for(wait, |notes| notes.last().filter(|note| *note != before).cloned()).await
    }

    async fn wait_for(&self, wait: Duration, look: impl Fn(&[String]) -> Option<String>) -> Option<String> {
        let deadline = Instant::now() + wait;
        // Bounded by the deadline.
        loop {
            let found = look(&self.answers.lock().unwrap_or_else(PoisonError::into_inner).notes);
            if found.is_some() || Instant::now() >= deadline {
                return found;
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Stops asking.
    pub(super) async fn end(self) -> Answers {
        self.stop.send_replace(true);
        // It ends after the question that it is asking, which is bounded.
        drop(self.task.await);
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn ask_until(login: Login, answers: Arc<Mutex<Answers>>, stopped: watch::Receiver<bool>) {
    let mut client: Option<Client> = None;
    let mut last_answer = Instant::now();
    let mut unanswered = false;
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        ticks.tick().await;
        let answer = timeout(PATIENCE, ask(&login, &mut client)).await.ok().flatten();
        let now = Instant::now();
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.queries += 1;
        match answer {
            Some(note) => {
                if unanswered {
                    answers.longest_gap = answers.longest_gap.max(now - last_answer);
                }
                (last_answer, unanswered) = (now, false);
                answers.take(note);
            }
            None => {
                answers.failures += 1;
                unanswered = true;
                client = None;
            }
        }
    }
}

impl Answers {
    fn take(&mut self, note: String) {
        if self.notes.last() == Some(&note) {
            return;
        }
        if self.notes.contains(&note) {
            self.relapses += 1;
        } else {
            self.notes.push(note);
        }
    }
}

async fn ask(login: &Login, client: &mut Option<Client>) -> Option<String> {
    if client.is_none() {
        *client = login.connect().await.ok();
    }
    content::note(client.as_ref()?).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_comes_back_after_it_was_replaced_is_a_relapse() {
        let mut answers = Answers::default();
        for note in ["old", "old", "new", "new", "old"] {
            answers.take(note.to_owned());
        }
        assert_eq!((answers.notes.len(), answers.relapses), (2, 1));
    }
}
