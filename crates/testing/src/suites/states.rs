//! The conformance suite of the states port: items by age, everything page by page, forgetting, putting back.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ids::ExecutorId,
    journal::SealedEntry,
    operation::{End, Event, Status},
    ports::{FencingToken, Journal, JournalError},
};
use aurora_restore_ops::ports::{Forgotten, Restoration, Restored, States, StoredState, Unchanged};
use jiff::{SignedDuration, Timestamp};

use super::{
    Broken, Case, CaseResult, holds,
    journal::{Writer, began, refused, start, turned_back},
    same, verdict,
};

/// The most pages that a case turns.
const PAGES_MAX: usize = 100;
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Runs every case. Both ports are of one store, which must be empty.
pub async fn run(journal: &dyn Journal, states: &dyn States) -> Vec<CaseResult> {
    let on = Store { journal, states };
    let cases: [(&'static str, Case); 9] = [
        ("the oldest of a status come first, and a time is kept to the second", by_age(&on).await),
        ("items of one moment are given once each, however they are paged", of_one_moment(&on).await),
        ("everything is found page by page, locks with their holders", everything(&on).await),
        ("what is forgotten leaves its entries, and its id is taken", forgotten(&on).await),
        ("what has changed, has not ended or holds its target is not forgotten", kept(&on).await),
        ("what was forgotten is put back once, and goes on under the token that it gets", put_back(&on).await),
        ("what has entries is found with its item and without", recorded(&on).await),
        ("what is there and differs is not written over", not_written_over(&on).await),
        ("what holds its target gets its lock back, unless somebody else has it", with_lock(&on).await),
    ];
    cases.into_iter().map(|(case, result)| CaseResult { case, verdict: verdict(result) }).collect()
}

struct Store<'a> {
    journal: &'a dyn Journal,
    states: &'a dyn States,
}

impl Store<'_> {
    /// An operation that has ended, three seconds after it began.
    async fn ended(&self, id: &str, at: Timestamp, end: End) -> Result<Writer, Broken> {
        let mut writer = Writer::beginning_at(id, id, at)?;
        let token = writer.create(self.journal).await?;
        writer.append(self.journal, token, turned_back()).await?;
        writer.append(self.journal, token, Event::Ended { end }).await?;
        Ok(writer)
    }

    async fn entries(&self, writer: &Writer) -> Result<Vec<SealedEntry>, Broken> {
        Ok(self.journal.entries(writer.id(), 0).await?)
    }

    /// The item of an operation, by the page of everything.
    async fn seen(&self, writer: &Writer) -> Result<Option<StoredState>, Broken> {
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page = self.states.page(cursor.as_deref()).await?.states;
            let found = page.items.into_iter().find(|stored| stored.state.operation_id == *writer.id());
            if found.is_some() {
                return Ok(found);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(None);
            }
        }
        Err(Broken::from("the pages do not end"))
    }

    async fn forget(&self, writer: &Writer) -> Result<Forgotten, Broken> {
        let seen = self.seen(writer).await?.ok_or("it is not there")?;
        Ok(self.states.forget(&seen).await?)
    }

    /// The ids of a status that have not changed since a time, in pages of this size.
    async fn unchanged(&self, status: Status, until: Timestamp, limit: usize) -> Result<Vec<String>, Broken> {
        let mut query = Unchanged { status, until, limit, cursor: None };
        let mut ids = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.states.unchanged(&query).await?;
            holds("a page is no longer than asked for", page.items.len() <= limit)?;
            ids.extend(page.items.iter().map(|stored| stored.state.operation_id.to_string()));
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                return Ok(ids);
            }
        }
        Err(Broken::from("the pages do not end"))
    }
}

fn restoration(writer: &Writer, entries: Vec<SealedEntry>) -> Result<Restoration, Broken> {
    Ok(Restoration {
        state: writer.state(),
        executor: ExecutorId::new("suite")?,
        token: FencingToken(7_000),
        entries,
        at: start() + SignedDuration::from_hours(24 * 400),
    })
}

