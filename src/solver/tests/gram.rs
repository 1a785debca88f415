//! K by factors is A Aᵀ of the rows written out, on any number of ranks.

use super::*;
use crate::solver::gram::gram;

/// Value, slope and Laplacian inside, the value alone at the ends; layers that are cheaper by columns,
/// and one that is cheaper by streams.
fn fixture(points: usize) -> Fixture {
    let law = "equation = \"u_xx + u^2 = exp(x)\"\n[[boundary]]\ncondition = \"u = 0\"";
    Fixture::deep(law, Metric::Energy, points, &[5, 24, 24])
}

/// The lower triangle.
fn lower(k: &Mat<f64>) -> Vec<f64> {
    let n = k.nrows();
    let entries = (0..n).flat_map(|j| (j..n).map(move |i| k[(i, j)]));
    entries.collect()
}

#[test]
fn the_kernel_of_the_factors_is_that_of_the_rows() {
    // Less than a block, and several with cells across their edges.
    for points in [7, 300] {
        fixture(points).on(&Solo, 0, |flow| {
            let theta = flow.problem.network.initial(&mut stream(0));
            for tangent in [flow.factored_tangent(&theta), flow.tangent(&theta, false)] {
                let a = dense(&tangent);
                let exact = &a * a.transpose();
                let k = gram(&tangent).unwrap();
                assert!(gap(&lower(&k), &lower(&exact)) < 1e-14, "{points} points");
            }
        });
    }
}

#[test]
fn products_with_factored_rows_are_those_with_the_rows() {
    fixture(60).on(&Solo, 0, |flow| {
        let theta = flow.problem.network.initial(&mut stream(0));
        let [factored, plain] = [flow.factored_tangent(&theta), flow.tangent(&theta, true)];
        assert_eq!(factored.here.energies, plain.here.energies);
        let pulled = [&factored, &plain].map(|tangent| tangent.pull(&tangent.here));
        assert!(gap(&pulled[0], &pulled[1]) < 1e-13);
        let pushed = [&factored, &plain].map(|tangent| {
            let moved = tangent.push(&tangent.here, &theta);
            tangent.gather(&moved)
        });
        assert!(gap(&pushed[0], &pushed[1]) < 1e-13);
    });
}

#[test]
fn all_ranks_and_threads_make_the_same_bits() {
    let fixture = fixture(200);
    let work = |comm: &dyn Comm| {
        fixture.on(comm, 0, |flow| {
            let theta = flow.problem.network.initial(&mut stream(0));
            let tangent = flow.factored_tangent(&theta);
            let inverse = Kernel { damping: 1e-6 }.factor(&tangent, 1.0).unwrap();
            inverse.direction(&tangent, &tangent.here)
        })
    };
    let alone = work(&Solo);
    for ranks in [2, 3] {
        assert!(team(ranks, |comm| work(comm)).iter().all(|d| *d == alone));
    }
    for threads in [1, 2, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        assert_eq!(pool.build().unwrap().install(|| work(&Solo)), alone);
    }
}

/// The numbers that a network starts from.
fn stream(seed: u64) -> rand_xoshiro::Xoshiro256PlusPlus {
    crate::sampling::stream(seed, crate::sampling::Purpose::Network, 0, 0)
}
