//! Builds the binary: by this machine's own linker where that gives what Lambda can run, else by zig's, which links for any
//! glibc and any architecture.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    Arch,
    glibc::{self, PROVIDED},
};

const PROFILE: &str = "function";

/// Builds `bootstrap` and gives its place.
pub(super) fn bootstrap(root: &Path, arch: Arch) -> Result<PathBuf, String> {
    let target = installed_target(arch)?;
    if target == host()? {
        let binary = build(root, &["build"], target, target)?;
        let Err(reason) = require_old_enough(&binary) else { return Ok(binary) };
        println!("{reason}; linking by zig for {PROVIDED}");
    }
    require_zig()?;
    let linked_for = if target.ends_with("-gnu") { format!("{target}.{PROVIDED}") } else { target.to_owned() };
    let binary = build(root, &["zigbuild"], target, &linked_for)?;
    require_old_enough(&binary)?;
    Ok(binary)
}

/// The targets that give a binary for an architecture, the best first. What is linked with musl needs no libc of its
/// machine at all.
fn targets(arch: Arch) -> [&'static str; 2] {
    match arch {
        Arch::X86 => ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"],
        Arch::Arm => ["aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"],
    }
}

/// The first target whose standard library is installed.
fn installed_target(arch: Arch) -> Result<&'static str, String> {
    let candidates = targets(arch);
    for target in candidates {
        let library = output(Command::new("rustc").args(["--print", "target-libdir", "--target", target]))?;
        let has_std = fs::read_dir(library.trim()).is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
        });
        if has_std {
            return Ok(target);
        }
    }
    Err(format!(
        "the standard library of Rust for {} is not installed; install it with `rustup target add {}`, or build the package on a \
         machine of that architecture",
        arch.as_str(),
        candidates[0]
    ))
}

fn host() -> Result<String, String> {
    let told = output(Command::new("rustc").arg("-vV"))?;
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| "rustc does not tell its host".to_owned())
}

fn require_zig() -> Result<(), String> {
    let mut asked = Command::new("cargo-zigbuild");
    asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    match asked.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(
            "linking for another machine needs cargo-zigbuild and zig, and they are not installed; install them with \
                  `pip install cargo-zigbuild ziglang`, with the environment's `bin` in PATH"
                .to_owned(),
        ),
    }
}

fn require_old_enough(binary: &Path) -> Result<(), String> {
    let content = fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    match glibc::needed(&content).map_err(|reason| format!("{}: {reason}", binary.display()))? {
        Some(needed) if needed > PROVIDED => {
            Err(format!("the binary needs glibc {needed}, and provided.al2023 has {PROVIDED}"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Builds with a profile of its own. What the folders of this machine are called, and what else is built here, must not
/// show in the bytes.
fn build(root: &Path, how: &[&str], target: &str, linked_for: &str) -> Result<PathBuf, String> {
    let directory = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root)
        .args(how)
        .args(["--locked", "--profile", PROFILE, "--target", linked_for])
        .args(["--package", "aurora-restore-lambda", "--bin", "bootstrap"])
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(root, &directory)?)
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION");
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if !status.success() {
        return Err(format!("building the functions' binary ended with {status}"));
    }
    Ok(directory.join(target).join(PROFILE).join("bootstrap"))
}

/// Flags that give every folder of this machine a name that is the same everywhere.
fn remapped(root: &Path, directory: &Path) -> Result<String, String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
    // The last one that fits is taken, so the folders inside of others come last.
    let folders = [home.map(|home| (home, "/cargo")), Some((sysroot, "/rust"))];
    let own = [Some((root.to_owned(), "/aurora-restore")), Some((directory.to_owned(), "/target"))];
    let flags: Vec<String> = folders
        .into_iter()
        .chain(own)
        .flatten()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    Ok(flags.join("\u{1f}"))
}

fn output(command: &mut Command) -> Result<String, String> {
    let done = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if !done.status.success() {
        return Err(format!("{command:?} ended with {}", done.status));
    }
    String::from_utf8(done.stdout).map_err(|error| format!("{command:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_of_this_machine_is_left_in_the_flags_names() {
        let flags = remapped(Path::new("/home/me/src"), Path::new("/home/me/src/target")).unwrap();
        let own: Vec<&str> = flags.split('\u{1f}').rev().take(2).collect();
        let expected =
            ["--remap-path-prefix=/home/me/src/target=/target", "--remap-path-prefix=/home/me/src=/aurora-restore"];
        assert_eq!(own, expected);
    }
}
