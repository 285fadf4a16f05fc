//! The functions: of each place a log group, a role, the function, its version and the alias that everything calls.

use aurora_restore_core::operation::StepKind;

use super::{
    grants,
    node::{Node, attribute, list, map, only_when, reference, sub},
    permissions::{Grant, document, trust},
    place::{Place, Reach},
    tables::boundary,
    tags,
};

/// Functions publish a new version when this changes, and only then: CloudFormation makes a version when its properties
/// change, and Lambda refuses one that is no different from the last. So the same words stand in both. `Release` stands for
/// everything else: whoever deploys gives another one whenever the template or a parameter is another.
///
/// What a client may change that gives no release stands here too, as far as 256 characters go: above all whether the strategy
/// `replace` is allowed, which the functions and their roles have to know at the same time.
const RELEASE: &str = "package ${CodeVersion} ${Release}, ${Runtime} ${Architecture}, ${MemorySize} MB, ${FunctionTimeout} s, \
                       look ${PollInterval}, replace ${AllowReplace}, keep ${StateRetentionDays}/${AuditRetentionDays} d, \
                       sweep ${SweepPeriod}";

/// Everything of one place.
pub(crate) fn resources(place: Place) -> Vec<(String, Node)> {
    let id = |what: &str| format!("{}{what}", place.logical());
    vec![
        (id("Logs"), log_group(&format!("/aws/lambda/${{NamePrefix}}-{}", place.name()))),
        (id("Role"), role(place)),
        (id("Function"), function(place)),
        (id("Version"), version(place)),
        (id("Alias"), alias(place)),
    ]
}

/// A log group. It is made before whatever writes to it, which would make one without retention otherwise.
pub(crate) fn log_group(name: &str) -> Node {
    map! {
        "Type" => "AWS::Logs::LogGroup",
        "DeletionPolicy" => "Delete",
        "UpdateReplacePolicy" => "Retain",
        "Properties" => map! {
            "LogGroupName" => sub(name),
            "RetentionInDays" => reference("LogRetentionDays"),
            "KmsKeyId" => attribute("Key", "Arn"),
            "Tags" => tags(),
        },
    }
}

/// The name of a role: with the Region, because names of roles are the account's.
pub(crate) fn role_name(name: &str) -> Node {
    sub(format!("${{NamePrefix}}-{name}-${{AWS::Region}}"))
}

fn role(place: Place) -> Node {
    let properties = map! {
        "RoleName" => role_name(place.name()),
        "Description" => format!("What the function of {} may do, and nothing else", place.name()),
        "AssumeRolePolicyDocument" => trust("lambda.amazonaws.com"),
        "Policies" => list![map! { "PolicyName" => place.name(), "PolicyDocument" => policy(place) }],
    };
    map! { "Type" => "AWS::IAM::Role", "Properties" => properties.with(boundary()).with(map! { "Tags" => tags() }) }
}

