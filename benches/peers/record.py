"""What a peer's run leaves: a line for each look at the error, with two clocks.

`launched` runs from the start of the process (imports and compilation count), `solving` from
`ready`, when whatever is compiled is compiled. Both stand still while the error is measured. On a
machine that others use too, PEERS_CLOCK=cpu counts the seconds of the processor instead of the wall's.
"""

import argparse
import os
import time

import numpy as np

from problem import PROBLEMS


class Finished(Exception):
    """The budget is spent or the wanted error reached."""


class Record:
    """Clocks and history of one run; leaves `history.csv` in the folder of the run."""

    def __init__(self, arguments):
        self.problem = PROBLEMS[arguments.problem]
        self.budget, self.until, self.out = arguments.seconds, arguments.until, arguments.out
        self.points, self.exact = self.problem.test()
        self.scale = np.linalg.norm(self.exact)
        self.busy = os.environ.get("PEERS_CLOCK") == "cpu"
        self.launch = 0.0 if self.busy else float(os.environ.get("PEERS_LAUNCH", time.time()))
        self.ready_at = self.launch
        self.looking = 0.0  # seconds spent on errors
        self.lines = []

    def now(self):
        return time.process_time() if self.busy else time.time()

    def ready(self):
        """Everything is compiled and loaded: the first step begins."""
        self.ready_at = self.now()

    def look(self, step, predict):
        """Notes the relative L2 error of `predict`, (n, d) -> (n,), after `step` steps."""
        began = self.now()
        launched = began - self.launch - self.looking
        solving = began - self.ready_at - self.looking
        values = np.asarray(predict(self.points), dtype=np.float64).reshape(-1)
        error = float(np.linalg.norm(values - self.exact) / self.scale)
        self.lines.append((step, launched, solving, error))
        self.looking += self.now() - began
        if solving >= self.budget or error <= self.until:
            raise Finished

    def save(self):
        os.makedirs(self.out, exist_ok=True)
        with open(os.path.join(self.out, "history.csv"), "w") as file:
            file.write("step,launched,solving,error\n")
            file.writelines(f"{n},{a:.6f},{b:.6f},{e:.6e}\n" for n, a, b, e in self.lines)


def main(solve):
    """Runs `solve(problem, seed, record, arguments)` as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("problem", choices=PROBLEMS)
    parser.add_argument("--method", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--until", type=float, default=1e-10)
    parser.add_argument("--out", required=True)
    parser.add_argument("--with", dest="options", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    arguments.options = dict(option.split("=", 1) for option in arguments.options)
    record = Record(arguments)
    try:
        solve(record.problem, arguments.seed, record, arguments)
    except Finished:
        pass
    record.save()
