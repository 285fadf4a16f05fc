//! Making a cluster and its instances, for the way forward and for bringing an old cluster back.

use crate::{
    catalogue::ErrorCode,
    ids::{ClusterId, InstanceId, KmsKey},
    operation::Failure,
    ports::{
        Change, Cluster, ClusterRestore, ClusterStatus, Instance, InstanceCreate, InstanceStatus, Location,
        ParameterGroupStatus, RdsErrorKind, RestoreSource, Tags,
    },
    settings::{ClusterSettings, InstanceSettings},
    steps::{StepContext, StepError, ownership},
};

/// Something that is being made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Made<T> {
    /// It is there and usable.
    Ready(T),
    /// Not yet.
    NotYet {
        /// Where it stands.
        text: String,
    },
}

impl<T> Made<T> {
    fn not_yet(text: impl Into<String>) -> Self {
        Self::NotYet { text: text.into() }
    }
}

/// A cluster to be made.
pub(super) struct ClusterSpec<'a> {
    pub location: &'a Location,
    pub cluster: &'a ClusterId,
    pub source: RestoreSource,
    pub engine: &'a str,
    pub engine_version: &'a str,
    pub kms_key: Option<KmsKey>,
    pub settings: &'a ClusterSettings,
    pub tags: Tags,
}

