//! Backup and maintenance windows.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::error::RdsError;

const MINUTES_A_DAY: u32 = 24 * 60;
const MINUTES_A_WEEK: u32 = 7 * MINUTES_A_DAY;
/// Shortest window.
const MIN_MINUTES: u32 = 30;

fn clock(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u32>().ok()).flatten()
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn weekly(text: &str) -> Option<u32> {
    let (day, time) = text.split_once(':')?;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = days.iter().position(|known| day.eq_ignore_ascii_case(known))?;
    Some(u32::try_from(day).ok()? * MINUTES_A_DAY + clock(time)?)
}

fn long_enough(start: u32, end: u32, cycle: u32) -> bool {
    (end + cycle - start) % cycle >= MIN_MINUTES
}

/// Refuses a backup window that is not `hh:mm-hh:mm` or shorter than half an hour.
pub(crate) fn check_backup_window(text: &str) -> Result<(), RdsError> {
    text.split_once('-')
        .and_then(|(start, end)| Some((clock(start)?, clock(end)?)))
        .filter(|(start, end)| long_enough(*start, *end, MINUTES_A_DAY))
        .map(|_| ())
        .ok_or_else(|| {
            RdsError::invalid_value(format!(
                "Invalid backup window: {text}. It must be in the format hh24:mi-hh24:mi and at least 30 minutes."
            ))
        })
}

/// Refuses a maintenance window that is not `ddd:hh:mm-ddd:hh:mm` or shorter than half an hour.
pub(crate) fn check_maintenance_window(text: &str) -> Result<(), RdsError> {
    maintenance_start(text).map(|_| ()).ok_or_else(|| {
        RdsError::invalid_value(format!(
            "Invalid maintenance window: {text}. It must be in the format ddd:hh24:mi-ddd:hh24:mi and at least 30 \
             minutes."
        ))
    })
}

fn maintenance_start(text: &str) -> Option<u32> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (weekly(start)?, weekly(end)?);
    long_enough(start, end, MINUTES_A_WEEK).then_some(start)
}

/// When the maintenance window opens next.
pub(crate) fn next_opening(window: &str, now: Timestamp) -> Timestamp {
    let start = maintenance_start(window).unwrap_or(0);
    let here = now.to_zoned(TimeZone::UTC);
    let day = u32::from(here.weekday().to_monday_zero_offset().unsigned_abs());
    let minute =
        day * MINUTES_A_DAY + u32::from(here.hour().unsigned_abs()) * 60 + u32::from(here.minute().unsigned_abs());
    let wait = (start + MINUTES_A_WEEK - minute - 1) % MINUTES_A_WEEK + 1;
    now + SignedDuration::from_mins(i64::from(wait))
}

/// A maintenance window drawn from a number, as RDS draws one when none is named.
pub(crate) fn drawn_maintenance_window(draw: u64) -> String {
    let day = ["mon", "tue", "wed", "thu", "fri"][(draw % 5) as usize];
    let hour = 2 + draw / 5 % 4;
    format!("{day}:{hour:02}:00-{day}:{hour:02}:30")
}
