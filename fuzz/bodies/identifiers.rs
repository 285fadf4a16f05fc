//! Any text as each kind of identifier, and as the ARN of a thing in the sandbox: it is refused, or it is the same when it is
//! read again.

use aurora_restore_core::ids::{
    AccountId, Arn, ClusterId, ExecutorId, InstanceId, KmsKey, OperationId, Region, ResourceId, SecretId, SnapshotId,
    derived_name,
};
use aurora_restore_sandbox::model::{
    Caller, World,
    call::{Call, CopyDbClusterSnapshot, ListTagsForResource, NameDbClusterSnapshot},
    config::{Durations, WorldConfig},
};

macro_rules! read_again {
    ($($id:ident),+: $text:expr) => {
        $(
            if let Ok(id) = $id::new($text) {
                assert_eq!($id::new(id.as_str()).as_ref(), Ok(&id));
                assert_eq!(id.to_string().parse::<$id>().as_ref(), Ok(&id));
                let stored = serde_json::to_string(&id).expect("an identifier can be written");
                assert_eq!(serde_json::from_str::<$id>(&stored).ok(), Some(id));
            }
        )+
    };
}

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    read_again!(ClusterId, InstanceId, SnapshotId, Region, AccountId, OperationId, ExecutorId: text);
    read_again!(KmsKey, SecretId, ResourceId, Arn: text);
    if let Ok(arn) = Arn::new(text) {
        // A part that is no Region or account is none, and never a wrong one.
        for part in [arn.region().map(|it| it.to_string()), arn.account().map(|it| it.to_string())] {
            assert!(part.is_none_or(|part| text.split(':').any(|other| other == part)));
        }
        assert!(text.ends_with(arn.resource_name()));
    }
    if let Ok(operation) = OperationId::new(text) {
        assert_eq!(operation.tag().len(), 8);
    }
    let derived = derived_name(text, "copy-1a2b3c4d");
    assert_eq!(ClusterId::new(&derived).map(|id| id.to_string()), Ok(derived));
    ask_the_sandbox(text);
}

/// Whoever names a thing by its ARN is answered or refused.
fn ask_the_sandbox(text: &str) {
    thread_local! {
        static WORLD: std::cell::RefCell<World> =
            std::cell::RefCell::new(World::new(WorldConfig::postgresql(16, Durations::quick())));
    }
    let now = "2026-11-22T10:15:00Z".parse().expect("a constant that is a time");
    let copy = CopyDbClusterSnapshot {
        source_db_cluster_snapshot_identifier: text.to_owned(),
        target_db_cluster_snapshot_identifier: "copy".to_owned(),
        ..CopyDbClusterSnapshot::default()
    };
    let calls = [
        Call::ListTagsForResource(ListTagsForResource { resource_name: text.to_owned(), ..Default::default() }),
        Call::DescribeDbClusterSnapshotAttributes(NameDbClusterSnapshot {
            db_cluster_snapshot_identifier: text.to_owned(),
        }),
        Call::CopyDbClusterSnapshot(copy),
    ];
    for call in calls {
        let answer =
            WORLD.with_borrow_mut(|world| world.apply(&Caller::new("111122223333", "eu-central-1"), call, now));
        // There is nothing in this world.
        assert!(answer.is_err(), "{text}: {answer:?}");
    }
}
