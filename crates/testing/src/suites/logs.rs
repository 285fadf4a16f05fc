//! The conformance suite of the logs port.

use async_trait::async_trait;
use aurora_restore_ops::ports::{LogLine, LogQuery, Logs, ServiceError};
use jiff::{SignedDuration, Timestamp};

use super::{Broken, Case, CaseResult, Verdict, same, verdict};

/// More lines than any page has.
const MANY: usize = 10_500;
/// Pages of one query are bounded.
const PAGES_MAX: usize = 200;

/// Logs, and how lines get into them.
#[async_trait]
pub trait LogsFixture: Send + Sync {
    /// The logs.
    fn logs(&self) -> &dyn Logs;

    /// Makes a group and writes lines into it, in order of time. After it returns they can be read.
    async fn put(&self, group: &str, lines: Vec<(Timestamp, String)>);
}

/// Runs every case. `now` is what time it is there; `no_pages` says why more lines than a page has cannot be read there.
pub async fn run(fixture: &dyn LogsFixture, now: Timestamp, no_pages: Option<&'static str>) -> Vec<CaseResult> {
    let cases = [
        ("lines of the time come, in order and whole", verdict(of_the_time(fixture, now).await)),
        ("a group that is not there is told as missing", verdict(missing(fixture, now).await)),
        (
            "what does not fit into a page comes with the next ones, once each",
            match no_pages {
                None => verdict(paged(fixture, now).await),
                Some(reason) => Verdict::Skipped(reason),
            },
        ),
    ];
    cases.into_iter().map(|(case, verdict)| CaseResult { case, verdict }).collect()
}

async fn all(logs: &dyn Logs, query: LogQuery<'_>) -> Result<(Vec<LogLine>, usize), Broken> {
    let (mut lines, mut from) = (Vec::new(), None);
    for page_number in 1..=PAGES_MAX {
        let page = logs.page(query, from.as_deref()).await?;
        lines.extend(page.lines);
        match page.next {
            None => return Ok((lines, page_number)),
            next => from = next,
        }
    }
    Err(Broken("the pages have no end".to_owned()))
}

async fn of_the_time(fixture: &dyn LogsFixture, now: Timestamp) -> Case {
    let at = |minutes: i64| now - SignedDuration::from_mins(minutes);
    let wished = ["{\"level\":\"WARN\"}", "größe 日本", "two\twords"];
    let mut lines = vec![(at(90), "before".to_owned())];
    lines.extend(wished.iter().zip([60, 50, 40]).map(|(text, minutes)| (at(minutes), (*text).to_owned())));
    lines.push((at(30), "at the end, which does not belong to it".to_owned()));
    fixture.put("suite-time", lines).await;
    let (found, _) =
        all(fixture.logs(), LogQuery { group: "suite-time", since: at(60), until: at(30), containing: None }).await?;
    let texts: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
    same("the lines", &texts, &wished.to_vec())?;
    let some = LogQuery { group: "suite-time", since: at(60), until: at(30), containing: Some("e 日") };
    let (some, _) = all(fixture.logs(), some).await?;
    same("the lines with a text in them", &some, &found[1..2].to_vec())?;
    same("the first time", &found[0].at.as_millisecond(), &at(60).as_millisecond())
}

async fn missing(fixture: &dyn LogsFixture, now: Timestamp) -> Case {
    let query =
        LogQuery { group: "suite-nobody", since: now - SignedDuration::from_hours(1), until: now, containing: None };
    match fixture.logs().page(query, None).await {
        Err(ServiceError::Missing { .. }) => Ok(()),
        other => Err(Broken(format!("its page is {other:?}"))),
    }
}

async fn paged(fixture: &dyn LogsFixture, now: Timestamp) -> Case {
    let since = now - SignedDuration::from_hours(1);
    let line = |number: usize| {
        let millis = SignedDuration::from_millis(i64::try_from(number).unwrap_or(0));
        (since + millis, format!("line {number}"))
    };
    fixture.put("suite-pages", (0..MANY).map(line).collect()).await;
    let (found, pages) =
        all(fixture.logs(), LogQuery { group: "suite-pages", since, until: now, containing: None }).await?;
    let expected: Vec<String> = (0..MANY).map(|number| format!("line {number}")).collect();
    same("how many lines there are", &found.len(), &expected.len())?;
    let differs = found.iter().zip(&expected).find(|(found, expected)| found.text != **expected);
    same("a line out of its place", &differs, &None)?;
    super::holds("there is more than one page", pages > 1)
}
