//! The [`Metrics`] port on CloudWatch (`ListMetrics`, `GetMetricData`).

use std::collections::BTreeMap;

use async_trait::async_trait;
use aurora_restore_ops::ports::{Day, Metric, Metrics, PeriodQuery, ServiceResult, Statistic};
use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{self, Dimension, DimensionFilter, MetricDataQuery, MetricDataResult, MetricStat, ScanBy},
};
use jiff::Timestamp;

use super::service::{Asked, PAGES_MAX};
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// So many queries are in one call at most.
const QUERIES_MAX: usize = 500;

/// The [`Metrics`] port on CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
}

impl CloudWatch {
    /// The metrics of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("CloudWatch", endpoint)?) })
    }

    /// One call's worth of queries, all pages; the periods of each by its place.
    async fn batch(&self, queries: &[PeriodQuery], since: Timestamp, until: Timestamp) -> ServiceResult<Vec<Vec<Day>>> {
        let asked = Asked::about("cloudwatch:GetMetricData", "*");
        let sent: Vec<MetricDataQuery> =
            queries.iter().enumerate().map(|(place, query)| as_sent(place, query)).collect();
        let mut series = vec![Vec::new(); queries.len()];
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let call = self
                .client
                .get_metric_data()
                .set_metric_data_queries(Some(sent.clone()))
                .start_time(DateTime::from_secs(since.as_second()))
                .end_time(DateTime::from_secs(until.as_second()))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(token.clone());
            let page = call.send().await.map_err(|error| asked.failed(&error))?;
            for result in page.metric_data_results() {
                let place = result.id().and_then(place_of).and_then(|place| series.get_mut(place));
                place.ok_or_else(|| asked.malformed("tells of something else"))?.extend(days(result));
            }
            let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(series);
            }
            if next == token {
                return Err(asked.malformed("does not go on: a page's marker is its own"));
            }
            token = next;
        }
        Err(asked.malformed("has no end"))
    }
}

#[async_trait]
impl Metrics for CloudWatch {
    async fn list(&self, namespace: &str, dimension: (&str, &str)) -> ServiceResult<Vec<Metric>> {
        let asked = Asked::about("cloudwatch:ListMetrics", namespace);
        let (name, value) = dimension;
        let filter = DimensionFilter::builder().name(name).value(value).build();
        let mut metrics = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let call = self.client.list_metrics().namespace(namespace).dimensions(filter.clone());
            let page = call.set_next_token(token.clone()).send().await.map_err(|error| asked.failed(&error))?;
            metrics.extend(page.metrics().iter().filter_map(read));
            let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(metrics);
            }
            if next == token {
                return Err(asked.malformed("does not go on: a page's marker is its own"));
            }
            token = next;
        }
        Err(asked.malformed("has no end"))
    }

    async fn by_period(
        &self,
        queries: &[PeriodQuery],
        since: Timestamp,
        until: Timestamp,
    ) -> ServiceResult<Vec<Vec<Day>>> {
        let mut series = Vec::with_capacity(queries.len());
        for batch in queries.chunks(QUERIES_MAX) {
            series.extend(self.batch(batch, since, until).await?);
        }
        Ok(series)
    }
}

fn read(found: &types::Metric) -> Option<Metric> {
    let pairs = found.dimensions().iter();
    let dimensions: BTreeMap<String, String> =
        pairs.filter_map(|dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned()))).collect();
    Some(Metric { namespace: found.namespace()?.to_owned(), name: found.metric_name()?.to_owned(), dimensions })
}

/// A query's id is its place: letters and digits that begin with a small letter, as the service wants it.
fn as_sent(place: usize, query: &PeriodQuery) -> MetricDataQuery {
    let Metric { namespace, name, dimensions } = &query.metric;
    let dimensions: Vec<Dimension> =
        dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect();
    let metric = types::Metric::builder().namespace(namespace).metric_name(name).set_dimensions(Some(dimensions));
    let statistic = match query.statistic {
        Statistic::Sum => "Sum",
        Statistic::Average => "Average",
        Statistic::Minimum => "Minimum",
        Statistic::Maximum => "Maximum",
        Statistic::SampleCount => "SampleCount",
    };
    let stat = MetricStat::builder().metric(metric.build()).period(query.period_secs).stat(statistic);
    MetricDataQuery::builder().id(format!("q{place}")).metric_stat(stat.build()).build()
}

fn place_of(id: &str) -> Option<usize> {
    id.strip_prefix('q')?.parse().ok()
}

fn days(result: &MetricDataResult) -> impl Iterator<Item = Day> {
    result
        .timestamps()
        .iter()
        .zip(result.values())
        .filter_map(|(at, value)| Some(Day { begins: Timestamp::from_second(at.secs()).ok()?, value: *value }))
}
