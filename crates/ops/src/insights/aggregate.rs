//! The figures of a group, added up line by line.

use std::{cmp::Ordering, collections::BTreeSet};

use super::{query::Aggregate, value::Value};

/// A figure that is being added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    count: f64,
    total: f64,
    values: Vec<f64>,
    distinct: BTreeSet<String>,
    chosen: Option<(Value, Value)>,
}

impl Sum {
    /// Takes up a value of a line. `at` is when the line was written.
    pub(super) fn add(&mut self, aggregate: &Aggregate, value: Value, at: &Value) {
        if !value.is_present() {
            return;
        }
        match aggregate {
            Aggregate::Count(_) => self.count += 1.0,
            Aggregate::CountDistinct(_) => {
                let _new = self.distinct.insert(value.to_string());
            }
            Aggregate::Sum(_) | Aggregate::Average(_) => {
                if let Some(number) = value.number() {
                    self.count += 1.0;
                    self.total += number;
                }
            }
            Aggregate::Percentile(..) => self.values.extend(value.number()),
            Aggregate::Least(_) => self.choose(value.clone(), value, Ordering::Less),
            Aggregate::Greatest(_) => self.choose(value.clone(), value, Ordering::Greater),
            Aggregate::Earliest(_) => self.choose(at.clone(), value, Ordering::Less),
            Aggregate::Latest(_) => self.choose(at.clone(), value, Ordering::Greater),
        }
    }

    /// Keeps the value whose measure is on that side of the one that is kept.
    fn choose(&mut self, measure: Value, value: Value, side: Ordering) {
        let is_better = self.chosen.as_ref().is_none_or(|(kept, _)| measure.compared(kept) == Some(side));
        if is_better {
            self.chosen = Some((measure, value));
        }
    }

    /// What it comes to.
    pub(super) fn result(self, aggregate: &Aggregate) -> Value {
        match aggregate {
            Aggregate::Count(_) => Value::Number(self.count),
            Aggregate::CountDistinct(_) => {
                u32::try_from(self.distinct.len()).map_or(Value::Absent, |count| Value::Number(f64::from(count)))
            }
            Aggregate::Sum(_) if self.count > 0.0 => Value::Number(self.total),
            Aggregate::Average(_) if self.count > 0.0 => Value::Number(self.total / self.count),
            Aggregate::Sum(_) | Aggregate::Average(_) => Value::Absent,
            Aggregate::Percentile(_, share) => percentile(self.values, *share),
            Aggregate::Least(_) | Aggregate::Greatest(_) | Aggregate::Earliest(_) | Aggregate::Latest(_) => {
                self.chosen.map_or(Value::Absent, |(_, value)| value)
            }
        }
    }
}

/// The least value that so many hundredths of all values do not exceed.
fn percentile(mut values: Vec<f64>, share: f64) -> Value {
    values.sort_by(f64::total_cmp);
    let Ok(count) = u32::try_from(values.len()) else { return Value::Absent };
    let wanted = share / 100.0 * f64::from(count);
    let place = (0..count).find(|place| f64::from(*place + 1) >= wanted);
    let found = place.and_then(|place| values.get(usize::try_from(place).ok()?));
    found.map_or(Value::Absent, |value| Value::Number(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_there() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        for (share, expected) in [(0.0, 1.0), (50.0, 5.0), (90.0, 9.0), (91.0, 10.0), (100.0, 10.0)] {
            assert_eq!(percentile(values.clone(), share), Value::Number(expected), "{share}");
        }
        assert_eq!(percentile(Vec::new(), 90.0), Value::Absent);
    }
}
