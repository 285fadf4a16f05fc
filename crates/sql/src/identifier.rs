//! Quoting of names for SQL text. Values never go through here: they travel as parameters or as `COPY` data.

use std::fmt;

/// The longest name that PostgreSQL keeps whole, in bytes. Longer ones are cut silently by the server, so they are
/// refused before they get there.
pub(crate) const NAME_BYTES_MAX: usize = 63;

/// A name as it is written in SQL: in double quotes, with inner double quotes doubled.
///
/// That is all the escaping an identifier needs: within double quotes no other character is special, whatever
/// `standard_conforming_strings` says. The character zero cannot be sent at all and is refused by the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quoted(String);

impl Quoted {
    /// Quotes a single name.
    pub(crate) fn name(name: &str) -> Self {
        Self(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    /// Quotes a name inside a schema.
    pub(crate) fn member(schema: &str, name: &str) -> Self {
        Self(format!("{}.{}", Self::name(schema), Self::name(name)))
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Joins names as a list for SQL.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a Quoted>) -> String {
    let names: Vec<&str> = names.into_iter().map(|quoted| quoted.0.as_str()).collect();
    names.join(", ")
}

/// Says what is wrong with a name that a request brings, if anything is.
pub(crate) fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.contains('\0') {
        Some("contains the character zero")
    } else if name.len() > NAME_BYTES_MAX {
        Some("is longer than 63 bytes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn double_quotes_inside_a_name_are_doubled() {
        let quoted = Quoted::name("O'Brien\"; DROP ROLE x; --").to_string();
        assert_eq!(quoted, "\"O'Brien\"\"; DROP ROLE x; --\"");
    }

    #[test]
    fn case_spaces_backslashes_and_other_alphabets_are_kept() {
        for name in ["Upper", "with space", "back\\slash", "größe", "表", "select", "$$"] {
            assert_eq!(Quoted::name(name).to_string(), format!("\"{name}\""));
        }
    }

    #[test]
    fn a_dot_in_a_name_does_not_split_it() {
        assert_eq!(Quoted::member("a.b", "c").to_string(), "\"a.b\".\"c\"");
    }

    #[test]
    fn names_that_the_server_would_change_or_refuse_are_found() {
        assert_eq!(fault(""), Some("is empty"));
        assert_eq!(fault("a\0b"), Some("contains the character zero"));
        assert_eq!(fault(&"ü".repeat(32)), Some("is longer than 63 bytes"));
        assert_eq!(fault(&"x".repeat(63)), None);
    }
}
