//! Wrong command lines.

/// Arguments, each with what its message must say.
pub const ARGUMENTS: &[(&[&str], &[&str])] = &[
    (&["no-such.toml"], &["no-such.toml", "ned-dist new"]),
    (&["law.toml", "--threads=0"], &["--threads", "at least 1"]),
    (
        &["law.toml", "--set=flow.sed=1"],
        &["--set flow.sed=1", "did you mean `seed`?"],
    ),
    (
        &["law.toml", "--set=boundary.1.weight=2"],
        &["--set boundary.1.weight", "counted from 0"],
    ),
    (
        &[
            "law.toml",
            "--set=flow.stepper=natural",
            "--set=flow.solver=cholesky",
        ],
        &["flow.stepper", "solver = \"qr\""],
    ),
    (
        &[
            "law.toml",
            "--set=flow.stepper=recursive",
            "--set=flow.metric=l2",
        ],
        &["flow.stepper = \"recursive\"", "metric = \"energy\""],
    ),
    (
        &[
            "law.toml",
            "--set=flow.stepper=stochastic",
            "--set=flow.solver=qr",
        ],
        &["flow.stepper = \"stochastic\"", "solver = \"kernel\""],
    ),
    (
        &["law.toml", "--set=problem.unknowns=[\"u\", \"v\"]"],
        &["problem.unknowns", "`v` is in no equation"],
    ),
    (
        &["law.toml", "--set=boundary.0.condition=x = 0"],
        &["boundary[0].condition", "no unknown", "u = 0"],
    ),
    (
        &["law.toml", "--set=flow.stepper=stationary"],
        &[
            "stationary",
            "not given by an energy",
            "leave this stage out",
        ],
    ),
    (
        &[
            "law.toml",
            "--set=flow.solver=[\"qr\", \"qr\", \"qr\"]",
            "--set=flow.stepper=[\"recursive\", \"natural\"]",
        ],
        &[
            "flow.stepper` lists 2",
            "flow.solver` 3",
            "one name for all",
        ],
    ),
    (
        &[
            "law.toml",
            "--set=flow.method=lbfgs",
            "--set=flow.solver=auto",
            "--set=sampling.rule=random",
            "--set=sampling.resample=true",
        ],
        &["flow.method", "sampling.resample = false"],
    ),
    (
        &["disk.toml", "--set=network.periodic=[\"x\"]"],
        &["network.periodic", "needs a box", "domain.shape"],
    ),
    (
        &[
            "disk.toml",
            "--set=domain.center=[0,0,0,0]",
            "--set=sampling.rule=gauss",
        ],
        &["sampling.rule", "up to 3 dimensions", "sobol"],
    ),
    (
        &["disk.toml", "--set=boundary.0.on=x > 0"],
        &[
            "--set boundary.0.on",
            "boundary[0].on",
            "parts of faces",
            "weak",
        ],
    ),
    (
        &["corner.toml", "--set=boundary.0.on=edge 1"],
        &[
            "corner.toml:",
            "boundary[0].condition",
            "edges 1, 4",
            "all of them",
        ],
    ),
    (
        &["crossed.toml"],
        &["crossed.toml:4", "domain.file", "bow.csv", "row 3", "cross"],
    ),
    (
        &["law.toml", "--set=flow.method=lbfgs", "--set=flow.dt=0.1"],
        &["flow.dt", "line search"],
    ),
    (
        &[
            "law.toml",
            "--set=sampling.rule=gauss",
            "--set=sampling.resample=true",
        ],
        &["sampling.resample", "sampling.rule = \"random\""],
    ),
];
