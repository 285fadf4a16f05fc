//! Snapshots: copied, shared, taken, deleted.

use aurora_restore_core::{
    ids::KmsKey,
    ports::{Change, RdsErrorKind, SnapshotAddress, SnapshotCopy, SnapshotKind, SnapshotQuery, SnapshotStatus, Tags},
};

use super::{
    CLUSTER, RdsFixture, SEALED, SNAPSHOT, cluster_id, named, refused, refuses, settled, snapshot_id, source, target,
    until,
};
use crate::suites::{Broken, Case, holds, same};

fn tags() -> Tags {
    Tags::from([("suite".to_owned(), "copy".to_owned())])
}

fn copy_of(from: SnapshotAddress, to: &str, kms_key: Option<KmsKey>) -> Result<Change, Broken> {
    Ok(Change::CopySnapshot(SnapshotCopy { from, to: snapshot_id(to)?, kms_key, tags: tags() }))
}

pub(super) async fn copy(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let change = copy_of(named(SNAPSHOT)?, "suite-copy", None)?;
    rds.change(&change).await?;
    until!(fixture, "the copy", rds.snapshot(&named("suite-copy")?).await?.status == SnapshotStatus::Available);
    let made = rds.snapshot(&named("suite-copy")?).await?;
    same("its tags", &made.tags, &tags())?;
    same("its kind", &made.kind, &SnapshotKind::Manual)?;
    same("its cluster", &made.cluster, &cluster_id(CLUSTER)?)?;
    refuses("a second copy", rds, &change, RdsErrorKind::AlreadyExists).await?;
    let unknown = copy_of(named("nobody")?, "suite-copy-of-nobody", None)?;
    refuses("a copy of nothing", rds, &unknown, RdsErrorKind::ReferenceNotFound).await?;
    let delete = Change::DeleteSnapshot { snapshot: snapshot_id("suite-copy")? };
    rds.change(&delete).await?;
    gone(fixture, "suite-copy").await?;
    refuses("a second deletion", rds, &delete, RdsErrorKind::NotFound).await
}

async fn gone(fixture: &dyn RdsFixture, name: &str) -> Case {
    let (rds, address) = (source(fixture), named(name)?);
    until!(fixture, "the deletion", rds.snapshot(&address).await.is_err());
    refused("a deleted snapshot", rds.snapshot(&address).await, RdsErrorKind::NotFound)
}

pub(super) async fn key_for_unencrypted(fixture: &dyn RdsFixture) -> Case {
    let change = copy_of(named(SNAPSHOT)?, "suite-copy-with-key", Some(KmsKey::new("alias/aws/rds")?))?;
    refuses("a key for an unencrypted copy", source(fixture), &change, RdsErrorKind::InvalidRequest).await
}

pub(super) async fn sharing(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let with = fixture.target_account();
    let arn = rds.snapshot(&named(SNAPSHOT)?).await?.arn;
    // Sharing is seen in the snapshot's own Region.
    let near = fixture
        .cloud()
        .rds(&aurora_restore_core::ports::Location { side: fixture.target().side, region: fixture.source().region });
    let address = SnapshotAddress::Arn(arn);
    refused("before it is shared", near.snapshot(&address).await, RdsErrorKind::NotFound)?;
    same("nobody", &rds.snapshot_shared_with(&named(SNAPSHOT)?).await?, &Vec::new())?;
    rds.change(&Change::ShareSnapshot { snapshot: snapshot_id(SNAPSHOT)?, with: with.clone() }).await?;
    same("who", &rds.snapshot_shared_with(&named(SNAPSHOT)?).await?, &vec![with.to_string()])?;
    let seen = near.snapshot(&address).await?;
    same("its kind for others", &seen.kind, &SnapshotKind::Shared)?;
    let query = SnapshotQuery { cluster: Some(cluster_id(CLUSTER)?), kinds: vec![SnapshotKind::Shared] };
    holds("it is listed among the shared", near.snapshots(&query).await?.iter().any(|one| one.arn == seen.arn))?;
    rds.change(&Change::UnshareSnapshot { snapshot: snapshot_id(SNAPSHOT)?, with }).await?;
    refused("after it was shared", near.snapshot(&address).await, RdsErrorKind::NotFound)
}

