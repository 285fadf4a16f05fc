//! The companion in the source account: the role that the pipeline assumes there, and a key under which snapshots can be
//! shared.

use std::fmt::Write as _;

use super::{
    node::{Node, attribute, list, map, only_when, reference, sub, when},
    permissions::{OPERATION_TAG, ROLE_TAG, document, the_account_decides},
    place::Place,
    tags,
    template::GENERATED,
};

const HEAD: &str = "\
# What the source account gives to aurora-restore in another account: a role that reads, copies and shares snapshots, and a
# key for copies that can be shared. A snapshot under the default key cannot be; an automated one is copied first.
#
# Make this stack first, in the source account and the snapshots' Region; give its outputs to the pipeline's stack
# (SourceRoleArn, KmsKeyArns) and to the configuration (`copy.source-kms-key`).
";

/// The template.
pub(super) fn text() -> String {
    let mut text = format!("{GENERATED}{HEAD}AWSTemplateFormatVersion: \"2010-09-09\"\n");
    text.push_str(
        "Description: \"aurora-restore: what the source account gives to the pipeline in another account\"\n",
    );
    for (name, content) in [
        ("Parameters", parameters()),
        ("Rules", rules()),
        ("Conditions", conditions()),
        ("Resources", resources()),
        ("Outputs", outputs()),
    ] {
        let _ = write!(text, "\n{name}:\n");
        for entry in content.entries() {
            let _ = write!(text, "\n{}", Node::Map(vec![entry.clone()]).to_yaml(2));
        }
    }
    text
}

fn parameters() -> Node {
    let parameter = |about: &str, pattern: &str, otherwise: &str| {
        map! { "Type" => "String", "Description" => about, "AllowedPattern" => pattern, "ConstraintDescription" => otherwise }
    };
    let default = |value: &str| map! { "Default" => value };
    let list = map! { "Type" => "CommaDelimitedList", "Default" => "" };
    map! {
        "Environment" => parameter("The name of the environment, for tags.", "^[a-z0-9][a-z0-9_-]{0,31}$", "1 to 32 small letters, digits, hyphens or underscores").with(default("prod")),
        "TargetAccountId" => parameter("The account of the pipeline.", "^[0-9]{12}$", "12 digits"),
        "NamePrefix" => parameter("NamePrefix of the pipeline's stack.", "^[a-z][a-z0-9-]{0,23}$", "1 to 24 small letters, digits or hyphens").with(default("aurora-restore")),
        "ExternalId" => parameter("The external id that the pipeline must give: SourceExternalId of its stack.", "^[a-zA-Z0-9+=,.@:/_-]{8,1224}$", "8 to 1224 letters, digits and + = , . @ : / _ -").with(map! { "NoEcho" => true }),
        "SnapshotNames" => parameter("A pattern of the names of snapshots that may be shared.", "^[a-zA-Z0-9:*?-]{1,255}$", "letters, digits, colons, hyphens, and * and ? for anything").with(default("*")),
        "SnapshotKeyArns" => list.with(map! {
            "Description" => "The customer-managed keys that snapshots are under today. Their policies must let this account's IAM decide.",
            "AllowedPattern" => "^$|^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$",
            "ConstraintDescription" => "ARNs of keys, separated by commas",
        }),
        "CreateKey" => map! {
            "Type" => "String",
            "Description" => "Whether a key for shareable copies is made. Without it, one of SnapshotKeyArns must have the statements of this one's policy.",
            "Default" => "yes",
            "AllowedValues" => list!["yes", "no"],
        },
    }
}

fn equals(one: Node, other: &str) -> Node {
    Node::Call("Equals", Box::new(Node::List(vec![one, other.into()])))
}

fn rules() -> Node {
    let other =
        Node::Call("Equals", Box::new(Node::List(vec![reference("TargetAccountId"), reference("AWS::AccountId")])));
    let not = Node::Call("Not", Box::new(Node::List(vec![other])));
    map! {
        "TwoAccounts" => map! {
            "Assertions" => list![map! {
                "Assert" => not,
                "AssertDescription" => "TargetAccountId is this very account: within one account no role and no sharing is needed",
            }],
        },
    }
}

