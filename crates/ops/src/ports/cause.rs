//! An error as Step Functions passes it on, and how a person is told it.

use serde::Deserialize;

/// The most characters that a person is told.
const WORDS_CHARS_MAX: usize = 2_000;

/// An error as a state machine catches it and as an execution ends with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Cause {
    /// Its name.
    pub error: String,
    /// What was said.
    #[serde(default)]
    pub cause: String,
}

impl Cause {
    /// What was said, for a person: the message out of the object that Lambda writes, if it is one. Bounded.
    pub fn text(&self) -> String {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct OfLambda {
            error_message: String,
        }
        let said =
            serde_json::from_str::<OfLambda>(&self.cause).map_or_else(|_| self.cause.clone(), |of| of.error_message);
        let said: String = said.chars().take(WORDS_CHARS_MAX).collect();
        if said.is_empty() { self.error.clone() } else { format!("{}: {said}", self.error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_error_is_told_by_its_message() {
        let cause = |text: &str| Cause { error: "AuroraRestore.TryAgain".into(), cause: text.into() };
        let of_lambda = r#"{"errorType":"AuroraRestore.TryAgain","errorMessage":"the journal does not answer"}"#;
        assert_eq!(cause(of_lambda).text(), "AuroraRestore.TryAgain: the journal does not answer");
        assert_eq!(cause("plain").text(), "AuroraRestore.TryAgain: plain");
        assert_eq!(cause("").text(), "AuroraRestore.TryAgain");
        assert_eq!(cause(&"x".repeat(3_000)).text().len(), "AuroraRestore.TryAgain: ".len() + WORDS_CHARS_MAX);
    }
}
