//! Alarms, dashboards, saved queries and answers to queries that live in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_ops::{
    insights::{Evaluation, LogEvent, parse},
    ports::{
        AlarmSettings, AlarmState, Insights, InsightsAnswer, InsightsQuery, LiveAlarm, LogLine, Monitors, SavedQuery,
        ServiceError, ServiceResult,
    },
};
use jiff::Timestamp;

/// What the ARN of an alarm begins with.
const ARN: &str = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:";

/// What watches stacks, in memory.
#[derive(Debug, Default)]
pub struct MemoryMonitors(Mutex<World>);

#[derive(Debug, Default)]
struct World {
    alarms: BTreeMap<String, (LiveAlarm, BTreeMap<String, String>)>,
    dashboards: BTreeMap<String, String>,
    queries: BTreeMap<String, SavedQuery>,
    changes: Vec<String>,
    silent: u32,
}

impl MemoryMonitors {
    /// Puts an alarm there that others have made.
    pub fn add_of_others(&self, name: &str, settings: &AlarmSettings) {
        let alarm = alarm(name, settings, AlarmState::Quiet);
        self.world().alarms.insert(name.to_owned(), (alarm, BTreeMap::new()));
    }

    /// What an alarm says, and since when.
    pub fn set_state(&self, name: &str, state: AlarmState, since: Timestamp) {
        if let Some((alarm, _)) = self.world().alarms.get_mut(name) {
            (alarm.state, alarm.since) = (state, Some(since));
        }
    }

    /// Switches off what an alarm does.
    pub fn switch_off(&self, name: &str) {
        if let Some((alarm, _)) = self.world().alarms.get_mut(name) {
            alarm.tells = false;
        }
    }

    /// What was changed, in order.
    pub fn changes(&self) -> Vec<String> {
        self.world().changes.clone()
    }

