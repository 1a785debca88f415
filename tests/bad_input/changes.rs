//! Wrong decks and tables.

use super::{BOX, TABLE};

/// Changes of the decks or the table, each with what its message must say: key, place, cure.
pub const CHANGES: &[(&str, &str, &[&str])] = &[
    (
        "hidden = [6]",
        "hiden = [6]",
        &["law.toml:17", "network.hiden", "did you mean `hidden`?"],
    ),
    (
        "hidden = [6]",
        "hidden = \"many\"",
        &["law.toml:17", "network.hidden", "must be a list"],
    ),
    (
        "hidden = [6]",
        "hidden = [6",
        &["law.toml:", "not TOML", "`key = value`"],
    ),
    (
        "[stop]",
        "[stopp]",
        &["law.toml:", "stopp", "did you mean `stop`?"],
    ),
    (
        "upper = [1.0, 1.0]",
        "upper = [1.0, 0.0]",
        &["law.toml:4", "domain.upper[1]", "must be greater"],
    ),
    (
        "upper = [1.0, 1.0]",
        "upper = [1.0]",
        &["law.toml:4", "domain.upper", "give both corners"],
    ),
    (
        "steps = 3",
        "error = 1e-3",
        &["law.toml:", "stop.error", "add `exact"],
    ),
    (
        "points = 60",
        "points = 0",
        &["law.toml:23", "sampling.points", "must be from 1"],
    ),
    (
        "f = \"1 + x\"",
        "f = \"manufactured\"",
        &["functions.f", "problem.exact", "give it"],
    ),
    (
        "on = \"all\"",
        "on = \"x = 7\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        "on = \"all\"",
        "on = \"x > 7\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        "on = \"all\"",
        "on = \"x = 0 and y > 0.5 or y = 1\"",
        &["law.toml:13", "boundary[0].on", "[[boundary]] of its own"],
    ),
    (
        "solver = \"qr\"",
        "solver = \"qr\"\nstepper = \"rk5\"",
        &["law.toml:", "flow.stepper", "did you mean `rk4`?"],
    ),
    (
        "hidden = [6]",
        "hidden = [6]\nperiodic = [\"z\"]",
        &["law.toml:18", "network.periodic[0]", "must be x or y"],
    ),
    (
        "\"u = 0\"",
        "\"dn(u) = 0\"\nenforce = \"hard\"",
        &["law.toml:14", "boundary[0].condition", "write it so"],
    ),
    (
        "on = \"all\"",
        "on = \"x > 0.5\"\nenforce = \"hard\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        BOX,
        "shape = \"ball\"\ncenter = [0.0, 0.0]\nradius = -1.0",
        &["law.toml:5", "domain.radius", "greater than 0"],
    ),
    (
        BOX,
        "shape = \"ball\"\ncenter = [1e12, 0.0]\nradius = 1.0",
        &["law.toml:5", "domain.radius", "lost beside `domain.center`"],
    ),
    (
        BOX,
        "shape = \"ball\"\nradius = 1.0",
        &["domain.center", "is missing", "center = [0.0, 0.0]"],
    ),
    (
        BOX,
        "center = [0.0, 0.0]\nradius = 1.0",
        &["law.toml:3", "domain.center", "set `shape = \"ball\"`"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 1], [1, 0], [0, 1]]",
        &[
            "law.toml:4",
            "domain.vertices[2]",
            "edges 1 and 3 cross",
            "in the order",
        ],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 1], [2, 2]]",
        &[
            "law.toml:4",
            "domain.vertices",
            "turns back",
            "in the order",
        ],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 1, 2], [2, 2]]",
        &["law.toml:4", "domain.vertices[1]", "a point [x, y]"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nvertices = [[0, 0], [1, 0], [0, 1]]\nfile = \"table.csv\"",
        &["law.toml:5", "domain.file", "keep one"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nfile = \"table.csv\"",
        &["law.toml:4", "domain.file", "3 columns", "x and y"],
    ),
    (
        BOX,
        "shape = \"polygon\"\nfile = \"none.csv\"",
        &["domain.file", "none.csv", "there is no file"],
    ),
    (
        "on = \"all\"",
        "on = \"edge 9\"",
        &["law.toml:13", "boundary[0].on", "\"x = 1\""],
    ),
    (
        "\"y\"]",
        "\"z\"]",
        &[
            "learning.toml:4",
            "data.inputs[1]",
            "its columns are x, y, h",
        ],
    ),
    (
        "u = h",
        "u = height",
        &[
            "learning.toml:5",
            "data.target",
            "height",
            "known names: x, y, h",
        ],
    ),
    (
        "\"table.csv\"",
        "\"tables.csv\"",
        &["data.file", "tables.csv", "there is no file"],
    ),
    (TABLE, "", &["data.file", "table.csv", "no rows"]),
    (TABLE, "x,y,h\n", &["data.file", "table.csv", "no rows"]),
    (
        TABLE,
        "x;y;h\n0;0;1\n",
        &["data.file", "table.csv", "no comma", "by commas"],
    ),
    (
        TABLE,
        "0,0,1\n1,0,2\n",
        &["data.file", "table.csv", "numbers", "name the columns"],
    ),
    (
        "1,0,2",
        "1,0,NaN",
        &["data.file", "table.csv", "row 2", "`h`", "mend"],
    ),
    (
        "1,0,2",
        "1,inf,2",
        &["data.file", "table.csv", "row 2", "`y`", "mend"],
    ),
    (
        "1,0,2",
        "1,high,2",
        &[
            "data.file",
            "table.csv",
            "row 2",
            "`y`",
            "high",
            "not a number",
        ],
    ),
    ("1,0,2", "1,0", &["data.file", "table.csv", "line: 3"]),
];
