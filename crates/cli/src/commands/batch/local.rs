//! A batch in this process: one driver for each item, so many at a time. What an item works with is opened when it begins and
//! closed when it has ended, so that a batch of a thousand holds no more open than its concurrency.

use std::{
    cell::Cell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use aurora_restore_app::{DriveEnd, Follower, Services, Sink, Stop, drive, executor_of_batch};
use aurora_restore_core::{
    engine::{BeginOperation, Engine, Session, look_at},
    ids::OperationId,
    journal::Entry,
    operation::{Operation, Phase, Progress, Status},
    ports::{Journal, JournalError, Side, TargetKey},
};
use tokio::{
    sync::{Mutex, Semaphore},
    task::{JoinSet, LocalSet},
};

use super::{
    items::Item,
    rows::{self, Beginner, Rest},
    run::RunArgs,
};
use crate::{
    commands::operation_services::take_over_as,
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    interrupts::Asked,
    render::{fact, toned, words},
    ui::Ui,
};

/// What is told of an item: facts, with its operation's name before them.
struct Lines(Ui);

impl Sink for Lines {
    fn fact(&mut self, operation: &Operation, entry: &Entry) {
        let news = toned(&fact::tell(operation, entry));
        self.0.say(format_args!("{} {}: {news}", words::time(entry.at), operation.id));
    }

    fn progress(&mut self, _: &Operation, _: &Progress) {}

    fn tick(&mut self, _: &Operation) {}

    fn trouble(&mut self, text: &str) {
        self.0.warning(text);
    }
}

/// What all items share.
struct Shared {
    ui: Ui,
    stop: Stop,
    places: Semaphore,
    stagger: Duration,
    /// When the last one was begun.
    last_begun: Mutex<Option<Instant>>,
    /// Whether one has failed after which no more are begun.
    halted: Cell<bool>,
    stop_on_failure: bool,
}

pub(super) fn run(context: &Context, args: &RunArgs, batch: &OperationId, items: Vec<Item>) -> CommandResult {
    let ids: Vec<OperationId> = items.iter().map(|item| item.id.clone()).collect();
    context.block_on(async {
        let shared = Rc::new(Shared {
            ui: context.ui().clone(),
            stop: context.stop(Asked::StopAfterMove)?,
            places: Semaphore::new(usize::from(args.concurrency)),
            stagger: Duration::from_secs(u64::from(args.stagger_seconds())),
            last_begun: Mutex::new(None),
            halted: Cell::new(false),
            stop_on_failure: args.stop_on_failure,
        });
        require_reach(&items).await?;
        let told = LocalSet::new().run_until(all(shared.clone(), items)).await?;
        tell_end(context, batch, &ids, &shared, told).await
    })
}

/// Sees that what all items need answers, once, before anything is begun. An item says only what is restored, so items differ
/// in nothing of that but their Region.
async fn require_reach(items: &[Item]) -> Result<(), CommandError> {
    let places: BTreeMap<_, _> = items.iter().map(|item| (&item.request.target.region, &item.config)).collect();
    for (region, config) in places {
        drop(Context::services_of(config, region).await?);
    }
    Ok(())
}

/// Begins one after the other as places become free. Gives how many could not be driven to an end.
async fn all(shared: Rc<Shared>, items: Vec<Item>) -> Result<usize, CommandError> {
    let mut drivers = JoinSet::new();
    for item in items {
        let shared = shared.clone();
        let _handle = drivers.spawn_local(async move { shared.drive(item).await });
    }
    let mut failures = 0;
    while let Some(ended) = drivers.join_next().await {
        let failed = ended.map_err(|error| CommandError::internal("a driver panicked").caused_by(error))?;
        failures += usize::from(!failed);
    }
    Ok(failures)
}

async fn pause(length: Duration, stop: &mut Stop) {
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        _ = stop.wait_for(|asked| *asked) => {}
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        *self.stop.borrow() || self.halted.get()
    }

    /// Waits until the one before was begun long enough ago. Whoever has to wait holds up those behind it.
    async fn wait_for_its_turn(&self) {
        let mut last = self.last_begun.lock().await;
        if let Some(begun) = *last
            && !self.is_over()
        {
            pause(self.stagger.saturating_sub(begun.elapsed()), &mut self.stop.clone()).await;
        }
        *last = Some(Instant::now());
    }

    /// Does one item once there is a place for it. False if it could not be driven, which is told.
    async fn drive(&self, item: Item) -> bool {
        let Ok(_place) = self.places.acquire().await else { return true };
        self.wait_for_its_turn().await;
        if self.is_over() {
            return true;
        }
        let id = item.id.clone();
        match self.to_its_end(item).await {
            Ok(status) => {
                let failed = matches!(status, Some(Status::Failed | Status::Cancelled | Status::Stuck));
                self.halted.set(self.halted.get() || failed && self.stop_on_failure);
                true
            }
            Err(error) => {
                self.ui.warning(format_args!("operation {id} was not driven to its end:"));
                self.ui.error(&error);
                self.halted.set(self.halted.get() || self.stop_on_failure);
                false
            }
        }
    }

    async fn to_its_end(&self, item: Item) -> Result<Option<Status>, CommandError> {
        let id = item.id.clone();
        let services = Context::services_of(&item.config, &item.request.target.region).await?;
        let ports = services.ports();
        let mut follower = Follower::new(id.clone());
        let found = look_at(ports.journal, &id).await;
        if found.is_ok() {
            require_own(ports.journal, &id).await?;
        }
        let mut session = match found {
            // Run again: what has ended stays as it is, what waits for a person waits for one.
            Ok(found) if matches!(found.phase, Phase::Ended(_) | Phase::Stuck(_)) => {
                self.ui.say(format_args!("{id}: {} already.", found.status().as_str()));
                return Ok(Some(found.status()));
            }
            Ok(found) => {
                follower.news(ports.journal).await?;
                let executor = executor_of_batch().map_err(|error| CommandError::internal(error.to_string()))?;
                take_over_as(&services, &found.id, &executor).await?
            }
            Err(aurora_restore_core::engine::EngineError::Journal(JournalError::UnknownOperation { .. })) => {
                begin(&services, item).await?
            }
            Err(error) => return Err(error.into()),
        };
        let engine = Engine::new(ports);
        let mut stop = self.stop.clone();
        let end =
            drive(&engine, ports.journal, &mut session, &mut follower, &mut Lines(self.ui.clone()), &mut stop).await?;
        Ok(match end {
            DriveEnd::Ended(status) => Some(status),
            DriveEnd::RetirementEnded | DriveEnd::Detached => None,
        })
    }
}

