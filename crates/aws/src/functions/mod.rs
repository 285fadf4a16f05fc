//! What functions are maintained with: Lambda and the alarms of CloudWatch.

mod alarms;
mod lambda;

pub use alarms::CloudWatchAlarms;
pub use lambda::LambdaFunctions;
