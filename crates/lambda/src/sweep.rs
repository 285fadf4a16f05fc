//! The sweeper's function: what is to be done is decided in `ops`; here it is wired, logged and counted.

use aurora_restore_app::ways_of_copies;
use aurora_restore_core::ports::{Location, Side};
use aurora_restore_ops::sweep::{Bounds, Finding, Sweep, SweepError};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    failure::FunctionError,
    metrics::Measure,
    variables::{Variables, missing},
    wiring::Wiring,
};

/// Sweeps once, for the empty event that the schedule sends.
pub(crate) async fn run(
    wiring: &Wiring,
    variables: &Variables,
    payload: &Value,
    measures: &mut Vec<Measure>,
) -> Result<Value, FunctionError> {
    if !payload.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(FunctionError::Refused(
            "the event is not the schedule's, which is `{}`; whoever wants a sweep now sends that. Nothing was changed.".to_owned(),
        ));
    }
    let machine = variables.machine.as_deref().ok_or_else(|| missing("AURORA_RESTORE_STATE_MACHINE"))?;
    let account = wiring.account(variables).await?;
    let executions = account.executions(machine).map_err(|error| FunctionError::Refused(error.to_string()))?;
    let prepared = wiring.prepared(variables).await?;
    let period = SignedDuration::try_from(variables.sweep_period).unwrap_or(SignedDuration::from_hours(24));
    let stack = match &variables.stack {
        Some(name) => format!("{name} ({})", variables.environment),
        None => variables.environment.clone(),
    };
    let sweep = Sweep {
        stack: &stack,
        ports: prepared.services.ports(),
        executions: executions.as_ref(),
        location: Location { side: Side::Target, region: variables.region.clone() },
        ways: ways_of_copies(&prepared.config, &variables.region),
        bounds: Bounds { period, ..Bounds::default() },
    };
    let swept = sweep.run().await?;
    for finding in &swept.findings {
        tell(finding);
    }
    let (stalled, leftovers) = (swept.stalled().count(), swept.leftovers().count());
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    measures.push(Measure::count("SweepRetirementsStarted", count(swept.started.len())));
    measures.push(Measure::count("SweepOperationsStalled", count(stalled)));
    measures.push(Measure::count("SweepLeftovers", count(leftovers)));
    measures.push(Measure::count("SweepTroubles", count(swept.troubles.len())));
    Ok(json!({
        "step": "sweep",
        "retirements_started": swept.started,
        "stalled": stalled,
        "leftovers": leftovers,
        "not_looked_at": swept.troubles,
    }))
}

fn tell(finding: &Finding) {
    let operation = finding.operation().as_str();
    tracing::warn!(found = finding.kind(), about = operation, "{finding}");
}

impl From<SweepError> for FunctionError {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Journal(error) => error.into(),
        }
    }
}