/// Sees that a batch from here began the operation: what somebody asked for by itself is not what the item asks for.
async fn require_own(journal: &dyn Journal, id: &OperationId) -> Result<(), CommandError> {
    match rows::disowned(journal, id, Beginner::Process).await? {
        None => Ok(()),
        Some(why) => Err(CommandError::failed(format!("item {id} was not begun: {why}")).hint(format!(
            "Give the batch another id with `--id`. The other operation is as it was: see `aurora-restore status {id}`."
        ))),
    }
}

/// Begins an operation. Nobody has seen a plan of it: its first step makes one and refuses what cannot be done.
async fn begin(services: &Services, item: Item) -> Result<Session, CommandError> {
    let ports = services.ports();
    let account = ports.cloud.account(Side::Target).await.map_err(aurora_restore_app::ServicesError::from)?;
    let Item { id, request, .. } = item;
    let target = TargetKey {
        account: account.to_string(),
        region: request.target.region.clone(),
        cluster: request.target.cluster.clone(),
    };
    let executor = executor_of_batch().map_err(|error| CommandError::internal(error.to_string()))?;
    Ok(Engine::new(ports).begin(BeginOperation { id, request, target, executor, approved_plan: None }).await?)
}

async fn tell_end(
    context: &Context,
    batch: &OperationId,
    ids: &[OperationId],
    shared: &Shared,
    failures: usize,
) -> CommandResult {
    let journal = context.journal().await?;
    let rows = rows::rows(journal.as_ref(), ids, Beginner::Process, context.now()).await?;
    let exit = match rows::exit(&rows, Rest::MayBegin) {
        // Nothing goes on here any more: what was not begun was refused, or is left for the next run.
        ExitCode::StillRunning if failures > 0 => ExitCode::Failed,
        other => other,
    };
    rows::tell(context, batch, None, &rows, exit)?;
    let ui = context.ui();
    match exit {
        ExitCode::Done => ui.done(format_args!("all restores of batch {batch} are done.")),
        _ if shared.is_over() || exit == ExitCode::StillRunning => {
            ui.hint(format_args!("Go on with what is left: the same command with `--id {batch}`."));
        }
        _ => ui.hint(format_args!("See `aurora-restore report OPERATION` for each that failed.")),
    }
    Ok(exit)
}
