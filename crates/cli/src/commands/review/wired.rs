//! What is reviewed, wired: each port by itself, so that one that cannot be had keeps nobody from the others.

use std::path::PathBuf;

use aurora_restore_app::{
    JournalUse, LogFiles, OpenState, Services, StackConfiguration, StackServices, ways_of_copies,
};
use aurora_restore_core::{
    ids::Region,
    ports::{Location, Side},
};
use aurora_restore_ops::{
    drill::HeldDrills,
    patiently,
    ports::{Bills, Executions, Functions, Grants, Keys, Logs, Metrics, Safeguards, Stack, StackResource},
    review::{Deployed, Drills, NoExecutions, Reach, Site, Unlooked, Verdicts},
    sweep::{Bounds, Sweep},
};
use jiff::Timestamp;

use super::super::on_stack;
use crate::{context::Context, error::CommandError};

/// What is told where no stack is reviewed.
const NO_STACK: &str = "no stack is reviewed";

/// What is reviewed, with everything it is looked at through.
pub(super) struct Wired {
    stack: Option<String>,
    of: String,
    state: Reach<OpenState>,
    executions: Reach<Box<dyn Executions>>,
    /// The services of the domain, where the targets are, and where copies are made on their way.
    services: Reach<(Services, Location, Vec<Location>)>,
    logs: Reach<(Box<dyn Logs>, Vec<String>)>,
    metrics: Reach<Box<dyn Metrics>>,
    bills: Reach<Box<dyn Bills>>,
    deployed: Reach<Deployed>,
    configuration: Reach<StackConfiguration>,
    /// The account and Region of the stack, entered.
    of_stack: Reach<StackServices>,
    functions: Reach<Box<dyn Functions>>,
    grants: Reach<Box<dyn Grants>>,
    safeguards: Reach<Box<dyn Safeguards>>,
    keys: Reach<Box<dyn Keys>>,
}

impl Wired {
    /// Opens what can be opened. A stack that is named has to be there.
    pub(super) async fn open(context: &Context, files: &[PathBuf]) -> Result<Self, CommandError> {
        let files = (!files.is_empty()).then(|| log_files(files));
        if context.stack_name().is_some() { of_stack(context, files).await } else { of_here(context, files).await }
    }

    /// What is reviewed, in words.
    pub(super) fn of(&self) -> &str {
        &self.of
    }

    /// The ports.
    pub(super) fn site(&self, now: Timestamp) -> Site<'_> {
        let executions = held(&self.executions);
        Site {
            now,
            stack: self.stack.as_deref(),
            journal: self.state.as_ref().map(|state| state.journal.as_ref()),
            states: self.state.as_ref().map(|state| state.states.as_ref()),
            sweep: self.services.as_ref().map(|(services, location, ways)| Sweep {
                stack: &self.of,
                ports: services.ports(),
                // Whoever looks for what was left asks for no execution.
                executions: match &executions {
                    Reach::There(executions) => *executions,
                    Reach::NotHere(_) | Reach::Unreachable(_) => &NoExecutions,
                },
                location: location.clone(),
                ways: ways.clone(),
                bounds: Bounds::default(),
            }),
            rds: self.services.as_ref().map(|(services, location, _)| (services.ports().cloud, location.clone())),
            executions,
            logs: self.logs.as_ref().map(|(logs, groups)| (logs.as_ref(), groups.clone())),
            metrics: held(&self.metrics),
            bills: held(&self.bills),
            deployed: self.deployed.as_ref(),
            configuration: self.configuration.as_ref().map(|configuration| configuration as &dyn Verdicts),
            drifts: self.of_stack.as_ref().map(StackServices::drifts),
            functions: held(&self.functions),
            grants: held(&self.grants),
            safeguards: held(&self.safeguards),
            keys: held(&self.keys),
            drills: self.state.as_ref().map(|state| {
                let journal = state.journal.as_ref();
                Box::new(HeldDrills { journal, now }) as Box<dyn Drills + '_>
            }),
        }
    }
}

/// The logs of the stack, with the groups of its functions and machines.
pub(in crate::commands) async fn logs_of_stack(context: &Context) -> Reach<(Box<dyn Logs>, Vec<String>)> {
    let open = async || {
        let stack = context.stack()?;
        let services = context.stack_services(&context.stack_region(None)?).await?;
        let resources = patiently(|| services.stacks().resources(&stack.id)).await?;
        Ok::<_, CommandError>((services.logs()?, groups(&resources)))
    };
    reach(open().await)
}

