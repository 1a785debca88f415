#!/usr/bin/env bash
# Checks the crates that ned-dist is built from against deny.toml: known security holes, licences,
# sources, unwanted crates. Installs cargo-deny if it is missing. Arguments go to cargo deny check:
#   launch/audit.sh                          everything; asks the advisory database of rustsec.org
#   launch/audit.sh licenses bans sources    what needs no network
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."

die() { printf 'ned-dist: %s\n' "$@" >&2; exit 1; }

PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
command -v cargo >/dev/null || die "no cargo here: launch/setup.sh says how to get it"
if ! command -v cargo-deny >/dev/null; then
    printf 'ned-dist: installing cargo-deny\n' >&2
    cargo install cargo-deny --locked --quiet || die "cargo install cargo-deny failed (its message is above)"
fi
exec cargo deny check "$@"
