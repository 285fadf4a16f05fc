//! Every kind of work, done twice.

use aurora_restore_sandbox::model::effect::Work;
use aurora_restore_sandbox::model::{ImageId, Secret, VolumeId};
use aurora_restore_sandbox::postgres::DataPlaneError;

use crate::harness::{PASSWORD, Sandbox, USER, count, create};

#[tokio::test(flavor = "multi_thread")]
async fn every_piece_of_work_ends_the_same_when_it_is_done_twice() {
    let sandbox = Sandbox::with_volume().await;
    let client = sandbox.master("orders").await;
    client.batch_execute("CREATE TABLE t AS SELECT generate_series(1, 100) AS i").await.unwrap();
    sandbox.work(Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await;
    sandbox.work(Work::CopyImage { image: ImageId(3), from: ImageId(2) }).await;
    sandbox.work(Work::DeleteImage { image: ImageId(2) }).await;
    sandbox.work(Work::RestoreVolume { volume: VolumeId(4), from: ImageId(3) }).await;
    sandbox.work(Work::CloneVolume { volume: VolumeId(5), from: VolumeId(4) }).await;
    sandbox.publish("restored", 4).await;
    sandbox.publish("cloned", 5).await;
    for name in ["restored", "cloned"] {
        assert_eq!(count(&sandbox.master(name).await, "t").await, 100, "{name}");
    }
    let password = Secret::new("second-Passw0rd");
    sandbox.work(Work::SetMasterPassword { volume: VolumeId(5), user: USER.into(), password }).await;
    for volume in [4, 5].map(VolumeId) {
        sandbox.work(Work::StopServer { volume }).await;
        assert_eq!(sandbox.plane.server_process(volume), None);
        sandbox.work(Work::StartServer { volume }).await;
        sandbox.work(Work::RestartServer { volume }).await;
        assert!(sandbox.plane.server_process(volume).is_some());
    }
    assert_eq!(count(&sandbox.master("restored").await, "t").await, 100);
    sandbox.withdraw("restored", 4).await;
    for volume in [1, 4, 5].map(VolumeId) {
        sandbox.work(Work::DeleteVolume { volume }).await;
    }
    sandbox.work(Work::DeleteImage { image: ImageId(3) }).await;
    for place in ["volumes", "images"] {
        assert_eq!(std::fs::read_dir(sandbox.file(place)).unwrap().count(), 0, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_again_does_not_bring_an_old_password_back() {
    let sandbox = Sandbox::with_volume().await;
    let password = Secret::new("second-Passw0rd");
    sandbox.work(Work::SetMasterPassword { volume: VolumeId(1), user: USER.into(), password }).await;
    sandbox.work(create(1)).await;
    assert!(sandbox.login("orders", USER, PASSWORD).await.is_err());
    sandbox.login("orders", USER, "second-Passw0rd").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_what_is_not_there_names_it() {
    let sandbox = Sandbox::open();
    let missing = VolumeId(9);
    for work in [
        Work::StartServer { volume: missing },
        Work::StopServer { volume: missing },
        Work::RestartServer { volume: missing },
        Work::TakeImage { image: ImageId(1), from: missing },
        Work::CloneVolume { volume: VolumeId(1), from: missing },
    ] {
        let error = sandbox.try_work(work).await.unwrap_err();
        assert_eq!(error.to_string(), "vol-9 does not exist");
    }
    for work in [
        Work::RestoreVolume { volume: VolumeId(1), from: ImageId(9) },
        Work::CopyImage { image: ImageId(1), from: ImageId(9) },
    ] {
        let error = sandbox.try_work(work).await.unwrap_err();
        assert_eq!(error.to_string(), "img-9 does not exist");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_another_major_version_is_refused_with_both_versions() {
    let sandbox = Sandbox::with_volume().await;
    sandbox.work(Work::TakeImage { image: ImageId(2), from: VolumeId(1) }).await;
    std::fs::write(sandbox.file("images/img-2/data/PG_VERSION"), "9\n").unwrap();
    let error = sandbox.try_work(Work::RestoreVolume { volume: VolumeId(3), from: ImageId(2) }).await.unwrap_err();
    assert!(matches!(&error, DataPlaneError::OtherMajorVersion { found, .. } if found == "9"), "{error}");
    assert_eq!(error.hints().len(), 1);
}
