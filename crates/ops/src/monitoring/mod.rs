//! What watches a stack: alarms, the dashboard, how long logs are kept, and saved queries, all declared in one file.
//!
//! The template of the stack is generated from that file, so a stack that was deployed and left alone has just what it says. It
//! is not the place where alarms are judged while they run: that is the service's business.

mod apply;
mod declaration;
mod measure;
mod plan;
mod reference;
mod retention;
mod review;
mod wanted;

pub use apply::{apply, look};
pub use declaration::{
    Alarm, AlarmStatistic, Dashboard, Declaration, DeclarationError, Graph, GraphMetric, LogsDeclared,
    OPERATION_PLACEHOLDER, Period, Query, Threshold,
};
pub use measure::{Measurements, measure};
pub use plan::{Plan, Step, Watched, plan};
pub use reference::{Names, Reference, Unresolved};
pub use retention::{RETENTION_DAYS, UnknownRetention, check_retention};
pub use review::{Measured, PAST, PAST_MIN, Remark, review};
pub use wanted::{Wanted, WantedAlarm, dashboard, wanted};

/// The declaration of this program's version: the one that its template is generated from.
pub const DECLARED: &str = include_str!("monitoring.toml");
