//! Tiles against one dense matrix, and against themselves on other ranks and threads.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::comm::{Comm, Solo, team_with_threads};
use crate::flow::Metric;
use crate::flow::fixture::{Fixture, dense, gap};
use crate::solver::damped::factor_damped;

/// Tiles of a symmetric matrix for this rank.
fn cut(comm: &dyn Comm, order: usize, entry: &dyn Fn(usize, usize) -> f64) -> Gram {
    let grid = Grid::of(order, &Shares::even(comm.size(), comm.size()));
    let places: Vec<usize> = (0..grid.ranks.len()).collect();
    let here = grid
        .ranks
        .iter()
        .zip(&places)
        .filter(|pair| *pair.0 == comm.rank());
    let here: Vec<usize> = here.map(|(_, &place)| place).collect();
    let cyclic = grid.cyclic;
    let tile = |[i, j]: [usize; 2]| {
        let [rows, columns] = [i, j].map(|k| cyclic.span(k));
        let entry = |a, b| entry(rows.start + a, columns.start + b);
        ([i, j], Mat::from_fn(rows.len(), columns.len(), entry))
    };
    let tiles = cyclic.tiles_at(&here).into_iter().map(tile).collect();
    Gram { grid, tiles }
}

/// Positive definite for margins above 0: waves of all lengths on the unit matrix.
fn entry(i: usize, j: usize, margin: f64) -> f64 {
    let wave = |k: usize| ((k * k) as f64 * 0.37).sin();
    let off = wave(i) * wave(j) + ((i + 2) as f64).sqrt().cos() * ((j + 2) as f64).sqrt().cos();
    off + if i == j { margin } else { 0.0 }
}

fn bits(x: &[f64]) -> Vec<u64> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// Orders below, at and above a tile, and of a last tile of one row.
const ORDERS: [usize; 5] = [7, TILE, TILE + 1, 2 * TILE + 40, 5 * TILE + 3];

#[test]
fn every_grid_has_a_tile_at_every_place_and_wastes_few_ranks() {
    assert_eq!(
        [1, 2, 3, 4, 6, 7, 13].map(shape).map(|[r, c]| r * c),
        [1, 2, 3, 4, 6, 7, 12]
    );
    for ranks in 1..70 {
        let [r, c] = shape(ranks);
        assert!(r <= c && r * c <= ranks && 8 * r * c >= 7 * ranks);
        for tiles in 1..12 {
            let cyclic = Cyclic {
                order: tiles * TILE - 1,
                grid: full_shape(ranks, tiles),
            };
            assert!(cyclic.places() <= ranks);
            let all = (0..cyclic.places()).map(|place| cyclic.tiles_at(&[place]).len());
            assert!(all.clone().all(|count| count > 0), "{cyclic:?}");
            assert_eq!(all.sum::<usize>(), tiles * (tiles + 1) / 2);
        }
    }
}

#[test]
fn the_factor_is_that_of_the_dense_matrix() {
    for order in ORDERS {
        let entry = |i, j| entry(i, j, 0.5);
        let b: Vec<f64> = (0..order).map(|i| (i as f64).sin()).collect();
        let whole = factor_damped(&Mat::from_fn(order, order, entry), 1e-3).unwrap();
        let lower = cut(&Solo, order, &entry).factored(&Solo, 1e-3);
        assert_eq!(lower.damping, Some(whole.damping));
        for (&[i, j], tile) in &lower.tiles {
            let [rows, columns] = [i, j].map(|k| lower.grid.cyclic.span(k).start);
            for b in 0..tile.ncols() {
                for a in if i == j { b } else { 0 }..tile.nrows() {
                    let gap = tile[(a, b)] - whole.lower[(rows + a, columns + b)];
                    assert!(gap.abs() < 1e-12, "{order}: [{i}, {j}] by {gap}");
                }
            }
        }
        assert!(gap(&lower.solve(&Solo, &b), &whole.solve(&b)) < 1e-11);
    }
}

