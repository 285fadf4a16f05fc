//! `DescribeDBClusterSnapshots`, whose rules differ by the kind of snapshot:
//!
//! * an automated one is found by name only if its kind is named, too;
//! * another account's is addressed by its ARN and listed only among the shared ones;
//! * `DBClusterIdentifier` must name a cluster that exists, so snapshots of a cluster that is gone are picked from the
//!   whole list.

use aurora_restore_core::{
    ids::{AccountId, Arn, ClusterId, SnapshotId},
    ports::{
        RdsError, RdsErrorKind, RdsResult, Snapshot, SnapshotAddress, SnapshotKind, SnapshotQuery, SnapshotStatus,
    },
};
use aws_sdk_rds::types::DbClusterSnapshot;

use super::{
    AwsRds,
    describe_db_clusters::named,
    pages::{self, PAGE_ITEMS, Page},
    reading::{Unreadable, kms_key, number, readable, required, tags, text, timestamp},
};
use crate::failure::{Call, Failure};

const ACTION: &str = "DescribeDBClusterSnapshots";
const NOT_FOUND: &str = "DBClusterSnapshotNotFoundFault";

/// One snapshot.
pub(super) async fn one(rds: &AwsRds, address: &SnapshotAddress) -> RdsResult<Snapshot> {
    let call = Call::about(ACTION, address.as_str());
    let account = account(rds, call).await?;
    let found = match address {
        SnapshotAddress::Name(name) => own(rds, call, name.as_str()).await?,
        SnapshotAddress::Arn(arn) if arn.account().as_ref() == Some(&account) => {
            // By its name, as RDS wants it; a namesake in this Region must not stand in for the one that was meant.
            own(rds, call, arn.resource_name())
                .await?
                .filter(|found| found.db_cluster_snapshot_arn() == Some(arn.as_str()))
        }
        SnapshotAddress::Arn(arn) => shared(rds, call, arn).await?,
    };
    let found = found.ok_or_else(|| call.not_found(NOT_FOUND))?;
    snapshot(&found, &account).map_err(|reason| call.malformed(reason))
}

/// The snapshots that match.
pub(super) async fn matching(rds: &AwsRds, query: &SnapshotQuery) -> RdsResult<Vec<Snapshot>> {
    let call = Call::about(ACTION, query.cluster.as_ref().map_or("*", ClusterId::as_str));
    let account = account(rds, call).await?;
    let mut found = Vec::new();
    for kind in kinds_to_list(&query.kinds) {
        let listed = list(rds, call, kind).await?;
        found.extend(readable(&listed, ACTION, |db| snapshot(db, &account)));
    }
    found.retain(|snapshot| {
        query.cluster.as_ref().is_none_or(|id| *id == snapshot.cluster)
            && (query.kinds.contains(&snapshot.kind)
                || (query.kinds.is_empty() && snapshot.kind != SnapshotKind::Shared))
    });
    Ok(found)
}

/// The values of `SnapshotType` that together show the kinds: none shows manual and automated ones.
fn kinds_to_list(kinds: &[SnapshotKind]) -> Vec<Option<&'static str>> {
    let manual = kinds.is_empty() || kinds.contains(&SnapshotKind::Manual);
    let automated = kinds.is_empty() || kinds.contains(&SnapshotKind::Automated);
    let own = match (manual, automated) {
        (true, true) => Some(None),
        (true, false) => Some(Some("manual")),
        (false, true) => Some(Some("automated")),
        (false, false) => None,
    };
    let shared = kinds.contains(&SnapshotKind::Shared).then_some(Some("shared"));
    own.into_iter().chain(shared).collect()
}

/// One of our own by name.
async fn own(rds: &AwsRds, call: Call<'_>, name: &str) -> RdsResult<Option<DbClusterSnapshot>> {
    let automated = name.starts_with("rds:").then(|| "automated".to_owned());
    let answer = rds
        .client
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(name)
        .set_snapshot_type(automated)
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(answer
        .db_cluster_snapshots
        .unwrap_or_default()
        .into_iter()
        .find(|found| named(found.db_cluster_snapshot_identifier(), name)))
}

