//! Backing a stack up and restoring it, over stacks and buckets that live in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
};

use aurora_restore_core::ids::{AccountId, Region};
use aurora_restore_ops::{
    Narrator, OpsError, Package,
    backup::{self, Backup, RestoreInto, Taking},
    deploy::{self, DeployPorts, Deployment, Purpose},
    ports::{Artifacts as _, Stack, StackEvent, StackResource, Stacks as _, TableGuard, TopicGuard},
};
use aurora_restore_testing::{
    review::MemorySafeguards,
    stacks::{MemoryArtifacts, MemoryStacks},
};
use zip::{ZipWriter, write::SimpleFileOptions};

const NAME: &str = "aurora-restore";
const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "aurora-restore-111122223333-eu-central-1";
const TEMPLATE: &str = "Parameters:\n  CodeBucket:\n    Type: String\n  CodeKey:\n    Type: String\n  CodeVersion:\n    Type: String\n  Release:\n    Type: String\n    Default: \"\"\n  Architecture:\n    Type: String\n    Default: arm64\n  Environment:\n    Type: String\n    Default: prod\n  NamePrefix:\n    Type: String\n    Default: aurora-restore\n  StateTableName:\n    Type: String\n    Default: States\n  Token:\n    Type: String\n    NoEcho: true\nResources:\n";

struct Silent;

impl Narrator for Silent {
    fn event(&mut self, _: &StackEvent) {}

    fn note(&mut self, _: &str) {}
}

/// An account with its stacks and buckets.
#[derive(Default)]
struct Place {
    stacks: MemoryStacks,
    artifacts: MemoryArtifacts,
}

/// A package that is one: a zip with the head of a Linux program for arm64.
fn package() -> Package {
    let mut program = b"\x7fELF\x02\x01".to_vec();
    program.resize(18, 0);
    program.extend(183_u16.to_le_bytes());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default()).unwrap();
    zip.write_all(&program).unwrap();
    Package::read(zip.finish().unwrap().into_inner()).unwrap()
}

impl Place {
    async fn deploy(&self, deployment: &Deployment) -> Stack {
        let ports = DeployPorts { stacks: &self.stacks, artifacts: &self.artifacts };
        let prepared = deploy::prepare(ports, deployment, Purpose::Deploy, &mut Silent).await.unwrap();
        deploy::execute(&self.stacks, &prepared, &mut Silent).await.unwrap().unwrap()
    }

    async fn backup(&self, with_code: bool) -> Result<Backup, OpsError> {
        let (account, region) = (AccountId::new(ACCOUNT).unwrap(), Region::new("eu-central-1").unwrap());
        let taking = Taking {
            stacks: &self.stacks,
            artifacts: &self.artifacts,
            stack: NAME,
            account: &account,
            region: &region,
            monitoring: "version = 1\n",
            with_code,
        };
        backup::take(taking, "2026-11-27T10:00:00Z".parse().unwrap()).await
    }
}

/// A place with a stack that was deployed as people do it.
async fn deployed() -> Place {
    let place = Place::default();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let deployment = Deployment {
        stack: NAME.to_owned(),
        template: TEMPLATE.to_owned(),
        package: package(),
        bucket: None,
        usual_bucket: BUCKET.to_owned(),
        parameters: [pair("Environment", "dev"), pair("Token", "****")].into(),
        tags: [pair("team", "dba")].into(),
    };
    let _stack = place.deploy(&deployment).await;
    place
}