/// What the role may do.
pub(super) fn policy(place: Place) -> Node {
    let logs = format!("{}Logs", place.logical());
    let mut statements = vec![map! {
        "Sid" => "Log",
        "Effect" => "Allow",
        "Action" => list!["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource" => sub(format!("arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{logs}}}:*")),
    }];
    statements.extend(grants::of(place).iter().map(Grant::statement));
    if place.reach() == Reach::Database {
        statements.extend(network_interfaces(place));
    }
    document(statements)
}

/// Lambda itself makes the interfaces, with the function's role; the code of the function may not.
fn network_interfaces(place: Place) -> [Node; 2] {
    let actions = || {
        list![
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ]
    };
    let function = format!(
        "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{NamePrefix}}-{}",
        place.name()
    );
    let allow = map! { "Sid" => "InterfacesInTheVpc", "Effect" => "Allow", "Action" => actions(), "Resource" => "*" };
    let deny = map! {
        "Sid" => "ButNotForTheCode",
        "Effect" => "Deny",
        "Action" => actions(),
        "Resource" => "*",
        "Condition" => map! { "ArnEquals" => map! { "lambda:SourceFunctionArn" => sub(function) } },
    };
    [only_when("InVpc", allow), only_when("InVpc", deny)]
}

fn function(place: Place) -> Node {
    let about = match place {
        Place::Step(step) => format!("Step {step} of a restore ({RELEASE})"),
        Place::Undo => format!("The way back of a restore ({RELEASE})"),
        Place::Retire => format!("The end of a retired cluster ({RELEASE})"),
        Place::Sweep => format!("Looks for what stands still, is due, or was left ({RELEASE})"),
        Place::Rotate => format!("The rotation of secrets, for Secrets Manager ({RELEASE})"),
    };
    let properties = map! {
        "FunctionName" => sub(format!("${{NamePrefix}}-{}", place.name())),
        "Description" => sub(about),
        "Runtime" => reference("Runtime"),
        "Handler" => "bootstrap",
        "Architectures" => list![reference("Architecture")],
        "Code" => map! {
            "S3Bucket" => reference("CodeBucket"),
            "S3Key" => reference("CodeKey"),
            "S3ObjectVersion" => only_when("HasCodeVersion", reference("CodeVersion")),
        },
        "MemorySize" => reference("MemorySize"),
        "Timeout" => reference("FunctionTimeout"),
        "Role" => attribute(&format!("{}Role", place.logical()), "Arn"),
        "TracingConfig" => map! { "Mode" => "Active" },
        "LoggingConfig" => map! { "LogFormat" => "Text", "LogGroup" => reference(&format!("{}Logs", place.logical())) },
        "Environment" => map! { "Variables" => variables(place) },
    };
    let network = map! {
        "VpcConfig" => only_when("InVpc", map! {
            "SubnetIds" => reference("SubnetIds"),
            "SecurityGroupIds" => reference("SecurityGroupIds"),
        }),
    };
    let properties = match place.reach() {
        Reach::Database => properties.with(network),
        Reach::Services => properties,
    };
    map! { "Type" => "AWS::Lambda::Function", "Properties" => properties.with(map! { "Tags" => tags() }) }
}

/// The environment of a function: all that it knows before it reads the configuration.
fn variables(place: Place) -> Node {
    let variables = map! {
        "AURORA_RESTORE_STEP" => place.name(),
        "AURORA_RESTORE_ENVIRONMENT" => reference("Environment"),
        "AURORA_RESTORE_PARAMETER" => reference("ConfigurationParameter"),
        "AURORA_RESTORE_TARGET_REGION" => reference("AWS::Region"),
        "AURORA_RESTORE_JOURNAL_STORE" => "tables",
        "AURORA_RESTORE_JOURNAL_STATE_TABLE" => reference("StateTable"),
        "AURORA_RESTORE_JOURNAL_AUDIT_TABLE" => reference("AuditTable"),
        "AURORA_RESTORE_JOURNAL_STATE_RETENTION" => sub("${StateRetentionDays}d"),
        "AURORA_RESTORE_JOURNAL_AUDIT_RETENTION" => sub("${AuditRetentionDays}d"),
        "AURORA_RESTORE_SECRETS_STORE" => "secrets-manager",
        "AURORA_RESTORE_NOTIFY_CHANNEL" => "sns",
        "AURORA_RESTORE_NOTIFY_TOPIC" => reference("Topic"),
        "AURORA_RESTORE_LIMITS_POLL" => reference("PollInterval"),
        "AURORA_RESTORE_AWS_SOURCE_ROLE" => only_when("HasSourceRole", reference("SourceRoleArn")),
        "AURORA_RESTORE_AWS_SOURCE_EXTERNAL_ID" => only_when("HasExternalId", reference("SourceExternalId")),
        "AURORA_RESTORE_AWS_HTTP_HOSTS" => only_when("HasHttpHosts", reference("HttpHosts")),
        "AWS_ENDPOINT_URL" => only_when("HasServiceEndpoint", reference("ServiceEndpoint")),
        "AWS_ENDPOINT_URL_RDS" => only_when("HasRdsEndpoint", reference("RdsEndpoint")),
        "AWS_ENDPOINT_URL_STS" => only_when("HasStsEndpoint", reference("StsEndpoint")),
    };
    match place {
        Place::Sweep => variables.with(map! {
            "AURORA_RESTORE_STACK" => reference("AWS::StackName"),
            "AURORA_RESTORE_STATE_MACHINE" => reference("StateMachine"),
            "AURORA_RESTORE_SWEEP_PERIOD" => reference("SweepPeriod"),
        }),
        // It alone begins operations.
        Place::Step(StepKind::SnapshotCheck) => variables.with(map! {
            "AURORA_RESTORE_ALLOW_REPLACE" => reference("AllowReplace"),
        }),
        Place::Step(_) | Place::Undo | Place::Retire | Place::Rotate => variables,
    }
}

fn version(place: Place) -> Node {
    map! {
        "Type" => "AWS::Lambda::Version",
        // An invocation may be in the old version this very moment, and Lambda does not say what becomes of it if that is
        // deleted. What stays takes room and no money: the guide has the way to remove it.
        "DeletionPolicy" => "Delete",
        "UpdateReplacePolicy" => "Retain",
        "Properties" => map! {
            "FunctionName" => reference(&format!("{}Function", place.logical())),
            "Description" => sub(RELEASE),
        },
    }
}

fn alias(place: Place) -> Node {
    map! {
        "Type" => "AWS::Lambda::Alias",
        "Properties" => map! {
            // Without a description: the commands that move it keep there which versions have served, and a deployment would take that away.
            "Name" => "live",
            "FunctionName" => reference(&format!("{}Function", place.logical())),
            "FunctionVersion" => attribute(&format!("{}Version", place.logical()), "Version"),
        },
    }
}
