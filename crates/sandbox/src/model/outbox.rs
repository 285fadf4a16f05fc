//! The work handed to the data plane and not yet reported back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::DataPlaneMode;
use super::effect::{Effect, EndpointKey, Work};
use super::jobs::as_pairs;
use super::resources::Endpoint;
use super::{EffectId, VolumeId};

/// Work, in the order in which it was decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outbox {
    next: u64,
    open: BTreeMap<EffectId, Work>,
    /// Everything below has been handed out. Forgotten in a restart, so that it is handed out again.
    #[serde(skip)]
    handed_below: u64,
    /// Where names answer, as the data plane reported.
    #[serde(with = "as_pairs")]
    published: BTreeMap<EndpointKey, (VolumeId, Endpoint)>,
}

impl Outbox {
    /// Adds work. Returns its id if somebody will report its end.
    pub(crate) fn add(&mut self, mode: DataPlaneMode, work: Work) -> Option<EffectId> {
        if mode == DataPlaneMode::None {
            return None;
        }
        let id = EffectId(self.next);
        self.next += 1;
        self.open.insert(id, work);
        (mode == DataPlaneMode::Attached).then_some(id)
    }

    /// Work that has not been handed out since the start.
    pub(crate) fn take(&mut self, mode: DataPlaneMode) -> Vec<Effect> {
        let news = self.open.range(EffectId(self.handed_below)..);
        let effects = news.map(|(id, work)| Effect { id: *id, work: work.clone() }).collect();
        self.handed_below = self.next;
        if mode != DataPlaneMode::Attached {
            self.open.clear();
        }
        effects
    }

    /// Takes out work that is finished; nothing, if it was reported before.
    pub(crate) fn finish(&mut self, id: EffectId) -> Option<Work> {
        self.open.remove(&id)
    }

    pub(crate) fn publish(&mut self, key: EndpointKey, volume: VolumeId, endpoint: Endpoint) {
        self.published.insert(key, (volume, endpoint));
    }

    /// Forgets a name, unless it answers for another volume by now.
    pub(crate) fn withdraw(&mut self, key: &EndpointKey, volume: VolumeId) {
        if self.published.get(key).is_some_and(|(owner, _)| *owner == volume) {
            self.published.remove(key);
        }
    }

    pub(crate) fn endpoint(&self, key: &EndpointKey) -> Option<&Endpoint> {
        self.published.get(key).map(|(_, endpoint)| endpoint)
    }
}
