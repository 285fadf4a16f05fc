//! The audit on a small database and lockfiles that the tests make.

use std::fs;

use jiff::civil::date;

use super::*;

const TODAY: Date = date(2026, 11, 27);

/// A database with one advisory of each kind, in the form that RustSec publishes.
fn database(folder: &Path) {
    let advisory = |id: &str, package: &str, more: &str, patched: &str, title: &str| {
        let of_package = folder.join("crates").join(package);
        fs::create_dir_all(&of_package).unwrap();
        let text = format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2026-05-01\"\n{more}\n[versions]\n\
             patched = [{patched}]\n```\n\n# {title}\n\nWhat happens.\n"
        );
        fs::write(of_package.join(format!("{id}.md")), text).unwrap();
    };
    advisory("RUSTSEC-2026-0901", "weak", "", "\">=1.2.4\"", "It can be made to loop");
    advisory("RUSTSEC-2026-0902", "left-alone", "informational = \"unmaintained\"", "", "Nobody looks after it");
    advisory("RUSTSEC-2026-0903", "taken-back", "withdrawn = \"2026-06-01\"", "", "It was a mistake");
}

/// A lockfile: ours uses `middle`, which uses the package in question.
fn lockfile(package: &str, version: &str) -> Lockfile {
    // The source as the repository's own lockfile writes it: only packages of the public registry are looked up.
    let own = fs::read_to_string(crate::root().join("Cargo.lock")).unwrap();
    let source = own.lines().find(|line| line.starts_with("source = ")).unwrap();
    format!(
        "version = 4\n\n[[package]]\nname = \"{package}\"\nversion = \"{version}\"\n{source}\n\n\
         [[package]]\nname = \"middle\"\nversion = \"0.3.0\"\n{source}\ndependencies = [\n \"{package}\",\n]\n\n\
         [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\ndependencies = [\n \"middle\",\n]\n"
    )
    .parse()
    .unwrap()
}

fn audit(package: &str, version: &str, exceptions: &str) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    database(folder.path());
    let advisories = Advisories::open(folder.path()).unwrap();
    assert_eq!(advisories.count(), 3);
    advisories.findings(&lockfile(package, version), &exceptions::parse(exceptions).unwrap(), TODAY)
}

fn exception(reason: &str) -> String {
    format!("[advisories]\nignore = [{{ id = \"RUSTSEC-2026-0901\", reason = \"{reason}\" }}]\n")
}

#[test]
fn a_known_bad_version_is_found_with_its_way_into_the_tree_and_what_mends_it() {
    let found = audit("weak", "1.2.3", "");
    let expected = Finding::fault(
        "weak 1.2.3",
        "RUSTSEC-2026-0901: It can be made to loop (by way of ours 0.1.0 > middle 0.3.0 > weak 1.2.3)",
        "weak >=1.2.4: `cargo xtask deps update`",
    );
    assert_eq!(found, [expected]);
}

#[test]
fn a_mended_version_and_an_advisory_that_was_taken_back_give_nothing() {
    assert_eq!(audit("weak", "1.2.4", ""), []);
    assert_eq!(audit("taken-back", "1.0.0", ""), []);
}

#[test]
fn a_package_that_nobody_looks_after_is_a_warning() {
    let found = audit("left-alone", "0.1.0", "");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].level, Level::Warning);
    assert!(found[0].mend.starts_with("no version mends it"), "{found:?}");
}

#[test]
fn an_exception_counts_until_its_last_day_and_only_while_it_is_needed() {
    assert_eq!(audit("weak", "1.2.3", &exception("we do not parse with it until 2026-11-27")), []);
    let ended = audit("weak", "1.2.3", &exception("we do not parse with it until 2026-11-26"));
    let told: Vec<&str> = ended.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(told, ["weak 1.2.3", "deny.toml: RUSTSEC-2026-0901"]);
    let unfounded = audit("weak", "1.2.3", &exception("no hurry"));
    assert_eq!(unfounded.len(), 2, "{unfounded:?}");
    let idle = audit("weak", "1.2.4", &exception("we do not parse with it until 2026-12-31"));
    assert_eq!(idle.len(), 1);
    assert_eq!(idle[0].mend, "take the exception away");
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Advisories::open(folder.path()).is_err());
    fs::create_dir(folder.path().join("crates")).unwrap();
    let empty = Advisories::open(folder.path()).err().unwrap();
    assert!(empty.contains("holds no advisory"), "{empty}");
}

#[test]
fn a_database_is_fetched_and_brought_up_to_date_with_git() {
    let published = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"];
        let mut command = Command::new("git");
        let done = command.args(identity).arg("-C").arg(published.path()).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    database(published.path());
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "three"]);
    let place = tempfile::tempdir().unwrap();
    let (folder, from) = (place.path().join("db"), format!("file://{}", published.path().display()));
    fetch(&from, &folder).unwrap();
    assert_eq!(Advisories::open(&folder).unwrap().count(), 3);
    fs::remove_dir_all(published.path().join("crates/taken-back")).unwrap();
    git(&["commit", "--quiet", "--all", "--message", "two"]);
    fetch(&from, &folder).unwrap();
    assert_eq!(Advisories::open(&folder).unwrap().count(), 2);
    let refused = fetch("file:///nowhere/at/all", &place.path().join("other")).err().unwrap();
    assert!(refused.contains("cannot be fetched from file:///nowhere/at/all"), "{refused}");
}
