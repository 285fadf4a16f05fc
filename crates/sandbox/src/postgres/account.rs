//! The operating-system user that the servers run as.
//!
//! PostgreSQL refuses to run as root. A sandbox started by root runs its servers as an unprivileged user and
//! gives that user the files; any other sandbox runs them as itself.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::error::DataPlaneError;

/// Who runs the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    name: String,
    caller: String,
    uid: u32,
    gid: u32,
    switch: bool,
}

impl Account {
    /// Chooses the user: `configured`, or for root `postgres` if there is one, else `nobody`.
    pub fn choose(configured: Option<&str>) -> Result<Self, DataPlaneError> {
        let caller = look_up_caller()?;
        if !Uid::effective().is_root() {
            return match configured {
                Some(name) if name != caller.name => Err(DataPlaneError::NotRoot { name: name.to_owned() }),
                _ => Ok(Self::from_user(&caller, &caller, false)),
            };
        }
        let wanted: &[&str] = match &configured {
            Some(name) => &[*name],
            None => &["postgres", "nobody"],
        };
        let found = wanted.iter().find_map(|name| User::from_name(name).ok().flatten());
        match found {
            Some(user) if !user.uid.is_root() => Ok(Self::from_user(&user, &caller, true)),
            _ => Err(DataPlaneError::UnknownUser { name: wanted[0].to_owned() }),
        }
    }

    fn from_user(user: &User, caller: &User, switch: bool) -> Self {
        let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
        Self { name: user.name.clone(), caller: caller.name.clone(), uid, gid, switch }
    }

    /// The name of the user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The users that the private socket lets in as the hidden administrator: the sandbox itself and the servers' user.
    pub(super) fn administrators(&self) -> Vec<&str> {
        if self.caller == self.name { vec![&self.name] } else { vec![&self.caller, &self.name] }
    }

    /// A command that runs as this user, with an empty environment and in a process group of its own, so that
    /// Ctrl-C in the terminal of the sandbox does not reach it.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/").process_group(0);
        if self.switch {
            // The standard library drops the supplementary groups of root when it changes the user.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives `path` to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), DataPlaneError> {
        if !self.switch {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(DataPlaneError::io("hand over", path))
    }

    pub(super) fn owns(&self, metadata: &Metadata) -> bool {
        metadata.uid() == self.uid
    }

    /// Checks that the user can enter every directory above `path`, which must be absolute.
    pub(super) fn can_reach(&self, path: &Path) -> Result<(), DataPlaneError> {
        if !self.switch {
            return Ok(());
        }
        for directory in path.ancestors().skip(1) {
            let metadata = std::fs::metadata(directory).map_err(DataPlaneError::io("look at", directory))?;
            if !self.can_enter(&metadata) {
                return Err(DataPlaneError::Unreachable { user: self.name.clone(), path: directory.to_path_buf() });
            }
        }
        Ok(())
    }

    fn can_enter(&self, metadata: &Metadata) -> bool {
        let mode = metadata.permissions().mode();
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        mode & bit != 0
    }
}

fn look_up_caller() -> Result<User, DataPlaneError> {
    let uid = Uid::effective();
    // PostgreSQL itself refuses a user without an entry, so a numeric user cannot go on either.
    User::from_uid(uid).ok().flatten().ok_or_else(|| DataPlaneError::UnknownUser { name: uid.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_does_not_exist_is_refused_by_name() {
        let error = Account::choose(Some("no-such-user-anywhere")).unwrap_err();
        assert!(error.to_string().contains("no-such-user-anywhere"), "{error}");
        assert!(!error.hints().is_empty());
    }

    #[test]
    fn servers_never_run_as_root() {
        assert_ne!(Account::choose(None).unwrap().uid, 0);
    }

    #[test]
    fn a_closed_directory_above_the_data_is_named_when_the_user_changes() {
        let root = tempfile::tempdir().unwrap();
        let closed = root.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
        let stranger =
            Account { name: "stranger".into(), caller: "me".into(), uid: 4_000_001, gid: 4_000_001, switch: true };
        let error = stranger.can_reach(&closed.join("data")).unwrap_err();
        assert!(error.to_string().ends_with("closed") || error.to_string().contains("cannot enter"), "{error}");
        let myself = Account { switch: false, ..stranger };
        myself.can_reach(&closed.join("data")).unwrap();
    }
}
