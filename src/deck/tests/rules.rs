//! Sections that contradict each other, or miss one another.

use super::*;

#[test]
fn parts_that_contradict_or_miss_each_other() {
    bad(r#"
        14 | energy = "u^2" | problem.energy | are both given | keep one
        14 | exact = ["x", "y"] | problem.exact | has length 2 for the unknowns u | one expression per unknown
    "#);
    let text = GOOD.replace("condition = \"dn(u) = g\"\n", "");
    let says = r#"boundary[1].condition | deck.toml:17 | is missing | condition = "u = 0""#;
    assert_says(read(&text), says);
}

#[test]
fn sections_that_need_each_other() {
    let says = "problem | deck.toml | states no problem | add [problem]";
    assert_says(read("title = \"nothing\""), says);
    let says = "problem.equation | deck.toml:2 | needs a domain | add [domain]";
    assert_says(read("[problem]\nequation = \"u = 1\"\n"), says);
    let says = "problem.energy | deck.toml:2 | needs a domain | add [domain]";
    assert_says(read("[problem]\nenergy = \"u^2\"\n"), says);

    let condition = "[[boundary]]\ncondition = \"u = 0\"\n";
    let says = "boundary[0] | deck.toml:7 | need an equation | remove [[boundary]]";
    assert_says(read(&format!("{DATA}{condition}")), says);
    let domain = "[domain]\nlower = [0, 0]\nupper = [1, 1]\n";
    let says = "boundary[0] | deck.toml:10 | need an equation | remove [[boundary]]";
    assert_says(read(&format!("{DATA}{domain}{condition}")), says);
    let says = r#"data.inputs | deck.toml:3 | not the coordinates | inputs = ["s", "t"]"#;
    let named = format!("{DATA}{domain}coordinates = [\"s\", \"t\"]\n");
    assert_says(read(&named), says);

    let exact = GOOD.replace("exact =", "# exact =");
    let says = "stop.error | deck.toml:34 | needs the exact solution | add `exact";
    assert_says(read(&exact), says);
    let relu = GOOD.replace("\"tanh\"", "\"relu\"");
    let says = "network.activation | deck.toml:23 | second derivative | tanh, sin";
    assert_says(read(&relu), says);
    let four = "[domain]\nlower = [0, 0, 0, 0]\nupper = [1, 1, 1, 1]\n\
                [problem]\nequation = \"u = 1\"\n[sampling]\nrule = \"gauss\"\n";
    let says = r#"sampling.rule | deck.toml:7 | up to 3 dimensions | "random""#;
    assert_says(read(four), says);
    let says = "domain.upper | deck.toml:1 | is missing | upper = [1.0, 1.0]";
    assert_says(read("[domain]\nlower = [0]\n"), says);
}

#[test]
fn periodic_coordinates_and_hard_conditions() {
    bad(r#"
        23 | periodic = ["x", "t"] | network.periodic[1] | the string "t" | must be x or y
        23 | periodic = ["x", "x"] | network.periodic[1] | names `x` twice | name it once
    "#);
    let says = "network.periodic | deck.toml:7 | needs a domain | add [domain]";
    assert_says(read(&format!("{DATA}periodic = [\"x\"]\n")), says);
    let hard = GOOD.replace("weight = 10", "weight = 10\nenforce = \"hard\"");
    let says = "boundary[1].weight | deck.toml:20 | cannot be 10 | left out where enforce";
    assert_says(read(&hard), says);
    let energy = GOOD.replace(
        "condition = \"u = 0\"",
        "energy = \"u^2\"\nenforce = \"hard\"",
    );
    let says = "boundary[0].energy | deck.toml:16 | cannot be built into | a condition of the form";
    assert_says(read(&energy), says);
}

#[test]
fn rules_of_sampling_that_do_not_suit() {
    let with = |rule: &str, resample: &str| {
        let text = GOOD.replace("\"random\"", &format!("{rule:?}"));
        text.replace("resample = \"auto\"", &format!("resample = {resample}"))
    };
    let says = "sampling.resample | deck.toml:27 | same at every draw | rule = \"random\"";
    assert_says(read(&with("gauss", "true")), says);
    let good = [
        ("gauss", "false"),
        ("adaptive", "5"),
        ("adaptive", "false"),
        ("sobol", "true"),
    ];
    for good in good {
        assert!(read(&with(good.0, good.1)).is_ok());
    }
    let energy =
        with("adaptive", "\"auto\"").replace("equation = \"-lap(u) = f\"", "energy = \"u^2\"");
    let says = "sampling.rule | deck.toml:26 | residual of an equation | `problem.equation`";
    assert_says(read(&energy), says);
}

#[test]
fn names_that_cannot_be() {
    bad(r#"
        3 | coordinates = ["x", "x"] | domain.coordinates[1] | already the name of a coordinate | another
        3 | coordinates = ["x", "2y"] | domain.coordinates[1] | is not a name | another
        7 | x = 2 | constants.x | already the name of a coordinate | another
        7 | u = 2 | constants.u | already the name of an unknown | another
        7 | pi = 2 | constants.pi | a meaning of its own | another
        7 | "two words" = 2 | constants.two words | is not a name | another
        10 | k = "x" | functions.k | already the name of a constant | another
    "#);
    let text = GOOD.replace("exact =", "unknowns = [\"y\"]\nexact =");
    let says = "problem.unknowns[0] | deck.toml:14 | name of a coordinate | another";
    assert_says(read(&text), says);
}
