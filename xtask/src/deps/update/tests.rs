//! An update of a small workspace, from a folder of published packages that the test makes.

use super::*;

/// A workspace that depends on `thing`, of which there are two versions.
struct Fixture {
    place: tempfile::TempDir,
}

const TRIAL: [&[&str]; 2] = [&["build", "--offline", "--quiet"], &["test", "--offline", "--quiet"]];

impl Fixture {
    /// With that code in the newer version.
    fn new(newer: &str) -> Self {
        let fixture = Self { place: tempfile::tempdir().unwrap() };
        let published = fixture.place.path().join("published");
        let source = format!(
            "[source.crates-io]\nreplace-with = \"published\"\n[source.published]\ndirectory = '{}'\n",
            published.display()
        );
        fixture.write("ours/.cargo/config.toml", &source);
        fixture.write(
            "ours/Cargo.toml",
            "[package]\nname = \"ours\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nthing = \"1\"\n",
        );
        fixture.write(
            "ours/src/lib.rs",
            "//! Ours.\n#[cfg(test)]\nmod tests {\n#[test]\nfn it_is_four() { assert_eq!(thing::four(), 4); }\n}\n\
             /// Four.\npub fn four() -> u32 { thing::four() }\n",
        );
        fixture.publish("1.0.0", "pub fn four() -> u32 { 4 }\n");
        // The lockfile is made while there is nothing newer.
        let made =
            crate::cargo().current_dir(fixture.root()).args(["generate-lockfile", "--offline"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fixture.publish("1.1.0", newer);
        fixture
    }

    fn root(&self) -> PathBuf {
        self.place.path().join("ours")
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.place.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn publish(&self, version: &str, code: &str) {
        let folder = format!("published/thing-{version}");
        let manifest = format!("[package]\nname = \"thing\"\nversion = \"{version}\"\nedition = \"2024\"\n");
        self.write(&format!("{folder}/Cargo.toml"), &manifest);
        self.write(&format!("{folder}/src/lib.rs"), code);
        let sum = version.replace('.', "").repeat(22)[..64].to_owned();
        self.write(&format!("{folder}/.cargo-checksum.json"), &format!("{{\"files\":{{}},\"package\":\"{sum}\"}}"));
    }

    fn lockfile(&self) -> String {
        fs::read_to_string(self.root().join("Cargo.lock")).unwrap()
    }

    /// What an update does, up to the record of it.
    fn update(&self) -> Result<Vec<Change>, String> {
        let kept = Kept::of(&self.root())?;
        let _ = resolve(&self.root(), &[])?;
        let changes = kept.changes(&self.root())?;
        try_out(&self.root(), &Trial { commands: &TRIAL, target: Some(self.place.path().join("target")) })?;
        kept.forget();
        Ok(changes)
    }
}

#[test]
fn a_version_that_passes_stays() {
    let fixture = Fixture::new("pub fn four() -> u32 { 2 + 2 }\n");
    let changes: Vec<String> = fixture.update().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["compatible: thing 1.0.0 -> 1.1.0"]);
    assert!(fixture.lockfile().contains("version = \"1.1.0\""));
}

#[test]
fn a_version_that_does_not_build_and_one_that_fails_a_test_leave_the_lockfile_as_it_was() {
    for (newer, failed) in [("pub fn five() {}\n", "cargo build"), ("pub fn four() -> u32 { 5 }\n", "cargo test")] {
        let fixture = Fixture::new(newer);
        let before = fixture.lockfile();
        let told = fixture.update().unwrap_err();
        assert!(told.starts_with(&format!("the new versions do not pass `{failed}")), "{told}");
        assert_eq!(fixture.lockfile(), before);
    }
}

#[test]
fn a_plan_changes_nothing() {
    let fixture = Fixture::new("pub fn five() {}\n");
    let before = fixture.lockfile();
    run(&fixture.root(), &Arguments { packages: Vec::new(), plan: true, json: true }).unwrap();
    assert_eq!(fixture.lockfile(), before);
}
