#!/bin/bash
# Runs a deck under LSF: 2 nodes x 8 ranks x 4 threads (fit these to your machine).
#
#   submit     bsub < launch/lsf.sh
#              DECK=my.toml OUT=my-out bsub < launch/lsf.sh
#   continue   submit the same again: the run goes on from OUT/checkpoint, also on other numbers of
#              nodes and ranks. A chain:  bsub -w 'ended(JOBID)' < launch/lsf.sh
#
#BSUB -J ned-dist
#BSUB -n 16
#BSUB -R "span[ptile=8] affinity[core(4)]"
#BSUB -W 24:00
#BSUB -o ned-dist-%J.log
# Back in the queue after a node failure; it then resumes by itself:
#BSUB -r
# A warning 3 minutes before the time is up (mpirun passes it on to the ranks):
#BSUB -wt 3
#BSUB -wa USR1
set -euo pipefail
cd "$LS_SUBCWD"

DECK=${DECK:-launch/problems/poisson-2d.toml}
OUT=${OUT:-$(basename "$DECK" .toml)-out}
# module load openmpi        # the MPI that ned-dist was built with

# The program: the newest build below the folder of submission, or NED_DIST=/path/to/ned-dist.
for build in target/*/release/ned-dist target/release/ned-dist; do
    [[ -n ${NED_DIST:-} || ! -x $build || $build -ot ${newest:-} ]] || newest=$build
done
NED_DIST=${NED_DIST:-${newest:?no target/*/release/ned-dist here: build first, or set NED_DIST}}

# 4 cores a rank, as asked for above; Open MPI must not tie a rank to fewer.
export OMP_NUM_THREADS=4
export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none
exec mpirun -n "$LSB_DJOB_NUMPROC" "$NED_DIST" run "$DECK" --out "$OUT"
