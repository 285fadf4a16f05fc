//! The two state machines with their roles and logs.

use super::{
    batch,
    functions::{log_group, role_name},
    node::{Bounds, Node, attribute, list, map, reference, sub},
    parameters::timeout,
    permissions::{document, trust_for_account},
    pipeline,
    place::Place,
    tables::boundary,
    tags,
};

/// Both machines.
pub(crate) fn resources() -> Vec<(String, Node)> {
    vec![
        ("StateMachineLogs".to_owned(), log_group("/aws/vendedlogs/states/${NamePrefix}")),
        ("StateMachineRole".to_owned(), role("machine", machine_statements())),
        ("StateMachine".to_owned(), machine("${NamePrefix}", "StateMachineRole", pipeline_text())),
        ("BatchStateMachineRole".to_owned(), role("batch", batch_statements())),
        (
            "BatchStateMachine".to_owned(),
            machine(
                "${NamePrefix}-batch",
                "BatchStateMachineRole",
                sub(batch::machine().to_json(Bounds::Placeholders)),
            ),
        ),
    ]
}

/// The definition, with the one value that is no parameter.
fn pipeline_text() -> Node {
    let text = pipeline::machine().to_json(Bounds::Placeholders);
    let values = map! { "RestoreTimeoutSeconds" => timeout("Seconds") };
    Node::Call("Sub", Box::new(Node::List(vec![Node::Text(text), values])))
}

fn machine(name: &str, role: &str, definition: Node) -> Node {
    map! {
        "Type" => "AWS::StepFunctions::StateMachine",
        "Properties" => map! {
            "StateMachineName" => sub(name),
            "StateMachineType" => "STANDARD",
            "RoleArn" => attribute(role, "Arn"),
            "DefinitionString" => definition,
            "LoggingConfiguration" => map! {
                "Level" => "ERROR",
                "IncludeExecutionData" => false,
                "Destinations" => list![map! {
                    "CloudWatchLogsLogGroup" => map! { "LogGroupArn" => attribute("StateMachineLogs", "Arn") },
                }],
            },
            "TracingConfiguration" => map! { "Enabled" => true },
            "Tags" => tags(),
        },
    }
}

fn role(name: &str, statements: Vec<Node>) -> Node {
    let properties = map! {
        "RoleName" => role_name(name),
        "AssumeRolePolicyDocument" => trust_for_account("states.amazonaws.com"),
        "Policies" => list![map! { "PolicyName" => name, "PolicyDocument" => document(statements) }],
    };
    map! { "Type" => "AWS::IAM::Role", "Properties" => properties.with(boundary()).with(map! { "Tags" => tags() }) }
}

fn allow(sid: &str, actions: Node, resources: Node) -> Node {
    map! { "Sid" => sid, "Effect" => "Allow", "Action" => actions, "Resource" => resources }
}

/// What every machine needs for its logs and traces. These services know nothing narrower than everything.
fn records() -> Vec<Node> {
    vec![
        allow(
            "DeliverLogs",
            list![
                "logs:CreateLogDelivery",
                "logs:GetLogDelivery",
                "logs:UpdateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ],
            "*".into(),
        ),
        allow(
            "Trace",
            list![
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets"
            ],
            "*".into(),
        ),
    ]
}

fn machine_statements() -> Vec<Node> {
    let aliases = Place::of_machine().into_iter().map(|place| reference(&format!("{}Alias", place.logical())));
    let key = allow("KeyOfTopic", list!["kms:Decrypt", "kms:GenerateDataKey"], attribute("Key", "Arn"));
    let via_sns = map! { "Condition" => map! {
        "StringLike" => map! { "kms:ViaService" => sub("sns.*.${AWS::URLSuffix}") },
    } };
    let mut statements = vec![
        allow("CallFunctions", list!["lambda:InvokeFunction"], Node::List(aliases.collect())),
        allow("Tell", list!["sns:Publish"], reference("Topic")),
        key.with(via_sns),
    ];
    statements.extend(records());
    statements
}

fn batch_statements() -> Vec<Node> {
    let states =
        |what: &str| sub(format!("arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:{what}"));
    let rule = sub(
        "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    );
    let mut statements = vec![
        allow(
            "Start",
            list!["states:StartExecution"],
            list![reference("StateMachine"), states("stateMachine:${NamePrefix}-batch")],
        ),
        allow(
            "Follow",
            list!["states:DescribeExecution", "states:StopExecution"],
            list![states("execution:${NamePrefix}:*"), states("execution:${NamePrefix}-batch*:*")],
        ),
        allow("FollowByEvents", list!["events:PutTargets", "events:PutRule", "events:DescribeRule"], rule),
    ];
    statements.extend(records());
    statements
}
