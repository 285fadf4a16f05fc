//! Logs, metrics, drills and a configuration that live in memory, and a site to review with all of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::ids::KmsKey;
use aurora_restore_ops::{
    ports::{
        BucketGuard, Day, Drifts, KeyFacts, Keys, LogGuard, LogLine, LogPage, LogQuery, Logs, Metric, Metrics,
        PeriodQuery, ResourceDrift, Safeguards, SecretGuard, ServiceError, ServiceResult, Statistic, TableGuard,
        TopicGuard,
    },
    review::{Drill, Drills, ParameterVerdict, Unlooked, Verdicts},
};
use jiff::Timestamp;

/// Logs in memory. A page has as many lines as is said.
#[derive(Debug)]
pub struct MemoryLogs {
    page_lines: usize,
    world: Mutex<LogWorld>,
}

#[derive(Debug, Default)]
struct LogWorld {
    groups: BTreeMap<String, Vec<LogLine>>,
    denied: Vec<String>,
}

impl MemoryLogs {
    /// No group yet.
    pub fn with_pages_of(lines: usize) -> Self {
        Self { page_lines: lines.max(1), world: Mutex::default() }
    }

    /// Makes a group, and writes lines into it.
    pub fn put(&self, group: &str, lines: impl IntoIterator<Item = (Timestamp, String)>) {
        let mut world = self.world();
        let held = world.groups.entry(group.to_owned()).or_default();
        held.extend(lines.into_iter().map(|(at, text)| LogLine { at, text }));
        held.sort_by_key(|line| line.at);
    }

    /// Denies a group to whoever asks.
    pub fn deny(&self, group: &str) {
        self.world().denied.push(group.to_owned());
    }

    fn world(&self) -> MutexGuard<'_, LogWorld> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Logs for MemoryLogs {
    async fn page(&self, query: LogQuery<'_>, from: Option<&str>) -> ServiceResult<LogPage> {
        let world = self.world();
        let (action, object) = ("logs:FilterLogEvents", query.group.to_owned());
        if world.denied.contains(&object) {
            return Err(ServiceError::Denied { action, object, reason: "AccessDeniedException: no".to_owned() });
        }
        let Some(lines) = world.groups.get(query.group) else {
            return Err(ServiceError::Missing { action, object, reason: "there is no such group".to_owned() });
        };
        let begins = from.and_then(|place| place.parse::<usize>().ok()).unwrap_or(0);
        let is_wanted = |line: &&LogLine| {
            (query.since..query.until).contains(&line.at)
                && query.containing.is_none_or(|wanted| line.text.contains(wanted))
        };
        let wanted: Vec<&LogLine> = lines.iter().filter(is_wanted).collect();
        let page: Vec<LogLine> = wanted.iter().skip(begins).take(self.page_lines).map(|line| (*line).clone()).collect();
        let next = begins + page.len();
        Ok(LogPage { lines: page, next: (next < wanted.len()).then(|| next.to_string()) })
    }
}

/// Metrics in memory.
#[derive(Debug, Default)]
pub struct MemoryMetrics(Mutex<BTreeMap<Metric, Vec<(Timestamp, f64)>>>);

