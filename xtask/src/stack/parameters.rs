//! The parameters of the stack, how they are checked, and the conditions and rules that follow from them.

use aurora_restore_ops::monitoring::Threshold;

use super::node::{Node, list, map, reference};

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Check {
    /// A text of this form.
    Form(&'static str),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A number between these.
    Between(i64, i64),
    /// Texts, separated by commas, each of this form.
    Each(&'static str),
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    /// Its name, which `stack deploy` relies on.
    pub name: &'static str,
    /// The value that it has unless somebody says otherwise; none: it must be given.
    pub default: Option<&'static str>,
    /// What it must be.
    pub check: Check,
    /// What it is for.
    pub about: &'static str,
    /// What a person reads whose value is refused.
    pub otherwise: &'static str,
}

const fn parameter(name: &'static str, default: Option<&'static str>, check: Check, about: &'static str) -> Parameter {
    Parameter { name, default, check, about, otherwise: "" }
}

impl Parameter {
    const fn otherwise(mut self, text: &'static str) -> Self {
        self.otherwise = text;
        self
    }

    fn node(&self) -> Node {
        let kind = match self.check {
            Check::Between(..) => "Number",
            Check::Each(_) => "CommaDelimitedList",
            Check::Form(_) | Check::OneOf(_) => "String",
        };
        let mut node = map! { "Type" => kind, "Description" => self.about };
        if let Some(default) = self.default {
            let default = default.parse::<i64>().map_or_else(|_| Node::from(default), Node::from);
            node = node.with(map! { "Default" => default });
        }
        node = node.with(match self.check {
            Check::Form(pattern) | Check::Each(pattern) => map! { "AllowedPattern" => pattern },
            Check::OneOf(values) => {
                let number = |value: &&str| value.parse::<i64>().map_or_else(|_| Node::from(*value), Node::from);
                map! { "AllowedValues" => Node::List(values.iter().map(number).collect()) }
            }
            Check::Between(least, most) => map! { "MinValue" => least, "MaxValue" => most },
        });
        if self.otherwise.is_empty() { node } else { node.with(map! { "ConstraintDescription" => self.otherwise }) }
    }
}

const YES_NO: Check = Check::OneOf(&["yes", "no"]);
const TABLE: Check = Check::Form("^[a-zA-Z0-9_.-]{3,255}$");
/// To which hosts `http` is spoken is not said here but by the functions, which refuse the others.
const ENDPOINT: Check = Check::Form("^$|^https?://([a-zA-Z0-9._-]+|\\[[0-9a-fA-F:.]+\\])(:[0-9]+)?/?$");
const ENDPOINT_FORM: &str =
    "a URL without a path (https; http on a loopback address or a host of HttpHosts only), or empty";
const SECRET: Check =
    Check::Form("^$|^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[a-zA-Z0-9/_+=.@-]+-[a-zA-Z0-9]{6}$");
const IDS: &str = "^$|^(sg|subnet|rtb)-[0-9a-f]+$";
const EXPRESSION: Check = Check::Form("^(cron|rate)\\(.+\\)$");
/// The periods that a log group knows.
const LOG_DAYS: Check = Check::OneOf(&[
    "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731", "1096", "1827",
    "2192", "2557", "2922", "3288", "3653",
]);
/// The bounds of an execution that [`timeouts`] knows.
const HOURS: [i64; 11] = [6, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336];

/// A heading of the console with its parameters.
pub(crate) struct Group {
    /// The heading.
    pub title: &'static str,
    /// The parameters under it.
    pub parameters: &'static [Parameter],
}

/// Every parameter.
pub(crate) const GROUPS: [Group; 9] = [
    Group {
        title: "Names",
        parameters: &[
            parameter("Environment", Some("prod"), Check::Form("^[a-z0-9][a-z0-9_-]{0,31}$"), "The name of the environment: a dimension of the metrics, a tag, and part of the configuration's name.")
                .otherwise("1 to 32 small letters, digits, hyphens or underscores, first a letter or digit"),
            parameter("NamePrefix", Some("aurora-restore"), Check::Form("^[a-z][a-z0-9-]{0,23}$"), "What the names of functions, roles and the state machine begin with.")
                .otherwise("1 to 24 small letters, digits or hyphens, first a letter"),
        ],
    },
    Group {
        title: "Code",
        parameters: &[
            parameter("CodeBucket", None, Check::Form("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"), "The bucket with the package of the functions, in the stack's Region.")
                .otherwise("the name of an S3 bucket"),
            parameter("CodeKey", None, Check::Form("^[a-zA-Z0-9!_.*'()/-]{1,512}$"), "The key of the package.")
                .otherwise("the key of an object in the bucket"),
            parameter("CodeVersion", Some(""), Check::Form("^[a-zA-Z0-9._-]{0,64}$"), "The version of the package's object. Another one publishes new versions of the functions.")
                .otherwise("the version of an S3 object, or empty in a bucket without versions"),
            parameter("Release", Some(""), Check::Form("^[a-zA-Z0-9.-]{0,32}$"), "A word that changes whenever anything about the functions changes, so that new versions are published. `aurora-restore stack deploy` makes it.")
                .otherwise("up to 32 letters, digits, dots or hyphens"),
            parameter("Runtime", Some("provided.al2023"), Check::Form("^provided\\.al[0-9]{1,4}$"), "What the functions run on. The package has to be built for it: `aurora-restore functions smoke` tells whether it starts.")
                .otherwise("a runtime for programs, such as provided.al2023"),
            parameter("Architecture", Some("arm64"), Check::OneOf(&["arm64", "x86_64"]), "The processor that the package is built for."),
        ],
    },
    Group {
        title: "Restores",
        parameters: &[
            parameter("Configuration", Some("# Nothing is set here: every execution brings its own request."), Check::Form("^[\\s\\S]{1,4096}$"), "The configuration (TOML): the same keys as the configuration file. It never holds a secret.")
                .otherwise("1 to 4096 characters of TOML"),
            parameter("TargetClusters", None, Check::Form("^[a-zA-Z0-9*?-]{1,63}$"), "A pattern of the names of clusters that may be restored over, such as staging*. Be narrow: these are the only clusters without this product's tags that are touched.")
                .otherwise("letters, digits, hyphens, and * and ? for anything"),
            parameter("TargetInstances", None, Check::Form("^[a-zA-Z0-9*?-]{1,63}$"), "The same for the names of their instances.")
                .otherwise("letters, digits, hyphens, and * and ? for anything"),
            parameter("AllowReplace", Some("no"), YES_NO, "Whether the strategy `replace` may delete a target and make the new cluster under its name. Without it no cluster can be deleted that this product did not make or retire.")
                .otherwise("yes or no"),
            parameter("KmsKeyArns", Some(""), Check::Each("^$|^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$"), "The customer-managed keys of snapshots, copies, clusters and secrets, those of the source account included.")
                .otherwise("ARNs of keys, separated by commas"),
            parameter("SecretsPrefix", Some("aurora-restore/"), Check::Form("^[a-zA-Z0-9/_+=.@-]{1,256}$"), "What the names of the secrets begin with that functions may read.")
                .otherwise("the beginning of names of secrets; letters, digits and / _ + = . @ -"),
            parameter("PassRoleArns", Some(""), Check::Each("^$|^arn:[a-z-]+:iam::[0-9]{12}:role/.+$"), "The roles that restored clusters and instances use (Enhanced Monitoring, imports).")
                .otherwise("ARNs of roles, separated by commas"),
            parameter("SourceRoleArn", Some(""), Check::Form("^$|^arn:[a-z-]+:iam::[0-9]{12}:role/.+$"), "The role in the source account, where snapshots come from another account: output RoleArn of source-account.yaml.")
                .otherwise("the ARN of a role, or empty"),
            parameter("SourceExternalId", Some(""), Check::Form("^$|^[a-zA-Z0-9+=,.@:/_-]{8,1224}$"), "The external id that the role asks for: ExternalId of source-account.yaml.")
                .otherwise("8 to 1224 letters, digits and + = , . @ : / _ -"),
        ],
    },
    Group {
        title: "Functions and bounds",
        parameters: &[
            parameter("MemorySize", Some("256"), Check::Between(128, 10240), "Megabytes of memory of each function.")
                .otherwise("between 128 and 10240"),
            parameter("FunctionTimeout", Some("300"), Check::Between(30, 900), "Seconds that one invocation may last. Verifying large databases needs most.")
                .otherwise("between 30 and 900"),
            parameter("RestoreTimeoutHours", Some("96"), Check::OneOf(&["6", "12", "24", "36", "48", "72", "96", "120", "168", "240", "336"]), "Hours that one execution may last. It has to be longer than the bounds of the configuration (`limits`) together, the way back included; those undo an operation, this one only ends the execution.")
                .otherwise("one of the listed numbers of hours"),
            parameter("PollInterval", Some("130s"), Check::Form("^[1-9][0-9]{0,3}s$"), "The time between two looks at RDS. Step Functions keeps 25,000 events of an execution, and a look is nine: for more than 96 hours take longer.")
                .otherwise("1s to 9999s"),
            parameter("PermissionsBoundary", Some(""), Check::Form("^$|^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$"), "The permissions boundary of every role, where the account asks for one.")
                .otherwise("the ARN of a policy, or empty"),
        ],
    },
    Group {
        title: "Records",
        parameters: &[
            parameter("StateTableName", Some("AuroraRestoreStateTable"), TABLE, "The table with the state of operations.")
                .otherwise("3 to 255 letters, digits, underscores, dots or hyphens"),
            parameter("AuditTableName", Some("AuroraRestoreAuditTable"), TABLE, "The table with their journals.")
                .otherwise("3 to 255 letters, digits, underscores, dots or hyphens"),
            parameter("StateRetentionDays", Some("90"), Check::Between(1, 3650), "Days that the state of an operation is kept after its end.")
                .otherwise("between 1 and 3650"),
            parameter("AuditRetentionDays", Some("365"), Check::Between(30, 3650), "Days that an entry of a journal is kept; longer than any operation lasts, the time for which a retired cluster is kept included.")
                .otherwise("between 30 and 3650"),
            parameter("LogRetentionDays", Some("90"), LOG_DAYS, "Days that logs are kept.").otherwise("a period that CloudWatch Logs knows"),
        ],
    },
    Group {
        title: "Network",
        parameters: &[
            parameter("VpcId", Some(""), Check::Form("^$|^vpc-[0-9a-f]+$"), "The VPC of the restored clusters. Needed for endpoints.")
                .otherwise("the id of a VPC, or empty"),
            parameter("SubnetIds", Some(""), Check::Each(IDS), "The subnets of the functions that log in to the database. Without them these run outside of any VPC and reach public clusters only.")
                .otherwise("ids of subnets, separated by commas"),
            parameter("SecurityGroupIds", Some(""), Check::Each(IDS), "The security groups of these functions; the clusters must let them in.")
                .otherwise("ids of security groups, separated by commas"),
            parameter("RouteTableIds", Some(""), Check::Each(IDS), "The route tables of these subnets, for the endpoint of DynamoDB.")
                .otherwise("ids of route tables, separated by commas"),
            parameter("CreateEndpoints", Some("no"), YES_NO, "Whether endpoints of the services are made in the VPC, for subnets without a way to the internet. Their private names hold for the whole VPC, and they admit SecurityGroupIds and this account only: for a VPC that others use, make your own.")
                .otherwise("yes or no"),
        ],
    },
    Group {
        title: "Schedules and notices",
        parameters: &[
            parameter("ScheduleExpression", Some("cron(0 2 * * ? *)"), EXPRESSION, "When the configuration's restore begins, UTC. Each run has an operation id of its own.")
                .otherwise("cron(...) or rate(...)"),
            parameter("ScheduleEnabled", Some("no"), YES_NO, "Whether it does.").otherwise("yes or no"),
            parameter("SweepExpression", Some("rate(24 hours)"), EXPRESSION, "When stalled operations, retired clusters that are due, and left-overs are looked for.")
                .otherwise("cron(...) or rate(...)"),
            parameter("SweepPeriod", Some("24h"), Check::Form("^([1-9][0-9]{0,2}|[1-7][0-9]{3}|8[0-6][0-9]{2}|87[0-5][0-9]|8760)h$"), "How long SweepExpression lets pass between two looks: what is found is told once.")
                .otherwise("1h to 8760h"),
            parameter("NotificationEmail", Some(""), Check::Form("^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"), "Who gets notices and alarms by e-mail.")
                .otherwise("an e-mail address, or empty"),
            parameter("SavedQueries", Some("yes"), YES_NO, "Whether queries for CloudWatch Logs Insights are saved.")
                .otherwise("yes or no"),
        ],
    },
    Group {
        title: "Rotation of secrets",
        parameters: &[
            parameter("UsersSecretArn", Some(""), SECRET, "The secret with the logins of the application and the reader (`secrets.users` of the configuration), if Secrets Manager may have it rotated by this stack.")
                .otherwise("the ARN of a secret, with the six characters at its end, or empty"),
            parameter("MasterSecretArn", Some(""), SECRET, "The same for the master's (`secrets.master`). While it is rotated its current version is refused for some hundred milliseconds.")
                .otherwise("the ARN of a secret, with the six characters at its end, or empty"),
            parameter("RotationDays", Some("0"), Check::Between(0, 1000), "Days between two rotations of these secrets; 0 rotates none. Nothing is rotated by a deployment: the first time comes after so many days.")
                .otherwise("between 0 and 1000"),
        ],
    },
    Group {
        title: "Stand-ins (empty in production)",
        parameters: &[
            parameter("ServiceEndpoint", Some(""), ENDPOINT, "Where every service is, if not at AWS.").otherwise(ENDPOINT_FORM),
            parameter("RdsEndpoint", Some(""), ENDPOINT, "Where RDS is, if not at AWS.").otherwise(ENDPOINT_FORM),
            parameter("StsEndpoint", Some(""), ENDPOINT, "Where STS is, if not at AWS.").otherwise(ENDPOINT_FORM),
            parameter("HttpHosts", Some(""), Check::Form("^$|^[a-zA-Z0-9._:-]+(, ?[a-zA-Z0-9._:-]+)*$"), "The hosts beyond loopback to which the functions speak http, for emulators whose functions run in containers. Credentials and secrets cross the network in the clear. Never for AWS, whose hosts the functions refuse.")
                .otherwise("names or IP addresses of hosts, separated by commas, without ports; or empty"),
        ],
    },
];

/// The section `Parameters`.
pub(crate) fn parameters() -> Node {
    let all = GROUPS.iter().flat_map(|group| group.parameters);
    Node::Map(all.map(|parameter| (parameter.name.to_owned(), parameter.node())).collect())
}

/// How the console groups them.
pub(crate) fn interface() -> Node {
    let groups = GROUPS.iter().map(|group| {
        let names: Vec<&str> = group.parameters.iter().map(|parameter| parameter.name).collect();
        map! { "Label" => map! { "default" => group.title }, "Parameters" => names }
    });
    map! { "AWS::CloudFormation::Interface" => map! { "ParameterGroups" => Node::List(groups.collect()) } }
}

/// The section `Mappings`: hours as the seconds of the state machine and the milliseconds of the alarm that goes off at so many
/// fifths of them, because a template cannot multiply.
pub(crate) fn timeouts() -> Node {
    let fifths = super::views::declared().alarms.iter().find_map(|alarm| match alarm.threshold() {
        Threshold::FifthsOfTimeout(fifths) => Some(fifths),
        Threshold::Value(_) => None,
    });
    let rows = HOURS.iter().map(|hours| {
        let long = hours * 3_600_000 / 5 * fifths.unwrap_or(5);
        let row = map! { "Seconds" => hours * 3600, "LongMilliseconds" => long };
        (hours.to_string(), row)
    });
    map! { "RestoreTimeouts" => Node::Map(rows.collect()) }
}

/// A value of that mapping for the parameter.
pub(crate) fn timeout(column: &str) -> Node {
    Node::Call("FindInMap", Box::new(list!["RestoreTimeouts", reference("RestoreTimeoutHours"), column]))
}

fn equals(one: Node, other: &str) -> Node {
    Node::Call("Equals", Box::new(Node::List(vec![one, other.into()])))
}

fn is_given(parameter: &str) -> Node {
    Node::Call("Not", Box::new(Node::List(vec![equals(reference(parameter), "")])))
}

fn list_is_given(parameter: &str) -> Node {
    let joined = Node::Call("Join", Box::new(Node::List(vec!["".into(), reference(parameter)])));
    Node::Call("Not", Box::new(Node::List(vec![equals(joined, "")])))
}

fn both(one: &str, other: &str) -> Node {
    let condition = |name: &str| map! { "Condition" => name };
    Node::Call("And", Box::new(Node::List(vec![condition(one), condition(other)])))
}

fn either(one: &str, other: &str) -> Node {
    let condition = |name: &str| map! { "Condition" => name };
    Node::Call("Or", Box::new(Node::List(vec![condition(one), condition(other)])))
}

/// A schedule is asked for.
fn rotates() -> Node {
    Node::Call("Not", Box::new(Node::List(vec![equals(reference("RotationDays"), "0")])))
}

/// The section `Conditions`.
pub(crate) fn conditions() -> Node {
    map! {
        "HasCodeVersion" => is_given("CodeVersion"),
        "HasKmsKeys" => list_is_given("KmsKeyArns"),
        "HasPassedRoles" => list_is_given("PassRoleArns"),
        "HasSourceRole" => is_given("SourceRoleArn"),
        "HasExternalId" => is_given("SourceExternalId"),
        "HasBoundary" => is_given("PermissionsBoundary"),
        "HasEmail" => is_given("NotificationEmail"),
        "HasServiceEndpoint" => is_given("ServiceEndpoint"),
        "HasRdsEndpoint" => is_given("RdsEndpoint"),
        "HasStsEndpoint" => is_given("StsEndpoint"),
        "HasHttpHosts" => is_given("HttpHosts"),
        "InVpc" => list_is_given("SubnetIds"),
        "WithEndpoints" => equals(reference("CreateEndpoints"), "yes"),
        "HasUsersSecret" => is_given("UsersSecretArn"),
        "HasMasterSecret" => is_given("MasterSecretArn"),
        "MayRotate" => either("HasUsersSecret", "HasMasterSecret"),
        "IsRotated" => rotates(),
        "RotatesUsers" => both("IsRotated", "HasUsersSecret"),
        "RotatesMaster" => both("IsRotated", "HasMasterSecret"),
        "MayReplace" => equals(reference("AllowReplace"), "yes"),
        "MayPassRolesBack" => both("MayReplace", "HasPassedRoles"),
        "MayUseKeysBack" => both("MayReplace", "HasKmsKeys"),
        "IsScheduled" => equals(reference("ScheduleEnabled"), "yes"),
        "WithSavedQueries" => equals(reference("SavedQueries"), "yes"),
    }
}

/// In a rule, where lists cannot be joined. A list that is empty holds one empty text or nothing, as its reader has it, and this
/// is right for both.
fn members_are_given(list: &str) -> Node {
    // In its long form: not every reader of templates knows the short one of a function that only rules have.
    let is_empty = map! { "Fn::EachMemberEquals" => Node::List(vec![reference(list), "".into()]) };
    Node::Call("Not", Box::new(Node::List(vec![is_empty])))
}

/// The VPC and every list of its parts.
fn network_is_given() -> Node {
    let given = ["SubnetIds", "SecurityGroupIds", "RouteTableIds"].map(members_are_given);
    Node::Call("And", Box::new(Node::List([is_given("VpcId")].into_iter().chain(given).collect())))
}

/// The section `Rules`: what several parameters must be together. They are looked at before anything is made.
pub(crate) fn rules() -> Node {
    let assertion = |assert: Node, text: &str| list![map! { "Assert" => assert, "AssertDescription" => text }];
    map! {
        "EndpointsNeedANetwork" => map! {
            "RuleCondition" => equals(reference("CreateEndpoints"), "yes"),
            "Assertions" => assertion(network_is_given(), "CreateEndpoints needs VpcId, and SubnetIds, SecurityGroupIds and RouteTableIds of that VPC"),
        },
        "SubnetsNeedSecurityGroups" => map! {
            "RuleCondition" => members_are_given("SubnetIds"),
            "Assertions" => assertion(members_are_given("SecurityGroupIds"), "SubnetIds needs SecurityGroupIds"),
        },
        "SecurityGroupsNeedSubnets" => map! {
            "RuleCondition" => members_are_given("SecurityGroupIds"),
            "Assertions" => assertion(members_are_given("SubnetIds"), "SecurityGroupIds needs SubnetIds"),
        },
        "ARotationNeedsASecret" => map! {
            "RuleCondition" => rotates(),
            "Assertions" => assertion(
                Node::Call("Or", Box::new(list![is_given("UsersSecretArn"), is_given("MasterSecretArn")])),
                "RotationDays needs UsersSecretArn or MasterSecretArn",
            ),
        },
        "AnExternalIdNeedsARole" => map! {
            "RuleCondition" => is_given("SourceExternalId"),
            "Assertions" => assertion(is_given("SourceRoleArn"), "SourceExternalId needs SourceRoleArn"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters as a rule sees them.
    struct Given<'g> {
        lists: [(&'g str, &'g [&'g str]); 2],
    }

    impl Given<'_> {
        fn list(&self, node: &Node) -> &[&str] {
            let Node::Call("Ref", name) = node else { panic!("{node:?} is no parameter") };
            let named = self.lists.iter().find(|(list, _)| Some(*list) == name.as_text());
            named.map(|(_, members)| *members).unwrap()
        }

        fn holds(&self, node: &Node) -> bool {
            match node {
                Node::Call("Not", inner) => !self.holds(&inner.members()[0]),
                _ => {
                    let [list, text] = node.get("Fn::EachMemberEquals").unwrap().members() else { panic!("{node:?}") };
                    self.list(list).iter().all(|member| Some(*member) == text.as_text())
                }
            }
        }

        fn breaks(&self, rule: &str) -> bool {
            let rules = rules();
            let rule = rules.get(rule).unwrap();
            let assertion = rule.get("Assertions").unwrap().members()[0].get("Assert").unwrap();
            self.holds(rule.get("RuleCondition").unwrap()) && !self.holds(assertion)
        }
    }

    #[test]
    fn subnets_and_security_groups_are_given_together() {
        // What an empty list is to a rule depends on who reads the template.
        for none in [&[""][..], &[]] {
            let broken = |subnets, groups| {
                let given = Given { lists: [("SubnetIds", subnets), ("SecurityGroupIds", groups)] };
                ["SubnetsNeedSecurityGroups", "SecurityGroupsNeedSubnets"].map(|rule| given.breaks(rule))
            };
            assert_eq!(broken(none, none), [false, false]);
            assert_eq!(broken(&["subnet-1"], &["sg-1", "sg-2"]), [false, false]);
            assert_eq!(broken(&["subnet-1", "subnet-2"], none), [true, false]);
            assert_eq!(broken(none, &["sg-1"]), [false, true]);
        }
    }
}
