//! Rotations with crashes on real PostgreSQL, while clients log in: how many of their logins are refused.

use std::path::Path;

/// How many rotations.
const ROTATIONS: &str = "100";
/// The test that counts.
const TEST: &str = "rotation::deaths::rotations_that_die_again_and_again_refuse_no_client";

/// Runs the test with as many rotations as are asked for; it fails at the first refusal.
pub(super) fn run(root: &Path) -> Result<(), String> {
    let output = crate::cargo()
        .current_dir(root)
        .args(["test", "--quiet", "--package", "aurora-restore-sql", "--test", "real_postgres", "--"])
        .args(["--exact", TEST, "--nocapture"])
        .env("AURORA_RESTORE_TEST_ROTATIONS", ROTATIONS)
        .output()
        .map_err(|error| format!("cargo test: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.lines().find(|line| line.contains("rotations,"));
    match found {
        Some(found) if output.status.success() => {
            println!("  {found}");
            super::figure("rotations with crashes: failed logins", failed(found), (0, ""), super::Asked::AtMost(0.0))
        }
        _ => Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The number before the last word; none meets nothing.
fn failed(line: &str) -> f64 {
    line.split(' ').rev().nth(1).and_then(|number| number.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test that is not found measures nothing.
    #[test]
    fn the_test_that_counts_is_there() {
        let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/sql/tests/real_postgres/rotation/deaths.rs");
        let name = TEST.strip_prefix("rotation::deaths::").unwrap();
        assert!(std::fs::read_to_string(room).unwrap().contains(&format!("async fn {name}()")));
    }

    #[test]
    fn the_figure_is_the_number_of_failed_logins() {
        assert_eq!(failed("100 rotations, 300 crashes, 5000 logins, 7 failed"), 7.0);
        assert!(failed("none").is_nan());
    }
}
