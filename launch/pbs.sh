#!/bin/bash
# Runs a deck under PBS: 2 nodes x 8 ranks x 4 threads (fit these to your machine).
#
#   submit     qsub launch/pbs.sh
#              qsub -v DECK=my.toml,OUT=my-out launch/pbs.sh
#   continue   submit the same again: the run goes on from OUT/checkpoint, also on other numbers of
#              nodes and ranks. A chain:  qsub -W depend=afterany:JOBID launch/pbs.sh
#
#PBS -S /bin/bash
#PBS -N ned-dist
#PBS -l select=2:ncpus=32:mpiprocs=8:ompthreads=4
#PBS -l walltime=24:00:00
#PBS -j oe
# Back in the queue after a node failure; it then resumes by itself:
#PBS -r y
set -euo pipefail
cd "$PBS_O_WORKDIR"

DECK=${DECK:-launch/problems/poisson-2d.toml}
OUT=${OUT:-$(basename "$DECK" .toml)-out}
# module load openmpi        # the MPI that ned-dist was built with

# The program: the newest build below the folder of submission, or NED_DIST=/path/to/ned-dist.
for build in target/*/release/ned-dist target/release/ned-dist; do
    [[ -n ${NED_DIST:-} || ! -x $build || $build -ot ${newest:-} ]] || newest=$build
done
NED_DIST=${NED_DIST:-${newest:?no target/*/release/ned-dist here: build first, or set NED_DIST}}

# PBS ends a job without a warning that would leave time to save: the run stops by itself five minutes
# before, or at nine tenths of a short time.
wall=$(qstat -f "$PBS_JOBID" | sed -n 's/.*Resource_List.walltime = //p') || wall=
limit=()
if IFS=: read -r h m s <<<"$wall" && [[ $h$m$s =~ ^[0-9]+$ ]]; then
    wall=$((10#$h * 3600 + 10#$m * 60 + 10#$s))
    limit=(--max-time "$((wall > 3000 ? wall - 300 : wall * 9 / 10))s")
fi

# The node file has one line for each rank. PBS sets OMP_NUM_THREADS from ompthreads; Open MPI must
# not tie a rank to fewer cores than that.
export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none
exec mpirun -n "$(wc -l <"$PBS_NODEFILE")" "$NED_DIST" run "$DECK" --out "$OUT" "${limit[@]}"
