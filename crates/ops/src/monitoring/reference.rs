//! What stands for something of the stack in a declaration: `${Name}` and `${Name.Attribute}`.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::ports::{Stack, StackResource};

/// The attribute of a topic that a declaration may name: the last part of its ARN.
const TOPIC_NAME: &str = "TopicName";

/// A value of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// The text itself.
    Text(&'a str),
    /// The value of a parameter, or what a resource is called.
    Name(&'a str),
    /// An attribute of a resource.
    Attribute(&'a str, &'a str),
}

impl<'a> Reference<'a> {
    /// Reads a value; `None` where a placeholder is only a part of it, or is not closed.
    pub fn of(text: &'a str) -> Option<Self> {
        if !text.contains("${") {
            return Some(Self::Text(text));
        }
        let inner = text.strip_prefix("${")?.strip_suffix('}')?;
        if inner.is_empty() || inner.contains(['$', '{', '}']) {
            return None;
        }
        Some(inner.split_once('.').map_or(Self::Name(inner), |(name, attribute)| Self::Attribute(name, attribute)))
    }
}

/// A declaration names something that the stack does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`${{{name}}}` is nothing of the stack")]
pub struct Unresolved {
    /// What it names.
    pub name: String,
}

/// What the names of a declaration stand for in a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Those of a stack as it is deployed.
    pub fn of(stack: &Stack, resources: &[StackResource]) -> Self {
        let mut names = stack.parameters.clone();
        // arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/ID
        let mut parts = stack.id.split(':').skip(1);
        for (name, skipped) in [("AWS::Partition", 0), ("AWS::Region", 1), ("AWS::AccountId", 0)] {
            let value = parts.nth(skipped).unwrap_or_default().to_owned();
            let _new = names.insert(name.to_owned(), value);
        }
        let _new = names.insert("AWS::StackName".to_owned(), stack.name.clone());
        for resource in resources {
            let last = resource.physical.rsplit(':').next().unwrap_or(&resource.physical).to_owned();
            if resource.kind == "AWS::SNS::Topic" {
                let _new = names.insert(format!("{}.{TOPIC_NAME}", resource.logical), last);
            }
            let _previous = names.insert(resource.logical.clone(), resource.physical.clone());
        }
        Self(names)
    }

    /// What one name stands for.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub fn get(&self, name: &str) -> Result<&str, Unresolved> {
        self.0.get(name).map(String::as_str).ok_or_else(|| Unresolved { name: name.to_owned() })
    }

    /// A text with everything in place of its placeholders.
    ///
    /// # Errors
    /// [`Unresolved`] with the first name that the stack does not have.
    pub fn fill(&self, text: &str) -> Result<String, Unresolved> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}').ok_or_else(|| Unresolved { name: after.to_owned() })?;
            filled.push_str(before);
            filled.push_str(self.get(name)?);
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_text_or_wholly_a_placeholder() {
        for (text, expected) in [
            ("copy-snapshot", Some(Reference::Text("copy-snapshot"))),
            ("${StateMachine}", Some(Reference::Name("StateMachine"))),
            ("${Topic.TopicName}", Some(Reference::Attribute("Topic", "TopicName"))),
            ("a-${StateMachine}", None),
            ("${StateMachine", None),
            ("${}", None),
            ("${A}${B}", None),
        ] {
            assert_eq!(Reference::of(text), expected, "{text}");
        }
    }

    #[test]
    fn names_stand_for_parameters_resources_and_where_the_stack_is() {
        let stack = Stack {
            id: "arn:aws:cloudformation:eu-central-1:111122223333:stack/ours/1".to_owned(),
            name: "ours".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
            changed_at: None,
            parameters: [("Environment".to_owned(), "dev".to_owned())].into(),
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        let topic = "arn:aws:sns:eu-central-1:111122223333:notices";
        let topic = StackResource {
            logical: "Topic".to_owned(),
            kind: "AWS::SNS::Topic".to_owned(),
            physical: topic.to_owned(),
        };
        let names = Names::of(&stack, &[topic]);
        let filled =
            names.fill("${Topic.TopicName} of ${Environment} in ${AWS::AccountId}/${AWS::Region}, ${AWS::Partition}");
        assert_eq!(filled.as_deref(), Ok("notices of dev in 111122223333/eu-central-1, aws"));
        assert_eq!(names.fill("${Nobody}").unwrap_err().to_string(), "`${Nobody}` is nothing of the stack");
    }
}
