//! What people start once an operation stands: retire, undo, cancel, go on with what is stuck, or waive the undo that it is
//! stuck in; each with a crash before and after every call, and with a failure at every call.

use aurora_restore_core::{
    engine::Engine,
    operation::Status,
    request::{FinalSnapshot, Request, Strategy},
};

use crate::{
    checks::{
        Coverage, FAILURES, Trial, Want, crash_around_every_call, failure_at_every_call, stuck_in_each_undo,
        stuck_in_each_undo_of_a_cancelled, waived,
    },
    parallel,
    run::block_on,
    scenario::{Scenario, TargetIs},
    stories::{give_the_name_up, stuck_in_the_middle_of_the_switch},
    view::Witness,
};

use super::{Cell, SourceKind, rare_looks, trial};

/// The operation that everything here is about; the checks know it by this name.
const OPERATION: &str = "op-trial";

/// One thing that people start.
pub struct Afterwards {
    /// What they do, and to which operation.
    pub name: String,
    trial: Trial,
}

/// What was covered in it.
#[derive(Debug, Clone)]
pub struct AfterwardsRow {
    /// What people do, and to which operation.
    pub name: String,
    /// All points.
    pub coverage: Coverage,
}

/// Everything that people start.
///
/// # Errors
/// A line that says why a stage could not be set.
pub fn afterwards() -> Result<Vec<Afterwards>, String> {
    let mut all = vec![retire(FinalSnapshot::Take)?, retire(FinalSnapshot::Skip)?];
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        all.push(undo(strategy)?);
    }
    let copied = cell(Strategy::Swap, SourceKind::OtherBoth);
    let whole = trial(copied);
    for (step, cancelled) in whole.cancelled_in_each_step()? {
        let name = format!("cancel in {step}");
        comes_back(&name, &cancelled, whole.before())?;
        all.push(Afterwards { name, trial: cancelled });
    }
    for want in [Want::GoOn, Want::Undo] {
        all.push(stuck_forward(want)?);
    }
    for strategy in [Strategy::Swap, Strategy::Replace] {
        for (step, trial) in stuck_in_each_undo(&trial(cell(strategy, SourceKind::OtherBoth)))? {
            let of = format!("stuck in the undo of {step} ({})", super::table::strategy(strategy));
            all.push(Afterwards { name: format!("waive, {of}"), trial: waived(&trial)? });
            all.push(Afterwards { name: format!("resume, {of}"), trial });
        }
    }
    for (step, trial) in stuck_in_each_undo_of_a_cancelled(&trial(copied))? {
        let name = format!("waive, stuck in the undo of {step} (cancelled)");
        all.push(Afterwards { name, trial: waived(&trial)? });
    }
    Ok(all)
}

/// Tries all of it, on every core.
///
/// # Errors
/// A line that says why a stage could not be set.
pub fn try_afterwards() -> Result<Vec<AfterwardsRow>, String> {
    let all = afterwards()?;
    Ok(parallel::each(&all, |one| {
        let mut coverage = crash_around_every_call(&one.trial);
        coverage += failure_at_every_call(&one.trial, &FAILURES);
        AfterwardsRow { name: one.name.clone(), coverage }
    }))
}

fn cell(strategy: Strategy, source: SourceKind) -> Cell {
    Cell { strategy, source, target: TargetIs::Present }
}

fn retire(final_snapshot: FinalSnapshot) -> Result<Afterwards, String> {
    let (scenario, mut request) = stage(Strategy::Swap);
    request.retirement.final_snapshot = final_snapshot;
    let done = Trial::new(scenario, request, Witness::OfIdentity).played()?;
    let with = match final_snapshot {
        FinalSnapshot::Take => "with",
        FinalSnapshot::Skip => "without",
    };
    let trial = Trial::afterwards(done, Want::Retire, Witness::OfIdentity, None);
    Ok(Afterwards { name: format!("retire {with} a final snapshot"), trial })
}

fn undo(strategy: Strategy) -> Result<Afterwards, String> {
    let whole = trial(cell(strategy, SourceKind::SnapshotById));
    let trial = Trial::afterwards(whole.played()?, Want::Undo, witness(strategy), None);
    let name = format!("undo of a completed {}", super::table::strategy(strategy));
    comes_back(&name, &trial, whole.before())?;
    Ok(Afterwards { name, trial })
}

/// Whatever trouble there is, the end is compared with the untroubled one; and that one is compared with the world before.
fn comes_back(name: &str, trial: &Trial, before: Option<&Scenario>) -> Result<(), String> {
    let before = before.ok_or("nobody knows the world before")?;
    trial.is_undone_to(before).map_err(|reason| format!("{name}: {reason}"))
}

fn stuck_forward(want: Want) -> Result<Afterwards, String> {
    let (scenario, request) = stage(Strategy::Swap);
    let before = scenario.fork();
    let stuck =
        block_on(stuck_in_the_middle_of_the_switch(&scenario, &Engine::new(scenario.ports()), (OPERATION, request)));
    match stuck {
        Ok((_, Status::Stuck)) => {}
        Ok((_, status)) => return Err(format!("the switch is not stuck but {}", status.as_str())),
        Err(error) => return Err(error.to_string()),
    }
    give_the_name_up(&scenario);
    let name = match want {
        Want::Undo => "undo, stuck in the switch",
        _ => "resume, stuck in the switch",
    };
    let goes_on = matches!(want, Want::GoOn);
    let trial = Trial::afterwards(scenario, want, Witness::OfIdentity, goes_on.then(|| before.fork()));
    if !goes_on {
        comes_back(name, &trial, Some(&before))?;
    }
    Ok(Afterwards { name: name.to_owned(), trial })
}

fn stage(strategy: Strategy) -> (Scenario, Request) {
    let scenario = SourceKind::SnapshotById.stage(TargetIs::Present);
    let request = rare_looks(SourceKind::SnapshotById.request(&scenario, strategy));
    (scenario, request)
}

fn witness(strategy: Strategy) -> Witness {
    if strategy == Strategy::Replace { Witness::OfLikeness } else { Witness::OfIdentity }
}
