//! The simulated outside: the world of RDS, the data behind it, and the time.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aurora_restore_core::{ids::ClusterId, ports::Clock};
use aurora_restore_sandbox::model::World;
use jiff::Timestamp;

use crate::{clock::ManualClock, data::DataPlane};

/// Everything that is simulated outside of the product: RDS, the data in it, and the time.
#[derive(Debug)]
pub struct Sim {
    state: Mutex<State>,
    clock: Arc<ManualClock>,
}

/// What moves together: the world of RDS and the data behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) data: DataPlane,
    /// Clusters that belong to a global database, which the world itself does not know.
    pub(super) global_members: BTreeSet<ClusterId>,
}

impl Sim {
    /// A world at a time. It should hand out its work for information ([`DataPlaneMode::Observed`]), or there will be no
    /// data.
    ///
    /// [`DataPlaneMode::Observed`]: aurora_restore_sandbox::model::config::DataPlaneMode::Observed
    pub fn new(world: World, clock: Arc<ManualClock>) -> Self {
        Self { state: Mutex::new(State { world, data: DataPlane::default(), global_members: BTreeSet::new() }), clock }
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<ManualClock> {
        &self.clock
    }

    /// A world of its own that begins as this one is now.
    pub fn fork(&self) -> Self {
        let clock = Arc::new(ManualClock::at(self.clock.now()));
        Self { state: Mutex::new(self.lock().clone()), clock }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the world directly, as an operator or another tool would.
    pub fn with_world<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.lock();
        state.world.tick(now);
        let given = act(&mut state.world, now);
        state.settle_data();
        given
    }

    /// Makes a cluster a member of a global database.
    pub fn join_global_database(&self, cluster: &ClusterId) {
        self.lock().global_members.insert(cluster.clone());
    }

    /// Does something to the data directly, as a client of a database would.
    pub fn with_data<T>(&self, address: &str, port: u16, act: impl FnOnce(&mut crate::Content) -> T) -> Option<T> {
        let now = self.clock.now();
        let mut state = self.lock();
        state.world.tick(now);
        let volume = state.world.who_answers(address, port)?.volume;
        state.data.content_mut(volume).map(act)
    }
}

impl State {
    /// Does the work that the world handed out. The model never waits for it: the data follow at once.
    pub(crate) fn settle_data(&mut self) {
        for effect in self.world.take_effects() {
            self.data.carry_out(&effect.work);
        }
    }
}
