//! Finds the programs of a PostgreSQL server on this machine and their version.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::DataPlaneError;

/// The oldest major version whose backup functions and catalogues the sandbox knows.
pub(super) const OLDEST_MAJOR: u32 = 13;

/// The directory with `initdb` and `postgres`, and their major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// Looks in `configured` alone if given; otherwise in the well-known places of Linux distributions and
    /// Homebrew, of which the highest version wins, and then in `search_path` (the value of `PATH`).
    pub fn find(configured: Option<&Path>, search_path: Option<&str>) -> Result<Self, DataPlaneError> {
        let candidates = match configured {
            Some(directory) => vec![directory.to_path_buf()],
            None => candidates(search_path),
        };
        match candidates.iter().find(|directory| is_complete(directory)) {
            Some(directory) => Self::at(directory),
            None => Err(DataPlaneError::NotInstalled { searched: shorten(candidates, configured) }),
        }
    }

    fn at(directory: &Path) -> Result<Self, DataPlaneError> {
        let program = directory.join("postgres");
        let output = Command::new(&program)
            .arg("--version")
            .env_clear()
            .output()
            .map_err(DataPlaneError::io("run", &program))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match parse_major(&version) {
            Some(major) if major >= OLDEST_MAJOR => Ok(Self { directory: directory.to_path_buf(), major }),
            _ => Err(DataPlaneError::TooOld { directory: directory.to_path_buf(), version, minimum: OLDEST_MAJOR }),
        }
    }

    /// The major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Where the programs are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` and `postgres (PostgreSQL) 18beta1` alike.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn is_complete(directory: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| directory.join(name).is_file())
}

fn candidates(search_path: Option<&str>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (root, prefix, suffix) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
    ] {
        found.extend(versions_below(Path::new(root), prefix, suffix));
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let mut directories: Vec<PathBuf> = found.into_iter().map(|(_, directory)| directory).collect();
    directories.extend(search_path.into_iter().flat_map(std::env::split_paths));
    directories
}

fn versions_below(root: &Path, prefix: &str, suffix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.parse().ok()?;
            let directory = entry.path().join(suffix);
            is_complete(&directory).then_some((version, directory))
        })
        .collect()
}

/// The places worth naming to a person: not every entry of `PATH`.
fn shorten(candidates: Vec<PathBuf>, configured: Option<&Path>) -> Vec<PathBuf> {
    match configured {
        Some(_) => candidates,
        None => ["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "PATH"].map(PathBuf::from).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("something else"), None);
    }

    #[test]
    fn a_configured_directory_without_the_programs_is_refused_and_named() {
        let empty = tempfile::tempdir().unwrap();
        let error = Binaries::find(Some(empty.path()), None).unwrap_err();
        assert!(error.to_string().contains(&empty.path().display().to_string()), "{error}");
    }
}
