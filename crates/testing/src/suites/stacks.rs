//! The conformance suites of the ports that a stack is made with.

use std::collections::BTreeMap;

use aurora_restore_ops::ports::{
    Artifacts, ChangeSet, ChangeSetKind, ChangeSetStatus, NewChangeSet, ParameterValue, ServiceError, Stack, Stacks,
    TemplateSource,
};

use super::{Broken, Case, CaseResult, Verdict, holds, same, verdict};

/// How often an answer is waited for.
const LOOKS_MAX: u32 = 200;

/// A template that every implementation can make.
const TEMPLATE: &str = r#"{"AWSTemplateFormatVersion":"2010-09-09",
"Parameters":{"Name":{"Type":"String","Default":"suite"},"Other":{"Type":"String","Default":"other"}},
"Resources":{"Topic":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":{"Ref":"Name"}}}},
"Outputs":{"TopicName":{"Value":{"Ref":"Name"}}}}"#;

const STACK: &str = "suite-stack";

/// Runs every case about stacks. `pause` lets time pass between two looks; `no_outputs` says why a stack that was made by a
/// change set gives no outputs there.
pub async fn run_stacks(
    stacks: &dyn Stacks,
    pause: impl AsyncFn(),
    no_outputs: Option<&'static str>,
) -> Vec<CaseResult> {
    let first: [(&'static str, Case); 2] = [
        ("what is not there is an answer, and deleting it is none", missing(stacks).await),
        ("a change set changes nothing until it is executed", reviewed(stacks, &pause).await),
    ];
    let outputs = match no_outputs {
        None => verdict(outputs(stacks).await),
        Some(reason) => Verdict::Skipped(reason),
    };
    let then: [(&'static str, Case); 2] = [
        ("an update keeps what it is not given, and one without changes says so", updated(stacks, &pause).await),
        ("a deleted stack is gone, and its id still tells so", deleted(stacks, &pause).await),
    ];
    let told = |(case, result)| CaseResult { case, verdict: verdict(result) };
    let outputs = CaseResult { case: "a stack gives its outputs", verdict: outputs };
    first.into_iter().map(told).chain([outputs]).chain(then.into_iter().map(told)).collect()
}

async fn outputs(stacks: &dyn Stacks) -> Case {
    let stack = stacks.describe(STACK).await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
    let name = stack.outputs.get("TopicName").map(String::as_str);
    same("its output", &name, &Some("suite-first"))
}

/// Runs every case about buckets.
pub async fn run_artifacts(artifacts: &dyn Artifacts, bucket: &str) -> Vec<CaseResult> {
    let case = "a bucket keeps versions, and an object is found by its key and content";
    vec![CaseResult { case, verdict: verdict(kept(artifacts, bucket).await) }]
}

async fn kept(artifacts: &dyn Artifacts, bucket: &str) -> Case {
    same("a bucket before it is made", &artifacts.bucket(bucket).await?, &None)?;
    artifacts.make_bucket(bucket).await?;
    artifacts.make_bucket(bucket).await?;
    let found = artifacts.bucket(bucket).await?;
    holds("it keeps versions", found.is_some_and(|bucket| bucket.versioned))?;
    same("an object before it is put", &artifacts.holding(bucket, "a/b.zip", b"two").await?, &None)?;
    let first = artifacts.put(bucket, "a/b.zip", b"one").await?;
    let second = artifacts.put(bucket, "a/b.zip", b"two").await?;
    holds("each version has an id of its own", first.id != second.id)?;
    same("the newest", &artifacts.holding(bucket, "a/b.zip", b"two").await?, &Some(second))?;
    same("what was overwritten", &artifacts.holding(bucket, "a/b.zip", b"one").await?, &None)?;
    let content = async |version: Option<&str>| artifacts.content(bucket, "a/b.zip", version).await;
    same("the newest content", &content(None).await?.as_deref(), &Some(&b"two"[..]))?;
    same("the content of a version", &content(Some(&first.id)).await?.as_deref(), &Some(&b"one"[..]))?;
    same("the content of what is not there", &artifacts.content(bucket, "nobody", None).await?, &None)
}

fn change_set(name: &str, kind: ChangeSetKind, parameters: &[(&str, ParameterValue)]) -> NewChangeSet {
    NewChangeSet {
        stack: STACK.to_owned(),
        name: name.to_owned(),
        kind,
        template: TemplateSource::Text(TEMPLATE.to_owned()),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        tags: BTreeMap::new(),
    }
}

async fn missing(stacks: &dyn Stacks) -> Case {
    same("a stack that is not there", &stacks.describe("suite-nobody").await?, &None)?;
    stacks.delete("suite-nobody").await?;
    match stacks.template("suite-nobody").await {
        Err(ServiceError::Missing { .. }) => Ok(()),
        other => Err(Broken(format!("its template is {other:?}"))),
    }
}

async fn made(stacks: &dyn Stacks, name: &str, pause: &impl AsyncFn()) -> Result<ChangeSet, Broken> {
    for _ in 0..LOOKS_MAX {
        let set = stacks.change_set(STACK, name).await?;
        if set.status != ChangeSetStatus::Pending {
            return Ok(set);
        }
        pause().await;
    }
    Err(Broken("the change set is never made".to_owned()))
}

async fn settled(stacks: &dyn Stacks, stack: &str, pause: &impl AsyncFn()) -> Result<Option<Stack>, Broken> {
    for _ in 0..LOOKS_MAX {
        let found = stacks.describe(stack).await?;
        if found.as_ref().is_none_or(|found| !found.status.ends_with("_IN_PROGRESS")) {
            return Ok(found);
        }
        pause().await;
    }
    Err(Broken("the stack never comes to an end".to_owned()))
}

async fn reviewed(stacks: &dyn Stacks, pause: &impl AsyncFn()) -> Case {
    let given = ParameterValue::Given("suite-first".to_owned());
    stacks.create_change_set(&change_set("first", ChangeSetKind::Create, &[("Name", given)])).await?;
    let set = made(stacks, "first", pause).await?;
    same("the change set", &set.status, &ChangeSetStatus::Ready)?;
    holds("it has a change", !set.changes.is_empty())?;
    let waiting = stacks.describe(STACK).await?.map(|stack| stack.status);
    same("the stack before", &waiting.as_deref(), &Some("REVIEW_IN_PROGRESS"))?;
    let newest = stacks.newest_event(STACK).await?;
    stacks.execute_change_set(STACK, "first").await?;
    pause().await;
    let stack = settled(stacks, STACK, pause).await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
    same("the stack after", &stack.status.as_str(), &"CREATE_COMPLETE")?;
    let events = stacks.events_after(STACK, newest.as_deref()).await?;
    let told = |status: &str| events.iter().any(|event| event.resource == STACK && event.status == status);
    holds("its end is told", told("CREATE_COMPLETE"))?;
    let resources = stacks.resources(STACK).await?;
    let kinds: Vec<(&str, &str)> =
        resources.iter().map(|resource| (resource.logical.as_str(), resource.kind.as_str())).collect();
    same("its resources", &kinds, &vec![("Topic", "AWS::SNS::Topic")])?;
    holds("what was before is not told", !told("REVIEW_IN_PROGRESS"))
}

async fn updated(stacks: &dyn Stacks, pause: &impl AsyncFn()) -> Case {
    let same_again = [("Name", ParameterValue::Previous), ("Other", ParameterValue::Previous)];
    // Some say so at once, others of the set.
    match stacks.create_change_set(&change_set("none", ChangeSetKind::Update, &same_again)).await {
        Err(ServiceError::Refused { reason, .. }) => holds(&reason, reason.contains("No updates"))?,
        Err(other) => return Err(other.into()),
        Ok(()) => {
            let set = made(stacks, "none", pause).await?;
            holds("no change is no success", matches!(set.status, ChangeSetStatus::Failed { .. }))?;
            stacks.delete_change_set(STACK, "none").await?;
            stacks.delete_change_set(STACK, "none").await?;
        }
    }
    let given = ParameterValue::Given("suite-second".to_owned());
    let change = [("Name", given), ("Other", ParameterValue::Previous)];
    stacks.create_change_set(&change_set("second", ChangeSetKind::Update, &change)).await?;
    same("the change set", &made(stacks, "second", pause).await?.status, &ChangeSetStatus::Ready)?;
    stacks.execute_change_set(STACK, "second").await?;
    pause().await;
    let parameters: BTreeMap<String, String> =
        settled(stacks, STACK, pause).await?.map(|stack| stack.parameters).unwrap_or_default();
    let value = |name: &str| parameters.get(name).map(String::as_str);
    same("what was given", &value("Name"), &Some("suite-second"))?;
    same("what was not", &value("Other"), &Some("other"))
}

async fn deleted(stacks: &dyn Stacks, pause: &impl AsyncFn()) -> Case {
    let stack = stacks.describe(STACK).await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
    let same_text = stacks.template(&stack.id).await?.contains("TopicName");
    holds("its template can be read", same_text)?;
    stacks.delete(&stack.id).await?;
    pause().await;
    let left = settled(stacks, &stack.id, pause).await?.map(|stack| stack.status);
    holds("its id tells that it is gone", left.is_none_or(|status| status == "DELETE_COMPLETE"))?;
    same("its name", &stacks.describe(STACK).await?, &None)
}
