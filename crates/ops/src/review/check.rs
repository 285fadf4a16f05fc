//! What a check is, and the list of all of them.

use std::{fmt, future::Future, pin::Pin};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{finding::Seen, monthly, quarterly, site::Site, weekly};
use crate::{Reach, Unlooked};

/// How often something is reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every quarter.
    Quarterly,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Weekly, Self::Monthly, Self::Quarterly];

    /// Its name on a command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
        }
    }

    /// How far back is looked.
    pub fn length(self) -> SignedDuration {
        let days = match self {
            Self::Weekly => 7,
            Self::Monthly => 30,
            Self::Quarterly => 90,
        };
        SignedDuration::from_hours(24 * days)
    }

    /// Where the period that ends now began.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.length()).unwrap_or(Timestamp::MIN)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What looking gives.
pub(super) type Look<'a> = Pin<Box<dyn Future<Output = Reach<Result<Seen, Unlooked>>> + Send + 'a>>;

/// One check.
pub struct Check {
    /// Its name on a command line.
    pub name: &'static str,
    /// In which review it is.
    pub period: Period,
    /// What it looks for, as a fragment that follows "looks for".
    pub about: &'static str,
    /// The permissions that whoever runs it needs on a deployed stack.
    pub permissions: &'static [&'static str],
    /// Looks.
    pub(super) look: for<'a> fn(&'a Site<'a>) -> Look<'a>,
}

impl fmt::Debug for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.period, self.name)
    }
}

/// Every check, in the order in which they are told.
pub const CHECKS: &[&Check] = &[
    &weekly::logs::CHECK,
    &weekly::state::CHECK,
    &weekly::metrics::CHECK,
    &weekly::leftovers::CHECK,
    &monthly::functions::CHECK,
    &monthly::parameters::CHECK,
    &monthly::drift::CHECK,
    &monthly::iam::CHECK,
    &monthly::capacity::CHECK,
    &monthly::cost::CHECK,
    &quarterly::runtimes::CHECK,
    &quarterly::security::CHECK,
    &quarterly::drill::CHECK,
    &quarterly::trend::CHECK,
];

/// The checks of a period.
pub fn checks_of(period: Period) -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().copied().filter(move |check| check.period == period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once_and_every_check_says_what_it_looks_for() {
        let names: std::collections::BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
        for check in CHECKS {
            assert!(!check.about.is_empty() && !check.about.ends_with('.'), "{check:?}");
            assert!(check.permissions.iter().all(|permission| permission.contains(':')), "{check:?}");
        }
        for period in Period::ALL {
            assert!(checks_of(period).count() > 0, "{period}");
        }
    }
}