async fn by_age(on: &Store<'_>) -> Case {
    for number in (1..=5_i32).rev() {
        let at = start() + SignedDuration::from_mins(i64::from(number));
        on.ended(&format!("age-{number}"), at, End::Failed).await?;
    }
    let ids = |numbers: std::ops::RangeInclusive<u32>| numbers.map(|it| format!("age-{it}")).collect::<Vec<_>>();
    // The third came to its end then: its last entry is the third, two seconds after the first.
    let third = start() + SignedDuration::from_mins(3) + SECOND * 2;
    for limit in [1, 2, 100] {
        same("those until its very second", &on.unchanged(Status::Failed, third, limit).await?, &ids(1..=3))?;
        same("a second earlier", &on.unchanged(Status::Failed, third - SECOND, limit).await?, &ids(1..=2))?;
        same("a second later", &on.unchanged(Status::Failed, third + SECOND, limit).await?, &ids(1..=3))?;
    }
    same("none of another status", &on.unchanged(Status::Stuck, third, 10).await?, &Vec::new())
}

async fn of_one_moment(on: &Store<'_>) -> Case {
    let at = start() + SignedDuration::from_hours(1);
    let mut expected = BTreeSet::new();
    for number in 0..7 {
        let writer = on.ended(&format!("moment-{number}"), at, End::Cancelled).await?;
        expected.insert(writer.id().to_string());
    }
    let found = on.unchanged(Status::Cancelled, at + SECOND * 60, 2).await?;
    same("how many are given", &found.len(), &7)?;
    same("which", &found.into_iter().collect(), &expected)
}

async fn everything(on: &Store<'_>) -> Case {
    let open = Writer::new("all-open", "all-open")?;
    let token = open.create(on.journal).await?;
    let ended = on.ended("all-ended", start(), End::Failed).await?;
    let seen = on.seen(&open).await?.ok_or("the open one is not there")?;
    same("its state", &seen.state, &open.state())?;
    same("its token", &seen.token, &token)?;
    same("its executor", &seen.executor.as_str(), &"suite")?;
    holds("the ended one is there", on.seen(&ended).await?.is_some())?;
    let mut locks = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let page = on.states.page(cursor.as_deref()).await?;
        locks.extend(page.locks);
        cursor = page.states.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let target = open.target.to_string();
    let lock = locks.iter().find(|lock| lock.target == target).ok_or("its lock is not there")?;
    same("who holds it", &lock.holder.as_ref(), &Some(open.id()))?;
    holds("what has ended has none", locks.iter().all(|lock| lock.holder.as_ref() != Some(ended.id())))
}

async fn forgotten(on: &Store<'_>) -> Case {
    let writer = on.ended("gone", start(), End::Failed).await?;
    let seen = on.seen(&writer).await?.ok_or("it is not there")?;
    let entries = on.entries(&writer).await?;
    same("the first time", &on.states.forget(&seen).await?, &Forgotten::Gone)?;
    same("the second time", &on.states.forget(&seen).await?, &Forgotten::Missing)?;
    let unknown = |error: &JournalError| matches!(error, JournalError::UnknownOperation { .. });
    refused("its state", on.journal.state(writer.id()).await, unknown)?;
    refused("its head", on.journal.head(writer.id()).await, unknown)?;
    same("its item", &on.seen(&writer).await?, &None)?;
    same("its entries", &on.entries(&writer).await?, &entries)?;
    let taken = |error: &JournalError| matches!(error, JournalError::OperationExists { .. });
    refused("its id for another one", Writer::new("gone", "gone-anew")?.create(on.journal).await, taken)
}

async fn kept(on: &Store<'_>) -> Case {
    let mut open = Writer::new("kept-open", "kept-open")?;
    let token = open.create(on.journal).await?;
    same("one in progress", &on.forget(&open).await?, &Forgotten::Kept)?;
    open.append(on.journal, token, began()).await?;
    let moved = on.ended("kept-moved", start(), End::Failed).await?;
    let seen = on.seen(&moved).await?.ok_or("it is not there")?;
    on.journal.acquire(moved.id(), &ExecutorId::new("rival")?).await?;
    same("one that was taken over since", &on.states.forget(&seen).await?, &Forgotten::Kept)?;
    let older = StoredState { token: on.journal.head(moved.id()).await?.token, ..seen.clone() };
    let state = aurora_restore_core::journal::StateItem { sequence: 2, ..older.state.clone() };
    let older = StoredState { state, executor: "rival".to_owned(), ..older };
    same("one that was seen before its end", &on.states.forget(&older).await?, &Forgotten::Kept)?;
    holds("both are there", on.seen(&open).await?.is_some() && on.seen(&moved).await?.is_some())?;
    same("as it is seen now", &on.forget(&moved).await?, &Forgotten::Gone)
}

