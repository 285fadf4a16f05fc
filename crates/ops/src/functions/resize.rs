//! A size of memory for good: a version of it is published, and moved to like any other.

use super::{
    FunctionPorts, FunctionsError, Leg, Moved, Standing, Stop, Watch, gradually, settle::ready, tune::set_memory,
};
use crate::follow::Narrator;

/// Gives a function a size, with the code that serves, and moves its alias to a version of it, watched. If that does not go well, the function has its old size
/// again, and the alias points to the version that it came from.
///
/// # Errors
/// [`FunctionsError`].
pub async fn resize(
    ports: FunctionPorts<'_>,
    standing: &Standing,
    memory_mb: u32,
    watch: Watch,
    stop: &mut Stop,
    narrator: &mut dyn Narrator,
) -> Result<Moved, FunctionsError> {
    let serving = standing.republishable()?;
    let moved = match publish(ports, standing, memory_mb, &serving.code_sha256).await {
        Ok(leg) => gradually(ports, &[leg], watch, stop, narrator).await,
        Err(error) => Err(error),
    };
    if moved == Ok(Moved::Arrived) {
        return moved;
    }
    let serving = serving.memory_mb;
    let Err(error) = set_memory(ports, &standing.function.whole, serving).await else { return moved };
    let memory = format!("the memory of function {} (to {serving} MB)", standing.function.whole);
    // What could not be put back before is told, too.
    Err(match moved {
        Err(FunctionsError::Astray { what, reason, after }) => {
            FunctionsError::Astray { what: format!("{what} and {memory}"), reason, after }
        }
        Err(after) => FunctionsError::Astray { what: memory, reason: error.to_string(), after: after.to_string() },
        Ok(Moved::Back { why, .. }) => FunctionsError::Astray { what: memory, reason: error.to_string(), after: why },
        Ok(Moved::Arrived) => error,
    })
}

async fn publish(
    ports: FunctionPorts<'_>,
    standing: &Standing,
    memory_mb: u32,
    code_sha256: &str,
) -> Result<Leg, FunctionsError> {
    let function = &standing.function.whole;
    let _facts = set_memory(ports, function, memory_mb).await?;
    let about = format!("aurora-restore functions tune, {memory_mb} MB");
    // Refused where somebody has given it other code since it was looked at.
    let to = ports.functions.publish(function, code_sha256, &about).await?;
    let _ready = ready(ports.functions, function, Some(to)).await?;
    Ok(Leg { function: standing.function.clone(), from: standing.alias.pointing.version, to })
}
