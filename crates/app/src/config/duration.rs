//! Durations as people write them: a number with a unit, or several of them in a row. Never a bare number.

use jiff::SignedDuration;

/// The longest duration that makes sense here: ten years.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3660);

/// Reads `30s`, `1h 30m`, `7d`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<SignedDuration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is missing".to_owned());
    }
    let mut total = SignedDuration::ZERO;
    // Bounded: every turn takes at least one character.
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let number: i64 = number.parse().map_err(|_| format!("`{text}` is not a duration"))?;
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let millis: i64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" => return Err(format!("`{text}` lacks a unit")),
            _ => return Err(format!("`{unit}` is not a unit of time")),
        };
        let part = number.checked_mul(millis).map(SignedDuration::from_millis);
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= LONGEST)
            .ok_or_else(|| format!("`{text}` is longer than ten years"))?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// Writes a duration so that [`parse`] reads it back.
pub(super) fn write(duration: SignedDuration) -> String {
    let millis = duration.as_millis();
    for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if millis != 0 && millis % size == 0 {
            return format!("{}{unit}", millis / size);
        }
    }
    if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_units_only() {
        assert_eq!(parse("90s"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(parse("1h 30m"), Ok(SignedDuration::from_mins(90)));
        assert_eq!(parse("7d"), Ok(SignedDuration::from_hours(168)));
        assert_eq!(parse("250ms"), Ok(SignedDuration::from_millis(250)));
        for text in ["", "30", "s", "-3s", "3 s", "1.5h", "3 weeks", "999999999999999999d", "1h30"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for millis in [0, 1, 1_000, 90_000, 3_600_000, 86_400_000, 86_401_000] {
            let duration = SignedDuration::from_millis(millis);
            assert_eq!(parse(&write(duration)), Ok(duration));
        }
    }
}
