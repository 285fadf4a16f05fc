//! Whether a stack is what its backup says. Pure.

use std::collections::BTreeMap;

use super::Backup;
use crate::ports::StackResource;

/// Types whose names the service makes: a stack that is made again has others.
const NAMED_BY_SERVICE: [&str; 9] = [
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::QueryDefinition",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::SecurityGroupIngress",
];

/// How the resources of a stack in `region` differ from those of a backup: what is missing, what is more, and what is called
/// otherwise. `given` are the parameters that were set to something else on purpose.
pub fn differences(
    backup: &Backup,
    region: &str,
    given: &BTreeMap<String, String>,
    found: &[StackResource],
) -> Vec<String> {
    let now: BTreeMap<&str, &StackResource> = found.iter().map(|found| (found.logical.as_str(), found)).collect();
    let before: BTreeMap<&str, &StackResource> =
        backup.resources.iter().map(|resource| (resource.logical.as_str(), resource)).collect();
    let mut differences = Vec::new();
    for (logical, resource) in &before {
        match now.get(logical) {
            None => differences.push(format!("{logical} ({}) is missing", resource.kind)),
            Some(found) if found.kind != resource.kind => {
                differences.push(format!("{logical} is {} and was {}", found.kind, resource.kind));
            }
            Some(_) if NAMED_BY_SERVICE.contains(&resource.kind.as_str()) => {}
            Some(found) => {
                let expected = renamed(backup, given, &resource.physical);
                // Names of roles end in the Region. Both are carried over, because a name that a person gave may hold the old one
                // still, and rightly.
                let here = |name: &str| place_apart(name).replace(&backup.region, region);
                if here(&found.physical) != here(&expected) {
                    differences.push(format!("{logical} is called {} and was {}", found.physical, resource.physical));
                }
            }
        }
    }
    let more = now.iter().filter(|(logical, _)| !before.contains_key(*logical));
    differences.extend(more.map(|(logical, resource)| format!("{logical} ({}) was not there", resource.kind)));
    differences
}

/// What a thing is called where parameters say otherwise than in the backup.
pub(super) fn renamed(backup: &Backup, given: &BTreeMap<String, String>, physical: &str) -> String {
    let mut name = physical.to_owned();
    for (parameter, value) in given {
        let Some(before) = backup.parameters.get(parameter).filter(|before| !before.is_empty()) else { continue };
        if name == *before {
            name.clone_from(value);
        } else if parameter == "NamePrefix" || parameter == "Environment" {
            name = name.replacen(before.as_str(), value, 1);
        }
    }
    name
}

/// A name without the account and the Region that it was given in.
fn place_apart(name: &str) -> String {
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, service, _, _, rest] => format!("{service}:{rest}"),
        _ => name.to_owned(),
    }
}
