//! Death of servers and of the sandbox in the middle of things.

use aurora_restore_sandbox::model::effect::Work;
use aurora_restore_sandbox::model::{ImageId, VolumeId};
use nix::sys::signal::Signal;

use crate::harness::{Sandbox, count, create, eventually, signal};

async fn kill_server(sandbox: &Sandbox, volume: VolumeId) {
    signal(sandbox.plane.server_process(volume).unwrap(), Signal::SIGKILL);
    eventually("the server dies", || sandbox.plane.server_process(volume).is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_recovers_what_was_committed() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i").await.unwrap();
    kill_server(&sandbox, VolumeId(1)).await;
    eventually("the client notices", || client.is_closed()).await;
    sandbox.work(Work::StartServer { volume: VolumeId(1) }).await;
    assert_eq!(count(&sandbox.master("orders").await, "t").await, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_a_killed_server_is_taken_after_its_recovery() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i").await.unwrap();
    kill_server(&sandbox, VolumeId(1)).await;
    sandbox.work(Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await;
    sandbox.work(Work::RestoreVolume { volume: VolumeId(3), from: ImageId(2) }).await;
    sandbox.publish("restored", 3).await;
    assert_eq!(count(&sandbox.master("restored").await, "t").await, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_when_the_sandbox_is_started_again() {
    let mut sandbox = Sandbox::with_volume().await;
    kill_server(&sandbox, VolumeId(1)).await;
    assert!(sandbox.reopen().await.is_empty());
    sandbox.master("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_copy_left_hinders_neither_the_next_attempt_nor_a_restart() {
    let mut sandbox = Sandbox::with_volume().await;
    let leave_half_a_copy = |sandbox: &Sandbox| {
        for place in ["images/.new-img-2/data/base", "volumes/.new-vol-3/data/base", "volumes/.old-vol-8/data"] {
            std::fs::create_dir_all(sandbox.file(place)).unwrap();
            std::fs::write(sandbox.file(place).join("half"), "half a file").unwrap();
        }
    };
    leave_half_a_copy(&sandbox);
    sandbox.work(Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await;
    sandbox.work(Work::RestoreVolume { volume: VolumeId(3), from: ImageId(2) }).await;
    assert!(!sandbox.file("images/img-2/data/base/half").exists());
    sandbox.publish("restored", 3).await;
    sandbox.master("restored").await;

    leave_half_a_copy(&sandbox);
    assert!(sandbox.reopen().await.is_empty());
    for (place, left) in [("volumes", 2), ("images", 1)] {
        assert_eq!(std::fs::read_dir(sandbox.file(place)).unwrap().count(), left, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_file_that_names_a_stranger_neither_stops_the_start_nor_hurts_the_stranger() {
    let sandbox = Sandbox::with_volume().await;
    let lock = sandbox.file("volumes/vol-1/data/postmaster.pid");
    let text = std::fs::read_to_string(&lock).unwrap();
    kill_server(&sandbox, VolumeId(1)).await;
    let mut stranger = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let rest = text.split_once('\n').unwrap().1;
    std::fs::write(&lock, format!("{}\n{rest}", stranger.id())).unwrap();
    sandbox.work(Work::StopServer { volume: VolumeId(1) }).await;
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger must live");
    sandbox.work(Work::StartServer { volume: VolumeId(1) }).await;
    sandbox.master("orders").await;
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_is_started_again_by_itself_and_one_that_was_stopped_is_not() {
    let sandbox = Sandbox::with_volume().await;
    sandbox.work(create(2)).await;
    sandbox.work(Work::StopServer { volume: VolumeId(2) }).await;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let plane = sandbox.plane.clone();
    let watching = tokio::spawn(async move { plane.look_after(stopping).await });
    let killed = sandbox.plane.server_process(VolumeId(1)).unwrap();
    signal(killed, Signal::SIGKILL);
    let is_new = || sandbox.plane.server_process(VolumeId(1)).is_some_and(|process| process != killed);
    eventually("the server is started again", is_new).await;
    sandbox.master("orders").await;
    assert_eq!(sandbox.plane.server_process(VolumeId(2)), None);
    stop.send_replace(true);
    watching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_while_its_image_is_taken_does_not_spoil_the_image() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE TABLE t AS SELECT generate_series(1, 100000) AS i").await.unwrap();
    let plane = sandbox.plane.clone();
    let taking =
        tokio::spawn(async move { plane.execute(&Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await });
    let begun = sandbox.file("images/.new-img-2");
    eventually("the copy begins", || begun.exists()).await;
    signal(sandbox.plane.server_process(VolumeId(1)).unwrap(), Signal::SIGKILL);
    taking.await.unwrap().unwrap();
    sandbox.work(Work::RestoreVolume { volume: VolumeId(3), from: ImageId(2) }).await;
    sandbox.publish("restored", 3).await;
    assert_eq!(count(&sandbox.master("restored").await, "t").await, 100_000);
}
