//! What the house style forbids and a compiler does not see. Also run as tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A file may not have more lines than this before its tests.
const LINES_MAX: usize = 500;

/// Which rooms a room may import. What is not listed may import nothing of ours.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("sandbox", &[]),
    ("ops", &["core"]),
    ("aws", &["core", "ops"]),
    ("sql", &["core"]),
    ("local", &["core", "ops"]),
    ("testing", &["core", "ops", "sandbox"]),
    ("app", &["core", "ops", "aws", "sql", "local", "sandbox"]),
    ("cli", &["core", "app", "ops", "sandbox"]),
    ("lambda", &["core", "ops", "app"]),
];

/// What must never be written in a room, and why.
const NEVER: &[(&str, &str, &str)] = &[
    ("crates/core/src", "std::env", "the domain reads no environment"),
    ("crates/core/src", "SystemTime::now", "the domain learns the time through its clock port only"),
    ("crates/core/src", "Timestamp::now", "the domain learns the time through its clock port only"),
    ("crates/core/src", "Instant::now", "the domain learns the time through its clock port only"),
    ("crates/core/src", "sleep(", "a step returns a wait, it never sleeps"),
    ("crates/core/src", "aws_sdk", "the domain knows no SDK type"),
    ("crates/cli/src", "aws_sdk", "the command knows no SDK type"),
    ("crates/lambda/src", "aws_sdk", "a function knows no SDK type"),
    ("crates/ops/src", "aws_sdk", "maintenance knows no SDK type"),
    ("crates/ops/src", "std::env", "maintenance reads no environment"),
    ("crates/ops/src", "Timestamp::now", "maintenance learns the time through the clock port only"),
    ("crates/cli/src", "println!(", "it panics where nobody listens: write through `ui`"),
    ("crates/sandbox/src/model", "tokio", "the model is pure"),
    ("crates/sandbox/src/model", "Timestamp::now", "the model is told the time"),
    ("crates", "#[ignore", "a test that is not run proves nothing"),
    ("crates", "#[should_panic", "say which error is expected"),
    ("crates", "FIXME", "mend it, or write it down where it is planned"),
];

/// Prints every finding.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let findings = findings(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings", findings.len())) }
}

fn findings(root: &Path) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let read = |file: &Path| fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
    let keys = Keys::of(&read(&root.join("crates/app/src/config/schema.rs"))?);
    for file in rust_files(root)? {
        let text = read(&file)?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        look_at_file(&name, &text, &mut findings);
        if name.contains("/src/") && !name.ends_with("tests.rs") {
            let unknown = keys.unknown_in(before_tests(&text));
            findings.extend(unknown.iter().map(|key| format!("{name}: `{key}` is no key of the configuration")));
        }
    }
    findings.extend(imports(root)?);
    findings.extend(crate::runbooks::findings(root)?);
    findings.extend(crate::reviews::findings(root)?);
    Ok(findings)
}

fn look_at_file(name: &str, text: &str, findings: &mut Vec<String>) {
    if !text.starts_with("//!") && !text.starts_with("#![") {
        findings.push(format!("{name}: does not begin by saying what it is for (`//!`)"));
    }
    let lines = text.lines().take_while(|line| !line.contains("#[cfg(test)]")).count();
    if lines > LINES_MAX {
        findings.push(format!("{name}: {lines} lines before its tests, at most {LINES_MAX} are allowed"));
    }
    for (place, word, reason) in NEVER {
        if name.starts_with(place) && text.contains(word) {
            findings.push(format!("{name}: `{word}`: {reason}"));
        }
    }
    if is_step(name) && !text.contains("Idempotent because") {
        findings.push(format!("{name}: does not say why it may be run again (`Idempotent because`)"));
    }
    if name.contains("/tests/") && (text.contains("thread::sleep") || text.contains("time::sleep(")) {
        // A count of looks and a flag are bounds, and a clock that is turned by the test does not wait at all.
        let bounds = ["deadline", "elapsed()", "timeout(", "_MAX", "start_paused", "while !"];
        let waits_for_condition = bounds.iter().any(|bound| text.contains(bound));
        if !waits_for_condition {
            findings.push(format!("{name}: sleeps without waiting for a condition with a bound"));
        }
    }
}

fn before_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]").map_or(text, |(before, _)| before)
}

/// The keys of the configuration. Hints name them from rooms that must not know the configuration, so nothing else notices
/// when a name is wrong.
struct Keys(BTreeSet<String>);

impl Keys {
    /// Reads them from the source of the schema.
    fn of(schema: &str) -> Self {
        let quoted = schema.split('"').skip(1).step_by(2);
        Self(quoted.filter(|text| text.contains('.') && text.bytes().all(is_of_key)).map(str::to_owned).collect())
    }

