//! The reference of costs: what a restore and an idle month cost apart from RDS, from the recorded calls, the template and a
//! table of prices with its date.

use std::fmt::Write as _;

use aurora_restore_ops::prices::{
    ALARMS, COLLECTED, COMPUTE, DASHBOARDS, INVOCATIONS, KEYS, LOGS, METRICS, NOTICES, PRICES, Price, READS,
    SECRET_READS, SOURCE, TRACES, TRANSITIONS, WRITES,
};

use super::{node::Node, recorded, template};

/// What is assumed of a restore that takes an hour and is looked at every minute.
const LOOKS: f64 = 60.0;
/// Seconds of a function for one look: its calls, most of them to RDS.
const LOOK_SECS: f64 = 0.5;
/// Seconds of functions besides: waits inside of functions, users, and checks of the data.
const WORK_SECS: f64 = 300.0;
const MEMORY_GB: f64 = 0.25;
/// Sizes of items, and of the lines of one invocation.
const STATE_KB: f64 = 8.0;
const ENTRY_KB: f64 = 2.0;
const LOG_GB: f64 = 4e-6;
/// Hours of a month.
const MONTH_HOURS: f64 = 730.0;

/// One line of a bill.
struct Line {
    price: Price,
    amount: f64,
}

impl Line {
    fn dollars(&self) -> f64 {
        self.price.of(self.amount)
    }
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().expect("a test writes the record with its numbers")
}

/// One restore, from the calls of one that was played.
fn restore() -> Vec<Line> {
    let record = recorded();
    let restore = &record["restore"];
    let (entries, begun) = (number(&restore["entries"]), number(&restore["places"]));
    let invocations = begun + LOOKS;
    // An append is one transaction of state, entry and lock, which counts twice; the index by status is written for the old
    // and the new place of the item. Taking over and noting progress are plain updates of the state and of the index.
    let append = 2.0 * (STATE_KB + ENTRY_KB + 1.0) + 2.0 * STATE_KB;
    let updates = 2.0 * invocations * 2.0 * STATE_KB;
    // Each look reads the state three times and the journal once, all of them consistently, four kilobytes a unit.
    let reads = invocations * (3.0 * STATE_KB + entries * ENTRY_KB) / 4.0;
    // One for the duration of each step, and two of the operation; a metric counts for the hours in which it is written.
    let metrics = 12.0;
    let line = |price, amount| Line { price, amount };
    vec![
        line(TRANSITIONS, 2.0 * begun + 3.0 * LOOKS + 1.0),
        line(INVOCATIONS, invocations),
        line(COMPUTE, (invocations * LOOK_SECS + WORK_SECS) * MEMORY_GB),
        line(WRITES, entries * append + updates),
        line(READS, reads),
        line(NOTICES, number(&restore["calls"]["sns:Publish"])),
        line(SECRET_READS, number(&restore["calls"]["secretsmanager:GetSecretValue"])),
        line(LOGS, invocations * LOG_GB),
        line(TRACES, invocations),
        line(METRICS, metrics / MONTH_HOURS),
    ]
}

/// How many resources of a type the template makes whatever its parameters are.
fn resources(kind: &str) -> f64 {
    let all = template::resources().into_iter().flat_map(|(_, resources)| resources);
    let count = all.filter(|(_, resource)| resource.get("Type").and_then(Node::as_text) == Some(kind)).count();
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// How many metrics the sweeper writes each time, as its source says.
fn sweeper_metrics() -> f64 {
    let written = include_str!("../../../crates/lambda/src/sweep.rs").matches("Measure::count(").count();
    u32::try_from(written).map_or(f64::MAX, f64::from)
}

/// A month in which nothing is restored and the sweeper comes daily.
fn idle_month() -> Vec<Line> {
    let line = |price, amount| Line { price, amount };
    vec![
        line(ALARMS, resources("AWS::CloudWatch::Alarm")),
        line(DASHBOARDS, resources("AWS::CloudWatch::Dashboard")),
        line(KEYS, resources("AWS::KMS::Key")),
        line(METRICS, sweeper_metrics() * 30.0 / MONTH_HOURS),
        line(INVOCATIONS, 30.0),
        line(COMPUTE, 30.0 * 5.0 * MEMORY_GB),
        line(READS, 30.0 * 100.0),
    ]
}

/// The page.
pub(crate) fn page() -> String {
    let mut text = format!(
        "# Costs\n\nWhat the stack costs apart from RDS itself: computed from the calls that were recorded while a whole restore was \
         played, from the template, and from list prices of {} ({SOURCE} for this page), without any free tier or discount. \
         Prices change and differ from Region to Region: look at them before you rely on the sums.\n\n\
         RDS costs far more: two clusters run beside each other from the restore to the end of `retirement.retain-old`, and \
         copies of snapshots are kept as `archive.copies` says.\n\n\
         How often a place looks depends on how long RDS takes. So the record holds each call once for every place, thing and tags, \
         the entries of the journal and the places that were served, and is the same on every machine; what the looks cost \
         is computed from their number, which is assumed.\n\n\
         ## One restore\n\nA swap from another account that takes an hour and is looked at every minute. Assumed besides the \
         recorded calls: {LOOK_SECS} s of a function for each look, {WORK_SECS} s of functions for waits, users and checks of the \
         data, {} MB of memory, {STATE_KB} KB of state and {ENTRY_KB} KB for an entry of the journal.\n",
        COLLECTED.strftime("%B %Y"),
        MEMORY_GB * 1024.0
    );
    bill(&mut text, &restore());
    text.push_str(
        "\nEvery further hour of waiting costs sixty looks: 180 transitions and 30 seconds of functions. What is stored (tables, \
         their backups, logs) and requests to KMS come on top; for a restore they are fractions of a cent.\n\n## An idle month\n\nNothing is restored; the sweeper comes once a day. Secrets ($0.40 each) and \
         endpoints in a VPC (by the hour) come on top where there are any.\n",
    );
    bill(&mut text, &idle_month());
    let _ = write!(text, "\n## The prices\n\n| what | list price | for |\n|---|---|---|\n");
    for price in PRICES {
        let _ = writeln!(text, "| {} | ${} | {} |", price.what, price.dollars, price.unit);
    }
    text
}

fn bill(text: &mut String, lines: &[Line]) {
    text.push_str("\n| what | how much | dollars |\n|---|---|---|\n");
    for line in lines {
        let _ = writeln!(text, "| {} | {} | {:.6} |", line.price.what, amount(line.amount), line.dollars());
    }
    let total: f64 = lines.iter().map(Line::dollars).sum();
    let _ = writeln!(text, "| **together** | | **{total:.4}** |");
}

/// An amount with as many digits as tell something.
fn amount(amount: f64) -> String {
    if amount >= 10.0 { format!("{amount:.0}") } else { format!("{amount:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_costs_cents_and_an_idle_month_a_few_dollars() {
        let total = |lines: &[Line]| lines.iter().map(Line::dollars).sum::<f64>();
        assert!((0.001..0.05).contains(&total(&restore())), "{}", total(&restore()));
        assert!((3.0..12.0).contains(&total(&idle_month())), "{}", total(&idle_month()));
    }

    #[test]
    fn a_line_is_an_amount_times_a_price() {
        let line = Line { price: TRANSITIONS, amount: 200.0 };
        assert!((line.dollars() - 0.005).abs() < 1e-12);
    }
}
