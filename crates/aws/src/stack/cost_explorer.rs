//! The [`Bills`] port on Cost Explorer
//! ([`GetCostAndUsage`](https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html)). AWS charges
//! one cent for each page that is asked for.

use async_trait::async_trait;
use aurora_restore_ops::ports::{Billed, BilledTag, Bills, ServiceResult};
use aws_sdk_costexplorer::{
    Client,
    types::{
        DateInterval, Expression, Granularity, Group, GroupDefinition, GroupDefinitionType, ResultByTime, TagValues,
    },
};
use jiff::civil::Date;

use super::service::{Asked, PAGES_MAX};
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// What was charged, before discounts are spread over an organization.
const METRIC: &str = "UnblendedCost";

/// The [`Bills`] port on Cost Explorer.
#[derive(Debug, Clone)]
pub struct CostExplorer {
    client: Client,
}

impl CostExplorer {
    /// The bills of that account, whatever the Region: there is one endpoint in each partition. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("Cost Explorer", endpoint)?) })
    }
}

#[async_trait]
impl Bills for CostExplorer {
    async fn daily(&self, of: &[Vec<BilledTag>], since: Date, until: Date) -> ServiceResult<Vec<Billed>> {
        let asked = Asked::about("ce:GetCostAndUsage", "the bill");
        let period = DateInterval::builder().start(since.to_string()).end(until.to_string()).build();
        let period = period.expect("both parts are set");
        let by_service = GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key("SERVICE").build();
        let mut billed = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let call = self
                .client
                .get_cost_and_usage()
                .time_period(period.clone())
                .granularity(Granularity::Daily)
                .set_filter(filter(of))
                .metrics(METRIC)
                .group_by(by_service.clone())
                .set_next_page_token(token.clone());
            let page = call.send().await.map_err(|error| asked.failed(&error))?;
            for day in page.results_by_time() {
                billed.extend(of_day(asked, day)?);
            }
            let next = page.next_page_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(billed);
            }
            if next == token {
                return Err(asked.malformed("does not go on: a page's marker is its own"));
            }
            token = next;
        }
        Err(asked.malformed("has no end"))
    }
}

/// `Or` and `And` want two parts at least: one part is sent as it is.
fn filter(of: &[Vec<BilledTag>]) -> Option<Expression> {
    let all = |tags: &Vec<BilledTag>| {
        joined(tags.iter().map(tagged).collect(), |parts| Expression::builder().set_and(Some(parts)).build())
    };
    joined(of.iter().filter_map(all).collect(), |parts| Expression::builder().set_or(Some(parts)).build())
}

fn joined(mut parts: Vec<Expression>, join: impl FnOnce(Vec<Expression>) -> Expression) -> Option<Expression> {
    if parts.len() > 1 { Some(join(parts)) } else { parts.pop() }
}

/// A key without values is asked for what does not bear it, says
/// [`TagValues`](https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_TagValues.html).
fn tagged(tag: &BilledTag) -> Expression {
    let values = TagValues::builder().key(&tag.key).set_values(tag.value.clone().map(|value| vec![value])).build();
    let expression = Expression::builder().tags(values).build();
    match tag.value {
        Some(_) => expression,
        None => Expression::builder().not(expression).build(),
    }
}

fn of_day(asked: Asked<'_>, result: &ResultByTime) -> ServiceResult<Vec<Billed>> {
    let day = result.time_period().and_then(|period| period.start().parse::<Date>().ok());
    let day = day.ok_or_else(|| asked.malformed("has a period that begins on no day"))?;
    let one = |group: &Group| {
        let service = group.keys().first()?.clone();
        let cost = group.metrics()?.get(METRIC)?;
        let amount: f64 = cost.amount()?.parse().ok().filter(|amount: &f64| amount.is_finite())?;
        Some(Billed { day, service, amount, currency: cost.unit()?.to_owned() })
    };
    let malformed = || asked.malformed(&format!("has a cost on {day} without a service, an amount or a currency"));
    result.groups().iter().map(|group| one(group).ok_or_else(malformed)).collect()
}

#[cfg(test)]
mod tests {
    use aurora_restore_ops::ports::ServiceError;
    use jiff::civil::date;
    use serde_json::{Value, json};

    use super::*;
    use crate::replay::{answering, refusal};

    fn page(token: Option<&str>, days: &[(&str, &str, &str)]) -> (u16, String) {
        let results: Vec<Value> = days
            .iter()
            .map(|(day, service, amount)| {
                json!({ "TimePeriod": { "Start": day, "End": "2026-11-30" }, "Total": {}, "Estimated": true, "Groups": [
                    { "Keys": [service], "Metrics": { "UnblendedCost": { "Amount": amount, "Unit": "USD" } } }] })
            })
            .collect();
        (200, json!({ "ResultsByTime": results, "NextPageToken": token, "DimensionValueAttributes": [] }).to_string())
    }

