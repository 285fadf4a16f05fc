//! The part of the query language of CloudWatch Logs Insights that our saved queries are written in, evaluated here: so the same
//! query answers on files of lines as the functions write them.
//!
//! | command | what of it |
//! |---|---|
//! | `fields` | expressions, `as` |
//! | `filter` | `=` `!=` `<` `<=` `>` `>=`, `like` a text or `/pattern/`, `in [ ]`, `and` `or` `not`, `ispresent()` |
//! | `stats` | `count` `count_distinct` `sum` `avg` `min` `max` `pct` `earliest` `latest`, `as`, `by` expressions and `bin()` |
//! | `sort` | one or more fields, `asc` or `desc` |
//! | `limit` | a number |
//!
//! Everything else is refused with the place where it stands: an answer that is nearly right is worse than none. What the service
//! leaves to its taste is fixed here: without `sort` the newest line comes first, and what is absent is sorted last.

mod aggregate;
mod ask;
mod evaluate;
mod event;
mod lines;
mod parse;
mod query;
mod token;
mod value;

pub use ask::ask;
pub use evaluate::{Answer, EVENTS_MAX, Evaluation, TooMuch};
pub use event::LogEvent;
pub use lines::{LinesError, ask_lines};
pub use parse::parse;
pub use query::Query;

use thiserror::Error;

/// A query that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {at}: {reason}")]
pub struct QueryError {
    /// Where, counted from 1.
    pub at: usize,
    /// Why.
    pub reason: String,
}
