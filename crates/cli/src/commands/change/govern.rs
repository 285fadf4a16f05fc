//! What every command that applies something to a stack takes and does around it: an approval before it, and records before and
//! after.

use aurora_restore_app::{StackServices, config::Config};
use aurora_restore_core::{
    operation::Status,
    ports::{Journal, OperationFilter},
};
use aurora_restore_ops::{
    change::{Change, ChangeControl, ChangeId, ChangeKind, Demand, Figures, Outcome, Proposal},
    patiently,
    ports::{AlarmState, Alarms, Changes, Stack, StackResource},
};
use clap::{Args, builder::NonEmptyStringValueParser};

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::printable::printable,
    ui::Format,
};

/// The output that names the table with the records.
const AUDIT_TABLE: &str = "AuditTableName";
/// The most operations of one status that are counted.
const COUNTED_MAX: usize = 1_000;

/// What every command that applies something to a stack takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Change control")]
pub(crate) struct GovernArgs {
    /// Why, for the record of the change
    #[arg(long, value_name = "WHY", value_parser = NonEmptyStringValueParser::new())]
    why: Option<String>,

    /// Apply only what somebody else has approved
    ///
    /// With a change: that one. Refused if it is not approved, if the approval has expired, and if what would be applied now is not
    /// what was approved.
    #[arg(long, value_name = "CHANGE", num_args = 0..=1, value_parser = super::id)]
    require_approval: Option<Option<ChangeId>>,

    /// Record what would be applied, for somebody else to approve, and apply nothing
    #[arg(long, conflicts_with = "require_approval")]
    propose: bool,
}

impl GovernArgs {
    /// Why.
    pub(crate) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Whether nothing is to be applied.
    pub(crate) fn only_proposes(&self) -> bool {
        self.propose
    }

    /// The option that was given and says something about applying, which is not to be done.
    pub(crate) fn about_applying(&self) -> Option<&'static str> {
        match (&self.require_approval, &self.why) {
            (Some(_), _) => Some("--require-approval"),
            (None, Some(_)) if !self.propose => Some("--why"),
            (None, _) => None,
        }
    }

    fn demand(&self) -> Demand {
        match self.require_approval {
            None => Demand::Nothing,
            Some(None) => Demand::Approval,
            Some(Some(change)) => Demand::ApprovalOf(change),
        }
    }
}

/// How something that was applied has ended, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) note: Option<String>,
}

impl Ended {
    /// As it went. None for what goes on without us: nobody knows yet how it ends.
    fn of<T>(made: &Result<T, CommandError>) -> Option<Self> {
        let note = match made {
            Ok(_) => return Some(Self { outcome: Outcome::Applied, note: None }),
            Err(CommandError::Told(told)) if told.exit == ExitCode::StillRunning => return None,
            Err(error) => Some(error.message()).filter(|message| !message.is_empty()),
        };
        Some(Self { outcome: Outcome::Failed, note })
    }
}

/// Keeps the records of the changes of one stack, in the name of the caller.
pub(crate) struct Governor<'c> {
    pub(super) context: &'c Context,
    stack: String,
    by: String,
    /// None where there is no table yet.
    store: Option<Store>,
    /// None where there is no stack yet, or where they cannot be asked for.
    watched: Option<Watched>,
}

/// The alarms of the stack.
struct Watched {
    alarms: Box<dyn Alarms>,
    names: Vec<String>,
}

impl Watched {
    /// What cannot be asked for is no figure, and keeps nobody from changing anything.
    async fn open(services: &StackServices, stack: &Stack) -> Option<Self> {
        let resources = patiently(|| services.stacks().resources(&stack.id)).await.ok()?;
        let names = StackResource::names(&resources, "AWS::CloudWatch::Alarm").map(str::to_owned).collect();
        Some(Self { alarms: services.alarms().ok()?, names })
    }

    /// How many of them ring.
    async fn ringing(&self) -> Option<f64> {
        let found = patiently(|| self.alarms.named(&self.names)).await.ok()?;
        let count = found.iter().filter(|alarm| alarm.state == AlarmState::Ringing).count();
        Some(f64::from(u32::try_from(count).ok()?))
    }
}

struct Store {
    changes: Box<dyn Changes>,
    journal: Box<dyn Journal>,
}

impl<'c> Governor<'c> {
    /// Asks who calls, and opens the stack's tables if it has some yet.
    pub(crate) async fn open(
        context: &'c Context,
        services: &StackServices,
        found: Option<&Stack>,
        name: &str,
    ) -> Result<Self, CommandError> {
        let by = services.caller(context.config_beside_stack()?.environment()).await?;
        let watched = match found {
            Some(stack) => Watched::open(services, stack).await,
            None => None,
        };
        let mut governor = Self { context, stack: name.to_owned(), by, store: None, watched };
        if let Some(stack) = found.filter(|stack| stack.outputs.contains_key(AUDIT_TABLE)) {
            governor.store = Some(governor.store_of(services, stack).await?);
        }
        Ok(governor)
    }

