//! Decks that ask for more than any memory holds.

use super::{check, refused};

/// A deck in the unit box with an equation and what follows it.
fn deck(dim: usize, equation: &str, rest: &str) -> String {
    let [lower, upper] = [0, 1].map(|end| vec![end; dim]);
    format!(
        "[domain]\nlower = {lower:?}\nupper = {upper:?}\n[problem]\nequation = {equation:?}\n{rest}"
    )
}

#[test]
fn counts_that_no_memory_holds_are_refused() {
    let plate = |rest: &str| deck(2, "lap(u) = 1", rest);
    for (rest, words) in [
        (
            "[sampling]\npoints = 1e18",
            &["sampling.points", "whole number"][..],
        ),
        (
            "[sampling]\npoints = 1_000_000_000_000_000_000",
            &["sampling.points", "2^32"],
        ),
        (
            "[sampling]\ncells = 1_000_000_000",
            &["sampling.cells", "2^24"],
        ),
        (
            "[network]\nhidden = [1000000, 1000000]",
            &["network.hidden", "smaller widths"],
        ),
        (
            "[output]\ngrid = [4294967296, 4294967296]",
            &["output.grid", "at most 268435456"],
        ),
        (
            "[output]\nfields = [\"csv\", \"csv\"]",
            &["output.fields", "at most once"],
        ),
    ] {
        refused(&plate(rest), words);
    }
    let waves = "[network]\nfourier = { features = 1_000_000 }";
    refused(
        &deck(1000, "u = 1", waves),
        &["network.fourier", "at most 134217"],
    );
    let field = "[output]\nfields = [\"npy\"]";
    refused(&deck(12, "u = 1", field), &["output.fields", "give `grid`"]);
    let gauss = "[sampling]\nrule = \"gauss\"\npoints = 1_000_000";
    refused(
        &deck(1, "u = 1", gauss),
        &["sampling.points", "16384", "sobol"],
    );
    let wide = deck(400, "u = 1", "").replace('1', "1e300");
    refused(&wide, &["domain.upper", "scale the coordinates"]);
    let many = "[[boundary]]\ncondition = \"u = 0\"\n";
    refused(&plate(&many.repeat(1001)), &["`boundary`", "at most 1000"]);
    refused(
        &deck(1000, "u = 1", &many.repeat(11)),
        &["`boundary`", "at most 10"],
    );
    let functions: String = (0..1001).map(|i| format!("f{i} = \"x\"\n")).collect();
    refused(
        &plate(&format!("[functions]\n{functions}")),
        &["functions", "at most 1000"],
    );
    let stages = format!("[flow]\nstepper = [{}]", "\"euler\",".repeat(101));
    refused(
        &plate(&stages),
        &["flow.stepper", "at most 100, one for each stage"],
    );
    // Many points by a rule that finds them quickly, and fields on a default grid, are right.
    check(&plate("[sampling]\npoints = 4_000_000_000")).unwrap();
    check(&deck(1, "u = 1", "[sampling]\npoints = 1_000_000")).unwrap();
}

#[test]
fn expressions_that_grow_are_refused_before_memory_ends() {
    // Differences of differences: as deep as the text is long.
    let chain = "-x-t".repeat(12_000);
    for text in [format!("x - (u{chain}) = 0"), format!("-(u{chain}) = 0")] {
        check(&deck(2, &text.replace('t', "y"), "")).unwrap();
    }
    // Vectors that double: 2^k gradients.
    let doubles = (1..64).map(|k| format!("f{k} = \"f{0} + f{0}\"\n", k - 1));
    let doubles: String = doubles.collect();
    let doubles = format!("[functions]\nf0 = \"grad(x) + grad(y)\"\n{doubles}");
    refused(
        &deck(2, "u = 1", &doubles),
        &["functions.f", "1000 gradients"],
    );
    // A name that could be split into two coordinates in very many ways.
    let name = format!("u_{} = 1", "x".repeat(50_000));
    refused(
        &deck(2, &name, ""),
        &["problem.equation", "longer than 200"],
    );
    let constant = format!("[constants]\nn_{} = 1", "x".repeat(50_000));
    refused(
        &deck(2, "u = 1", &constant),
        &["constants", "longer than 64"],
    );
    // Notation that a thousand coordinates multiply.
    let sums = "sum(sum(lap(u*x_i*x_j) over j) over i) = 1";
    refused(&deck(1000, sums, ""), &["problem.equation", "too large"]);
    let nested = format!("{}u{} = 1", "(".repeat(40_000), ")".repeat(40_000));
    refused(&deck(2, &nested, ""), &["problem.equation", "nested"]);
    let huge = format!("{} = 1", ["u^1024"; 900].join("^1024^"));
    refused(&deck(2, &huge, ""), &["problem.equation", "nested"]);
}
