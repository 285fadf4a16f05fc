//! Dependencies that nobody uses: those of our packages that no path of their code begins with, and those of the workspace
//! that no package takes up.
//!
//! A tool that looks for words would miss what a comment mentions, and one that compiles needs a compiler of its own; the
//! tokens of the files are enough. What is needed and named nowhere stands under `[package.metadata.unused]` with its reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    metadata::{Kind, Metadata, OwnDependency, Package},
    tokens,
};
use crate::findings::Finding;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    package: PackageTable,
    #[serde(default)]
    workspace: WorkspaceTable,
}

#[derive(Default, Deserialize)]
struct PackageTable {
    #[serde(default)]
    metadata: MetadataTable,
}

#[derive(Default, Deserialize)]
struct MetadataTable {
    /// What is needed though no code names it, with the reason.
    #[serde(default)]
    unused: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct WorkspaceTable {
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

/// The names that the files of a package begin paths with.
struct Named {
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
    build: BTreeSet<String>,
}

/// What nobody uses.
pub(super) fn findings(root: &Path, metadata: &Metadata) -> Result<Vec<Finding>, String> {
    let dependencies = metadata.own_dependencies();
    let mut findings = Vec::new();
    for package in metadata.own() {
        let folder = package.manifest_path.parent().ok_or("a manifest lies in a folder")?;
        let named = named_in(folder)?;
        let needed = manifest(&package.manifest_path)?.package.metadata.unused;
        let own: Vec<&OwnDependency<'_>> =
            dependencies.iter().filter(|dependency| dependency.of.id == package.id).collect();
        let unused = own.iter().filter(|dependency| !needed.contains_key(dependency.package));
        findings.extend(unused.filter_map(|dependency| of_dependency(package, dependency, &named)));
        let idle = needed.keys().filter(|name| own.iter().all(|dependency| dependency.package != name.as_str()));
        findings.extend(idle.map(|name| {
            Finding::fault(&package.name, format!("has no dependency {name} to excuse"), "take the excuse away")
        }));
    }
    findings.extend(of_workspace(root, metadata)?);
    Ok(findings)
}

fn of_dependency(package: &Package, dependency: &OwnDependency<'_>, named: &Named) -> Option<Finding> {
    let name = dependency.in_code;
    let fault =
        |what: &str, mend: &str| Some(Finding::fault(&package.name, format!("{what} {}", dependency.package), mend));
    let away =
        "take the line out of its manifest; what is needed and not named stands under `[package.metadata.unused]`";
    match dependency.kind {
        None if named.code.contains(name) => None,
        None if named.tests.contains(name) => fault("uses in its tests only", "move the line to `[dev-dependencies]`"),
        Some(Kind::Dev) if named.code.contains(name) || named.tests.contains(name) => None,
        Some(Kind::Build) if named.build.contains(name) => None,
        None | Some(Kind::Dev | Kind::Build) => fault("does not use", away),
    }
}

/// What the workspace offers and no package takes up.
fn of_workspace(root: &Path, metadata: &Metadata) -> Result<Vec<Finding>, String> {
    let manifests = metadata.own().map(|package| read(&package.manifest_path)).collect::<Result<Vec<_>, _>>()?;
    let taken_up = |name: &str| {
        let forms = [format!("{name}.workspace = true"), format!("{name} = {{ workspace = true")];
        manifests.iter().any(|text| text.lines().any(|line| forms.iter().any(|form| line.starts_with(form.as_str()))))
    };
    let offered = manifest(&root.join("Cargo.toml"))?.workspace.dependencies;
    let idle = offered.into_keys().filter(|name| !taken_up(name));
    let fault = |name: String| {
        Finding::fault("Cargo.toml", format!("offers {name}, which no package takes up"), "take the line away")
    };
    Ok(idle.map(fault).collect())
}

fn named_in(folder: &Path) -> Result<Named, String> {
    let mut tests = BTreeSet::new();
    for name in ["tests", "benches", "examples"] {
        tests.append(&mut roots_under(folder.join(name))?);
    }
    let build = folder.join("build.rs");
    let build = if build.is_file() { roots_of(&build)? } else { BTreeSet::new() };
    Ok(Named { code: roots_under(folder.join("src"))?, tests, build })
}

fn roots_under(folder: PathBuf) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.append(&mut roots_of(&path)?);
            }
        }
    }
    Ok(found)
}

fn roots_of(file: &Path) -> Result<BTreeSet<String>, String> {
    tokens::roots(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))
}

fn manifest(file: &Path) -> Result<Manifest, String> {
    toml::from_str(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deps::metadata;

    #[test]
    fn this_repository_uses_what_it_depends_on() {
        let root = crate::root();
        let metadata = metadata::of(&root).unwrap();
        assert!(metadata.own_dependencies().len() > 100);
        assert_eq!(findings(&root, &metadata).unwrap(), []);
    }

    #[test]
    fn a_planted_dependency_is_found_wherever_it_is_planted() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = place.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"ours\", \"used-one\", \"idle\", \"tested\", \"excused\"]\n\
             [workspace.dependencies]\nused-one = { path = \"used-one\" }\nforgotten = \"1\"\n",
        );
        write(
            "ours/Cargo.toml",
            "[package]\nname = \"ours\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[package.metadata.unused]\n\
             excused = \"switches a feature on\"\ngone = \"nobody knows\"\n[dependencies]\nused-one.workspace = true\n\
             idle = { path = \"../idle\" }\ntested = { path = \"../tested\" }\nexcused = { path = \"../excused\" }\n",
        );
        write("ours/src/lib.rs", "//! Not idle::at_all.\npub use used_one::f;\n");
        write("ours/tests/t.rs", "use tested::f;\n");
        for name in ["used-one", "idle", "tested", "excused"] {
            write(
                &format!("{name}/Cargo.toml"),
                &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
            );
            write(&format!("{name}/src/lib.rs"), "pub fn f() {}\n");
        }
        let locked = crate::cargo().current_dir(place.path()).args(["generate-lockfile", "--offline"]).status();
        assert!(locked.unwrap().success());
        let found = findings(place.path(), &metadata::of(place.path()).unwrap()).unwrap();
        let told: Vec<String> =
            found.into_iter().map(|finding| format!("{}: {}", finding.place, finding.what)).collect();
        let expected = [
            "ours: does not use idle",
            "ours: uses in its tests only tested",
            "ours: has no dependency gone to excuse",
            "Cargo.toml: offers forgotten, which no package takes up",
        ];
        assert_eq!(told, expected);
    }
}
