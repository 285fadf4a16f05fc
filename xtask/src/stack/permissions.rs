//! What a statement of a policy grants: words that the roles' tables are written in, and how they become a template.

use super::node::{Node, attribute, list, map, only_when, reference, sub};

/// What actions may be done on. The account is the stack's own unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// Something of RDS in the stack's Region, such as `cluster:*`.
    Rds(&'static str),
    /// The same in every Region: a copy may be made in the snapshot's Region first.
    RdsEverywhere(&'static str),
    /// The same in every Region and account: what is copied may be another account's.
    RdsOfAnyone(&'static str),
    /// The table of states.
    StateTable,
    /// Its index by status.
    StatusIndex,
    /// The table of entries.
    AuditTable,
    /// The topic of the notices.
    Topic,
    /// The parameter with the configuration.
    Configuration,
    /// The secrets whose names begin as the stack's parameter says.
    Secrets,
    /// The secrets that the stack's parameters name to be rotated.
    RotatedSecrets,
    /// The stack's own key.
    StackKey,
    /// The keys of snapshots, clusters and secrets that the stack's parameter lists.
    DataKeys,
    /// The roles that the stack's parameter lists.
    PassedRoles,
    /// The role in the source account.
    SourceRole,
    /// The pipeline.
    StateMachine,
    /// Executions of the pipeline.
    Executions,
    /// Everything: the service knows nothing narrower for these actions.
    Everything,
}

/// What must hold for a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum If {
    /// Nothing more.
    Always,
    /// The thing bears an operation's tag: this product made it.
    MadeByUs,
    /// The thing bears that tag and was made as this.
    MadeAs(&'static str),
    /// The thing bears the mark of a switch that took its name.
    RetiredByUs,
    /// The request tags what it makes as an operation's, made as this.
    TaggedAs(&'static str),
    /// The request touches no other tags than these.
    OnlyTags(&'static [&'static str]),
    /// The same, and the thing bears an operation's tag.
    OnlyTagsOnOurs(&'static [&'static str]),
    /// The same, and the thing bears the mark of a switch that took its name.
    OnlyTagsOnRetired(&'static [&'static str]),
    /// The same, and the thing bears both.
    OnlyTagsOnOursRetired(&'static [&'static str]),
    /// The request sets tags, but none that a grant rests on, and the thing bears an operation's tag.
    OtherTagsOnOurs,
    /// The tags are handed down from what something is made of, and are not in the request.
    InheritedTags,
    /// The call comes through another service, on behalf of this role.
    Via(&'static str),
    /// A grant that a service gets for its own use.
    GrantForRds,
    /// The role is handed to one of these services.
    PassedTo(&'static [&'static str]),
    /// The items are those of operations.
    KeysOfOperations,
    /// The items are locks of targets in the stack's account and Region.
    KeysOfLocks,
}

/// Some actions, on some things, under a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Its name in the policy.
    pub sid: &'static str,
    /// The actions, with their service.
    pub actions: &'static [&'static str],
    /// On what.
    pub on: &'static [On],
    /// Under which condition.
    pub only_if: If,
    /// Under which condition of the template the grant exists at all.
    pub when: Option<&'static str>,
    /// Why it is needed, for people.
    pub why: &'static str,
}

/// The tag that the engine puts on what it makes.
pub(super) const OPERATION_TAG: &str = "aurora-restore:operation-id";
/// The tag that says what a thing was made as.
pub(super) const ROLE_TAG: &str = "aurora-restore:role";
/// The mark of a switch on the cluster whose name it took.
pub(super) const RETIRED_BY_TAG: &str = "aurora-restore:retired-by";
/// The partition keys that a call of DynamoDB is about.
pub(super) const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
/// What no operation's key has in it. The keys of locks (`lock#`) and of changes to a stack (`change#`) have it.
const NOT_OF_OPERATIONS: &str = "*#*";

impl Grant {
    /// The statement.
    pub(crate) fn statement(&self) -> Node {
        let resources = match self.on {
            // A parameter that is a list stands for itself.
            [On::DataKeys] => reference("KmsKeyArns"),
            [On::PassedRoles] => reference("PassRoleArns"),
            [On::RotatedSecrets] => list![
                only_when("HasUsersSecret", reference("UsersSecretArn")),
                only_when("HasMasterSecret", reference("MasterSecretArn")),
            ],
            [one] => one.arn(),
            several => Node::List(several.iter().map(|on| on.arn()).collect()),
        };
        let statement = map! {
            "Sid" => self.sid,
            "Effect" => "Allow",
            "Action" => self.actions.to_vec(),
            "Resource" => resources,
        };
        let statement = match self.only_if.condition() {
            Some(condition) => statement.with(map! { "Condition" => condition }),
            None => statement,
        };
        match self.when {
            Some(condition) => only_when(condition, statement),
            None => statement,
        }
    }
}

