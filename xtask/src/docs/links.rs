//! Links from page to page. Those that leave the repository are not followed: what is checked must not depend on the network.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use super::markdown::Page;
use crate::findings::Finding;

/// Every page of the repository, by its name from the root.
pub(super) fn pages(root: &Path) -> Result<Vec<String>, String> {
    let mut pages = Vec::new();
    let mut folders = vec![root.join("docs")];
    pages.extend(pages_in(root, root)?.0);
    while let Some(folder) = folders.pop() {
        let (found, below) = pages_in(root, &folder)?;
        pages.extend(found);
        folders.extend(below);
    }
    pages.sort();
    Ok(pages)
}

fn pages_in(root: &Path, folder: &Path) -> Result<(Vec<String>, Vec<PathBuf>), String> {
    let (mut pages, mut below) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            below.push(path);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path.strip_prefix(root).unwrap_or(&path).display().to_string());
        }
    }
    Ok((pages, below))
}

/// Links of these pages that go nowhere.
pub(super) fn findings(root: &Path, pages: &[String]) -> Result<Vec<Finding>, String> {
    let read = |name: &String| fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"));
    let parsed: BTreeMap<&str, Page> =
        pages.iter().map(|name| Ok((name.as_str(), Page::parse(&read(name)?)))).collect::<Result<_, String>>()?;
    let mut findings = Vec::new();
    for (name, page) in &parsed {
        let dead = page.links.iter().filter_map(|link| what_is_wrong(root, &parsed, name, link));
        findings.extend(dead.map(|what| Finding::fault(*name, what, "correct the link, or write what it promises")));
    }
    Ok(findings)
}

fn what_is_wrong(root: &Path, pages: &BTreeMap<&str, Page>, from: &str, link: &str) -> Option<String> {
    let leaves = ["http://", "https://", "mailto:"].iter().any(|scheme| link.starts_with(scheme));
    if leaves {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { Some(from.to_owned()) } else { resolved(from, path) };
    let Some(target) = target.filter(|target| root.join(target).exists()) else {
        return Some(format!("links to `{link}`, which is not there"));
    };
    let anchor = anchor?;
    let has_it = pages.get(target.as_str()).is_some_and(|page| page.anchors.contains(anchor));
    (!has_it).then(|| format!("links to `{link}`, and {target} has no such heading"))
}

/// The name from the root of what a page names from its own folder; nothing if that lies outside.
fn resolved(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in Path::new(from).parent()?.join(path).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("docs/deep")).unwrap();
        fs::write(place.path().join("README.md"), "# Read me\n\n## A part\n").unwrap();
        fs::write(place.path().join("docs/deep/page.md"), format!("# Page\n\n{text}\n")).unwrap();
        let pages = pages(place.path()).unwrap();
        assert_eq!(pages, ["README.md", "docs/deep/page.md"]);
        findings(place.path(), &pages).unwrap().into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn links_that_go_somewhere_give_nothing() {
        let text =
            "[a](../../README.md) [b](../../README.md#a-part) [c](#page) [d](https://example.com/x#y) [e](../deep)";
        assert_eq!(told(text), [] as [&str; 0]);
    }

    #[test]
    fn a_page_and_a_heading_that_are_not_there_are_found() {
        assert_eq!(told("[a](gone.md)"), ["links to `gone.md`, which is not there"]);
        assert_eq!(told("[a](../../../README.md)"), ["links to `../../../README.md`, which is not there"]);
        assert_eq!(
            told("[a](../../README.md#b-part)"),
            ["links to `../../README.md#b-part`, and README.md has no such heading"]
        );
        assert_eq!(told("[a](#gone)"), ["links to `#gone`, and docs/deep/page.md has no such heading"]);
    }
}
