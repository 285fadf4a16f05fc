//! The work that the model wants done to real data: in order where it must be, at the same time where it may be.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::model::effect::{Effect, EffectOutcome, EndpointKey, Work};
use crate::model::{EffectId, ImageId, VolumeId};

/// Each piece of work may start a server or copy a disk; more at once would only compete.
const AT_ONCE: usize = 8;

/// The outcome of a piece of work; a failure is a text for people, without secrets.
pub(crate) type Outcome = Result<EffectOutcome, String>;

/// What carries out work. Doing the same work twice must be the same as doing it once.
pub(crate) type Executor = Arc<dyn Fn(Work) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// What a piece of work touches. Two pieces that touch the same thing are done in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    Volume(VolumeId),
    Image(ImageId),
    Endpoint(EndpointKey),
}

/// Work that waits and work that is being done.
pub(crate) struct Effects {
    executor: Executor,
    waiting: BTreeMap<EffectId, Work>,
    running: JoinSet<(EffectId, Outcome)>,
    busy: BTreeMap<EffectId, Vec<Touched>>,
}

impl Effects {
    pub(crate) fn new(executor: Executor) -> Self {
        Self { executor, waiting: BTreeMap::new(), running: JoinSet::new(), busy: BTreeMap::new() }
    }

    /// Takes work in, without beginning it.
    pub(crate) fn add(&mut self, effects: Vec<Effect>) {
        self.waiting.extend(effects.into_iter().map(|effect| (effect.id, effect.work)));
    }

    /// Begins whatever waits for nothing.
    pub(crate) fn start(&mut self) {
        let mut taken: BTreeSet<Touched> = self.busy.values().flatten().cloned().collect();
        let mut ready = Vec::new();
        for (id, work) in &self.waiting {
            let touched = touched(work);
            if self.busy.len() + ready.len() < AT_ONCE && touched.iter().all(|thing| !taken.contains(thing)) {
                ready.push((*id, touched.clone()));
            }
            // Later work on the same things waits for this, whether it begins now or not.
            taken.extend(touched);
        }
        for (id, touched) in ready {
            if let Some(work) = self.waiting.remove(&id) {
                let done = (self.executor)(work);
                self.running.spawn(async move { (id, done.await) });
                self.busy.insert(id, touched);
            }
        }
    }

    /// Waits for the end of a piece of work; for ever while none is being done.
    pub(crate) async fn finished(&mut self) -> (EffectId, Outcome) {
        loop {
            match self.running.join_next().await {
                Some(Ok((id, outcome))) => {
                    self.busy.remove(&id);
                    return (id, outcome);
                }
                // The work's task panicked. Its id went with it, and what it touches stays busy: doing more to the same
                // data could destroy it. A restart of the sandbox takes the work up again.
                Some(Err(error)) => {
                    tracing::error!(%error, "a piece of work on the data plane broke down");
                }
                None => std::future::pending().await,
            }
        }
    }

    pub(crate) fn in_progress(&self) -> usize {
        self.running.len()
    }
}

fn touched(work: &Work) -> Vec<Touched> {
    use Touched::{Endpoint, Image, Volume};
    match work {
        Work::CreateVolume { volume, .. }
        | Work::DeleteVolume { volume }
        | Work::StartServer { volume }
        | Work::StopServer { volume }
        | Work::RestartServer { volume }
        | Work::SetMasterPassword { volume, .. } => vec![Volume(*volume)],
        Work::RestoreVolume { volume, from } => vec![Volume(*volume), Image(*from)],
        Work::CloneVolume { volume, from } => vec![Volume(*volume), Volume(*from)],
        Work::TakeImage { image, from } => vec![Image(*image), Volume(*from)],
        Work::CopyImage { image, from } => vec![Image(*image), Image(*from)],
        Work::DeleteImage { image } => vec![Image(*image)],
        Work::PublishEndpoint { endpoint, volume } | Work::WithdrawEndpoint { endpoint, volume } => {
            vec![Endpoint(endpoint.clone()), Volume(*volume)]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::Semaphore;

    use super::*;

    /// An executor that notes what began, and lets each piece end when the test says so.
    fn gated() -> (Effects, Arc<Mutex<Vec<Work>>>, Arc<Semaphore>) {
        let began = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Semaphore::new(0));
        let (log, open) = (Arc::clone(&began), Arc::clone(&gate));
        let executor: Executor = Arc::new(move |work| {
            log.lock().unwrap().push(work);
            let open = Arc::clone(&open);
            Box::pin(async move {
                open.acquire().await.unwrap().forget();
                Ok(EffectOutcome::Done)
            })
        });
        (Effects::new(executor), began, gate)
    }

    fn take_image(id: u64, image: u64, volume: u64) -> Effect {
        let work = Work::TakeImage { image: ImageId(image), from: VolumeId(volume) };
        Effect { id: EffectId(id), work }
    }

    fn delete_volume(id: u64, volume: u64) -> Effect {
        Effect { id: EffectId(id), work: Work::DeleteVolume { volume: VolumeId(volume) } }
    }

    #[tokio::test]
    async fn work_on_the_same_volume_keeps_its_order_and_other_work_does_not_wait() {
        let (mut effects, began, gate) = gated();
        effects.add(vec![take_image(1, 10, 1), delete_volume(2, 1), delete_volume(3, 2)]);
        effects.start();
        assert_eq!(*began.lock().unwrap(), [take_image(1, 10, 1).work, delete_volume(3, 2).work]);
        gate.add_permits(2);
        effects.finished().await.1.unwrap();
        effects.finished().await.1.unwrap();
        effects.start();
        assert_eq!(began.lock().unwrap().last(), Some(&delete_volume(2, 1).work));
    }

    #[tokio::test]
    async fn work_that_waits_holds_back_what_comes_after_it() {
        let (mut effects, began, _gate) = gated();
        // The second waits for the first by volume 1, the third for the second by image 20.
        let restore = Work::RestoreVolume { volume: VolumeId(3), from: ImageId(20) };
        let third = Effect { id: EffectId(3), work: restore };
        effects.add(vec![delete_volume(1, 1), take_image(2, 20, 1), third]);
        effects.start();
        assert_eq!(*began.lock().unwrap(), [delete_volume(1, 1).work]);
    }

    #[tokio::test]
    async fn no_more_than_the_bound_is_done_at_once() {
        let (mut effects, began, gate) = gated();
        effects.add((0..20).map(|n| delete_volume(n, n)).collect());
        effects.start();
        effects.start();
        assert_eq!(began.lock().unwrap().len(), AT_ONCE);
        gate.add_permits(1);
        effects.finished().await.1.unwrap();
        effects.start();
        assert_eq!(began.lock().unwrap().len(), AT_ONCE + 1);
    }
}
