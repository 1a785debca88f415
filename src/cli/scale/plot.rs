//! The speed-up over the ranks as a picture: both axes by powers of two, the ideal line, the runs with
//! their spread, the fitted law and the model. SVG written by hand: five lines and their labels.

use super::{Row, Scaling, speed_up};
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 500.0;
/// Room for labels on the left and right, above and below.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 76.0;

const MEASURED: &str = "#1f5fa8";
const FITTED: &str = "#c8641b";
const MODEL: &str = "#3f8f4f";
const IDEAL: &str = "#888888";

/// The plane of log₂ ranks and log₂ speed-up.
struct Plane {
    x: [f64; 2],
    y: [f64; 2],
}

impl Plane {
    /// Around points, with whole powers of two at its ends.
    fn around(points: impl Iterator<Item = [f64; 2]> + Clone) -> Self {
        let ends = |axis: usize| {
            let values = points.clone().map(move |p| p[axis].log2());
            let least = values.clone().fold(f64::INFINITY, f64::min);
            let most = values.fold(f64::NEG_INFINITY, f64::max);
            // Rounding must not add an empty power.
            let ends = [(least + 1e-9).floor(), (most - 1e-9).ceil()];
            [ends[0], ends[1].max(ends[0] + 1.0)]
        };
        Self {
            x: ends(0),
            y: ends(1),
        }
    }

    /// Where a number of ranks and a speed-up are in the picture.
    fn place(&self, [ranks, speed_up]: [f64; 2]) -> [f64; 2] {
        let along = |value: f64, [from, to]: [f64; 2]| (value.log2() - from) / (to - from);
        [
            LEFT + along(ranks, self.x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - along(speed_up, self.y) * (HEIGHT - TOP - BOTTOM),
        ]
    }

    fn path(&self, points: &[[f64; 2]]) -> String {
        let places = points.iter().map(|&point| self.place(point));
        let places = places.map(|[x, y]| format!("{x:.1},{y:.1}"));
        places.collect::<Vec<_>>().join(" ")
    }
}

/// The picture.
pub fn svg(scaling: &Scaling) -> String {
    let rows = &scaling.rows;
    let (base, alone) = (rows[0].ranks, rows[0].seconds);
    let mode = scaling.arguments.mode;
    let at = |ranks: usize, seconds: f64, alone: f64| {
        let speed_up = speed_up(mode, base, alone, ranks, seconds);
        [ranks as f64, speed_up]
    };
    let by = |alone: f64, law: &dyn Fn(usize) -> Option<f64>| -> Vec<[f64; 2]> {
        let points = rows.iter();
        let points = points.filter_map(|r| Some(at(r.ranks, law(r.ranks)?, alone)));
        points.collect()
    };
    let measured: Vec<[f64; 2]> = rows.iter().map(|r| at(r.ranks, r.seconds, alone)).collect();
    let fitted = by(alone, &|ranks| scaling.fitted(ranks));
    // Over the model's own time: how it grows is compared here, how large it is in the table.
    let own = scaling.predicted(base).unwrap_or(alone);
    let model = by(own, &|ranks| scaling.predicted(ranks));
    let ends = |r: &Row| [r.most, r.least].map(|seconds| at(r.ranks, seconds, alone));
    let spread: Vec<[[f64; 2]; 2]> = rows.iter().map(ends).collect();
    let ideal: Vec<[f64; 2]> = rows.iter().map(|r| [r.ranks as f64; 2]).collect();
    let all = [&measured[..], &fitted, &model, &ideal].concat();
    let all = all.into_iter().chain(spread.iter().flatten().copied());
    let plane = Plane::around(all.collect::<Vec<_>>().into_iter());

    let mut svg = frame(scaling, &plane);
    line(&mut svg, &plane, &ideal, IDEAL, "stroke-dasharray=\"6 5\"");
    line(&mut svg, &plane, &fitted, FITTED, "stroke-width=\"2\"");
    line(
        &mut svg,
        &plane,
        &model,
        MODEL,
        "stroke-width=\"2\" stroke-dasharray=\"2 4\"",
    );
    line(&mut svg, &plane, &measured, MEASURED, "stroke-width=\"2\"");
    for ends in &spread {
        line(&mut svg, &plane, ends, MEASURED, "stroke-width=\"1.5\"");
    }
    for &point in &measured {
        let [x, y] = plane.place(point);
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{MEASURED}\"/>"
        );
    }
    let mut entries = vec![("measured", MEASURED), ("ideal", IDEAL)];
    entries.extend((!fitted.is_empty()).then_some(("fit", FITTED)));
    entries.extend((!model.is_empty()).then_some(("model", MODEL)));
    legend(&mut svg, &entries);
    svg + "</svg>\n"
}

fn line(svg: &mut String, plane: &Plane, points: &[[f64; 2]], colour: &str, style: &str) {
    let path = plane.path(points);
    let _ = writeln!(
        svg,
        "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" {style}/>"
    );
}

/// Title, axes and grid.
fn frame(scaling: &Scaling, plane: &Plane) -> String {
    let [title, stage] = [&scaling.title, &scaling.stage].map(|text| escaped(text));
    let conditions = escaped(&scaling.conditions());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n\
         <text x=\"{LEFT}\" y=\"39\" font-size=\"11\" fill=\"#555\">{stage}</text>\n\
         <text x=\"{LEFT}\" y=\"54\" font-size=\"11\" fill=\"#555\">{conditions}</text>\n"
    );
    let [left, bottom] = plane.place([plane.x[0].exp2(), plane.y[0].exp2()]);
    let [right, top] = plane.place([plane.x[1].exp2(), plane.y[1].exp2()]);
    let grid = "stroke=\"#dddddd\"";
    for power in plane.x[0] as i32..=plane.x[1] as i32 {
        let ranks = f64::from(power).exp2();
        let [x, _] = plane.place([ranks, 1.0]);
        let below = bottom + 18.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{bottom:.1}\" x2=\"{x:.1}\" y2=\"{top:.1}\" {grid}/>\
             <text x=\"{x:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{ranks}</text>"
        );
    }
    for power in plane.y[0] as i32..=plane.y[1] as i32 {
        let speed_up = f64::from(power).exp2();
        let [_, y] = plane.place([1.0, speed_up]);
        let (beside, middle) = (left - 8.0, y + 4.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{left:.1}\" y1=\"{y:.1}\" x2=\"{right:.1}\" y2=\"{y:.1}\" {grid}/>\
             <text x=\"{beside:.1}\" y=\"{middle:.1}\" text-anchor=\"end\">{speed_up}</text>"
        );
    }
    let (centre, under) = (0.5 * (left + right), HEIGHT - 38.0);
    let half = 0.5 * (top + bottom);
    let _ = writeln!(
        svg,
        "<text x=\"{centre:.1}\" y=\"{under:.1}\" text-anchor=\"middle\">ranks</text>\
         <text transform=\"translate(18 {half:.1}) rotate(-90)\" text-anchor=\"middle\">speed-up</text>"
    );
    svg
}

/// The names of the lines in a row below the axis, where no line can cross them.
fn legend(svg: &mut String, entries: &[(&str, &str)]) {
    for (index, (name, colour)) in entries.iter().enumerate() {
        let (x, y) = (LEFT + 130.0 * index as f64, HEIGHT - 14.0);
        let (end, text, base) = (x + 24.0, x + 32.0, y + 4.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\" stroke=\"{colour}\" \
             stroke-width=\"2\"/><text x=\"{text}\" y=\"{base}\">{name}</text>"
        );
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
