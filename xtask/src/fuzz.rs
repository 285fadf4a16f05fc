//! Fuzzing on demand: any input for what reads the text of others. Needs `cargo install cargo-fuzz`.

use std::{fs, path::Path};

use clap::{Args, ValueEnum};

/// How much to fuzz
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these targets
    #[arg(long = "target")]
    targets: Vec<Target>,

    /// How many seconds for each
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// What is fuzzed
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// The configuration, as the text of a parameter
    Configuration,
    /// The bodies of a journal's entries
    Journal,
    /// The body of a request to the sandbox's RDS
    Request,
    /// Identifiers and ARNs
    Identifiers,
}

impl Target {
    fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Journal => "journal",
            Self::Request => "request",
            Self::Identifiers => "identifiers",
        }
    }
}

/// Fuzzes each target. What it finds goes to `fuzz/artifacts`, and inputs that reach something new to `fuzz/found`; the
/// checked-in corpus is not touched.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let targets = if arguments.targets.is_empty() { Target::value_variants() } else { arguments.targets.as_slice() };
    for target in targets {
        fuzz(&root.join("fuzz"), *target, arguments.seconds)?;
    }
    Ok(())
}

fn fuzz(folder: &Path, target: Target, seconds: u32) -> Result<(), String> {
    let name = target.as_str();
    let found = format!("found/{name}");
    fs::create_dir_all(folder.join(&found)).map_err(|error| format!("{found}: {error}"))?;
    let mut fuzz = crate::cargo();
    // Sanitizers are unstable: this lets the toolchain that is here build with them.
    fuzz.current_dir(folder).env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run"]);
    if target == Target::Configuration {
        fuzz.args(["--features", "configuration"]);
    }
    fuzz.args([name, &found, &format!("corpus/{name}"), "--"]);
    fuzz.args([&format!("-max_total_time={seconds}"), "-timeout=10", "-print_final_stats=1"]);
    let status = fuzz.status().map_err(|error| format!("{fuzz:?}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!(
        "fuzzing {name} ended with {status}: look at fuzz/artifacts/{name}, or install it with `cargo install cargo-fuzz`"
    ))
}
