//! Rotations by Secrets Manager: who may invoke the function of rotations, and the schedules, which are off until somebody says
//! how often.

use super::node::{Node, list, map, reference};

/// The permission and both schedules.
pub(crate) fn resources() -> Vec<(String, Node)> {
    vec![
        ("RotatePermission".to_owned(), permission()),
        ("UsersRotation".to_owned(), schedule("RotatesUsers", "UsersSecretArn")),
        ("MasterRotation".to_owned(), schedule("RotatesMaster", "MasterSecretArn")),
    ]
}

/// Secrets Manager, and on behalf of this account only.
fn permission() -> Node {
    map! {
        "Type" => "AWS::Lambda::Permission",
        "Condition" => "MayRotate",
        "Properties" => map! {
            "FunctionName" => reference("RotateAlias"),
            "Action" => "lambda:InvokeFunction",
            "Principal" => "secretsmanager.amazonaws.com",
            "SourceAccount" => reference("AWS::AccountId"),
        },
    }
}

/// A deployment exchanges no password: the first rotation comes when the days are over. Until then Secrets Manager has the
/// function test a copy of the current version, which proves that it is reached and reaches the database.
fn schedule(condition: &str, secret: &str) -> Node {
    map! {
        "Type" => "AWS::SecretsManager::RotationSchedule",
        "Condition" => condition,
        // It invokes the function as it is made.
        "DependsOn" => list!["RotatePermission"],
        "Properties" => map! {
            "SecretId" => reference(secret),
            "RotationLambdaARN" => reference("RotateAlias"),
            "RotateImmediatelyOnUpdate" => false,
            "RotationRules" => map! { "AutomaticallyAfterDays" => reference("RotationDays") },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{parameters, template};

    #[test]
    fn nothing_is_rotated_unless_somebody_says_which_secret_and_how_often() {
        let defaults = ["UsersSecretArn", "MasterSecretArn", "RotationDays"].map(|name| {
            let mut all = parameters::GROUPS.iter().flat_map(|group| group.parameters);
            all.find(|parameter| parameter.name == name).and_then(|parameter| parameter.default)
        });
        assert_eq!(defaults, [Some(""), Some(""), Some("0")]);
        for (name, resource) in resources() {
            assert!(resource.get("Condition").is_some(), "{name} is made in any case");
        }
    }

    #[test]
    fn secrets_manager_may_invoke_this_function_on_behalf_of_this_account_and_nobody_else_may() {
        let all = template::resources().into_iter().flat_map(|(_, resources)| resources);
        let is_permission = |node: &Node| node.get("Type").and_then(Node::as_text) == Some("AWS::Lambda::Permission");
        let permissions: Vec<Node> = all.map(|(_, node)| node).filter(is_permission).collect();
        let [permission] = &permissions[..] else { panic!("{permissions:?}") };
        let property = |name: &str| permission.get("Properties").and_then(|all| all.get(name)).unwrap();
        assert_eq!(property("FunctionName"), &reference("RotateAlias"));
        assert_eq!(property("Principal").as_text(), Some("secretsmanager.amazonaws.com"));
        assert_eq!(property("SourceAccount"), &reference("AWS::AccountId"));
    }
}
