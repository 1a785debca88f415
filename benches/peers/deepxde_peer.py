"""DeepXDE (PyTorch back end, float64): Adam, then L-BFGS, as its examples and FAQ advise.

Adam 1e-3 for 5,000 steps or a fifth of the budget, whichever comes first, then L-BFGS to the end:
dde.optimizers.set_LBFGS_options with tolerances at zero and its default memory of 100. Dirichlet
conditions by PointSetBC, inner points by anchors alone, so that the samples are those of problem.py.
(Lu, Meng, Mao, Karniadakis 2021, SIAM Review 63, 208, doi 10.1137/19M1274067.)
"""

import os

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde as dde
import numpy as np
import torch

from record import main

torch.set_num_threads(1)
torch.set_default_device("cpu")
dde.config.set_default_float("float64")

LOOK = 50  # steps from one look at the error to the next


class Watch(dde.callbacks.Callback):
    """Looks at the error every so many steps; ends Adam when its share of the budget is spent."""

    def __init__(self, record, net, every, share=1.0):
        super().__init__()
        self.record, self.net, self.every = record, net, every
        self.end = share * record.budget

    def predict(self, points):
        with torch.no_grad():
            return self.net(torch.as_tensor(points)).numpy()

    def on_epoch_end(self):
        step = self.model.train_state.step
        if step % self.every == 0:
            self.record.look(step, self.predict)
            if self.record.lines[-1][2] > self.end:
                self.model.stop_training = True


def solve(problem, seed, record, arguments):
    options = arguments.options
    dde.config.set_random_seed(seed)
    x, _, y, _ = problem.samples(seed)
    cube = dde.geometry.Hypercube([0.0] * problem.dim, [1.0] * problem.dim)

    def equation(x, u):
        laplacian = sum(dde.grad.hessian(u, x, i=i, j=i) for i in range(problem.dim))
        return laplacian + source

    boundary = dde.icbc.PointSetBC(y, problem.exact(y).reshape(-1, 1))
    data = dde.data.PDE(cube, equation, boundary, num_domain=0, num_boundary=0, anchors=x)
    source = torch.as_tensor(problem.source(data.train_x)).reshape(-1, 1)
    net = dde.nn.FNN(list(problem.sizes), "tanh", "Glorot normal")
    model = dde.Model(data, net)
    weights = [1.0, float(options.get("bc_weight", 100.0))]
    model.compile("adam", lr=float(options.get("lr", 1e-3)), loss_weights=weights)
    record.ready()
    quiet = {"display_every": 10**9, "verbose": 0}
    steps = int(options.get("adam", 5000))
    model.train(iterations=steps, callbacks=[Watch(record, net, LOOK, 0.2)], **quiet)
    dde.optimizers.set_LBFGS_options(
        maxcor=int(options.get("memory", 100)), ftol=0, gtol=0, maxiter=10**9, maxfun=10**9, maxls=50
    )
    dde.optimizers.LBFGS_options.update(iter_per_step=LOOK, fun_per_step=2 * LOOK)
    model.compile("L-BFGS", loss_weights=weights)
    model.train(callbacks=[Watch(record, net, 1)], **quiet)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(solve)
