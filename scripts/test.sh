#!/usr/bin/env bash
# Everything that must hold, as `cargo xtask gate --list` lists it. Ends with one line of totals.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Everything that the tests need is built with it, once, with the features that they need.
cargo build --quiet --workspace --bin xtask --examples

set +e
"${CARGO_TARGET_DIR:-target}/debug/xtask" gate 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
set -e
# A test that cannot do here what it is for says so in a line of its own.
awk '/^skipped: / { skipped += 1; passed -= 1 }
     /^test result:/ { passed += $4; failed += $6; skipped += $8 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$status"
