//! The two tables, the key that encrypts them, the topic and the configuration. Tables and key outlive the stack.

use aurora_restore_aws::needed_indexes;
use aurora_restore_ops::ports::{IndexShape, Projection};

use super::node::{Node, attribute, list, map, only_when, reference, sub};
use super::{permissions::the_account_decides, tags};

/// Kept when the stack is deleted or the thing is replaced; gone with a creation that fails, which would find its own
/// left-overs in the way when it is tried again. For that, the tables are not protected against deletion besides.
fn kept() -> Node {
    map! { "DeletionPolicy" => "RetainExceptOnCreate", "UpdateReplacePolicy" => "Retain" }
}

fn key_schema(hash: &str, range: Option<&str>) -> Node {
    let part = |name: &str, kind: &str| map! { "AttributeName" => name, "KeyType" => kind };
    let mut schema = vec![part(hash, "HASH")];
    schema.extend(range.map(|range| part(range, "RANGE")));
    Node::List(schema)
}

fn attributes(names: &[(&str, &str)]) -> Node {
    let attribute = |(name, kind): &(&str, &str)| map! { "AttributeName" => *name, "AttributeType" => *kind };
    Node::List(names.iter().map(attribute).collect())
}

fn index(shape: &IndexShape) -> Node {
    let projection = match shape.projection {
        Projection::All => "ALL",
        Projection::Keys | Projection::Other => "KEYS_ONLY",
    };
    map! {
        "IndexName" => shape.name.as_str(),
        "KeySchema" => key_schema(&shape.hash, shape.range.as_deref()),
        "Projection" => map! { "ProjectionType" => projection },
    }
}

fn table(name: &str, properties: Node) -> Node {
    let common = map! {
        "BillingMode" => "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification" => map! { "PointInTimeRecoveryEnabled" => true },
        "SSESpecification" => map! { "SSEEnabled" => true, "SSEType" => "KMS", "KMSMasterKeyId" => attribute("Key", "Arn") },
        "TimeToLiveSpecification" => map! { "AttributeName" => "ttl", "Enabled" => true },
        "Tags" => tags(),
    };
    let properties = map! { "TableName" => reference(name) }.with(properties).with(common);
    map! { "Type" => "AWS::DynamoDB::Table" }.with(kept()).with(map! { "Properties" => properties })
}

/// What keeps the records.
pub(crate) fn resources() -> Vec<(String, Node)> {
    let state = map! {
        "AttributeDefinitions" => attributes(&[
            ("operation_id", "S"), ("status", "S"), ("last_updated_at", "S"), ("kind", "S"),
        ]),
        "KeySchema" => key_schema("operation_id", None),
        "GlobalSecondaryIndexes" => Node::List(needed_indexes().iter().map(index).collect()),
    };
    let audit = map! {
        "AttributeDefinitions" => attributes(&[("operation_id", "S"), ("sequence", "N")]),
        "KeySchema" => key_schema("operation_id", Some("sequence")),
    };
    vec![
        ("Key".to_owned(), key()),
        (
            "KeyAlias".to_owned(),
            map! {
                "Type" => "AWS::KMS::Alias",
                "Properties" => map! { "AliasName" => sub("alias/${NamePrefix}-${Environment}"), "TargetKeyId" => reference("Key") },
            },
        ),
        ("StateTable".to_owned(), table("StateTableName", state)),
        ("AuditTable".to_owned(), table("AuditTableName", audit)),
        (
            "ConfigurationParameter".to_owned(),
            map! {
                "Type" => "AWS::SSM::Parameter",
                "Properties" => map! {
                    "Name" => sub("/aurora-restore/${Environment}/config"),
                    "Type" => "String",
                    "Description" => "The configuration of aurora-restore (TOML); it holds no secret",
                    "Value" => reference("Configuration"),
                    "Tags" => map! { "Application" => "AuroraRestore", "Environment" => reference("Environment") },
                },
            },
        ),
        ("Topic".to_owned(), topic()),
        ("TopicPolicy".to_owned(), topic_policy()),
        (
            "EmailSubscription".to_owned(),
            map! {
                "Type" => "AWS::SNS::Subscription",
                "Condition" => "HasEmail",
                "Properties" => map! { "TopicArn" => reference("Topic"), "Protocol" => "email", "Endpoint" => reference("NotificationEmail") },
            },
        ),
    ]
}

