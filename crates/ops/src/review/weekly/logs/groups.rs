//! The groups into which lines are counted. What is kept is bounded, however long a log is.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::ids::OperationId;
use jiff::Timestamp;

use crate::{Level, functions::Smoke, log_line, ports::LogLine};

/// So many kinds of lines are told apart in one log.
const GROUPS_MAX: usize = 200;
/// So many operations of a group are counted.
const OPERATIONS_MAX: usize = 2_000;

/// What lines of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) level: Level,
    pub(super) code: String,
}

/// Lines that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// The newest of them.
    pub(super) sample: String,
    pub(super) operations: BTreeSet<OperationId>,
}

/// The groups of one log.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// How many lines were looked at.
    pub(super) lines: u64,
    /// How many of them are none that a function, Lambda or the state machine writes.
    pub(super) strange: u64,
    /// How many belong to a group that there was no room for.
    pub(super) left_out: u64,
    groups: BTreeMap<Key, Group>,
}

impl Groups {
    /// Takes a line up.
    pub(super) fn take(&mut self, line: &LogLine) {
        self.lines += 1;
        self.strange += u64::from(!log_line::is_known(&line.text));
        let Some(told) = log_line::read(&line.text) else { return };
        if told.operation.as_ref().is_some_and(|operation| Smoke::is_wanted(operation, &told.code, &told.text)) {
            return;
        }
        let key = Key { level: told.level, code: told.code };
        if !self.groups.contains_key(&key) && self.groups.len() >= GROUPS_MAX {
            self.left_out += 1;
            return;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            count: 0,
            first: line.at,
            last: line.at,
            sample: String::new(),
            operations: BTreeSet::new(),
        });
        group.count += 1;
        group.first = group.first.min(line.at);
        if line.at >= group.last {
            group.last = line.at;
            group.sample = told.text;
        }
        if group.operations.len() < OPERATIONS_MAX {
            group.operations.extend(told.operation);
        }
    }

    /// Each of them, the worst first.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Key, &Group)> {
        self.groups.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(second: i64, text: &str) -> LogLine {
        LogLine { at: Timestamp::from_second(second).unwrap(), text: text.to_owned() }
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_left_out_is_counted() {
        let mut groups = Groups::default();
        for number in 0..10_000_u32 {
            // A code with letters for its digits, so that each is another.
            let code: String = number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            let text = format!(r#"{{"level":"WARN","error_name":"{code}","operation_id":"op-{number}"}}"#);
            groups.take(&line(i64::from(number), &text));
            groups.take(&line(0, &format!(r#"{{"level":"ERROR","error_name":"x","operation_id":"op-{number}"}}"#)));
        }
        assert_eq!(groups.each().count(), GROUPS_MAX);
        let counted: u64 = groups.each().map(|(_, group)| group.count).sum();
        assert_eq!((groups.lines, counted + groups.left_out), (20_000, 20_000));
        let (_, first) = groups.each().next().unwrap();
        assert_eq!((first.count, first.operations.len()), (10_000, OPERATIONS_MAX));
    }

    #[test]
    fn what_functions_refuse_to_show_that_they_answer_is_no_finding() {
        let mut groups = Groups::default();
        let Ok(Smoke::Unknown(nobodys)) = Smoke::nobodys() else { panic!("it is an id of nobody") };
        let told = [
            (nobodys.as_str(), "AuroraRestore.Refused", format!("operation {nobodys} is not in the journal, and"), 0),
            (nobodys.as_str(), "AuroraRestore.Refused", "the configuration cannot be used".to_owned(), 1),
            (nobodys.as_str(), "AuroraRestore.Panic", format!("operation {nobodys} is not in the journal"), 2),
            ("op-1", "x", "operation op-1 is not in the journal".to_owned(), 3),
        ];
        for (id, error, message, wanted) in told {
            let line_of = json!({ "level": "ERROR", "error_name": error, "operation_id": id, "message": message });
            groups.take(&line(0, &line_of.to_string()));
            assert_eq!(groups.each().count(), wanted, "{id} {error}");
        }
    }

    #[test]
    fn a_group_knows_its_first_its_last_and_its_newest_line() {
        let mut groups = Groups::default();
        for (second, message) in [(20, "b"), (30, "c"), (10, "a")] {
            groups.take(&line(second, &format!(r#"{{"level":"ERROR","error_name":"x","message":"{message}"}}"#)));
        }
        let (key, group) = groups.each().next().unwrap();
        assert_eq!((key.level, key.code.as_str(), group.count), (Level::Error, "x", 3));
        assert_eq!((group.first.as_second(), group.last.as_second(), group.sample.as_str()), (10, 30, "c"));
    }
}
