//! Stories that several tests begin with: operations brought to a rare place by what people do meanwhile.

use aurora_restore_core::{
    engine::{Engine, Session},
    operation::{Status, StepKind, StepStatus},
    request::{Request, SourceSelector, Strategy},
};
use aurora_restore_sandbox::model::call::{Call, NameDbClusterSnapshot};

use crate::{
    Trouble,
    drive::{DriveError, Stop, drive, run_to_end},
    scenario::{MOVES_MAX, Scenario},
};

/// Begins an operation and drives it until `reached` says so; tells whether it did.
///
/// # Errors
/// [`DriveError`].
pub async fn driven_until(
    scenario: &Scenario,
    engine: &Engine<'_>,
    (id, request): (&str, Request),
    mut reached: impl FnMut(&Session) -> bool,
) -> Result<(Session, Stop), DriveError> {
    let mut session = engine.begin(scenario.begin(id, request)).await?;
    let stop = drive(engine, &mut session, &scenario.clock, MOVES_MAX, |session, _| !reached(session)).await?;
    Ok((session, stop))
}

/// Whether a step of the operation stands there.
pub fn step_is(session: &Session, step: StepKind, status: StepStatus) -> bool {
    session.operation().step(step).is_some_and(|record| record.status == status)
}

/// A replacement whose data are refused while somebody has deleted its final snapshot: there is no way back, and it is
/// stuck while being undone.
///
/// # Errors
/// [`DriveError`].
pub async fn stuck_without_a_way_back(
    scenario: &Scenario,
    engine: &Engine<'_>,
    id: &str,
) -> Result<(Session, Status), DriveError> {
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let request = scenario.request(Strategy::Replace, SourceSelector::Snapshot(scenario.snapshot()));
    let verifying = |session: &Session| step_is(session, StepKind::VerifyRestore, StepStatus::Started);
    let (mut session, _) = driven_until(scenario, engine, (id, request), verifying).await?;
    if let Some(plan) = &session.operation().facts.plan {
        let name = plan.names.final_snapshot.to_string();
        let delete = NameDbClusterSnapshot { db_cluster_snapshot_identifier: name };
        scenario.operator(&scenario.target_place(), Call::DeleteDbClusterSnapshot(delete));
    }
    let status = run_to_end(engine, &mut session, &scenario.clock, MOVES_MAX).await?;
    Ok((session, status))
}
