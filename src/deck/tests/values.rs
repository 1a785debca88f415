//! Keys that are unknown, values of the wrong type, out of range or not built.

use super::*;

#[test]
fn an_error_reads_well() {
    let error = read(&GOOD.replace("hidden", "hiden")).unwrap_err();
    let expected = "\
deck.toml:22: `network.hiden` is not a key of [network]
    hiden = [64]
    ^^^^^
  did you mean `hidden`?";
    assert_eq!(error.to_string(), expected);
    let error = read(&GOOD.replace("[64]", "[64, 0]")).unwrap_err();
    let expected = "\
deck.toml:22: `network.hidden[1]` cannot be 0
    hidden = [64, 0]
                  ^
  it must be a width from 1 to 1000000";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn unknown_keys() {
    bad(r#"
        1 | titel = "A plate" | titel | `titel` is not a key of the deck | did you mean `title`?
        21 | [netwrk] | netwrk | is not a key of | did you mean `network`?
        16 | conditon = "u = 0" | boundary[0].conditon | of [[boundary]] | did you mean `condition`?
        33 | colour = 3 | stop.colour | of [stop] | its keys are steps, seconds, energy, error, steady
    "#);
}

#[test]
fn keys_and_names_that_are_not_built() {
    bad(r#"
        4 | union = [] | domain.union | is not built in this version | remove it
        3 | shape = "union" | domain.shape | is not built in this version | available: box, ball or polygon
    "#);
}

#[test]
fn names_for_every_stage_are_one_or_a_list() {
    let steppers = |value: &str| {
        let deck = read(&GOOD.replace("dt = 1e-3", &format!("stepper = {value}"))).unwrap();
        deck.flow.stepper
    };
    let many = |names: &[StepperName]| Auto::Set(Many(names.to_vec()));
    assert_eq!(steppers("\"auto\""), Auto::Auto);
    assert_eq!(steppers("\"rk4\""), many(&[StepperName::Rk4]));
    assert_eq!(steppers("[\"rk4\"]"), many(&[StepperName::Rk4]));
    let both = [StepperName::Recursive, StepperName::Natural];
    assert_eq!(steppers("[\"recursive\", \"natural\"]"), many(&both));
    bad(r#"
        30 | solver = "kernl" | flow.solver | the string "kernl" | did you mean `kernel`?
        30 | solver = ["qr", "kernl"] | flow.solver[1] | the string "kernl" | did you mean `kernel`?
        30 | stepper = ["recursiv", "natural"] | flow.stepper[0] | "recursiv" | did you mean `recursive`?
        30 | stepper = ["recursive", "auto"] | flow.stepper[1] | "auto" | natural, recursive, stochastic
        30 | stepper = [] | flow.stepper | an empty list | auto, natural, recursive
        30 | stepper = [["natural"]] | flow.stepper[0] | a list of 1 | natural, recursive
        30 | stepper = 4 | flow.stepper | cannot be 4 | auto, natural
        29 | metric = ["l2", "h1"] | flow.metric | a list of 2 | auto, l2, h1 or energy
    "#);
}

#[test]
fn wrong_types_and_names() {
    bad(r#"
        1 | title = 3 | title | cannot be 3 | a string, in quotes
        22 | hidden = 64 | network.hidden | cannot be 64 | a list, each entry a whole number
        22 | hidden = [64, "a"] | network.hidden[1] | the string "a" | a whole number
        22 | hidden = [6.5] | network.hidden[0] | cannot be 6.5 | a whole number
        23 | activation = "tahn" | network.activation | "tahn" | did you mean `tanh`?
        23 | periodic = "x" | network.periodic | the string "x" | a list, each entry a string
        23 | fourier = 64 | network.fourier | cannot be 64 | { features = 64, scale = 3.0 }
        23 | fourier = { waves = 64 } | network.fourier.waves | is not a key | its keys are features, scale
        18 | type = "dirichlet" | boundary[1].type | is not a key of [[boundary]] | condition = "u = 0"
        23 | layers = 3 | network.layers | is not a key of [network] | hidden = [16, 16, 16]
        33 | epochs = 100 | stop.epochs | is not a key of [stop] | stop.seconds
        5 | t_end = 3 | domain.t_end | is not a key of [domain] | coordinates = ["x", "t"]
        18 | enforce = "strong" | boundary[1].enforce | the string "strong" | weak or hard
        23 | activation = "step" | network.activation | "step" | tanh, sin, gelu, softplus or relu
        25 | points = "many" | sampling.points | "many" | or "auto"
        25 | points = "atuo" | sampling.points | "atuo" | did you mean `auto`?
        26 | rule = "halton" | sampling.rule | the string "halton" | auto, random, sobol, gauss or adaptive
        25 | points = -5 | sampling.points | cannot be -5 | a whole number, 0 or more
        27 | resample = 0 | sampling.resample | cannot be 0 | a number of steps from 1
        7 | k = "2" | constants.k | the string "2" | a finite number
        7 | k = nan | constants.k | cannot be NaN | a finite number
        7 | k = 99999999999999999999 | constants.k | beyond 2^63 | a finite number
        10 | g = 3 | functions.g | cannot be 3 | a string, in quotes
        13 | equation = "" | problem.equation | is empty | remove the key
        13 | equation = [] | problem.equation | an empty list | a string or a list of 1 to 1000 strings
        13 | equation = ["u = f", 1] | problem.equation[1] | cannot be 1 | a string
        36 | fields = ["csv", "vtk"] | output.fields[1] | "vtk" | did you mean `vti`?
        31 | seed = 1979-05-27 | flow.seed | a date | a whole number
    "#);
    let text = GOOD
        .replace("[[boundary]]\non", "on")
        .replace("[[boundary]]", "[boundary]");
    let text = text.replace("condition = \"dn(u) = g\"\n", "");
    assert_says(
        read(&text),
        "boundary | deck.toml:15 | cannot be a table | in double brackets",
    );
    assert_says(
        read("network = 3"),
        "network | deck.toml:1 | cannot be 3 | [network]",
    );
}

#[test]
fn values_out_of_range() {
    bad(r#"
        5 | upper = [1.0, 0.0] | domain.upper[1] | cannot be 0.0 | greater than `domain.lower[1]`
        5 | upper = [1.0, inf] | domain.upper[1] | cannot be inf | a finite number
        5 | upper = [1.0] | domain.upper | length 1, `domain.lower` has length 2 | alike
        4 | lower = [] | domain.lower | an empty list | 1 to 1000 numbers
        3 | coordinates = ["x"] | domain.coordinates | a list of 1 | 2 names
        20 | weight = 0 | boundary[1].weight | cannot be 0 | greater than 0
        22 | hidden = [] | network.hidden | an empty list | 1 to 1000 widths
        22 | hidden = [2000000] | network.hidden[0] | cannot be 2000000 | 1 to 1000000
        22 | hidden = [1000000, 1000000] | network.hidden | parameters | smaller widths
        23 | fourier = { features = 0 } | network.fourier.features | cannot be 0 | from 1 to 1000000
        23 | fourier = { scale = -1 } | network.fourier.scale | cannot be -1 | greater than 0
        23 | input_scale = 0.0 | network.input_scale | cannot be 0.0 | greater than 0
        25 | points = 0 | sampling.points | cannot be 0 | 1 to 2^32
        25 | points = 2_000_000_000_000 | sampling.points | 2000000000000 | 1 to 2^32
        26 | cells = 2_000_000_000 | sampling.cells | 2000000000 | 1 to 2^24
        30 | dt = -1.0 | flow.dt | cannot be -1.0 | greater than 0
        30 | tolerance = 1.0 | flow.tolerance | cannot be 1.0 | less than 1
        30 | damping = -1.0 | flow.damping | cannot be -1.0 | 0 or more
        30 | cutoff = 1.0 | flow.cutoff | cannot be 1.0 | less than 1
        30 | momentum = 1.0 | flow.momentum | cannot be 1.0 | less than 1
        31 | seed = -1 | flow.seed | cannot be -1 | 0 or more
        33 | seconds = 0 | stop.seconds | cannot be 0 | greater than 0
        33 | steady = -1 | stop.steady | cannot be -1 | 0 or more
        36 | every = 0 | output.every | cannot be 0 | 1 or more
        37 | grid = [101, 0] | output.grid[1] | cannot be 0 | 1 or more
        37 | grid = [101] | output.grid | a list | 2 counts
        37 | grid = [1000000, 1000000] | output.grid | a list | 268435456 values
        39 | every = "10 parsec" | checkpoint.every | "10 parsec" | 10 min
        39 | every = 0 | checkpoint.every | cannot be 0 | steps from 1
    "#);
    let data = DATA.replace("[network]", "test_fraction = 1\n[network]");
    let says = "data.test_fraction | deck.toml:5 | cannot be 1 | less than 1";
    assert_says(read(&data), says);
}

#[test]
fn a_number_for_all_or_one_for_each() {
    bad(r#"
        23 | output_scale = 0.0 | network.output_scale | cannot be 0.0 | greater than 0
        23 | output_scale = [1, 2] | network.output_scale | a list | greater than 0
        23 | output_scale = [] | network.output_scale | an empty list | "auto"
    "#);
    let system = |weight: &str| {
        let law = "unknowns = [\"u\", \"v\"]\nequation = [\"u_x = v\", \"v_x = u\"]";
        read(&format!(
            "[domain]\nlower = [0]\nupper = [1]\n[problem]\nweight = {weight}\n{law}"
        ))
    };
    assert_eq!(system("[2, 3]").unwrap().problem.weight.each(2), [2.0, 3.0]);
    assert_eq!(system("2").unwrap().problem.weight.each(2), [2.0, 2.0]);
    for wrong in ["[1, 2, 3]", "[1, -2]"] {
        let says = "problem.weight | deck.toml:5 | cannot be a list | one for each equation";
        assert_says(system(wrong), says);
    }
    let data = DATA.replace("[network]", "weight = [1, 2]\n[network]");
    assert_says(
        read(&data),
        "data.weight | deck.toml:5 | cannot be a list | greater than 0",
    );
    let energy = "[domain]\nlower = [0]\nupper = [1]\n[problem]\nenergy = \"u_x^2\"\nweight = 2";
    assert_says(
        read(energy),
        "problem.weight | deck.toml:6 | is of equations | remove it",
    );
}

#[test]
fn text_that_is_not_toml() {
    let says = " | deck.toml:8 | duplicate key | key = value";
    assert_says(read(&GOOD.replace("a = 0.1", "k = 3")), says);
    let says = " | deck.toml:23 | missing comma | key = value";
    assert_says(read(&GOOD.replace("[64]", "[64")), says);
    let says = " | deck.toml:22 | this is not TOML | strings in quotes";
    assert_says(read(&GOOD.replace("[64]", "many")), says);
    let deep = format!("title = {}", "[".repeat(100_000));
    let says = " | deck.toml:1 | this is not TOML | key = value";
    assert_says(read(&deep), says);
    let long = "#".repeat(LONGEST + 1);
    assert_says(
        read(&long),
        " | deck.toml | longer than 10 MB | files of their own",
    );
    let error = Deck::open(Path::new("/no/such/deck.toml"), &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/no/such/deck.toml: cannot read the deck")
    );
}
