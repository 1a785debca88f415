//! Runge–Kutta methods as data: their Butcher tableaus.
//!
//! A method of s stages for θ' = f(θ) is
//!
//! ```text
//! k_i = f(θ + dt Σ_{j<i} a_ij k_j),   θ_new = θ + dt Σ_i b_i k_i,
//! ```
//!
//! and an embedded pair has second weights b̂ of one order less, whose result differs from the first
//! by the error dt Σ_i (b_i − b̂_i) k_i. Conditions of order: Hairer, Nørsett, Wanner, Solving Ordinary
//! Differential Equations I, 1993, ch. II.1 (doi:10.1007/978-3-540-78862-1).

/// An explicit Runge–Kutta method.
#[derive(Debug)]
pub struct Tableau {
    /// The name in the deck.
    pub name: &'static str,
    /// Order p: the error over a given time is of the order of dt^p.
    pub order: u32,
    /// a_ij of the stages after the first, a row each.
    pub stages: &'static [&'static [f64]],
    /// b, a weight per stage.
    pub weights: &'static [f64],
    /// b − b̂ with b̂ of order p − 1; empty where no second method is embedded.
    pub error: &'static [f64],
}

/// Euler's method.
pub const EULER: Tableau = Tableau {
    name: "euler",
    order: 1,
    stages: &[],
    weights: &[1.0],
    error: &[],
};

/// The classical method of order four (Kutta 1901).
pub const RK4: Tableau = Tableau {
    name: "rk4",
    order: 4,
    stages: &[&[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    weights: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    error: &[],
};

/// The pair of orders 3 and 2 of Bogacki and Shampine (1989, doi:10.1016/0893-9659(89)90079-7).
/// Gradient flows are stiff, and then stability, not order, bounds dt: for the work of a stage this
/// pair takes one and a half times the step of Dormand and Prince's 5(4).
pub const BOGACKI_SHAMPINE: Tableau = Tableau {
    name: "adaptive",
    order: 3,
    stages: &[&[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]],
    weights: &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0],
    error: &[-5.0 / 72.0, 1.0 / 12.0, 1.0 / 9.0, -1.0 / 8.0],
};

impl Tableau {
    /// Whether the last stage is taken at θ_new, so that it is the first one of the next step.
    pub fn ends_where_it_arrives(&self) -> bool {
        match (self.stages.last(), self.weights.split_last()) {
            (Some(row), Some((last, weights))) => *last == 0.0 && weights == *row,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest order up to 4 whose conditions the weights satisfy.
    fn order(tableau: &Tableau, b: &[f64]) -> u32 {
        let a = |i: usize, j: usize| match i.checked_sub(1) {
            Some(row) => tableau.stages[row].get(j).copied().unwrap_or(0.0),
            None => 0.0,
        };
        let n = 0..b.len();
        let times_a = |v: &[f64]| -> Vec<f64> {
            let row = |i: usize| v.iter().enumerate().map(|(j, v)| a(i, j) * v).sum();
            n.clone().map(row).collect()
        };
        let sum = |v: &[f64]| b.iter().zip(v).map(|(b, v)| b * v).sum::<f64>();
        let c = times_a(&vec![1.0; b.len()]);
        let power = |k: i32| c.iter().map(|c| c.powi(k)).collect::<Vec<f64>>();
        let mixed: Vec<f64> = c.iter().zip(times_a(&c)).map(|(c, v)| c * v).collect();
        let conditions: [&[[f64; 2]]; 4] = [
            &[[sum(&power(0)), 1.0]],
            &[[sum(&c), 1.0 / 2.0]],
            &[[sum(&power(2)), 1.0 / 3.0], [sum(&times_a(&c)), 1.0 / 6.0]],
            &[
                [sum(&power(3)), 1.0 / 4.0],
                [sum(&mixed), 1.0 / 8.0],
                [sum(&times_a(&power(2))), 1.0 / 12.0],
                [sum(&times_a(&times_a(&c))), 1.0 / 24.0],
            ],
        ];
        let holds = |all: &&&[[f64; 2]]| all.iter().all(|[is, must]| (is - must).abs() < 1e-14);
        conditions.iter().take_while(holds).count() as u32
    }

    #[test]
    fn every_method_has_the_order_it_says() {
        for tableau in [EULER, RK4, BOGACKI_SHAMPINE] {
            assert_eq!(order(&tableau, tableau.weights), tableau.order);
            assert_eq!(tableau.stages.len() + 1, tableau.weights.len());
            for (before, row) in tableau.stages.iter().enumerate() {
                assert_eq!(row.len(), before + 1, "{} is explicit", tableau.name);
            }
        }
    }

    #[test]
    fn the_embedded_method_is_one_order_lower() {
        let Tableau { weights, error, .. } = BOGACKI_SHAMPINE;
        let embedded: Vec<f64> = weights.iter().zip(error).map(|(b, e)| b - e).collect();
        assert_eq!(order(&BOGACKI_SHAMPINE, &embedded), 2);
    }

    #[test]
    fn one_method_ends_where_it_arrives() {
        assert!(BOGACKI_SHAMPINE.ends_where_it_arrives());
        assert!(!RK4.ends_where_it_arrives() && !EULER.ends_where_it_arrives());
    }
}
