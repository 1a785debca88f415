"""JAX as a good user would write it: Gauss-Newton steps for the weighted residuals, jitted, float64.

The residuals r(theta) (n,) are sqrt(w) (lap(u) + f) inside and sqrt(v) (u - g) on the faces, their
Jacobian J is the vmap of grad over points. The Laplacian is carried forward through the layers
together with value and gradient, one pass (Li et al. 2024, Nature Machine Intelligence 6, 209,
doi 10.1038/s42256-024-00794-x), cheaper than nested jvp or jax.experimental.jet for this network.

  engd    min |J d - r| by SVD, then the best of 31 steps 2^0 .. 2^-30: energy natural gradient
          descent (Mueller & Zeinhofer, ICML 2023, arXiv 2302.13163). Their code solves the Gram
          matrix's system by lstsq; here J itself is factored (QR, then the SVD of R), whose
          condition is the root of the Gram matrix's.
  lm      Levenberg-Marquardt: (J'J + lambda I) d = J'r by the QR of [J; sqrt(lambda) I] or by
          Cholesky, lambda by the gain ratio (Nielsen 1999, IMM-REP-1999-05), one trial a step.
  spring  for many parameters: a fresh batch each step, d = mu d + J'(J J' + lambda I)^-1 (r - mu J d)
          (Goldshlager, Abrahamsen, Lin 2024, arXiv 2401.10190; for such networks Guzman-Cordero,
          Dangel, Goldshlager, Zeinhofer 2025, arXiv 2505.12149), then the same line search.
"""

import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular

from record import main

jax.config.update("jax_enable_x64", True)


def initial(sizes, seed, kind):
    """Weights and biases: 'small' 0.1 N(0, 1) as in the code of the ENGD paper, 'uniform' as in torch."""
    layers = []
    for key, m, n in zip(jax.random.split(jax.random.PRNGKey(seed), len(sizes)), sizes, sizes[1:]):
        if kind == "small":
            both = 0.1 * jax.random.normal(key, (n, m + 1))
        else:
            both = jax.random.uniform(key, (n, m + 1), minval=-1.0, maxval=1.0) / m**0.5
        layers.append((both[:, :m], both[:, m]))
    return layers


def value(layers, x):
    """u at a point."""
    for weights, bias in layers[:-1]:
        x = jnp.tanh(weights @ x + bias)
    weights, bias = layers[-1]
    return (weights @ x + bias)[0]


def laplacian(layers, x):
    """lap(u) at a point: (h, dh, lap h) goes through every layer."""
    (weights, bias), *rest = layers
    h, dh, lap = weights @ x + bias, weights.T, jnp.zeros_like(bias)
    for weights, bias in rest:
        t = jnp.tanh(h)
        slope = 1.0 - t * t
        bend = -2.0 * t * slope
        h, dh, lap = t, slope * dh, slope * lap + bend * jnp.sum(dh * dh, axis=0)
        h, dh, lap = weights @ h + bias, dh @ weights.T, weights @ lap
    return lap[0]


class System:
    """Residuals and Jacobian of a problem as functions of theta and of the points."""

    def __init__(self, problem, seed, kind):
        self.theta, self.layers = ravel_pytree(initial(problem.sizes, seed, kind))
        self.predict = jax.jit(jax.vmap(self.value, (None, 0)))

    def value(self, theta, x):
        return value(self.layers(theta), x)

    def laplacian(self, theta, x):
        return laplacian(self.layers(theta), x)

    def residuals(self, theta, data):
        (x, w, f), (y, v, g) = data
        inside = jax.vmap(self.laplacian, (None, 0))(theta, x) + f
        faces = jax.vmap(self.value, (None, 0))(theta, y) - g
        return jnp.concatenate([jnp.sqrt(w) * inside, jnp.sqrt(v) * faces])

    def jacobian(self, theta, data):
        (x, w, _), (y, v, _) = data
        inside = jax.vmap(jax.grad(self.laplacian), (None, 0))(theta, x)
        faces = jax.vmap(jax.grad(self.value), (None, 0))(theta, y)
        return jnp.concatenate([jnp.sqrt(w)[:, None] * inside, jnp.sqrt(v)[:, None] * faces])

    def energy(self, theta, data):
        r = self.residuals(theta, data)
        return 0.5 * jnp.vdot(r, r)

    def line_search(self, theta, d, data, steps):
        """theta - s d for the best s of a grid."""
        energies = jax.lax.map(lambda s: self.energy(theta - s * d, data), steps)
        return theta - steps[jnp.nanargmin(energies)] * d


