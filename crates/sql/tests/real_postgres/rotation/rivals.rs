//! Two rotations of one secret at once, and what is left when one of them took the other one's place.

use aurora_restore_core::{
    ids::SecretId,
    ports::{SecretVersions as _, SecretVersionsError, VersionStage},
    secret::Secret,
};
use aurora_restore_ops::rotation::{Rotation, RotationError, RotationPorts, Stage, Stand, Strategy};
use aurora_restore_sql::Postgres;

use super::scene::{APP, MASTER_SECRET, OWNER, READER, Scene, USERS, alternating, id, token};

fn ports<'a>(stage: &'a Scene, database: &'a Postgres) -> RotationPorts<'a> {
    RotationPorts { versions: &stage.versions, database, logins: database, notifier: &stage.notifier }
}

/// As the command does it: from where the secret stands, with a version of its own if no rotation is under way.
async fn from_its_stand(rotation: &Rotation<'_>, own: usize) -> Result<(), RotationError> {
    match rotation.look().await?.stand {
        Stand::AtRest => rotation.run(&token(own)).await,
        Stand::Cut { version } => rotation.run(&version).await,
        Stand::Untold { version } => rotation.step(Stage::Finish, &version).await,
    }
}

async fn rivals_leave_a_working_secret(secret: &str, strategy: Strategy, logins: &[(&str, &str)]) {
    let stage = Scene::new().await;
    let (secret, database) = (id(secret), stage.server.database());
    let rotation = stage.rotation(&secret, strategy, ports(&stage, &database));
    let (mut done, mut overtaken) = (0, 0);
    for round in 0..12 {
        let (one, other) = (from_its_stand(&rotation, 2 * round + 1), from_its_stand(&rotation, 2 * round + 2));
        let (one, other) = tokio::join!(one, other);
        for end in [one, other] {
            match end {
                Ok(()) => done += 1,
                Err(RotationError::Versions(SecretVersionsError::Conflict { .. })) => overtaken += 1,
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        for keys in logins {
            let login = stage.log_in(secret.as_str(), VersionStage::Current, *keys).await;
            login.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
        assert_eq!(stage.versions.at(&secret, VersionStage::Pending), None, "round {round}");
    }
    assert!(done >= 12 && overtaken > 0, "{done} came to their end, {overtaken} were overtaken: they never met");
}

#[tokio::test]
async fn of_two_rotations_of_users_at_once_both_leave_logins_that_work() {
    rivals_leave_a_working_secret(USERS, alternating(), &[APP, READER]).await;
}

#[tokio::test]
async fn of_two_rotations_of_the_master_at_once_both_leave_a_password_that_works() {
    rivals_leave_a_working_secret(MASTER_SECRET, Strategy::Single, &[OWNER]).await;
}

/// A person is asked before a rotation begins, and somebody else rotates meanwhile: the logins that were just exchanged go on working.
#[tokio::test]
async fn a_rotation_that_was_planned_before_another_one_does_not_begin_after_it() {
    let stage = Scene::new().await;
    let (secret, database) = (id(USERS), stage.server.database());
    let rotation = stage.rotation(&secret, alternating(), ports(&stage, &database));
    let planned = rotation.look().await.unwrap();
    rotation.run(&token(1)).await.unwrap();
    let error = rotation.begin(&planned, &token(2)).await.unwrap_err();
    assert!(matches!(error, RotationError::Versions(SecretVersionsError::Conflict { .. })), "{error}");
    assert!(error.to_string().contains("it was rotated since this was planned"), "{error}");
    assert_eq!(stage.versions.at(&secret, VersionStage::Pending), None);
    for label in [VersionStage::Current, VersionStage::Previous] {
        for keys in [APP, READER] {
            stage.log_in(USERS, label, keys).await.unwrap_or_else(|error| panic!("{label:?}: {error}"));
        }
    }
    // One that is planned for what is there now begins.
    let planned = rotation.look().await.unwrap();
    rotation.begin(&planned, &token(3)).await.unwrap();
    rotation.run(&token(3)).await.unwrap();
}

/// A version that took the pending label meanwhile, whoever gave it that: the first one changes nothing any more.
#[tokio::test]
async fn a_rotation_that_was_overtaken_changes_nothing() {
    let stage = Scene::new().await;
    let (secret, database) = (id(USERS), stage.server.database());
    let rotation = stage.rotation(&secret, alternating(), ports(&stage, &database));
    rotation.step(Stage::Create, &token(1)).await.unwrap();
    let error = rotation.step(Stage::Create, &token(2)).await.unwrap_err();
    assert!(error.to_string().contains(&format!("version {} is being prepared", token(1))), "{error}");
    let mut other = stage.versions.at(&secret, VersionStage::Pending).unwrap();
    other.fields.insert("app_password".to_owned(), Secret::new("of the other one"));
    stage.versions.put_pending(&secret, &token(2), &other).await.unwrap();
    for overtaken in [Stage::Set, Stage::Finish] {
        let error = rotation.step(overtaken, &token(1)).await.unwrap_err();
        assert!(error.to_string().contains(&format!("version {} is being prepared", token(2))), "{error}");
        assert!(error.may_pass(), "{error}");
    }
    rotation.run(&token(2)).await.unwrap();
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

/// What cannot be gone on with is told before anything is done, and dropped by one call.
#[tokio::test]
async fn a_version_that_cannot_be_gone_on_with_is_found_first_and_dropped() {
    let stage = Scene::new().await;
    let (secret, database): (SecretId, _) = (id(USERS), stage.server.database());
    let rotation = stage.rotation(&secret, alternating(), ports(&stage, &database));
    let mut same = stage.versions.at(&secret, VersionStage::Current).unwrap();
    same.fields.insert("app_password".to_owned(), Secret::new("for the login in use"));
    stage.versions.put_pending(&secret, &token(1), &same).await.unwrap();
    let error = rotation.look().await.unwrap_err();
    assert!(matches!(error, RotationError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("the password of `app`, which is in use"), "{error}");
    assert_eq!(rotation.discard().await.unwrap(), Some(token(1)));
    assert_eq!(rotation.discard().await.unwrap(), None);
    rotation.run(&token(2)).await.unwrap();
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

/// Of the master one password works: the version that holds it is not dropped.
#[tokio::test]
async fn the_only_password_that_works_is_not_dropped() {
    let stage = Scene::new().await;
    let (secret, database) = (id(MASTER_SECRET), stage.server.database());
    let rotation = stage.rotation(&secret, Strategy::Single, ports(&stage, &database));
    rotation.step(Stage::Create, &token(1)).await.unwrap();
    rotation.step(Stage::Set, &token(1)).await.unwrap();
    let error = rotation.discard().await.unwrap_err();
    let command = format!("--secret-id {MASTER_SECRET} --version-stage AWSCURRENT --move-to-version-id {}", token(1));
    assert!(error.to_string().contains(&command), "{error}");
    assert!(stage.versions.at(&secret, VersionStage::Pending).is_some());
    rotation.run(&token(1)).await.unwrap();
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap();
}
