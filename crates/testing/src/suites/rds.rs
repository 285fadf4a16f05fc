//! The conformance suite of the RDS port: every read, every change, and what errors mean.
//!
//! The fixture sets the stage before: in the source's place a cluster [`CLUSTER`] with the instances [`WRITER`] and
//! [`READER`], available, with its manual snapshot [`SNAPSHOT`]; an encrypted cluster's snapshot [`SEALED`] under a
//! customer's key; all of engine `aurora-postgresql`.

mod changes;
mod clusters;
mod reads;
mod simulated;
mod snapshots;

pub use simulated::{SimulatedStage, simulated_stage, stage_calls};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{AccountId, ClusterId, InstanceId, KmsKey, SnapshotId},
    ports::{Change, Cloud, Location, Rds, RdsError, RdsErrorKind, RdsResult, SnapshotAddress},
};

use super::{Broken, Case, CaseResult, Verdict, verdict};

/// The cluster of the stage.
pub const CLUSTER: &str = "suite";
/// Its writer.
pub const WRITER: &str = "suite-1";
/// Its reader.
pub const READER: &str = "suite-2";
/// Its manual snapshot.
pub const SNAPSHOT: &str = "suite-snapshot";
/// The manual snapshot of an encrypted cluster.
pub const SEALED: &str = "suite-sealed";
/// The engine of all of them.
pub const ENGINE: &str = "aurora-postgresql";
/// A class that can be ordered.
pub const CLASS: &str = "db.r6g.large";

/// How often something that shall happen is looked at before it counts as not happening.
const LOOKS_MAX: u32 = 400;

/// What the suite needs to know of an implementation.
#[async_trait]
pub trait RdsFixture: Send + Sync {
    /// The cloud under test.
    fn cloud(&self) -> &dyn Cloud;

    /// Where the stage is.
    fn source(&self) -> Location;

    /// Another account and another Region, where copies go.
    fn target(&self) -> Location;

    /// The account of the target.
    fn target_account(&self) -> AccountId;

    /// The customer's key there.
    fn target_key(&self) -> KmsKey;

    /// An automated snapshot of the cluster, where the stage has one.
    fn automated(&self) -> Option<SnapshotId>;

    /// Lets a little time pass.
    async fn wait(&self);

    /// Why a case cannot be shown here; the case is named by its sentence.
    fn skips(&self, case: &str) -> Option<&'static str>;
}

/// A case: what must hold, and how it is tried.
struct RdsCase {
    sentence: &'static str,
    run: for<'a> fn(&'a dyn RdsFixture) -> Running<'a>,
}

type Running<'a> = std::pin::Pin<Box<dyn Future<Output = Case> + Send + 'a>>;

macro_rules! cases {
    ($($sentence:literal => $run:path,)*) => {
        const CASES: &[RdsCase] =
            &[$(RdsCase { sentence: $sentence, run: |fixture| Box::pin($run(fixture)) },)*];
    };
}

