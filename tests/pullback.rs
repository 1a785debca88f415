//! Jets against differences in x, pullbacks and changes against differences in θ, factors against rows: every
//! activation, layout and depth, every embedding of the coordinates, and boundary values built in.

#![allow(clippy::needless_range_loop, clippy::unwrap_used)]

use faer::Mat;
use ned_dist::expression::{Derivative, Function, Pool, Symbol};
use ned_dist::jet::{Jets, Layout};
use ned_dist::network::{Activation, Affine, Ansatz, Embedding, Factors, Lift, Mlp, Network};
use ned_dist::sampling::{Purpose, stream};
use rand::RngExt;

const DIM: usize = 3;

fn jet(derivative: Derivative) -> Symbol {
    Symbol::Jet {
        unknown: 0,
        derivative,
    }
}

fn layouts() -> Vec<Layout> {
    use Derivative::{First, Laplacian, Second};
    let lists: [&[Derivative]; 5] = [
        &[],
        &[First(0)],
        &[Laplacian],
        &[Second(0, 0), Second(0, 2), Second(1, 2)],
        &[Laplacian, Second(1, 1), Second(0, 1)],
    ];
    let layout = |list: &[Derivative]| {
        let symbols: Vec<Symbol> = list.iter().copied().map(jet).collect();
        Layout::of(DIM, &symbols)
    };
    lists.into_iter().map(layout).collect()
}

const LOWER: [f64; DIM] = [-1.0, 0.0, 2.0];
const UPPER: [f64; DIM] = [1.0, 0.5, 5.0];

/// A map of two outputs.
fn output() -> Affine {
    Affine {
        scale: vec![2.0, 0.5],
        shift: vec![-1.0, 3.0],
    }
}

/// Every kind of network, each with two unknowns.
fn networks() -> Vec<Box<dyn Network>> {
    let mut networks: Vec<Box<dyn Network>> = Vec::new();
    for activation in Activation::ALL {
        for hidden in [&[5][..], &[4, 5], &[3, 4, 3], &[]] {
            let input = Affine::box_to_unit(&LOWER, &UPPER, 1.3);
            networks.push(Box::new(Mlp::new(hidden, activation, input, output())));
        }
    }
    for embedding in embeddings() {
        for hidden in [&[4, 3][..], &[]] {
            let mlp = Mlp::new(hidden, Activation::Tanh, embedding.clone(), output());
            networks.push(Box::new(mlp));
        }
    }
    networks.push(ansatz(Affine::box_to_unit(&LOWER, &UPPER, 1.0).into()));
    networks.push(ansatz(embeddings().swap_remove(2)));
    networks
}

/// Circles, random waves, both; on a box long enough for differences to follow the waves.
fn embeddings() -> Vec<Embedding> {
    let embedding = |periodic: &[usize], waves: usize| {
        let mut rng = stream(1, Purpose::Features, 0, 0);
        let circles = Embedding::of_box(&LOWER, &[3.0, 5.0, 8.0], 1.0, periodic);
        circles.with_fourier(waves, 0.3, &mut rng)
    };
    vec![
        embedding(&[1], 0),
        embedding(&[0, 1, 2], 0),
        embedding(&[2], 2),
        embedding(&[], 3),
    ]
}

/// u = x y² + sin(x z) N, and v free. The layouts of the first half are announced, the others are met.
fn ansatz(input: Embedding) -> Box<dyn Network> {
    let mut pool = Pool::new();
    let [x, y, z] = [0, 1, 2].map(|axis| pool.symbol(Symbol::Coordinate(axis)));
    let square = pool.powi(y, 2);
    let phase = pool.mul(x, z);
    let u = Lift {
        value: pool.mul(x, square),
        factor: pool.apply(Function::Sin, phase),
    };
    let v = Lift::none(&mut pool);
    let mlp = Mlp::new(&[4, 3], Activation::Sin, input, output());
    let announced = layouts().into_iter().take(3);
    Box::new(Ansatz::new(Box::new(mlp), &pool, vec![u, v], announced))
}

