//! The keys of a stack. Pure.

use aurora_restore_core::ids::{InvalidId, KmsKey};

use super::Subject;
use crate::ports::{Stack, StackResource};

/// The key that the stack has made for its records, and those of its parameter `KmsKeyArns`.
///
/// # Errors
/// [`InvalidId`] where one of them is no name of a key.
pub fn of_stack(stack: &Stack, resources: &[StackResource]) -> Result<Vec<Subject>, InvalidId> {
    let own = StackResource::names(resources, "AWS::KMS::Key").filter(|id| !id.is_empty());
    let own = own.map(|id| (arn(&stack.id, id), "the records of the stack"));
    let given = stack.parameters.get("KmsKeyArns").map(String::as_str).unwrap_or_default();
    let given = given.split(',').map(str::trim).filter(|arn| !arn.is_empty());
    let named = own.chain(given.map(|arn| (arn.to_owned(), "the stack")));
    named.map(|(key, purpose)| Ok(Subject { key: KmsKey::new(key)?, purpose: purpose.to_owned() })).collect()
}

/// CloudFormation calls a key by its id, which is known in the stack's own Region alone.
fn arn(stack: &str, id: &str) -> String {
    match stack.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "cloudformation", region, account, ..] => {
            format!("arn:{partition}:kms:{region}:{account}:key/{id}")
        }
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ID: &str = "7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";

    fn named(stack: &str, given: &str, own: &str) -> Result<Vec<String>, InvalidId> {
        let stack = Stack {
            id: stack.to_owned(),
            name: "ours".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
            changed_at: None,
            parameters: [("KmsKeyArns".to_owned(), given.to_owned())].into(),
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        let resource = |kind: &str, physical: &str| StackResource {
            logical: "One".to_owned(),
            kind: kind.to_owned(),
            physical: physical.to_owned(),
        };
        let resources = [resource("AWS::KMS::Key", own), resource("AWS::SNS::Topic", "notices")];
        Ok(of_stack(&stack, &resources)?.into_iter().map(|one| format!("{} ({})", one.key, one.purpose)).collect())
    }

    #[test]
    fn the_stacks_own_key_and_those_of_its_parameter_are_named() {
        let stack = "arn:aws:cloudformation:eu-central-1:444455556666:stack/ours/1";
        let own = format!("arn:aws:kms:eu-central-1:444455556666:key/{ID} (the records of the stack)");
        assert_eq!(named(stack, "", ID).unwrap(), [own.as_str()]);
        let given = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let expected = [own.as_str(), "arn:aws:kms:eu-west-1:111122223333:key/1 (the stack)"];
        assert_eq!(named(stack, given, ID).unwrap(), expected);
        assert_eq!(named("ours", "", ID).unwrap(), [format!("{ID} (the records of the stack)")]);
    }

    #[test]
    fn a_stack_without_keys_names_none_and_what_is_none_is_refused() {
        assert_eq!(named("ours", " ", "").unwrap(), Vec::<String>::new());
        assert!(named("ours", "two words", "").is_err());
    }
}