fn into(parameters: &[(&str, &str)]) -> RestoreInto {
    RestoreInto {
        stack: NAME.to_owned(),
        account: ACCOUNT.to_owned(),
        region: "eu-central-1".to_owned(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        package: None,
        bucket: None,
        usual_bucket: BUCKET.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_comes_back_in_an_empty_account_with_what_it_had() {
    let first = deployed().await;
    let backup = first.backup(true).await.unwrap();
    assert_eq!((backup.left_out.as_slice(), backup.parameters.get("Token")), (&["Token".to_owned()][..], None));
    assert_eq!(backup.code.content.as_deref(), Some(package().content.as_slice()));

    let empty = Place::default();
    let lacking = backup::restoration(&empty.artifacts, &backup, &into(&[])).await.unwrap_err();
    assert_eq!(lacking.to_string(), "the stack needs a value for Token");
    let deployment = backup::restoration(&empty.artifacts, &backup, &into(&[("Token", "new")])).await.unwrap();
    let stack = empty.deploy(&deployment).await;

    let before = first.stacks.describe(NAME).await.unwrap().unwrap();
    let apart = |stack: &Stack| {
        let mut parameters = stack.parameters.clone();
        parameters.retain(|name, _| name != "Token");
        (parameters, stack.tags.clone(), stack.outputs.clone())
    };
    assert_eq!(apart(&stack), apart(&before));
    assert_eq!(stack.parameters["Token"], "new");
    assert_eq!(empty.stacks.template(NAME).await, first.stacks.template(NAME).await);
    let code = empty.artifacts.content(BUCKET, &stack.parameters["CodeKey"], None).await.unwrap();
    assert_eq!(code, Some(package().content));
}

#[tokio::test(start_paused = true)]
async fn a_backup_without_the_code_needs_the_very_package() {
    let backup = deployed().await.backup(false).await.unwrap();
    let empty = MemoryArtifacts::default();
    let given = |package: Option<Vec<u8>>| RestoreInto { package, ..into(&[("Token", "new")]) };
    let lacking = backup::restoration(&empty, &backup, &given(None)).await.unwrap_err().to_string();
    assert!(lacking.contains("holds no code") && lacking.contains(&backup.code.sha256), "{lacking}");
    let other = backup::restoration(&empty, &backup, &given(Some(b"PK other".to_vec()))).await.unwrap_err();
    assert!(other.to_string().contains("the stack ran with"), "{other}");
    let deployment = backup::restoration(&empty, &backup, &given(Some(package().content))).await.unwrap();
    assert_eq!(deployment.package, package());
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_told_and_a_stack_that_was_never_made_is_not() {
    let place = deployed().await;
    let mut backup = place.backup(true).await.unwrap();
    let resource = |logical: &str, kind: &str, physical: &str| StackResource {
        logical: logical.to_owned(),
        kind: kind.to_owned(),
        physical: physical.to_owned(),
    };
    backup.parameters.insert("StateTableName".to_owned(), "States".to_owned());
    backup.resources = vec![
        resource("StateTable", "AWS::DynamoDB::Table", "States"),
        resource("Topic", "AWS::SNS::Topic", "arn:aws:sns:eu-west-1:444455556666:notices"),
    ];
    let mut safeguards = MemorySafeguards::default();
    let guard = TableGuard { key: None, point_in_time: true };
    safeguards.tables = [("States".to_owned(), guard.clone())].into();
    let topic = "arn:aws:sns:eu-central-1:111122223333:notices";
    safeguards.topics = [(topic.to_owned(), TopicGuard { key: None, policy: None })].into();
    let look = async |stacks: &MemoryStacks, parameters: &[(&str, &str)]| {
        backup::what_is_in_the_way(stacks, &safeguards, &backup, &into(parameters)).await.unwrap()
    };
    let found = look(&place.stacks, &[]).await;
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "stack aurora-restore (CREATE_COMPLETE)");
    let empty = MemoryStacks::default();
    assert_eq!(
        look(&empty, &[("StateTableName", "Others")]).await,
        ["arn:aws:sns:eu-west-1:444455556666:notices (AWS::SNS::Topic)"]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_of_a_stack_that_is_changing_or_whose_code_is_gone() {
    let place = deployed().await;
    place.stacks.set_status(NAME, "UPDATE_IN_PROGRESS");
    assert!(matches!(place.backup(true).await, Err(OpsError::NotNow { .. })));
    assert!(matches!(Place::default().backup(true).await, Err(OpsError::NoStack { .. })));
    let without = Place { stacks: deployed().await.stacks, artifacts: MemoryArtifacts::default() };
    let error = without.backup(false).await.unwrap_err();
    assert!(matches!(error, OpsError::Bucket { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn resources_are_compared_by_type_and_name() {
    let mut backup = deployed().await.backup(true).await.unwrap();
    let resource = |logical: &str, kind: &str, physical: &str| StackResource {
        logical: logical.to_owned(),
        kind: kind.to_owned(),
        physical: physical.to_owned(),
    };
    let arn = |account: &str| format!("arn:aws:sns:eu-central-1:{account}:notices");
    backup.parameters.insert("NamePrefix".to_owned(), "aurora-restore".to_owned());
    backup.resources = vec![
        resource("Key", "AWS::KMS::Key", "1"),
        resource("Topic", "AWS::SNS::Topic", &arn("444455556666")),
        resource("Function", "AWS::Lambda::Function", "aurora-restore-undo"),
    ];
    let mut now = vec![
        resource("Key", "AWS::KMS::Key", "2"),
        resource("Topic", "AWS::SNS::Topic", &arn("111122223333")),
        resource("Function", "AWS::Lambda::Function", "other-undo"),
    ];
    let given: BTreeMap<String, String> = [("NamePrefix".to_owned(), "other".to_owned())].into();
    assert_eq!(backup::differences(&backup, REGION, &given, &now), Vec::<String>::new());
    assert_eq!(
        backup::differences(&backup, REGION, &BTreeMap::new(), &now),
        ["Function is called other-undo and was aurora-restore-undo"]
    );
    let _gone = now.remove(0);
    now.push(resource("More", "AWS::SNS::Topic", "more"));
    let found = backup::differences(&backup, REGION, &given, &now);
    assert_eq!(found, ["Key (AWS::KMS::Key) is missing", "More (AWS::SNS::Topic) was not there"]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_was_restored_in_another_region_is_called_after_that_one() {
    let mut backup = deployed().await.backup(true).await.unwrap();
    let resources = |region: &str, permission: &str| {
        let resource = |logical: &str, kind: &str, physical: String| StackResource {
            logical: logical.to_owned(),
            kind: kind.to_owned(),
            physical,
        };
        let machine = format!("arn:aws:states:{region}:{ACCOUNT}:stateMachine:aurora-restore-{region}");
        vec![
            resource("UndoRole", "AWS::IAM::Role", format!("aurora-restore-undo-{region}")),
            resource("StateMachine", "AWS::StepFunctions::StateMachine", machine),
            resource("RotatePermission", "AWS::Lambda::Permission", format!("aurora-restore-Rotate-{permission}")),
            // A person called it so, and calls it so still.
            resource("StateTable", "AWS::DynamoDB::Table", "states-of-eu-central-1".to_owned()),
        ]
    };
    backup.resources = resources(REGION, "AbCdEf");
    let given = BTreeMap::new();
    let mut now = resources("eu-west-1", "GhIjKl");
    assert_eq!(backup::differences(&backup, "eu-west-1", &given, &now), Vec::<String>::new());
    now[0].physical = "aurora-restore-retire-eu-west-1".to_owned();
    assert_eq!(
        backup::differences(&backup, "eu-west-1", &given, &now),
        ["UndoRole is called aurora-restore-retire-eu-west-1 and was aurora-restore-undo-eu-central-1"]
    );
    // Where nothing has moved, the Region in a name counts.
    let elsewhere = backup::differences(&backup, REGION, &given, &resources("eu-west-1", "AbCdEf"));
    assert_eq!(elsewhere.len(), 2, "{elsewhere:?}");
}
