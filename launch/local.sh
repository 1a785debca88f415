#!/usr/bin/env bash
# Builds ned-dist and runs it on this machine, on several MPI ranks; installs what is missing.
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'END'
launch/local.sh [-n RANKS] [DECK] [ARGUMENT ...]

  launch/local.sh                          the built-in job on 2 ranks
  launch/local.sh --out DIR                the same, with its files in DIR
  launch/local.sh -n 4 my.toml --out DIR   ned-dist run my.toml --out DIR, on 4 ranks
  launch/local.sh terrain                  the deck launch/problems/terrain.toml
  launch/local.sh check my.toml            anything else goes to ned-dist as it is
  launch/local.sh -n 1 --help              the help of ned-dist itself

RANKS may exceed the cores. NED_MPI=openmpi or NED_MPI=mpich chooses the MPI.
END
}

ranks=2
case ${1:-} in
    -h | --help) usage && exit ;;
    -n | -np)
        ranks=${2:-}
        [[ $ranks =~ ^[1-9][0-9]*$ ]] || { echo "launch/local.sh: $1 wants a number of ranks, not '$ranks'" >&2 && exit 2; }
        shift 2
        ;;
esac

if [[ -f ${1:-} || ${1:-} == *.toml ]]; then
    set -- run "$@"
elif [[ ${1:-} != */* && -f $here/problems/${1:-}.toml ]]; then
    set -- run "$here/problems/$1.toml" "${@:2}"
elif [[ ${1:-} == --* && ! ${1:-} =~ ^--(help|version)$ ]]; then
    set -- run "$@"
fi

# shellcheck source-path=SCRIPTDIR source=setup.sh
source "$here/setup.sh"
(cd "$here/.." && cargo build --release)
exec "$NED_MPIRUN" -n "$ranks" "$CARGO_TARGET_DIR/release/ned-dist" "$@"
