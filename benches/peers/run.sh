#!/usr/bin/env bash
# Compares ned-dist with what one would use instead, on one core: installs the peers into
# target/peers/venv (versions pinned in requirements.txt, 6 GB), builds ned-dist, runs all in turn.
#
#   benches/peers/run.sh                                       everything
#   benches/peers/run.sh --problems poisson-2d --peers ned,jax --seeds 1 --seconds 30
#   benches/peers/run.sh --help
#
# NED_DIST=/path/to/ned-dist uses a build that there is already; PYTHON=python3.12 chooses a Python.
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
venv=$PWD/target/peers/venv

# PyTorch for processors only where its index can be reached (0.5 GB instead of 5).
install_peers() {
    local cpu=https://download.pytorch.org/whl/cpu extra=()
    if curl --silent --fail --head --max-time 10 "$cpu/torch/" >/dev/null 2>&1; then
        extra=(--extra-index-url "$cpu")
    fi
    "${PYTHON:-python3}" -m venv --clear "$venv"
    if command -v uv >/dev/null; then
        uv pip install --no-cache --compile-bytecode --python "$venv/bin/python" \
            ${extra[@]+"${extra[@]}"} -r "$here/requirements.txt"
    else
        "$venv/bin/pip" install --no-cache-dir \
            ${extra[@]+"${extra[@]}"} -r "$here/requirements.txt"
    fi
    cp "$here/requirements.txt" "$venv/installed.txt"
}

cmp -s "$here/requirements.txt" "$venv/installed.txt" || install_peers

if [[ -z ${NED_DIST:-} ]]; then
    # shellcheck source-path=SCRIPTDIR source=../../launch/setup.sh
    source launch/setup.sh
    cargo build --release
    NED_DIST=$CARGO_TARGET_DIR/release/ned-dist
fi
export NED_DIST
exec "$venv/bin/python" "$here/run.py" "$@"
