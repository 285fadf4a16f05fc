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

/// The folder that what is built in a checkout goes to.
pub(super) fn target_directory(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Builds `bootstrap` from a checkout into a folder and gives its place.
pub(super) fn bootstrap(root: &Path, directory: &Path, arch: Arch) -> Result<PathBuf, String> {
    let target = installed_target(arch)?;
    if target == host()? {
        let binary = build(root, directory, &["build"], target, target)?;
        let Err(reason) = require_old_enough(&binary) else { return Ok(binary) };
        println!("{reason}; linking by zig for {PROVIDED}");
    }
    require_zig()?;
    let linked_for = if target.ends_with("-gnu") { format!("{target}.{PROVIDED}") } else { target.to_owned() };
    let binary = build(root, directory, &["zigbuild"], target, &linked_for)?;
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
fn build(root: &Path, directory: &Path, how: &[&str], target: &str, linked_for: &str) -> Result<PathBuf, String> {
    let mut command = crate::cargo();
    command
        .current_dir(root)
        .args(how)
        .args(["--locked", "--profile", PROFILE, "--target", linked_for])
        .args(["--package", "aurora-restore-lambda", "--bin", "bootstrap"])
        .env("CARGO_TARGET_DIR", directory)
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(root, directory)?)
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

    /// A workspace in small: a binary of the package's name over a crate with code that its build script makes, and that names
    /// the file which it stands in, as code of others does. It is built with the real profile.
    const SMALL: [(&str, &str); 6] = [
        (
            "crates/lambda/Cargo.toml",
            "[package]\nname = \"aurora-restore-lambda\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [[bin]]\nname = \"bootstrap\"\npath = \"main.rs\"\n[dependencies]\ninner = { path = \"../inner\" }\n",
        ),
        ("crates/lambda/main.rs", "fn main() { assert!(inner::less_than(std::env::args().count()) < 9) }\n"),
        ("crates/inner/Cargo.toml", "[package]\nname = \"inner\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        (
            "crates/inner/build.rs",
            "fn main() {\n\
                 let made = std::env::var(\"OUT_DIR\").unwrap() + \"/made.rs\";\n\
                 let code = \"pub fn less_than(n: usize) -> usize { n.checked_sub(1).expect(file!()) }\";\n\
                 std::fs::write(made, code).unwrap();\n\
             }\n",
        ),
        ("crates/inner/src/lib.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n"),
        (
            "Cargo.lock",
            "version = 4\n[[package]]\nname = \"aurora-restore-lambda\"\nversion = \"0.1.0\"\ndependencies = [\"inner\"]\n\
             [[package]]\nname = \"inner\"\nversion = \"0.1.0\"\n",
        ),
    ];

    /// The profiles of the workspace, which stand at its end.
    fn profiles() -> String {
        let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")).unwrap();
        let release = own.find("[profile.release]").expect("the workspace says how it is released");
        assert!(own[release..].contains("[profile.function]"), "the functions have a profile of their own");
        own[release..].to_owned()
    }

    fn built_in(folder: &Path) -> Vec<u8> {
        let root = folder.join("checkout");
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n{}", profiles());
        for (name, content) in SMALL.into_iter().chain([("Cargo.toml", manifest.as_str())]) {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let target = host().unwrap();
        let binary = build(&root, &folder.join("built"), &["build"], &target, &target).unwrap();
        fs::read(binary).unwrap()
    }

    #[test]
    fn the_same_source_in_two_folders_gives_the_same_binary() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("a-folder-of-another-length"));
        let (first, second) = (built_in(&one), built_in(&other));
        let says = |text: &str| first.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(says("/made.rs"), "where a panic comes from is told");
        assert!(!says(&folder.path().display().to_string()), "the folder shows in the binary");
        assert!(first == second, "two builds differ: {} and {} bytes", first.len(), second.len());
    }

    #[test]
    fn no_folder_of_this_machine_is_left_in_the_flags_names() {
        let flags = remapped(Path::new("/home/me/src"), Path::new("/home/me/src/target")).unwrap();
        let own: Vec<&str> = flags.split('\u{1f}').rev().take(2).collect();
        let expected =
            ["--remap-path-prefix=/home/me/src/target=/target", "--remap-path-prefix=/home/me/src=/aurora-restore"];
        assert_eq!(own, expected);
    }
}
