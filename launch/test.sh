#!/usr/bin/env bash
# Runs the whole test suite; installs what is missing. Arguments go to cargo test:
#   launch/test.sh                     everything
#   launch/test.sh --test mpirun       the tests under a real mpirun (its path is in NED_MPIRUN)
#   NED_MPI=mpich launch/test.sh       with MPICH
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=setup.sh
source "$here/setup.sh"
cd "$here/.."
exec cargo test "$@"
