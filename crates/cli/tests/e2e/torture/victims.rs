//! Who is killed, and how they are found: by what they wrote into the directory of this test alone.

use std::{fmt, fs, path::Path};

use aurora_restore_testing::Dice;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::World;

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Victim {
    /// The process that drives the operation.
    Command,
    /// The stand-in for RDS.
    Sandbox,
    /// The first process of a PostgreSQL server; the sandbox starts the server again.
    Server,
    /// Any other process of a server, upon which the server ends all its sessions and recovers.
    Backend,
}

impl fmt::Display for Victim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Command => "command",
            Self::Sandbox => "sandbox",
            Self::Server => "server",
            Self::Backend => "backend",
        })
    }
}

/// Chooses somebody; the command is what is killed most in real life.
pub(super) fn choose(dice: &mut Dice) -> Victim {
    match dice.below(10) {
        0..4 => Victim::Command,
        4 | 5 => Victim::Sandbox,
        6 | 7 => Victim::Server,
        _ => Victim::Backend,
    }
}

/// Kills a server of this world, or one of its processes. Whether there was one.
pub(super) fn kill_postgres(world: &World, whole: bool, dice: &mut Dice) -> bool {
    let servers = servers(&world.path("sandbox/postgres/volumes"));
    if servers.is_empty() {
        return false;
    }
    let server = dice.pick(&servers);
    if whole {
        return end(server);
    }
    let processes = children(server);
    !processes.is_empty() && end(dice.pick(&processes))
}

pub(super) fn end(process: i32) -> bool {
    kill(Pid::from_raw(process), Signal::SIGKILL).is_ok()
}

/// The first processes of the servers that run, as they wrote them down.
fn servers(volumes: &Path) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(volumes) else { return Vec::new() };
    let mut servers: Vec<i32> = entries
        .flatten()
        .filter_map(|volume| fs::read_to_string(volume.path().join("data/postmaster.pid")).ok())
        .filter_map(|text| text.lines().next()?.trim().parse().ok())
        // A file that a dead server left may name a stranger by now.
        .filter(|process| serves_below(*process, volumes))
        .collect();
    servers.sort_unstable();
    servers
}

/// Whether a process is a server whose data are below a directory: its working directory is its data directory.
fn serves_below(process: i32, volumes: &Path) -> bool {
    let Ok(volumes) = volumes.canonicalize() else { return false };
    fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|place| place.starts_with(volumes))
}

fn children(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found: Vec<i32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process: &i32| parent_of(*process) == Some(parent))
        .collect();
    found.sort_unstable();
    found
}

fn parent_of(process: i32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything; the parent is the second word after it.
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
