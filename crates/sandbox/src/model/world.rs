//! The world: everything that all accounts have, moved by calls and by time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::config::{DataPlaneMode, Quotas, WorldConfig};
use super::effect::{Effect, EffectOutcome, EndpointKey, EndpointKind, Work};
use super::error::RdsError;
use super::faults::{Course, FaultRule, Faults};
use super::jobs::{Job, JobKind, Jobs};
use super::outbox::Outbox;
use super::reply::Reply;
use super::resources::{Endpoint, Event, EventSource, KmsKey};
use super::state::{ClusterRecord, InstanceRecord, Key, PlaceIx, PlaceState, SnapshotRecord};
use super::{AccountId, Caller, EffectId, Place, RegionName, VolumeId};

/// All accounts and Regions.
///
/// Time is what callers pass in; it never runs backwards, so an earlier time than before counts as the
/// latest one seen. A world can be serialised and comes back as it was; see [`Secret`](super::Secret)
/// for what that means for the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    pub(crate) config: WorldConfig,
    places: Vec<PlaceState>,
    jobs: Jobs,
    outbox: Outbox,
    faults: Faults,
    next_key: Key,
    now: Timestamp,
}

/// The answer to a call, and whether the caller gets to see it.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a lost reply must be dropped by whoever stands between model and client"]
pub struct Served {
    /// What the model answers.
    pub result: Result<Reply, RdsError>,
    /// The call took effect, but the answer must not arrive: a fault rule says so.
    pub reply_lost: bool,
}

/// Where and how a call is carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctx {
    pub(crate) here: PlaceIx,
    pub(crate) now: Timestamp,
    pub(crate) course: Course,
}

impl World {
    /// An empty world.
    pub fn new(config: WorldConfig) -> Self {
        let owners: Vec<_> = config.kms_keys.iter().map(|key| (key.account.clone(), key.region.clone())).collect();
        let mut world = Self {
            config,
            places: Vec::new(),
            jobs: Jobs::default(),
            outbox: Outbox::default(),
            faults: Faults::default(),
            next_key: 1,
            now: Timestamp::UNIX_EPOCH,
        };
        // Others may name a key before its owner has made a call.
        for (account, region) in &owners {
            world.place_ix(account, region);
        }
        world
    }

    /// The settings of the world.
    pub const fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// Changes the quotas, as a person has AWS do it. What is there already stays.
    pub const fn grant(&mut self, quotas: Quotas) {
        self.config.quotas = quotas;
    }

    /// Carries out a call. A reply that a fault rule wants lost is returned all the same: use
    /// [`World::serve`] where replies can be lost.
    pub fn apply(&mut self, caller: &Caller, call: Call, now: Timestamp) -> Result<Reply, RdsError> {
        self.serve(caller, call, now).result
    }

    /// Carries out a call, and says whether its reply is to be lost.
    pub fn serve(&mut self, caller: &Caller, call: Call, now: Timestamp) -> Served {
        self.tick(now);
        let verdict = self.faults.judge(call.action(), &call.identifiers());
        if let Some(refusal) = verdict.refusal {
            return Served { result: Err(refusal), reply_lost: false };
        }
        let here = self.place_ix(&caller.account, &caller.region);
        let ctx = Ctx { here, now: self.now, course: verdict.course };
        Served { result: self.dispatch(ctx, call), reply_lost: verdict.reply_lost }
    }

    /// Lets everything happen that is due by now.
    pub fn tick(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some((ends, job)) = self.jobs.pop_due(self.now) {
            self.finish_job(ends, &job);
        }
    }

    /// The moment of the next change that comes by itself; none, while everything rests or waits for the
    /// data plane. A manual clock can jump there.
    pub fn next_change_at(&self) -> Option<Timestamp> {
        self.jobs.next_end()
    }

