//! Images of servers that are at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aurora_restore_sandbox::model::effect::Work;
use aurora_restore_sandbox::model::{ImageId, VolumeId};
use tokio_postgres::Client;

use crate::harness::{Sandbox, count, eventually};

/// Some 9 kB that do not compress.
const WIDE_ROW: &str = "INSERT INTO a SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 280)";

/// Inserts one row into `a` and two into `b` per transaction, until told to stop. The rows are wide, so that the log
/// grows over several of its files.
async fn write(mut client: Client, stop: Arc<AtomicBool>, written: Arc<AtomicU64>) {
    while !stop.load(Ordering::Relaxed) {
        let transaction = client.transaction().await.unwrap();
        transaction.batch_execute(WIDE_ROW).await.unwrap();
        transaction.batch_execute("INSERT INTO b SELECT 'y' FROM generate_series(1, 2)").await.unwrap();
        transaction.commit().await.unwrap();
        written.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_taken_while_a_client_writes_holds_whole_transactions_only() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE TABLE a (x text NOT NULL); CREATE TABLE b (x text)").await.unwrap();
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = tokio::spawn(write(client, Arc::clone(&stop), Arc::clone(&written)));
    for round in 1..=3 {
        let before = written.load(Ordering::Relaxed);
        eventually("the writer writes", || written.load(Ordering::Relaxed) > before + 20).await;
        let at_least = written.load(Ordering::Relaxed);
        sandbox.work(Work::TakeImage { image: ImageId(round), from: VolumeId(1) }).await;
        let at_most = written.load(Ordering::Relaxed) + 1;
        sandbox.work(Work::RestoreVolume { volume: VolumeId(10 + round), from: ImageId(round) }).await;
        sandbox.publish("restored", 10 + round).await;
        let restored = sandbox.master("restored").await;
        let (a, b) = (count(&restored, "a").await, count(&restored, "b").await);
        assert_eq!(b, 2 * a, "round {round}");
        let a = u64::try_from(a).unwrap();
        assert!((at_least..=at_most).contains(&a), "{at_least} <= {a} <= {at_most}");
        restored.batch_execute("INSERT INTO a VALUES ('the copy can be written')").await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_has_an_image_too_and_stays_stopped() {
    let sandbox = Sandbox::with_volume().await;
    sandbox.master("orders").await.batch_execute("CREATE TABLE t AS SELECT 1 AS i").await.unwrap();
    sandbox.work(Work::StopServer { volume: VolumeId(1) }).await;
    sandbox.work(Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await;
    assert_eq!(sandbox.plane.server_process(VolumeId(1)), None);
    sandbox.work(Work::RestoreVolume { volume: VolumeId(3), from: ImageId(2) }).await;
    sandbox.publish("restored", 3).await;
    assert_eq!(count(&sandbox.master("restored").await, "t").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_and_its_source_do_not_see_each_others_writes() {
    let sandbox = Sandbox::with_volume().await;
    let source = sandbox.master("orders").await;
    source.batch_execute("CREATE TABLE t AS SELECT 1 AS i").await.unwrap();
    sandbox.work(Work::CloneVolume { volume: VolumeId(2), from: VolumeId(1) }).await;
    sandbox.publish("cloned", 2).await;
    let clone = sandbox.master("cloned").await;
    clone.batch_execute("INSERT INTO t VALUES (2), (3)").await.unwrap();
    source.batch_execute("DELETE FROM t").await.unwrap();
    assert_eq!(count(&source, "t").await, 0);
    assert_eq!(count(&clone, "t").await, 3);
}
