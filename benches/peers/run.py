"""Runs ned-dist and its peers in turn on one core and tabulates what they reached.

Seeds are the outer loop, so every peer meets the same moods of the machine. Each run is a process of
its own under `taskset`, all thread pools at one thread. Times run from the start of the process; the
second clock starts when imports and compilation are done (ned-dist: when its clock does). Peers'
clocks stand still while errors are measured, ned-dist's goes on. A run's peak memory and its share of
the core are the kernel's (wait4); with `--clock cpu` ned-dist's times are scaled by its share.

Peers solve for the same weights of the terms as ned-dist, but where a library's own rule wants others
(ANaGRAM weighs all rows alike, so its loss does too). Settings were chosen among a few by seed 0:
what rcond, damping, regularisation and thresholds did best on each problem.

Files: runs/PROBLEM/PEER/SEED/, runs.csv (a line a run), table.md (medians over the seeds).
"""

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from problem import PROBLEMS

HERE = Path(__file__).resolve().parent
DECADES = range(1, 11)


@dataclass(frozen=True)
class Peer:
    """A program and its settings for each problem that it is run on."""

    file: str
    method: str
    settings: dict = field(default_factory=dict)


NATURAL = ("flow.solver=qr", "flow.stepper=natural")  # every step on all the points, nothing else
PEERS = {
    "ned": Peer("", "", {name: () for name in PROBLEMS}),
    "ned-natural": Peer("", "", {"poisson-2d": NATURAL, "poisson-5d": NATURAL}),
    "jax-engd": Peer("jax_peer.py", "engd", {
        "poisson-2d": ("rcond=1e-10",), "poisson-5d": ("rcond=1e-5", "init=small")}),
    "jax-lm": Peer("jax_peer.py", "lm", {
        "poisson-2d": ("solver=cholesky", "shrink=0.01"),
        "poisson-5d": ("solver=cholesky", "damping=1e-2")}),
    "jax-spring": Peer("jax_peer.py", "spring", {
        "poisson-5d-deep": ("batch=256", "damping=1e-4")}),
    "scimba-eng": Peer("scimba_peer.py", "eng", {"poisson-2d": (), "poisson-5d": ()}),
    "scimba-anagram": Peer("scimba_peer.py", "anagram", {
        "poisson-2d": ("threshold=1e-5", "bc_weight=0.13", "search=logarithmic_grid"),
        "poisson-5d": ("threshold=1e-1", "bc_weight=0.17", "search=logarithmic_grid")}),
    "scimba-nystrom": Peer("scimba_peer.py", "nystrom", {"poisson-5d-deep": ()}),
    "deepxde": Peer("deepxde_peer.py", "", {name: () for name in PROBLEMS}),
}  # fmt: skip


@dataclass
class Run:
    """What came of one run: steps, (launched, solving, error) at each look, memory, share of a core."""

    problem: str
    peer: str
    seed: int
    steps: list
    history: list
    memory: float
    share: float

    def best(self):
        return min((error for *_, error in self.history), default=float("nan"))

    def time_to(self, error, clock):
        return next((line[clock] for line in self.history if line[2] <= error), float("inf"))

    def milliseconds(self):
        """Mean time of a step, from the first look to the last."""
        steps = self.steps[-1] - self.steps[0] if self.steps else 0
        return 1e3 * (self.history[-1][1] - self.history[0][1]) / steps if steps else float("nan")


def command(peer, problem, seed, options, out):
    """The command line of a run."""
    settings = PEERS[peer].settings[problem.name]
    if PEERS[peer].file:
        words = [sys.executable, str(HERE / PEERS[peer].file), problem.name, "--out", str(out)]
        words += ["--seed", str(seed), "--seconds", str(options.seconds)]
        words += ["--until", str(options.until), "--method", PEERS[peer].method]
        return words + [word for setting in settings for word in ("--with", setting)]
    deck = HERE.parent.parent / "launch" / "problems" / problem.deck
    words = [options.ned, "run", str(deck), "--out", str(out), "--threads", "1", "--quiet"]
    stop = (f"stop.seconds={options.seconds}", f"stop.error={options.until}", "output.every=1")
    settings = (*problem.settings, *settings, *stop)
    return words + ["--seed", str(seed)] + [word for s in settings for word in ("--set", s)]


