//! One tree, whoever owns the cells: its shape, its bits, its memory.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::comm::{Solo, team, team_with_threads};
use std::collections::BTreeMap;

/// Terms of very different size: any other order of summation gives other bits.
fn term(cell: usize) -> f64 {
    let x = (cell as f64 + 1.0) * 0.7310585786300049;
    (x * 1e3).sin() * 10f64.powi((cell * 7 % 23) as i32 - 11)
}

/// Shares of a regular, a front-heavy and an irregular cost.
fn shares_of(cells: usize, ranks: usize) -> Vec<Shares> {
    let costs: [fn(usize) -> f64; 3] = [
        |_| 1.0,
        |cell| 1.0 / (cell as f64 + 1.0),
        |cell| (cell * 31 % 17) as f64,
    ];
    let cut = |cost: &fn(usize) -> f64| {
        Shares::balanced(&(0..cells).map(cost).collect::<Vec<_>>(), ranks).unwrap()
    };
    costs.iter().map(cut).collect()
}

/// Written as `(left right)`: neither commutative nor associative.
fn spelt(comm: &dyn Comm, shares: &Shares) -> Option<String> {
    let text = |data: Vec<f64>| data.iter().map(|&c| c as u8 as char).collect::<String>();
    let wire = |text: String| text.bytes().map(f64::from).collect::<Vec<f64>>();
    let leaf = |cell: usize| wire(cell.to_string());
    tree_fold(comm, shares, &leaf, &|left, right| {
        wire(format!("({} {})", text(left), text(right)))
    })
    .map(text)
}

#[test]
fn the_tree_is_the_stated_one() {
    let one = |cells| Shares::balanced(&vec![1.0; cells], 1).unwrap();
    assert_eq!(spelt(&Solo, &one(1)).unwrap(), "0");
    assert_eq!(spelt(&Solo, &one(3)).unwrap(), "((0 1) 2)");
    assert_eq!(spelt(&Solo, &one(7)).unwrap(), "(((0 1) (2 3)) ((4 5) 6))");
    assert_eq!(
        spelt(&Solo, &one(9)).unwrap(),
        "((((0 1) (2 3)) ((4 5) (6 7))) 8)"
    );
}

#[test]
fn every_cut_gives_the_same_tree() {
    for cells in [1, 2, 3, 5, 8, 13, 16, 31, 33, 64] {
        let expected = spelt(&Solo, &shares_of(cells, 1)[0]);
        for ranks in [1, 2, 3, 4, 5, 8, 16]
            .into_iter()
            .filter(|&ranks| ranks <= cells)
        {
            for shares in shares_of(cells, ranks) {
                let got = team(ranks, |comm| spelt(comm, &shares));
                assert_eq!(got[0], expected, "{shares:?}");
                assert!(got[1..].iter().all(Option::is_none));
            }
        }
    }
}

#[test]
fn every_cut_into_three_gives_the_same_tree() {
    let expected = spelt(&Solo, &shares_of(19, 1)[0]);
    for first in 1..18 {
        for second in first + 1..19 {
            let costs: Vec<f64> = (0..19)
                .map(|cell| f64::from([0, first, second].contains(&cell)))
                .collect();
            let shares = Shares::balanced(&costs, 3).unwrap();
            assert_eq!(
                team(3, |comm| spelt(comm, &shares))[0],
                expected,
                "{shares:?}"
            );
        }
    }
}

/// A text for every part that is here.
#[derive(Default)]
struct Texts(BTreeMap<usize, String>);

impl Wire for Texts {
    fn pack(self) -> Vec<f64> {
        let line = |(part, text)| format!("{part}:{text};");
        let lines: String = self.0.into_iter().map(line).collect();
        lines.bytes().map(f64::from).collect()
    }

    fn unpack(data: Vec<f64>) -> Self {
        let lines: String = data.iter().map(|&c| c as u8 as char).collect();
        let line = |line: &str| {
            let (part, text) = line.split_once(':').unwrap();
            (part.parse().unwrap(), text.to_string())
        };
        Self(lines.split_terminator(';').map(line).collect())
    }
}

impl Parted for Texts {
    fn take(&mut self, parts: &[usize]) -> Self {
        let taken = parts
            .iter()
            .map(|part| (*part, self.0.remove(part).unwrap()));
        Self(taken.collect())
    }

    fn unite(mut self, other: Self) -> Self {
        for (part, text) in other.0 {
            assert_eq!(self.0.insert(part, text), None, "part {part} twice");
        }
        self
    }
}

