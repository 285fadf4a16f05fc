//! The request's own checks: one `SELECT` each, in a read-only transaction, and what its value must be.

use std::time::Duration;

use aurora_restore_core::{
    ports::{DatabaseError, DatabaseErrorKind},
    verification::{CheckOutcome, CheckResult, CustomCheck, Expectation},
};
use jiff::{Timestamp, civil, tz::TimeZone};
use tokio_postgres::error::SqlState;

use super::{Check, Task};
use crate::{
    failure::Refusal,
    session::{Purpose, Session},
};

/// Runs one check. Everything that is wrong with the check itself fails it, too: a check that cannot be answered must
/// not let a restore pass.
pub(super) async fn run(task: &Task<'_>, custom: &CustomCheck) -> Result<CheckResult, DatabaseError> {
    let check = Check::begin(&custom.name);
    let expected = Some(describe(&custom.expect, task.spec.snapshot_at));
    if task.left(task.connector.options.statement_timeout, Duration::ZERO).is_zero() {
        return Ok(check.end(CheckOutcome::Failed, "there was no time left to run it", expected));
    }
    let database = custom.database.as_deref().unwrap_or(&task.login.database);
    let session = match task.open_in(database, Purpose::Foreign).await {
        Ok(session) => session,
        Err(error) if error.kind == DatabaseErrorKind::Unreachable => return Err(error),
        Err(error) => return Ok(check.end(CheckOutcome::Failed, error.reason, expected)),
    };
    let left = task.left(task.connector.options.statement_timeout, Duration::ZERO);
    let value = match value(&session, custom, left).await? {
        Ok(value) => value,
        Err(reason) => return Ok(check.end(CheckOutcome::Failed, reason, expected)),
    };
    Ok(match judge(&value, &custom.expect, task.spec.snapshot_at) {
        Verdict::Holds => check.end(CheckOutcome::Passed, value, expected),
        Verdict::DoesNotHold => check.end(CheckOutcome::Failed, value, expected),
        Verdict::CannotTell(why) => {
            check.end(CheckOutcome::Failed, format!("{} ({why})", super::shortened(&value)), expected)
        }
    })
}

/// Gets the one value as text, or says why there is none.
///
/// The statement becomes a cursor. That makes the server refuse everything but a reading query, lets it stop after the
/// second row, and renders any type as text. It is sent through the part of the protocol that takes one statement only,
/// so that the text cannot end the read-only transaction and go on outside of it.
async fn value(
    session: &Session,
    CustomCheck { name, sql, .. }: &CustomCheck,
    left: Duration,
) -> Result<Result<String, String>, DatabaseError> {
    let doing = format!("running the check `{name}`");
    let told = |refusal: Refusal| match refusal.state == SqlState::QUERY_CANCELED {
        true => format!("no answer within {:.1} s: {refusal}", left.as_secs_f32()),
        false => refusal.to_string(),
    };
    session.run(&doing, &format!("SET statement_timeout = {}", left.as_millis().max(1))).await?;
    session.run(&doing, "BEGIN TRANSACTION READ ONLY").await?;
    let declare = format!("DECLARE aurora_restore_check NO SCROLL CURSOR FOR {sql}");
    if let Err(refusal) = session.attempt_one(&doing, &declare).await? {
        return Ok(Err(told(refusal)));
    }
    let fetched = session.attempt_texts(&doing, "FETCH FORWARD 2 FROM aurora_restore_check").await?;
    // The session ends here, and with it the transaction.
    Ok(match fetched {
        Err(refusal) => Err(told(refusal)),
        Ok(rows) => one_value(rows),
    })
}

fn one_value(mut rows: Vec<Vec<Option<String>>>) -> Result<String, String> {
    match (rows.pop(), rows.is_empty()) {
        (None, _) => Err("the check gave no row".to_owned()),
        (Some(_), false) => Err("the check gave more than one row".to_owned()),
        (Some(mut columns), true) => match (columns.pop(), columns.is_empty()) {
            (Some(value), true) => value.ok_or_else(|| "the check gave NULL".to_owned()),
            (None, _) => Err("the check gave no column".to_owned()),
            (Some(_), false) => Err("the check gave more than one column".to_owned()),
        },
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Holds,
    DoesNotHold,
    CannotTell(&'static str),
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::DoesNotHold }
    }
}

