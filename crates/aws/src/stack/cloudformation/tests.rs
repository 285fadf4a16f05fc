//! What is sent to CloudFormation, and what each of its answers means.

use std::collections::BTreeMap;

use aurora_restore_ops::ports::{
    Action, ChangeSetKind, ChangeSetStatus, Drifts as _, NewChangeSet, ParameterValue, PropertyDrift, ResourceDrift,
    ServiceError, Stacks, TemplateSource,
};
use aws_smithy_http_client::test_util::StaticReplayClient;

use super::CloudFormation;
use crate::replay::{answering, only_body};

fn stacks(answers: impl IntoIterator<Item = (u16, String)>) -> (CloudFormation, StaticReplayClient) {
    let (connection, http) = answering(answers);
    (CloudFormation::new(&connection, None).unwrap(), http)
}

fn reply(action: &str, result: &str) -> (u16, String) {
    (200, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}

fn refusal(code: &str, message: &str) -> (u16, String) {
    (400, format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"))
}

const STACK: &str = "<Stacks><member><StackId>arn:aws:cloudformation:eu-central-1:111122223333:stack/s/1</StackId>\
    <StackName>s</StackName><StackStatus>UPDATE_ROLLBACK_COMPLETE</StackStatus><StackStatusReason>why</StackStatusReason>\
    <CreationTime>2026-11-22T10:00:00Z</CreationTime><LastUpdatedTime>2026-11-22T11:00:00Z</LastUpdatedTime>\
    <Parameters><member><ParameterKey>Environment</ParameterKey><ParameterValue>dev</ParameterValue></member></Parameters>\
    <Outputs><member><OutputKey>TopicArn</OutputKey><OutputValue>arn</OutputValue></member></Outputs></member></Stacks>";

#[tokio::test]
async fn a_stack_is_read_with_its_parameters_and_outputs() {
    let (stacks, http) = stacks([reply("DescribeStacks", STACK)]);
    let stack = stacks.describe("s").await.unwrap().unwrap();
    assert_eq!((stack.name.as_str(), stack.status.as_str()), ("s", "UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!((stack.parameters["Environment"].as_str(), stack.outputs["TopicArn"].as_str()), ("dev", "arn"));
    assert_eq!(stack.changed_at, Some("2026-11-22T11:00:00Z".parse().unwrap()));
    assert_eq!(only_body(&http), "Action=DescribeStacks&Version=2010-05-15&StackName=s");
}

#[tokio::test]
async fn resources_are_read_to_the_last_page_and_those_that_are_gone_are_left_out() {
    let member = |name: &str, status: &str| {
        format!(
            "<member><LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>ours-{name}</PhysicalResourceId>\
             <ResourceType>AWS::Logs::LogGroup</ResourceType><ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let page = |members: &str, rest: &str| {
        let summaries = format!("<StackResourceSummaries>{members}</StackResourceSummaries>{rest}");
        reply("ListStackResources", &summaries)
    };
    let (stacks, _http) = stacks([
        page(&(member("A", "CREATE_COMPLETE") + &member("B", "DELETE_COMPLETE")), "<NextToken>more</NextToken>"),
        page(&member("C", "UPDATE_COMPLETE"), ""),
    ]);
    let resources = stacks.resources("s").await.unwrap();
    let names: Vec<&str> = resources.iter().map(|resource| resource.physical.as_str()).collect();
    assert_eq!(names, ["ours-A", "ours-C"]);
}

#[tokio::test]
async fn a_comparison_is_waited_for_and_only_what_differs_is_read() {
    let status = |status: &str| {
        let rest = "<StackId>s</StackId><StackDriftDetectionId>d</StackDriftDetectionId><Timestamp>2026-11-22T10:00:00Z</Timestamp>";
        reply("DescribeStackDriftDetectionStatus", &format!("<DetectionStatus>{status}</DetectionStatus>{rest}"))
    };
    let drift = |kind: &str, name: &str, status: &str, differences: &str| {
        format!(
            "<member><StackId>s</StackId><LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>{name}</PhysicalResourceId>\
             <ResourceType>{kind}</ResourceType><StackResourceDriftStatus>{status}</StackResourceDriftStatus>\
             <Timestamp>2026-11-22T10:00:00Z</Timestamp><PropertyDifferences>{differences}</PropertyDifferences></member>"
        )
    };
    let difference = "<member><PropertyPath>/Policies/0</PropertyPath><ExpectedValue>null</ExpectedValue>\
                      <ActualValue>{}</ActualValue><DifferenceType>ADD</DifferenceType></member>";
    let members = drift("AWS::IAM::Role", "role", "MODIFIED", difference)
        + &drift("AWS::SNS::Topic", "topic", "DELETED", "")
        + &drift("AWS::SNS::Topic", "other", "IN_SYNC", "");
    let (stacks, _http) = stacks([
        reply("DetectStackDrift", "<StackDriftDetectionId>d</StackDriftDetectionId>"),
        status("DETECTION_IN_PROGRESS"),
        status("DETECTION_COMPLETE"),
        reply("DescribeStackResourceDrifts", &format!("<StackResourceDrifts>{members}</StackResourceDrifts>")),
        status("DETECTION_FAILED"),
    ]);
    let comparison = stacks.begin("s").await.unwrap();
    assert_eq!(stacks.found("s", &comparison).await, Ok(None));
    let found = stacks.found("s", &comparison).await.unwrap().unwrap();
    let added = PropertyDrift { path: "/Policies/0".to_owned(), expected: None, actual: Some("{}".to_owned()) };
    let of = |kind: &str, name: &str, differences| ResourceDrift {
        kind: kind.to_owned(),
        physical: name.to_owned(),
        differences,
    };
    let expected = [of("AWS::IAM::Role", "role", Some(vec![added])), of("AWS::SNS::Topic", "topic", None)];
    assert_eq!(found, expected);
    let failed = stacks.found("s", &comparison).await.unwrap_err();
    assert!(failed.to_string().contains("failed without a reason"), "{failed}");
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_an_answer_and_no_failure() {
    let gone = || refusal("ValidationError", "Stack with id s does not exist");
    let (stacks, _http) = stacks([gone(), gone(), gone()]);
    assert_eq!(stacks.describe("s").await, Ok(None));
    assert_eq!(stacks.delete_change_set("s", "c").await, Ok(()));
    assert_eq!(stacks.delete("s").await, Ok(()));
}

/// Code, text, what it is.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("AccessDenied", "User is not authorized to perform: cloudformation:DescribeStacks", "denied"),
    ("Throttling", "Rate exceeded", "unavailable"),
    ("ServiceUnavailable", "later", "unavailable"),
    ("ExpiredToken", "The security token is expired", "denied"),
    ("ValidationError", "1 validation error detected", "refused"),
    ("SomethingNew", "who knows", "refused"),
];

#[tokio::test]
async fn every_refusal_has_its_meaning_and_a_denial_names_the_permission() {
    for (code, text, meaning) in REFUSALS {
        let (stacks, _http) = stacks([refusal(code, text)]);
        let error = stacks.describe("s").await.unwrap_err();
        let found = match &error {
            ServiceError::Denied { action, .. } => {
                assert_eq!(*action, "cloudformation:DescribeStacks");
                "denied"
            }
            ServiceError::Missing { .. } => "missing",
            ServiceError::Refused { .. } => "refused",
            ServiceError::Unavailable { .. } => "unavailable",
        };
        assert_eq!(found, *meaning, "{code}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_change_set_is_asked_for_with_values_that_are_given_and_values_that_stay() {
    let (stacks, http) = stacks([reply("CreateChangeSet", "<Id>c</Id>")]);
    let given = ParameterValue::Given("dev".to_owned());
    let parameters: BTreeMap<String, ParameterValue> =
        [("A".to_owned(), given), ("B".to_owned(), ParameterValue::Previous)].into();
    let template = TemplateSource::Url("https://b.s3.eu-central-1.amazonaws.com/t".to_owned());
    let kind = ChangeSetKind::Update;
    let new =
        NewChangeSet { stack: "s".to_owned(), name: "c".to_owned(), kind, template, parameters, tags: BTreeMap::new() };
    stacks.create_change_set(&new).await.unwrap();
    let body = only_body(&http);
    for part in [
        "ChangeSetType=UPDATE",
        "Capabilities.member.1=CAPABILITY_NAMED_IAM",
        "Parameters.member.1.ParameterValue=dev",
        "Parameters.member.2.UsePreviousValue=true",
        "TemplateURL=https%3A%2F%2Fb.s3",
    ] {
        assert!(body.contains(part), "{part} is not in {body}");
    }
    assert!(!body.contains("TemplateBody"), "{body}");
}

fn change(action: &str, replacement: &str) -> String {
    format!(
        "<member><Type>Resource</Type><ResourceChange><Action>{action}</Action><LogicalResourceId>R</LogicalResourceId>\
         <ResourceType>T</ResourceType><Replacement>{replacement}</Replacement><Details><member><Target>\
         <Attribute>Properties</Attribute><Name>Name</Name></Target></member></Details></ResourceChange></member>"
    )
}

#[tokio::test]
async fn a_change_set_is_read_to_its_last_page() {
    let page = |changes: &str, rest: &str| {
        reply("DescribeChangeSet", &format!("<Status>CREATE_COMPLETE</Status><Changes>{changes}</Changes>{rest}"))
    };
    let (stacks, _http) = stacks([
        page(&(change("Add", "") + &change("Modify", "True")), "<NextToken>more</NextToken>"),
        page(&(change("Modify", "Conditional") + &change("Modify", "False") + &change("Remove", "")), ""),
    ]);
    let set = stacks.change_set("s", "c").await.unwrap();
    let actions: Vec<Action> = set.changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Add, Action::Replace, Action::MayReplace, Action::Modify, Action::Remove]);
    assert_eq!((set.status, set.changes[1].properties.as_slice()), (ChangeSetStatus::Ready, &["Name".to_owned()][..]));
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_not_taken_for_a_whole_one() {
    let page = || reply("DescribeChangeSet", "<Status>CREATE_COMPLETE</Status><NextToken>same</NextToken>");
    let (stacks, _http) = stacks([page(), page()]);
    let error = stacks.change_set("s", "c").await.unwrap_err();
    assert!(error.to_string().contains("does not go on"), "{error}");
}

#[tokio::test]
async fn the_status_of_a_change_set_says_whether_it_can_be_executed() {
    for (status, meant) in [
        ("CREATE_PENDING", ChangeSetStatus::Pending),
        ("CREATE_IN_PROGRESS", ChangeSetStatus::Pending),
        ("SOMETHING_NEW", ChangeSetStatus::Pending),
        ("FAILED", ChangeSetStatus::Failed { reason: "why".to_owned() }),
    ] {
        let answer = format!("<Status>{status}</Status><StatusReason>why</StatusReason>");
        let (stacks, _http) = stacks([reply("DescribeChangeSet", &answer)]);
        assert_eq!(stacks.change_set("s", "c").await.unwrap().status, meant, "{status}");
    }
}

#[tokio::test]
async fn events_are_read_back_to_the_known_one_and_given_in_order() {
    let event = |id: &str, status: &str| {
        format!(
            "<member><EventId>{id}</EventId><StackName>s</StackName><LogicalResourceId>R</LogicalResourceId>\
             <ResourceType>T</ResourceType><Timestamp>2026-11-22T10:00:00Z</Timestamp>\
             <ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let page =
        |events: &str, rest: &str| reply("DescribeStackEvents", &format!("<StackEvents>{events}</StackEvents>{rest}"));
    let (stacks, http) = stacks([
        page(&event("4", "CREATE_COMPLETE"), "<NextToken>more</NextToken>"),
        page(&(event("3", "CREATE_FAILED") + &event("2", "X") + &event("1", "X")), "<NextToken>older</NextToken>"),
    ]);
    let events = stacks.events_after("s", Some("2")).await.unwrap();
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["3", "4"]);
    assert_eq!(http.actual_requests().count(), 2, "what is older is not read");
}