    async fn store_of(&self, services: &StackServices, stack: &Stack) -> Result<Store, CommandError> {
        let mut sources = self.context.sources()?;
        sources.stack = Some(services.as_deployed(stack));
        let config = Config::load(&sources)?;
        let opened = aurora_restore_app::open_changes(config.environment()).await?;
        let (journal, changes) =
            opened.ok_or_else(|| CommandError::internal("a stack keeps its journal in no tables"))?;
        Ok(Store { changes, journal })
    }

    /// The records; an error where the stack has no tables.
    pub(super) fn control(&self) -> Result<ChangeControl<'_>, CommandError> {
        self.control_if_any().ok_or_else(|| self.no_table())
    }

    fn control_if_any(&self) -> Option<ChangeControl<'_>> {
        let store = self.store.as_ref()?;
        Some(ChangeControl {
            changes: store.changes.as_ref(),
            clock: self.context.clock(),
            stack: &self.stack,
            by: &self.by,
        })
    }

    /// Records a proposal that is not applied.
    pub(crate) async fn propose(&self, proposal: &Proposal) -> CommandResult {
        let change = self.control()?.open(proposal).await?;
        let ui = self.context.ui();
        match ui.format() {
            Format::Json => {
                ui.json(&super::show::ChangeDocument { version: 1, stack: &self.stack, change: &change })?;
            }
            Format::Text => super::show::text(&mut ui.data(), &change)?,
        }
        ui.done(format_args!("change {} is proposed; nothing was applied.", change.id));
        ui.hint(format_args!("Somebody else approves it with `aurora-restore change approve {}`.", change.id));
        Ok(ExitCode::Done)
    }

    /// Whether something may be applied. A person is asked after it.
    pub(crate) async fn check(&self, proposal: &Proposal, args: &GovernArgs) -> Result<(), CommandError> {
        match (self.control_if_any(), args.demand()) {
            (Some(control), demand) => {
                let ledger = control.ledger().await?;
                if let Some(wrong) = &ledger.broken {
                    self.context
                        .ui()
                        .warning(format_args!("the records of changes are not as they were written: {wrong}"));
                }
                Ok(control.check(proposal, demand).await?)
            }
            (None, Demand::Nothing) => Ok(()),
            (None, Demand::Approval | Demand::ApprovalOf(_)) => Err(self.no_approval()),
        }
    }

    /// Whether one of some proposals may be applied, before it is found out at some cost which one it would be.
    pub(crate) async fn check_any(&self, proposals: &[Proposal], args: &GovernArgs) -> Result<(), CommandError> {
        match (self.control_if_any(), args.demand()) {
            (Some(control), demand) => Ok(control.check_any(proposals, demand).await?),
            (None, Demand::Nothing) => Ok(()),
            (None, Demand::Approval | Demand::ApprovalOf(_)) => Err(self.no_approval()),
        }
    }

    /// Without a table nothing is approved.
    fn no_approval(&self) -> CommandError {
        self.no_table().hint("So there is no approval. Nothing was applied.")
    }

    fn no_table(&self) -> CommandError {
        CommandError::configuration(format!("stack {} has no table for the records of changes yet", self.stack))
            .hint("The first `aurora-restore stack deploy` makes it.")
    }

    /// Applies something: what was approved where that is demanded, agreed to by whoever is asked, recorded before and after.
    /// None where it was only to be proposed, which is told then.
    pub(crate) async fn apply<T>(
        &self,
        proposal: &Proposal,
        args: &GovernArgs,
        ask: impl FnOnce() -> Result<(), CommandError>,
        apply: impl Future<Output = Result<T, CommandError>>,
    ) -> Result<Option<T>, CommandError> {
        if args.only_proposes() {
            self.propose(proposal).await?;
            return Ok(None);
        }
        self.check(proposal, args).await?;
        ask()?;
        let change = self.begin(proposal, args).await?;
        let made = apply.await;
        if let Some(ended) = Ended::of(&made) {
            self.end(change, &ended).await;
        }
        made.map(Some)
    }

    /// Records that it is being applied now. Whoever gets an error applies nothing.
    pub(crate) async fn begin(&self, proposal: &Proposal, args: &GovernArgs) -> Result<Option<ChangeId>, CommandError> {
        let Some(control) = self.control_if_any() else { return Ok(None) };
        let change = control.begin(proposal, args.demand(), &self.figures().await).await?;
        self.context.ui().say(format_args!("recorded as change {}.", change.id));
        Ok(Some(change.id))
    }

    /// Records how it ended. That it cannot be recorded does not undo what was applied: it is told, and the change stays `applying`.
    pub(crate) async fn end(&self, change: Option<ChangeId>, ended: &Ended) {
        let (Some(control), Some(change)) = (self.control_if_any(), change) else { return };
        let figures = self.figures().await;
        if let Err(error) = control.end(change, ended.outcome, ended.note.as_deref(), &figures).await {
            let ui = self.context.ui();
            ui.warning(format_args!("how change {change} ended is not recorded: {error}"));
            let outcome = ended.outcome.stage().as_str();
            ui.hint(format_args!(
                "Record it with `aurora-restore change close {change} --outcome {outcome} --note NOTE`."
            ));
        }
    }

    /// Records the change that has made the table.
    pub(crate) async fn record_first(&mut self, services: &StackServices, stack: &Stack, proposal: &Proposal) {
        match self.try_to_record_first(services, stack, proposal).await {
            Ok(change) => self.context.ui().say(format_args!("recorded as change {}.", change.id)),
            Err(error) => {
                self.context.ui().warning("the first deployment is not recorded");
                self.context.ui().error(&error);
            }
        }
    }

    async fn try_to_record_first(
        &mut self,
        services: &StackServices,
        stack: &Stack,
        proposal: &Proposal,
    ) -> Result<Change, CommandError> {
        self.store = Some(self.store_of(services, stack).await?);
        let control = self.control()?;
        let change = control.begin(proposal, Demand::Nothing, &Figures::new()).await?;
        let note = "the first deployment, recorded after it: there was no table before";
        Ok(control.end(change.id, Outcome::Applied, Some(note), &self.figures().await).await?)
    }

    /// Records that nothing came of it, before anything was applied.
    pub(crate) async fn end_as_failed(&self, change: Option<ChangeId>, error: &CommandError) {
        self.end(change, &Ended { outcome: Outcome::Failed, note: Some(error.message()) }).await;
    }

    /// The journal of the stack.
    pub(crate) fn journal(&self) -> Result<&dyn Journal, CommandError> {
        match &self.store {
            Some(store) => Ok(store.journal.as_ref()),
            None => Err(CommandError::configuration(format!("stack {} has no journal yet", self.stack))
                .hint("Deploy it with `aurora-restore stack deploy`.")),
        }
    }

    /// The changes of that kind that were begun and of which nobody knows how they ended, the newest first.
    pub(crate) async fn applying(&self, kind: ChangeKind) -> Result<Vec<Change>, CommandError> {
        let Some(control) = self.control_if_any() else { return Ok(Vec::new()) };
        Ok(control.ledger().await?.applying_of(kind))
    }

    /// Tells of changes that were begun and of which nobody knows how they ended.
    pub(crate) async fn tell_of_applying(&self) {
        let Some(control) = self.control_if_any() else { return };
        let Ok(ledger) = control.ledger().await else { return };
        ledger.applying().for_each(|change| tell_applying(self.context, change));
    }

    /// What is measured before and after: what goes on in the stack. What cannot be counted is left away.
    pub(super) async fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        let Some(store) = &self.store else { return figures };
        for (name, status) in [("operations in progress", Status::InProgress), ("operations stuck", Status::Stuck)] {
            let filter = OperationFilter { status: Some(status), limit: COUNTED_MAX, ..OperationFilter::default() };
            if let Ok(page) = store.journal.list(&filter).await {
                let count = u32::try_from(page.items.len() + page.refused.len()).unwrap_or(u32::MAX);
                figures.insert(name.to_owned(), f64::from(count));
            }
        }
        if let Some(watched) = &self.watched
            && let Some(ringing) = watched.ringing().await
        {
            figures.insert("alarms ringing".to_owned(), ringing);
        }
        figures
    }
}

/// Tells of one change that was begun and of which nobody knows how it ended.
pub(super) fn tell_applying(context: &Context, change: &Change) {
    let by = change.began.as_ref().map_or("somebody", |began| began.by.as_str());
    let ui = context.ui();
    ui.warning(format_args!(
        "change {} (`{}`) was begun by {} and nobody has recorded how it ended",
        change.id,
        change.proposal.kind.command(),
        printable(by)
    ));
    ui.hint(format_args!(
        "If nobody is at it any more, look what is there and record it with `aurora-restore change close {}`.",
        change.id
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_without_us_has_not_ended() {
        let outcome = |made: Result<(), CommandError>| Ended::of(&made).map(|ended| ended.outcome);
        assert_eq!(outcome(Ok(())), Some(Outcome::Applied));
        assert_eq!(outcome(Err(CommandError::failed("no"))), Some(Outcome::Failed));
        assert_eq!(outcome(Err(CommandError::still_running("the stack is changed"))), None, "it stays `applying`");
    }
}
