//! Stacks and buckets that live in memory. A stack goes through its states one look at a time, as a slow service shows it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    Action, Artifacts, Bucket, Change, ChangeSet, ChangeSetKind, ChangeSetStatus, NewChangeSet, ObjectVersion,
    ParameterValue, ServiceError, ServiceResult, Stack, StackEvent, StackResource, Stacks, TemplateSource,
};
use jiff::Timestamp;
use serde_json::Value;

/// What a stack is called that is itself a resource of its events.
const STACK_KIND: &str = "AWS::CloudFormation::Stack";

/// Stacks in memory.
#[derive(Debug, Default)]
pub struct MemoryStacks(Mutex<World>);

#[derive(Debug, Default)]
struct World {
    stacks: Vec<Held>,
    change_sets: BTreeMap<(String, String), Made>,
    /// What the next changes fail with.
    failure: Option<String>,
    /// How many calls are not answered before one is.
    silent: u32,
    calls: Vec<String>,
    made: u32,
}

#[derive(Debug)]
struct Held {
    stack: Stack,
    template: String,
    events: Vec<StackEvent>,
    /// The states that are still to come, one for each look.
    coming: Vec<(String, Option<(String, String)>)>,
}

#[derive(Debug, Clone)]
struct Made {
    new: NewChangeSet,
    set: ChangeSet,
    looks: u32,
}

impl MemoryStacks {
    /// Makes the next changes fail, with a resource's reason.
    pub fn fail_next(&self, reason: &str) {
        self.world().failure = Some(reason.to_owned());
    }

    /// Leaves the next calls without an answer.
    pub fn be_silent(&self, calls: u32) {
        self.world().silent = calls;
    }

    /// Puts a stack into a state.
    pub fn set_status(&self, name: &str, status: &str) {
        let mut world = self.world();
        if let Some(held) = world.named(name) {
            held.stack.status = status.to_owned();
            held.coming.clear();
        }
    }

    /// What was changed, in order: the calls that change something.
    pub fn changes(&self) -> Vec<String> {
        self.world().calls.clone()
    }

    /// How many change sets there are.
    pub fn change_sets(&self) -> usize {
        self.world().change_sets.len()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self, action: &'static str, object: &str) -> ServiceResult<MutexGuard<'_, World>> {
        let mut world = self.world();
        if world.silent > 0 {
            world.silent -= 1;
            let reason = "no answer in time".to_owned();
            return Err(ServiceError::Unavailable { action, object: object.to_owned(), reason });
        }
        Ok(world)
    }
}

impl World {
    fn named(&mut self, stack: &str) -> Option<&mut Held> {
        let is_meant = |held: &Held| {
            held.stack.id == stack || (held.stack.name == stack && held.stack.status != "DELETE_COMPLETE")
        };
        self.stacks.iter_mut().find(|held| is_meant(held))
    }

    /// The changes that a set makes: parameters are resources here, so that every one of them shows.
    fn changes_of(&mut self, new: &NewChangeSet) -> Vec<Change> {
        let before = self.named(&new.stack).map(|held| (held.stack.parameters.clone(), held.template.clone()));
        let (parameters, template) = before.unwrap_or_default();
        let mut changes = Vec::new();
        let mut change = |action, resource: &str| {
            changes.push(Change {
                action,
                resource: resource.to_owned(),
                kind: "AWS::SSM::Parameter".to_owned(),
                physical: None,
                properties: Vec::new(),
            });
        };
        if text_of(&new.template, &template) != template {
            change(Action::Modify, "Template");
        }
        for (name, value) in &new.parameters {
            match (value, parameters.get(name)) {
                (ParameterValue::Given(value), Some(before)) if value != before => change(Action::Modify, name),
                (ParameterValue::Given(_), None) => change(Action::Add, name),
                (ParameterValue::Given(_), Some(_)) | (ParameterValue::Previous, _) => {}
            }
        }
        changes
    }
}

/// The text of a template; `before` is the one that the stack has.
fn text_of(template: &TemplateSource, before: &str) -> String {
    match template {
        TemplateSource::Text(text) | TemplateSource::Url(text) => text.clone(),
        TemplateSource::Previous => before.to_owned(),
    }
}

fn missing(action: &'static str, object: &str) -> ServiceError {
    ServiceError::Missing { action, object: object.to_owned(), reason: "it does not exist".to_owned() }
}

impl Held {
    /// One look later.
    fn tick(&mut self) {
        if self.coming.is_empty() {
            return;
        }
        let (status, failed) = self.coming.remove(0);
        if let Some((resource, reason)) = failed {
            self.tell(&resource, "AWS::SSM::Parameter", "CREATE_FAILED", Some(&reason));
            self.tell("Other", "AWS::SNS::Topic", "CREATE_FAILED", Some("Resource creation cancelled"));
        }
        let name = self.stack.name.clone();
        self.tell(&name, STACK_KIND, &status, None);
        self.stack.status = status;
    }

