//! A drill that a stack restores: the same request under a name of its own, whatever the event asks for.
//!
//! The id says that it is one. So no event can have a drill touch the target, and none can be judged as a drill that was a
//! restore in earnest. It is bound to a plan that somebody looked at: who did saw that its name is free, and takes it back.

use aurora_restore_core::{operation::FailureClass, plan::PlanError, ports::Cloud, request::Request};
use aurora_restore_ops::drill::{Scenario, isolated, scenario_of, without_source_region};

use crate::{event::Event, failure::FunctionError};

/// What an event asks for, as a drill has it restored; unchanged where the operation is not a drill.
pub(crate) async fn as_rehearsed(event: &Event, cloud: &dyn Cloud, request: Request) -> Result<Request, FunctionError> {
    let id = &event.operation_id;
    if !id.is_drill() {
        return Ok(request);
    }
    let refused = |reason: &str| {
        FunctionError::Refused(format!(
            "{id} is the id of a drill, and {reason}; begin it with `aurora-restore drill run --on-aws`. Nothing was changed."
        ))
    };
    let scenario = scenario_of(id).filter(|scenario| scenario.is_for_functions());
    let scenario = scenario.ok_or_else(|| refused("not of one that the functions of a stack can rehearse"))?;
    if event.approved_plan.is_none() {
        return Err(refused("it is not bound to a plan: nobody has seen that its name is free"));
    }
    let left = if scenario == Scenario::UnavailableRegion {
        without_source_region(request).map_err(|lost| refused(&format!("it cannot be made: {lost}")))?
    } else {
        request
    };
    isolated(cloud, left).await.map_err(|error| not_known(&error))
}

/// What the target is like could not be found out.
fn not_known(error: &PlanError) -> FunctionError {
    let text = format!("what the target of the drill is like is not known: {error}");
    match error {
        PlanError::Failed(failure) if failure.class == FailureClass::Retryable => FunctionError::TryAgain(text),
        PlanError::Failed(_) | PlanError::Refused { .. } => {
            FunctionError::Refused(format!("{text}. Nothing was changed."))
        }
    }
}
