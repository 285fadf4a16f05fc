//! Names before things: every name that an operation will make, fixed in its plan.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClusterId, InstanceId, InvalidId, OperationId, SnapshotId, derived_name},
    request::Strategy,
};

/// The names of one operation. All follow from the operation's id, so whoever resumes it computes the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The new cluster while it is staged; for `replace` the target's own name.
    pub staged: ClusterId,
    /// Its instances while it is staged, the writer first.
    pub staged_instances: Vec<InstanceId>,
    /// Its instances after the switch. As many as `staged_instances`.
    pub serving_instances: Vec<InstanceId>,
    /// The name of the cluster that bore the target's name before.
    pub retired: ClusterId,
    /// The names of that cluster's instances, in the order of the existing target's.
    pub retired_instances: Vec<InstanceId>,
    /// The retired cluster's last snapshot.
    pub final_snapshot: SnapshotId,
    /// The copies, one for each hop.
    pub copies: Vec<SnapshotId>,
}

/// What names are made from.
#[derive(Debug, Clone, Copy)]
pub struct NameInputs<'a> {
    /// The operation.
    pub operation: &'a OperationId,
    /// The strategy.
    pub strategy: Strategy,
    /// The target's name.
    pub target: &'a ClusterId,
    /// How many instances the new cluster has.
    pub instance_count: usize,
    /// The instances of the existing target, the writer first.
    pub existing_instances: &'a [InstanceId],
    /// The snapshot's name, where there is one.
    pub snapshot: Option<&'a SnapshotId>,
    /// How many copies are made.
    pub copy_count: usize,
}

/// The name of an operation's copy of a snapshot.
pub(super) fn copy_name(of: &str, tag: &str, number: usize) -> String {
    derived_name(of, &format!("copy-{tag}-{number}"))
}

impl Names {
    /// Makes the names.
    ///
    /// # Errors
    /// [`InvalidId`] never in practice: [`derived_name`] makes legal names; kept as an error so that a fault there is
    /// reported and not acted upon.
    pub fn derive(inputs: &NameInputs<'_>) -> Result<Self, InvalidId> {
        let tag = inputs.operation.tag();
        let target = inputs.target.as_str();
        let staged = match inputs.strategy {
            Strategy::Swap => ClusterId::new(derived_name(target, &format!("new-{tag}")))?,
            Strategy::SideBySide => ClusterId::new(derived_name(target, &format!("beside-{tag}")))?,
            Strategy::Replace => inputs.target.clone(),
        };
        let numbered = |stem: &str, suffix: &str| {
            (1..=inputs.instance_count).map(|n| InstanceId::new(derived_name(stem, &format!("{suffix}{n}")))).collect()
        };
        let staged_instances: Result<Vec<_>, _> = match inputs.strategy {
            Strategy::Swap => numbered(target, &format!("new-{tag}-")),
            Strategy::SideBySide => numbered(target, &format!("beside-{tag}-")),
            Strategy::Replace => serving_instances(inputs),
        };
        let retired_instances: Result<Vec<_>, _> = inputs
            .existing_instances
            .iter()
            .enumerate()
            .map(|(index, instance)| {
                InstanceId::new(derived_name(instance.as_str(), &format!("old-{tag}-{}", index + 1)))
            })
            .collect();
        let stem = inputs.snapshot.map_or(target, SnapshotId::as_str);
        let copies: Result<Vec<_>, _> =
            (1..=inputs.copy_count).map(|n| SnapshotId::new(copy_name(stem, &tag, n))).collect();
        let staged_instances = staged_instances?;
        let serving_instances = match inputs.strategy {
            Strategy::Swap => serving_instances(inputs)?,
            Strategy::SideBySide | Strategy::Replace => staged_instances.clone(),
        };
        Ok(Self {
            staged,
            staged_instances,
            serving_instances,
            retired: ClusterId::new(derived_name(target, &format!("old-{tag}")))?,
            retired_instances: retired_instances?,
            final_snapshot: SnapshotId::new(derived_name(target, &format!("final-{tag}")))?,
            copies: copies?,
        })
    }
}

/// The instances that serve under the target's name: the existing ones' names first, then free numbers.
fn serving_instances(inputs: &NameInputs<'_>) -> Result<Vec<InstanceId>, InvalidId> {
    let mut names: Vec<InstanceId> = inputs.existing_instances.iter().take(inputs.instance_count).cloned().collect();
    let mut number = 1;
    // Bounded: each turn either adds a name or passes one of the existing instances' names.
    while names.len() < inputs.instance_count {
        let candidate = InstanceId::new(derived_name(inputs.target.as_str(), &format!("instance-{number}")))?;
        if !names.contains(&candidate) && !inputs.existing_instances.contains(&candidate) {
            names.push(candidate);
        }
        number += 1;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs<'a>(
        operation: &'a OperationId,
        target: &'a ClusterId,
        existing: &'a [InstanceId],
        strategy: Strategy,
    ) -> NameInputs<'a> {
        NameInputs {
            operation,
            strategy,
            target,
            instance_count: 2,
            existing_instances: existing,
            snapshot: None,
            copy_count: 2,
        }
    }

    #[test]
    fn names_are_legal_and_distinct_for_the_longest_target() {
        let operation = OperationId::new("op-1").unwrap();
        let target = ClusterId::new("t".repeat(63)).unwrap();
        let existing =
            [InstanceId::new("i".repeat(63)).unwrap(), InstanceId::new(format!("{}x", "i".repeat(62))).unwrap()];
        let names = Names::derive(&inputs(&operation, &target, &existing, Strategy::Swap)).unwrap();
        assert_ne!(names.staged, names.retired);
        assert_ne!(names.staged_instances[0], names.staged_instances[1]);
        assert_ne!(names.retired_instances[0], names.retired_instances[1]);
        assert_ne!(names.copies[0], names.copies[1]);
        assert_eq!(names.serving_instances, existing);
    }

    #[test]
    fn the_same_operation_always_makes_the_same_names_and_another_one_others() {
        let (one, two) = (OperationId::new("op-1").unwrap(), OperationId::new("op-2").unwrap());
        let target = ClusterId::new("staging").unwrap();
        let first = Names::derive(&inputs(&one, &target, &[], Strategy::Swap)).unwrap();
        assert_eq!(first, Names::derive(&inputs(&one, &target, &[], Strategy::Swap)).unwrap());
        assert_ne!(first.staged, Names::derive(&inputs(&two, &target, &[], Strategy::Swap)).unwrap().staged);
    }

    #[test]
    fn replace_restores_under_the_targets_own_names() {
        let operation = OperationId::new("op-1").unwrap();
        let target = ClusterId::new("staging").unwrap();
        let existing = [InstanceId::new("staging-a").unwrap()];
        let names = Names::derive(&inputs(&operation, &target, &existing, Strategy::Replace)).unwrap();
        assert_eq!(names.staged, target);
        assert_eq!(names.staged_instances[0].as_str(), "staging-a");
        assert_eq!(names.staged_instances[1].as_str(), "staging-instance-1");
    }
}
