//! `stack restore`: the stack of a backup, made again where nothing of it is.

use std::{collections::BTreeMap, path::PathBuf};

use aurora_restore_app::StackServices;
use aurora_restore_ops::{
    OpsError, TemplateParameters,
    backup::{self as backing_up, Backup, RestoreInto},
    deploy::{self as deploying, DeployPorts, Purpose},
    patiently,
    ports::Stack,
};
use clap::Args;

use super::{PlaceArgs, backup, deploy, material, narrator::Lines};
use crate::{
    commands::{change::Governor, confirm::ConfirmArgs},
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::words,
};

/// Make the stack of a backup again, where nothing of it is
///
/// The backup is proven first. What is there already (the stack, its tables, its logs, its topic) is told and nothing is
/// changed: a table that was kept when a stack was deleted holds the journal of its operations. Then the changes are shown, as with
/// `stack deploy`, and once the stack is made its resources are compared with those of the backup. Operations come back with
/// `state import`.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    place: PlaceArgs,

    /// The package, where the backup was taken without it
    #[arg(long, value_name = "FILE")]
    package: Option<PathBuf>,

    /// A parameter that is to be other than in the backup, or that it leaves out
    #[arg(long, value_name = "NAME=VALUE")]
    parameter: Vec<String>,

    /// The bucket for the package; aurora-restore-ACCOUNT-REGION without it, which is made where it is missing
    #[arg(long, value_name = "BUCKET")]
    bucket: Option<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub(super) fn run(context: &Context, args: &RestoreArgs) -> CommandResult {
    let (backup, _) = backup::read(&args.file)?;
    let parameters = parameters(&backup, &args.parameter)?;
    let package = match &args.package {
        Some(path) => Some(material::read_package(path)?.content),
        None => None,
    };
    let region = context.stack_region(args.place.region.as_ref())?;
    context.block_on(async {
        let services = context.stack_services(&region).await?;
        let account = services.account(context.config_beside_stack()?.environment()).await?;
        let into = RestoreInto {
            stack: super::name(context).to_owned(),
            account: account.to_string(),
            region: region.to_string(),
            parameters,
            package,
            bucket: args.bucket.clone(),
            usual_bucket: services.usual_bucket(&account),
        };
        let safeguards = services.safeguards()?;
        let found = backing_up::what_is_in_the_way(services.stacks(), safeguards.as_ref(), &backup, &into).await?;
        if !found.is_empty() {
            return Err(OpsError::InTheWay { found }.into());
        }
        let artifacts = services.artifacts(&account)?;
        restored(context, args.confirm, services.deploy_ports(artifacts.as_ref()), &services, (&backup, &into)).await
    })
}

/// Makes the stack once a person agrees, and compares it with the backup.
async fn restored(
    context: &Context,
    confirm: ConfirmArgs,
    ports: DeployPorts<'_>,
    services: &StackServices,
    (backup, into): (&Backup, &RestoreInto),
) -> CommandResult {
    let deployment = backing_up::restoration(ports.artifacts, backup, into).await?;
    let mut lines = Lines(context.ui());
    let prepared = deploying::prepare(ports, &deployment, Purpose::Deploy, &mut lines).await?;
    deploy::show_changes(context.ui(), &prepared, confirm)?;
    let question = deploy::question(&prepared, &into.account, &into.region);
    if let Err(refused) = confirm.ask(context.ui(), &question, &into.stack) {
        deploying::discard(ports.stacks, &prepared).await?;
        return Err(refused);
    }
    let stack = deploying::execute(ports.stacks, &prepared, &mut lines).await?;
    deploy::tell(context.ui(), &into.stack, &into.region, true, stack.as_ref())?;
    if let Some(stack) = &stack {
        let why = format!("restored from the backup of stack {}, made at {}", backup.stack, backup.made_at);
        let mut governor = Governor::open(context, services, None, &into.stack).await?;
        governor.record_first(services, stack, &prepared.proposal(Some(&why))).await;
    }
    compared(context, services, backup, into, stack.as_ref()).await
}

fn parameters(backup: &Backup, texts: &[String]) -> Result<BTreeMap<String, String>, CommandError> {
    let known = TemplateParameters::of(&backup.template);
    let mut parameters = BTreeMap::new();
    for text in texts {
        let (name, value) = material::parameter(text)?;
        known.accept(name, value)?;
        parameters.insert(name.to_owned(), value.to_owned());
    }
    Ok(parameters)
}

/// Whether what was made is what the backup says.
async fn compared(
    context: &Context,
    services: &StackServices,
    backup: &Backup,
    into: &RestoreInto,
    stack: Option<&Stack>,
) -> CommandResult {
    let id = stack.map_or(into.stack.as_str(), |stack| stack.id.as_str());
    let found = patiently(|| services.stacks().resources(id)).await?;
    let differences = backing_up::differences(backup, &into.region, &into.parameters, &found);
    for difference in &differences {
        context.ui().warning(format_args!("{difference}"));
    }
    if differences.is_empty() {
        let count = words::plural(found.len(), "resource");
        context.ui().done(format_args!("stack {} has the {count} of the backup.", into.stack));
        context.ui().hint("Bring operations back with `aurora-restore state import FILE`, from a `state export`.");
        return Ok(ExitCode::Done);
    }
    let count = words::plural(differences.len(), "difference");
    Err(CommandError::failed(format!("stack {} was made, with {count} from the backup", into.stack))
        .hint("They stand above. Is the account as empty as it should be?"))
}