impl MemoryMetrics {
    /// Puts a value.
    pub fn put(&self, metric: &Metric, at: Timestamp, value: f64) {
        self.held().entry(metric.clone()).or_default().push((at, value));
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Metric, Vec<(Timestamp, f64)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Metrics for MemoryMetrics {
    async fn list(&self, namespace: &str, dimension: (&str, &str)) -> ServiceResult<Vec<Metric>> {
        let (name, value) = dimension;
        let held = self.held();
        let is_wanted = |metric: &&Metric| {
            metric.namespace == namespace && metric.dimensions.get(name).is_some_and(|found| found == value)
        };
        Ok(held.keys().filter(is_wanted).cloned().collect())
    }

    async fn by_period(
        &self,
        queries: &[PeriodQuery],
        since: Timestamp,
        until: Timestamp,
    ) -> ServiceResult<Vec<Vec<Day>>> {
        let held = self.held();
        let nothing = Vec::new();
        let periods = |query: &PeriodQuery| {
            let values = held.get(&query.metric).unwrap_or(&nothing);
            let secs = i64::from(query.period_secs);
            let mut periods: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
            for (at, value) in values.iter().filter(|(at, _)| (since..until).contains(at)) {
                periods.entry(at.as_second().div_euclid(secs) * secs).or_default().push(*value);
            }
            periods.into_iter().filter_map(|(begins, values)| one(begins, &values, query.statistic)).collect()
        };
        Ok(queries.iter().map(periods).collect())
    }
}

fn one(begins: i64, values: &[f64], statistic: Statistic) -> Option<Day> {
    let sum: f64 = values.iter().sum();
    let count = f64::from(u32::try_from(values.len()).ok()?);
    let value = match statistic {
        Statistic::Sum => sum,
        Statistic::Average => sum / count,
        Statistic::Minimum => values.iter().copied().reduce(f64::min)?,
        Statistic::Maximum => values.iter().copied().reduce(f64::max)?,
        Statistic::SampleCount => count,
    };
    Some(Day { begins: Timestamp::from_second(begins).ok()?, value })
}

/// A configuration with its verdict, or what keeps it from being read.
#[derive(Debug, Clone)]
pub struct MemoryVerdict(pub Result<Option<ParameterVerdict>, Unlooked>);

#[async_trait]
impl Verdicts for MemoryVerdict {
    async fn configuration(&self) -> Result<Option<ParameterVerdict>, Unlooked> {
        self.0.clone()
    }
}

/// The newest drills.
#[derive(Debug, Clone)]
pub struct MemoryDrills(pub Vec<Drill>);

#[async_trait]
impl Drills for &MemoryDrills {
    async fn newest(&self) -> Result<Vec<Drill>, Unlooked> {
        Ok(self.0.clone())
    }
}

/// What differs of a stack, told after a look that finds the comparison not over.
#[derive(Debug, Default)]
pub struct MemoryDrifts {
    /// What differs.
    pub drifts: Vec<ResourceDrift>,
    looks: Mutex<u32>,
}

#[async_trait]
impl Drifts for MemoryDrifts {
    async fn begin(&self, stack: &str) -> ServiceResult<String> {
        *self.looks.lock().unwrap_or_else(PoisonError::into_inner) = 0;
        Ok(format!("comparison of {stack}"))
    }

    async fn found(&self, _stack: &str, _comparison: &str) -> ServiceResult<Option<Vec<ResourceDrift>>> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        *looks += 1;
        Ok((*looks > 1).then(|| self.drifts.clone()))
    }
}

/// How things are guarded, each as the test says. What nobody has spoken of is not there.
#[derive(Debug, Clone, Default)]
pub struct MemorySafeguards {
    /// The tables.
    pub tables: BTreeMap<String, TableGuard>,
    /// The topics.
    pub topics: BTreeMap<String, TopicGuard>,
    /// The log groups.
    pub logs: BTreeMap<String, LogGuard>,
    /// The buckets.
    pub buckets: BTreeMap<String, BucketGuard>,
    /// The secrets.
    pub secrets: BTreeMap<String, SecretGuard>,
    /// Whether secrets are denied to whoever asks.
    pub denies_secrets: bool,
}

#[async_trait]
impl Safeguards for MemorySafeguards {
    async fn table(&self, name: &str) -> ServiceResult<Option<TableGuard>> {
        Ok(self.tables.get(name).cloned())
    }

    async fn topic(&self, arn: &str) -> ServiceResult<Option<TopicGuard>> {
        Ok(self.topics.get(arn).cloned())
    }

    async fn log(&self, group: &str) -> ServiceResult<Option<LogGuard>> {
        Ok(self.logs.get(group).cloned())
    }

    async fn bucket(&self, name: &str) -> ServiceResult<Option<BucketGuard>> {
        Ok(self.buckets.get(name).cloned())
    }

    async fn secret(&self, id: &str) -> ServiceResult<Option<SecretGuard>> {
        if self.denies_secrets {
            let (action, object) = ("secretsmanager:DescribeSecret", id.to_owned());
            return Err(ServiceError::Denied { action, object, reason: "AccessDeniedException: no".to_owned() });
        }
        Ok(self.secrets.get(id).cloned())
    }
}

/// Keys, each by the name that it is asked for by.
#[derive(Debug, Clone, Default)]
pub struct MemoryKeys(pub BTreeMap<String, KeyFacts>);

#[async_trait]
impl Keys for MemoryKeys {
    async fn key(&self, key: &KmsKey) -> ServiceResult<Option<KeyFacts>> {
        Ok(self.0.get(key.as_str()).cloned())
    }
}
