//! The table on the screen, and the files scaling.csv, scaling.json and scaling.svg.

use super::super::report::plural;
use super::{Row, Scaling, plot};
use crate::error::Result;
use crate::file::{failed, whole, write_whole};
use crate::performance::{Mode, Prediction};
use crate::run::Plan;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;

impl Scaling<'_> {
    /// Seconds of a step by the model.
    pub fn predicted(&self, ranks: usize) -> Option<f64> {
        let found = self.predictions.iter().find(|p| p.ranks == ranks);
        found.map(Prediction::seconds)
    }

    /// Seconds of a step by the law that was fitted.
    pub fn fitted(&self, ranks: usize) -> Option<f64> {
        self.fit.map(|fit| fit.seconds(ranks))
    }

    /// "strong scaling, 20 steps, 3 repetitions, 1 thread a rank".
    pub fn conditions(&self) -> String {
        let arguments = self.arguments;
        let mode = match arguments.mode {
            Mode::Strong => "strong",
            Mode::Weak => "weak",
        };
        format!(
            "{mode} scaling, {}, {}, {} a rank",
            plural(arguments.steps, "step"),
            plural(arguments.reps, "repetition"),
            plural(arguments.threads, "thread")
        )
    }
}

/// The table.
pub fn text(scaling: &Scaling, plan: &Plan) -> String {
    let mut text = format!(
        "{}: {}\n{}; by {}\n",
        scaling.title,
        scaling.stage,
        scaling.conditions(),
        scaling.launcher
    );
    if plan.stages.len() > 1 {
        text +=
            "of several stages the first is measured; --set flow.stepper=NAME measures another\n";
    }
    let _ = writeln!(
        text,
        "{:>7}{:>11}{:>9}{:>10}{:>12}{:>10}{:>8}{:>10}{:>11}{:>11}",
        "ranks",
        "ms/step",
        "spread",
        "speed-up",
        "efficiency",
        "compute",
        "wait",
        "transfer",
        "fit ms",
        "model ms"
    );
    for row in &scaling.rows {
        let _ = writeln!(text, "{}", line(scaling, row));
    }
    if let Some(fit) = scaling.fit {
        let [parallel, levels, replicated] =
            [fit.parallel, fit.levels, fit.replicated].map(|t| 1e3 * t);
        let law = match scaling.arguments.mode {
            Mode::Strong => format!("{parallel:.3}/P + {levels:.3} log2 P + {replicated:.3}"),
            Mode::Weak => format!("{parallel:.3} + {levels:.3} log2 P"),
        };
        let _ = writeln!(text, "fit: {law} ms, within {:.1} %", 100.0 * fit.error);
    }
    text += match scaling.arguments.mode {
        Mode::Strong => "the same bits of the parameters in all runs\n",
        Mode::Weak => "the same bits of the parameters in all runs of a number of ranks\n",
    };
    text
}

fn line(scaling: &Scaling, row: &Row) -> String {
    let milliseconds =
        |seconds: Option<f64>| seconds.map_or("-".into(), |s| format!("{:.3}", 1e3 * s));
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let spread = (row.most - row.least) / row.seconds;
    format!(
        "{:>7}{:>11.3}{:>9}{:>10.2}{:>12}{:>10}{:>8}{:>10}{:>11}{:>11}",
        row.ranks,
        1e3 * row.seconds,
        percent(spread),
        row.speed_up,
        percent(row.efficiency),
        percent(row.shares.compute),
        percent(row.shares.wait),
        percent(row.shares.transfer),
        milliseconds(scaling.fitted(row.ranks)),
        milliseconds(scaling.predicted(row.ranks))
    )
}

/// Writes the three files.
///
/// # Errors
/// If the folder cannot be written.
pub fn write(scaling: &Scaling, out: &Path) -> Result<()> {
    let table = out.join("scaling.csv");
    whole(&table, |part| {
        write_csv(scaling, part).map_err(|e| failed(&table, &e))
    })?;
    let path = out.join("scaling.json");
    let text = serde_json::to_string_pretty(&as_json(scaling));
    write_whole(&path, &(text.map_err(|e| failed(&path, &e))? + "\n"))?;
    write_whole(&out.join("scaling.svg"), &plot::svg(scaling))
}

fn as_json(scaling: &Scaling) -> serde_json::Value {
    let arguments = scaling.arguments;
    json!({
        "title": scaling.title,
        "stage": scaling.stage,
        "mode": arguments.mode,
        "steps": arguments.steps,
        "repetitions": arguments.reps,
        "threads": arguments.threads,
        "launcher": scaling.launcher,
        "version": env!("CARGO_PKG_VERSION"),
        "rows": scaling.rows,
        "fit": scaling.fit,
        "machine": scaling.machine,
        "predictions": scaling.predictions,
    })
}

/// Times in seconds; fields that are not known are empty.
fn write_csv(scaling: &Scaling, path: &Path) -> csv::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record([
        "ranks",
        "seconds",
        "least",
        "most",
        "speed_up",
        "efficiency",
        "compute",
        "wait",
        "transfer",
        "fit",
        "model",
        "digest",
    ])?;
    for row in &scaling.rows {
        let known = |seconds: Option<f64>| seconds.map_or(String::new(), |s| s.to_string());
        let numbers = [
            row.seconds,
            row.least,
            row.most,
            row.speed_up,
            row.efficiency,
            row.shares.compute,
            row.shares.wait,
            row.shares.transfer,
        ];
        let mut record = vec![row.ranks.to_string()];
        record.extend(numbers.map(|number| number.to_string()));
        record.push(known(scaling.fitted(row.ranks)));
        record.push(known(scaling.predicted(row.ranks)));
        record.push(row.digest.clone());
        writer.write_record(&record)?;
    }
    writer.flush()?;
    Ok(())
}