    /// Work for the data plane that has not been handed out since the world was made or deserialised.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        self.outbox.take(self.config.data_plane)
    }

    /// Takes the outcome of a piece of work; a second report of the same work changes nothing.
    ///
    /// A failure puts whatever waited for the work into the status that fits, with the reason in an
    /// event. The reason is shown to users: it must not contain a secret.
    pub fn finish_effect(&mut self, id: EffectId, outcome: Result<EffectOutcome, String>, now: Timestamp) {
        self.tick(now);
        let Some(work) = self.outbox.finish(id) else {
            return;
        };
        let failure = match outcome {
            Ok(outcome) => self.note_endpoint(work, outcome),
            Err(reason) => Some(reason),
        };
        self.jobs.effect_finished(id, failure.as_deref(), self.now);
        self.tick(now);
    }

    /// Puts a fault rule in force, behind those that are there.
    pub fn inject(&mut self, rule: FaultRule) {
        self.faults.add(rule);
    }

    /// The fault rules in force.
    pub fn fault_rules(&self) -> &[FaultRule] {
        self.faults.rules()
    }

    /// Ends all fault rules. What they began goes on: a stuck copy stays stuck.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Adds a customer key, or replaces the one of the same id.
    pub fn put_kms_key(&mut self, place: &Place, key: KmsKey) {
        let here = self.place_ix(&place.account, &place.region);
        let keys = &mut self.place_mut(here).keys;
        keys.retain(|known| known.key_id != key.key_id);
        keys.push(key);
    }

    /// Remembers where names answer. Returns what is wrong with the outcome, if anything is.
    fn note_endpoint(&mut self, work: Work, outcome: EffectOutcome) -> Option<String> {
        match (work, outcome) {
            (Work::PublishEndpoint { endpoint, volume }, EffectOutcome::Endpoint { address, port }) => {
                self.outbox.publish(endpoint.clone(), volume, Endpoint { address, port });
                self.show_endpoint(&endpoint, volume);
                None
            }
            (Work::PublishEndpoint { .. }, EffectOutcome::Done) => {
                Some("the data plane did not say where the endpoint answers".to_owned())
            }
            (Work::WithdrawEndpoint { endpoint, volume }, _) => {
                self.outbox.withdraw(&endpoint, volume);
                None
            }
            _ => None,
        }
    }
}

/// What actions and transitions need of the world.
impl World {
    pub(crate) fn place(&self, place: PlaceIx) -> &PlaceState {
        &self.places[place.0]
    }

    pub(crate) fn place_mut(&mut self, place: PlaceIx) -> &mut PlaceState {
        &mut self.places[place.0]
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = (PlaceIx, &PlaceState)> {
        self.places.iter().enumerate().map(|(index, place)| (PlaceIx(index), place))
    }

    pub(crate) fn find_place(&self, account: &str, region: &str) -> Option<PlaceIx> {
        self.places
            .iter()
            .position(|place| place.account.as_str() == account && place.region.as_str() == region)
            .map(PlaceIx)
    }

    /// The place, made with its defaults if nobody has been there before.
    pub(crate) fn place_ix(&mut self, account: &AccountId, region: &RegionName) -> PlaceIx {
        if let Some(found) = self.find_place(account.as_str(), region.as_str()) {
            return found;
        }
        let mut place = PlaceState::new(account.clone(), region.clone(), &self.config.kms_keys);
        self.add_default_groups(&mut place);
        self.places.push(place);
        PlaceIx(self.places.len() - 1)
    }

    pub(crate) fn cluster(&self, place: PlaceIx, key: Key) -> Option<&ClusterRecord> {
        self.place(place).clusters.get(&key)
    }

    pub(crate) fn cluster_mut(&mut self, place: PlaceIx, key: Key) -> Option<&mut ClusterRecord> {
        self.place_mut(place).clusters.get_mut(&key)
    }

    pub(crate) fn instance_mut(&mut self, place: PlaceIx, key: Key) -> Option<&mut InstanceRecord> {
        self.place_mut(place).instances.get_mut(&key)
    }

    pub(crate) fn snapshot_mut(&mut self, place: PlaceIx, key: Key) -> Option<&mut SnapshotRecord> {
        self.place_mut(place).snapshots.get_mut(&key)
    }

    /// Work in progress, here and at the data plane.
    #[cfg(test)]
    pub(crate) fn unfinished(&self) -> (Jobs, Outbox) {
        (self.jobs.clone(), self.outbox.clone())
    }

    /// The latest time seen.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn new_key(&mut self) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        key
    }