fn scattered(comm: &dyn Comm, shares: &Shares, homes: &[usize]) -> Option<Texts> {
    let parts = homes.len();
    let leaf = |cell: usize| Texts((0..parts).map(|part| (part, cell.to_string())).collect());
    let merge = |left: Texts, right: Texts| {
        assert!(left.0.keys().eq(right.0.keys()));
        let pairs = left.0.into_iter().zip(right.0.into_values());
        Texts(
            pairs
                .map(|((part, l), r)| (part, format!("({l} {r})")))
                .collect(),
        )
    };
    tree_scatter(comm, shares, homes, &leaf, &merge)
}

#[test]
fn every_part_comes_home_by_the_same_tree() {
    for cells in [1, 2, 3, 5, 8, 13, 31, 33] {
        let expected = spelt(&Solo, &shares_of(cells, 1)[0]).unwrap();
        for ranks in [1, 2, 3, 4, 5, 8, 13]
            .into_iter()
            .filter(|&ranks| ranks <= cells)
        {
            let homes: [Vec<usize>; 3] = [
                (0..ranks).collect(),
                vec![ranks - 1],
                (0..3 * ranks).map(|part| part * part % ranks).collect(),
            ];
            for (shares, homes) in shares_of(cells, ranks).iter().zip(homes.iter().cycle()) {
                let got = team(ranks, |comm| scattered(comm, shares, homes));
                for (rank, texts) in got.into_iter().enumerate() {
                    let texts = texts.unwrap_or_default().0;
                    let here = (0..homes.len()).filter(|&part| homes[part] == rank);
                    assert!(texts.keys().copied().eq(here), "{shares:?} {homes:?}");
                    assert!(texts.into_values().all(|text| text == expected));
                }
            }
        }
    }
}

#[test]
fn parts_come_home_where_many_ranks_own_no_cell() {
    let shares = Shares::even(3, 7);
    let homes = shares.owners();
    assert_eq!(homes.len(), 3);
    let got = team(7, |comm| {
        scattered(comm, &shares, &homes).map(|texts| texts.0)
    });
    let alone = |rank| homes.iter().position(|&home| home == rank);
    for (rank, texts) in got.into_iter().enumerate() {
        let expected = alone(rank).map(|part| BTreeMap::from([(part, "((0 1) 2)".into())]));
        assert_eq!(texts, expected);
    }
}

#[test]
fn sums_have_the_same_bits_on_any_number_of_ranks_and_threads() {
    let cells = 301;
    let leaf = |cell: usize| vec![term(cell), term(cell + 1000), 1.0];
    let bits = |sum: Vec<f64>| sum.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    let expected = bits(tree_sum(&Solo, &shares_of(cells, 1)[0], 3, &leaf));
    let plain = (0..cells).map(term).sum::<f64>().to_bits();
    assert_ne!(
        expected[0], plain,
        "the terms do not tell one order from another"
    );
    for ranks in [1, 2, 3, 4, 5, 8, 16] {
        for threads in [1, 2, 4] {
            for shares in shares_of(cells, ranks) {
                let got = team_with_threads(ranks, threads, |comm| {
                    bits(tree_sum(comm, &shares, 3, &leaf))
                });
                assert!(
                    got.iter().all(|sum| *sum == expected),
                    "{ranks} x {threads}"
                );
            }
        }
    }
}

#[test]
fn ranks_without_a_cell_do_not_change_the_sum() {
    for cells in [1, 3, 5] {
        let leaf = |cell: usize| vec![term(cell), 1.0];
        let bits = |sum: Vec<f64>| sum.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        let expected = bits(tree_sum(&Solo, &Shares::even(cells, 1), 2, &leaf));
        for ranks in [2, 3, 4, 7, 16, 33, 64] {
            let shares = Shares::even(cells, ranks);
            let got = team(ranks, |comm| bits(tree_sum(comm, &shares, 2, &leaf)));
            assert!(got.iter().all(|sum| *sum == expected), "{cells} on {ranks}");
        }
    }
}

#[test]
fn no_more_values_live_than_a_path_of_the_tree() {
    use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
    let (live, most) = (AtomicIsize::new(0), AtomicIsize::new(0));
    team_with_threads(1, 1, |comm| {
        let leaf = |_| {
            most.fetch_max(live.fetch_add(1, SeqCst) + 1, SeqCst);
            vec![1.0]
        };
        let merge = |left: Vec<f64>, _| {
            live.fetch_sub(1, SeqCst);
            left
        };
        tree_fold(comm, &shares_of(1024, 1)[0], &leaf, &merge)
    });
    assert_eq!(most.into_inner(), 11);
}