    /// Takes the defaults and the outputs of a template that is JSON. Outputs that name a parameter are understood.
    fn evaluate(&mut self) {
        let template: Value = serde_json::from_str(&self.template).unwrap_or_default();
        let section = |name: &str| template[name].as_object().cloned().unwrap_or_default();
        for (name, parameter) in section("Parameters") {
            if let Some(default) = parameter["Default"].as_str() {
                self.stack.parameters.entry(name).or_insert_with(|| default.to_owned());
            }
        }
        for (name, output) in section("Outputs") {
            let value = output["Value"]["Ref"].as_str().and_then(|name| self.stack.parameters.get(name));
            if let Some(value) = value {
                self.stack.outputs.insert(name, value.clone());
            }
        }
    }

    fn tell(&mut self, resource: &str, kind: &str, status: &str, reason: Option<&str>) {
        self.events.push(StackEvent {
            id: format!("event-{}", self.events.len()),
            at: Timestamp::UNIX_EPOCH,
            resource: resource.to_owned(),
            kind: kind.to_owned(),
            physical: None,
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        });
    }
}

#[async_trait]
impl Stacks for MemoryStacks {
    async fn describe(&self, stack: &str) -> ServiceResult<Option<Stack>> {
        let mut world = self.asked("cloudformation:DescribeStacks", stack)?;
        Ok(world.named(stack).map(|held| {
            held.tick();
            held.stack.clone()
        }))
    }

    async fn create_change_set(&self, new: &NewChangeSet) -> ServiceResult<()> {
        let action = "cloudformation:CreateChangeSet";
        let mut world = self.asked(action, &new.stack)?;
        let key = (new.stack.clone(), new.name.clone());
        let refused =
            |reason: &str| ServiceError::Refused { action, object: new.stack.clone(), reason: reason.to_owned() };
        if world.change_sets.contains_key(&key) {
            return Err(refused("a change set of that name exists"));
        }
        let status = world.named(&new.stack).map(|held| held.stack.status.clone());
        match (new.kind, status.as_deref()) {
            (ChangeSetKind::Create, None) => world.review(&new.stack),
            (ChangeSetKind::Create, Some("REVIEW_IN_PROGRESS")) => {}
            (ChangeSetKind::Create, Some(_)) => return Err(refused("the stack exists already")),
            (ChangeSetKind::Update, Some(status)) if status.ends_with("_COMPLETE") => {}
            (ChangeSetKind::Update, _) => return Err(refused("the stack cannot be updated")),
        }
        let changes = world.changes_of(new);
        let status = if changes.is_empty() {
            let reason = "The submitted information didn't contain changes. Submit different information.".to_owned();
            ChangeSetStatus::Failed { reason }
        } else {
            ChangeSetStatus::Ready
        };
        let made = Made { new: new.clone(), set: ChangeSet { status, changes }, looks: 0 };
        world.change_sets.insert(key, made);
        Ok(())
    }

    async fn change_set(&self, stack: &str, name: &str) -> ServiceResult<ChangeSet> {
        let action = "cloudformation:DescribeChangeSet";
        let mut world = self.asked(action, stack)?;
        let key = (stack.to_owned(), name.to_owned());
        let made = world.change_sets.get_mut(&key).ok_or_else(|| missing(action, name))?;
        made.looks += 1;
        if made.looks == 1 {
            return Ok(ChangeSet { status: ChangeSetStatus::Pending, changes: Vec::new() });
        }
        Ok(made.set.clone())
    }

