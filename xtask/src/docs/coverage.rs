//! The rows of the maintenance guide: each has its line in the handbook, and what the line names exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::findings::Finding;

/// Where the lines stand.
const FILE: &str = "docs/operations/guide-coverage.md";
/// What stands where there is nothing yet.
const NOT_BUILT: &str = "not built";
/// What is no command but a fact about people or about the repository.
const GATES: &[&str] = &["make test"];

/// The rows: by period (W, M, Q), versions, state, code, alarms, logs, performance, security (K), recovery and its tests (R, T),
/// change control (G), documents.
const ROWS: &[(&str, usize)] = &[
    ("W", 4),
    ("M", 5),
    ("Q", 5),
    ("V", 2),
    ("S", 5),
    ("C", 6),
    ("A", 2),
    ("L", 2),
    ("P", 4),
    ("K", 4),
    ("R", 2),
    ("T", 2),
    ("G", 3),
    ("D", 3),
];

/// What exists.
struct Known {
    commands: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// What is missing, twice, or not there.
pub(super) fn findings(root: &Path) -> Result<Vec<Finding>, String> {
    let text = fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
    let reference =
        fs::read_to_string(root.join("docs/reference/cli.md")).map_err(|error| format!("cli.md: {error}"))?;
    let mut commands: BTreeSet<String> =
        reference.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect();
    commands.extend(values_of_arguments(&reference));
    commands.extend(crate::chores());
    commands.extend(crate::handbook::alarm_names());
    let tests = tests(root)?;
    let faults = look_at(&text, &Known { commands, tests });
    Ok(faults
        .into_iter()
        .map(|what| Finding::fault(FILE, what, "correct the line, or build what it promises"))
        .collect())
}

/// Commands with each value that their first argument may have, where the reference lists the values: `review weekly`.
fn values_of_arguments(reference: &str) -> Vec<String> {
    let mut found = Vec::new();
    for section in reference.split("\n## ").skip(1) {
        let name = section.lines().next().unwrap_or_default();
        let arguments = section.split_once("\nArguments:").map_or("", |(_, rest)| rest);
        let arguments = arguments.split("\nOptions:").next().unwrap_or_default();
        let values = arguments.lines().filter_map(|line| line.trim().strip_prefix("- ")?.split_once(':'));
        found.extend(values.map(|(value, _)| format!("{name} {value}")));
    }
    found
}

fn rows() -> impl Iterator<Item = String> {
    ROWS.iter().flat_map(|(chapter, count)| (1..=*count).map(move |number| format!("{chapter}{number}")))
}

fn look_at(text: &str, known: &Known) -> Vec<String> {
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((id, _)) = line.split_once(" | ") {
            lines.entry(id).or_default().push(line);
        }
    }
    let mut faults = Vec::new();
    for row in rows() {
        match lines.remove(row.as_str()).as_deref() {
            Some([line]) => faults.extend(of_line(line, known).into_iter().map(|what| format!("{row}: {what}"))),
            Some(several) => faults.push(format!("{row}: stands there {} times", several.len())),
            None => faults.push(format!("{row}: is missing")),
        }
    }
    let is_id = |id: &&str| id.len() < 4 && id.starts_with(char::is_uppercase) && id[1..].parse::<u8>().is_ok();
    faults.extend(lines.keys().filter(|id| is_id(id)).map(|id| format!("{id}: is no row of the guide")));
    faults
}

fn of_line(line: &str, known: &Known) -> Vec<String> {
    let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [_, _, command, test] = cells.as_slice() else {
        return vec!["has other columns than id, what, command or gate, test".to_owned()];
    };
    if [*command, *test].contains(&NOT_BUILT) {
        let both = *command == NOT_BUILT && *test == NOT_BUILT;
        return if both { Vec::new() } else { vec!["what is not built has neither a command nor a test".to_owned()] };
    }
    let (commands, tests) = (quoted(command), quoted(test));
    let mut faults = Vec::new();
    if commands.is_empty() || tests.is_empty() {
        faults.push("names no command or no test".to_owned());
    }
    let unknown = commands.iter().filter(|text| !known.has_command(text));
    faults.extend(unknown.map(|text| format!("there is no command `{text}`")));
    let missing = tests.iter().filter(|name| !known.tests.contains(**name));
    faults.extend(missing.map(|name| format!("there is no test `{name}`")));
    faults
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

impl Known {
    /// The words before the first option or placeholder are those of a command.
    fn has_command(&self, text: &str) -> bool {
        let is_word =
            |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !word.starts_with('-');
        let words: Vec<&str> = text.split_whitespace().take_while(is_word).collect();
        let name = words.join(" ");
        self.commands.contains(&name) || GATES.contains(&name.as_str())
    }
}

/// The names of all tests.
fn tests(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> = ["crates", "xtask"].map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                found.extend(tests_in(&text));
            }
        }
    }
    Ok(found)
}

/// The functions under an attribute that makes them tests.
fn tests_in(text: &str) -> Vec<String> {
    let mut marked = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            found.extend(std::mem::take(&mut marked).then(|| name.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> String {
        rows().map(|id| format!("{id} | what | `aurora-restore list --json` | `it_lists`\n")).collect()
    }

    fn faults(text: &str) -> Vec<String> {
        let commands = ["aurora-restore list", "cargo xtask deps audit"].map(str::to_owned).into();
        look_at(text, &Known { commands, tests: ["it_lists".to_owned()].into() })
    }

    #[test]
    fn a_whole_table_has_no_fault() {
        assert_eq!(rows().count(), 49);
        assert_eq!(faults(&complete()), [] as [&str; 0]);
        let other = complete().replacen("`aurora-restore list --json`", "`cargo xtask deps audit`, `make test`", 1);
        assert_eq!(
            faults(&other.replacen(
                "D3 | what | `aurora-restore list --json` | `it_lists`",
                "D3 | what | not built | not built",
                1
            )),
            [] as [&str; 0]
        );
    }

    #[test]
    fn an_argument_is_taken_with_the_values_that_the_reference_lists() {
        let reference = "# Commands\n\n## aurora-restore review\n\nArguments:\n  <PERIOD>\n          Possible values:\n          \
                         - weekly: Every week\n\nOptions:\n      --level <LEVEL>\n          - error: Errors\n\n## aurora-restore list\n";
        assert_eq!(values_of_arguments(reference), ["aurora-restore review weekly"]);
    }

    #[test]
    fn a_row_that_is_missing_twice_or_unknown_is_found() {
        let text = complete();
        assert_eq!(faults(&text.replacen("S3 |", "S9 |", 1)), ["S3: is missing", "S9: is no row of the guide"]);
        let twice = format!("{text}W1 | what | not built | not built\n");
        assert_eq!(faults(&twice), ["W1: stands there 2 times"]);
    }

    #[test]
    fn a_command_or_a_test_that_does_not_exist_is_found() {
        let text = complete();
        assert_eq!(
            faults(&text.replacen("restore list", "restore lst", 1)),
            ["W1: there is no command `aurora-restore lst --json`"]
        );
        assert_eq!(faults(&text.replacen("it_lists", "it_does_not", 1)), ["W1: there is no test `it_does_not`"]);
        let half = text.replacen("`it_lists`", "not built", 1);
        assert_eq!(faults(&half), ["W1: what is not built has neither a command nor a test"]);
    }

    #[test]
    fn only_what_is_marked_is_a_test() {
        let text = "fn a() {}\n#[test]\nfn b() {}\n#[tokio::test(flavor = \"x\")]\nasync fn c() {}\nfn d() {}\n";
        assert_eq!(tests_in(text), ["b", "c"]);
    }
}