cases! {
    "a cluster shows its members, its endpoints and its settings" => reads::cluster,
    "clusters and instances are listed" => reads::lists,
    "what does not exist is not found" => reads::not_found,
    "snapshots are found by name, by ARN and by their cluster" => reads::snapshots,
    "an automated snapshot is found by its name" => reads::automated,
    "versions, classes and quotas are listed" => reads::catalogue,
    "groups show their family and their zones" => reads::groups,
    "the events of a cluster are told" => reads::events,
    "a copy bears the tags of its call and a second one exists already" => snapshots::copy,
    "an unencrypted copy takes no key" => snapshots::key_for_unencrypted,
    "a snapshot of another account is seen once it is shared and no longer after that" => snapshots::sharing,
    "a shared snapshot is copied across accounts and Regions by its ARN" => snapshots::across,
    "an encrypted copy elsewhere needs a key that may be used" => snapshots::keys,
    "a snapshot of a cluster is taken with tags, and deleted" => snapshots::take,
    "a cluster is restored with its settings and tags, and exists then" => clusters::restore,
    "a restore of what does not exist or does not fit is refused" => clusters::refused_restores,
    "instances are made in a cluster, the first one writes" => clusters::instances,
    "a class that cannot be ordered is refused" => clusters::unknown_class,
    "a cluster takes up new settings" => changes::settings,
    "an instance takes up new settings and reboots" => changes::instance,
    "a new master password is taken" => changes::password,
    "a protected cluster is not deleted" => changes::protection,
    "a role is added once" => changes::roles,
    "tags are set and removed by ARN" => changes::tags,
    "tags of what does not exist are refused" => changes::tags_of_nobody,
    "a name that is taken is refused" => changes::taken_names,
    "a renamed cluster keeps its identity and changes its endpoint" => changes::rename_cluster,
    "a renamed instance keeps its identity" => changes::rename_instance,
    "a cluster goes after its instances" => changes::delete,
    "a running cluster is cloned" => clusters::clone,
    "a running cluster is copied in full" => clusters::full_copy,
    "a time before the first restorable one is refused" => clusters::too_early,
    "a running cluster is copied as it was" => clusters::point_in_time,
}

/// The sentences of all cases, for lists of what is skipped.
pub fn sentences() -> Vec<&'static str> {
    CASES.iter().map(|case| case.sentence).collect()
}

/// Runs every case, one after the other.
pub async fn run(fixture: &dyn RdsFixture) -> Vec<CaseResult> {
    let mut results = Vec::with_capacity(CASES.len());
    for case in CASES {
        let verdict = match fixture.skips(case.sentence) {
            Some(reason) => Verdict::Skipped(reason),
            None => verdict((case.run)(fixture).await),
        };
        results.push(CaseResult { case: case.sentence, verdict });
    }
    results
}

fn source(fixture: &dyn RdsFixture) -> &dyn Rds {
    fixture.cloud().rds(&fixture.source())
}

fn target(fixture: &dyn RdsFixture) -> &dyn Rds {
    fixture.cloud().rds(&fixture.target())
}

fn cluster_id(text: &str) -> Result<ClusterId, Broken> {
    Ok(ClusterId::new(text)?)
}

fn instance_id(text: &str) -> Result<InstanceId, Broken> {
    Ok(InstanceId::new(text)?)
}

fn snapshot_id(text: &str) -> Result<SnapshotId, Broken> {
    Ok(SnapshotId::new(text)?)
}

fn named(text: &str) -> Result<SnapshotAddress, Broken> {
    Ok(SnapshotAddress::Name(snapshot_id(text)?))
}

/// Requires a refusal of a kind.
fn refused<T>(what: &str, result: RdsResult<T>, kind: RdsErrorKind) -> Case {
    match result {
        Err(RdsError { kind: found, .. }) if found == kind => Ok(()),
        Err(error) => Err(Broken(format!("{what} is {:?} and not {kind:?}: {error}", error.kind))),
        Ok(_) => Err(Broken(format!("{what} is accepted"))),
    }
}

async fn refuses(what: &str, rds: &dyn Rds, change: &Change, kind: RdsErrorKind) -> Case {
    refused(what, rds.change(change).await, kind)
}

/// Sends a change again while the thing is not at rest.
async fn settled(fixture: &dyn RdsFixture, rds: &dyn Rds, change: &Change) -> Case {
    for _ in 0..LOOKS_MAX {
        match rds.change(change).await {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == RdsErrorKind::InvalidState => fixture.wait().await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Broken(format!("{} of {} is never accepted", change.action(), change.object())))
}

/// Looks until something holds.
macro_rules! until {
    ($fixture:expr, $what:expr, $look:expr) => {{
        let mut looks = 0;
        loop {
            if $look {
                break;
            }
            looks += 1;
            if looks > $crate::suites::rds::LOOKS_MAX {
                return Err($crate::suites::Broken(format!("{} never happens", $what)));
            }
            $fixture.wait().await;
        }
    }};
}
use until;
