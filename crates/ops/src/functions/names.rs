//! The names of a stack's functions: one for each step, the way back, the end of a retired cluster, the sweeper, and the
//! rotation of secrets.

use std::fmt;

use aurora_restore_core::operation::StepKind;

/// What serves no step.
const OTHERS: [&str; 4] = ["undo", "retire", "sweep", "rotate"];
/// How much of a digest is shown.
const SHOWN: usize = 12;
/// How many wrong letters still look like a slip.
const SLIPS_MAX: usize = 3;

/// The beginning of a digest, by which people tell codes apart.
pub(super) fn shown(sha256: &str) -> &str {
    sha256.get(..SHOWN).unwrap_or(sha256)
}

/// A function of a stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionName {
    /// What it serves, such as `snapshot-check`.
    pub place: &'static str,
    /// What it is called, such as `aurora-restore-snapshot-check`.
    pub whole: String,
    /// What its alarm is called.
    pub alarm: String,
}

impl fmt::Display for FunctionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.place)
    }
}

/// The functions of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionNames(Vec<FunctionName>);

impl FunctionNames {
    /// Those of a stack whose names begin so (parameter `NamePrefix`).
    pub fn of(prefix: &str) -> Self {
        let name = |place: &'static str| FunctionName {
            place,
            whole: format!("{prefix}-{place}"),
            alarm: format!("{prefix}-{place}-errors"),
        };
        Self(StepKind::ALL.iter().map(|step| step.as_str()).chain(OTHERS).map(name).collect())
    }

    /// All of them: the steps in order, then the others.
    pub fn all(&self) -> &[FunctionName] {
        &self.0
    }

    /// The one that serves a place, or is called like this.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn find(&self, text: &str) -> Result<&FunctionName, String> {
        if let Some(name) = self.0.iter().find(|name| name.place == text || name.whole == text) {
            return Ok(name);
        }
        let slips = |name: &FunctionName| strsim::damerau_levenshtein(name.place, text);
        let nearest = self.0.iter().min_by_key(|name| slips(name)).filter(|name| slips(name) <= SLIPS_MAX);
        Err(match nearest {
            Some(name) => format!("the stack has no function `{text}`; did you mean {}?", name.place),
            None => {
                let known: Vec<&str> = self.0.iter().map(|name| name.place).collect();
                format!("the stack has no function `{text}`; it has {}", known.join(", "))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_place_and_by_its_name_and_a_slip_gets_a_suggestion() {
        let names = FunctionNames::of("ours");
        assert_eq!(names.all().len(), StepKind::ALL.len() + OTHERS.len());
        assert_eq!(names.find("undo"), names.find("ours-undo"));
        assert_eq!(names.find("undo").unwrap().alarm, "ours-undo-errors");
        assert!(names.find("snapshot-chek").unwrap_err().ends_with("did you mean snapshot-check?"));
        assert!(names.find("something else").unwrap_err().contains("it has snapshot-check, "));
    }
}