    async fn daily(
        answer: (u16, String),
        of: &[Vec<BilledTag>],
    ) -> (ServiceResult<Vec<Billed>>, Vec<Value>, Vec<String>) {
        asked(vec![answer], of).await
    }

    async fn asked(
        answers: Vec<(u16, String)>,
        of: &[Vec<BilledTag>],
    ) -> (ServiceResult<Vec<Billed>>, Vec<Value>, Vec<String>) {
        let (connection, http) = answering(answers);
        let bills = CostExplorer::new(&connection, None).unwrap();
        let told = bills.daily(of, date(2026, 11, 1), date(2026, 11, 30)).await;
        let bodies = http
            .actual_requests()
            .map(|request| serde_json::from_slice(request.body().bytes().unwrap()).unwrap())
            .collect();
        (told, bodies, http.actual_requests().map(|request| request.uri().to_owned()).collect())
    }

    #[tokio::test]
    async fn costs_are_asked_for_by_day_and_service_at_the_one_endpoint() {
        let of = [
            vec![BilledTag::new("Application", "AuroraRestore"), BilledTag::new("Environment", "prod")],
            vec![BilledTag::any("aurora-restore:retired-by")],
        ];
        let answers = vec![
            page(Some("2"), &[("2026-11-01", "AWS Lambda", "0.25")]),
            page(None, &[("2026-11-02", "Tax", "-1e-7")]),
        ];
        let (told, bodies, uris) = asked(answers, &of).await;
        let billed = |day, service: &str, amount| Billed {
            day,
            service: service.to_owned(),
            amount,
            currency: "USD".to_owned(),
        };
        assert_eq!(
            told.unwrap(),
            [billed(date(2026, 11, 1), "AWS Lambda", 0.25), billed(date(2026, 11, 2), "Tax", -1e-7)]
        );
        assert_eq!(uris, ["https://ce.us-east-1.amazonaws.com/"; 2]);
        let mut expected = json!({
            "TimePeriod": { "Start": "2026-11-01", "End": "2026-11-30" },
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost"],
            "GroupBy": [{ "Type": "DIMENSION", "Key": "SERVICE" }],
            "Filter": { "Or": [
                { "And": [{ "Tags": { "Key": "Application", "Values": ["AuroraRestore"] } },
                          { "Tags": { "Key": "Environment", "Values": ["prod"] } }] },
                { "Not": { "Tags": { "Key": "aurora-restore:retired-by" } } }] },
        });
        assert_eq!(bodies[0], expected);
        expected["NextPageToken"] = json!("2");
        assert_eq!(bodies[1], expected);
    }

    #[tokio::test]
    async fn one_tag_is_neither_joined_with_and_nor_with_or() {
        let (_, bodies, _) = daily(page(None, &[]), &[vec![BilledTag::new("a", "b")]]).await;
        assert_eq!(bodies[0]["Filter"], json!({ "Tags": { "Key": "a", "Values": ["b"] } }));
    }

    #[tokio::test]
    async fn answers_that_cannot_be_read_and_refusals_are_told() {
        let of = [vec![BilledTag::any("a")]];
        for (answer, what) in [
            (page(None, &[("november", "AWS Lambda", "1")]), "begins on no day"),
            (page(None, &[("2026-11-01", "AWS Lambda", "much")]), "cost on 2026-11-01 without"),
            (page(None, &[("2026-11-01", "AWS Lambda", "NaN")]), "cost on 2026-11-01 without"),
        ] {
            let error = daily(answer, &of).await.0.unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        let error = asked(vec![page(Some("1"), &[]), page(Some("1"), &[])], &of).await.0.unwrap_err().to_string();
        assert!(error.contains("does not go on"), "{error}");

        let denied =
            daily(refusal(400, "AccessDeniedException", "User not enabled for cost explorer access"), &of).await.0;
        assert!(matches!(denied, Err(ServiceError::Denied { action: "ce:GetCostAndUsage", .. })), "{denied:?}");
        let early = daily(refusal(400, "DataUnavailableException", "Data is not available"), &of).await.0;
        assert!(matches!(early, Err(ServiceError::Refused { .. })), "{early:?}");
        let fast = daily(refusal(400, "ThrottlingException", "Rate exceeded"), &of).await.0;
        assert!(matches!(fast, Err(ServiceError::Unavailable { .. })), "{fast:?}");
    }
}
