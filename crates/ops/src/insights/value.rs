//! Values as the language has them: texts that are numbers where they look like numbers.

use std::{cmp::Ordering, fmt};

/// How many digits behind the point are shown.
const DIGITS: usize = 4;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// There is none.
    Absent,
    /// Whether something holds.
    Truth(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Value {
    pub(super) fn is_present(&self) -> bool {
        *self != Self::Absent
    }

    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Truth(holds) => *holds,
            Self::Absent | Self::Number(_) | Self::Text(_) => false,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            Self::Absent | Self::Truth(_) => None,
        }
    }

    /// How two values compare: as numbers where both are, as texts otherwise; not at all where one is absent.
    pub(super) fn compared(&self, other: &Self) -> Option<Ordering> {
        if !self.is_present() || !other.is_present() {
            return None;
        }
        match (self.number(), other.number()) {
            (Some(one), Some(other)) => Some(one.total_cmp(&other)),
            (_, _) => Some(self.to_string().cmp(&other.to_string())),
        }
    }

    /// How two values are sorted. What is absent comes last, whichever way the others go.
    pub(super) fn sorted(&self, other: &Self, descending: bool) -> Ordering {
        match self.compared(other) {
            Some(ordering) if descending => ordering.reverse(),
            Some(ordering) => ordering,
            None => other.is_present().cmp(&self.is_present()),
        }
    }

    /// The value as it is told; nothing where it is absent.
    pub(super) fn told(&self) -> Option<String> {
        self.is_present().then(|| self.to_string())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Truth(holds) => write!(formatter, "{}", u8::from(*holds)),
            Self::Number(number) => {
                let text = format!("{number:.DIGITS$}");
                formatter.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_numbers_and_texts_as_texts() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(text("10").compared(&Value::Number(9.0)), Some(Ordering::Greater));
        assert_eq!(text("10a").compared(&text("9a")), Some(Ordering::Less));
        assert_eq!(text("a").compared(&Value::Absent), None);
        for descending in [true, false] {
            assert_eq!(Value::Absent.sorted(&text("a"), descending), Ordering::Greater);
        }
    }

    #[test]
    fn numbers_are_told_without_needless_digits() {
        for (number, told) in [(3.0, "3"), (0.5, "0.5"), (1.0 / 3.0, "0.3333"), (100.0, "100"), (0.0, "0")] {
            assert_eq!(Value::Number(number).to_string(), told);
        }
    }
}
