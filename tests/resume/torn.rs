//! Histories and checkpoints that were torn.

use super::{NEWEST, append, assert_same, go_on, interrupted, noise, tear};
use crate::common::state;
use ned_dist::run::Store;
use std::fs;

#[test]
fn what_the_history_holds_beyond_the_checkpoint_is_cut_off() {
    let (_folder, whole, parts) = interrupted(&[]);
    append(&parts.join("history.csv"), "5,0,0,junk\n6,half a li");
    go_on("poisson-2d", &[], 10, 1, &parts);
    assert_same(&parts, &whole, "after junk");
}

#[test]
fn it_is_cut_off_even_if_nothing_is_recorded_any_more() {
    let seldom = [("output.every", "4")];
    let (_folder, _, parts) = interrupted(&seldom);
    let before = fs::read_to_string(parts.join("history.csv")).unwrap();
    append(&parts.join("history.csv"), "5,0,0,junk\n");
    go_on("poisson-2d", &seldom, 7, 1, &parts);
    let after = fs::read_to_string(parts.join("history.csv")).unwrap();
    assert_eq!(after, before);
}

#[test]
fn a_torn_checkpoint_falls_back_to_the_one_before_it() {
    let often = [("checkpoint.every", "2")];
    let (_folder, whole, parts) = interrupted(&often);
    tear(&parts.join(NEWEST));
    assert_eq!(state(&parts).step, 4);
    go_on("poisson-2d", &often, 10, 1, &parts);
    assert_same(&parts, &whole, "after a torn checkpoint");
}

#[test]
fn noise_for_a_checkpoint_falls_back_to_the_one_before_it() {
    let often = [("checkpoint.every", "2")];
    let (_folder, whole, parts) = interrupted(&often);
    fs::write(parts.join(NEWEST), noise()).unwrap();
    go_on("poisson-2d", &often, 10, 3, &parts);
    assert_same(&parts, &whole, "after noise");
}

#[test]
fn a_torn_checkpoint_never_takes_the_place_of_a_whole_one() {
    let (_folder, _, parts) = interrupted(&[]);
    go_on("poisson-2d", &[], 6, 1, &parts);
    tear(&parts.join(NEWEST));
    go_on("poisson-2d", &[], 8, 1, &parts);
    // Were the new checkpoint lost as well, the one that the run went on from is still there.
    tear(&parts.join(NEWEST));
    let found = Store::new(parts.join("checkpoint")).load();
    assert!(found.is_ok(), "{}", found.unwrap_err());
}
