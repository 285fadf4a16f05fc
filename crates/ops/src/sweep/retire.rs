//! Starting the end of every retired cluster whose time has come.

use aurora_restore_core::{engine::look_at, journal::StateItem, operation::Status};
use jiff::Timestamp;
use serde_json::json;

use super::{Sweep, SweepError, Swept, list};
use crate::ports::{ExecutionsError, Resumed, start_resumption};

/// Who asks for it, as the journal tells it.
const SWEEPER: &str = "sweeper";
/// So many executions that went on from the same entry and ended without writing any are passed over at most.
const TURNS_MAX: u32 = 10;

/// Starts an execution for every completed operation whose retired cluster is due, within the bound.
pub(super) async fn start_due(sweep: &Sweep<'_>, swept: &mut Swept) -> Result<(), SweepError> {
    let now = sweep.ports.clock.now();
    let completed = list(sweep.ports.journal, Status::Completed, &mut swept.troubles).await?;
    let mut due: Vec<StateItem> =
        completed.into_iter().filter(|item| item.retire_after.is_some_and(|at| at <= now)).collect();
    // The one that has been due longest comes first.
    due.sort_by_key(|item| item.retire_after);
    if due.len() > sweep.bounds.retirements_max {
        let left = due.len() - sweep.bounds.retirements_max;
        swept.troubles.push(format!("{left} more retired clusters are due; the next sweep goes on with them"));
    }
    let mut room = sweep.bounds.retirements_max;
    for item in &due {
        if room == 0 {
            break;
        }
        match is_due(sweep, item, now).await {
            // Those that are left alone take nobody's place: they would do so in every sweep.
            Ok(true) => room -= 1,
            Ok(false) => continue,
            Err(reason) => {
                swept.troubles.push(format!("the retired cluster of {}: {reason}", item.operation_id));
                continue;
            }
        }
        match start(sweep, item).await {
            Ok(Resumed::Started(_)) => swept.started.push(item.operation_id.clone()),
            Ok(Resumed::RunsAlready(_)) => {}
            Ok(Resumed::InVain) => swept.troubles.push(format!(
                "the retired cluster of {id}: {TURNS_MAX} executions that were to end it ended at once; look at them, and end \
                 it with `aurora-restore retire {id}`",
                id = item.operation_id
            )),
            Err(error) => swept.troubles.push(format!("the retired cluster of {}: {error}", item.operation_id)),
        }
    }
    Ok(())
}

/// Whether the entries say so, too: an item can be set by hand, and what is ended does not come back.
async fn is_due(sweep: &Sweep<'_>, item: &StateItem, now: Timestamp) -> Result<bool, String> {
    let id = &item.operation_id;
    let operation = look_at(sweep.ports.journal, id).await.map_err(|error| error.to_string())?;
    // Of two sweeps the other one may have ended it since this one looked.
    if operation.retirement_is_due(now) || !operation.keeps_retired_cluster() {
        return Ok(operation.keeps_retired_cluster());
    }
    Err(format!(
        "its item says that it is due, and its entries do not. It was left alone; `aurora-restore state verify {id}` shows what \
         differs"
    ))
}

async fn start(sweep: &Sweep<'_>, item: &StateItem) -> Result<Resumed, ExecutionsError> {
    let input = json!({ "operation_id": item.operation_id, "ask": { "kind": "retire", "by": SWEEPER } });
    start_resumption(sweep.executions, &item.operation_id, item.sequence, &input, TURNS_MAX).await
}