    /// What stands between backticks, looks like a key of a section that exists, and is none.
    fn unknown_in(&self, text: &str) -> Vec<String> {
        let looks_like_key = |text: &&str| {
            let section = text.split('.').next().unwrap_or_default();
            text.bytes().all(|byte| is_of_key(byte) || byte == b'_')
                && self.0.iter().any(|key| key.split('.').next() == Some(section))
                && text.len() > section.len() + 1
        };
        let is_part = |text: &str| self.0.iter().any(|key| key.starts_with(&format!("{text}.")));
        text.lines()
            .flat_map(|line| line.split('`').skip(1).step_by(2))
            .filter(looks_like_key)
            .filter(|text| !self.0.contains(*text) && !is_part(text))
            .map(str::to_owned)
            .collect()
    }
}

fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'.' || byte == b'-'
}

fn is_step(name: &str) -> bool {
    const NOT_STEPS: [&str; 5] = ["mod.rs", "context.rs", "failure.rs", "ownership.rs", "arrange.rs"];
    name.strip_prefix("crates/core/src/steps/").is_some_and(|file| !NOT_STEPS.iter().any(|other| file.ends_with(other)))
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = ["crates", "fuzz/bodies", "fuzz/fuzz_targets", "xtask"].map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tidy.rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Compares every room's manifest with [`MAY_IMPORT`]. Dev-dependencies are free: tests may look anywhere.
fn imports(root: &Path) -> Result<Vec<String>, String> {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut findings = Vec::new();
    let rooms = fs::read_dir(root.join("crates")).map_err(|error| error.to_string())?;
    for room in rooms {
        let path = room.map_err(|error| error.to_string())?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let manifest = fs::read_to_string(path.join("Cargo.toml")).map_err(|error| error.to_string())?;
        let Some(may) = allowed.get(name.as_str()) else {
            findings.push(format!("crates/{name}: is not in the table of imports"));
            continue;
        };
        for import in imported_rooms(&manifest) {
            if !may.contains(&import.as_str()) {
                findings.push(format!("crates/{name}: may not import {import}"));
            }
        }
    }
    Ok(findings)
}

fn imported_rooms(manifest: &str) -> BTreeSet<String> {
    let mut in_dependencies = false;
    let mut rooms = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            // Also `[target.'cfg(unix)'.dependencies]`, and a room with a table of its own.
            let table = line.trim_matches(['[', ']']);
            in_dependencies = table == "dependencies" || table.ends_with(".dependencies");
            let of_its_own = table.rsplit_once("dependencies.aurora-restore-");
            rooms.extend(
                of_its_own.filter(|(kind, _)| kind.is_empty() || kind.ends_with('.')).map(|(_, room)| room.to_owned()),
            );
        } else if in_dependencies && let Some(rest) = line.strip_prefix("aurora-restore-") {
            rooms.extend(rest.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    rooms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let findings = findings(&crate::root()).unwrap();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }

    #[test]
    fn a_forbidden_import_is_found() {
        let rooms = imported_rooms(
            "[dependencies]\naurora-restore-aws.workspace = true\n\n[dev-dependencies]\naurora-restore-testing.workspace = true\n",
        );
        assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["aws"]);
        let rooms = imported_rooms(
            "[dependencies.aurora-restore-sql]\npath = \"x\"\n[target.'cfg(unix)'.dependencies]\n\
             aurora-restore-local.workspace = true\n[dev-dependencies.aurora-restore-testing]\npath = \"y\"\n",
        );
        assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["local", "sql"]);
    }

    #[test]
    fn a_key_that_the_configuration_does_not_have_is_found() {
        let keys = Keys::of("key(\"copy.kms-key\", Text),\n    key(\n        \"limits.poll\", Duration)");
        let unknown = |text: &str| keys.unknown_in(text);
        assert_eq!(unknown("\"Set `copy.kms-key`, or look at [`limits::poll`].\""), Vec::<String>::new());
        assert_eq!(unknown("\"Set `copy.kms_key`.\""), ["copy.kms_key"]);
        assert_eq!(unknown("a table `shop.orders` and a field `limits.polls`"), ["limits.polls"]);
    }

    #[test]
    fn a_step_that_does_not_say_why_it_may_be_repeated_is_found() {
        let mut found = Vec::new();
        look_at_file("crates/core/src/steps/new_step.rs", "//! A step.\n", &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_file_that_grows_too_long_is_found() {
        let mut found = Vec::new();
        look_at_file("crates/sql/src/x.rs", &format!("//! X.\n{}", "fn a() {}\n".repeat(LINES_MAX)), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