/// One that another account shares with us.
///
/// # Errors
/// A look that was denied is only passed over if the other one finds the snapshot. Otherwise nobody knows whether it is there,
/// and what was denied is what a person has to mend.
async fn shared(rds: &AwsRds, call: Call<'_>, arn: &Arn) -> RdsResult<Option<DbClusterSnapshot>> {
    let is_it = |found: &DbClusterSnapshot| found.db_cluster_snapshot_arn() == Some(arn.as_str());
    let answer = rds
        .client
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(arn.as_str())
        .include_shared(true)
        .send()
        .await;
    let mut denied = None;
    let listed = match answer.map_err(|error| call.failed(&error)) {
        Ok(answer) => answer.db_cluster_snapshots.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) if error.kind == RdsErrorKind::AccessDenied => {
            denied = Some(error);
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    if let Some(found) = listed.into_iter().find(is_it) {
        return Ok(Some(found));
    }
    // An absence decides more than a presence, and looking up by ARN is thinly documented: the list has the last word.
    let listed = list(rds, call, Some("shared")).await?;
    match (listed.into_iter().find(is_it), denied) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(denied)) => Err(denied),
        (None, None) => Ok(None),
    }
}

async fn list(rds: &AwsRds, call: Call<'_>, kind: Option<&'static str>) -> RdsResult<Vec<DbClusterSnapshot>> {
    pages::all(call, async |marker| {
        let answer = rds
            .client
            .describe_db_cluster_snapshots()
            .set_snapshot_type(kind.map(str::to_owned))
            .max_records(PAGE_ITEMS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(Page { items: answer.db_cluster_snapshots, marker: answer.marker })
    })
    .await
}

/// Whose credentials these are: tells our own snapshots from those of others.
async fn account(rds: &AwsRds, call: Call<'_>) -> RdsResult<AccountId> {
    rds.identity.account().await.map_err(|error| -> RdsError {
        call.because(Failure {
            kind: if error.retryable { RdsErrorKind::Unavailable } else { RdsErrorKind::AccessDenied },
            code: "IdentityUnknown".to_owned(),
            message: error.to_string(),
            request_id: None,
        })
    })
}

fn snapshot(db: &DbClusterSnapshot, account: &AccountId) -> Result<Snapshot, Unreadable> {
    let arn = Arn::new(required(db.db_cluster_snapshot_arn(), "DBClusterSnapshotArn")?)?;
    Ok(Snapshot {
        id: SnapshotId::new(arn.resource_name())?,
        cluster: ClusterId::new(required(db.db_cluster_identifier(), "DBClusterIdentifier")?)?,
        kind: kind(db, &arn, account),
        status: SnapshotStatus::from_word(required(db.status(), "Status")?),
        percent: number(db.percent_progress()).unwrap_or(0_u8).min(100),
        created_at: timestamp(db.snapshot_create_time()),
        engine: required(db.engine(), "Engine")?.to_owned(),
        engine_version: required(db.engine_version(), "EngineVersion")?.to_owned(),
        size_gib: number(db.allocated_storage()).unwrap_or(0),
        encrypted: db.storage_encrypted().unwrap_or(false),
        kms_key: kms_key(db.kms_key_id())?,
        master_username: text(db.master_username()),
        tags: tags(db.tag_list()),
        arn,
    })
}

fn kind(db: &DbClusterSnapshot, arn: &Arn, account: &AccountId) -> SnapshotKind {
    let foreign = arn.account().is_some_and(|owner| owner != *account);
    match db.snapshot_type() {
        _ if foreign => SnapshotKind::Shared,
        Some("shared" | "public") => SnapshotKind::Shared,
        Some("automated") => SnapshotKind::Automated,
        // AWS Backup's, too: in Aurora they count as manual.
        _ => SnapshotKind::Manual,
    }
}

#[cfg(test)]
mod tests;
