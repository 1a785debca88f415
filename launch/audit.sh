#!/usr/bin/env bash
# Checks the crates that ned-dist is built from against deny.toml: known security holes, licences,
# sources, unwanted crates. Installs cargo-deny if it is missing. Arguments go to cargo deny check:
#   launch/audit.sh                          everything; asks the advisory database of rustsec.org
#   launch/audit.sh licenses bans sources    what needs no network
# Where github.com is out of reach, NED_ADVISORIES names a copy of the database, a URL or the full path of a folder,
# made by git clone --mirror https://github.com/RustSec/advisory-db and git remote update:
#   NED_ADVISORIES=/srv/advisory-db.git launch/audit.sh
# Yanked versions are looked up in the index of crates that cargo uses.
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
# cargo-deny fetches by git, which takes one place for another by itself.
if [[ -n ${NED_ADVISORIES:-} ]]; then
    n=${GIT_CONFIG_COUNT:-0}
    export GIT_CONFIG_COUNT=$((n + 1))
    export "GIT_CONFIG_KEY_$n=url.$NED_ADVISORIES.insteadOf"
    export "GIT_CONFIG_VALUE_$n=https://github.com/RustSec/advisory-db"
fi
exec cargo deny check "$@"
