//! Checkpoints, with wrong and with right checksums.

use super::Tally;
use crate::common::{self, set, solve};
use crate::mutation::Mutation;
use ned_dist::deck::Deck;
use ned_dist::problem::build;
use ned_dist::run::{Identity, Plan, State, Store, Waiting};
use ned_dist::stepper::Best;
use sha2::{Digest, Sha256};
use std::fs;

/// A checkpoint file of a state that nobody would have saved, with a right checksum.
fn sealed(payload: &[u8], version: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let checksum = Sha256::digest(payload);
    [b"NED-DIST", version, &length, &checksum, payload].concat()
}

const RUNS: [(&str, &str); 5] = [
    ("flow.method", "ned"),
    ("flow.method", "lbfgs"),
    ("flow.method", "adam"),
    ("flow.method", "sgd"),
    ("flow.stepper", "natural"),
];

/// A small run of so many steps.
fn steps(count: &'static str, run: (&'static str, &'static str)) -> Vec<(String, String)> {
    let mut pairs = common::STAGED.to_vec();
    pairs.retain(|pair| pair.0 != "stop.steps");
    pairs.extend([run, ("stop.steps", count)]);
    set(&pairs)
}

#[test]
fn spoilt_checkpoints_are_refused_or_resumed() {
    let text = common::starter("poisson-2d");
    for (seed, run) in (0..).zip(RUNS) {
        let folder = tempfile::tempdir().unwrap();
        solve(text, &steps("3", run), 1, 1, Some(folder.path()));
        let mut deck = Deck::from_toml(text, "test.toml", &steps("3", run)).unwrap();
        let problem = build(&mut deck, None).unwrap();
        Plan::of(&mut deck, &problem).unwrap();
        let identity = Identity::of(&deck, &problem).unwrap();
        let good = fs::read(folder.path().join("checkpoint/state.ned")).unwrap();
        let (version, payload) = (&good[8..12], &good[52..]);
        assert_eq!(sealed(payload, version), good);

        let mut tally = Tally::default();
        let mut mutation = Mutation::new(seed);
        let mut resumed = 0;
        for _ in 0..400 {
            let spoilt = mutation.bytes(&good);
            assert!(spoilt == good || State::from_bytes(&spoilt).is_err());
            let bytes = sealed(&mutation.bytes(payload), version);
            let state = State::from_bytes(&bytes);
            let fits = state.map_err(|e| e.to_string()).and_then(|state| {
                let same = state.problem == identity.problem;
                state.check(identity.size).map(|()| same)
            });
            if fits == Ok(true) && resumed < 40 {
                resumed += 1;
                fs::write(folder.path().join("checkpoint/state.ned"), &bytes).unwrap();
                // Whether it can go on or not, it ends.
                let _ = common::resume(text, &steps("5", run), folder.path());
            }
            tally.count(fits);
        }
        tally.assert_varied(4);
        assert!(resumed > 0);
    }
}

#[test]
fn a_state_that_no_run_leads_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = common::starter("poisson-2d");
    let overrides = steps("3", ("flow.method", "ned"));
    solve(text, &overrides, 1, 1, Some(folder.path()));
    let store = Store::new(folder.path().join("checkpoint"));
    let good = store.load().unwrap().unwrap().state;
    type Spoil = fn(&mut State);
    let spoils: [Spoil; 10] = [
        |s| s.stage = 7,
        |s| s.step = u64::MAX,
        |s| s.seconds = f64::NAN,
        |s| s.seconds = -1.0,
        |s| s.steady.1 = u32::MAX,
        |s| s.attempts.made = u32::MAX,
        |s| s.theta.clear(),
        |s| s.theta.push(0.0),
        |s| {
            let (theta, memory) = (s.theta.clone(), s.memory.clone());
            s.waiting.push(Waiting { theta, memory });
        },
        |s| {
            let (energy, theta) = (0.0, Vec::new());
            s.best = Some(Best { energy, theta });
        },
    ];
    for (index, spoil) in spoils.into_iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        store.clear().unwrap();
        store.save(&bad).unwrap();
        let error = common::resume(text, &overrides, folder.path()).unwrap_err();
        let says = error.to_string();
        assert!(says.contains("no checkpoint is whole"), "{index}: {says}");
    }
    // The one before it is taken where it is right.
    store.clear().unwrap();
    store.save(&good).unwrap();
    store.save(&State { stage: 7, ..good }).unwrap();
    assert!(common::resume(text, &overrides, folder.path()).is_ok());
}
