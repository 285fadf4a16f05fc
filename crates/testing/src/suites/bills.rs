//! The conformance suite of the port of bills.

use aurora_restore_ops::ports::{Billed, BilledTag, Bills};
use jiff::civil::{Date, date};

use super::{Broken, Case, CaseResult, same, verdict};

/// Bills, and how costs get onto them.
pub trait BillsFixture: Send + Sync {
    /// The bills.
    fn bills(&self) -> &dyn Bills;

    /// A thing with these tags cost something.
    fn put(&self, tags: &[(&str, &str)], cost: Billed);
}

/// Runs every case.
pub async fn run(fixture: &dyn BillsFixture) -> Vec<CaseResult> {
    let cases = [
        ("where nothing cost anything there is nothing", verdict(nothing(fixture).await)),
        (
            "costs are told by day and by service, from the first day on and before the last",
            verdict(days(fixture).await),
        ),
        (
            "a thing counts if it bears all tags of a list, and once if it bears those of two",
            verdict(lists(fixture).await),
        ),
        ("a tag without a value is borne whatever it says", verdict(any_value(fixture).await)),
        ("a credit is below zero, and a currency stays", verdict(credit(fixture).await)),
    ];
    cases.into_iter().map(|(case, verdict)| CaseResult { case, verdict }).collect()
}

const FIRST: Date = date(2026, 10, 30);
const LAST: Date = date(2026, 11, 3);

fn cost(day: Date, service: &str, amount: f64) -> Billed {
    Billed { day, service: service.to_owned(), amount, currency: "USD".to_owned() }
}

async fn told(fixture: &dyn BillsFixture, of: &[Vec<BilledTag>]) -> Result<Vec<Billed>, Broken> {
    Ok(fixture.bills().daily(of, FIRST, LAST).await?)
}

async fn nothing(fixture: &dyn BillsFixture) -> Case {
    same("the costs", &told(fixture, &[vec![BilledTag::any("suite-nobody")]]).await?, &Vec::new())
}

async fn days(fixture: &dyn BillsFixture) -> Case {
    let tags = [("suite-days", "yes")];
    let before = FIRST.yesterday()?;
    for (day, service, amount) in [
        (before, "AWS Lambda", 1.0),
        (FIRST, "AWS Lambda", 0.25),
        (FIRST, "AWS Lambda", 0.5),
        (FIRST, "AWS Step Functions", 2.0),
        (LAST.yesterday()?, "AWS Lambda", 4.0),
        (LAST, "AWS Lambda", 8.0),
    ] {
        fixture.put(&tags, cost(day, service, amount));
    }
    let expected = vec![
        cost(FIRST, "AWS Lambda", 0.75),
        cost(FIRST, "AWS Step Functions", 2.0),
        cost(LAST.yesterday()?, "AWS Lambda", 4.0),
    ];
    same("the costs", &told(fixture, &[vec![BilledTag::new("suite-days", "yes")]]).await?, &expected)
}

async fn lists(fixture: &dyn BillsFixture) -> Case {
    fixture.put(&[("suite-a", "1"), ("suite-b", "1")], cost(FIRST, "Both", 1.0));
    fixture.put(&[("suite-a", "1"), ("suite-b", "2")], cost(FIRST, "Another value", 2.0));
    fixture.put(&[("suite-a", "1")], cost(FIRST, "One of two", 4.0));
    fixture.put(&[("suite-c", "1")], cost(FIRST, "The other list", 8.0));
    fixture.put(&[("suite-a", "1"), ("suite-b", "1"), ("suite-c", "1")], cost(FIRST, "Of both lists", 16.0));
    let of =
        [vec![BilledTag::new("suite-a", "1"), BilledTag::new("suite-b", "1")], vec![BilledTag::new("suite-c", "1")]];
    let expected =
        vec![cost(FIRST, "Both", 1.0), cost(FIRST, "Of both lists", 16.0), cost(FIRST, "The other list", 8.0)];
    same("the costs", &told(fixture, &of).await?, &expected)
}

async fn any_value(fixture: &dyn BillsFixture) -> Case {
    fixture.put(&[("suite-any", "1")], cost(FIRST, "A", 1.0));
    fixture.put(&[("suite-any", "2")], cost(FIRST, "B", 2.0));
    fixture.put(&[("suite-other", "2")], cost(FIRST, "C", 4.0));
    let found = told(fixture, &[vec![BilledTag::any("suite-any")]]).await?;
    same("the costs", &found, &vec![cost(FIRST, "A", 1.0), cost(FIRST, "B", 2.0)])
}

async fn credit(fixture: &dyn BillsFixture) -> Case {
    let credit = Billed { currency: "CNY".to_owned(), ..cost(FIRST, "Credits", -0.125) };
    fixture.put(&[("suite-credit", "1")], credit.clone());
    same("the costs", &told(fixture, &[vec![BilledTag::any("suite-credit")]]).await?, &vec![credit])
}
