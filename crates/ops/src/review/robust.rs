//! Telling what is unusual from what is not, in a way that a few odd days do not spoil. Pure.
//!
//! The centre of the past is its median, its spread the median distance from that (MAD), scaled so that it is a standard
//! deviation where values are normally distributed. A value is unusual from 3.5 spreads on, which is the usual bound for
//! this score (Iglewicz and Hoaglin, 1993). A past that never varied has no spread at all and would make everything
//! unusual, so a floor is given: a spread is at least a share of the median, and at least an absolute amount.

/// Makes a median distance a standard deviation, for normally distributed values.
const MAD_TO_SIGMA: f64 = 1.4826;
/// From so many spreads on a value is unusual.
pub(super) const UNUSUAL_FROM: f64 = 3.5;

/// In which direction a value is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// When it is high.
    High,
    /// When it is low.
    Low,
}

/// How values of a kind are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    /// The bad direction.
    pub(super) bad: Bad,
    /// The least spread, as a share of the median.
    pub(super) floor_share: f64,
    /// The least spread, in the unit of the values.
    pub(super) floor: f64,
    /// With fewer values in the past nothing is said.
    pub(super) past_min: usize,
}

/// What the past was like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usual {
    /// The median.
    pub(super) median: f64,
    /// The spread, floors included.
    pub(super) spread: f64,
}

/// What is to be said of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Judgement {
    /// The past is too short to say anything.
    TooLittle,
    /// It is like the past.
    Usual,
    /// It is not.
    Unusual {
        /// What the past was like.
        usual: Usual,
        /// So many spreads from the median.
        score: f64,
    },
}

/// The median; nothing has none.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

impl Rule {
    /// What the past was like, if there is enough of it.
    pub(super) fn usual(&self, past: &[f64]) -> Option<Usual> {
        if past.len() < self.past_min {
            return None;
        }
        let centre = median(past)?;
        let distances: Vec<f64> = past.iter().map(|value| (value - centre).abs()).collect();
        let spread = median(&distances)? * MAD_TO_SIGMA;
        let floor = (centre.abs() * self.floor_share).max(self.floor);
        Some(Usual { median: centre, spread: spread.max(floor) })
    }

    /// Judges a value against the past.
    pub(super) fn judge(&self, past: &[f64], value: f64) -> Judgement {
        let Some(usual) = self.usual(past) else { return Judgement::TooLittle };
        let away = match self.bad {
            Bad::High => value - usual.median,
            Bad::Low => usual.median - value,
        };
        let score = away / usual.spread;
        if score >= UNUSUAL_FROM { Judgement::Unusual { usual, score } } else { Judgement::Usual }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: Rule = Rule { bad: Bad::High, floor_share: 0.1, floor: 1.0, past_min: 14 };

    fn is_unusual(rule: Rule, past: &[f64], value: f64) -> bool {
        matches!(rule.judge(past, value), Judgement::Unusual { .. })
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_past_that_never_varied_has_the_floor_as_its_spread() {
        let past = [0.0; 14];
        assert!(!is_unusual(RULE, &past, 3.0));
        assert!(is_unusual(RULE, &past, 3.5));
        let low = Rule { bad: Bad::Low, floor_share: 0.1, floor: 0.5, past_min: 2 };
        assert!(is_unusual(low, &[7.0, 7.0], 4.0) && !is_unusual(low, &[7.0, 7.0], 5.0));
    }

    #[test]
    fn nothing_is_said_of_a_short_past() {
        assert_eq!(RULE.judge(&[1.0; 13], 1e9), Judgement::TooLittle);
    }

    fn past() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(0.0..1_000.0_f64, 14..60)
    }

    proptest! {
        #[test]
        fn the_median_of_the_past_is_never_unusual(past in past()) {
            let centre = median(&past).unwrap();
            prop_assert_eq!(RULE.judge(&past, centre), Judgement::Usual);
        }

        #[test]
        fn what_is_worse_than_something_unusual_is_unusual(past in past(), value in 0.0..1e6_f64, more in 0.0..1e6_f64) {
            if is_unusual(RULE, &past, value) {
                prop_assert!(is_unusual(RULE, &past, value + more));
            }
        }

        #[test]
        fn what_is_good_is_never_unusual(past in past(), less in 0.0..1e6_f64) {
            let centre = median(&past).unwrap();
            prop_assert!(!is_unusual(RULE, &past, centre - less));
        }

        #[test]
        fn the_order_of_the_past_does_not_matter(past in past(), value in 0.0..1e6_f64) {
            let mut turned = past.clone();
            turned.reverse();
            prop_assert_eq!(RULE.judge(&past, value), RULE.judge(&turned, value));
        }

        #[test]
        fn a_few_odd_days_hide_nothing(odd in 1..6_usize, value in 200.0..1e6_f64) {
            let mut past = vec![10.0; 14];
            past[..odd].fill(1e9);
            prop_assert!(is_unusual(RULE, &past, value));
        }

        #[test]
        fn a_far_value_is_unusual_whatever_the_past_was(past in past()) {
            let usual = RULE.usual(&past).unwrap();
            prop_assert!(is_unusual(RULE, &past, usual.median + 4.0 * usual.spread));
        }
    }
}
