//! What has to be known of a template before it is sent: its parameters. The template is this product's own, generated, so
//! its form is known: sections begin at the margin, parameters two spaces from it, their properties four.

mod form;

use std::collections::BTreeMap;

use crate::error::OpsError;
use form::Form;

/// How many wrong letters still look like a slip.
const SLIPS_MAX: usize = 3;

/// The parameters of a template, each with what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateParameters(BTreeMap<String, Form>);

impl TemplateParameters {
    /// Reads them from the text of a template.
    pub fn of(template: &str) -> Self {
        let section = template.lines().skip_while(|line| line.trim_end() != "Parameters:").skip(1);
        let inside = section.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
        let mut parameters = BTreeMap::new();
        let mut current: Option<String> = None;
        for line in inside.filter(|line| !line.trim().starts_with('#')) {
            let indent = line.len() - line.trim_start().len();
            match (indent, line.trim().split_once(':'), &current) {
                (2, Some((name, _)), _) => {
                    current = Some(name.to_owned());
                    let _new = parameters.insert(name.to_owned(), Form::default());
                }
                (4, Some((property, value)), Some(parameter)) => {
                    parameters.entry(parameter.clone()).or_default().learn(property, value);
                }
                (6, _, Some(parameter)) => parameters.entry(parameter.clone()).or_default().learn_member(line.trim()),
                _ => {}
            }
        }
        Self(parameters)
    }

    /// Whether there is a parameter of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The default of a parameter.
    pub fn default(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.default.as_deref()
    }

    /// Whether the service shows nobody the value of a parameter (`NoEcho`).
    pub fn is_secret(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|form| form.is_secret)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Checks that there is a parameter of that name.
    ///
    /// # Errors
    /// [`OpsError::Parameter`] with the nearest name.
    pub fn require(&self, name: &str) -> Result<(), OpsError> {
        if self.has(name) {
            return Ok(());
        }
        let slips = |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
        let nearest = self.names().min_by_key(|known| slips(known)).filter(|known| slips(known) <= SLIPS_MAX);
        let reason = match nearest {
            Some(known) => format!("the template has none of this name; did you mean {known}?"),
            None => {
                format!("the template has none of this name; it has {}", self.names().collect::<Vec<_>>().join(", "))
            }
        };
        Err(OpsError::Parameter { name: name.to_owned(), reason })
    }

    /// Checks that there is a parameter of that name and that it takes the value. CloudFormation does so, too, but only once
    /// the package and the template have been sent.
    ///
    /// # Errors
    /// [`OpsError::Parameter`] with what is wrong.
    pub fn accept(&self, name: &str, value: &str) -> Result<(), OpsError> {
        self.require(name)?;
        let refusal = self.0.get(name).and_then(|form| form.refusal(value));
        refusal.map_or(Ok(()), |reason| Err(OpsError::Parameter { name: name.to_owned(), reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "AWSTemplateFormatVersion: \"2010-09-09\"\nParameters:\n  # A comment: of ours.\n  NamePrefix:\n    Type: String\n    Default: aurora-restore\n    Description: |\n      Default: not this one\n  CodeKey:\n    Type: String\n    NoEcho: true\n\n  Architecture:\n    Type: String\n    Default: \"arm64\"\nResources:\n  Table:\n    Type: AWS::DynamoDB::Table\n";

    #[test]
    fn parameters_are_read_with_their_defaults() {
        let parameters = TemplateParameters::of(TEMPLATE);
        assert_eq!(parameters.names().collect::<Vec<_>>(), ["Architecture", "CodeKey", "NamePrefix"]);
        assert_eq!(parameters.default("Architecture"), Some("arm64"));
        assert_eq!(parameters.default("NamePrefix"), Some("aurora-restore"));
        assert_eq!(parameters.default("CodeKey"), None);
        assert!(parameters.is_secret("CodeKey") && !parameters.is_secret("NamePrefix"));
    }

    #[test]
    fn a_misspelt_parameter_gets_a_suggestion() {
        let parameters = TemplateParameters::of(TEMPLATE);
        assert!(parameters.require("CodeKey").is_ok());
        let told = parameters.require("architecure").unwrap_err().to_string();
        assert!(told.ends_with("did you mean Architecture?"), "{told}");
        let told = parameters.require("Something").unwrap_err().to_string();
        assert!(told.ends_with("it has Architecture, CodeKey, NamePrefix"), "{told}");
    }
}
