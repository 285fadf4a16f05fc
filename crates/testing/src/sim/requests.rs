//! What the operations of a world are asked to do.

use std::collections::BTreeMap;

use aurora_restore_core::{
    engine::BeginOperation,
    ids::{ClusterId, ExecutorId, KmsKey, OperationId, Region, SecretId, SnapshotId},
    ports::{SnapshotAddress, SnapshotKind},
    request::{
        ArchivePolicy, CopyOptions, CopyRoute, FinalSnapshot, InstanceOptions, Limits, Request, Retirement, SecretRefs,
        Source, SourceSelector, Strategy, Target, UserOptions, VerificationOptions,
    },
    settings::{ClusterSettings, InstanceSettings},
};
use jiff::SignedDuration;

use super::{
    dice::Dice,
    stage::{PRODUCTION, Site, WAREHOUSE},
    world::{Inner, Watched},
};
use crate::scenario::{FRANKFURT, IRELAND, PROD, SOURCE_KEY, STAGING, TARGET_KEY};

/// Draws the operations of a world: two to five, rivals on one target among them.
pub(super) fn drawn(seed: u64, sites: &[Site], encrypted: bool) -> Vec<Watched> {
    let mut dice = Dice::of(seed, "requests");
    let count = 2 + dice.below(4);
    (1..=count)
        .map(|number| {
            // The first target is wanted most.
            let site = if dice.chance(0.5) { 0 } else { dice.below(sites.len()) };
            let (source_account, request) = request(&mut dice, &sites[site], encrypted);
            Watched {
                id: OperationId::new(format!("op-{number}")).expect("built from a number"),
                request,
                site,
                source_account,
                replayed: None,
                token: 0,
                disturbed: false,
                expected: None,
                old_content: None,
                unanswered: SignedDuration::ZERO,
                told: 0,
                begun_at: None,
            }
        })
        .collect()
}

fn request(dice: &mut Dice, site: &Site, encrypted: bool) -> (&'static str, Request) {
    let local = site.account == STAGING && dice.chance(0.4);
    let (account, region) = if local { (STAGING, FRANKFURT) } else { (PROD, IRELAND) };
    let selector = selector(dice, local);
    let key = |account: &str, region: &str, id: &str| {
        KmsKey::new(format!("arn:aws:kms:{region}:{account}:key/{id}")).expect("built from constants")
    };
    let keyed = encrypted && !local;
    let secret = |text: &str| SecretId::new(text).expect("a constant that is a secret's id");
    let strategy =
        dice.pick(&[Strategy::Swap, Strategy::Swap, Strategy::Swap, Strategy::Replace, Strategy::SideBySide]);
    let request = Request {
        source: Source { region: Region::new(region).expect("a constant that is a Region"), selector },
        target: Target { region: site.region(), cluster: site.cluster(), require_tags: BTreeMap::new() },
        strategy,
        copy: CopyOptions {
            kms_key: keyed.then(|| key(site.account, site.region, TARGET_KEY)),
            source_kms_key: keyed.then(|| key(PROD, IRELAND, SOURCE_KEY)),
            route: dice.pick(&[CopyRoute::Direct, CopyRoute::TwoHops]),
        },
        settings: ClusterSettings::default(),
        instances: InstanceOptions {
            count: dice.pick(&[None, None, Some(1), Some(2), Some(3)]),
            settings: InstanceSettings { class: Some("db.r6g.large".to_owned()), ..InstanceSettings::default() },
        },
        engine_version: None,
        secrets: SecretRefs {
            master: secret("staging/master"),
            users: Some(secret("staging/users")),
            source_master: Some(secret("prod/master")),
        },
        users: UserOptions::default(),
        verification: VerificationOptions { tables_min: 3, ..VerificationOptions::default() },
        archive: dice.pick(&[ArchivePolicy::Delete, ArchivePolicy::Keep, ArchivePolicy::KeepLast(1)]),
        retirement: Retirement {
            final_snapshot: dice.pick(&[FinalSnapshot::Take, FinalSnapshot::Take, FinalSnapshot::Skip]),
            ..Retirement::default()
        },
        tags: BTreeMap::from([("refreshed-by".to_owned(), "nightly".to_owned())]),
        limits: limits(dice),
    };
    (account, request)
}

fn selector(dice: &mut Dice, local: bool) -> SourceSelector {
    let cluster = ClusterId::new(if local { WAREHOUSE } else { PRODUCTION }).expect("a constant that is an identifier");
    let by_name = if local { "warehouse-2026-11-20" } else { "prod-2026-11-20" };
    let snapshot = SnapshotAddress::Name(SnapshotId::new(by_name).expect("a constant that is an identifier"));
    match dice.below(if local { 6 } else { 4 }) {
        0 | 1 => SourceSelector::Snapshot(snapshot),
        2 => SourceSelector::LatestOf { cluster, kinds: Vec::new() },
        3 => SourceSelector::LatestOf { cluster, kinds: vec![SnapshotKind::Automated] },
        4 => SourceSelector::Clone { cluster },
        _ => SourceSelector::PointInTime { cluster, at: None },
    }
}

/// Bounds that a world of a few days can reach.
fn limits(dice: &mut Dice) -> Limits {
    let hours = SignedDuration::from_hours;
    Limits {
        copy: hours(9),
        restore: hours(6),
        instances: hours(4),
        step: hours(2),
        attempts_max: 3 + dice.below(6) as u32,
        poll: SignedDuration::from_secs(dice.pick(&[60, 180, 300, 600])),
    }
}

/// What begins an operation.
pub(super) fn begin(inner: &Inner, operation: usize) -> BeginOperation {
    let watched = &inner.operations[operation];
    BeginOperation {
        id: watched.id.clone(),
        request: watched.request.clone(),
        target: inner.target_key(operation),
        executor: ExecutorId::new("ex1").expect("a constant that is an executor's id"),
        approved_plan: None,
    }
}
