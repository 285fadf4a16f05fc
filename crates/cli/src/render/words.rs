//! Small pieces of text that several screens share.

use jiff::{SignedDuration, Timestamp};

/// A duration as people say it: two units at most, such as `1h 04m`, `3m 20s`, `12s` or `350ms`.
pub(crate) fn duration(duration: SignedDuration) -> String {
    let secs = duration.as_secs().max(0);
    let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
    if days > 0 {
        format!("{days}d {hours:02}h")
    } else if hours > 0 {
        format!("{hours}h {minutes:02}m")
    } else if minutes > 0 {
        format!("{minutes}m {:02}s", secs % 60)
    } else if secs >= 10 {
        format!("{secs}s")
    } else {
        let millis = duration.as_millis().max(0);
        if millis >= 1_000 { format!("{}.{}s", millis / 1_000, millis % 1_000 / 100) } else { format!("{millis}ms") }
    }
}

/// A time of day and date, UTC, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A count with its noun: `1 step`, `3 steps`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A number with its thousands apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let cases = [
            (350, "350ms"),
            (1_250, "1.2s"),
            (12_900, "12s"),
            (200_000, "3m 20s"),
            (3_840_000, "1h 04m"),
            (90_000_000, "1d 01h"),
        ];
        for (millis, shown) in cases {
            assert_eq!(duration(SignedDuration::from_millis(millis)), shown);
        }
    }
}