    async fn execute_change_set(&self, stack: &str, name: &str) -> ServiceResult<()> {
        let action = "cloudformation:ExecuteChangeSet";
        let mut world = self.asked(action, stack)?;
        let key = (stack.to_owned(), name.to_owned());
        let made = world.change_sets.remove(&key).ok_or_else(|| missing(action, name))?;
        world.change_sets.retain(|(of, _), _| of != stack);
        world.calls.push(format!("execute {stack}"));
        let failure = world.failure.take();
        let held = world.named(stack).ok_or_else(|| missing(action, stack))?;
        for (name, value) in &made.new.parameters {
            if let ParameterValue::Given(value) = value
                && failure.is_none()
            {
                held.stack.parameters.insert(name.clone(), value.clone());
            }
        }
        let (verb, back) = match made.new.kind {
            ChangeSetKind::Create => ("CREATE", "ROLLBACK"),
            ChangeSetKind::Update => ("UPDATE", "UPDATE_ROLLBACK"),
        };
        held.coming = match failure {
            None => {
                held.template = text_of(&made.new.template, &held.template);
                if !made.new.tags.is_empty() {
                    held.stack.tags = made.new.tags;
                }
                held.stack.outputs.insert("StateTableName".to_owned(), "states".to_owned());
                held.evaluate();
                vec![(format!("{verb}_IN_PROGRESS"), None), (format!("{verb}_COMPLETE"), None)]
            }
            Some(reason) => vec![
                (format!("{verb}_IN_PROGRESS"), None),
                (format!("{back}_IN_PROGRESS"), Some(("Topic".to_owned(), reason))),
                (format!("{back}_COMPLETE"), None),
            ],
        };
        Ok(())
    }

    async fn delete_change_set(&self, stack: &str, name: &str) -> ServiceResult<()> {
        let mut world = self.asked("cloudformation:DeleteChangeSet", stack)?;
        world.change_sets.remove(&(stack.to_owned(), name.to_owned()));
        Ok(())
    }

    async fn newest_event(&self, stack: &str) -> ServiceResult<Option<String>> {
        let mut world = self.asked("cloudformation:DescribeStackEvents", stack)?;
        Ok(world.named(stack).and_then(|held| held.events.last().map(|event| event.id.clone())))
    }

    async fn events_after(&self, stack: &str, event: Option<&str>) -> ServiceResult<Vec<StackEvent>> {
        let mut world = self.asked("cloudformation:DescribeStackEvents", stack)?;
        let events = world.named(stack).map(|held| held.events.clone()).unwrap_or_default();
        let known = event.and_then(|known| events.iter().position(|event| event.id == known));
        Ok(events.into_iter().skip(known.map_or(0, |known| known + 1)).collect())
    }

    /// The resources of a template that is JSON, each called where it lives as in the template.
    async fn resources(&self, stack: &str) -> ServiceResult<Vec<StackResource>> {
        let action = "cloudformation:ListStackResources";
        let mut world = self.asked(action, stack)?;
        let held = world.named(stack).ok_or_else(|| missing(action, stack))?;
        let template: Value = serde_json::from_str(&held.template).unwrap_or_default();
        let resources = template["Resources"].as_object().cloned().unwrap_or_default();
        let resource = |(name, resource): (String, Value)| StackResource {
            physical: name.clone(),
            kind: resource["Type"].as_str().unwrap_or_default().to_owned(),
            logical: name,
        };
        Ok(resources.into_iter().map(resource).collect())
    }

    async fn template(&self, stack: &str) -> ServiceResult<String> {
        let action = "cloudformation:GetTemplate";
        let mut world = self.asked(action, stack)?;
        world.named(stack).map(|held| held.template.clone()).ok_or_else(|| missing(action, stack))
    }

