//! The conditions of a statement: the operators and the keys that our policies use, and no others. What IAM knows besides is
//! refused here, so that nothing is believed to hold that was never looked at.

use std::collections::BTreeMap;

use super::{
    super::{node::Node, permissions::LEADING_KEYS},
    pattern,
};

/// The keys of a call with their values.
pub(super) type Keys = BTreeMap<String, Vec<String>>;

/// How a key's values are held against those of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    StringEquals,
    StringLike,
    ArnLike,
    Bool,
    Null,
    ForAllValuesStringEquals,
    ForAllValuesStringLike,
    ForAllValuesStringNotLike,
}

/// Keys that have one value at most.
const SINGLE: [&str; 7] = [
    "aws:PrincipalArn",
    "iam:PassedToService",
    "kms:GrantIsForAWSResource",
    "kms:ViaService",
    "lambda:SourceFunctionArn",
    "rds:TagsFromRequest",
    "sts:ExternalId",
];
/// The beginnings of keys of tags, whose ends are the tags' keys. They have one value at most.
const OF_TAGS: [&str; 2] = ["aws:RequestTag/", "aws:ResourceTag/"];
/// The keys that have several values.
const SEVERAL: [&str; 2] = ["aws:TagKeys", LEADING_KEYS];

/// One line of a `Condition`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    operator: Operator,
    key: String,
    values: Vec<String>,
}

impl Condition {
    /// Reads a `Condition`.
    pub(super) fn read(node: &Node) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        for (word, lines) in node.entries() {
            let operator = Operator::of(word)?;
            for (key, values) in lines.entries() {
                let condition = Self { operator, key: key.clone(), values: pattern::texts(values)? };
                condition.check()?;
                conditions.push(condition);
            }
        }
        if conditions.is_empty() { Err(format!("a condition without lines: {node:?}")) } else { Ok(conditions) }
    }

    /// The key that it looks at.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn check(&self) -> Result<(), String> {
        let is_single = SINGLE.contains(&self.key.as_str()) || OF_TAGS.iter().any(|start| self.key.starts_with(start));
        let has_several = SEVERAL.contains(&self.key.as_str());
        let fits = match self.operator {
            Operator::StringEquals | Operator::StringLike | Operator::ArnLike | Operator::Bool => is_single,
            Operator::ForAllValuesStringEquals
            | Operator::ForAllValuesStringLike
            | Operator::ForAllValuesStringNotLike => has_several,
            Operator::Null => is_single || has_several,
        };
        let is_bool = |value: &String| value == "true" || value == "false";
        match self.operator {
            _ if !fits => Err(format!("nobody has said what {:?} of {} is", self.operator, self.key)),
            Operator::Bool | Operator::Null if !self.values.iter().all(is_bool) => {
                Err(format!("{:?} of {:?}", self.operator, self.values))
            }
            Operator::StringEquals
            | Operator::StringLike
            | Operator::ArnLike
            | Operator::Bool
            | Operator::Null
            | Operator::ForAllValuesStringEquals
            | Operator::ForAllValuesStringLike
            | Operator::ForAllValuesStringNotLike => Ok(()),
        }
    }

    /// Whether it holds of a call with these keys. Without the key nothing is equal or alike; all of no values are whatever
    /// one likes, which is why such a condition needs a `Null` beside it.
    pub(super) fn holds(&self, keys: &Keys) -> bool {
        let found = keys.get(&self.key);
        let any = |fits: &dyn Fn(&str, &str) -> bool| {
            found.is_some_and(|found| found.iter().any(|one| self.values.iter().any(|value| fits(value, one))))
        };
        let all = |fits: &dyn Fn(&String) -> bool| found.is_none_or(|found| found.iter().all(fits));
        let alike = |one: &String| self.values.iter().any(|value| pattern::fits(value, one));
        match self.operator {
            Operator::StringEquals | Operator::Bool => any(&|value, one| value == one),
            Operator::StringLike => any(&pattern::fits),
            Operator::ArnLike => any(&pattern::fits_arn),
            Operator::Null => self.values.iter().any(|value| (value == "true") == found.is_none()),
            Operator::ForAllValuesStringEquals => all(&|one| self.values.contains(one)),
            Operator::ForAllValuesStringLike => all(&alike),
            // Of several patterns none may fit.
            Operator::ForAllValuesStringNotLike => all(&|one| !alike(one)),
        }
    }
}

