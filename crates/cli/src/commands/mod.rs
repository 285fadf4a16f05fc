//! The commands: one file each, an arguments struct whose comments are the help, and `run`.

mod batch;
mod cancel;
#[cfg(feature = "stack")]
mod capacity;
#[cfg(feature = "stack")]
mod change;
mod completions;
mod config;
mod confirm;
mod demo;
mod doctor;
mod drill;
mod drive;
mod explain;
#[cfg(feature = "stack")]
mod functions;
#[cfg(feature = "stack")]
mod indexes;
#[cfg(feature = "stack")]
mod keys;
mod list;
#[cfg(feature = "stack")]
mod logs;
mod man;
#[cfg(feature = "stack")]
mod monitoring;
#[cfg(feature = "stack")]
mod on_stack;
mod operation_services;
mod plan;
mod plan_file;
mod report;
mod request_args;
mod resume;
mod retire;
#[cfg(feature = "stack")]
mod review;
mod run;
mod sandbox;
#[cfg(feature = "stack")]
mod secrets;
#[cfg(feature = "stack")]
mod stack;
#[cfg(feature = "stack")]
mod start;
mod state;
mod status;
mod undo;
mod watch;

use clap::Subcommand;

use crate::{context::Context, error::CommandResult};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Plan(plan::PlanArgs),
    Run(run::RunArgs),
    #[cfg(feature = "stack")]
    Start(start::StartArgs),
    Status(status::StatusArgs),
    List(list::ListArgs),
    Watch(watch::WatchArgs),
    Resume(resume::ResumeArgs),
    Cancel(cancel::CancelArgs),
    Undo(undo::UndoArgs),
    Retire(retire::RetireArgs),
    Report(report::ReportArgs),
    Batch(batch::BatchArgs),
    Drill(drill::DrillArgs),
    State(state::StateArgs),
    #[cfg(feature = "stack")]
    Review(review::ReviewArgs),
    #[cfg(feature = "stack")]
    Keys(keys::KeysArgs),
    #[cfg(feature = "stack")]
    Secrets(secrets::SecretsArgs),
    #[cfg(feature = "stack")]
    Stack(stack::StackArgs),
    #[cfg(feature = "stack")]
    Change(change::ChangeArgs),
    #[cfg(feature = "stack")]
    Functions(functions::FunctionsArgs),
    #[cfg(feature = "stack")]
    Monitoring(monitoring::MonitoringArgs),
    #[cfg(feature = "stack")]
    Logs(logs::LogsArgs),
    #[cfg(feature = "stack")]
    Capacity(capacity::CapacityArgs),
    #[cfg(feature = "stack")]
    Indexes(indexes::IndexesArgs),
    Config(config::ConfigArgs),
    Doctor(doctor::DoctorArgs),
    Demo(demo::DemoArgs),
    Sandbox(sandbox::SandboxArgs),
    Explain(explain::ExplainArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, context: &Context) -> CommandResult {
        match self {
            Self::Plan(args) => plan::run(context, args),
            Self::Run(args) => run::run(context, args),
            #[cfg(feature = "stack")]
            Self::Start(args) => start::run(context, args),
            Self::Status(args) => status::run(context, args),
            Self::List(args) => list::run(context, args),
            Self::Watch(args) => watch::run(context, args),
            Self::Resume(args) => resume::run(context, args),
            Self::Cancel(args) => cancel::run(context, args),
            Self::Undo(args) => undo::run(context, args),
            Self::Retire(args) => retire::run(context, args),
            Self::Batch(args) => batch::run(context, args),
            Self::Drill(args) => drill::run(context, args),
            Self::Report(args) => report::run(context, args),
            Self::State(args) => state::run(context, args),
            #[cfg(feature = "stack")]
            Self::Review(args) => review::run(context, args),
            #[cfg(feature = "stack")]
            Self::Keys(args) => keys::run(context, args),
            #[cfg(feature = "stack")]
            Self::Secrets(args) => secrets::run(context, args),
            #[cfg(feature = "stack")]
            Self::Stack(args) => stack::run(context, args),
            #[cfg(feature = "stack")]
            Self::Change(args) => change::run(context, args),
            #[cfg(feature = "stack")]
            Self::Functions(args) => functions::run(context, args),
            #[cfg(feature = "stack")]
            Self::Monitoring(args) => monitoring::run(context, args),
            #[cfg(feature = "stack")]
            Self::Logs(args) => logs::run(context, args),
            #[cfg(feature = "stack")]
            Self::Capacity(args) => capacity::run(context, args),
            #[cfg(feature = "stack")]
            Self::Indexes(args) => indexes::run(context, args),
            Self::Config(args) => config::run(context, args),
            Self::Demo(args) => demo::run(context, args),
            Self::Sandbox(args) => sandbox::run(context, args),
            Self::Doctor(args) => doctor::run(context, args),
            Self::Explain(args) => explain::run(context, args),
            Self::Completions(args) => completions::run(context, args),
            Self::Man(args) => man::run(context, args),
        }
    }
}