    /// Leaves the next calls without an answer.
    pub fn be_silent(&self, calls: u32) {
        self.world().silent = calls;
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

fn alarm(name: &str, settings: &AlarmSettings, state: AlarmState) -> LiveAlarm {
    LiveAlarm {
        name: name.to_owned(),
        arn: format!("{ARN}{name}"),
        settings: settings.clone(),
        tells: true,
        state,
        since: None,
    }
}

#[async_trait]
impl Monitors for MemoryMonitors {
    async fn alarms(&self, prefix: &str) -> ServiceResult<Vec<LiveAlarm>> {
        let world = self.asked("cloudwatch:DescribeAlarms", prefix)?;
        let found = world.alarms.values().filter(|(alarm, _)| alarm.name.starts_with(prefix));
        Ok(found.map(|(alarm, _)| alarm.clone()).collect())
    }

    async fn alarm_tags(&self, arn: &str) -> ServiceResult<BTreeMap<String, String>> {
        let world = self.asked("cloudwatch:ListTagsForResource", arn)?;
        let found = arn.strip_prefix(ARN).and_then(|name| world.alarms.get(name));
        Ok(found.map(|(_, tags)| tags.clone()).unwrap_or_default())
    }

    async fn put_alarm(
        &self,
        name: &str,
        settings: &AlarmSettings,
        tags: &BTreeMap<String, String>,
    ) -> ServiceResult<()> {
        let mut world = self.asked("cloudwatch:PutMetricAlarm", name)?;
        world.changes.push(format!("put alarm {name}"));
        match world.alarms.get_mut(name) {
            Some((held, _)) => *held = alarm(name, settings, held.state),
            None => {
                let made = alarm(name, settings, AlarmState::Unknown);
                world.alarms.insert(name.to_owned(), (made, tags.clone()));
            }
        }
        Ok(())
    }

    async fn delete_alarm(&self, name: &str) -> ServiceResult<()> {
        let mut world = self.asked("cloudwatch:DeleteAlarms", name)?;
        world.changes.push(format!("delete alarm {name}"));
        world.alarms.remove(name);
        Ok(())
    }

    async fn dashboard(&self, name: &str) -> ServiceResult<Option<String>> {
        Ok(self.asked("cloudwatch:GetDashboard", name)?.dashboards.get(name).cloned())
    }

    async fn put_dashboard(&self, name: &str, body: &str) -> ServiceResult<()> {
        let mut world = self.asked("cloudwatch:PutDashboard", name)?;
        world.changes.push(format!("put dashboard {name}"));
        world.dashboards.insert(name.to_owned(), body.to_owned());
        Ok(())
    }

    async fn queries(&self, prefix: &str) -> ServiceResult<Vec<SavedQuery>> {
        let world = self.asked("logs:DescribeQueryDefinitions", prefix)?;
        Ok(world.queries.values().filter(|query| query.name.starts_with(prefix)).cloned().collect())
    }

    async fn put_query(&self, query: &SavedQuery) -> ServiceResult<()> {
        let mut world = self.asked("logs:PutQueryDefinition", &query.name)?;
        world.changes.push(format!("put query {}", query.name));
        let id = query.id.clone().unwrap_or_else(|| format!("query-{}", world.queries.len() + 1));
        world.queries.insert(id.clone(), SavedQuery { id: Some(id), ..query.clone() });
        Ok(())
    }
}

/// Queries on logs in memory, answered as the product answers them on files, at the second look.
#[derive(Debug, Default)]
pub struct MemoryInsights(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    groups: BTreeMap<String, Vec<LogLine>>,
    /// How many looks there were at each answer, and what it is.
    answers: Vec<(u32, InsightsAnswer)>,
    never: bool,
    stopped: Vec<String>,
}

impl MemoryInsights {
    /// Makes a group, and writes lines into it.
    pub fn put(&self, group: &str, lines: Vec<(Timestamp, String)>) {
        let lines = lines.into_iter().map(|(at, text)| LogLine { at, text });
        self.held().groups.entry(group.to_owned()).or_default().extend(lines);
    }

    /// Answers nothing any more.
    pub fn never_answer(&self) {
        self.held().never = true;
    }

    /// The questions that were stopped.
    pub fn stopped(&self) -> Vec<String> {
        self.held().stopped.clone()
    }

    fn held(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Insights for MemoryInsights {
    async fn start(&self, query: InsightsQuery<'_>) -> ServiceResult<String> {
        let (action, object) = ("logs:StartQuery", query.groups.join(", "));
        let mut held = self.held();
        if query.groups.iter().any(|group| !held.groups.contains_key(group)) {
            return Err(ServiceError::Missing { action, object, reason: "there is no such group".to_owned() });
        }
        let understood =
            parse(query.text).map_err(|error| ServiceError::Refused { action, object, reason: error.to_string() })?;
        let mut evaluation = Evaluation::of(&understood);
        for group in query.groups {
            let lines = held.groups.get(group).into_iter().flatten();
            for line in lines.filter(|line| (query.since..query.until).contains(&line.at)) {
                let event = LogEvent { at: line.at, log: group.clone(), message: line.text.clone() };
                evaluation.add(&event).expect("a test asks for little");
            }
        }
        let answer = evaluation.answer();
        let row = |row: Vec<Option<String>>| {
            let fields = answer.columns.iter().zip(row);
            fields.filter_map(|(column, value)| Some((column.clone(), value?))).collect()
        };
        let (looked_at, matched) = (answer.looked_at, answer.matched);
        let rows = answer.rows.into_iter().map(row).collect();
        held.answers.push((0, InsightsAnswer::Complete { rows, looked_at, matched }));
        Ok((held.answers.len() - 1).to_string())
    }

    async fn answer(&self, id: &str) -> ServiceResult<InsightsAnswer> {
        let mut held = self.held();
        let never = held.never;
        let found = id.parse::<usize>().ok().and_then(|number| held.answers.get_mut(number));
        let Some((looks, answer)) = found else {
            let (action, object) = ("logs:GetQueryResults", id.to_owned());
            return Err(ServiceError::Missing { action, object, reason: "there is no such query".to_owned() });
        };
        *looks += 1;
        Ok(if *looks == 1 || never { InsightsAnswer::Running } else { answer.clone() })
    }

    async fn stop(&self, id: &str) -> ServiceResult<()> {
        self.held().stopped.push(id.to_owned());
        Ok(())
    }
}
