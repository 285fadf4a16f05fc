//! What is advised about one side of a table. Pure.
//!
//! What is used is the mean of the busiest day: a table with a capacity of its own that is filled beyond 80 % on that day will
//! throttle soon, and one that is filled below 20 % is cheaper by request. A table that is paid by request gets a capacity of its
//! own advised only where that saves money, and one that grows by itself where its busiest day is twice the usual one.

use serde::Serialize;

use super::{Side, Use};
use crate::prices::{READ_CAPACITY, READS, WRITE_CAPACITY, WRITES};

const DAY_SECONDS: f64 = 86_400.0;
const HOURS_OF_30_DAYS: f64 = 720.0;
/// A capacity is filled, or hardly used, from these shares on.
const FULL: f64 = 0.8;
const HARDLY: f64 = 0.2;
/// Less than this a month is not worth a change, in dollars.
const WORTH_DOLLARS: f64 = 5.0;
/// A capacity of one's own is chosen so that the busiest day fills this much of it.
const GOAL: f64 = 0.7;
/// A busiest day of so many usual ones is a changing load.
const CHANGING: f64 = 2.0;

/// What is to be done about one side of a table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Advice {
    /// Nothing.
    Fine,
    /// It was throttled: raise the capacity, or pay by request.
    Throttled,
    /// It will be throttled soon.
    Raise,
    /// It is cheaper by request, by so many dollars a month.
    ByRequest {
        /// Dollars.
        saves: f64,
    },
    /// It is cheaper with a capacity of its own.
    Provision {
        /// Units a second.
        capacity: f64,
        /// Dollars a month.
        saves: f64,
    },
    /// It is cheaper with a capacity that grows and shrinks by itself.
    Scale {
        /// The least, in units a second.
        least: f64,
        /// The most.
        most: f64,
        /// Dollars a month.
        saves: f64,
    },
}

impl Side {
    /// By request, in dollars.
    fn by_request(self, units: f64) -> f64 {
        match self {
            Self::Read => READS.of(units),
            Self::Write => WRITES.of(units),
        }
    }

    /// With a capacity of its own for thirty days, in dollars.
    fn with_capacity(self, capacity: f64) -> f64 {
        match self {
            Self::Read => READ_CAPACITY.of(capacity * HOURS_OF_30_DAYS),
            Self::Write => WRITE_CAPACITY.of(capacity * HOURS_OF_30_DAYS),
        }
    }
}

/// The capacity, in units a second, that what was used on the busiest day fills to the goal.
pub fn fitting(used: Use) -> f64 {
    filled(used.busiest / DAY_SECONDS)
}

fn filled(a_second: f64) -> f64 {
    (a_second / GOAL).ceil().max(1.0)
}

/// What its use of thirty days says of one side of a table.
pub fn advise(side: Side, used: Use) -> Advice {
    if used.throttled > 0.0 {
        return Advice::Throttled;
    }
    let a_second = used.busiest / DAY_SECONDS;
    if used.provisioned > 0.0 {
        let share = a_second / used.provisioned;
        let saves = side.with_capacity(used.provisioned) - side.by_request(used.units);
        return if share > FULL {
            Advice::Raise
        } else if share < HARDLY && saves > WORTH_DOLLARS {
            Advice::ByRequest { saves }
        } else {
            Advice::Fine
        };
    }
    let usual = used.units / f64::from(used.days.max(1)) / DAY_SECONDS;
    let by_request = side.by_request(used.units);
    if a_second > usual * CHANGING {
        // It is charged for about what it is filled with.
        let saves = by_request - side.with_capacity(filled(usual) * CHANGING);
        let (least, most) = (filled(usual), filled(a_second) * CHANGING);
        return if saves > WORTH_DOLLARS { Advice::Scale { least, most, saves } } else { Advice::Fine };
    }
    let capacity = filled(a_second);
    let saves = by_request - side.with_capacity(capacity);
    if saves > WORTH_DOLLARS { Advice::Provision { capacity, saves } } else { Advice::Fine }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_follows_what_is_used_and_what_is_paid() {
        let steady = |a_second: f64, provisioned, throttled| {
            let busiest = a_second * DAY_SECONDS;
            Use { units: busiest * 30.0, busiest, days: 30, provisioned, throttled }
        };
        let table = [
            // By request: a few restores a day, and a steady flood.
            (Side::Write, steady(0.1, 0.0, 0.0), "fine"),
            (Side::Write, steady(0.1, 0.0, 3.0), "throttled"),
            (Side::Write, steady(100.0, 0.0, 0.0), "provision 143"),
            (Side::Read, steady(1.0, 0.0, 0.0), "fine"),
            // A flood on one day of ten.
            (Side::Write, Use { busiest: 1_000.0 * DAY_SECONDS, ..steady(100.0, 0.0, 0.0) }, "scale 143..2858"),
            // With a capacity of its own.
            (Side::Read, steady(50.0, 100.0, 0.0), "fine"),
            (Side::Read, steady(81.0, 100.0, 0.0), "raise"),
            (Side::Read, steady(50.0, 100.0, 1.0), "throttled"),
            (Side::Write, steady(0.5, 100.0, 0.0), "by request"),
            // Hardly used, but there is nothing to be saved.
            (Side::Write, steady(0.1, 1.0, 0.0), "fine"),
            // Nothing was used at all.
            (Side::Read, Use { units: 0.0, busiest: 0.0, days: 0, provisioned: 0.0, throttled: 0.0 }, "fine"),
        ];
        for (side, used, expected) in table {
            let found = match advise(side, used) {
                Advice::Fine => "fine".to_owned(),
                Advice::Throttled => "throttled".to_owned(),
                Advice::Raise => "raise".to_owned(),
                Advice::ByRequest { .. } => "by request".to_owned(),
                Advice::Provision { capacity, .. } => format!("provision {capacity}"),
                Advice::Scale { least, most, .. } => format!("scale {least}..{most}"),
            };
            assert_eq!(found, expected, "{side:?} {used:?}");
        }
    }
}
