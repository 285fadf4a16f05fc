//! Every kind of fault, put in force and felt over HTTP.

use aurora_restore_sandbox::model::config::Durations;
use aurora_restore_sandbox::server::Status;

use crate::support::{Client, Running, start, start_with};

const CLUSTER: &str =
    "DBClusterIdentifier=orders&Engine=aurora-postgresql&MasterUsername=admin1&MasterUserPassword=correct-horse";
const SNAPSHOT: &str = "DBClusterIdentifier=orders&DBClusterSnapshotIdentifier=monday";
const COPY: &str = "SourceDBClusterSnapshotIdentifier=monday&TargetDBClusterSnapshotIdentifier=copy";
const RESTORE: &str =
    "DBClusterIdentifier=restored&SnapshotIdentifier=monday&Engine=aurora-postgresql&EngineVersion=15.6";
const INSTANCE: &str = "DBInstanceIdentifier=orders-1&DBInstanceClass=db.r6g.large&Engine=aurora-postgresql\
    &DBClusterIdentifier=orders";

/// A sandbox with a cluster and a snapshot of it, and the token for faults.
struct Stage {
    _running: Running,
    client: Client,
    token: String,
}

impl Stage {
    async fn set() -> Self {
        Self::on(start().await)
    }

    fn on(running: Running) -> Self {
        let client = Client::of(running.sandbox.status());
        let token = Status::control_token(running.directory.path()).unwrap();
        assert_eq!(client.call("CreateDBCluster", CLUSTER).status, 200);
        client.wait_until_restorable("orders");
        assert_eq!(client.call("CreateDBClusterSnapshot", SNAPSHOT).status, 200);
        let stage = Self { _running: running, client, token };
        stage.client.wait_for_snapshot("monday", "available");
        stage
    }

    fn inject(&self, rule: &str) {
        let answer = self.client.control(&self.token, "POST", "faults", rule);
        assert_eq!(answer.status, 200, "{rule}: {}", answer.body);
    }

    fn rules(&self) -> String {
        self.client.control(&self.token, "GET", "faults", "").body
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_strikes_its_action_as_often_as_asked_and_no_more() {
    let stage = Stage::set().await;
    for (fault, status, code, fault_of) in [
        ("throttling", 400, "Throttling", "Sender"),
        ("server-error", 500, "InternalFailure", "Receiver"),
        ("service-unavailable", 503, "ServiceUnavailable", "Receiver"),
        ("access-denied", 403, "AccessDenied", "Sender"),
    ] {
        stage.inject(&format!("{{\"fault\":\"{fault}\",\"action\":\"DescribeDBClusters\",\"times\":2}}"));
        assert_eq!(stage.client.call("DescribeDBClusterSnapshots", "").status, 200, "another action is not struck");
        for _ in 0..2 {
            let answer = stage.client.call("DescribeDBClusters", "");
            assert_eq!(answer.refusal(), (status, code));
            assert_eq!(answer.text("Type"), Some(fault_of));
        }
        assert_eq!(stage.client.call("DescribeDBClusters", "").status, 200);
        assert_eq!(stage.rules(), "[]");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_closes_the_connection_after_the_effect() {
    let stage = Stage::set().await;
    stage.inject("{\"fault\":\"reply-lost\",\"action\":\"CopyDBClusterSnapshot\"}");
    let answer = stage.client.try_call("CopyDBClusterSnapshot", COPY);
    assert!(answer.is_none(), "{answer:?}");
    stage.client.wait_for_snapshot("copy", "available");
    let again = stage.client.call("CopyDBClusterSnapshot", COPY);
    assert_eq!(again.refusal(), (400, "DBClusterSnapshotAlreadyExistsFault"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_can_be_stuck_and_another_fail() {
    let stage = Stage::set().await;
    stage.inject("{\"fault\":\"stuck-copy\",\"identifier\":\"copy\"}");
    assert_eq!(stage.client.call("CopyDBClusterSnapshot", COPY).status, 200);
    stage.inject("{\"fault\":\"failing-copy\"}");
    assert_eq!(stage.client.call("CopyDBClusterSnapshot", &format!("{COPY}-2")).status, 200);
    stage.client.wait_for_snapshot("copy-2", "failed");
    let stuck = stage.client.call("DescribeDBClusterSnapshots", "DBClusterSnapshotIdentifier=copy");
    assert_eq!(stuck.text("Status"), Some("copying"), "it began before the one that has failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_a_restore_and_an_instance_can_fail() {
    let stage = Stage::set().await;
    stage.inject("{\"fault\":\"failing-snapshot\"}");
    let tuesday = SNAPSHOT.replace("monday", "tuesday");
    assert_eq!(stage.client.call("CreateDBClusterSnapshot", &tuesday).status, 200);
    stage.client.wait_for_snapshot("tuesday", "failed");
    stage.inject("{\"fault\":\"failing-restore\"}");
    assert_eq!(stage.client.call("RestoreDBClusterFromSnapshot", RESTORE).status, 200);
    stage.client.wait_for_cluster("restored", "migration-failed");
    stage.inject("{\"fault\":{\"failing-instance\":{\"status\":\"incompatible-restore\"}}}");
    assert_eq!(stage.client.call("CreateDBInstance", INSTANCE).status, 200);
    stage.client.wait("DescribeDBInstances", "DBInstanceIdentifier=orders-1", |answer| {
        answer.text("DBInstanceStatus") == Some("incompatible-restore")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_can_be_denied_and_capacity_be_short() {
    let stage = Stage::set().await;
    stage.inject("{\"fault\":\"kms-denied\",\"action\":\"CopyDBClusterSnapshot\"}");
    let denied = stage.client.call("CopyDBClusterSnapshot", COPY);
    assert_eq!(denied.refusal(), (400, "KMSKeyNotAccessibleFault"));
    stage.inject("{\"fault\":\"no-capacity\",\"times\":2}");
    let restore = stage.client.call("RestoreDBClusterFromSnapshot", RESTORE);
    assert_eq!(restore.refusal(), (403, "InsufficientDBClusterCapacityFault"));
    let instance = stage.client.call("CreateDBInstance", INSTANCE);
    assert_eq!(instance.refusal(), (400, "InsufficientDBInstanceCapacity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transition_can_be_slow() {
    // A second becomes a day: nobody will see the end of it.
    let stage = Stage::on(start_with(|config| config.durations = Durations::quick()).await);
    let other = RESTORE.replace("restored", "other");
    stage.inject("{\"fault\":{\"slow\":{\"factor\":100000}},\"identifier\":\"restored\"}");
    assert_eq!(stage.client.call("RestoreDBClusterFromSnapshot", RESTORE).status, 200);
    assert_eq!(stage.client.call("RestoreDBClusterFromSnapshot", &other).status, 200);
    stage.client.wait_for_cluster("other", "available");
    let slow = stage.client.call("DescribeDBClusters", "DBClusterIdentifier=restored");
    assert_eq!(slow.text("Status"), Some("migrating"), "{}", slow.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_can_skip_calls_and_end_when_told() {
    let stage = Stage::set().await;
    stage.inject("{\"fault\":\"throttling\",\"action\":\"DescribeDBClusters\",\"skip\":1,\"times\":9}");
    assert_eq!(stage.client.call("DescribeDBClusters", "").status, 200, "the first one is skipped");
    assert_eq!(stage.client.call("DescribeDBClusters", "").refusal(), (400, "Throttling"));
    assert_eq!(stage.client.control(&stage.token, "DELETE", "faults", "").status, 200);
    assert_eq!(stage.client.call("DescribeDBClusters", "").status, 200);
    assert_eq!(stage.rules(), "[]");
}
