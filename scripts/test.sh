#!/usr/bin/env bash
# Everything that must hold: format, lints, docs, tests. Ends with one line of totals.
set -euo pipefail
cd "$(dirname "$0")/.."

export AURORA_RESTORE_TEST_VENV="$PWD/.venv"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

cargo fmt --all --check
cargo clippy --workspace --all-targets --quiet -- --deny warnings
# As `make demo` builds the command.
cargo clippy --package aurora-restore-cli --no-default-features --quiet -- --deny warnings
RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --quiet
# The tests build the command; the test of the references asks that one for its help.
export AURORA_RESTORE_TEST_BUILT="${CARGO_TARGET_DIR:-$PWD/target}/debug/aurora-restore"
# So does the package of the functions, which the tests deploy.
cargo xtask package
export AURORA_RESTORE_TEST_PACKAGED=1
set +e
cargo test --workspace --no-fail-fast 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
set -e
# A test that cannot do here what it is for says so in a line of its own.
awk '/^skipped: / { skipped += 1; passed -= 1 }
     /^test result:/ { passed += $4; failed += $6; skipped += $8 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$status"
