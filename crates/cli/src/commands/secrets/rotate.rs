//! `secrets rotate`: the four stages of a rotation, from wherever it stands.

use aurora_restore_app::{
    RotationServices,
    config::{FlagValue, RotationKeys},
    new_secret_version,
};
use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{Endpoint, OwnRotation},
};
use aurora_restore_ops::rotation::{Rotation, RotationPlan, RotationPorts, Stage, Stand, Strategy};
use clap::Args;

use super::show;
use crate::{
    commands::confirm::ConfirmArgs,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
    ui::{Format, Stderr, Ui},
};

/// Give the logins of a secret new passwords, so that no client is refused
///
/// In the four stages of Secrets Manager: create, set, test, finish. Logins of users come in pairs: the one that is not in
/// use gets the new password, and the secret then names that one; the former login works until the next rotation. The
/// master has one login only: between set and finish its current password is refused. A rotation that was cut off is gone
/// on with by running the same command again.
#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// The secret
    #[arg(value_name = "SECRET")]
    secret: SecretId,

    /// The cluster whose logins it holds: target.cluster
    #[arg(long, value_name = "CLUSTER")]
    target: Option<String>,

    /// Show what would be done, and change nothing
    #[arg(long)]
    plan: bool,

    /// Drop a rotation that was begun and cannot be gone on with, and change nothing else
    ///
    /// Its version keeps its content and loses the label of a rotation under way. Refused where the version holds the only
    /// password that the database takes.
    #[arg(long, conflicts_with_all = ["plan", "even_if_recent"])]
    discard: bool,

    /// Even if the former logins were exchanged less than an hour ago
    ///
    /// The logins before them stop working at once. For a password that somebody knows who should not, rotate twice.
    #[arg(long)]
    even_if_recent: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(context: &Context, args: &RotateArgs) -> CommandResult {
    let flag = |text: &String| FlagValue {
        flag: "--target".to_owned(),
        path: "target.cluster".to_owned(),
        text: text.clone(),
    };
    let config = context.config_with(args.target.iter().map(flag).collect())?;
    let keys = context.rotation(config)?;
    let strategy = strategy(&args.secret, &keys)?;
    context.block_on(async {
        let services = RotationServices::build(config.environment(), &keys.region, Stderr).await?;
        let endpoint = endpoint(&services, &keys).await?;
        let rotation = Rotation {
            secret: &args.secret,
            strategy,
            target: &keys.cluster,
            endpoint: &endpoint,
            dependents: keys.dependents(|configured| configured.is_same_secret(&args.secret)),
            ports: RotationPorts {
                versions: services.versions(),
                database: services.database(),
                logins: services.logins(),
                notifier: services.notifier(),
            },
        };
        rotate(context, args, &rotation).await
    })
}

async fn rotate(context: &Context, args: &RotateArgs, rotation: &Rotation<'_>) -> CommandResult {
    if args.discard {
        return discard(context.ui(), args, rotation).await;
    }
    let ui = context.ui();
    let plan = rotation.look().await?;
    let grace_left = plan.grace_left(context.now());
    if args.plan {
        show::plan(ui, rotation, &plan, grace_left)?;
        return Ok(ExitCode::Done);
    }
    if let Some(left) = grace_left.filter(|_| !args.even_if_recent) {
        return Err(CommandError::failed(format!("secret `{}` was changed less than an hour ago", rotation.secret))
            .hint(format!(
                "Clients may still use the logins before the present ones, which the next rotation ends: try again in {}, or give \
                 --even-if-recent. Nothing was changed.",
                words::duration(left)
            )));
    }
    args.confirm.ask(ui, &question(rotation, &plan), rotation.secret.as_str())?;
    if plan.own_rotation == OwnRotation::On {
        ui.warning("Secrets Manager rotates this secret by a function, too; whoever comes second finds the work done.");
    }
    let version = stages(ui, rotation, &plan).await?;
    if ui.format() == Format::Json {
        show::done(ui, rotation, &plan, &version)?;
    }
    ui.done(format_args!("secret {} is rotated; its version is {version}", rotation.secret));
    Ok(ExitCode::Done)
}

async fn discard(ui: &Ui, args: &RotateArgs, rotation: &Rotation<'_>) -> CommandResult {
    let question = format!("A rotation of secret {} that was begun is dropped; no login is changed.", rotation.secret);
    args.confirm.ask(ui, &question, rotation.secret.as_str())?;
    let dropped = rotation.discard().await?;
    if ui.format() == Format::Json {
        show::discarded(ui, rotation, dropped.as_ref())?;
    }
    match dropped {
        Some(version) => ui.done(format_args!("version {version} of secret {} is dropped", rotation.secret)),
        None => ui.done(format_args!("no rotation of secret {} was begun; nothing was changed", rotation.secret)),
    }
    Ok(ExitCode::Done)
}

/// Does what is left of it, and says so stage by stage.
async fn stages(ui: &Ui, rotation: &Rotation<'_>, plan: &RotationPlan) -> Result<SecretVersionId, CommandError> {
    let (version, stages): (SecretVersionId, &[Stage]) = match &plan.stand {
        Stand::AtRest => {
            let version = new_secret_version().map_err(|error| CommandError::internal(error.to_string()))?;
            // Somebody may have rotated it while a person was asked.
            rotation.begin(plan, &version).await?;
            (version, &Stage::ALL)
        }
        Stand::Cut { version } => (version.clone(), &Stage::ALL),
        Stand::Untold { version } => (version.clone(), &[Stage::Finish]),
    };
    for stage in stages {
        rotation.step(*stage, &version).await?;
        ui.say(format_args!("{}: done.", stage.as_str()));
    }
    Ok(version)
}

fn question(rotation: &Rotation<'_>, plan: &RotationPlan) -> String {
    let logins: Vec<String> =
        plan.changes.iter().map(|change| format!("`{}` is followed by `{}`", change.from, change.to)).collect();
    match (&rotation.strategy, &plan.stand) {
        (_, Stand::Untold { .. }) => "People are told that the passwords are new.".to_owned(),
        (Strategy::Single, _) => format!(
            "The password of the master of cluster {} is changed; the former one is refused at once.",
            rotation.target
        ),
        (Strategy::Alternating { .. }, _) => {
            format!("The logins of cluster {} are exchanged: {}.", rotation.target, logins.join(", "))
        }
    }
}

/// The master changes its own password; everybody else gets it from the master.
fn strategy(secret: &SecretId, keys: &RotationKeys) -> Result<Strategy, CommandError> {
    if keys.source_master.as_ref().is_some_and(|source| source.is_same_secret(secret)) {
        return Err(CommandError::usage(format!("secret `{secret}` is of another cluster than {}", keys.cluster))
            .hint("It is `secrets.source-master`: rotate it where that cluster is the target. Nothing was changed."));
    }
    if secret.is_same_secret(&keys.master) {
        return Ok(Strategy::Single);
    }
    Ok(Strategy::Alternating { master: keys.master.clone() })
}

async fn endpoint(services: &RotationServices, keys: &RotationKeys) -> Result<Endpoint, CommandError> {
    let found = services.endpoint(&keys.region, &keys.cluster).await;
    let found = found.map_err(|error| {
        CommandError::failed(format!("cluster {} cannot be found", keys.cluster))
            .caused_by(error)
            .hint("Look at `--target`, `target.region` and the account. Nothing was changed.")
    })?;
    found.ok_or_else(|| {
        CommandError::failed(format!("cluster {} has no endpoint yet", keys.cluster))
            .hint("Wait until it is available. Nothing was changed.")
    })
}
