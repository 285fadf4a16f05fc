//! The demo from its start to its proof, twice in a row, as a user sees it.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use super::{Asked, command, figure, succeed};

pub(super) fn run(root: &Path) -> Result<(), String> {
    let built = command::built(root)?;
    let directory = tempfile::Builder::new()
        .prefix("aurora-restore-demo-")
        .tempdir_in("/var/tmp")
        .map_err(|error| error.to_string())?
        .keep();
    let demo = directory.join("demo");
    let mut held = Ok(());
    for round in ["first", "second"] {
        let began = Instant::now();
        let ran = succeed(Command::new(&built).args(["demo", "--quiet", "--dir"]).arg(&demo).stdout(Stdio::null()));
        let took = began.elapsed();
        if ran.is_err() {
            clean(&built, &demo);
        }
        ran?;
        held = held.and(figure(
            &format!("demo, {round} run in a row"),
            took.as_secs_f64(),
            (1, " s"),
            Asked::AtMost(60.0),
        ));
    }
    clean(&built, &demo);
    std::fs::remove_dir_all(&directory).map_err(|error| error.to_string())?;
    held
}

fn clean(built: &Path, demo: &Path) {
    if let Err(error) = succeed(Command::new(built).args(["demo", "--clean", "--dir"]).arg(demo)) {
        eprintln!("the demo could not be cleaned up: {error}");
    }
}
