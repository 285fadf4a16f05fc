//! Functions and alarms that live in memory. A change of a function shows after some looks, as with a slow service; its code is what a test
//! says of the object that it was given.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    Alarm, AlarmState, Alarms, Alias, CallAnswer, CallReport, Called, CodeAt, FunctionFacts, Functions, Pointing,
    Readiness, ServiceError, ServiceResult,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// How many looks a change takes until it shows.
const LOOKS: u32 = 2;

/// Functions in memory.
#[derive(Debug, Default)]
pub struct MemoryFunctions(Mutex<World>);

#[derive(Debug, Default)]
struct World {
    functions: BTreeMap<String, Held>,
    /// The digest of each object that is a package, by its key.
    codes: BTreeMap<String, String>,
    calls: Vec<String>,
    /// After so many calls that change something, none is answered: whoever asks has died.
    dies_after: Option<usize>,
    revisions: u64,
}

#[derive(Debug, Clone)]
struct Held {
    latest: FunctionFacts,
    versions: Vec<FunctionFacts>,
    alias: Option<Alias>,
    /// How many looks until the last change shows.
    pending: u32,
    /// Milliseconds that a call takes with a gigabyte, and the least that it takes.
    work_ms: f64,
    least_ms: f64,
    answer: Option<CallAnswer>,
}

impl MemoryFunctions {
    /// Makes a function that serves one version of some code, 256 MB.
    pub fn add(&self, name: &str, code_sha256: &str) {
        let mut world = self.world();
        let facts = FunctionFacts {
            version: None,
            code_sha256: code_sha256.to_owned(),
            code_bytes: 1_000,
            memory_mb: 256,
            runtime: "provided.al2023".to_owned(),
            changed_at: Some(Timestamp::UNIX_EPOCH),
            readiness: Readiness::Ready,
            revision: world.revision(),
        };
        let pointing = Pointing { version: 1, shift: None };
        let held = Held {
            versions: vec![FunctionFacts { version: Some(1), ..facts.clone() }],
            alias: Some(Alias { pointing, description: String::new(), revision: world.revision() }),
            latest: facts,
            pending: 0,
            work_ms: 100.0,
            least_ms: 10.0,
            answer: None,
        };
        world.functions.insert(name.to_owned(), held);
    }

    /// Says what digest the package of an object has.
    pub fn know(&self, key: &str, code_sha256: &str) {
        self.world().codes.insert(key.to_owned(), code_sha256.to_owned());
    }

    /// Answers every call of a function so.
    pub fn answer(&self, function: &str, answer: CallAnswer) {
        self.world().held(function).answer = Some(answer);
    }

    /// After so many more calls that change something nobody is answered any more, as if whoever asks had died.
    pub fn die_after(&self, calls: usize) {
        let mut world = self.world();
        world.dies_after = Some(world.calls.len() + calls);
    }

    /// Answers again.
    pub fn live(&self) {
        self.world().dies_after = None;
    }

    /// The calls that have changed something, in order.
    pub fn changes(&self) -> Vec<String> {
        self.world().calls.clone()
    }

    /// Where the alias of a function points to.
    ///
    /// # Panics
    /// If there is no such function.
    pub fn pointing(&self, function: &str) -> Pointing {
        self.world().held(function).alias.clone().expect("it has an alias").pointing
    }

    /// What can still be changed of a function.
    ///
    /// # Panics
    /// If there is no such function.
    pub fn latest(&self, function: &str) -> FunctionFacts {
        self.world().held(function).latest.clone()
    }

    /// Changes what is published of a function, as time and others do.
    ///
    /// # Panics
    /// If there is no such function.
    pub fn change_published(&self, function: &str, change: impl FnMut(&mut FunctionFacts)) {
        self.world().held(function).versions.iter_mut().for_each(change);
    }

    /// Changes what can still be changed of a function and publishes nothing, as somebody else does.
    ///
    /// # Panics
    /// If there is no such function.
    pub fn change_latest(&self, function: &str, change: impl FnOnce(&mut FunctionFacts)) {
        change(&mut self.world().held(function).latest);
    }

    /// Points the alias of a function elsewhere, as somebody else does: what it tells of itself stays.
    pub fn repoint(&self, function: &str, pointing: Pointing) {
        let mut world = self.world();
        let revision = world.revision();
        let held = world.held(function);
        let description = held.alias.take().map(|alias| alias.description).unwrap_or_default();
        held.alias = Some(Alias { pointing, description, revision });
    }