#[test]
fn solutions_have_the_same_bits_on_any_number_of_ranks_and_threads() {
    for order in ORDERS {
        let b: Vec<f64> = (0..order).map(|i| (i as f64).cos()).collect();
        let solve = |comm: &dyn Comm| {
            let gram = cut(comm, order, &|i, j| entry(i, j, 1e-3));
            bits(&gram.factored(comm, 1e-9).solve(comm, &b))
        };
        let expected = solve(&Solo);
        for (ranks, threads) in [
            (1, 2),
            (1, 4),
            (2, 1),
            (2, 2),
            (3, 1),
            (4, 2),
            (5, 1),
            (8, 1),
        ] {
            let got = team_with_threads(ranks, threads, solve);
            assert!(
                got.iter().all(|x| *x == expected),
                "{order}: {ranks} x {threads}"
            );
        }
    }
}

/// A negative eigenvalue or a number that is none may show in any column.
#[test]
fn all_ranks_raise_the_damping_alike() {
    let order = 3 * TILE + 5;
    for bad in [0, TILE + 9, order - 1] {
        let indefinite = |i, j| match i == j && i == bad {
            true => -0.02,
            false => entry(i, j, 1.0),
        };
        let spoilt = |i, j| match [i, j] == [order - 1, bad] {
            true => f64::NAN,
            false => entry(i, j, 1.0),
        };
        let find = |comm: &dyn Comm| {
            let first = cut(comm, order, &indefinite).factored(comm, 1e-6);
            let x = first.solve(comm, &vec![1.0; order]);
            let none = cut(comm, order, &spoilt).factored(comm, 1e-6);
            assert_eq!(none.damping, None);
            let here = first.grid.ranks.contains(&comm.rank());
            (here.then_some(first.damping), bits(&x))
        };
        let expected = find(&Solo);
        let dense = factor_damped(&Mat::from_fn(order, order, indefinite), 1e-6).unwrap();
        assert_eq!(expected.0, Some(Some(dense.damping)));
        assert!(dense.damping > 1e-3);
        for ranks in [2, 3, 4, 5, 8] {
            for (damping, x) in team_with_threads(ranks, 1, find) {
                assert!(damping.is_none_or(|damping| Some(damping) == expected.0));
                assert_eq!(x, expected.1);
            }
        }
    }
}

/// Rows, products, sums and their parts: as many as a node takes and far more, in cells of a few.
#[test]
fn sums_are_the_product_of_all_rows_with_the_same_bits_on_any_number_of_ranks() {
    for (points, waves) in [(40, 70), (300, 160), (900, 150)] {
        let problem = Fixture::new("equation = \"u = sin(3*x)\"", Metric::Energy, points, waves);
        let p = problem.parameters();
        let of = |comm: &dyn Comm| {
            problem.on(comm, 0, |flow| {
                let tangent = flow.tangent(&problem.theta(), true);
                let sum = gram(&tangent);
                let bits = |(&key, tile): (&[usize; 2], &Mat<f64>)| {
                    let columns = (0..tile.ncols()).flat_map(|j| bits(tile.col_as_slice(j)));
                    (key, columns.collect::<Vec<u64>>())
                };
                sum.tiles.iter().map(bits).collect::<BTreeMap<_, _>>()
            })
        };
        let truth = problem.on(&Solo, 0, |flow| {
            dense(&flow.tangent(&problem.theta(), true))
        });
        let truth = truth.transpose() * &truth;
        let expected = of(&Solo);
        for (&[i, j], bits) in &expected {
            let rows = Cyclic {
                order: p,
                grid: [1, 1],
            }
            .span(i)
            .len();
            for (entry, &bits) in bits.iter().enumerate() {
                let [a, b] = [i * TILE + entry % rows, j * TILE + entry / rows];
                let gap = f64::from_bits(bits) - truth[(a, b)];
                assert!(a < b || gap.abs() < 1e-11 * truth[(a, a)].max(1.0), "{gap}");
            }
        }
        for (ranks, threads) in [(1, 4), (2, 1), (3, 2), (4, 1), (5, 1), (8, 1)] {
            let mut all = BTreeMap::new();
            for part in team_with_threads(ranks, threads, of) {
                for (key, tile) in part {
                    assert!(all.insert(key, tile).is_none(), "{key:?} twice");
                }
            }
            assert!(all == expected, "{points} points on {ranks} x {threads}");
        }
    }
}
