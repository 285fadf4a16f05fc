//! Texts with `*` for anything and `?` for one character, as policies of IAM have them.

/// Whether a text is as the pattern says.
pub fn fits(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // Row by row: whether the pattern up to here fits each beginning of the text.
    let mut reached = vec![true];
    reached.resize(text.len() + 1, false);
    for sign in pattern.chars() {
        let before = reached.clone();
        reached[0] = sign == '*' && before[0];
        for end in 1..=text.len() {
            reached[end] = match sign {
                '*' => before[end] || reached[end - 1],
                '?' => before[end - 1],
                letter => before[end - 1] && letter == text[end - 1],
            };
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_what_iam_says() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "x", false),
            ("*", "", true),
            ("?*", "", false),
            ("?*", "a", true),
            ("staging*", "staging", true),
            ("staging", "staging-2", false),
            ("staging?", "staging", false),
            ("s*g-?", "staging-ö", true),
            ("*-old-????????-*", "staging-1-old-0a1b2c3d-1", true),
            ("*-old-????????-*", "staging-1-old-0a1b-1", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
