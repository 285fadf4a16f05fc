//! How long logs can be kept: CloudWatch Logs knows certain numbers of days and refuses every other.

use thiserror::Error;

/// The numbers of days for which a log can be kept.
pub const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A number of days for which no log can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("logs cannot be kept for {days} days: {}", next_to(*.days))]
pub struct UnknownRetention {
    /// The number.
    pub days: u32,
}

/// Checks a number of days. The service says so, too, but some who stand in for it do not.
///
/// # Errors
/// [`UnknownRetention`] with the numbers next to it.
pub fn check_retention(days: u32) -> Result<(), UnknownRetention> {
    if RETENTION_DAYS.contains(&days) { Ok(()) } else { Err(UnknownRetention { days }) }
}

fn next_to(days: u32) -> String {
    let below = RETENTION_DAYS.iter().rev().find(|known| **known < days);
    let above = RETENTION_DAYS.iter().find(|known| **known > days);
    match (below, above) {
        (Some(below), Some(above)) => format!("{below} or {above} is possible"),
        (Some(most), None) => format!("{most} is the most"),
        (None, Some(least)) => format!("{least} is the least"),
        (None, None) => "there is no number of days".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_service_knows_is_taken_and_the_next_numbers_are_told() {
        for days in RETENTION_DAYS {
            assert_eq!(check_retention(days), Ok(()));
        }
        for (days, told) in [
            (91, "logs cannot be kept for 91 days: 90 or 120 is possible"),
            (0, "logs cannot be kept for 0 days: 1 is the least"),
            (4000, "logs cannot be kept for 4000 days: 3653 is the most"),
        ] {
            assert_eq!(check_retention(days).unwrap_err().to_string(), told);
        }
    }
}