pub(super) fn conditions() -> Node {
    let joined = Node::Call("Join", Box::new(Node::List(vec!["".into(), reference("SnapshotKeyArns")])));
    map! {
        "WithKey" => equals(reference("CreateKey"), "yes"),
        "HasSnapshotKeys" => Node::Call("Not", Box::new(Node::List(vec![equals(joined, "")]))),
    }
}

pub(super) fn resources() -> Node {
    map! {
        "Role" => role(),
        "Key" => key(),
        "KeyAlias" => map! {
            "Type" => "AWS::KMS::Alias",
            "Condition" => "WithKey",
            "Properties" => map! { "AliasName" => sub("alias/${NamePrefix}-snapshots"), "TargetKeyId" => reference("Key") },
        },
    }
}

/// How the names of Regions begin, before their first hyphen: `eu-central-1`, and `eusc-de-east-1` of the European Sovereign Cloud. The
/// role of the sweeper's schedule, whose name begins as the sweeper's and goes on with `schedule-`, is none.
const REGIONS_BEGIN: [&str; 2] = ["??", "????"];

/// The functions that may enter, by the names of their roles: a principal's ARN could be named only once it exists.
fn entering_roles() -> Node {
    let entering = Place::all().into_iter().filter(|place| place.enters_source_account());
    let role = |(place, region): (Place, &str)| {
        let name = place.name();
        sub(format!("arn:${{AWS::Partition}}:iam::${{TargetAccountId}}:role/${{NamePrefix}}-{name}-{region}-*"))
    };
    Node::List(entering.flat_map(|place| REGIONS_BEGIN.map(|region| (place, region))).map(role).collect())
}

fn target_account() -> Node {
    map! { "AWS" => sub("arn:${AWS::Partition}:iam::${TargetAccountId}:root") }
}

/// Who may enter.
pub(super) fn trust() -> Node {
    document(vec![map! {
        "Effect" => "Allow",
        "Principal" => target_account(),
        "Action" => "sts:AssumeRole",
        "Condition" => map! {
            "StringEquals" => map! { "sts:ExternalId" => reference("ExternalId") },
            "ArnLike" => map! { "aws:PrincipalArn" => entering_roles() },
        },
    }])
}

fn role() -> Node {
    map! {
        "Type" => "AWS::IAM::Role",
        "Properties" => map! {
            "RoleName" => sub("${NamePrefix}-source-${AWS::Region}"),
            "Description" => "Reads, copies and shares snapshots for aurora-restore in another account",
            "AssumeRolePolicyDocument" => trust(),
            "Policies" => list![map! { "PolicyName" => "snapshots", "PolicyDocument" => policy() }],
            "Tags" => tags(),
        },
    }
}

