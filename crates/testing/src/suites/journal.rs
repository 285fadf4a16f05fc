//! The conformance suite of the journal port: sequence numbers, fencing, target locks, lists.

use std::task::Poll;

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ClusterId, ExecutorId, OperationId, Region},
    journal::{Entry, SealedEntry, StateItem, replay},
    operation::{CancelRequest, End, Event, Operation, Progress, Status, StepKind},
    ports::{FencingToken, Journal, JournalError, NewOperation, OperationFilter, SnapshotAddress, TargetKey},
    request::{
        ArchivePolicy, CopyOptions, InstanceOptions, Limits, Request, Retirement, SecretRefs, Source, SourceSelector,
        Strategy, Target, UserOptions, VerificationOptions,
    },
};
use jiff::{SignedDuration, Timestamp};

use super::{Broken, Case, CaseResult, holds, same, verdict};

/// What the suite needs to know of an implementation.
#[async_trait]
pub trait JournalFixture: Send + Sync {
    /// The journal under test.
    fn journal(&self) -> &dyn Journal;

    /// The same store, opened anew, as another process would see it.
    async fn reopened(&self) -> Box<dyn Journal>;
}

/// Runs every case. The store must be empty.
pub async fn run(fixture: &dyn JournalFixture) -> Vec<CaseResult> {
    let journal = fixture.journal();
    let cases: [(&'static str, Case); 10] = [
        ("what is appended is read back in order, by another process, too", appends(fixture).await),
        ("an operation is created once", created_once(journal).await),
        ("one operation holds a target until it has ended", locks(journal).await),
        ("an ended operation takes its target again only if it is free", locks_again(journal).await),
        ("whoever takes an operation over fences the one before", fencing(journal).await),
        ("of two appends for one place exactly one wins", conflicts(journal).await),
        ("sixteen rivals win each place exactly once and lose nothing", rivals(journal).await),
        ("a bystander appends without a token", bystanders(journal).await),
        ("the progress line is kept until the next entry and fenced", progress(journal).await),
        ("lists are filtered, newest first, in pages", lists(journal).await),
    ];
    let more = [
        ("the beginning of an id finds all that begin so, the newest first", prefixes(journal).await),
        ("an operation that does not exist is unknown", unknown(journal).await),
    ];
    cases.into_iter().chain(more).map(|(case, result)| CaseResult { case, verdict: verdict(result) }).collect()
}

/// An operation as an executor would write it down.
pub(crate) struct Writer {
    pub(crate) operation: Operation,
    hash: String,
    pub(crate) target: TargetKey,
    pub(crate) first: SealedEntry,
}

impl Writer {
    pub(crate) fn new(id: &str, target: &str) -> Result<Self, Broken> {
        Self::beginning_at(id, target, start())
    }

    /// One whose entries are made from then on, a second apart.
    pub(crate) fn beginning_at(id: &str, target: &str, at: Timestamp) -> Result<Self, Broken> {
        let id = OperationId::new(id)?;
        let request = Box::new(request(target)?);
        let event = Event::Requested { request, executor: ExecutorId::new("suite")?, approved_plan: None };
        let operation = Operation::begin(id.clone(), &event, at)?;
        let first = SealedEntry::seal(&Entry { operation: id, sequence: 1, at, event }, "")?;
        let target = TargetKey {
            account: "222222222222".to_owned(),
            region: Region::new("eu-central-1")?,
            cluster: ClusterId::new(target)?,
        };
        Ok(Self { operation, hash: first.hash.clone(), target, first })
    }

    pub(crate) fn id(&self) -> &OperationId {
        &self.operation.id
    }

    pub(crate) fn state(&self) -> StateItem {
        StateItem::of(&self.operation, &self.target)
    }

    pub(crate) async fn create(&self, journal: &dyn Journal) -> Result<FencingToken, JournalError> {
        let executor = match &ExecutorId::new("suite") {
            Ok(executor) => executor.clone(),
            Err(_) => unreachable!("a constant that is an executor's id"),
        };
        let new =
            NewOperation { target: self.target.clone(), executor, first: self.first.clone(), state: self.state() };
        journal.create(&new).await
    }

    /// The next entry, and the operation as it will be; nothing is taken up.
    pub(crate) fn next(&self, event: Event) -> Result<(Self, SealedEntry), Broken> {
        let at = self.operation.requested_at + SignedDuration::from_secs(i64::try_from(self.operation.sequence)?);
        let mut operation = self.operation.clone();
        operation.apply(&event, at)?;
        let entry = Entry { operation: operation.id.clone(), sequence: operation.sequence, at, event };
        let sealed = SealedEntry::seal(&entry, &self.hash)?;
        let next =
            Self { operation, hash: sealed.hash.clone(), target: self.target.clone(), first: self.first.clone() };
        Ok((next, sealed))
    }

    pub(crate) async fn append(&mut self, journal: &dyn Journal, token: FencingToken, event: Event) -> Case {
        let (next, sealed) = self.next(event)?;
        journal.append(token, &sealed, &next.state()).await?;
        *self = next;
        Ok(())
    }
}

pub(crate) fn start() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn request(target: &str) -> Result<Request, Broken> {
    let region = Region::new("eu-central-1")?;
    let snapshot = SnapshotAddress::Name(aurora_restore_core::ids::SnapshotId::new("prod-1")?);
    Ok(Request {
        source: Source { region: region.clone(), selector: SourceSelector::Snapshot(snapshot) },
        target: Target { region, cluster: ClusterId::new(target)?, require_tags: Default::default() },
        strategy: Strategy::Swap,
        copy: CopyOptions::default(),
        settings: Default::default(),
        instances: InstanceOptions::default(),
        engine_version: None,
        secrets: SecretRefs {
            master: aurora_restore_core::ids::SecretId::new("master")?,
            users: None,
            source_master: None,
        },
        users: UserOptions::default(),
        verification: VerificationOptions::default(),
        archive: ArchivePolicy::default(),
        retirement: Retirement::default(),
        tags: Default::default(),
        limits: Limits::default(),
    })
}

pub(crate) fn began() -> Event {
    Event::StepStarted { step: StepKind::SnapshotCheck, attempt: 1 }
}

pub(crate) fn turned_back() -> Event {
    let by = CancelRequest { by: "suite".to_owned(), reason: None };
    Event::UndoStarted { reason: aurora_restore_core::operation::UndoReason::Cancelled(by) }
}

pub(crate) fn refused<T: std::fmt::Debug>(
    what: &str,
    result: Result<T, JournalError>,
    expected: impl Fn(&JournalError) -> bool,
) -> Case {
    match result {
        Err(error) if expected(&error) => Ok(()),
        other => Err(Broken(format!("{what}: {other:?}"))),
    }
}

async fn appends(fixture: &dyn JournalFixture) -> Case {
    let journal = fixture.journal();
    let mut writer = Writer::new("suite-appends", "appends")?;
    let token = writer.create(journal).await?;
    writer.append(journal, token, began()).await?;
    let skipped = Event::StepSkipped { step: StepKind::SnapshotCheck, reason: "for \"once\"".to_owned() };
    writer.append(journal, token, skipped).await?;
    let other = fixture.reopened().await;
    let entries = other.entries(writer.id(), 0).await?;
    let (replayed, hash) = replay(&entries)?;
    same("the operation", &replayed, &writer.operation)?;
    same("the newest hash", &hash, &writer.hash)?;
    let newest = other.entries(writer.id(), 2).await?;
    same("what comes after the second", &newest.iter().map(|entry| entry.sequence).collect(), &vec![3])?;
    same("the state", &other.state(writer.id()).await?, &writer.state())?;
    let head = other.head(writer.id()).await?;
    same("the head", &(head.sequence, head.token), &(3, token))
}

async fn created_once(journal: &dyn Journal) -> Case {
    let writer = Writer::new("suite-once", "once")?;
    writer.create(journal).await?;
    let again = writer.create(journal).await;
    refused("a second creation", again, |error| matches!(error, JournalError::OperationExists { .. }))
}

async fn locks(journal: &dyn Journal) -> Case {
    let mut first = Writer::new("suite-lock-1", "lock")?;
    let second = Writer::new("suite-lock-2", "lock")?;
    let token = first.create(journal).await?;
    same("the holder", &journal.holder(&first.target).await?, &Some(first.id().clone()))?;
    let busy = |error: &JournalError| matches!(error, JournalError::TargetBusy { holder, .. } if holder == first.id());
    refused("a second operation", second.create(journal).await, busy)?;
    refused("which left nothing", journal.head(second.id()).await, |error| {
        matches!(error, JournalError::UnknownOperation { .. })
    })?;
    first.append(journal, token, turned_back()).await?;
    first.append(journal, token, Event::Ended { end: End::Cancelled }).await?;
    same("nobody holds it", &journal.holder(&first.target).await?, &None)?;
    second.create(journal).await?;
    same("the next one does", &journal.holder(&first.target).await?, &Some(second.id().clone()))
}

async fn locks_again(journal: &dyn Journal) -> Case {
    let mut first = Writer::new("suite-again-1", "again")?;
    let second = Writer::new("suite-again-2", "again")?;
    let token = first.create(journal).await?;
    for step in StepKind::ALL {
        first.append(journal, token, Event::StepStarted { step, attempt: 1 }).await?;
        first.append(journal, token, Event::StepSkipped { step, reason: "suite".to_owned() }).await?;
    }
    first.append(journal, token, Event::Ended { end: End::Completed }).await?;
    second.create(journal).await?;
    let asked =
        Event::UndoStarted { reason: aurora_restore_core::operation::UndoReason::Asked { by: "suite".to_owned() } };
    let (next, sealed) = first.next(asked)?;
    let result = journal.append(token, &sealed, &next.state()).await;
    refused("an undo beside another operation", result, |error| matches!(error, JournalError::TargetBusy { .. }))?;
    same("nothing was appended", &journal.head(first.id()).await?.sequence, &first.operation.sequence)
}

async fn fencing(journal: &dyn Journal) -> Case {
    let mut writer = Writer::new("suite-fence", "fence")?;
    let old = writer.create(journal).await?;
    let new = journal.acquire(writer.id(), &ExecutorId::new("rival")?).await?;
    holds("the token rises", new > old)?;
    let (next, sealed) = writer.next(began())?;
    let fenced = |error: &JournalError| matches!(error, JournalError::Fenced { .. });
    refused("an append with the old token", journal.append(old, &sealed, &next.state()).await, fenced)?;
    same("nothing was appended", &journal.head(writer.id()).await?.sequence, &1)?;
    same("the head knows the new one", &journal.head(writer.id()).await?.token, &new)?;
    writer.append(journal, new, began()).await
}

async fn conflicts(journal: &dyn Journal) -> Case {
    let mut writer = Writer::new("suite-conflict", "conflict")?;
    let token = writer.create(journal).await?;
    let (next, sealed) = writer.next(began())?;
    writer.append(journal, token, began()).await?;
    let conflict = |error: &JournalError| matches!(error, JournalError::Conflict { .. });
    refused("the same place again", journal.append(token, &sealed, &next.state()).await, conflict)?;
    let (ahead, _) = writer.next(turned_back())?;
    let (further, sealed) = ahead.next(Event::Ended { end: End::Cancelled })?;
    refused("a place too far", journal.append(token, &sealed, &further.state()).await, conflict)?;
    same("one was appended", &journal.entries(writer.id(), 0).await?.len(), &2)
}

async fn rivals(journal: &dyn Journal) -> Case {
    let writer = Writer::new("suite-rivals", "rivals")?;
    let found = contention(journal, 16, 2).await?;
    same("how many entries were promised and are there", &found.entries, &32)?;
    same("the head", &journal.head(writer.id()).await?.sequence, &33)
}

/// What rivals did to one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contention {
    /// Appends that were promised, each with a place of its own, and are all there.
    pub entries: usize,
    /// Appends that were tried.
    pub attempts: usize,
}