async fn of_stack(context: &Context, files: Option<(Box<dyn Logs>, Vec<String>)>) -> Result<Wired, CommandError> {
    let stack = context.stack()?;
    let region = context.stack_region(None)?;
    let of_stack = context.stack_services(&region).await?;
    let deployed = deployed(&of_stack, stack).await;
    let logs = match files {
        Some(files) => Reach::There(files),
        None => {
            reach(of_stack.logs()).and(deployed.as_ref()).map(|(logs, deployed)| (logs, groups(&deployed.resources)))
        }
    };
    Ok(Wired {
        stack: Some(stack.name.clone()),
        of: format!("stack {} in {region}", stack.name),
        state: reach(context.state(JournalUse::Read).await),
        executions: reach(on_stack::executions(context, "StateMachineArn").await),
        services: services(context, &region).await,
        logs,
        metrics: reach(of_stack.metrics()),
        bills: reach(of_stack.bills()),
        configuration: reach(of_stack.configuration(stack)),
        functions: reach(of_stack.functions()),
        grants: reach(of_stack.grants()),
        safeguards: reach(of_stack.safeguards()),
        keys: reach(of_stack.keys()),
        of_stack: Reach::There(of_stack),
        deployed,
    })
}

async fn of_here(context: &Context, files: Option<(Box<dyn Logs>, Vec<String>)>) -> Result<Wired, CommandError> {
    let services = match context.stack_region(None) {
        Ok(region) => services(context, &region).await,
        Err(error) => Reach::Unreachable(unlooked(error)),
    };
    Ok(Wired {
        stack: None,
        of: "the operations of this machine".to_owned(),
        state: state_of_here(context).await,
        executions: Reach::There(Box::new(NoExecutions)),
        services,
        logs: files.map_or(Reach::NotHere("no log is named with --logs"), Reach::There),
        metrics: Reach::NotHere("the command writes no metrics"),
        bills: Reach::NotHere(NO_STACK),
        deployed: Reach::NotHere(NO_STACK),
        configuration: Reach::NotHere(NO_STACK),
        of_stack: Reach::NotHere(NO_STACK),
        functions: Reach::NotHere(NO_STACK),
        grants: Reach::NotHere(NO_STACK),
        safeguards: Reach::NotHere(NO_STACK),
        keys: Reach::NotHere(NO_STACK),
    })
}

async fn state_of_here(context: &Context) -> Reach<OpenState> {
    match context.missing_journal() {
        Ok(Some(_)) => Reach::NotHere("there is no journal where the configuration says, and no operation was begun"),
        Ok(None) => reach(context.state(JournalUse::Read).await),
        Err(error) => Reach::Unreachable(unlooked(error)),
    }
}

async fn deployed(services: &StackServices, stack: &Stack) -> Reach<Deployed> {
    let read = async || {
        let resources = patiently(|| services.stacks().resources(&stack.id)).await?;
        let template = patiently(|| services.stacks().template(&stack.id)).await?;
        Ok::<_, CommandError>(Deployed { stack: stack.clone(), resources, template })
    };
    reach(read().await)
}

/// The groups of the stack's functions and machines.
fn groups(resources: &[StackResource]) -> Vec<String> {
    StackResource::names(resources, "AWS::Logs::LogGroup").map(str::to_owned).collect()
}

fn log_files(files: &[PathBuf]) -> (Box<dyn Logs>, Vec<String>) {
    (Box::new(LogFiles), files.iter().map(|file| file.display().to_string()).collect())
}

async fn services(context: &Context, region: &Region) -> Reach<(Services, Location, Vec<Location>)> {
    let open = async || {
        let services = context.services(region, JournalUse::Read).await?;
        let location = Location { side: Side::Target, region: region.clone() };
        Ok::<_, CommandError>((services, location, ways_of_copies(context.config()?, region)))
    };
    reach(open().await)
}

/// A port that is held in a box.
fn held<T: ?Sized>(port: &Reach<Box<T>>) -> Reach<&T> {
    port.as_ref().map(Box::as_ref)
}

fn reach<T>(opened: Result<T, impl Into<CommandError>>) -> Reach<T> {
    match opened {
        Ok(opened) => Reach::There(opened),
        Err(error) => Reach::Unreachable(unlooked(error.into())),
    }
}

fn unlooked(error: CommandError) -> Unlooked {
    let doctor = "aurora-restore doctor".to_owned();
    match error {
        CommandError::BrokenPipe => Unlooked { reason: "the output is gone".to_owned(), mend: doctor },
        CommandError::Told(told) => {
            let first = told.points.into_iter().next();
            let (reason, hint) =
                first.map_or_else(Default::default, |point| (point.message, point.hints.into_iter().next()));
            Unlooked { reason, mend: hint.unwrap_or(doctor) }
        }
    }
}