    /// Gives the alias of a function another description, as somebody else does.
    pub fn describe_alias(&self, function: &str, description: &str) {
        if let Some(alias) = &mut self.world().held(function).alias {
            alias.description = description.to_owned();
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call that changes something, unless whoever asks has died.
    fn change(&self, action: &'static str, object: &str, what: String) -> ServiceResult<MutexGuard<'_, World>> {
        let mut world = self.world();
        if world.dies_after.is_some_and(|last| world.calls.len() >= last) {
            let reason = "access is denied to the dead".to_owned();
            return Err(ServiceError::Denied { action, object: object.to_owned(), reason });
        }
        if !world.functions.contains_key(object) {
            return Err(missing(action, object));
        }
        world.calls.push(what);
        Ok(world)
    }
}

impl World {
    fn revision(&mut self) -> String {
        self.revisions += 1;
        format!("revision-{}", self.revisions)
    }

    fn held(&mut self, function: &str) -> &mut Held {
        self.functions.get_mut(function).expect("a test names functions that are there")
    }

    /// Changes a function, if it is still as it was seen.
    fn alter(
        &mut self,
        action: &'static str,
        function: &str,
        revision: &str,
        change: impl FnOnce(&mut FunctionFacts),
    ) -> ServiceResult<()> {
        let new = self.revision();
        let held = self.held(function);
        require(action, function, &held.latest.revision, revision)?;
        if held.pending > 0 {
            return Err(refused(action, function, "an update is in progress"));
        }
        change(&mut held.latest);
        held.latest.revision = new;
        held.latest.readiness = Readiness::Pending;
        held.pending = LOOKS;
        Ok(())
    }
}

fn missing(action: &'static str, object: &str) -> ServiceError {
    ServiceError::Missing { action, object: object.to_owned(), reason: "it does not exist".to_owned() }
}

fn refused(action: &'static str, object: &str, reason: &str) -> ServiceError {
    ServiceError::Refused { action, object: object.to_owned(), reason: reason.to_owned() }
}

fn require(action: &'static str, object: &str, is: &str, seen: &str) -> ServiceResult<()> {
    if is == seen { Ok(()) } else { Err(refused(action, object, "the revision is another")) }
}

#[async_trait]
impl Functions for MemoryFunctions {
    async fn describe(&self, function: &str, version: Option<u64>) -> ServiceResult<Option<FunctionFacts>> {
        let mut world = self.world();
        let Some(held) = world.functions.get_mut(function) else { return Ok(None) };
        if version.is_some() {
            return Ok(held.versions.iter().find(|facts| facts.version == version).cloned());
        }
        let seen = held.latest.clone();
        held.pending = held.pending.saturating_sub(1);
        if held.pending == 0 {
            held.latest.readiness = Readiness::Ready;
        }
        Ok(Some(seen))
    }

    async fn versions(&self, function: &str) -> ServiceResult<Vec<FunctionFacts>> {
        let world = self.world();
        let held = world.functions.get(function).ok_or_else(|| missing("lambda:ListVersionsByFunction", function))?;
        Ok(held.versions.clone())
    }

    async fn alias(&self, function: &str, alias: &str) -> ServiceResult<Option<Alias>> {
        let world = self.world();
        let held = world.functions.get(function).filter(|_| alias == aurora_restore_ops::functions::ALIAS);
        Ok(held.and_then(|held| held.alias.clone()))
    }

    async fn set_code(&self, function: &str, code: &CodeAt, revision: &str) -> ServiceResult<()> {
        let action = "lambda:UpdateFunctionCode";
        let mut world = self.change(action, function, format!("code {function} {}", code.key))?;
        let known = world.codes.get(&code.key).cloned().ok_or_else(|| refused(action, function, "no such object"))?;
        world.alter(action, function, revision, |facts| facts.code_sha256 = known)
    }

    async fn set_memory(&self, function: &str, memory_mb: u32, revision: &str) -> ServiceResult<()> {
        let action = "lambda:UpdateFunctionConfiguration";
        let mut world = self.change(action, function, format!("memory {function} {memory_mb}"))?;
        world.alter(action, function, revision, |facts| facts.memory_mb = memory_mb)
    }

    async fn publish(&self, function: &str, code_sha256: &str, _about: &str) -> ServiceResult<u64> {
        let action = "lambda:PublishVersion";
        let mut world = self.change(action, function, format!("publish {function}"))?;
        let revision = world.revision();
        let held = world.held(function);
        if held.latest.code_sha256 != code_sha256 {
            return Err(refused(action, function, "the code is another"));
        }
        let same =
            |facts: &&FunctionFacts| facts.code_sha256 == code_sha256 && facts.memory_mb == held.latest.memory_mb;
        if let Some(last) = held.versions.last().filter(same).and_then(|last| last.version) {
            return Ok(last);
        }
        let number = held.versions.iter().filter_map(|facts| facts.version).max().unwrap_or(0) + 1;
        held.versions.push(FunctionFacts { version: Some(number), revision, ..held.latest.clone() });
        Ok(number)
    }

    async fn point(
        &self,
        function: &str,
        alias: &str,
        to: Pointing,
        description: Option<&str>,
        revision: &str,
    ) -> ServiceResult<()> {
        let action = "lambda:UpdateAlias";
        let part = to.shift.map_or_else(String::new, |shift| format!(" + {} to {}", shift.part, shift.version));
        let mut world = self.change(action, function, format!("point {function} {}{part}", to.version))?;
        let new = world.revision();
        let held = world.held(function);
        let knows = |version: u64| held.versions.iter().any(|facts| facts.version == Some(version));
        if !knows(to.version) || to.shift.is_some_and(|shift| !knows(shift.version)) {
            return Err(refused(action, function, "no such version"));
        }
        let there = held.alias.as_ref().ok_or_else(|| missing(action, alias))?;
        require(action, function, &there.revision, revision)?;
        let description = description.map_or_else(|| there.description.clone(), str::to_owned);
        held.alias = Some(Alias { pointing: to, description, revision: new });
        Ok(())
    }

    async fn call(&self, function: &str, qualifier: &str, _event: &Value) -> ServiceResult<Called> {
        let world = self.world();
        let held = world.functions.get(function).ok_or_else(|| missing("lambda:InvokeFunction", function))?;
        let version = |number: u64| held.versions.iter().find(|facts| facts.version == Some(number));
        let facts = match (qualifier, qualifier.parse(), &held.alias) {
            ("$LATEST", _, _) => Some(&held.latest),
            (_, Ok(number), _) => version(number),
            (_, Err(_), Some(alias)) => version(alias.pointing.version),
            (_, Err(_), None) => None,
        };
        let facts = facts.ok_or_else(|| missing("lambda:InvokeFunction", qualifier))?;
        let duration_ms = (held.work_ms * 1024.0 / f64::from(facts.memory_mb)).max(held.least_ms);
        let billed_ms = u64::try_from(std::time::Duration::from_secs_f64(duration_ms / 1e3).as_millis()).unwrap_or(0);
        let report = CallReport { duration_ms, billed_ms, memory_mb: facts.memory_mb, used_mb: 40, init_ms: None };
        let answer = held.answer.clone().unwrap_or_else(|| CallAnswer::Answered(json!({ "outcome": "completed" })));
        Ok(Called { answer, report: Some(report) })
    }
}

/// Alarms in memory.
#[derive(Debug, Default)]
pub struct MemoryAlarms(Mutex<BTreeMap<String, Ringer>>);

#[derive(Debug, Clone, Default)]
struct Ringer {
    rings: bool,
    /// Rings once it was looked at so often.
    rings_after: Option<u32>,
    errors: BTreeMap<u64, f64>,
}

impl MemoryAlarms {
    /// Puts an alarm there that is quiet.
    pub fn add(&self, name: &str) {
        self.alarms().insert(name.to_owned(), Ringer::default());
    }

    /// Takes an alarm away.
    pub fn remove(&self, name: &str) {
        self.alarms().remove(name);
    }

    /// Lets an alarm ring, after it was looked at so often.
    pub fn ring_after(&self, name: &str, looks: u32) {
        self.alarms().entry(name.to_owned()).or_default().rings_after = Some(looks);
    }

    /// Lets calls of a version of a function fail.
    pub fn fail(&self, function: &str, version: u64, count: f64) {
        self.alarms().entry(function.to_owned()).or_default().errors.insert(version, count);
    }

    fn alarms(&self) -> MutexGuard<'_, BTreeMap<String, Ringer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Alarms for MemoryAlarms {
    async fn named(&self, names: &[String]) -> ServiceResult<Vec<Alarm>> {
        let mut alarms = self.alarms();
        let look = |name: &String| {
            let ringer = alarms.get_mut(name)?;
            match &mut ringer.rings_after {
                Some(0) => ringer.rings = true,
                Some(left) => *left -= 1,
                None => {}
            }
            let (state, reason) = match ringer.rings {
                true => (AlarmState::Ringing, "3 errors within 15 minutes".to_owned()),
                false => (AlarmState::Quiet, String::new()),
            };
            Some(Alarm { name: name.clone(), state, reason })
        };
        Ok(names.iter().filter_map(look).collect())
    }

    async fn errors(
        &self,
        function: &str,
        _alias: &str,
        version: u64,
        _since: Timestamp,
        _until: Timestamp,
    ) -> ServiceResult<f64> {
        let alarms = self.alarms();
        Ok(alarms.get(function).and_then(|ringer| ringer.errors.get(&version)).copied().unwrap_or_default())
    }
}
