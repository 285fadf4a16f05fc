//! What a world looks like from outside, without times: two worlds with equal views are equal for everyone who uses them.

use std::{collections::BTreeMap, fmt};

use aurora_restore_core::settings::OUR_TAG_PREFIX;
use aurora_restore_sandbox::model::{
    Caller, World,
    call::{
        Call, DescribeDbClusterSnapshots, DescribeDbClusters, DescribeDbInstances, NameDbClusterSnapshot, PageRequest,
    },
    reply::Reply,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{
    cloud::{Sim, State},
    data::Content,
};

/// Fields that differ from one moment to the next without anybody's doing.
const TIMES: [&str; 7] = [
    "cluster_create_time",
    "earliest_restorable_time",
    "latest_restorable_time",
    "snapshot_create_time",
    "instance_create_time",
    "percent_progress",
    "clone_group_id",
];
/// Fields that say which thing it is, as opposed to what it is like.
const IDENTITIES: [&str; 3] = ["db_cluster_resource_id", "dbi_resource_id", "db_cluster_create_time"];

/// Whether a view tells things from others that are like them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// Immutable ids count: a cluster that was restored is not the one that was deleted.
    OfIdentity,
    /// They do not count, nor do the tags of this product, which say that a thing was brought back.
    OfLikeness,
}

/// Tags whose values are times.
const TIME_TAGS: [&str; 2] = ["aurora-restore:switch-started-at", "aurora-restore:serving-since"];

/// The fields of one thing as texts.
type Fields = BTreeMap<String, String>;

/// Every thing with its fields, by kind, place and name.
#[derive(Clone, PartialEq, Eq)]
pub struct View {
    things: BTreeMap<String, Fields>,
}

impl View {
    /// Looks at everything in these places.
    pub fn of(sim: &Sim, places: &[Caller], witness: Witness) -> Self {
        use aurora_restore_core::ports::Clock;

        let now = sim.clock().now();
        let mut state = sim.lock();
        let mut things = BTreeMap::new();
        for place in places {
            let look = Look { place, now, witness };
            look.at_clusters(&mut state, &mut things);
            look.at_instances(&mut state.world, &mut things);
            look.at_snapshots(&mut state.world, &mut things);
        }
        Self { things }
    }

    /// The same without the things whose name holds this text.
    #[must_use]
    pub fn without(mut self, text: &str) -> Self {
        self.things.retain(|name, _| !name.contains(text));
        self
    }

    /// The same without the fields whose name begins with this text.
    #[must_use]
    pub fn without_fields(mut self, text: &str) -> Self {
        for fields in self.things.values_mut() {
            fields.retain(|name, _| !name.starts_with(text));
        }
        self
    }

    /// The names of all things.
    pub fn names(&self) -> Vec<&str> {
        self.things.keys().map(String::as_str).collect()
    }

    /// A field of a thing whose name ends with this text. Tags are fields: `tag KEY`.
    pub fn field(&self, thing: &str, field: &str) -> Option<&str> {
        let (_, fields) = self.things.iter().find(|(name, _)| name.ends_with(thing))?;
        fields.get(field).map(String::as_str)
    }

    /// What is not the same in both views, one line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (name, fields) in &self.things {
            match other.things.get(name) {
                None => differences.push(format!("{name} is missing")),
                Some(others) => differences.extend(field_differences(name, fields, others)),
            }
        }
        let more = other.things.keys().filter(|name| !self.things.contains_key(*name));
        differences.extend(more.map(|name| format!("{name} is too many")));
        differences
    }
}

fn field_differences(name: &str, fields: &Fields, others: &Fields) -> Vec<String> {
    let mut keys: Vec<&String> = fields.keys().chain(others.keys()).collect();
    keys.sort();
    keys.dedup();
    let none = "nothing".to_owned();
    keys.into_iter()
        .filter(|key| fields.get(*key) != others.get(*key))
        .map(|key| {
            let (one, two) = (fields.get(key).unwrap_or(&none), others.get(key).unwrap_or(&none));
            format!("{name}: {key} should be {one} and is {two}")
        })
        .collect()
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(&self.things).finish()
    }
}

struct Look<'a> {
    place: &'a Caller,
    now: Timestamp,
    witness: Witness,
}