fn key() -> Node {
    let account = map! { "StringEquals" => map! { "aws:SourceAccount" => reference("AWS::AccountId") } };
    let log_groups = sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*");
    let policy = map! {
        "Version" => "2012-10-17",
        "Statement" => list![
            the_account_decides(),
            map! {
                "Sid" => "AlarmsPublish",
                "Effect" => "Allow",
                "Principal" => map! { "Service" => list!["cloudwatch.amazonaws.com"] },
                "Action" => list!["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource" => "*",
                "Condition" => account,
            },
            map! {
                "Sid" => "LogGroups",
                "Effect" => "Allow",
                "Principal" => map! { "Service" => sub("logs.${AWS::Region}.${AWS::URLSuffix}") },
                "Action" => list!["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource" => "*",
                "Condition" => map! { "ArnLike" => map! { "kms:EncryptionContext:aws:logs:arn" => log_groups } },
            },
            map! {
                "Sid" => "LogDelivery",
                "Effect" => "Allow",
                "Principal" => map! { "Service" => "delivery.logs.amazonaws.com" },
                "Action" => "kms:Decrypt",
                "Resource" => "*",
                "Condition" => map! { "StringEquals" => map! { "aws:SourceAccount" => reference("AWS::AccountId") } },
            },
        ],
    };
    map! { "Type" => "AWS::KMS::Key" }.with(kept()).with(map! {
        "Properties" => map! {
            "Description" => sub("The records of aurora-restore in ${Environment}: tables, logs and notices"),
            "EnableKeyRotation" => true,
            "PendingWindowInDays" => 30,
            "KeyPolicy" => policy,
            "Tags" => tags(),
        },
    })
}

fn topic() -> Node {
    map! {
        "Type" => "AWS::SNS::Topic",
        "Properties" => map! {
            "TopicName" => sub("${NamePrefix}-notifications"),
            "DisplayName" => "aurora-restore",
            "KmsMasterKeyId" => attribute("Key", "Arn"),
            "Tags" => tags(),
        },
    }
}

/// Only the account, and only encrypted on the way. Alarms publish as CloudWatch.
fn topic_policy() -> Node {
    let publish = |sid: &str, principal: Node, condition: Node| {
        map! {
            "Sid" => sid,
            "Effect" => "Allow",
            "Principal" => principal,
            "Action" => "sns:Publish",
            "Resource" => reference("Topic"),
            "Condition" => condition,
        }
    };
    let account = |key: &str| map! { "StringEquals" => map! { key => reference("AWS::AccountId") } };
    map! {
        "Type" => "AWS::SNS::TopicPolicy",
        "Properties" => map! {
            "Topics" => list![reference("Topic")],
            "PolicyDocument" => map! {
                "Version" => "2012-10-17",
                "Statement" => list![
                    publish("Alarms", map! { "Service" => "cloudwatch.amazonaws.com" }, account("aws:SourceAccount")),
                    publish(
                        "FunctionsAndMachine",
                        map! { "AWS" => sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") },
                        account("aws:PrincipalAccount"),
                    ),
                    map! {
                        "Sid" => "NothingInClear",
                        "Effect" => "Deny",
                        "Principal" => "*",
                        "Action" => "sns:Publish",
                        "Resource" => reference("Topic"),
                        "Condition" => map! { "Bool" => map! { "aws:SecureTransport" => "false" } },
                    },
                ],
            },
        },
    }
}

/// What a boundary adds to a role.
pub(crate) fn boundary() -> Node {
    map! { "PermissionsBoundary" => only_when("HasBoundary", reference("PermissionsBoundary")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_outlives_the_stack_can_be_brought_back_and_is_encrypted() {
        let resources = resources();
        let found = |name: &str| &resources.iter().find(|(id, _)| id == name).unwrap().1;
        for name in ["StateTable", "AuditTable", "Key"] {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                let kept = found(name).get(policy).and_then(Node::as_text).unwrap_or_default();
                assert!(kept.starts_with("Retain"), "{name}: {policy} is `{kept}`");
            }
        }
        for name in ["StateTable", "AuditTable"] {
            let property = |part: &str, key: &str| {
                found(name).get("Properties").and_then(|all| all.get(part)).and_then(|part| part.get(key)).unwrap()
            };
            assert_eq!(property("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"), &Node::Bool(true));
            assert_eq!(property("TimeToLiveSpecification", "AttributeName").as_text(), Some("ttl"));
            assert_eq!(property("SSESpecification", "KMSMasterKeyId"), &attribute("Key", "Arn"));
        }
    }
}