async fn put_back(on: &Store<'_>) -> Case {
    let writer = on.ended("back", start(), End::Failed).await?;
    let what = restoration(&writer, on.entries(&writer).await?)?;
    same("one that is there", &on.states.restore(&what).await?, &Restored::Same)?;
    same("it is forgotten", &on.forget(&writer).await?, &Forgotten::Gone)?;
    same("it is put back", &on.states.restore(&what).await?, &Restored::Written)?;
    same("and again", &on.states.restore(&what).await?, &Restored::Same)?;
    let state = on.journal.state(writer.id()).await?;
    let expected = aurora_restore_core::journal::StateItem { ttl: state.ttl, ..writer.state() };
    same("its state", &state, &expected)?;
    same("its entries", &on.entries(&writer).await?, &what.entries)?;
    same("its token", &on.journal.head(writer.id()).await?.token, &what.token)?;
    let next = on.journal.acquire(writer.id(), &ExecutorId::new("rival")?).await?;
    holds("the next token is higher", next > what.token)?;
    // What never was there is put there in the same way.
    let absent = Writer::new("back-absent", "back-absent")?;
    let (ended, second) = absent.next(turned_back())?;
    let (ended, third) = ended.next(Event::Ended { end: End::Failed })?;
    let what = restoration(&ended, vec![absent.first.clone(), second, third])?;
    same("what was never there", &on.states.restore(&what).await?, &Restored::Written)?;
    same("its entries", &on.entries(&ended).await?.len(), &3)
}

async fn recorded(on: &Store<'_>) -> Case {
    let there = on.ended("recorded", start(), End::Failed).await?;
    let lost = on.ended("recorded-lost", start(), End::Failed).await?;
    same("its item is gone", &on.forget(&lost).await?, &Forgotten::Gone)?;
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let page = on.states.recorded(cursor.as_deref()).await?;
        found.extend(page.operations);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    holds("all pages were turned", cursor.is_none())?;
    for writer in [&there, &lost] {
        holds("each is found", found.contains(writer.id()))?;
    }
    let distinct: BTreeSet<_> = found.iter().collect();
    same("and once, those that were put back, too", &distinct.len(), &found.len())?;
    same("its entries can be read", &on.entries(&lost).await?.len(), &3)
}

async fn not_written_over(on: &Store<'_>) -> Case {
    let there = on.ended("over", start(), End::Failed).await?;
    let before = (on.seen(&there).await?, on.entries(&there).await?);
    let other = Writer::beginning_at("over", "over", start() + SECOND * 9)?;
    let (other, second) = other.next(turned_back())?;
    let entries = vec![other.first.clone(), second];
    let differs = |restored: &Restored| matches!(restored, Restored::Differs { .. });
    let restored = on.states.restore(&restoration(&other, entries)?).await?;
    holds("other entries of the same id are refused", differs(&restored))?;
    let shorter = Writer::new("over", "over")?;
    let restored = on.states.restore(&restoration(&shorter, vec![shorter.first.clone()])?).await?;
    holds("an earlier state of it is refused", differs(&restored))?;
    same("what is there is as it was", &(on.seen(&there).await?, on.entries(&there).await?), &before)
}

async fn with_lock(on: &Store<'_>) -> Case {
    let first = Writer::new("lock-back", "lock-back")?;
    let what = restoration(&first, vec![first.first.clone()])?;
    same("one in progress", &on.states.restore(&what).await?, &Restored::Written)?;
    same("it holds its target", &on.journal.holder(&first.target).await?.as_ref(), &Some(first.id()))?;
    let rival = Writer::new("lock-rival", "lock-back")?;
    let restored = on.states.restore(&restoration(&rival, vec![rival.first.clone()])?).await?;
    holds("another one for its target is refused", matches!(restored, Restored::Differs { .. }))?;
    same("which is not there", &on.seen(&rival).await?, &None)?;
    same("the lock is as it was", &on.journal.holder(&first.target).await?.as_ref(), &Some(first.id()))
}
