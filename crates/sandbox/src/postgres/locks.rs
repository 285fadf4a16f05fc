//! Keeps work on the same volume or image apart, whoever asks for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::model::{ImageId, VolumeId};

/// What work is done on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Volume(VolumeId),
    Image(ImageId),
}

/// One lock per subject that is in use.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<BTreeMap<Subject, Arc<RwLock<()>>>>);

/// Held while the work is done.
pub(super) struct Held {
    _write: OwnedRwLockWriteGuard<()>,
    _read: Option<OwnedRwLockReadGuard<()>>,
}

impl Locks {
    /// Waits until nobody works on `changed`.
    pub(super) async fn change(&self, changed: Subject) -> Held {
        Held { _write: self.of(changed).write_owned().await, _read: None }
    }

    /// Waits until nobody works on `changed` and nobody changes `read`.
    pub(super) async fn change_reading(&self, changed: Subject, read: Subject) -> Held {
        let (changed_lock, read_lock) = (self.of(changed), self.of(read));
        // Always in the same order: two callers that need the same pair never wait for each other.
        if changed < read {
            let write = changed_lock.write_owned().await;
            Held { _write: write, _read: Some(read_lock.read_owned().await) }
        } else {
            let guard = read_lock.read_owned().await;
            Held { _write: changed_lock.write_owned().await, _read: Some(guard) }
        }
    }

    fn of(&self, subject: Subject) -> Arc<RwLock<()>> {
        let mut locks = self.0.lock().expect("no holder panics");
        // Bounded by what is in use: a lock that only this map knows is not.
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(subject).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_subject_that_is_read_cannot_be_changed_meanwhile() {
        let locks = Locks::default();
        let (volume, image) = (Subject::Volume(VolumeId(1)), Subject::Image(ImageId(1)));
        let held = locks.change_reading(image, volume).await;
        let mut change = Box::pin(locks.change(volume));
        assert!(futures_poll_once(&mut change).await.is_none());
        drop(held);
        let _now = change.await;
    }

    /// Polls once and says what came of it.
    async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