impl On {
    fn arn(self) -> Node {
        match self {
            Self::Rds(what) => sub(format!("arn:${{AWS::Partition}}:rds:${{AWS::Region}}:${{AWS::AccountId}}:{what}")),
            Self::RdsEverywhere(what) => sub(format!("arn:${{AWS::Partition}}:rds:*:${{AWS::AccountId}}:{what}")),
            Self::RdsOfAnyone(what) => sub(format!("arn:${{AWS::Partition}}:rds:*:*:{what}")),
            Self::StateTable => attribute("StateTable", "Arn"),
            Self::StatusIndex => sub(format!("${{StateTable.Arn}}/index/{}", aurora_restore_aws::STATUS_INDEX)),
            Self::AuditTable => attribute("AuditTable", "Arn"),
            Self::Topic => reference("Topic"),
            Self::Configuration => sub(format!(
                "{ARN}ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter/aurora-restore/${{Environment}}/config"
            )),
            Self::Secrets => {
                sub(format!("{ARN}secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:${{SecretsPrefix}}*"))
            }
            Self::RotatedSecrets => reference("UsersSecretArn"),
            Self::StackKey => attribute("Key", "Arn"),
            Self::DataKeys => reference("KmsKeyArns"),
            Self::PassedRoles => reference("PassRoleArns"),
            Self::SourceRole => reference("SourceRoleArn"),
            Self::StateMachine => reference("StateMachine"),
            Self::Executions => {
                sub(format!("{ARN}states:${{AWS::Region}}:${{AWS::AccountId}}:execution:${{NamePrefix}}:*"))
            }
            Self::Everything => "*".into(),
        }
    }
}

const ARN: &str = "arn:${AWS::Partition}:";

impl If {
    fn condition(self) -> Option<Node> {
        Some(match self {
            Self::Always => return None,
            Self::MadeByUs => map! { "StringLike" => made() },
            Self::MadeAs(role) => map! {
                "StringLike" => made(),
                "StringEquals" => map! { format!("aws:ResourceTag/{ROLE_TAG}") => role },
            },
            Self::RetiredByUs => map! { "StringLike" => retired() },
            Self::TaggedAs(role) => map! {
                "StringLike" => map! { format!("aws:RequestTag/{OPERATION_TAG}") => "?*" },
                "StringEquals" => map! { format!("aws:RequestTag/{ROLE_TAG}") => role },
            },
            Self::OnlyTags(tags) => only_tags(tags),
            Self::OnlyTagsOnOurs(tags) => only_tags(tags).with(map! { "StringLike" => made() }),
            Self::OnlyTagsOnRetired(tags) => only_tags(tags).with(map! { "StringLike" => retired() }),
            Self::OnlyTagsOnOursRetired(tags) => only_tags(tags).with(map! { "StringLike" => made().with(retired()) }),
            Self::OtherTagsOnOurs => map! { "StringLike" => made(), "Null" => no_tag_that_decides() },
            Self::InheritedTags => map! { "Bool" => map! { "rds:TagsFromRequest" => "false" } },
            Self::Via(service) => {
                map! { "StringLike" => map! { "kms:ViaService" => sub(format!("{service}.*.${{AWS::URLSuffix}}")) } }
            }
            Self::GrantForRds => map! {
                "Bool" => map! { "kms:GrantIsForAWSResource" => "true" },
                "StringLike" => map! { "kms:ViaService" => sub("rds.*.${AWS::URLSuffix}") },
            },
            Self::PassedTo(services) => {
                map! { "StringEquals" => map! { "iam:PassedToService" => services.to_vec() } }
            }
            Self::KeysOfOperations => only_keys("ForAllValues:StringNotLike", NOT_OF_OPERATIONS.into()),
            Self::KeysOfLocks => only_keys("ForAllValues:StringLike", sub("lock#${AWS::AccountId}/${AWS::Region}/*")),
        })
    }
}

fn only_tags(tags: &[&str]) -> Node {
    map! {
        "ForAllValues:StringEquals" => map! { "aws:TagKeys" => tags.to_vec() },
        "Null" => map! { "aws:TagKeys" => "false" },
    }
}

/// Every item that the call is about has such a key. All of no keys would be whatever one likes.
fn only_keys(operator: &str, form: Node) -> Node {
    map! {
        operator => map! { LEADING_KEYS => form },
        "Null" => map! { LEADING_KEYS => "false" },
    }
}

/// The thing bears an operation's tag.
fn made() -> Node {
    map! { format!("aws:ResourceTag/{OPERATION_TAG}") => "?*" }
}

/// The thing bears the mark of a switch.
fn retired() -> Node {
    map! { format!("aws:ResourceTag/{RETIRED_BY_TAG}") => "?*" }
}

/// The request sets none of the tags that grants rest on.
fn no_tag_that_decides() -> Node {
    let absent = |tag: &str| (format!("aws:RequestTag/{tag}"), Node::from("true"));
    Node::Map(Vec::from([OPERATION_TAG, ROLE_TAG, RETIRED_BY_TAG].map(absent)))
}

/// A policy document of statements.
pub(crate) fn document(statements: Vec<Node>) -> Node {
    map! { "Version" => "2012-10-17", "Statement" => Node::List(statements) }
}

/// Who may assume a role.
pub(crate) fn trust(service: &str) -> Node {
    document(vec![map! {
        "Effect" => "Allow",
        "Principal" => map! { "Service" => service },
        "Action" => "sts:AssumeRole",
    }])
}

/// The same, but only on behalf of this account.
pub(crate) fn trust_for_account(service: &str) -> Node {
    document(vec![map! {
        "Effect" => "Allow",
        "Principal" => map! { "Service" => service },
        "Action" => "sts:AssumeRole",
        "Condition" => map! { "StringEquals" => map! { "aws:SourceAccount" => reference("AWS::AccountId") } },
    }])
}

/// The statement of a key's policy without which nobody could ever change it again.
pub(crate) fn the_account_decides() -> Node {
    map! {
        "Sid" => "TheAccountDecidesByItsPolicies",
        "Effect" => "Allow",
        "Principal" => map! { "AWS" => sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") },
        "Action" => "kms:*",
        "Resource" => "*",
    }
}
