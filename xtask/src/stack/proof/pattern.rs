//! Texts with `*` for anything and `?` for one character.

pub(super) use aurora_restore_ops::policy::fits;

use super::super::node::Node;

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
