"""The problems of the comparison, their points and their errors, the same for every peer.

-lap(u) = f in the unit cube, u = g on its faces, u* known. The energy is what ned-dist minimises,
E = 1/2 int_cube (lap(u) + f)^2 + 1/2 int_faces (u - g)^2, by a quadrature with weights w:
in two dimensions Gauss-Legendre's tensor grid (30 x 30 points and 30 on each edge, the rule that
launch/problems/poisson-2d.toml has by default), in five independent uniform points, equal weights.
"""

import math
from dataclasses import dataclass

import numpy as np

TEST_POINTS = 4096  # as many as ned-dist takes
TEST_SEED = 20230731


@dataclass(frozen=True)
class Problem:
    """A Poisson problem, the network 'dim - hidden - 1' with tanh, the numbers of points."""

    name: str
    deck: str  # below launch/problems
    dim: int
    hidden: tuple
    interior: int
    boundary: int
    settings: tuple = ()  # what ned-dist is told beside the deck

    @property
    def sizes(self):
        return (self.dim, *self.hidden, 1)

    @property
    def parameters(self):
        return sum(m * n + n for m, n in zip(self.sizes, self.sizes[1:]))

    def exact(self, x):
        """u* at the rows of x, (n, d) -> (n,)."""
        if self.dim == 2:
            return np.prod(np.sin(math.pi * x), axis=1)
        return np.sum(np.cos(math.pi * x), axis=1)

    def source(self, x):
        """f = -lap(u*), (n, d) -> (n,)."""
        return math.pi**2 * (2.0 if self.dim == 2 else 1.0) * self.exact(x)

    def samples(self, seed, interior=None, boundary=None):
        """Points and weights inside and on the faces: x (n, d), w (n,), y (m, d), v (m,)."""
        n, m = interior or self.interior, boundary or self.boundary
        if self.dim == 2:
            return *gauss_square(round(n**0.5)), *gauss_edges(m // 4)
        rng = np.random.default_rng(seed)
        x = rng.random((n, self.dim))
        y = rng.random((m, self.dim))
        face = rng.integers(2 * self.dim, size=m)
        y[np.arange(m), face // 2] = face % 2
        return x, np.full(n, 1.0 / n), y, np.full(m, 2.0 * self.dim / m)

    def test(self):
        """Random points that no peer trains on, and u* there."""
        x = np.random.default_rng(TEST_SEED).random((TEST_POINTS, self.dim))
        return x, self.exact(x)


def gauss_rule(n):
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return 0.5 * (nodes + 1.0), 0.5 * weights


def gauss_square(n):
    t, w = gauss_rule(n)
    return np.stack(np.meshgrid(t, t, indexing="ij"), -1).reshape(-1, 2), np.outer(w, w).ravel()


def gauss_edges(n):
    t, w = gauss_rule(n)
    zero, one = np.zeros(n), np.ones(n)
    edges = [(zero, t), (one, t), (t, zero), (t, one)]
    return np.concatenate([np.stack(edge, -1) for edge in edges]), np.tile(w, 4)


_FIVE = ("sampling.points=3000", "sampling.boundary_points=500")

PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("poisson-2d", "poisson-2d.toml", 2, (64,), 900, 120),
        Problem("poisson-5d", "poisson-5d.toml", 5, (64,), 3000, 500, _FIVE),
        Problem("poisson-5d-deep", "poisson-5d.toml", 5, (64, 64, 48, 48), 3000, 500,
                (*_FIVE, "network.hidden=[64,64,48,48]")),
    )
}  # fmt: skip
