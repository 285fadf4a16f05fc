//! The model under a real clock: calls go in, time passes, changes are saved, effects are done.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::SandboxError;
use super::effects::{Effects, Executor};
use super::state_file;
use crate::model::call::{Action, Call};
use crate::model::{Caller, Served, World};

/// How long to wait before saving is tried again.
const SAVE_PAUSE: Duration = Duration::from_secs(1);
/// Changes that are closer together are saved together.
const SLEEP_MIN: Duration = Duration::from_millis(1);
/// Never sleeps longer, so that a clock that was set is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(60);
/// How long work in progress may take to end when the sandbox stops; what does not end is done again at the next start.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// A change that could not be saved, with the reason for people to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the state cannot be saved: {0}")]
pub struct Unsaved(pub String);

/// The model and everything that keeps it going.
pub(crate) struct Runtime {
    shared: Mutex<Shared>,
    /// Something changed that must be saved, or that may have begun effects.
    changed: Notify,
    saved: watch::Sender<Saved>,
    state_path: PathBuf,
    port: u16,
}

struct Shared {
    world: World,
    /// Counts the changes.
    version: u64,
}

/// How far saving has come.
#[derive(Debug, Clone, Default)]
struct Saved {
    /// Every change up to this one was tried.
    tried: u64,
    /// Why the last attempt failed, if it did.
    problem: Option<String>,
    effects_in_progress: usize,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("state_path", &self.state_path).finish_non_exhaustive()
    }
}

impl Runtime {
    /// A runtime that saves at this path. Nothing happens by itself before [`Runtime::drive`].
    pub(crate) fn new(world: World, state_path: PathBuf, port: u16) -> Self {
        Self {
            shared: Mutex::new(Shared { world, version: 0 }),
            changed: Notify::new(),
            saved: watch::Sender::new(Saved::default()),
            state_path,
            port,
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Carries out a call. Once this returns, whatever the call changed survives the death of the process.
    ///
    /// # Errors
    /// The state cannot be saved. Such a call may have taken effect, as with any server error of AWS.
    pub(crate) async fn call(&self, caller: &Caller, call: Call) -> Result<Served, Unsaved> {
        if only_reads(call.action()) {
            return Ok(self.lock().world.serve(caller, call, self.now()));
        }
        self.change(|world, now| world.serve(caller, call, now)).await
    }

    /// Changes the world, and waits until the change is saved.
    ///
    /// # Errors
    /// As [`Runtime::call`].
    pub(crate) async fn change<T>(&self, change: impl FnOnce(&mut World, Timestamp) -> T) -> Result<T, Unsaved> {
        // What cannot be saved is not begun: a disk that is full now will rather be full still.
        if let Some(problem) = self.saved.borrow().problem.clone() {
            return Err(Unsaved(problem));
        }
        let (result, version) = {
            let mut shared = self.lock();
            let result = change(&mut shared.world, self.now());
            shared.version += 1;
            (result, shared.version)
        };
        self.changed.notify_one();
        let mut saved = self.saved.subscribe();
        let saved = saved
            .wait_for(|saved| saved.tried >= version)
            .await
            .map_err(|_| Unsaved("the sandbox is stopping".to_owned()))?;
        match &saved.problem {
            None => Ok(result),
            Some(problem) => Err(Unsaved(problem.clone())),
        }
    }

    /// Looks at the world.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.lock().world)
    }

    /// Why the state cannot be saved at present, if it cannot.
    pub(crate) fn save_problem(&self) -> Option<String> {
        self.saved.borrow().problem.clone()
    }

    /// How many pieces of work are being done to real data.
    pub(crate) fn effects_in_progress(&self) -> usize {
        self.saved.borrow().effects_in_progress
    }

    /// Lets time pass and effects be done until `stop` becomes true.
    ///
    /// Each round saves first and begins effects afterwards: if we die in between, the saved state hands the same effects
    /// out again.
    pub(crate) async fn drive(&self, executor: Executor, mut stop: watch::Receiver<bool>) {
        let mut effects = Effects::new(executor);
        loop {
            let next = self.advance(&mut effects).await;
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep(next) => {}
                (id, outcome) = effects.finished() => self.note(id, outcome),
                stopped = stop.wait_for(|stop| *stop) => {
                    drop(stopped);
                    break;
                }
            }
        }
        self.drain(&mut effects).await;
    }

