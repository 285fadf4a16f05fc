//! Which checks of a period are run.

use thiserror::Error;

use super::check::{CHECKS, Check, Period, checks_of};

/// A third of the letters may be wrong, at least two: more is another word, not a slip.
const SLIPS_MIN: usize = 2;

/// Which checks are wanted, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only these, if there are any.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
}

/// A name that no check of the period has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no {period} check `{name}`")]
pub struct UnknownCheck {
    /// The period.
    pub period: Period,
    /// The name as given.
    pub name: String,
    /// What may have been meant: a sentence.
    pub hint: String,
}

impl Selection {
    /// The checks that are wanted, in the order in which they are told.
    ///
    /// # Errors
    /// [`UnknownCheck`] for the first name that no check of the period has.
    pub fn of(&self, period: Period) -> Result<Vec<&'static Check>, UnknownCheck> {
        for name in self.only.iter().chain(&self.skip) {
            if !checks_of(period).any(|check| check.name == name) {
                return Err(unknown(period, name));
            }
        }
        let is_in = |names: &[String], check: &Check| names.iter().any(|name| name == check.name);
        let wanted =
            |check: &&'static Check| (self.only.is_empty() || is_in(&self.only, check)) && !is_in(&self.skip, check);
        Ok(checks_of(period).filter(wanted).collect())
    }
}

fn unknown(period: Period, name: &str) -> UnknownCheck {
    let elsewhere = CHECKS.iter().find(|check| check.name == name);
    let slips_max = (name.chars().count() / 3).max(SLIPS_MIN);
    let nearest = checks_of(period)
        .map(|check| (strsim::damerau_levenshtein(name, check.name), check.name))
        .filter(|(slips, _)| *slips <= slips_max)
        .min();
    let hint = match (elsewhere, nearest) {
        (Some(check), _) => format!("It is a check of `aurora-restore review {}`.", check.period),
        (None, Some((_, nearest))) => format!("Did you mean {nearest}?"),
        (None, None) => {
            let names: Vec<&str> = checks_of(period).map(|check| check.name).collect();
            format!("The {period} checks are {}.", names.join(", "))
        }
    };
    UnknownCheck { period, name: name.to_owned(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>, String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let selection = Selection { only: owned(only), skip: owned(skip) };
        let told = |unknown: UnknownCheck| format!("{unknown}. {}", unknown.hint);
        Ok(selection.of(Period::Weekly).map_err(told)?.iter().map(|check| check.name).collect())
    }

    #[test]
    fn all_are_run_unless_some_are_named() {
        assert_eq!(selected(&[], &[]).unwrap(), ["logs", "state", "metrics", "leftovers"]);
        assert_eq!(selected(&["state", "logs"], &[]).unwrap(), ["logs", "state"]);
        assert_eq!(selected(&[], &["logs"]).unwrap(), ["state", "metrics", "leftovers"]);
        assert_eq!(selected(&["logs"], &["logs"]).unwrap(), Vec::<&str>::new());
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_what_may_have_been_meant() {
        let told = |name: &str| selected(&[name], &[]).unwrap_err();
        assert_eq!(told("lgos"), "there is no weekly check `lgos`. Did you mean logs?");
        assert_eq!(told("cost"), "there is no weekly check `cost`. It is a check of `aurora-restore review monthly`.");
        let all = "there is no weekly check `everything`. The weekly checks are logs, state, metrics, leftovers.";
        assert_eq!(selected(&[], &["everything"]).unwrap_err(), all);
    }
}
