//! Why nothing came of a change to functions.

use thiserror::Error;

use super::Leg;
use crate::{change::ChangeId, ports::ServiceError};

/// Why nothing came of a change to functions.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FunctionsError {
    /// A service said no.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A function or its alias is not there.
    #[error("{what} does not exist")]
    Missing {
        /// What.
        what: String,
    },
    /// A function is in the middle of a shift to something else.
    #[error("function {function} is in the middle of a shift to version {version}, which is none of this code")]
    Shifting {
        /// The function.
        function: String,
        /// The version.
        version: u64,
    },
    /// A function is in the middle of a shift, whatever it is to.
    #[error("function {function} is in the middle of a shift to version {version}")]
    Unsettled {
        /// The function.
        function: String,
        /// The version.
        version: u64,
    },
    /// What can be changed of a function is not what serves: whoever published it would put that code live.
    #[error(
        "version {version} of function {function} serves code {serving}…, and what can be changed of it is code {latest}…: it was taken back, \
         or nobody has deployed it yet"
    )]
    OtherCode {
        /// The function.
        function: String,
        /// The version that serves.
        version: u64,
        /// The beginning of its code's digest.
        serving: String,
        /// The beginning of the other one's.
        latest: String,
    },
    /// There is no version to go back to.
    #[error("function {function} has no version {}to go back to; it has {}", .wanted.map_or_else(String::new, |wanted| format!("{wanted} ")), .there)]
    NoVersion {
        /// The function.
        function: String,
        /// Which was wanted.
        wanted: Option<u64>,
        /// Which there are, as a list.
        there: String,
    },
    /// A change goes back, too, with other functions or to other versions, and has not ended.
    #[error("change {change} goes back, too, and nobody has recorded how it ended")]
    Begun {
        /// The change.
        change: ChangeId,
        /// What is left of it, as far as is known.
        left: Vec<Leg>,
    },
    /// The alarms could not tell anything.
    #[error("alarm {alarm} {reason}, so nobody would notice if the new version failed")]
    Deaf {
        /// The alarm.
        alarm: String,
        /// Why.
        reason: &'static str,
    },
    /// Somebody else has changed the same thing meanwhile.
    #[error("somebody else has moved the alias of function {function} meanwhile")]
    Moved {
        /// The function.
        function: String,
    },
    /// A function did not become ready.
    #[error("function {function} did not become ready: {reason}")]
    NotReady {
        /// The function.
        function: String,
        /// Why.
        reason: String,
    },
    /// What had been changed could not be taken back.
    #[error("{what} could not be put back: {reason}")]
    Astray {
        /// What.
        what: String,
        /// Why.
        reason: String,
        /// Why it was to be put back.
        after: String,
    },
    /// A person asked to stop; everything was put back.
    #[error("stopped on request")]
    Stopped,
}
