//! Multi-AZ DB clusters: RDS has them beside Aurora's, with the same calls.
//!
//! They are here so that their snapshots are, which look like those of Aurora and are none. Their instances, which RDS makes
//! and manages by itself, are not here: such a cluster has no endpoint, and cannot be restored.

use crate::model::call::CreateDbCluster;
use crate::model::error::RdsError;

/// Whether clusters of the engine are Aurora's.
pub(crate) fn is_aurora(engine: &str) -> bool {
    engine.starts_with("aurora")
}

/// What storage a cluster of the engine may have, the default first.
pub(crate) fn storage_types(engine: &str) -> &'static [&'static str] {
    if is_aurora(engine) { &["aurora", "aurora-iopt1"] } else { &["io1", "io2", "gp3"] }
}

/// A Multi-AZ DB cluster needs what Aurora's clusters cannot have.
pub(super) fn check_kind(input: &CreateDbCluster) -> Result<(), RdsError> {
    let given = [
        ("DBClusterInstanceClass", input.db_cluster_instance_class.is_some()),
        ("AllocatedStorage", input.allocated_storage.is_some()),
    ];
    let aurora = is_aurora(&input.engine);
    match given.iter().find(|(_, given)| *given == aurora) {
        None => Ok(()),
        Some((parameter, true)) => Err(RdsError::invalid_combination(format!(
            "The parameter {parameter} can't be specified for engine {}.",
            input.engine
        ))),
        Some((parameter, false)) => Err(missing(parameter, &input.engine)),
    }
}

/// Restoring one takes a class for its instances, which no restore here has.
pub(super) fn check_restorable(engine: &str) -> Result<(), RdsError> {
    if is_aurora(engine) { Ok(()) } else { Err(missing("DBClusterInstanceClass", engine)) }
}

/// Refuses an instance for a cluster whose instances RDS manages.
pub(super) fn check_takes_instances(engine: &str) -> Result<(), RdsError> {
    if is_aurora(engine) {
        return Ok(());
    }
    Err(RdsError::invalid_combination("The DB instances of a Multi-AZ DB cluster are managed by RDS."))
}

fn missing(parameter: &str, engine: &str) -> RdsError {
    RdsError::invalid_combination(format!("The parameter {parameter} must be specified for engine {engine}."))
}
