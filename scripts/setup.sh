#!/usr/bin/env bash
# Makes a machine ready to build, demonstrate or test aurora-restore. Does nothing where everything is there.
#
#   scripts/setup.sh demo    what `make demo` needs: a C compiler, PostgreSQL, Rust
#   scripts/setup.sh test    the same, a Python environment with the public AWS clients, moto, MiniStack and cfn-lint, and
#                            a validator of state machines for Node.js
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-demo}
# The second opinion on state machines; cfn-lint is the first.
asl_validator=asl-validator@4.0.0
rust_version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $1"
    shift
    for hint in "$@"; do say "hint: $hint"; done
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "installing needs root" "Run as root, or install sudo, or install by hand: $*"
    fi
}

has_postgres() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
        compgen -G '/opt/homebrew/opt/postgresql@*/bin/initdb' >/dev/null
}

version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

has_rust() {
    command -v cargo >/dev/null || return 1
    version_at_least "$(cargo --version | awk '{print $2}')" "$rust_version"
}

install_packages() {
    local packages=()
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    has_postgres || packages+=(postgresql)
    if [ "$purpose" = test ]; then python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv); fi
    if [ "$purpose" = test ]; then command -v npm >/dev/null || packages+=(nodejs npm); fi
    [ ${#packages[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        die "these are needed and not installed: ${packages[*]}" \
            "On macOS: xcode-select --install; brew install postgresql@16 python node; then run the command again." \
            "Elsewhere: install a C compiler, PostgreSQL (server binaries), Python 3 with venv, and Node.js with npm."
    fi
    say "installing: ${packages[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

install_rust() {
    has_rust && return 0
    if ! command -v rustup >/dev/null && command -v apt-get >/dev/null && apt-cache show rustup >/dev/null 2>&1; then
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq rustup >/dev/null
    fi
    if command -v rustup >/dev/null; then
        say "installing the stable Rust toolchain"
        rustup toolchain install stable --profile default >&2
        rustup default stable >&2
    fi
    has_rust || die "Rust $rust_version or newer is needed" "Install it with rustup (see the Rust project's site), then run the command again."
}

install_clients() {
    local stamp=.venv/installed
    if [ -f "$stamp" ] && cmp -s "$stamp" scripts/test-clients.txt; then return 0; fi
    say "installing the public AWS clients, moto and MiniStack into .venv"
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement scripts/test-clients.txt
    cp scripts/test-clients.txt "$stamp"
}

install_asl_validator() {
    local stamp=.node/installed
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$asl_validator" ]; then return 0; fi
    say "installing $asl_validator into .node"
    npm install --prefix .node --no-save --no-audit --no-fund --loglevel=error "$asl_validator" >/dev/null
    printf '%s' "$asl_validator" >"$stamp"
}

case $purpose in demo | test) ;; *) die "unknown purpose: $purpose" "Give demo or test." ;; esac
install_packages
install_rust
if [ "$purpose" = test ]; then
    install_clients
    install_asl_validator
fi
