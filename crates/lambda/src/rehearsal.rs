//! A drill that a stack restores: the same request under a name of its own, whatever the event asks for.
//!
//! The id says that it is one, and the event has to say so, too: functions that know no drills refuse that word, and restore nothing
//! in earnest. So no event can have a drill touch the target, and none can be judged as a drill that was a restore in earnest. It
//! is bound to a plan that somebody looked at: who did saw that its name is free, and takes it back.

use aurora_restore_core::{operation::FailureClass, plan::PlanError, ports::Cloud, request::Request};
use aurora_restore_ops::drill::{Scenario, isolated, scenario_of, without_source_region};

use crate::{event::Event, failure::FunctionError};

/// What an event asks for, as a drill has it restored; unchanged where the operation is not a drill.
pub(crate) async fn as_rehearsed(event: &Event, cloud: &dyn Cloud, request: Request) -> Result<Request, FunctionError> {
    let id = &event.operation_id;
    let refused = |reason: &str| FunctionError::Refused(format!("{reason}. Nothing was changed."));
    match (id.is_drill(), event.drill) {
        (false, false) => return Ok(request),
        (true, true) => {}
        (false, true) => return Err(refused(&format!("the event says that {id} is a drill, and its id does not"))),
        (true, false) => {
            return Err(refused(&format!(
                "{id} is the id of a drill, and the event does not say that it is one; begin a drill with `aurora-restore drill run \
                 --on-aws`, and restore under another id"
            )));
        }
    }
    let Some(scenario) = scenario_of(id).filter(|scenario| scenario.is_for_functions()) else {
        return Err(refused(&format!(
            "{id} is the id of a drill that the functions of a stack cannot rehearse; leave `--on-aws` out: `aurora-restore drill run` \
             drives it itself"
        )));
    };
    if event.approved_plan.is_none() {
        return Err(refused(&format!(
            "drill {id} is not bound to a plan, so nobody has seen that its name is free; begin it with `aurora-restore drill run \
             --on-aws`"
        )));
    }
    let left = if scenario == Scenario::UnavailableRegion {
        without_source_region(request).map_err(|lost| refused(&format!("drill {id} cannot be made: {lost}")))?
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
