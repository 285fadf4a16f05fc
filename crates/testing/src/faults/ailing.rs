//! Answers of RDS that show a thing in a condition that never ends by itself.

use aurora_restore_core::ports::{
    AccountQuota, Cluster, ClusterStatus, EngineVersion, Instance, InstanceStatus, OrderableClass, ParameterGroup,
    Snapshot, SnapshotStatus, SubnetGroup,
};

/// An answer that can be made to look bad.
pub(super) trait Ailing {
    /// Makes everything in it look as if it had failed for good. Answers without a status stay as they are.
    fn ail(&mut self);
}

impl Ailing for Cluster {
    fn ail(&mut self) {
        self.status = ClusterStatus::Failed("inaccessible-encryption-credentials".to_owned());
    }
}

impl Ailing for Instance {
    fn ail(&mut self) {
        self.status = InstanceStatus::Failed("incompatible-network".to_owned());
    }
}

impl Ailing for Snapshot {
    fn ail(&mut self) {
        self.status = SnapshotStatus::Failed("failed".to_owned());
    }
}

impl<T: Ailing> Ailing for Vec<T> {
    fn ail(&mut self) {
        self.iter_mut().for_each(Ailing::ail);
    }
}

macro_rules! without_status {
    ($($answer:ty),*) => {
        $(impl Ailing for $answer {
            fn ail(&mut self) {}
        })*
    };
}

without_status!(AccountQuota, EngineVersion, OrderableClass, ParameterGroup, SubnetGroup, String);