/// The least that the pipeline does here. It deletes nothing but its own copies, and restores nothing.
pub(super) fn policy() -> Node {
    let snapshots =
        |name: &str| sub(format!("arn:${{AWS::Partition}}:rds:*:${{AWS::AccountId}}:cluster-snapshot:{name}"));
    let clusters = sub("arn:${AWS::Partition}:rds:*:${AWS::AccountId}:cluster:*");
    let allow = |sid: &str, actions: Node, resources: Node| {
        map! { "Sid" => sid, "Effect" => "Allow", "Action" => actions, "Resource" => resources }
    };
    // Their names are the engine's. RDS does not tell a copy from what is copied; that tags travel in the call, and on what,
    // holds the copy's name.
    let copies = || snapshots("*-copy-????????-*");
    let as_copy = |key: &str| {
        map! { "Condition" => map! {
            "StringLike" => map! { format!("aws:{key}/{OPERATION_TAG}") => "?*" },
            "StringEquals" => map! { format!("aws:{key}/{ROLE_TAG}") => "copy" },
        } }
    };
    document(vec![
        allow("LookAtSnapshots", list!["rds:DescribeDBClusterSnapshots"], list![snapshots("*"), clusters]),
        allow("LookAtShares", list!["rds:DescribeDBClusterSnapshotAttributes"], snapshots("*")),
        allow("Share", list!["rds:ModifyDBClusterSnapshotAttribute"], snapshots("${SnapshotNames}")),
        allow("ShareCopies", list!["rds:ModifyDBClusterSnapshotAttribute"], copies()).with(as_copy("ResourceTag")),
        allow("Copy", list!["rds:CopyDBClusterSnapshot"], snapshots("*")).with(as_copy("RequestTag")),
        allow("TagCopies", list!["rds:AddTagsToResource"], copies()).with(as_copy("RequestTag")),
        allow("DeleteCopies", list!["rds:DeleteDBClusterSnapshot"], copies()).with(as_copy("ResourceTag")),
        only_when("WithKey", use_key("UseKey", attribute("Key", "Arn"))),
        only_when("WithKey", lend_key("LendKey", attribute("Key", "Arn"))),
        only_when("HasSnapshotKeys", use_key("UseSnapshotKeys", reference("SnapshotKeyArns"))),
        only_when("HasSnapshotKeys", lend_key("LendSnapshotKeys", reference("SnapshotKeyArns"))),
    ])
}

fn through_rds() -> Node {
    map! { "kms:ViaService" => sub("rds.*.${AWS::URLSuffix}") }
}

const KEY_USES: [&str; 5] = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

fn use_key(sid: &str, key: Node) -> Node {
    map! {
        "Sid" => sid,
        "Effect" => "Allow",
        "Action" => KEY_USES.to_vec(),
        "Resource" => key,
        "Condition" => map! { "StringLike" => through_rds() },
    }
}

fn lend_key(sid: &str, key: Node) -> Node {
    map! {
        "Sid" => sid,
        "Effect" => "Allow",
        "Action" => list!["kms:CreateGrant"],
        "Resource" => key,
        "Condition" => map! { "Bool" => map! { "kms:GrantIsForAWSResource" => "true" }, "StringLike" => through_rds() },
    }
}

/// The key of shareable copies. The target account needs the grants, too: with the other uses alone RDS says that the key
/// cannot be accessed.
fn key() -> Node {
    let statement = |sid: &str, actions: Node, condition: Node| {
        map! {
            "Sid" => sid,
            "Effect" => "Allow",
            "Principal" => target_account(),
            "Action" => actions,
            "Resource" => "*",
            "Condition" => condition,
        }
    };
    let grants = list!["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];
    let for_rds = map! { "Bool" => map! { "kms:GrantIsForAWSResource" => "true" } };
    let policy = map! {
        "Version" => "2012-10-17",
        "Statement" => list![
            the_account_decides(),
            statement("TargetUses", Node::from(KEY_USES.to_vec()), map! { "StringLike" => through_rds() }),
            statement("TargetLendsToRds", grants, for_rds),
        ],
    };
    map! {
        "Type" => "AWS::KMS::Key",
        "Condition" => "WithKey",
        // A creation that fails leaves no key behind.
        "DeletionPolicy" => "RetainExceptOnCreate",
        "UpdateReplacePolicy" => "Retain",
        "Properties" => map! {
            "Description" => sub("Copies of snapshots that ${TargetAccountId} may restore from"),
            "EnableKeyRotation" => true,
            "PendingWindowInDays" => 30,
            "KeyPolicy" => policy,
            "Tags" => tags(),
        },
    }
}

fn outputs() -> Node {
    let output = |about: &str, value: Node| map! { "Description" => about, "Value" => value };
    map! {
        "RoleArn" => output("SourceRoleArn of the pipeline's stack", attribute("Role", "Arn")),
        "KeyArn" => output(
            "The key for `copy.source-kms-key`, and one of KmsKeyArns of the pipeline's stack",
            when("WithKey", attribute("Key", "Arn"), "none was made"),
        ),
    }
}
