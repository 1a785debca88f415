//! `[flow]`: how the parameters move: method, metric, solver, stepper and their settings.

use super::auto::Auto;
use super::cursor::Cursor;
use super::error::DeckError;
use super::many::Many;
use super::read::{Read, names};
use super::suggest::{either, nearest, shorten};
use serde::Serialize;
use std::str::FromStr;

/// The flow of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// The flow itself or a baseline.
    pub method: MethodName,
    /// The metric of the function space.
    pub metric: Auto<MetricName>,
    /// How G θ' = −g is solved.
    pub solver: Auto<Many<SolverName>>,
    /// How the flow is followed in time.
    pub stepper: Auto<Many<StepperName>>,
    /// The time step, above 0; of `adaptive` the first one, of `sgd` and `adam` the rate.
    pub dt: Auto<f64>,
    /// Error of a step of `adaptive` over the way of the unknowns until then, above 0 and below 1.
    pub tolerance: Auto<f64>,
    /// Damping of `cholesky`, `kernel` and `cg` relative to G, at least 0.
    pub damping: Auto<f64>,
    /// Cutoff of the singular values of `qr` relative to the largest, at least 0 and below 1.
    pub cutoff: Auto<f64>,
    /// Momentum of `sgd` and `stochastic`, at least 0 and below 1.
    pub momentum: Auto<f64>,
    /// The seed of every random number, below 2^63.
    pub seed: u64,
}

names! {
    /// The names of methods.
    MethodName {
        /// Neural Energy Descent.
        Ned = "ned",
        /// Gradient descent with momentum, a baseline.
        Sgd = "sgd",
        /// Gradient descent with a rate for every parameter, a baseline.
        Adam = "adam",
        /// A quasi-Newton method, a baseline.
        Lbfgs = "lbfgs",
    }
    later []
}

names! {
    /// The names of metrics.
    MetricName {
        /// L²: B = (1, 0, 0).
        L2 = "l2",
        /// H¹: B = (1, ∇, 0).
        H1 = "h1",
        /// The energy's own: Gauss–Newton.
        Energy = "energy",
    }
    later []
}

names! {
    /// The names of solvers.
    SolverName {
        /// The damped normal equations.
        Cholesky = "cholesky",
        /// The weighted rows are factored, then truncated.
        Qr = "qr",
        /// The dual, for fewer samples than parameters.
        Kernel = "kernel",
        /// Conjugate gradients without any matrix, for many parameters and many samples.
        Cg = "cg",
        /// G = 1: plain gradient descent.
        Steepest = "steepest",
    }
    later []
}

names! {
    /// The names of steppers.
    StepperName {
        /// The natural-level rule.
        Natural = "natural",
        /// Efficient NED on fresh subsets of the points, in the metric of the subsets before.
        Recursive = "recursive",
        /// Efficient NED on fresh subsets of the points, by small time steps.
        Stochastic = "stochastic",
        /// Explicit Euler.
        Euler = "euler",
        /// The classical Runge–Kutta method.
        Rk4 = "rk4",
        /// An embedded Runge–Kutta pair that keeps to a tolerance.
        Adaptive = "adaptive",
        /// Recursive and natural, on the Euler–Lagrange equation of the energy.
        Stationary = "stationary",
    }
    later []
}

impl Flow {
    /// The flow by another method: what was set for the one of the deck is left open.
    pub fn by(&self, method: MethodName) -> Self {
        if method == self.method {
            return self.clone();
        }
        Self {
            method,
            metric: Auto::Auto,
            solver: Auto::Auto,
            stepper: Auto::Auto,
            dt: Auto::Auto,
            tolerance: Auto::Auto,
            damping: Auto::Auto,
            cutoff: Auto::Auto,
            momentum: Auto::Auto,
            seed: self.seed,
        }
    }
}

impl FromStr for MethodName {
    type Err = DeckError;

    fn from_str(name: &str) -> Result<Self, DeckError> {
        let found = Self::ALL.iter().find(|method| method.name() == name);
        found.copied().ok_or_else(|| {
            let names = Self::names();
            let cure = match nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", either(&names)),
            };
            DeckError::new(format!("`{}` is not a method", shorten(name)), cure)
        })
    }
}

impl Read for Flow {
    fn what() -> String {
        "a table, begun by [flow]".to_owned()
    }

    fn read(at: &Cursor<'_>) -> Result<Option<Self>, DeckError> {
        let known = &[
            "method",
            "metric",
            "solver",
            "stepper",
            "dt",
            "tolerance",
            "damping",
            "cutoff",
            "momentum",
            "seed",
        ];
        let Some(table) = at.table(known, &[])? else {
            return Ok(None);
        };
        let flow = Self {
            method: table.or("method", MethodName::Ned)?,
            metric: table.or("metric", Auto::Auto)?,
            solver: table.or("solver", Auto::Auto)?,
            stepper: table.or("stepper", Auto::Auto)?,
            dt: table.or("dt", Auto::Auto)?,
            tolerance: table.or("tolerance", Auto::Auto)?,
            damping: table.or("damping", Auto::Auto)?,
            cutoff: table.or("cutoff", Auto::Auto)?,
            momentum: table.or("momentum", Auto::Auto)?,
            seed: table.or("seed", 0)?,
        };
        let share = |value: &f64| (0.0..1.0).contains(value);
        table.check("dt", flow.dt.all(|dt| *dt > 0.0), "greater than 0")?;
        table.check(
            "tolerance",
            flow.tolerance.all(|t| *t > 0.0 && *t < 1.0),
            "greater than 0 and less than 1",
        )?;
        table.check("damping", flow.damping.all(|d| *d >= 0.0), "0 or more")?;
        table.check(
            "cutoff",
            flow.cutoff.all(share),
            "at least 0 and less than 1",
        )?;
        table.check(
            "momentum",
            flow.momentum.all(share),
            "at least 0 and less than 1",
        )?;
        Ok(Some(flow))
    }
}
