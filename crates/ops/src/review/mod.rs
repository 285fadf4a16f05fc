//! Reviews: what somebody who keeps a pipeline looks at every week, every month and every quarter.
//!
//! A review runs the checks of its period. A check looks through ports, changes nothing, and gives findings: what is wrong,
//! with the figures that show it and the exact command that mends it. A check that could not look gives that as a finding,
//! because a review that saw nothing must not look like a good one. Whatever one check does, the others run.
//!
//! | period | looks at | checks |
//! |---|---|---|
//! | weekly | the last 7 days | `logs`, `state`, `metrics`, `leftovers` |
//! | monthly | the last 30 days | `functions`, `parameters`, `drift`, `iam`, `capacity`, `cost` |
//! | quarterly | the last 90 days | `runtimes`, `security`, `drill`, `trend` |
//!
//! The list of them all is [`CHECKS`]; each is a module of its own under its period.

mod check;
mod finding;
mod monthly;
mod quarterly;
mod robust;
mod run;
mod select;
mod serving;
mod site;
mod weekly;

pub use check::{CHECKS, Check, Period, checks_of};
pub use finding::{Evidence, Finding, Seen};
pub use monthly::{NamedSecret, ParameterVerdict, Verdicts};
pub use quarterly::{Drill, DrillResult, Drills};
pub use run::{Outcome, Reviewed, review};
pub use select::{Selection, UnknownCheck};
pub use site::{Deployed, NoExecutions, Site};

pub use crate::{Level, Reach, Unlooked};