    /// Does all that is due. Returns how long nothing else will be.
    async fn advance(&self, effects: &mut Effects) -> Duration {
        let now = self.now();
        let (encoded, version, next) = {
            let mut shared = self.lock();
            shared.world.tick(now);
            effects.add(shared.world.take_effects());
            let encoded = state_file::encode(&shared.world, self.port);
            (encoded, shared.version, shared.world.next_change_at())
        };
        let result = match encoded {
            Ok(encoded) => self.save(encoded).await,
            Err(error) => Err(error.to_string()),
        };
        let is_saved = result.is_ok();
        if is_saved {
            effects.start();
        }
        self.report(version, result.err(), effects.in_progress());
        if !is_saved {
            return SAVE_PAUSE;
        }
        let until_next =
            next.map_or(SLEEP_MAX, |next| Duration::try_from(next.duration_since(now)).unwrap_or(Duration::ZERO));
        until_next.clamp(SLEEP_MIN, SLEEP_MAX)
    }

    async fn save(&self, encoded: Vec<u8>) -> Result<(), String> {
        let path = self.state_path.clone();
        match tokio::task::spawn_blocking(move || state_file::write(&path, &encoded)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(described(&error)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn report(&self, version: u64, problem: Option<String>, effects_in_progress: usize) {
        self.saved.send_modify(|saved| {
            if saved.problem != problem {
                match &problem {
                    Some(problem) => tracing::error!(problem, "cannot save; changes are refused until it is possible"),
                    None => tracing::info!("changes are saved again"),
                }
            }
            *saved = Saved { tried: version, problem, effects_in_progress };
        });
    }

    fn note(&self, id: crate::model::EffectId, outcome: super::effects::Outcome) {
        if let Err(reason) = &outcome {
            tracing::warn!(%id, reason, "work on the data plane failed");
        }
        let mut shared = self.lock();
        shared.world.finish_effect(id, outcome, self.now());
        shared.version += 1;
    }

    /// Lets work in progress end, and saves what became of it.
    async fn drain(&self, effects: &mut Effects) {
        let ended = timeout(DRAIN_TIMEOUT, async {
            while effects.in_progress() > 0 {
                let (id, outcome) = effects.finished().await;
                self.note(id, outcome);
            }
        });
        if ended.await.is_err() {
            tracing::warn!(left = effects.in_progress(), "work on the data plane is left for the next start");
        }
        let encoded = state_file::encode(&self.lock().world, self.port);
        let result = match encoded {
            Ok(encoded) => self.save(encoded).await,
            Err(error) => Err(error.to_string()),
        };
        let version = self.lock().version;
        self.report(version, result.err(), 0);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("the lock is held for pure work, which does not panic")
    }
}

/// Whether the action changes nothing, so that its answer need not wait for the disk.
fn only_reads(action: Action) -> bool {
    let name = action.as_str();
    name.starts_with("Describe") || name.starts_with("List")
}

/// An error with its cause and hint, in one line.
fn described(error: &SandboxError) -> String {
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text.push_str(": ");
        text.push_str(&source.to_string());
    }
    if let Some(hint) = error.hint() {
        text.push_str(". ");
        text.push_str(&hint);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tempfile::TempDir;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::model::Secret;
    use crate::model::call::{CreateDbCluster, DescribeDbClusters, DescribeEvents};
    use crate::model::config::{DataPlaneMode, Durations, WorldConfig};
    use crate::model::effect::EffectOutcome;
    use crate::model::reply::Reply;
    use crate::server::effects::Outcome;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn caller() -> Caller {
        Caller::new("111122223333", "eu-west-1")
    }

    fn create(name: &str) -> Call {
        Call::CreateDbCluster(CreateDbCluster {
            db_cluster_identifier: name.to_owned(),
            engine: "aurora-postgresql".to_owned(),
            master_username: Some("administrator".to_owned()),
            master_user_password: Some(Secret::new("correct-horse")),
            ..CreateDbCluster::default()
        })
    }

    fn attached_world() -> World {
        World::new(WorldConfig {
            data_plane: DataPlaneMode::Attached,
            ..WorldConfig::postgresql(15, Durations::zero())
        })
    }

    /// An executor that always ends the same way, and a count of what it was asked to do.
    fn always(outcome: Outcome) -> (Executor, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let executor: Executor = Arc::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            let outcome = outcome.clone();
            Box::pin(async move { outcome })
        });
        (executor, count)
    }

    struct Driven {
        runtime: Arc<Runtime>,
        stop: watch::Sender<bool>,
        driver: JoinHandle<()>,
    }

    impl Driven {
        fn start(world: World, state_path: &Path, executor: Executor) -> Self {
            let runtime = Arc::new(Runtime::new(world, state_path.to_owned(), 1));
            let (stop, stopping) = watch::channel(false);
            let driving = Arc::clone(&runtime);
            let driver = tokio::spawn(async move { driving.drive(executor, stopping).await });
            Self { runtime, stop, driver }
        }

        async fn stop(self) {
            self.stop.send_replace(true);
            self.driver.await.unwrap();
        }

        async fn reply(&self, call: Call) -> Reply {
            self.runtime.call(&caller(), call).await.unwrap().result.unwrap()
        }

        async fn wait_for_status(&self, name: &str, wanted: &str) {
            let describe = || {
                Call::DescribeDbClusters(DescribeDbClusters {
                    db_cluster_identifier: Some(name.to_owned()),
                    ..DescribeDbClusters::default()
                })
            };
            timeout(PATIENCE, async {
                loop {
                    let Reply::Clusters(page) = self.reply(describe()).await else { panic!("not clusters") };
                    if page.items[0].status.as_str() == wanted {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            })
            .await
            .unwrap();
        }
    }

    fn state_path(directory: &TempDir) -> PathBuf {
        directory.path().join("state.json")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn work_that_fails_for_a_full_disk_fails_its_cluster_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let (executor, _) = always(Err("no space left on the disk for volumes".to_owned()));
        let driven = Driven::start(attached_world(), &state_path(&directory), executor);
        driven.reply(create("orders")).await;
        driven.wait_for_status("orders", "failed").await;
        let Reply::Events(events) = driven.reply(Call::DescribeEvents(DescribeEvents::default())).await else {
            panic!("not events");
        };
        assert!(events.items.iter().any(|event| event.message.contains("no space left")), "{events:?}");
        driven.reply(create("others")).await;
        driven.stop().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn work_does_not_begin_before_it_is_saved() {
        let directory = tempfile::tempdir().unwrap();
        let (executor, count) = always(Ok(EffectOutcome::Done));
        let path = state_path(&directory);
        // No file can be put where a directory is.
        std::fs::create_dir(&path).unwrap();
        let driven = Driven::start(attached_world(), &path, executor);
        let refused = driven.runtime.call(&caller(), create("orders")).await;
        assert!(refused.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 0);
        std::fs::remove_dir(&path).unwrap();
        // A rather full disk is looked at again by itself.
        timeout(PATIENCE, async {
            while driven.runtime.save_problem().is_some() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        driven.stop().await;
        let saved = state_file::read(&path).unwrap().unwrap();
        assert_eq!(saved.port, 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn work_that_was_not_finished_is_done_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = state_path(&directory);
        let never: Executor = Arc::new(|_| Box::pin(std::future::pending()));
        let first = Driven::start(attached_world(), &path, never);
        first.reply(create("orders")).await;
        // As when the process dies.
        first.driver.abort();
        assert!(first.driver.await.unwrap_err().is_cancelled());

        let saved = state_file::read(&path).unwrap().unwrap();
        let (executor, count) = always(Ok(EffectOutcome::Done));
        let second = Driven::start(saved.world, &path, executor);
        second.wait_for_status("orders", "available").await;
        assert!(count.load(Ordering::SeqCst) > 0);
        second.stop().await;
        let content = std::fs::read_to_string(&path).unwrap();
        assert!(!content.contains("correct-horse"), "a password is kept only until it is used");
    }
}
