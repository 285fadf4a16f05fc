//! Functions called one at a time, beside the machine.

use aurora_restore_lambda::{FunctionError, Measure, Reply};
use aurora_restore_testing::block_on;
use serde_json::json;

use crate::interpreter::{Execution, walk::told};

impl Execution<'_> {
    /// Invokes one function once.
    pub(crate) fn invoke(
        &self,
        place: &str,
        cause: Option<&FunctionError>,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        block_on(self.invoked(place, cause, measures))
    }

    /// The same as a future, for a test that lets it die.
    pub(crate) async fn invoked(
        &self,
        place: &str,
        cause: Option<&FunctionError>,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        let mut payload = json!({ "executor": self.name, "input": self.input });
        if let Some(error) = cause {
            let stopped = told(error);
            payload["cause"] = json!({ "Error": stopped.error, "Cause": stopped.cause });
        }
        self.delivered(place, payload, measures).await
    }
}