fn points(n: usize) -> Mat<f64> {
    let mut rng = stream(7, Purpose::Training, 0, 0);
    Mat::from_fn(n, DIM, |_, _| rng.random_range(-0.5..1.5))
}

fn theta(network: &dyn Network) -> Vec<f64> {
    network.initial(&mut stream(3, Purpose::Network, 0, 0))
}

fn jets(network: &dyn Network, theta: &[f64], x: &Mat<f64>, layout: &Layout) -> Jets {
    network.trace(theta, x.as_ref(), layout).into_jets()
}

fn close(a: f64, b: f64, scale: f64, what: &str) {
    assert!(
        (a - b).abs() < 2e-7 * (scale + a.abs().max(b.abs())),
        "{what}: {a} {b}"
    );
}

#[test]
fn jets_agree_with_differences_in_x() {
    let h = 1e-5;
    let x = points(4);
    let shifted = |axis: usize, by: f64| {
        Mat::from_fn(4, DIM, |i, j| x[(i, j)] + if j == axis { by } else { 0.0 })
    };
    let gradient = Layout::of(DIM, &[jet(Derivative::First(0))]);
    for network in networks() {
        let theta = theta(network.as_ref());
        for layout in layouts() {
            let all = jets(network.as_ref(), &theta, &x, &layout);
            for unknown in 0..2 {
                let mut laplacian = [0.0; 4];
                for axis in 0..DIM {
                    let [low, high] = [-h, h]
                        .map(|by| jets(network.as_ref(), &theta, &shifted(axis, by), &gradient));
                    let slope = |stream: usize, i: usize| {
                        let [l, u] = [&low, &high].map(|j| j.stream(unknown, stream)[i]);
                        (u - l) / (2.0 * h)
                    };
                    for i in 0..4 {
                        if layout.has_first() {
                            let first = all.stream(unknown, layout.first(axis))[i];
                            close(first, slope(0, i), 1.0, "first");
                        }
                        laplacian[i] += slope(gradient.first(axis), i);
                        for (stream, a, b) in layout.second() {
                            if b == axis {
                                let second = all.stream(unknown, stream)[i];
                                // relu has no second derivative where it bends.
                                close(second, slope(gradient.first(a), i), 1.0, "second");
                            }
                        }
                    }
                }
                if let Some(stream) = layout.laplacian() {
                    for i in 0..4 {
                        close(
                            all.stream(unknown, stream)[i],
                            laplacian[i],
                            1.0,
                            "laplacian",
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn rows_and_gradients_agree_with_differences_in_theta() {
    let (n, h) = (4, 1e-5);
    let x = points(n);
    let mut rng = stream(11, Purpose::Training, 0, 1);
    for network in networks() {
        let theta = theta(network.as_ref());
        for layout in layouts() {
            let cotangent = cotangent(&layout, n, &mut rng);
            let trace = network.trace(&theta, x.as_ref(), &layout);
            let mut rows = Mat::zeros(n, network.parameters());
            trace.rows(&cotangent, &mut rows, 0);
            let gradient = trace.gradient(&cotangent);
            for k in 0..network.parameters() {
                let moved = |by: f64| {
                    let mut moved = theta.clone();
                    moved[k] += by;
                    jets(network.as_ref(), &moved, &x, &layout)
                };
                let [low, high] = [-h, h].map(moved);
                let mut sum = 0.0;
                for i in 0..n {
                    let mut slope = 0.0;
                    for unknown in 0..2 {
                        for stream in 0..layout.streams() {
                            let [l, u, c] =
                                [&low, &high, &cotangent].map(|j| j.stream(unknown, stream)[i]);
                            slope += c * (u - l) / (2.0 * h);
                        }
                    }
                    close(rows[(i, k)], slope, 10.0, "row");
                    sum += slope;
                }
                close(gradient[k], sum, 10.0, "gradient");
            }
        }
    }
}

/// A cotangent of random numbers.
fn cotangent(layout: &Layout, n: usize, rng: &mut impl RngExt) -> Jets {
    let mut cotangent = Jets::zeros(layout, n, 2);
    for unknown in 0..2 {
        for stream in 0..layout.streams() {
            let numbers = cotangent.stream_mut(unknown, stream).iter_mut();
            numbers.for_each(|c| *c = rng.random_range(-1.0..1.0));
        }
    }
    cotangent
}

#[test]
fn factors_stand_for_the_rows() {
    let (n, x) = (4, points(4));
    let mut rng = stream(11, Purpose::Training, 0, 2);
    for network in networks() {
        let (theta, p) = (theta(network.as_ref()), network.parameters());
        for layout in layouts() {
            let trace = network.trace(&theta, x.as_ref(), &layout);
            // Two cotangents at each point, one below the other.
            let pair = [(); 2].map(|()| cotangent(&layout, n, &mut rng));
            let mut rows = Mat::zeros(2 * n, p);
            trace.rows(&pair[0], &mut rows, 0);
            trace.rows(&pair[1], &mut rows, n);
            let factors = Factors::stacked(&pair.map(|c| trace.factors(&c).unwrap()));
            assert_eq!((factors.rows, factors.streams()), (2 * n, layout.streams()));
            let step: Vec<f64> = (0..p).map(|k| (k as f64).sin()).collect();
            let mut moved = vec![0.0; 2 * n];
            factors.push(&step, &mut moved);
            for (i, moved) in moved.iter().enumerate() {
                let mut unit = vec![0.0; 2 * n];
                unit[i] = 1.0;
                let mut row = vec![0.0; p];
                factors.pull(&unit, &mut row);
                for (k, entry) in row.iter().enumerate() {
                    close(*entry, rows[(i, k)], 1e-6, "entry");
                }
                let exact: f64 = (0..p).map(|k| rows[(i, k)] * step[k]).sum();
                close(*moved, exact, 1e-6, "push");
            }
            // A Aᵀ by streams, and by the columns of each layer.
            let mut products = [(); 2].map(|()| Mat::<f64>::zeros(2 * n, 2 * n));
            for layer in &factors.layers {
                layer.add_product(layer, &mut products[0]);
                let columns = layer.columns(0..layer.adjoints.ncols());
                products[1] += &columns * columns.transpose();
            }
            let exact = &rows * rows.transpose();
            for product in products {
                assert!((&product - &exact).norm_l2() < 1e-12 * exact.norm_l2());
            }
        }
    }
}

#[test]
fn changes_agree_with_differences_along_a_direction_and_with_the_rows() {
    let (n, h) = (5, 1e-5);
    let x = points(n);
    for network in networks() {
        let (theta, p) = (theta(network.as_ref()), network.parameters());
        let direction: Vec<f64> = (0..p).map(|k| (1.0 + (k * k) as f64).sin()).collect();
        for layout in layouts() {
            let trace = network.trace(&theta, x.as_ref(), &layout);
            let change = trace.push(&direction);
            let moved = |by: f64| {
                let step = theta.iter().zip(&direction).map(|(t, d)| t + by * d);
                jets(network.as_ref(), &step.collect::<Vec<_>>(), &x, &layout)
            };
            let [low, high] = [-h, h].map(moved);
            for unknown in 0..2 {
                for stream in 0..layout.streams() {
                    let mut cotangent = Jets::zeros(&layout, n, 2);
                    cotangent.stream_mut(unknown, stream).fill(1.0);
                    let mut rows = Mat::zeros(n, p);
                    trace.rows(&cotangent, &mut rows, 0);
                    for i in 0..n {
                        let found = change.stream(unknown, stream)[i];
                        let [l, u] = [&low, &high].map(|j| j.stream(unknown, stream)[i]);
                        close(found, (u - l) / (2.0 * h), 100.0, "difference");
                        let terms: Vec<f64> = (0..p).map(|k| rows[(i, k)] * direction[k]).collect();
                        let size: f64 = terms.iter().map(|t| t.abs()).sum();
                        let gap = (found - terms.iter().sum::<f64>()).abs();
                        assert!(gap <= 1e-13 * size, "row: {gap:e} of {size}");
                    }
                }
            }
        }
    }
}
