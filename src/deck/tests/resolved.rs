//! Defaults, and the deck written with all of them.

use super::*;

#[test]
fn defaults_are_filled_in() {
    let deck = read(DATA).unwrap();
    assert_eq!(deck.coordinates(), ["x", "y"]);
    assert_eq!(deck.problem.unknowns, ["u"]);
    assert_eq!(
        (deck.network.hidden.as_slice(), deck.network.input_scale),
        (&[16, 16, 16][..], 1.0)
    );
    assert_eq!((deck.stop.steps, deck.stop.energy), (10_000, Auto::Auto));
    assert_eq!(deck.checkpoint.every, Interval::Steps(100));
    assert_eq!(deck.data.unwrap().test_fraction, 0.1);
    let deck = read(GOOD).unwrap();
    assert_eq!(deck.checkpoint.every, Interval::Seconds(600.0));
    let condition = deck.boundary[1].law.text();
    assert_eq!(condition.key, "boundary[1].condition");
    assert_eq!(condition.place, "deck.toml:19");
    let error = condition.error("no such name `g`", "define it");
    assert!(
        error
            .to_string()
            .starts_with("deck.toml:19: `boundary[1].condition`: no such")
    );
    let names: Vec<&str> = deck.functions.0.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["g", "f"], "the order of the deck");
    let five = GOOD
        .replace("[0, 0]", "[0, 0, 0, 0]")
        .replace("[1.0, 1.0]", "[1, 1, 1, 1]");
    let five = five.replace("grid = [101, 101]\n", "");
    let error = read(&five).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("output.fields[1]"));
    let five = five.replace("\"vti\"", "\"npy\"");
    assert_eq!(read(&five).unwrap().coordinates(), ["x1", "x2", "x3", "x4"]);
}

#[test]
fn a_resolved_deck_reads_back_as_itself() {
    let mut deck = read(GOOD).unwrap();
    for text in [GOOD, DATA] {
        let deck = read(text).unwrap();
        assert_eq!(read(&deck.to_toml().unwrap()).unwrap(), deck);
    }
    let hard = GOOD.replace(
        "condition = \"u = 0\"",
        "condition = \"u = 0\"\nenforce = \"hard\"",
    );
    let embedded = "activation = \"tanh\"\nperiodic = [\"y\"]\nfourier = { scale = 0.7 }";
    let embedded = read(&hard.replace("activation = \"tanh\"", embedded)).unwrap();
    assert_eq!(read(&embedded.to_toml().unwrap()).unwrap(), embedded);
    assert_eq!(embedded.boundary[0].enforce, Enforce::Hard);
    assert_eq!(embedded.network.features(2), 2 + 1 + 2 * 64);
    // What the caller resolves is written as it is, to the last bit.
    deck.flow.dt = Auto::Set(0.1 + 0.2);
    deck.flow.cutoff = Auto::Set(f64::MIN_POSITIVE / 3.0);
    deck.stop.energy = Auto::Set(1e-20);
    deck.stop.steady = Auto::Set(f64::MAX);
    deck.flow.seed = (1 << 63) - 1;
    deck.flow.solver = Auto::Set(Many(vec![SolverName::Qr]));
    let stages = vec![StepperName::Recursive, StepperName::Natural];
    deck.flow.stepper = Auto::Set(Many(stages));
    deck.sampling.resample = Auto::Set(Resample::Every(7));
    deck.sampling.batch = Auto::Set(37);
    deck.sampling.rule = Auto::Set(RuleName::Sobol);
    deck.problem.law = Some(Law::Equation(vec![
        Text::new("", "u = \"1\""),
        Text::new("", "v"),
    ]));
    deck.checkpoint.every = Interval::Seconds(1.0 / 3.0);
    let text = deck.to_toml().unwrap();
    assert!(
        text.starts_with("# ") && text.contains("resample = 7"),
        "{text}"
    );
    for line in ["solver = \"qr\"", "stepper = [\"recursive\", \"natural\"]"] {
        assert!(text.lines().any(|l| l == line), "{text}");
    }
    assert_eq!(read(&text).unwrap(), deck);
}

#[test]
fn limits_and_output_do_not_make_another_run() {
    let deck = read(GOOD).unwrap();
    let other = GOOD
        .replace("500", "900")
        .replace("101", "11")
        .replace("10 min", "2 h");
    let other = read(&other.replace("A plate", "The plate")).unwrap();
    assert_ne!(deck, other);
    assert_eq!(deck.without_limits(), other.without_limits());
    let other = read(&GOOD.replace("seed = 7", "seed = 8")).unwrap();
    assert_ne!(deck.without_limits(), other.without_limits());
}