impl Look<'_> {
    fn at_clusters(&self, state: &mut State, things: &mut BTreeMap<String, Fields>) {
        let mut marker = None;
        loop {
            let page = PageRequest { marker, max_records: None };
            let call = Call::DescribeDbClusters(DescribeDbClusters { page, ..DescribeDbClusters::default() });
            let Ok(Reply::Clusters(page)) = state.world.apply(self.place, call, self.now) else { return };
            for cluster in &page.items {
                let answers = cluster.endpoint.as_ref().and_then(|endpoint| {
                    let volume = state.world.who_answers(&endpoint.address, endpoint.port)?.volume;
                    state.data.content(volume)
                });
                let mut fields = self.shown(cluster.as_ref());
                fields.insert("data".to_owned(), answers.map_or_else(String::new, told));
                things.insert(self.name("cluster", &cluster.db_cluster_identifier), fields);
            }
            marker = page.marker;
            if marker.is_none() {
                return;
            }
        }
    }

    fn at_instances(&self, world: &mut World, things: &mut BTreeMap<String, Fields>) {
        let mut marker = None;
        loop {
            let page = PageRequest { marker, max_records: None };
            let call = Call::DescribeDbInstances(DescribeDbInstances { page, ..DescribeDbInstances::default() });
            let Ok(Reply::Instances(page)) = world.apply(self.place, call, self.now) else { return };
            for instance in &page.items {
                let fields = self.shown(instance.as_ref());
                things.insert(self.name("instance", &instance.db_instance_identifier), fields);
            }
            marker = page.marker;
            if marker.is_none() {
                return;
            }
        }
    }

    fn at_snapshots(&self, world: &mut World, things: &mut BTreeMap<String, Fields>) {
        let mut marker = None;
        loop {
            let page = PageRequest { marker, max_records: None };
            let input = DescribeDbClusterSnapshots { page, ..DescribeDbClusterSnapshots::default() };
            let call = Call::DescribeDbClusterSnapshots(input);
            let Ok(Reply::Snapshots(page)) = world.apply(self.place, call, self.now) else { return };
            for snapshot in &page.items {
                let name = &snapshot.db_cluster_snapshot_identifier;
                let attributes = Call::DescribeDbClusterSnapshotAttributes(NameDbClusterSnapshot {
                    db_cluster_snapshot_identifier: name.clone(),
                });
                let shared = match world.apply(self.place, attributes, self.now) {
                    Ok(Reply::SnapshotAttributes(shown)) => format!("{:?}", shown.attributes),
                    Ok(_) | Err(_) => String::new(),
                };
                let mut fields = self.shown(snapshot.as_ref());
                fields.insert("shared".to_owned(), shared);
                things.insert(self.name("snapshot", name), fields);
            }
            marker = page.marker;
            if marker.is_none() {
                return;
            }
        }
    }

    fn name(&self, kind: &str, name: &str) -> String {
        format!("{kind} {}/{}/{name}", self.place.account, self.place.region)
    }

    fn shown(&self, thing: &impl Serialize) -> Fields {
        let Ok(Value::Object(shown)) = serde_json::to_value(thing) else { return Fields::new() };
        let identities: &[&str] = if self.witness == Witness::OfLikeness { &IDENTITIES } else { &[] };
        let mut fields = Fields::new();
        for (key, value) in shown {
            if TIMES.contains(&key.as_str()) || identities.contains(&key.as_str()) || value.is_null() {
                continue;
            }
            if key == "tag_list" {
                let counts = |key: &str| self.witness == Witness::OfIdentity || !key.contains(OUR_TAG_PREFIX);
                fields.extend(tags(&value).into_iter().filter(|(key, _)| counts(key)));
            } else {
                fields.insert(key, value.to_string());
            }
        }
        fields
    }
}

fn tags(list: &Value) -> Vec<(String, String)> {
    let text = |tag: &Value, field: &str| tag.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    list.as_array()
        .into_iter()
        .flatten()
        .map(|tag| {
            let key = text(tag, "key");
            let value = if TIME_TAGS.contains(&key.as_str()) { "a time".to_owned() } else { text(tag, "value") };
            (format!("tag {key}"), value)
        })
        .collect()
}

fn told(content: &Content) -> String {
    let roles: Vec<String> = content
        .roles
        .iter()
        .map(|(name, role)| format!("{name}:{}:{}", role.can_log_in, role.password.expose()))
        .collect();
    format!("{} {}", content.fingerprint(), roles.join(","))
}