def environment(clock):
    """One thread for every library, and the moment of the launch."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # would slow the peers' linear algebra
        kept.pop(name, None)
    xla = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    here = {"PEERS_LAUNCH": str(time.time()), "PEERS_CLOCK": clock, "XLA_FLAGS": xla}
    return {**kept, **one, **here, "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}


def perform(peer, problem, seed, options):
    """One run in a process of its own."""
    out = options.out / "runs" / problem.name / peer / str(seed)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    words = ["taskset", "-c", options.core, *command(peer, problem, seed, options, out)]
    began = time.time()
    with open(out / "log", "w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment(options.clock))
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall, busy = time.time() - began, usage.ru_utime + usage.ru_stime
    lines = list(csv.DictReader(open(out / "history.csv"))) if (out / "history.csv").exists() else []
    if PEERS[peer].file:
        history = [(float(x["launched"]), float(x["solving"]), float(x["error"])) for x in lines]
    else:
        history = ned_history(lines, wall, busy / wall if options.clock == "cpu" else 1.0)
    if process.returncode or not history:
        print(f"  {peer} ended with {process.returncode}; see {out}/log")
    steps = [int(x["step"]) for x in lines]
    return Run(problem.name, peer, seed, steps, history, usage.ru_maxrss / 1024.0, busy / wall)


def ned_history(lines, wall, scale):
    """ned-dist's own clock counts from the start of its solve; what is left of the wall time, MPI's
    start and the last files, is all counted as start-up."""
    seconds = [float(x["seconds"]) for x in lines]
    before = wall - seconds[-1] if seconds else 0.0
    errors = [float(x["relative_l2"]) for x in lines]
    return [(scale * (s + before), scale * s, e) for s, e in zip(seconds, errors)]


def number(x, digits=2):
    return "-" if x != x or x == float("inf") else f"{x:.{digits}g}" if x < 100 else f"{x:.0f}"


def table(runs, problem):
    """Medians over the seeds; a decade that half of the seeds or more missed has none."""
    peers = list(dict.fromkeys(run.peer for run in runs))
    of = {peer: [run for run in runs if run.peer == peer] for peer in peers}
    median = lambda peer, f: statistics.median(f(run) for run in of[peer])
    heads = ["peer", *(f"1e-{k}" for k in DECADES), "best error", "ms a step", "MB", "share of core"]
    text = [f"\n## {problem.name}, {problem.parameters} parameters\n"]
    for clock, name in enumerate(("start-up and compilation included", "without")):
        text.append(f"\nSeconds to each relative L2 error, {name}:\n")
        text += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        for peer in peers:
            times = [number(median(peer, lambda r: r.time_to(10.0**-k, clock))) for k in DECADES]
            rest = [f"{median(peer, Run.best):.1e}", number(median(peer, Run.milliseconds), 3)]
            rest += [f"{median(peer, lambda r: r.memory):.0f}", f"{median(peer, lambda r: r.share):.2f}"]
            text.append("| " + " | ".join([peer, *times, *rest]) + " |")
    return "\n".join(text) + "\n"


def write(runs, options):
    """runs.csv and table.md, anew after every round, so that an interrupted comparison leaves both."""
    with open(options.out / "runs.csv", "w", newline="") as file:
        sheet = csv.writer(file)
        decades = [f"{clock}_1e-{k}" for clock in ("launched", "solving") for k in DECADES]
        sheet.writerow(["problem", "peer", "seed", "best", "ms_step", "mb", "share", *decades])
        for run in runs:
            times = [run.time_to(10.0**-k, clock) for clock in (0, 1) for k in DECADES]
            facts = [run.best(), run.milliseconds(), run.memory, run.share]
            sheet.writerow([run.problem, run.peer, run.seed, *(f"{x:.6g}" for x in facts + times)])
    found = [name for name in PROBLEMS if any(run.problem == name for run in runs)]
    parts = [table([r for r in runs if r.problem == name], PROBLEMS[name]) for name in found]
    (options.out / "table.md").write_text("".join(parts))


def names(text, known, families=False):
    """The known names in a comma-separated list, in which "jax" may stand for every jax-*."""
    wanted = text.split(",")
    family = {name: name.split("-")[0] if families else name for name in known}
    chosen = [name for name in known if name in wanted or family[name] in wanted]
    if not chosen:
        sys.exit(f"run.py: none of {text} is among {', '.join(known)}")
    return chosen


def main():
    parser = argparse.ArgumentParser(prog="benches/peers/run.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--problems", default=",".join(PROBLEMS), help="of " + ", ".join(PROBLEMS))
    known = ", ".join(PEERS)
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {known}; jax: all of jax-*")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds (3)")
    parser.add_argument("--seconds", type=float, default=25.0, help="budget of a run without its start (25)")
    parser.add_argument("--until", type=float, default=1e-10, help="a run ends at this error (1e-10)")
    parser.add_argument("--core", default="0", help="the core to run on (0)")
    clocks = {"choices": ("wall", "cpu"), "default": "wall"}
    parser.add_argument("--clock", **clocks, help="cpu: on a shared machine")
    parser.add_argument("--out", type=Path, default=Path("target/peers/out"), help="(target/peers/out)")
    options = parser.parse_args()
    options.ned = os.environ["NED_DIST"]
    runs = []
    for name in names(options.problems, PROBLEMS):
        for seed in range(options.seeds):
            for peer in (p for p in names(options.peers, PEERS, families=True) if name in PEERS[p].settings):
                runs.append(run := perform(peer, PROBLEMS[name], seed, options))
                reached = f"best {run.best():.1e}, 1e-6 after {number(run.time_to(1e-6, 0))} s"
                pace = f"{number(run.milliseconds(), 3)} ms a step"
                print(f"{name} {peer} seed {seed}: {reached}, {pace}", flush=True)
            write(runs, options)
    print((options.out / "table.md").read_text())


if __name__ == "__main__":
    main()