fn judge(value: &str, expect: &Expectation, snapshot_at: Option<Timestamp>) -> Verdict {
    const NOT_A_NUMBER: Verdict = Verdict::CannotTell("not a number");
    match expect {
        Expectation::Equals(wanted) => Verdict::of(value == wanted),
        Expectation::AtLeast(bound) => compare(value, *bound).map_or(NOT_A_NUMBER, |order| Verdict::of(order.is_ge())),
        Expectation::AtMost(bound) => compare(value, *bound).map_or(NOT_A_NUMBER, |order| Verdict::of(order.is_le())),
        Expectation::NewerThanSnapshotMinus(age) => {
            let Some(snapshot_at) = snapshot_at else {
                return Verdict::CannotTell("it is not known when the snapshot was made");
            };
            let Ok(oldest) = snapshot_at.checked_sub(*age) else {
                return Verdict::CannotTell("the bound is outside of the calendar");
            };
            time(value).map_or(Verdict::CannotTell("not a time"), |time| Verdict::of(time >= oldest))
        }
    }
}

/// Compares exactly where the value is a whole number.
fn compare(value: &str, bound: i64) -> Option<std::cmp::Ordering> {
    if let Ok(whole) = value.parse::<i128>() {
        return Some(whole.cmp(&i128::from(bound)));
    }
    #[expect(clippy::cast_precision_loss, reason = "a fraction is compared with what a float can hold")]
    let bound = bound as f64;
    value.parse::<f64>().ok()?.partial_cmp(&bound)
}

/// Reads a time as PostgreSQL writes it; without an offset it is taken as UTC, a date as its midnight.
fn time(value: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = value.parse() {
        return Some(timestamp);
    }
    let local: civil::DateTime = value.parse().ok()?;
    local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn describe(expect: &Expectation, snapshot_at: Option<Timestamp>) -> String {
    match expect {
        Expectation::Equals(wanted) => super::shortened(wanted),
        Expectation::AtLeast(bound) => format!("at least {bound}"),
        Expectation::AtMost(bound) => format!("at most {bound}"),
        Expectation::NewerThanSnapshotMinus(age) => match snapshot_at.and_then(|at| at.checked_sub(*age).ok()) {
            Some(oldest) => format!("not older than {oldest}, the snapshot minus {age:#}"),
            None => format!("not older than the snapshot minus {age:#}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn values_are_judged_by_what_is_expected() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let snapshot = at("2026-03-01T03:00:00Z");
        let day = Expectation::NewerThanSnapshotMinus(SignedDuration::from_hours(24));
        let cases = [
            ("7", Expectation::Equals("7".into()), Verdict::Holds),
            ("7.0", Expectation::Equals("7".into()), Verdict::DoesNotHold),
            ("10", Expectation::AtLeast(10), Verdict::Holds),
            ("9", Expectation::AtLeast(10), Verdict::DoesNotHold),
            ("9.99", Expectation::AtLeast(10), Verdict::DoesNotHold),
            ("9223372036854775808", Expectation::AtMost(i64::MAX), Verdict::DoesNotHold),
            ("-3", Expectation::AtMost(-3), Verdict::Holds),
            ("many", Expectation::AtLeast(1), Verdict::CannotTell("not a number")),
            ("NaN", Expectation::AtLeast(1), Verdict::CannotTell("not a number")),
            ("2026-02-28 03:00:00+00", day.clone(), Verdict::Holds),
            ("2026-02-28 02:59:59.999999+00", day.clone(), Verdict::DoesNotHold),
            ("2026-02-28 09:30:00+05:30", day.clone(), Verdict::Holds),
            ("2026-02-28 04:00:00", day.clone(), Verdict::Holds),
            ("2026-03-01", day.clone(), Verdict::Holds),
            ("2026-02-28", day.clone(), Verdict::DoesNotHold),
            ("infinity", day.clone(), Verdict::CannotTell("not a time")),
        ];
        for (value, expect, verdict) in cases {
            assert_eq!(judge(value, &expect, snapshot), verdict, "{value} {expect:?}");
        }
        assert!(matches!(judge("2026-03-01", &day, None), Verdict::CannotTell(_)));
    }

    #[test]
    fn only_one_row_with_one_column_is_a_value() {
        let text = |value: &str| Some(value.to_owned());
        assert_eq!(one_value(vec![vec![text("7")]]), Ok("7".to_owned()));
        for (rows, reason) in [
            (vec![], "the check gave no row"),
            (vec![vec![text("1")], vec![text("2")]], "the check gave more than one row"),
            (vec![vec![text("1"), text("2")]], "the check gave more than one column"),
            (vec![vec![]], "the check gave no column"),
            (vec![vec![None]], "the check gave NULL"),
        ] {
            assert_eq!(one_value(rows), Err(reason.to_owned()));
        }
    }
}