impl Operator {
    fn of(word: &str) -> Result<Self, String> {
        Ok(match word {
            "StringEquals" => Self::StringEquals,
            "StringLike" => Self::StringLike,
            // IAM does the same for both.
            "ArnLike" | "ArnEquals" => Self::ArnLike,
            "Bool" => Self::Bool,
            "Null" => Self::Null,
            "ForAllValues:StringEquals" => Self::ForAllValuesStringEquals,
            "ForAllValues:StringLike" => Self::ForAllValuesStringLike,
            "ForAllValues:StringNotLike" => Self::ForAllValuesStringNotLike,
            other => return Err(format!("nobody has said what {other} is")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::node::map, *};

    fn holds(operator: &str, key: &str, value: impl Into<Node>, of: &[(&str, &[&str])]) -> bool {
        let conditions = Condition::read(&map! { operator => map! { key => value.into() } }).unwrap();
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let keys: Keys = of.iter().map(|(key, values)| ((*key).to_owned(), owned(values))).collect();
        conditions.iter().all(|condition| condition.holds(&keys))
    }

    #[test]
    fn a_tag_has_to_be_there_and_to_be_alike() {
        let tag = "aws:ResourceTag/aurora-restore:operation-id";
        assert!(holds("StringLike", tag, "?*", &[(tag, &["op-1"])]));
        assert!(!holds("StringLike", tag, "?*", &[(tag, &[""])]));
        assert!(!holds("StringLike", tag, "?*", &[]));
        assert!(!holds("StringLike", tag, "?*", &[("aws:RequestTag/aurora-restore:operation-id", &["op-1"])]));
        assert!(!holds("StringEquals", tag, "?*", &[(tag, &["op-1"])]));
    }

    #[test]
    fn all_of_no_tags_are_allowed_ones_and_null_refuses_them() {
        let allowed = || Node::from(vec!["a", "b"]);
        assert!(holds("ForAllValues:StringEquals", "aws:TagKeys", allowed(), &[("aws:TagKeys", &["a"])]));
        assert!(!holds("ForAllValues:StringEquals", "aws:TagKeys", allowed(), &[("aws:TagKeys", &["a", "c"])]));
        assert!(holds("ForAllValues:StringEquals", "aws:TagKeys", allowed(), &[]));
        assert!(!holds("Null", "aws:TagKeys", "false", &[]));
        assert!(holds("Null", "aws:TagKeys", "false", &[("aws:TagKeys", &["a"])]));
        assert!(holds("Null", "aws:TagKeys", "true", &[]));
    }

    #[test]
    fn every_leading_key_has_to_be_alike_or_none() {
        let asked = |operator: &str, keys: &[&str]| {
            let pattern = if operator.ends_with("NotLike") { "*#*" } else { "lock#4/*" };
            holds(operator, LEADING_KEYS, pattern, &[(LEADING_KEYS, keys)])
        };
        assert!(asked("ForAllValues:StringNotLike", &["op-1"]));
        assert!(!asked("ForAllValues:StringNotLike", &["op-1", "change#stack"]));
        assert!(asked("ForAllValues:StringLike", &["lock#4/staging"]));
        assert!(!asked("ForAllValues:StringLike", &["lock#4/staging", "op-1"]));
        assert!(holds("ForAllValues:StringNotLike", LEADING_KEYS, "*#*", &[]), "all of none");
    }

    #[test]
    fn an_unknown_operator_or_key_is_an_error() {
        let read =
            |operator: &str, key: &str, value: &str| Condition::read(&map! { operator => map! { key => value } });
        assert!(read("StringEquals", "iam:PassedToService", "rds.amazonaws.com").is_ok());
        for (operator, key, value) in [
            ("StringNotEquals", "iam:PassedToService", "rds.amazonaws.com"),
            ("StringEqualsIfExists", "iam:PassedToService", "rds.amazonaws.com"),
            ("StringEquals", "rds:DatabaseEngine", "aurora-postgresql"),
            ("StringEquals", "aws:TagKeys", "a"),
            ("ForAllValues:StringEquals", "iam:PassedToService", "a"),
            ("ForAnyValue:StringEquals", "aws:TagKeys", "a"),
            ("Bool", "kms:GrantIsForAWSResource", "yes"),
        ] {
            assert!(read(operator, key, value).is_err(), "{operator} {key} {value}");
        }
        assert!(Condition::read(&map! {}).is_err());
    }
}
