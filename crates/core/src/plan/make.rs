//! Making a plan: look, judge, name, digest.

use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    catalogue::ErrorCode,
    ids::{InstanceId, OperationId},
    operation::Failure,
    plan::{
        CopyHop, ExistingInstance, ExistingTarget, Finding, NameInputs, Names, Plan, Severity, checks,
        observe::{self, Observed},
        route,
    },
    ports::{PointInTimeMethod, Ports, RestoreSource, SnapshotAddress, TargetKey},
    request::{Request, SourceSelector},
    steps::OPERATION_TAG,
};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlanError {
    /// The operation would be refused.
    #[error("{}", first_refusal(findings))]
    Refused {
        /// Everything that was found, refusals first.
        findings: Vec<Finding>,
    },
    /// What is needed for a plan could not be found out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

fn first_refusal(findings: &[Finding]) -> String {
    findings.first().map_or_else(|| "refused".to_owned(), |finding| finding.message.clone())
}

/// Makes the plan of an operation. Changes nothing.
///
/// # Errors
/// [`PlanError`].
pub async fn make(ports: &Ports<'_>, request: &Request, operation: &OperationId) -> Result<Plan, PlanError> {
    let observed = observe::observe(ports, request).await?;
    let mut findings = checks::findings(request, &observed, operation);
    let legs = match &observed.snapshot {
        Ok(Some(snapshot)) => route::legs(request, &observed, snapshot),
        Ok(None) | Err(_) => Ok(Vec::new()),
    };
    let legs = legs.unwrap_or_else(|failure| {
        findings.insert(0, checks::of_failure(&failure));
        Vec::new()
    });
    let names = names(request, &observed, operation, legs.len())?;
    let hops = match &observed.snapshot {
        Ok(Some(snapshot)) => route::hops(legs, snapshot, &names.copies, &observed.target_account),
        Ok(None) | Err(_) => Vec::new(),
    };
    findings.extend(checks::findings_of_names(request, &observed, &names, &hops));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if findings.iter().any(|finding| finding.severity == Severity::Refusal) {
        return Err(PlanError::Refused { findings });
    }
    Ok(assemble(request, observed, operation, Parts { names, hops, findings })?)
}

struct Parts {
    names: Names,
    hops: Vec<CopyHop>,
    findings: Vec<Finding>,
}

fn names(request: &Request, observed: &Observed, operation: &OperationId, copy_count: usize) -> Result<Names, Failure> {
    let existing: Vec<InstanceId> = observed
        .existing(&request.target.cluster)
        .map(|(_, instances)| instances.iter().map(|instance| instance.id.clone()).collect())
        .unwrap_or_default();
    let snapshot = observed.snapshot.as_ref().ok().and_then(Option::as_ref);
    Names::derive(&NameInputs {
        operation,
        strategy: request.strategy,
        target: &request.target.cluster,
        instance_count: observed.instance_settings(request).len(),
        existing_instances: &existing,
        snapshot: snapshot.map(|snapshot| &snapshot.id),
        copy_count,
    })
    .map_err(|error| Failure::terminal(ErrorCode::Internal, error.to_string()))
}

fn assemble(request: &Request, observed: Observed, operation: &OperationId, parts: Parts) -> Result<Plan, Failure> {
    let Parts { names, hops, findings } = parts;
    let internal = |what: &str| Failure::terminal(ErrorCode::Internal, format!("{what} is not known after the checks"));
    let (engine, of_source) =
        observed.engine().map(|(e, v)| (e.to_owned(), v.to_owned())).ok_or_else(|| internal("the engine"))?;
    let settings = observed.settings(request);
    let instances = observed.instance_settings(request);
    let existing = existing_target(request, &observed);
    let snapshot = observed.snapshot?;
    let unencrypted = snapshot.as_ref().is_some_and(|snapshot| !snapshot.encrypted);
    let master_username = match (&snapshot, &observed.running) {
        (Some(snapshot), _) => snapshot.master_username.clone(),
        (None, Some(running)) => running.master_username.clone(),
        (None, None) => None,
    };
    let restore_source = match (&snapshot, &request.source.selector) {
        (Some(snapshot), _) if snapshot.owner().as_ref() == Some(&observed.target_account) => {
            RestoreSource::Snapshot(SnapshotAddress::Name(snapshot.id.clone()))
        }
        (Some(snapshot), _) => RestoreSource::Snapshot(SnapshotAddress::Arn(snapshot.arn.clone())),
        (None, SourceSelector::PointInTime { cluster, at: Some(at) }) => {
            RestoreSource::PointInTime { cluster: cluster.clone(), at: *at }
        }
        (None, SourceSelector::PointInTime { cluster, at: None }) => {
            RestoreSource::LatestOf { cluster: cluster.clone(), method: PointInTimeMethod::FullCopy }
        }
        (None, SourceSelector::Clone { cluster }) => {
            RestoreSource::LatestOf { cluster: cluster.clone(), method: PointInTimeMethod::Clone }
        }
        (None, SourceSelector::Snapshot(_) | SourceSelector::ByDate { .. } | SourceSelector::LatestOf { .. }) => {
            return Err(internal("the snapshot"));
        }
    };
    let mut plan = Plan {
        operation_id: operation.clone(),
        digest: String::new(),
        made_at: observed.now,
        strategy: request.strategy,
        target_key: TargetKey {
            account: observed.target_account.to_string(),
            region: request.target.region.clone(),
            cluster: request.target.cluster.clone(),
        },
        target_location: observed.target_location,
        source_location: observed.source_location,
        snapshot,
        hops,
        restore_source,
        restore_kms_key: request.copy.kms_key.clone().filter(|_| unencrypted),
        engine,
        engine_version: request.engine_version.clone().unwrap_or(of_source),
        master_username,
        existing,
        names,
        settings,
        instances,
        warnings: findings,
    };
    plan.digest = digest(request, &plan)?;
    Ok(plan)
}

fn existing_target(request: &Request, observed: &Observed) -> Option<ExistingTarget> {
    // A side-by-side restore takes the existing cluster's settings and leaves the cluster itself alone.
    let (cluster, instances) = observed.existing(&request.target.cluster)?;
    Some(ExistingTarget {
        resource_id: cluster.resource_id.clone(),
        cluster: cluster.id.clone(),
        engine: cluster.engine.clone(),
        engine_version: cluster.engine_version.clone(),
        settings: cluster.settings.clone(),
        instances: instances
            .into_iter()
            .map(|instance| ExistingInstance {
                instance: instance.id.clone(),
                resource_id: instance.resource_id.clone(),
                settings: instance.settings.clone(),
            })
            .collect(),
        made_by_us: cluster.tags.contains_key(OPERATION_TAG),
    })
}

/// What a digest covers: the request and what was found, without the names, which differ from operation to operation,
/// and without quotas and times of looking, which change all the time.
#[derive(Serialize)]
struct Digested<'a> {
    request: &'a Request,
    snapshot: Option<(&'a str, Option<jiff::Timestamp>)>,
    target: String,
    existing: &'a Option<ExistingTarget>,
    engine: &'a str,
    engine_version: &'a str,
    settings: &'a crate::settings::ClusterSettings,
    instances: &'a [crate::settings::InstanceSettings],
    copies: Vec<(&'a crate::ports::Location, Option<&'a str>, bool)>,
}

fn digest(request: &Request, plan: &Plan) -> Result<String, Failure> {
    let digested = Digested {
        request,
        snapshot: plan.snapshot.as_ref().map(|snapshot| (snapshot.arn.as_str(), snapshot.created_at)),
        target: plan.target_key.to_string(),
        existing: &plan.existing,
        engine: &plan.engine,
        engine_version: &plan.engine_version,
        settings: &plan.settings,
        instances: &plan.instances,
        copies: plan
            .hops
            .iter()
            .map(|hop| (&hop.location, hop.kms_key.as_ref().map(crate::ids::KmsKey::as_str), hop.share_first.is_some()))
            .collect(),
    };
    let text = serde_json::to_vec(&digested)
        .map_err(|error| Failure::terminal(ErrorCode::Internal, format!("the plan has no digest: {error}")))?;
    Ok(Sha256::digest(&text).iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect())
}

/// The bytes of a digest, each two digits of it.
const DIGEST_BYTES: usize = 8;

/// Whether a text has the form of a plan's digest.
pub fn is_digest(text: &str) -> bool {
    text.len() == 2 * DIGEST_BYTES && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
