//! The manifest of a batch: items that each ask for a restore, over what they have in common.
//!
//! ```toml
//! [defaults.source]
//! latest-of = "production"
//!
//! [[items]]
//! name = "orders"                 # its operation is <batch>-orders; 01, 02, … without it
//! target.cluster = "staging-orders"
//! ```
//! An item holds keys of the request, those that an event may hold, too. It overrides the defaults, and these the
//! configuration.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Map, Value as Json};

use super::{ConfigError, ItemRequest, Problem};

/// What a manifest holds.
const KEYS: [&str; 2] = ["defaults", "items"];
/// The most items: Step Functions takes all of them in one input.
const ITEMS_MAX: usize = 1_000;
/// The most characters of a name: it becomes a part of an operation's id.
const NAME_CHARS_MAX: usize = 20;
/// What says what to restore from. An item that says it says all of it.
const OF_SOURCE: [&str; 8] =
    ["snapshot", "prefix", "date", "latest-of", "kinds", "point-in-time-of", "time", "clone-of"];

/// Reads a manifest.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong with it; the keys of requests are looked at by [`super::Config::load`].
pub fn read_batch(text: &str, file: &Path) -> Result<Vec<ItemRequest>, ConfigError> {
    let mut reading = Reading { file, problems: Vec::new() };
    let items = reading.manifest(text);
    if reading.problems.is_empty() { Ok(items) } else { Err(ConfigError { problems: reading.problems }) }
}

struct Reading<'f> {
    file: &'f Path,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn refuse(&mut self, message: impl std::fmt::Display, hint: &str) {
        let message = format!("{}: {message}", self.file.display());
        self.problems.push(Problem { message, origin: None, hint: Some(hint.to_owned()) });
    }

    fn manifest(&mut self, text: &str) -> Vec<ItemRequest> {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                self.refuse(format_args!("this is not TOML: {error}"), "An item begins with [[items]].");
                return Vec::new();
            }
        };
        for unknown in table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let hint = match crate::did_you_mean(unknown, KEYS) {
                Some(key) => format!("Did you mean `{key}`?"),
                None => "A manifest holds [defaults] and [[items]].".to_owned(),
            };
            self.refuse(format_args!("unknown key `{unknown}`"), &hint);
        }
        let defaults = match table.get("defaults").map(json) {
            None => Map::new(),
            Some(Some(Json::Object(defaults))) => defaults,
            Some(_) => {
                self.refuse("`defaults` is a section of keys", "Write [defaults.target] and its keys below it.");
                Map::new()
            }
        };
        let items = table.get("items").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        if items.is_empty() || items.len() > ITEMS_MAX {
            let told = format!("a batch has 1 to {ITEMS_MAX} items, and not {}", items.len());
            self.refuse(told, "Begin each item with [[items]].");
        }
        self.items(&items, &defaults)
    }

    fn items(&mut self, items: &[toml::Value], defaults: &Map<String, Json>) -> Vec<ItemRequest> {
        let mut names = BTreeSet::new();
        let mut read = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Some(Json::Object(mut request)) = json(item) else {
                self.refuse(format_args!("item {} is no table", index + 1), "Begin each item with [[items]].");
                continue;
            };
            let name = match request.remove("name") {
                None => format!("{:02}", index + 1),
                Some(Json::String(name)) => name,
                Some(_) => {
                    self.refuse(format_args!("the name of item {} is no text", index + 1), "Put it in quotes.");
                    continue;
                }
            };
            let is_legal = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            if name.is_empty() || name.len() > NAME_CHARS_MAX || !is_legal(&name) {
                let hint = format!("A name has 1 to {NAME_CHARS_MAX} lower-case letters and digits.");
                self.refuse(format_args!("`{name}` cannot be the name of an item"), &hint);
            }
            if !names.insert(name.clone()) {
                self.refuse(format_args!("two items are called `{name}`"), "Give each a name of its own.");
            }
            read.push(ItemRequest { name, request: over(defaults, request) });
        }
        read
    }
}

fn json(value: &toml::Value) -> Option<Json> {
    serde_json::to_value(value).ok()
}

/// An item's keys over the defaults.
fn over(defaults: &Map<String, Json>, item: Map<String, Json>) -> Map<String, Json> {
    let mut merged = defaults.clone();
    for (section, keys) in item {
        match (merged.get_mut(&section), keys) {
            (Some(Json::Object(below)), Json::Object(keys)) => {
                if section == "source" && keys.keys().any(|key| OF_SOURCE.contains(&key.as_str())) {
                    below.retain(|key, _| !OF_SOURCE.contains(&key.as_str()));
                }
                below.extend(keys);
            }
            (_, keys) => {
                merged.insert(section, keys);
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<ItemRequest>, String> {
        read_batch(text, Path::new("b.toml")).map_err(|error| {
            let told = error.problems.iter().map(|problem| format!("{problem} {}", problem.hint.clone().unwrap()));
            told.collect::<Vec<_>>().join("; ")
        })
    }

    #[test]
    fn an_item_goes_over_the_defaults_and_its_source_replaces_theirs_as_a_whole() {
        let text = "[defaults]\nsource.prefix = \"prod\"\nsource.date = \"today\"\nlimits.attempts-max = 3\n\
                    [[items]]\nname = \"orders\"\ntarget.cluster = \"orders\"\n\
                    [[items]]\nsource.clone-of = \"prod\"\nlimits.poll = \"3s\"\n";
        let items = read(text).unwrap();
        assert_eq!((items[0].name.as_str(), items[1].name.as_str()), ("orders", "02"));
        let source = json!({"prefix": "prod", "date": "today"});
        assert_eq!(
            Json::Object(items[0].request.clone()),
            json!({"source": source, "limits": {"attempts-max": 3}, "target": {"cluster": "orders"}})
        );
        assert_eq!(
            Json::Object(items[1].request.clone()),
            json!({"source": {"clone-of": "prod"}, "limits": {"attempts-max": 3, "poll": "3s"}})
        );
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for (text, told) in [
            ("[[item]]\nname = \"a\"\n", "unknown key `item` Did you mean `items`?"),
            ("[defaults]\n", "a batch has 1 to 1000 items, and not 0"),
            ("[[items]]\nname = \"a-b\"\n", "`a-b` cannot be the name of an item"),
            ("[[items]]\nname = \"a\"\n[[items]]\nname = \"a\"\n", "two items are called `a`"),
            ("defaults = 3\n[[items]]\n", "`defaults` is a section of keys"),
            ("items = [", "this is not TOML"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(told), "{found}");
        }
    }
}
