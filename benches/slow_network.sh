#!/usr/bin/env bash
# The performance model over a slow network: two ranks in two network namespaces whose link carries
# RATE (100 Mbit/s). `doctor` measures the constants of that link, `scale` measures a step on one and
# two ranks over it, and both times stand side by side in its table.
#
#   launch/setup.sh benches/slow_network.sh [RATE [arguments of scale]]
#   launch/setup.sh benches/slow_network.sh 1gbit --set flow.stepper=natural --steps 10
#
# Needs root, ip, tc and Open MPI. NED_DIST names the program, else the newest build counts. Leaves
# nothing behind: namespaces, bridge and agent go when it ends, however it ends.
set -euo pipefail

rate=${1:-100mbit}
shift || true
if [[ $(id -u) != 0 ]] || ! command -v ip tc >/dev/null; then
    echo "slow_network.sh: skipped, it needs root, ip and tc" >&2
    exit 0
fi
for build in target/*/release/ned-dist target/release/ned-dist; do
    [[ -n ${NED_DIST:-} || ! -x $build || $build -ot ${newest:-} ]] || newest=$build
done
NED_DIST=${NED_DIST:-${newest:?no target/*/release/ned-dist here: build first, or set NED_DIST}}

# Names of this process alone: several may run at once.
id=$$
bridge=nb$id
work=$(mktemp -d)
clean() {
    for node in 0 1; do
        ip netns del "ns$id-$node" 2>/dev/null || true
        ip link del "nv$id-$node" 2>/dev/null || true
    done
    ip link del "$bridge" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

# A free network 10.77.x: the bridge is this host, the nodes have an end of a cable each.
net=10.77.$((id % 250 + 1))
ip link add "$bridge" type bridge
ip addr add "$net.1/24" dev "$bridge"
ip link set "$bridge" up
for node in 0 1; do
    space=ns$id-$node
    ip netns add "$space"
    ip link add "nv$id-$node" type veth peer name eth0 netns "$space"
    ip link set "nv$id-$node" master "$bridge" up
    ip -n "$space" addr add "$net.$((10 + node))/24" dev eth0
    ip -n "$space" link set lo up
    ip -n "$space" link set eth0 up
    # Both directions are capped where they leave the node.
    ip netns exec "$space" tc qdisc add dev eth0 root tbf rate "$rate" burst 64kb latency 400ms
done

# Open MPI starts a node by this instead of ssh: the node's own hostname is what makes it another node.
cat >"$work/agent" <<AGENT
#!/usr/bin/env bash
while [[ \$1 == -* ]]; do shift; done
node=\$1
shift
exec ip netns exec "ns$id-\${node#node}" unshare --uts -- \
    bash -c "hostname \$node; exec bash -c \"\\\$0\"" "\$*"
AGENT
chmod +x "$work/agent"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun="${NED_MPIRUN:-mpirun} --bind-to none -H node0:1,node1:1 --map-by node
    --mca plm_rsh_agent $work/agent --mca plm_rsh_no_tree_spawn 1
    --mca oob_tcp_if_include $net.0/24 --mca btl_tcp_if_include $net.0/24
    --mca btl tcp,self --mca pml ob1 --mca mpi_yield_when_idle 1"
# shellcheck disable=SC2086  # flags are words
timeout 300 $mpirun -n 2 "$NED_DIST" doctor --threads 1 --out "$work/machine.toml"
echo
timeout 900 "$NED_DIST" scale --ranks 1,2 --threads 1 --out "$work/scaling" \
    --machine "$work/machine.toml" --mpirun "$(tr -s ' \n' ' ' <<<"$mpirun")" "$@"