    pub(crate) fn add_job(
        &mut self,
        ends: Timestamp,
        place: PlaceIx,
        key: Key,
        kind: JobKind,
        waits_for: Vec<EffectId>,
    ) {
        self.jobs.add(ends, Job { place, key, kind, waits_for, failure: None });
    }

    /// The same for a transition that is bound to end badly.
    pub(crate) fn add_failing_job(&mut self, ends: Timestamp, place: PlaceIx, key: Key, kind: JobKind, reason: &str) {
        self.jobs.add(ends, Job { place, key, kind, waits_for: Vec::new(), failure: Some(reason.to_owned()) });
    }

    pub(crate) fn forget_jobs(&mut self, place: PlaceIx, key: Key) {
        self.jobs.forget(place, key);
    }

    /// Hands work to the data plane; `waits_for` gets its id if its end will be reported.
    pub(crate) fn emit(&mut self, work: Work, waits_for: &mut Vec<EffectId>) {
        waits_for.extend(self.outbox.add(self.config.data_plane, work));
    }

    /// From when on a thing made now is found, and a job that marks that moment.
    pub(crate) fn visible_from(&mut self, place: PlaceIx, key: Key, now: Timestamp, lag: SignedDuration) -> Timestamp {
        if lag.is_zero() {
            return now;
        }
        let from = now + lag;
        self.add_job(from, place, key, JobKind::NamesSettle, Vec::new());
        from
    }

    pub(crate) fn endpoint_key(&self, place: PlaceIx, kind: EndpointKind, name: &str) -> EndpointKey {
        let place = self.place(place);
        EndpointKey { account: place.account.clone(), region: place.region.clone(), kind, name: name.to_owned() }
    }

    /// Where the endpoint of this name answers, if that is known.
    pub(crate) fn endpoint(&self, place: PlaceIx, kind: EndpointKind, name: &str, port: u16) -> Option<Endpoint> {
        if self.config.data_plane == DataPlaneMode::Attached {
            return self.outbox.endpoint(&self.endpoint_key(place, kind, name)).cloned();
        }
        let place = self.place(place);
        let label = match kind {
            EndpointKind::ClusterWriter => "cluster-",
            EndpointKind::ClusterReader => "cluster-ro-",
            EndpointKind::Instance => "",
        };
        let address = format!("{name}.{label}{}.{}.rds.amazonaws.com", place.endpoint_hash(), place.region);
        Some(Endpoint { address, port })
    }

    pub(crate) fn record_event(
        &mut self,
        place: PlaceIx,
        source: (EventSource, &str, &str),
        category: &str,
        message: impl Into<String>,
        date: Timestamp,
    ) {
        let (source_type, name, arn) = source;
        self.place_mut(place).record(Event {
            source_identifier: name.to_owned(),
            source_type,
            source_arn: arn.to_owned(),
            message: message.into(),
            event_categories: vec![category.to_owned()],
            date,
        });
    }

    /// The volume whose server answers at this address, and under which cluster's immutable id: what a
    /// client would reach. None while no instance serves there.
    pub fn who_answers(&self, address: &str, port: u16) -> Option<Answering<'_>> {
        self.places.iter().find_map(|place| place.who_answers(address, port))
    }
}

/// Who answers at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering<'a> {
    /// Immutable id of the cluster.
    pub db_cluster_resource_id: &'a str,
    /// Its present name.
    pub db_cluster_identifier: &'a str,
    /// Its data.
    pub volume: VolumeId,
    /// Whether the address leads to the writer.
    pub writable: bool,
}