    async fn delete(&self, stack: &str) -> ServiceResult<()> {
        let mut world = self.asked("cloudformation:DeleteStack", stack)?;
        world.calls.push(format!("delete {stack}"));
        let failure = world.failure.take();
        let Some(held) = world.named(stack) else { return Ok(()) };
        if held.stack.status == "REVIEW_IN_PROGRESS" {
            held.stack.status = "DELETE_COMPLETE".to_owned();
            return Ok(());
        }
        held.tell("StateTable", "AWS::DynamoDB::Table", "DELETE_SKIPPED", None);
        held.coming = match failure {
            None => vec![("DELETE_IN_PROGRESS".to_owned(), None), ("DELETE_COMPLETE".to_owned(), None)],
            Some(reason) => vec![
                ("DELETE_IN_PROGRESS".to_owned(), None),
                ("DELETE_FAILED".to_owned(), Some(("Network".to_owned(), reason))),
            ],
        };
        Ok(())
    }
}

impl World {
    fn review(&mut self, name: &str) {
        self.made += 1;
        let mut held = Held {
            stack: Stack {
                id: format!("arn:aws:cloudformation:eu-central-1:111122223333:stack/{name}/{}", self.made),
                name: name.to_owned(),
                status: "REVIEW_IN_PROGRESS".to_owned(),
                reason: None,
                changed_at: None,
                parameters: BTreeMap::new(),
                outputs: BTreeMap::new(),
                tags: BTreeMap::new(),
            },
            template: String::new(),
            events: Vec::new(),
            coming: Vec::new(),
        };
        held.tell(name, STACK_KIND, "REVIEW_IN_PROGRESS", None);
        self.stacks.push(held);
    }
}

/// Buckets in memory.
#[derive(Debug, Default)]
pub struct MemoryArtifacts(Mutex<BTreeMap<String, Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    versioned: bool,
    objects: BTreeMap<String, Vec<Vec<u8>>>,
}

impl MemoryArtifacts {
    /// Puts a bucket there that keeps no versions.
    pub fn add_plain(&self, bucket: &str) {
        self.shelves().insert(bucket.to_owned(), Shelf::default());
    }

    /// How often objects were put into a bucket.
    pub fn puts(&self, bucket: &str) -> usize {
        self.shelves().get(bucket).map_or(0, |shelf| shelf.objects.values().map(Vec::len).sum())
    }

    fn shelves(&self) -> MutexGuard<'_, BTreeMap<String, Shelf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Artifacts for MemoryArtifacts {
    async fn bucket(&self, bucket: &str) -> ServiceResult<Option<Bucket>> {
        Ok(self.shelves().get(bucket).map(|shelf| Bucket { versioned: shelf.versioned }))
    }

    async fn make_bucket(&self, bucket: &str) -> ServiceResult<()> {
        self.shelves().entry(bucket.to_owned()).or_default().versioned = true;
        Ok(())
    }

    async fn holding(&self, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<Option<ObjectVersion>> {
        let shelves = self.shelves();
        let versions = shelves.get(bucket).and_then(|shelf| shelf.objects.get(key));
        let same = versions.filter(|versions| versions.last().is_some_and(|newest| newest == content));
        Ok(same.map(|versions| version(bucket, key, versions.len())))
    }

    async fn content(&self, bucket: &str, key: &str, wanted: Option<&str>) -> ServiceResult<Option<Vec<u8>>> {
        let shelves = self.shelves();
        let Some(versions) = shelves.get(bucket).and_then(|shelf| shelf.objects.get(key)) else { return Ok(None) };
        let numbered = versions.iter().enumerate();
        let is_wanted = |number: usize| wanted.is_none_or(|wanted| version(bucket, key, number + 1).id == wanted);
        Ok(numbered.rev().find(|(number, _)| is_wanted(*number)).map(|(_, content)| content.clone()))
    }

    async fn put(&self, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<ObjectVersion> {
        let mut shelves = self.shelves();
        let shelf = shelves.get_mut(bucket).ok_or_else(|| missing("s3:PutObject", bucket))?;
        let versions = shelf.objects.entry(key.to_owned()).or_default();
        versions.push(content.to_vec());
        Ok(version(bucket, key, versions.len()))
    }
}

fn version(bucket: &str, key: &str, number: usize) -> ObjectVersion {
    ObjectVersion { id: format!("version-{number}"), url: format!("memory://{bucket}/{key}") }
}
