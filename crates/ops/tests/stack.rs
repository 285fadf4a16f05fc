//! Deploying, showing and deleting a stack, over stacks and buckets that live in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::collections::BTreeMap;

use aurora_restore_ops::{
    Narrator, OpsError, Package, delete,
    deploy::{self, DeployPorts, Deployment, Prepared, Purpose},
    ports::{Artifacts as _, Stack, StackEvent, Stacks as _},
    status::{self, Drift},
};
use aurora_restore_testing::stacks::{MemoryArtifacts, MemoryStacks};

const NAME: &str = "aurora-restore";
const BUCKET: &str = "aurora-restore-111122223333-eu-central-1";
const TEMPLATE: &str = "Parameters:\n  CodeBucket:\n    Type: String\n  CodeKey:\n    Type: String\n  CodeVersion:\n    Type: String\n  Release:\n    Type: String\n    Default: \"\"\n  Architecture:\n    Type: String\n    Default: arm64\n  Environment:\n    Type: String\n    Default: prod\n  Configuration:\n    Type: String\n    Default: none\nResources:\n";

#[derive(Default)]
struct Told {
    notes: Vec<String>,
    events: Vec<String>,
}

impl Narrator for Told {
    fn event(&mut self, event: &StackEvent) {
        self.events.push(format!("{} {}", event.resource, event.status));
    }

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

#[derive(Default)]
struct Place {
    stacks: MemoryStacks,
    artifacts: MemoryArtifacts,
    told: Told,
}

fn deployment() -> Deployment {
    Deployment {
        stack: NAME.to_owned(),
        template: TEMPLATE.to_owned(),
        package: Package { content: b"PK code".to_vec(), architecture: "arm64".to_owned() },
        bucket: None,
        usual_bucket: BUCKET.to_owned(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

fn with(name: &str, value: &str) -> Deployment {
    Deployment { parameters: [(name.to_owned(), value.to_owned())].into(), ..deployment() }
}

impl Place {
    async fn prepare(&mut self, deployment: &Deployment, purpose: Purpose) -> Result<Prepared, OpsError> {
        let ports = DeployPorts { stacks: &self.stacks, artifacts: &self.artifacts };
        deploy::prepare(ports, deployment, purpose, &mut self.told).await
    }

    async fn deploy(&mut self, deployment: &Deployment) -> Result<Option<Stack>, OpsError> {
        let prepared = self.prepare(deployment, Purpose::Deploy).await?;
        deploy::execute(&self.stacks, &prepared, &mut self.told).await
    }

    async fn status(&self) -> Option<String> {
        self.stacks.describe(NAME).await.unwrap().map(|stack| stack.status)
    }
}

/// What has no default has to be said once, before anything is sent; an update keeps it.
#[tokio::test(start_paused = true)]
async fn a_parameter_without_a_default_is_asked_for_before_anything_is_sent_and_only_once() {
    let mut place = Place::default();
    let template = TEMPLATE.replace("Resources:", "  TargetClusters:\n    Type: String\nResources:");
    let without = Deployment { template: template.clone(), ..deployment() };
    let error = place.deploy(&without).await.unwrap_err();
    assert_eq!(error.to_string(), "the stack needs a value for TargetClusters");
    assert!(place.artifacts.bucket(BUCKET).await.unwrap().is_none());
    let given = Deployment { template, ..with("TargetClusters", "staging*") };
    place.deploy(&given).await.unwrap();
    let stack = place.deploy(&without).await.unwrap().unwrap();
    assert_eq!(stack.parameters["TargetClusters"], "staging*");
}

#[tokio::test(start_paused = true)]
async fn a_new_stack_is_made_and_the_same_again_changes_nothing() {
    let mut place = Place::default();
    let stack = place.deploy(&deployment()).await.unwrap().unwrap();
    assert_eq!(stack.status, "CREATE_COMPLETE");
    assert_eq!(stack.parameters["CodeBucket"], BUCKET);
    assert!(stack.parameters["CodeKey"].starts_with("lambda/arm64-"), "{:?}", stack.parameters);
    assert_eq!(stack.parameters["CodeVersion"], "version-1");
    assert!(place.told.events.contains(&"aurora-restore CREATE_COMPLETE".to_owned()), "{:?}", place.told.events);
    assert!(place.artifacts.bucket(BUCKET).await.unwrap().unwrap().versioned);

    let again = place.prepare(&deployment(), Purpose::Deploy).await.unwrap();
    assert_eq!(again.changes, []);
    let stack = deploy::execute(&place.stacks, &again, &mut place.told).await.unwrap().unwrap();
    assert_eq!(stack.status, "CREATE_COMPLETE");
    assert_eq!(place.stacks.changes(), ["execute aurora-restore"], "nothing was executed twice");
    assert_eq!((place.artifacts.puts(BUCKET), place.stacks.change_sets()), (1, 0), "nothing is left or sent twice");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_spoken_of_stays_as_it_is_and_functions_get_a_new_release() {
    let mut place = Place::default();
    let first = place.deploy(&with("Environment", "dev")).await.unwrap().unwrap();
    let second = place.deploy(&with("Configuration", "[limits]")).await.unwrap().unwrap();
    assert_eq!(second.status, "UPDATE_COMPLETE");
    assert_eq!(second.parameters["Environment"], "dev");
    assert_ne!(first.parameters["Release"], second.parameters["Release"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_was_killed_is_run_again() {
    let mut place = Place::default();
    // Killed before the change set was executed: the stack has a name and nothing else.
    place.prepare(&deployment(), Purpose::Deploy).await.unwrap();
    assert_eq!(place.status().await.as_deref(), Some("REVIEW_IN_PROGRESS"));
    // Killed while it is being made: the next run follows that first.
    let prepared = place.prepare(&deployment(), Purpose::Deploy).await.unwrap();
    place.stacks.execute_change_set(NAME, &change_set_of(&place, &prepared)).await.unwrap();
    let stack = place.deploy(&deployment()).await.unwrap().unwrap();
    assert_eq!(stack.status, "CREATE_COMPLETE");
    assert!(
        place.told.notes.iter().any(|note| note.contains("following that to its end first")),
        "{:?}",
        place.told.notes
    );
    assert_eq!(place.stacks.changes(), ["execute aurora-restore"]);
}

/// The name follows from what is asked for, so the one that is there is the one that was made.
fn change_set_of(place: &Place, prepared: &Prepared) -> String {
    assert_eq!((place.stacks.change_sets(), prepared.stack.as_str()), (1, NAME));
    prepared.change_set().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_with_the_first_resource_and_its_reason() {
    let mut place = Place::default();
    place.stacks.fail_next("the name is taken");
    let error = place.deploy(&deployment()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stack aurora-restore ended as ROLLBACK_COMPLETE: Topic (AWS::SSM::Parameter): the name is taken"
    );
    // It was never made, so it can only be deleted.
    let OpsError::NotNow { status, hint, .. } = place.deploy(&deployment()).await.unwrap_err() else {
        panic!("it cannot be changed")
    };
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert!(hint.contains("stack delete"), "{hint}");
    let stack = delete::look(&place.stacks, NAME).await.unwrap();
    delete::run(&place.stacks, &stack, &mut place.told).await.unwrap();
    assert!(place.deploy(&deployment()).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_is_taken_back_and_can_be_tried_again() {
    let mut place = Place::default();
    place.deploy(&deployment()).await.unwrap();
    place.stacks.fail_next("no such value");
    let error = place.deploy(&with("Environment", "dev")).await.unwrap_err();
    assert!(error.to_string().contains("UPDATE_ROLLBACK_COMPLETE") && error.to_string().contains("no such value"));
    let stack = place.deploy(&with("Environment", "dev")).await.unwrap().unwrap();
    assert_eq!(stack.parameters["Environment"], "dev");
}

#[tokio::test(start_paused = true)]
async fn what_is_only_shown_leaves_nothing_behind() {
    let mut place = Place::default();
    let shown = place.prepare(&deployment(), Purpose::Show).await.unwrap();
    assert!(!shown.changes.is_empty());
    deploy::discard(&place.stacks, &shown).await.unwrap();
    assert_eq!((place.status().await, place.stacks.change_sets()), (None, 0));
    assert_eq!(place.artifacts.bucket(BUCKET).await.unwrap(), None, "no bucket was made");

    place.deploy(&deployment()).await.unwrap();
    let shown = place.prepare(&with("Environment", "dev"), Purpose::Show).await.unwrap();
    let resources: Vec<&str> = shown.changes.iter().map(|change| change.resource.as_str()).collect();
    assert_eq!(resources, ["Environment", "Release"]);
    deploy::discard(&place.stacks, &shown).await.unwrap();
    assert_eq!(place.status().await.as_deref(), Some("CREATE_COMPLETE"));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_without_versions_is_refused_and_one_left_half_made_is_finished() {
    let mut place = Place::default();
    place.artifacts.add_plain("somebody-elses");
    let theirs = Deployment { bucket: Some("somebody-elses".to_owned()), ..deployment() };
    let error = place.deploy(&theirs).await.unwrap_err();
    assert!(matches!(error, OpsError::Bucket { .. }) && error.to_string().contains("keeps no versions"), "{error}");
    assert_eq!((place.artifacts.puts("somebody-elses"), place.status().await), (0, None));
    let error = place.prepare(&theirs, Purpose::Show).await.unwrap_err();
    assert!(error.to_string().contains("keeps no versions"), "{error}");
    assert_eq!(place.artifacts.puts("somebody-elses"), 0, "nothing is left in it");
    place.artifacts.add_plain(BUCKET);
    let large = Deployment { template: format!("{TEMPLATE}{}", "# x\n".repeat(20_000)), ..deployment() };
    let error = place.prepare(&large, Purpose::Show).await.unwrap_err();
    assert!(error.to_string().contains("`stack deploy` makes it"), "{error}");
    assert_eq!(place.artifacts.puts(BUCKET), 0, "nothing is left in it");
    place.deploy(&deployment()).await.unwrap();
    assert!(place.artifacts.bucket(BUCKET).await.unwrap().unwrap().versioned);
}

#[tokio::test(start_paused = true)]
async fn a_large_template_goes_through_the_bucket() {
    let mut place = Place::default();
    let large = Deployment { template: format!("{TEMPLATE}{}", "# x\n".repeat(20_000)), ..deployment() };
    let error = place.prepare(&large, Purpose::Show).await.unwrap_err();
    assert!(error.to_string().contains("`stack deploy` makes it"), "{error}");
    place.deploy(&large).await.unwrap();
    assert_eq!(place.artifacts.puts(BUCKET), 2);
    let deployed = place.stacks.template(NAME).await.unwrap();
    assert!(deployed.starts_with(&format!("memory://{BUCKET}/templates/")), "{deployed}");
}

#[tokio::test(start_paused = true)]
async fn questions_that_are_not_answered_are_asked_again_within_bounds() {
    let mut place = Place::default();
    place.stacks.be_silent(5);
    assert!(place.deploy(&deployment()).await.is_ok());
    place.stacks.be_silent(1_000);
    let error = place.deploy(&deployment()).await.unwrap_err();
    assert!(matches!(&error, OpsError::Service(refused) if refused.may_pass()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn stacks_that_somebody_is_changing_or_has_half_deleted_are_left_alone() {
    let mut place = Place::default();
    place.deploy(&deployment()).await.unwrap();
    for status in ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"] {
        place.stacks.set_status(NAME, status);
        let error = place.deploy(&with("Environment", "dev")).await.unwrap_err();
        assert!(matches!(error, OpsError::NotNow { .. }), "{status}: {error}");
    }
    // What is being deleted is followed to its end, within a bound.
    place.stacks.set_status(NAME, "DELETE_IN_PROGRESS");
    let error = place.deploy(&with("Environment", "dev")).await.unwrap_err();
    assert!(matches!(error, OpsError::TooLong { .. }), "{error}");
    place.stacks.set_status(NAME, "UPDATE_IN_PROGRESS");
    assert!(matches!(delete::look(&place.stacks, NAME).await, Err(OpsError::NotNow { .. })));
    assert_eq!(place.stacks.changes(), ["execute aurora-restore"]);
}

#[tokio::test(start_paused = true)]
async fn deleting_tells_what_stays_and_what_is_in_the_way() {
    let mut place = Place::default();
    place.deploy(&deployment()).await.unwrap();
    let stack = delete::look(&place.stacks, NAME).await.unwrap();
    assert_eq!(delete::stays(&stack), ["table states".to_owned(), format!("bucket {BUCKET}")]);
    place.stacks.fail_next("a network interface is in use");
    let error = delete::run(&place.stacks, &stack, &mut place.told).await.unwrap_err();
    assert!(error.to_string().contains("DELETE_FAILED: Network"), "{error}");
    let stack = delete::look(&place.stacks, NAME).await.unwrap();
    let kept = delete::run(&place.stacks, &stack, &mut place.told).await.unwrap();
    assert_eq!(kept, ["StateTable (AWS::DynamoDB::Table)"]);
    assert!(matches!(delete::look(&place.stacks, NAME).await, Err(OpsError::NoStack { .. })));
}

#[tokio::test(start_paused = true)]
async fn status_compares_what_runs_with_what_is_here() {
    let mut place = Place::default();
    assert!(matches!(status::look(&place.stacks, NAME, None, TEMPLATE).await, Err(OpsError::NoStack { .. })));
    place.deploy(&deployment()).await.unwrap();
    let here = deployment().package;
    let report = status::look(&place.stacks, NAME, Some(&here), TEMPLATE).await.unwrap();
    assert_eq!((report.package, report.template), (Drift::Same, Drift::Same));
    let other = Package { content: b"PK other".to_vec(), ..here };
    let report = status::look(&place.stacks, NAME, Some(&other), "Resources:\n").await.unwrap();
    assert_eq!((report.package, report.template), (Drift::Other, Drift::Other));
    let report = status::look(&place.stacks, NAME, None, TEMPLATE).await.unwrap();
    assert_eq!(report.package, Drift::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_the_template_does_not_have_is_refused_before_anything_is_sent() {
    let mut place = Place::default();
    let error = place.deploy(&with("Enviroment", "dev")).await.unwrap_err();
    assert!(error.to_string().contains("did you mean Environment?"), "{error}");
    assert_eq!((place.status().await, place.artifacts.bucket(BUCKET).await.unwrap()), (None, None));
}

/// What is approved is approved for the stack as it was: whoever changes it in between makes the approval stale.
#[tokio::test(start_paused = true)]
async fn a_proposal_is_the_same_for_the_same_and_another_once_anything_is_another() {
    let mut place = Place::default();
    place.deploy(&deployment()).await.unwrap();
    let proposal = async |place: &mut Place, parameter: (&str, &str)| {
        let prepared = place.prepare(&with(parameter.0, parameter.1), Purpose::Deploy).await.unwrap();
        deploy::discard(&place.stacks, &prepared).await.unwrap();
        prepared.proposal(Some("why"))
    };
    let first = proposal(&mut place, ("Environment", "dev")).await;
    assert!(first.diff.contains(&"parameter Environment: dev".to_owned()), "{:?}", first.diff);
    assert!(first.diff.contains(&"add Environment (AWS::SSM::Parameter)".to_owned()), "{:?}", first.diff);
    assert_eq!(proposal(&mut place, ("Environment", "dev")).await, first);
    assert_ne!(proposal(&mut place, ("Environment", "test")).await.digest, first.digest);
    place.deploy(&with("Configuration", "[limits]")).await.unwrap();
    assert_ne!(proposal(&mut place, ("Environment", "dev")).await.digest, first.digest, "the stack is another");
}

#[tokio::test(start_paused = true)]
async fn a_long_value_is_told_by_its_digest_and_not_spread_over_the_record() {
    let mut place = Place::default();
    let prepared = place.prepare(&with("Configuration", "[limits]\nstep = \"1h\"\n"), Purpose::Deploy).await.unwrap();
    let line = prepared.proposal(None).diff.into_iter().find(|line| line.contains("Configuration:")).unwrap();
    assert!(line.starts_with("parameter Configuration: (21 bytes, SHA-256 "), "{line}");
}
