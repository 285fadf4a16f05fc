//! Stories that several tests begin with: operations brought to a rare place by what people do meanwhile.

use aurora_restore_core::{
    engine::{Advance, Engine, Session},
    operation::{Status, StepKind, StepStatus},
    request::{Request, SourceSelector, Strategy},
};
use aurora_restore_sandbox::model::{
    Secret,
    call::{Call, CreateDbCluster, DeleteDbCluster, NameDbClusterSnapshot},
};
use jiff::SignedDuration;

use crate::{
    Trouble,
    drive::{DriveError, Stop, drive, run_to_end},
    scenario::{MOVES_MAX, Scenario, TARGET},
};

/// How long a rename may take until its old name is free, in seconds.
const RENAME_SECS_MAX: u32 = 600;

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

/// A cluster of somebody else under a name.
pub fn somebody_elses_cluster(name: &str) -> Call {
    Call::CreateDbCluster(CreateDbCluster {
        db_cluster_identifier: name.to_owned(),
        engine: "aurora-postgresql".to_owned(),
        master_username: Some("somebody".to_owned()),
        master_user_password: Some(Secret::new("somebody-Else-1")),
        ..CreateDbCluster::default()
    })
}

/// A swap whose target's name somebody else takes in the moment in which it is free: it is stuck on its way forward.
///
/// # Errors
/// [`DriveError`].
pub async fn stuck_in_the_middle_of_the_switch(
    scenario: &Scenario,
    engine: &Engine<'_>,
    (id, request): (&str, Request),
) -> Result<(Session, Status), DriveError> {
    let mut session = engine.begin(scenario.begin(id, request)).await?;
    let frees_the_name = format!("cluster {TARGET} becomes");
    let reached = drive(engine, &mut session, &scenario.clock, MOVES_MAX, |_, advance| match advance {
        Advance::Wait { progress: Some(progress), .. } => !progress.text.starts_with(&frees_the_name),
        Advance::Wait { progress: None, .. } | Advance::Moved | Advance::Ended(_) => true,
    });
    if reached.await? == Stop::ByOnlooker {
        for _ in 0..RENAME_SECS_MAX {
            scenario.clock.turn(SignedDuration::from_secs(1));
            let take = somebody_elses_cluster(TARGET);
            if scenario.sim.with_world(|world, now| world.apply(&scenario.target_place(), take, now)).is_ok() {
                break;
            }
        }
    }
    let status = run_to_end(engine, &mut session, &scenario.clock, MOVES_MAX).await?;
    Ok((session, status))
}

/// Whoever took the target's name gives it up.
pub fn give_the_name_up(scenario: &Scenario) {
    scenario.settle();
    let delete = DeleteDbCluster {
        db_cluster_identifier: TARGET.to_owned(),
        skip_final_snapshot: Some(true),
        ..DeleteDbCluster::default()
    };
    scenario.operator(&scenario.target_place(), Call::DeleteDbCluster(delete));
    scenario.settle();
}