pub(super) async fn across(fixture: &dyn RdsFixture) -> Case {
    let (rds, there) = (source(fixture), target(fixture));
    let with = fixture.target_account();
    let arn = rds.snapshot(&named(SNAPSHOT)?).await?.arn;
    rds.change(&Change::ShareSnapshot { snapshot: snapshot_id(SNAPSHOT)?, with: with.clone() }).await?;
    there.change(&copy_of(SnapshotAddress::Arn(arn), "suite-across", None)?).await?;
    let address = named("suite-across")?;
    until!(fixture, "the copy", there.snapshot(&address).await?.status == SnapshotStatus::Available);
    let made = there.snapshot(&address).await?;
    same("its Region", &made.arn.region(), &Some(fixture.target().region))?;
    same("its owner", &made.owner(), &Some(with.clone()))?;
    same("its kind", &made.kind, &SnapshotKind::Manual)?;
    rds.change(&Change::UnshareSnapshot { snapshot: snapshot_id(SNAPSHOT)?, with }).await?;
    there.change(&Change::DeleteSnapshot { snapshot: snapshot_id("suite-across")? }).await?;
    Ok(())
}

pub(super) async fn keys(fixture: &dyn RdsFixture) -> Case {
    let (rds, there) = (source(fixture), target(fixture));
    let with = fixture.target_account();
    let sealed = rds.snapshot(&named(SEALED)?).await?;
    holds("it is encrypted", sealed.encrypted && sealed.kms_key.is_some())?;
    rds.change(&Change::ShareSnapshot { snapshot: snapshot_id(SEALED)?, with: with.clone() }).await?;
    let from = SnapshotAddress::Arn(sealed.arn);
    let without = copy_of(from.clone(), "suite-sealed-copy", None)?;
    refuses("a copy without a key", there, &without, RdsErrorKind::InvalidRequest).await?;
    let unknown = KmsKey::new("00000000-0000-4000-8000-000000000000")?;
    let wrong = copy_of(from.clone(), "suite-sealed-copy", Some(unknown))?;
    refuses("a copy with an unknown key", there, &wrong, RdsErrorKind::KmsDenied).await?;
    there.change(&copy_of(from, "suite-sealed-copy", Some(fixture.target_key()))?).await?;
    let made = there.snapshot(&named("suite-sealed-copy")?).await?;
    holds("the copy is encrypted", made.encrypted)?;
    same("its key", &made.kms_key, &Some(fixture.target_key()))?;
    let address = named("suite-sealed-copy")?;
    until!(fixture, "the copy", there.snapshot(&address).await?.status == SnapshotStatus::Available);
    rds.change(&Change::UnshareSnapshot { snapshot: snapshot_id(SEALED)?, with }).await?;
    there.change(&Change::DeleteSnapshot { snapshot: snapshot_id("suite-sealed-copy")? }).await?;
    Ok(())
}

pub(super) async fn take(fixture: &dyn RdsFixture) -> Case {
    let rds = source(fixture);
    let change = |cluster: &str| {
        Ok::<_, Broken>(Change::CreateSnapshot {
            cluster: cluster_id(cluster)?,
            snapshot: snapshot_id("suite-taken")?,
            tags: tags(),
        })
    };
    refuses("a snapshot of nothing", rds, &change("nobody")?, RdsErrorKind::ReferenceNotFound).await?;
    settled(fixture, rds, &change(CLUSTER)?).await?;
    let address = named("suite-taken")?;
    until!(fixture, "the snapshot", rds.snapshot(&address).await?.status == SnapshotStatus::Available);
    same("its tags", &rds.snapshot(&address).await?.tags, &tags())?;
    let again = rds.change(&change(CLUSTER)?).await;
    refused("a second snapshot of that name", again, RdsErrorKind::AlreadyExists)?;
    rds.change(&Change::DeleteSnapshot { snapshot: snapshot_id("suite-taken")? }).await?;
    gone(fixture, "suite-taken").await
}
