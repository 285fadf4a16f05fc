//! Texts with `*` for anything and `?` for one character.

use super::super::node::Node;

/// Whether a text is as the pattern says.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Row by row: whether the pattern up to here fits each beginning of the text.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in pattern {
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

/// Whether an ARN is as the pattern says: part by part, so that no `*` reaches from an account into a name. `*` alone is
/// everything.
pub(super) fn fits_arn(pattern: &str, arn: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (patterns, parts) = (parts(pattern), parts(arn));
    pattern == "*"
        || (patterns.len() == 6 && parts.len() == 6 && patterns.iter().zip(&parts).all(|(one, part)| fits(one, part)))
}

/// One text, or a list of them.
pub(super) fn texts(node: &Node) -> Result<Vec<String>, String> {
    let one = node.as_text().map(|text| vec![text.to_owned()]);
    let several = || node.members().iter().map(|member| member.as_text().map(str::to_owned)).collect();
    one.or_else(several).filter(|texts| !texts.is_empty()).ok_or_else(|| format!("no texts: {node:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_what_iam_says() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("?*", "", false),
            ("?*", "a", true),
            ("staging*", "staging", true),
            ("staging", "staging-2", false),
            ("*-old-????????-*", "staging-1-old-0a1b2c3d-1", true),
            ("*-old-????????-*", "staging-1-old-0a1b-1", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_arn_is_held_against_a_pattern_part_by_part() {
        let cluster = "arn:aws:rds:eu-central-1:444455556666:cluster:staging";
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:rds:*:444455556666:cluster:*", true),
            ("arn:aws:rds:*:*:cluster:stag*", true),
            ("arn:aws:rds:*:cluster:staging", false),
            ("arn:aws:rds:eu-west-1:444455556666:cluster:*", false),
            ("arn:aws:rds:eu-central-1:444455556666:db:*", false),
            ("arn:*", false),
        ] {
            assert_eq!(fits_arn(pattern, cluster), expected, "{pattern}");
        }
    }
}
