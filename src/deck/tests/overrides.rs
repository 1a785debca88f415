//! `--set key=value` over a deck.

use super::*;

#[test]
fn overrides_are_laid_over_the_deck() {
    let pairs = [
        ("network.hidden", "[64,64]"),
        ("flow.seed", "3"),
        ("flow.method", "sgd"),
        ("boundary.0.weight", "10"),
        ("boundary[1].condition", "dn(u) = 2*g"),
        ("stop.seconds", "1e3"),
        ("checkpoint.every", "30 s"),
        ("constants.k", "5"),
    ];
    let overrides = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let deck = Deck::from_toml(GOOD, "deck.toml", &overrides).unwrap();
    assert_eq!(deck.network.hidden, [64, 64]);
    assert_eq!((deck.flow.seed, deck.flow.method), (3, MethodName::Sgd));
    assert_eq!(deck.boundary[0].weight, Auto::Set(10.0));
    assert_eq!(deck.boundary[1].law.text().text, "dn(u) = 2*g");
    assert_eq!(deck.stop.seconds, Some(1000.0));
    assert_eq!(deck.checkpoint.every, Interval::Seconds(30.0));
    assert_eq!(deck.constants.0[0].value, 5.0);
    assert_eq!(deck.to_toml().unwrap().matches("[[boundary]]").count(), 2);
}

#[test]
fn bad_overrides_are_named_as_the_place() {
    let table = r#"
        network.hiden=[64] | network.hiden | is not a key of [network] | did you mean `hidden`?
        netwrk.hidden=3 | netwrk | is not a key of the deck | did you mean `network`?
        flow.seed=many | flow.seed | the string "many" | a whole number
        flow.method=sdg | flow.method | the string "sdg" | did you mean `sgd`?
        boundary.7.weight=1 | boundary.7.weight | `boundary` has no entry `7` | counted from 0
        boundary.0.weight=0 | boundary[0].weight | cannot be 0 | greater than 0
        flow.seed.x=1 | flow.seed.x | `flow.seed` is a value | set `flow.seed` itself
        network..hidden=1 | network..hidden | is not a key | --set network.hidden=[64,64]
        =1 | | is not a key | --set
    "#;
    for row in rows(table) {
        let [set, key, message, cure] = cells(row);
        let (name, value) = set.split_once('=').unwrap();
        let says = format!("{key} | --set {set} | {message} | {cure}");
        assert_says(overridden(GOOD, name, value), &says);
    }
    let long = "a.".repeat(1_000_000);
    assert!(overridden(GOOD, &long, "1").unwrap_err().to_string().len() < 1000);
}
