//! What a world looks like from outside, without times: two worlds with equal views are equal for everyone who uses them.

mod glance;
mod look;

pub(crate) use glance::Glance;

use std::{collections::BTreeMap, fmt};

use aurora_restore_core::settings::OUR_TAG_PREFIX;
use aurora_restore_sandbox::model::Caller;
use serde::Serialize;
use serde_json::Value;

use crate::{cloud::Sim, data::Content};

use look::Look;

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
            let look = Look { place, now };
            for cluster in look.clusters(&mut state.world) {
                let mut fields = shown(cluster.as_ref());
                let content = Look::content(&state, &cluster);
                fields.insert("data".to_owned(), content.as_deref().map_or_else(String::new, told));
                fields.insert("rights".to_owned(), content.as_deref().map_or_else(String::new, rights));
                things.insert(name(place, "cluster", &cluster.db_cluster_identifier), fields);
            }
            for instance in look.instances(&mut state.world) {
                things.insert(name(place, "instance", &instance.db_instance_identifier), shown(instance.as_ref()));
            }
            for snapshot in look.snapshots(&mut state.world) {
                let id = &snapshot.db_cluster_snapshot_identifier;
                let mut fields = shown(snapshot.as_ref());
                fields.insert("shared".to_owned(), look.shared(&mut state.world, id));
                things.insert(name(place, "snapshot", id), fields);
            }
        }
        let view = Self { things };
        match witness {
            Witness::OfIdentity => view,
            Witness::OfLikeness => view.without_identity(),
        }
    }

    /// The same for a witness of likeness: without immutable ids, and without the tags of this product, which say that a
    /// thing was brought back.
    #[must_use]
    pub fn without_identity(mut self) -> Self {
        let our_tags = format!("tag {OUR_TAG_PREFIX}");
        for fields in self.things.values_mut() {
            fields.retain(|name, _| !IDENTITIES.contains(&name.as_str()) && !name.starts_with(&our_tags));
        }
        self
    }

    /// Adds how much of each quota is used in these places.
    pub fn add_quotas(&mut self, sim: &Sim, places: &[Caller]) {
        use aurora_restore_core::ports::Clock;

        let now = sim.clock().now();
        let mut state = sim.lock();
        for place in places {
            for quota in (Look { place, now }).quotas(&mut state.world) {
                let name = name(place, "quota", &quota.account_quota_name);
                self.things.insert(name, Fields::from([("used".to_owned(), quota.used.to_string())]));
            }
        }
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

fn name(place: &Caller, kind: &str, name: &str) -> String {
    format!("{kind} {}/{}/{name}", place.account, place.region)
}

fn shown(thing: &impl Serialize) -> Fields {
    let Ok(Value::Object(shown)) = serde_json::to_value(thing) else { return Fields::new() };
    let mut fields = Fields::new();
    for (key, value) in shown {
        if TIMES.contains(&key.as_str()) || value.is_null() {
            continue;
        }
        if key == "tag_list" {
            fields.extend(tags(&value));
        } else {
            fields.insert(key, value.to_string());
        }
    }
    fields
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

/// What the roles may do, who the master is, and which server it is.
fn rights(content: &Content) -> String {
    let roles: Vec<String> = content.roles.iter().map(|(name, role)| format!("{name}:{}", role.can_write)).collect();
    format!("{} {} {}", content.master, content.server_version, roles.join(","))
}

fn told(content: &Content) -> String {
    let roles: Vec<String> = content
        .roles
        .iter()
        .map(|(name, role)| format!("{name}:{}:{}", role.can_log_in, role.password.expose()))
        .collect();
    format!("{} {}", content.fingerprint(), roles.join(","))
}
