#!/usr/bin/env bash
# What the performance model says of every starter deck on many ranks: time of a step, efficiency, and
# what limits it, stage by stage.
#
#   benches/predictions.sh [RANKS [machine file]]         RANKS as in 1,64,1024,16384
#
# The machine file is of `mpirun -n 2 ned-dist doctor --out FILE`; without it the rates of a core here
# and a usual cluster's network count. NED_DIST names the program, else the newest build counts.
set -euo pipefail

for build in target/*/release/ned-dist target/release/ned-dist; do
    [[ -n ${NED_DIST:-} || ! -x $build || $build -ot ${newest:-} ]] || newest=$build
done
NED_DIST=${NED_DIST:-${newest:?no target/*/release/ned-dist here: build first, or set NED_DIST}}

machine=${2:-$(mktemp --suffix=.toml)}
[[ -n ${2:-} ]] || { "$NED_DIST" doctor --threads 1 --out "$machine" >/dev/null && trap 'rm -f "$machine"' EXIT; }
for deck in launch/problems/*.toml; do
    printf '\n%s\n' "$(basename "$deck" .toml)"
    "$NED_DIST" check "$deck" --ranks "${1:-1,64,1024,16384}" --machine "$machine" |
        sed -n '/^# predicted/,$ { /^# predicted/d; s/^#/ /p }'
done