/// Makes a cluster, or finds the one that it made before.
///
/// Idempotent because the name is fixed and our tag travels in the call: a cluster under the name is either ours or an
/// error.
pub(super) async fn cluster(context: &StepContext<'_>, spec: ClusterSpec<'_>) -> Result<Made<Cluster>, StepError> {
    match context.rds(spec.location).cluster(spec.cluster).await {
        Ok(found) => look_at_cluster(context, spec.location, found).await,
        Err(error) if error.is_not_found() => {
            let restore = ClusterRestore {
                cluster: spec.cluster.clone(),
                source: spec.source,
                engine: spec.engine.to_owned(),
                engine_version: spec.engine_version.to_owned(),
                kms_key: spec.kms_key,
                // Protection comes with the other settings, once the cluster is available: while it is being made, and
                // when that fails, RDS does not let go of it, and the undo could not delete it.
                settings: ClusterSettings { deletion_protection: None, ..spec.settings.clone() },
                tags: spec.tags,
            };
            match context.change(spec.location, Change::RestoreCluster(Box::new(restore))).await? {
                Ok(()) => Ok(Made::not_yet("RDS has accepted the restore")),
                // A call whose reply was lost may have made it; the next look tells whose it is.
                Err(error) if error.kind == RdsErrorKind::AlreadyExists => {
                    Ok(Made::not_yet("the cluster is there and not shown yet"))
                }
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

async fn look_at_cluster(
    context: &StepContext<'_>,
    location: &Location,
    found: Cluster,
) -> Result<Made<Cluster>, StepError> {
    ownership::require_ours(context.operation(), &found.tags, &format!("cluster {}", found.id))?;
    match &found.status {
        ClusterStatus::Available => Ok(Made::Ready(found)),
        ClusterStatus::Failed(word) => {
            let events = events(context, location, found.id.as_str()).await;
            Err(Failure::terminal(ErrorCode::RestoreFailed, format!("cluster {} is `{word}`{events}", found.id))
                .hint(ErrorCode::RestoreFailed.action())
                .into())
        }
        ClusterStatus::Deleting => Err(Failure::terminal(
            ErrorCode::RestoreFailed,
            format!("cluster {} is being deleted by someone", found.id),
        )
        .into()),
        ClusterStatus::Stopped | ClusterStatus::BackingUp | ClusterStatus::Changing(_) => {
            Ok(Made::not_yet(format!("cluster {} is `{}`", found.id, found.status.word())))
        }
        ClusterStatus::Other(word) => {
            tracing::warn!(cluster = %found.id, status = %word, "unknown status, waiting");
            Ok(Made::not_yet(format!("cluster {} is `{word}`", found.id)))
        }
    }
}

/// Instances to be made in a cluster, the writer first.
pub(super) struct InstancesSpec<'a> {
    pub location: &'a Location,
    pub cluster: &'a ClusterId,
    pub engine: &'a str,
    pub instances: Vec<(&'a InstanceId, &'a InstanceSettings)>,
    pub role: ownership::Role,
}

/// Makes instances, or finds those that it made before. Ready when all are available with the cluster's parameters.
///
/// Idempotent because the names are fixed and our tag travels in the call. The writer is made first and seen as the
/// writer before a reader is made: which of two young instances becomes the writer would be chance otherwise.
pub(super) async fn instances(
    context: &StepContext<'_>,
    spec: &InstancesSpec<'_>,
) -> Result<Made<(Cluster, Vec<Instance>)>, StepError> {
    let rds = context.rds(spec.location);
    let cluster = rds.cluster(spec.cluster).await?;
    let found = rds.instances(Some(spec.cluster)).await?;
    for (index, (name, settings)) in spec.instances.iter().enumerate() {
        if found.iter().any(|instance| &instance.id == *name) {
            continue;
        }
        if index > 0 && !cluster.members.iter().any(|member| member.writer) {
            return Ok(Made::not_yet("the writer is being made"));
        }
        if let Some(waiting) = create_instance(context, spec, name, settings).await? {
            return Ok(waiting);
        }
    }
    let mut ours = Vec::with_capacity(spec.instances.len());
    for (name, _) in &spec.instances {
        let Some(instance) = found.iter().find(|instance| &instance.id == *name) else {
            return Ok(Made::not_yet(format!("instance {name} is not shown yet")));
        };
        if let Some(text) = not_ready(context, spec.location, instance).await? {
            return Ok(Made::NotYet { text });
        }
        ours.push(instance.clone());
    }
    if let Some(text) = parameters_not_in_sync(context, spec.location, &cluster).await? {
        return Ok(Made::NotYet { text });
    }
    Ok(Made::Ready((cluster, ours)))
}

async fn create_instance<T>(
    context: &StepContext<'_>,
    spec: &InstancesSpec<'_>,
    name: &InstanceId,
    settings: &InstanceSettings,
) -> Result<Option<Made<T>>, StepError> {
    let create = InstanceCreate {
        instance: name.clone(),
        cluster: spec.cluster.clone(),
        engine: spec.engine.to_owned(),
        settings: settings.clone(),
        tags: ownership::tags(context.operation(), spec.role, settings.tags.as_ref()),
    };
    match context.change(spec.location, Change::CreateInstance(Box::new(create))).await? {
        Ok(()) => Ok(None),
        Err(error) if error.kind == RdsErrorKind::AlreadyExists => {
            // Made by a call whose reply was lost, or somebody else's: the instance itself tells.
            match context.rds(spec.location).instance(name).await {
                Ok(found) => {
                    ownership::require_ours(context.operation(), &found.tags, &format!("instance {name}"))?;
                    Ok(Some(Made::not_yet(format!("instance {name} is not shown in its cluster yet"))))
                }
                Err(error) if error.is_not_found() => {
                    Ok(Some(Made::not_yet(format!("instance {name} is there and not shown yet"))))
                }
                Err(error) => Err(error.into()),
            }
        }
        Err(error) if error.kind == RdsErrorKind::CapacityShort => {
            Ok(Some(Made::not_yet(format!("AWS is short of capacity for instance {name}: {}", error.message))))
        }
        Err(error) => Err(error.into()),
    }
}

async fn not_ready(
    context: &StepContext<'_>,
    location: &Location,
    instance: &Instance,
) -> Result<Option<String>, StepError> {
    ownership::require_ours(context.operation(), &instance.tags, &format!("instance {}", instance.id))?;
    match &instance.status {
        InstanceStatus::Available => Ok(None),
        InstanceStatus::Failed(word) => {
            let events = events(context, location, instance.id.as_str()).await;
            Err(Failure::terminal(ErrorCode::InstanceFailed, format!("instance {} is `{word}`{events}", instance.id))
                .hint(ErrorCode::InstanceFailed.action())
                .into())
        }
        InstanceStatus::Deleting => Err(Failure::terminal(
            ErrorCode::InstanceFailed,
            format!("instance {} is being deleted by someone", instance.id),
        )
        .into()),
        InstanceStatus::Changing(word) => Ok(Some(format!("instance {} is `{word}`", instance.id))),
    }
}

/// Reboots members that have not taken up the cluster's static parameters, and says who is not ready.
pub(super) async fn parameters_not_in_sync(
    context: &StepContext<'_>,
    location: &Location,
    cluster: &Cluster,
) -> Result<Option<String>, StepError> {
    for member in &cluster.members {
        match &member.parameter_group_status {
            ParameterGroupStatus::InSync => {}
            ParameterGroupStatus::PendingReboot => {
                let reboot = Change::RebootInstance { instance: member.instance.clone() };
                match context.change(location, reboot).await? {
                    Ok(()) => {}
                    // It is rebooting already.
                    Err(error) if error.kind == RdsErrorKind::InvalidState => {}
                    Err(error) => return Err(error.into()),
                }
                return Ok(Some(format!("instance {} takes up its parameters", member.instance)));
            }
            ParameterGroupStatus::Other(word) => {
                return Ok(Some(format!("the parameters of instance {} are `{word}`", member.instance)));
            }
        }
    }
    Ok(None)
}

/// The newest events about a thing, for the text of a failure. That they cannot be read must not hide the failure.
async fn events(context: &StepContext<'_>, location: &Location, source: &str) -> String {
    match context.rds(location).recent_events(source).await {
        Ok(events) if events.is_empty() => String::new(),
        Ok(events) => format!("; RDS says: {}", events.join(" / ")),
        Err(error) => format!("; its events cannot be read: {error}"),
    }
}
