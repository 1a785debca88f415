"""scimba (scimba.org, PyTorch back end, double precision): natural gradients for PINNs.

  eng      energy natural gradient: Gram matrix, Cholesky, Armijo's line search, regularisation
           adapted as Levenberg and Marquardt do (`adaptive_matrix_regularization`)
  anagram  ANaGRAM: pseudo-inverse of the feature matrix by SVD (Schwencke & Furtlehner, ICLR 2025,
           arXiv 2412.10782), Armijo's line search or the best of a grid
  nystrom  natural gradient by Nystroem-preconditioned conjugate gradients, for many parameters,
           where a Gram matrix takes a minute (10,065 parameters; the sketched variant is no faster)

The class is scimba's own NaturalGradientPinnsElliptic; the equation is given to it as its
documentation shows, the samples are those of problem.py, kept fixed.
"""

import os
import warnings

os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from scimba_torch.approximation_space.nn_space import NNxSpace
from scimba_torch.domain.meshless_domain.domain_nd import HypercubeND
from scimba_torch.integration.monte_carlo import DomainSampler, TensorizedSampler
from scimba_torch.integration.monte_carlo_parameters import UniformParametricSampler
from scimba_torch.neural_nets.coordinates_based_nets.mlp import GenericMLP
from scimba_torch.numerical_solvers.elliptic_pde.pinns import NaturalGradientPinnsElliptic
from scimba_torch.physical_models.elliptic_pde.abstract_elliptic_pde import StrongFormEllipticPDE
from scimba_torch.utils.scimba_tensors import LabelTensor

from record import main

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
warnings.simplefilter("ignore")


class Poisson(StrongFormEllipticPDE):
    """-lap(u) = f, u = g; the points being fixed, the right-hand sides are columns."""

    def __init__(self, space, f, g):
        super().__init__(space, linear=True, residual_size=1, bc_residual_size=1)
        self.f, self.g = f, g

    def rhs(self, w, x, mu):
        return self.f

    def operator(self, w, x, mu):
        slopes = self.grad(w.get_components(), x)
        return -sum(tuple(self.grad(slope, x))[i] for i, slope in enumerate(slopes))

    def bc_rhs(self, w, x, n, mu):
        return self.g

    def bc_operator(self, w, x, n, mu):
        return w.get_components()

    def functional_operator(self, func, x, mu, theta):
        """One point's operator, for the features (nested jvp is no faster)."""
        hessian = torch.func.jacrev(torch.func.jacrev(func, 0), 0)(x, mu, theta)
        return -hessian.diagonal(dim1=-2, dim2=-1).sum(-1)

    def functional_operator_bc(self, func, x, n, mu, theta):
        return func(x, mu, theta)


def fixed_samples(problem, seed):
    """The common points as scimba's tensors, and the right-hand sides there."""
    x, _, y, _ = problem.samples(seed)
    f, g = problem.source(x), problem.exact(y)
    column = lambda values: torch.tensor(values).reshape(-1, 1)
    label = lambda points, grad: LabelTensor(torch.tensor(points).requires_grad_(grad))
    none = lambda points: LabelTensor(torch.zeros(len(points), 0))
    data = (label(x, True), none(x), label(y, True), label(0.0 * y, False), none(y))
    return data, column(f), column(g)


def solve(problem, seed, record, arguments):
    options = arguments.options
    torch.manual_seed(seed)
    domain = HypercubeND([(0.0, 1.0)] * problem.dim, is_main_domain=True)
    sampler = TensorizedSampler([DomainSampler(domain), UniformParametricSampler([])])
    space = NNxSpace(
        1, 0, GenericMLP, domain, sampler,
        layer_sizes=list(problem.hidden), last_layer_has_bias=True,
    )  # fmt: skip
    assert space.ndof == problem.parameters
    data, f, g = fixed_samples(problem, seed)
    test = LabelTensor(torch.tensor(record.points))
    nothing = LabelTensor(torch.zeros(len(record.points), 0))

    def predict(_):
        with torch.no_grad():
            return space.evaluate(test, nothing).w.numpy()

    class Pinn(NaturalGradientPinnsElliptic):
        """Notes the error wherever a step begins, which is where scimba asks for samples."""

        step = 0

        def sample_all_vars(self, **_):
            if self.step > 0:
                record.look(self.step, predict)
            self.step += 1
            return data

    method = {
        "eng": {
            "ng_algo": "ENG",
            "matrix_regularization": float(options.get("regularization", 1e-5)),
            "adaptive_matrix_regularization": True,
            "adaptive_matrix_regularization_min": float(options.get("floor", 1e-12)),
            "gram_solver": options.get("solver", "cholesky"),
        },
        "anagram": {"ng_algo": "ANaGRAM", "svd_threshold": float(options.get("threshold", 1e-4))},
        "nystrom": {"ng_algo": "NNG", "matrix_free": True},
    }[arguments.method]
    pinn = Pinn(
        Poisson(space, f, g), bc_type="weak",
        bc_weight=float(options.get("bc_weight", 2.0 * problem.dim)),
        default_lr=float(options.get("default_lr", 1e-2)),
        type_linesearch=options.get("search", "armijo"),
        data_linesearch={"n_step_max": 10, "m": 20, "interval": [0.0, 1.0]}, **method,
    )  # fmt: skip
    record.ready()
    pinn.solve(epochs=10**9, silent=True)


if __name__ == "__main__":
    main(solve)