def sampled(problem, samples):
    x, w, y, v = samples
    return (x, w, problem.source(x)), (y, v, problem.exact(y))


def triangle(jacobian, r, damping=None):
    """R and Q'r of J = Q R (of [J; sqrt(damping) I], if damped), Q never formed."""
    rows = jnp.concatenate([jacobian, r[:, None]], axis=1)
    if damping is not None:
        p = jacobian.shape[1]
        rows = jnp.concatenate([rows, jnp.sqrt(damping) * jnp.eye(p, p + 1)])
    upper = jnp.linalg.qr(rows, mode="r")
    return upper[:-1, :-1], upper[:-1, -1]


def pseudo_inverse(jacobian, r, rcond):
    """The shortest d of least |J d - r|, singular values below rcond of the largest cut off."""
    upper, c = triangle(jacobian, r)
    u, s, vt = jnp.linalg.svd(upper, full_matrices=False)
    kept = s > rcond * s[0]
    return vt.T @ (jnp.where(kept, 1.0 / jnp.where(kept, s, 1.0), 0.0) * (u.T @ c))


def engd(system, options):
    rcond = float(options.get("rcond", 1e-12))
    steps = 0.5 ** jnp.arange(float(options.get("grid", 31)))

    def step(state, data):
        theta = state
        d = pseudo_inverse(system.jacobian(theta, data), system.residuals(theta, data), rcond)
        return system.line_search(theta, d, data, steps)

    return step, system.theta, lambda state: state


def damped(jacobian, r, damping, solver):
    """d of least |J d - r|^2 + damping |d|^2."""
    if solver == "cholesky":
        gram = jacobian.T @ jacobian + damping * jnp.eye(jacobian.shape[1])
        return cho_solve(cho_factor(gram), jacobian.T @ r)
    upper, c = triangle(jacobian, r, damping)
    return solve_triangular(upper, c)


def lm(system, options):
    solver = options.get("solver", "qr")
    floor = float(options.get("floor", 1e-26))

    def step(state, data):
        theta, damping, growth = state
        r, jacobian = system.residuals(theta, data), system.jacobian(theta, data)
        d = damped(jacobian, r, damping, solver)
        change = jacobian @ d
        promised = jnp.vdot(change, r) - 0.5 * jnp.vdot(change, change)
        kept = 0.5 * jnp.vdot(r, r) - system.energy(theta - d, data)
        gain = kept / promised
        good = (kept > 0.0) & (gain > 0.0)
        shrink = jnp.maximum(float(options.get("shrink", 0.1)), 1.0 - (2.0 * gain - 1.0) ** 3)
        return (
            jnp.where(good, theta - d, theta),
            jnp.maximum(damping * jnp.where(good, shrink, growth), floor),
            jnp.where(good, 2.0, 2.0 * growth),
        )

    return step, (system.theta, float(options.get("damping", 1e-1)), 2.0), lambda state: state[0]


def spring(system, options):
    momentum, damping = float(options.get("momentum", 0.8)), float(options.get("damping", 1e-6))
    steps = 0.5 ** jnp.arange(float(options.get("grid", 13)))

    def step(state, data):
        theta, d = state
        jacobian = system.jacobian(theta, data)
        r = system.residuals(theta, data) - momentum * (jacobian @ d)
        kernel = jacobian @ jacobian.T + damping * jnp.eye(len(r))
        d = momentum * d + jacobian.T @ cho_solve(cho_factor(kernel), r)
        return system.line_search(theta, d, data, steps), d

    return step, (system.theta, jnp.zeros_like(system.theta)), lambda state: state[0]


METHODS = {"engd": engd, "lm": lm, "spring": spring}


def solve(problem, seed, record, arguments):
    options = arguments.options
    system = System(problem, seed, options.get("init", "uniform"))
    step, state, theta_of = METHODS[arguments.method](system, options)
    batch = int(options.get("batch", 0))
    sizes = (batch * 6 // 7, batch // 7) if batch else (None, None)
    fresh = batch > 0 or options.get("fresh") == "true"
    data = sampled(problem, problem.samples(seed, *sizes))
    state = jax.tree.map(jnp.asarray, state)
    step = jax.jit(step).lower(state, data).compile()
    np.asarray(system.predict(system.theta, record.points))
    record.ready()
    number, looked = 0, 0.0
    while True:
        if fresh and number > 0:
            data = sampled(problem, problem.samples((seed, number), *sizes))
        state = jax.block_until_ready(step(state, data))
        number += 1
        if time.time() - looked > 0.02:
            record.look(number, partial(system.predict, theta_of(state)))
            looked = time.time()


if __name__ == "__main__":
    main(solve)
