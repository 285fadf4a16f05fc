//! The names of DynamoDB tables, checked where the configuration is read, whether or not the SDK for them is linked.

use std::fmt;

/// The name of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName(String);

/// Why a text is not the name of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the name of a table: {reason}")]
pub struct InvalidTableName {
    /// The text as given.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl TableName {
    /// Checks a name by the rules of DynamoDB.
    ///
    /// # Errors
    /// [`InvalidTableName`] with the rule that the text breaks.
    pub fn new(text: &str) -> Result<Self, InvalidTableName> {
        let refused = |reason| Err(InvalidTableName { text: text.to_owned(), reason });
        if !(3..=255).contains(&text.len()) {
            return refused("it must have 3 to 255 characters");
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
            return refused("only letters, digits, `_`, `.` and `-` are allowed");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_dynamodb_would_refuse_are_refused_with_the_rule() {
        assert!(TableName::new("AuroraRestoreStateTable").is_ok());
        assert!(TableName::new("a.b-c_1").is_ok());
        assert_eq!(TableName::new("ab").unwrap_err().reason, "it must have 3 to 255 characters");
        assert!(TableName::new(&"a".repeat(256)).is_err());
        let refused = TableName::new("state table").unwrap_err();
        assert_eq!(refused.reason, "only letters, digits, `_`, `.` and `-` are allowed");
    }
}
