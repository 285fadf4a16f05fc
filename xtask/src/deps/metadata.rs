//! What cargo says about the packages and their dependencies, every feature switched on.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// The packages and how they hang together.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    /// Every package, ours included.
    pub(super) packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A package.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    /// The licence, as its manifest says.
    pub(super) license: Option<String>,
    /// Where it comes from; nothing for what lies in this repository.
    pub(super) source: Option<String>,
    pub(super) manifest_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    /// As the code names it.
    name: String,
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    kind: Option<Kind>,
}

/// What a dependency is for, where it is not for the code itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// For tests, examples and benchmarks.
    Dev,
    /// For the build script.
    Build,
}

/// A dependency of a package of ours.
#[derive(Debug)]
pub(super) struct OwnDependency<'a> {
    /// Whose.
    pub(super) of: &'a Package,
    /// As the manifest of the dependency names it.
    pub(super) package: &'a str,
    /// As the code names it.
    pub(super) in_code: &'a str,
    /// What for.
    pub(super) kind: Option<Kind>,
}

/// Asks cargo about the workspace in a folder.
pub(super) fn of(root: &Path) -> Result<Metadata, String> {
    let mut cargo = crate::cargo();
    cargo.current_dir(root).args(["metadata", "--format-version", "1", "--all-features", "--locked"]);
    let done = cargo.output().map_err(|error| format!("{cargo:?}: {error}"))?;
    if !done.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&done.stderr).trim()));
    }
    serde_json::from_slice(&done.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

impl Metadata {
    fn by_id(&self) -> BTreeMap<&str, &Package> {
        self.packages.iter().map(|package| (package.id.as_str(), package)).collect()
    }

    /// The packages of this repository.
    pub(super) fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// What the packages of this repository depend on directly.
    pub(super) fn own_dependencies(&self) -> Vec<OwnDependency<'_>> {
        let packages = self.by_id();
        let mut found = Vec::new();
        for node in self.resolve.nodes.iter().filter(|node| self.workspace_members.contains(&node.id)) {
            for edge in &node.deps {
                for kind in &edge.dep_kinds {
                    let (of, package) = (packages[node.id.as_str()], packages[edge.pkg.as_str()].name.as_str());
                    found.push(OwnDependency { of, package, in_code: &edge.name, kind: kind.kind });
                }
            }
        }
        found
    }

    /// The names of the packages that depend on one directly.
    pub(super) fn users(&self, id: &str) -> Vec<&str> {
        let packages = self.by_id();
        let uses = |node: &&Node| node.deps.iter().any(|edge| edge.pkg == id);
        self.resolve.nodes.iter().filter(uses).map(|node| packages[node.id.as_str()].name.as_str()).collect()
    }
}
