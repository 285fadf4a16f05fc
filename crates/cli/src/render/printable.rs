//! Texts from elsewhere, made safe to show: names of tables, tags and roles are chosen by others.

use std::borrow::Cow;

/// A text from elsewhere, safe to show on a terminal or a page: characters that steer the display instead of being
/// displayed (escape sequences, reversed writing, line breaks) are written out.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if steers(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_the_display_is_written_out() {
        assert_eq!(printable("orders"), "orders");
        assert_eq!(printable("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("user\u{202e}nimda"), "user\\u{202e}nimda");
        assert_eq!(printable("two\nlines"), "two lines");
        assert_eq!(printable("größe 日本"), "größe 日本");
    }
}
