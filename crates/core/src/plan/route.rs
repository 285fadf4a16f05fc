//! How a snapshot comes to the target: which copies are made, where, under which keys, and what is shared first.
//!
//! RDS's rules behind it: a snapshot of another account is copied before it is restored; only a manual one can be
//! shared, and not if it is under the account's default key; an encrypted copy across accounts or Regions needs a key
//! of its destination; an unencrypted snapshot must be copied without a key and is encrypted by the restore.

use crate::{
    catalogue::ErrorCode,
    ids::{AccountId, Arn, KmsKey, Region, SnapshotId},
    operation::Failure,
    plan::{CopyHop, Share, observe::Observed},
    ports::{Location, Side, Snapshot, SnapshotAddress, SnapshotKind},
    request::{CopyRoute, Request, Strategy},
};

/// A hop whose copy has no name yet.
pub(super) struct Leg {
    location: Location,
    kms_key: Option<KmsKey>,
    /// The account that owns the copy.
    account: AccountId,
    /// Whether what is copied has to be shared with the target account first.
    share: Option<Location>,
}

/// The legs of a snapshot's way.
pub(super) fn legs(request: &Request, observed: &Observed, snapshot: &Snapshot) -> Result<Vec<Leg>, Failure> {
    let owner = snapshot.owner().unwrap_or_else(|| observed.source_account.clone());
    let target = &observed.target_location;
    let foreign = owner != observed.target_account;
    let elsewhere = request.source.region != request.target.region;
    let own_key = key_for(snapshot, request.copy.kms_key.as_ref());
    let final_leg = |share| Leg {
        location: target.clone(),
        kms_key: own_key.clone(),
        account: observed.target_account.clone(),
        share,
    };
    if !foreign {
        let rekeyed = own_key.is_some() && own_key != snapshot.kms_key;
        let dies_with_target = request.strategy == Strategy::Replace
            && snapshot.kind == SnapshotKind::Automated
            && snapshot.cluster == request.target.cluster;
        if elsewhere {
            require_key(snapshot, own_key.as_ref(), "another Region")?;
        }
        return Ok(if elsewhere || rekeyed || dies_with_target { vec![final_leg(None)] } else { Vec::new() });
    }
    require_key(snapshot, own_key.as_ref(), "another account")?;
    let mut legs = Vec::new();
    let mut share = None;
    if snapshot.kind != SnapshotKind::Shared {
        if let Some(leg) = intermediate(request, observed, snapshot)? {
            legs.push(leg);
            share = Some(observed.source_location.clone());
        } else if !observed.is_shared {
            share = Some(observed.source_location.clone());
        }
    }
    if elsewhere && request.copy.route == CopyRoute::TwoHops {
        let location = Location { side: Side::Target, region: request.source.region.clone() };
        legs.push(Leg {
            location,
            // The key of the destination Region cannot be used here; the default key of the account serves for an hour.
            kms_key: own_key.as_ref().map(|_| default_key()),
            account: observed.target_account.clone(),
            share: share.take(),
        });
    }
    legs.push(final_leg(share));
    Ok(legs)
}

/// The copy in the source account that makes a snapshot shareable, if one is needed.
fn intermediate(request: &Request, observed: &Observed, snapshot: &Snapshot) -> Result<Option<Leg>, Failure> {
    let source_key = key_for(snapshot, request.copy.source_kms_key.as_ref());
    let automated = snapshot.kind == SnapshotKind::Automated;
    if automated && snapshot.encrypted && source_key.is_none() {
        return Err(Failure::terminal(
            ErrorCode::SnapshotAccess,
            format!("automated snapshot {} is encrypted and cannot be shared as it is", snapshot.id),
        )
        .hint("Set `copy.source-kms-key` to a customer-managed key of the source account that the target account may use."));
    }
    let rekeyed = source_key.is_some() && source_key != snapshot.kms_key;
    Ok((automated || rekeyed).then(|| Leg {
        location: observed.source_location.clone(),
        kms_key: source_key,
        account: observed.source_account.clone(),
        share: None,
    }))
}

/// A key matters for an encrypted snapshot only: RDS refuses a key for an unencrypted copy.
fn key_for(snapshot: &Snapshot, key: Option<&KmsKey>) -> Option<KmsKey> {
    key.filter(|_| snapshot.encrypted).cloned()
}

fn require_key(snapshot: &Snapshot, key: Option<&KmsKey>, whereto: &str) -> Result<(), Failure> {
    if !snapshot.encrypted || key.is_some() {
        return Ok(());
    }
    Err(Failure::terminal(
        ErrorCode::KmsDenied,
        format!("snapshot {} is encrypted and goes to {whereto}, and no key for the copy is given", snapshot.id),
    )
    .hint("Set `copy.kms-key` to the ARN of a key in the target account and Region."))
}

fn default_key() -> KmsKey {
    KmsKey::new("alias/aws/rds").expect("a constant that the rules of the type allow")
}

/// Gives the legs their names and addresses.
pub(super) fn hops(legs: Vec<Leg>, snapshot: &Snapshot, names: &[SnapshotId], target: &AccountId) -> Vec<CopyHop> {
    let mut hops: Vec<CopyHop> = Vec::with_capacity(legs.len());
    let mut from = Previous {
        id: snapshot.id.clone(),
        arn: snapshot.arn.clone(),
        region: snapshot.arn.region(),
        account: snapshot.owner(),
    };
    for (leg, name) in legs.into_iter().zip(names) {
        let at_home = from.region.as_ref() == Some(&leg.location.region) && from.account.as_ref() == Some(&leg.account);
        let address =
            if at_home { SnapshotAddress::Name(from.id.clone()) } else { SnapshotAddress::Arn(from.arn.clone()) };
        let share_first = leg.share.map(|location| Share { location, snapshot: from.id.clone(), with: target.clone() });
        let region = leg.location.region.clone();
        hops.push(CopyHop {
            location: leg.location,
            from: address,
            to: name.clone(),
            kms_key: leg.kms_key,
            share_first,
        });
        from = Previous {
            id: name.clone(),
            arn: copy_arn(&snapshot.arn, &region, &leg.account, name),
            region: Some(region),
            account: Some(leg.account),
        };
    }
    hops
}

struct Previous {
    id: SnapshotId,
    arn: Arn,
    region: Option<Region>,
    account: Option<AccountId>,
}

/// The ARN that a copy will have, in the partition of the snapshot.
fn copy_arn(of: &Arn, region: &Region, account: &AccountId, name: &SnapshotId) -> Arn {
    let partition = of.as_str().split(':').nth(1).unwrap_or("aws");
    Arn::new(format!("arn:{partition}:rds:{region}:{account}:cluster-snapshot:{name}"))
        .expect("built from parts that were checked when they were made")
}