/// Lets rivals with one token append to one operation at once until each has had its turns, every other one as a
/// bystander. Makes the operation `suite-rivals`.
///
/// # Errors
/// Where a place was won twice, or an entry is lost.
pub async fn contention(journal: &dyn Journal, rivals: usize, turns: usize) -> Result<Contention, Broken> {
    let writer = Writer::new("suite-rivals", "rivals")?;
    let token = writer.create(journal).await?;
    let work = (0..rivals).map(|number| rival(journal, &writer, token, number, turns));
    let mut won = Vec::new();
    let mut attempts = 0;
    for result in together(work).await {
        let (places, tried) = result?;
        won.extend(places);
        attempts += tried;
    }
    won.sort_unstable();
    let all: Vec<u64> = (2..).take(rivals * turns).collect();
    same("the places that were promised", &won, &all)?;
    let entries = journal.entries(writer.id(), 0).await?;
    let (operation, _) = replay(&entries)?;
    same("the last place", &operation.sequence, &(1 + won.len() as u64))?;
    Ok(Contention { entries: won.len(), attempts })
}

/// Appends as often as it is its turn; gives its places and how often it tried.
async fn rival(
    journal: &dyn Journal,
    writer: &Writer,
    token: FencingToken,
    number: usize,
    turns: usize,
) -> Result<(Vec<u64>, usize), Broken> {
    let event = Event::TakenOver { executor: ExecutorId::new(format!("rival-{number}"))? };
    let mut places = Vec::new();
    for attempt in 1..=10_000 {
        let (operation, hash) = replay(&journal.entries(writer.id(), 0).await?)?;
        let (target, first) = (writer.target.clone(), writer.first.clone());
        let (next, sealed) = Writer { operation, hash, target, first }.next(event.clone())?;
        let appended = if number.is_multiple_of(2) {
            journal.append(token, &sealed, &next.state()).await
        } else {
            journal.append_as_bystander(&sealed, &next.state()).await
        };
        match appended {
            Ok(()) => places.push(sealed.sequence),
            Err(JournalError::Conflict { .. } | JournalError::Unavailable { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        if places.len() == turns {
            return Ok((places, attempt));
        }
    }
    Err(Broken("a rival never had its turn".to_owned()))
}

/// Drives futures at once, on the task that awaits it.
async fn together<T>(work: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut work: Vec<_> = work.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, done) in work.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *done = Some(value),
                Poll::Pending => pending = true,
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    work.into_iter().filter_map(|(_, done)| done).collect()
}

async fn bystanders(journal: &dyn Journal) -> Case {
    let mut writer = Writer::new("suite-bystander", "bystander")?;
    let token = writer.create(journal).await?;
    let by = CancelRequest { by: "a person".to_owned(), reason: Some("wrong day".to_owned()) };
    let (next, sealed) = writer.next(Event::CancelRequested { request: by })?;
    journal.append_as_bystander(&sealed, &next.state()).await?;
    let conflict = |error: &JournalError| matches!(error, JournalError::Conflict { .. });
    refused("it again", journal.append_as_bystander(&sealed, &next.state()).await, conflict)?;
    writer = next;
    same("the executor's token stays", &journal.head(writer.id()).await?.token, &token)?;
    writer.append(journal, token, began()).await
}

async fn progress(journal: &dyn Journal) -> Case {
    let mut writer = Writer::new("suite-progress", "progress")?;
    let old = writer.create(journal).await?;
    let line = Progress { step: StepKind::CopySnapshot, text: "copying, 40 % done".to_owned(), percent: Some(40) };
    journal.note_progress(writer.id(), old, &line).await?;
    same("the line", &journal.state(writer.id()).await?.progress, &Some(line.clone()))?;
    same("the journal stays", &journal.head(writer.id()).await?.sequence, &1)?;
    let new = journal.acquire(writer.id(), &ExecutorId::new("rival")?).await?;
    let fenced = |error: &JournalError| matches!(error, JournalError::Fenced { .. });
    refused("a line of the old executor", journal.note_progress(writer.id(), old, &line).await, fenced)?;
    writer.append(journal, new, began()).await?;
    same("the next entry ends it", &journal.state(writer.id()).await?.progress, &None)
}

async fn lists(journal: &dyn Journal) -> Case {
    for number in 1..=3 {
        let mut writer = Writer::new(&format!("suite-list-{number}"), &format!("list-{number}"))?;
        let token = writer.create(journal).await?;
        for _ in 0..number {
            let (next, sealed) = writer.next(Event::TakenOver { executor: ExecutorId::new("suite")? })?;
            journal.append(token, &sealed, &next.state()).await?;
            writer = next;
        }
        if number == 1 {
            writer.append(journal, token, turned_back()).await?;
            writer.append(journal, token, Event::Ended { end: End::Failed }).await?;
        }
    }
    let failed = OperationFilter { status: Some(Status::Failed), ..OperationFilter::default() };
    let ids = |items: &[StateItem]| items.iter().map(|item| item.operation_id.to_string()).collect::<Vec<_>>();
    same("those that failed", &ids(&journal.list(&failed).await?.items), &vec!["suite-list-1".to_owned()])?;
    let target = OperationFilter { target: Some(ClusterId::new("list-2")?), ..OperationFilter::default() };
    same("those of a target", &ids(&journal.list(&target).await?.items), &vec!["suite-list-2".to_owned()])?;
    let whole = journal.list(&OperationFilter { limit: 1_000, ..OperationFilter::default() }).await?;
    let times: Vec<Timestamp> = whole.items.iter().map(|item| item.last_updated_at).collect();
    holds("the newest comes first", times.windows(2).all(|pair| pair[0] >= pair[1]))?;
    holds("a whole list has no next page", whole.cursor.is_none())?;
    let mut paged = Vec::new();
    let mut cursor = None;
    for _ in 0..1_000 {
        let page = journal.list(&OperationFilter { limit: 2, cursor, ..OperationFilter::default() }).await?;
        holds("a page is no longer than asked for", page.items.len() <= 2)?;
        paged.extend(ids(&page.items));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    same("the pages together", &paged, &ids(&whole.items))
}

async fn prefixes(journal: &dyn Journal) -> Case {
    for (number, id) in ["begin-1", "begin-2", "begin-2b"].into_iter().enumerate() {
        let writer = Writer::new(id, &format!("begins-{number}"))?;
        let _token = writer.create(journal).await?;
    }
    let found = async |prefix: &str, limit| -> Result<Vec<String>, Broken> {
        let ids = journal.ids_beginning_with(prefix, limit).await?;
        Ok(ids.iter().map(ToString::to_string).collect())
    };
    let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    same("all that begin so", &found("begin-", 10).await?, &texts(&["begin-2b", "begin-2", "begin-1"]))?;
    same("at most so many", &found("begin-", 2).await?, &texts(&["begin-2b", "begin-2"]))?;
    same("a whole id", &found("begin-1", 10).await?, &texts(&["begin-1"]))?;
    for (what, prefix) in [
        ("no letter stands for another", "begin_"),
        ("no letter stands for several", "begin%"),
        ("case matters", "BEGIN-"),
        ("nothing begins so", "begin-3"),
    ] {
        same(what, &found(prefix, 10).await?, &Vec::new())?;
    }
    Ok(())
}

async fn unknown(journal: &dyn Journal) -> Case {
    let id = OperationId::new("suite-nobody")?;
    let unknown = |error: &JournalError| matches!(error, JournalError::UnknownOperation { .. });
    refused("its head", journal.head(&id).await, unknown)?;
    refused("its entries", journal.entries(&id, 0).await, unknown)?;
    refused("its state", journal.state(&id).await, unknown)?;
    refused("taking it over", journal.acquire(&id, &ExecutorId::new("suite")?).await, unknown)
}
