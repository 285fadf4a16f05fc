//! From the journal's values to items and back.
//!
//! The whole state is one JSON attribute; what stands beside it is what operators and the index look for, and what conditions
//! are about. Where somebody has set one of those by hand (`status`, `last_updated_at`, `sequence`, `holds_target`,
//! `retire_after`, `ttl`), that is what is shown until the next entry, so that it shows beside the entries: the item is a
//! convenience, the entries are the truth.

use std::{
    collections::HashMap,
    io::{Read, Write},
};

use aurora_restore_core::{
    ids::OperationId,
    journal::{SealedEntry, StateItem},
    operation::{Progress, Status},
    ports::{FencingToken, JournalError},
};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::{SignedDuration, Timestamp};

use super::layout::{KIND_OPERATION, name};

pub(super) type Item = HashMap<String, AttributeValue>;

/// The most bytes of an item, names included.
const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Longer bodies are stored deflated: what is long is a list of similar things. Shorter ones stay readable in the console.
const PLAIN_BODY_BYTES_MAX: usize = 16 * 1024;
/// The most bytes that a body is inflated to. No body of ours comes near; it bounds what a forged item may cost.
const BODY_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// A number needs up to 21 bytes.
const NUMBER_BYTES: usize = 21;

/// Attributes of the state that are not always there.
pub(super) const OPTIONAL: [&str; 6] =
    [name::STEP, name::ENDED_AT, name::RETIRE_AFTER, name::FAILURE, name::PROGRESS, name::TTL];

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// A time as it is compared: RFC 3339, UTC, always six digits of a second, so that texts sort as times do.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// The key of an operation's state, or of a lock.
pub(super) fn state_key(key: &str) -> Item {
    Item::from([(name::OPERATION_ID.to_owned(), text(key))])
}

/// Seconds since 1970, some time after `at`.
fn expiry(at: Timestamp, retention: SignedDuration) -> Option<i64> {
    at.checked_add(retention).ok().map(Timestamp::as_second)
}

/// The attribute that lets an item expire some time after `at`.
pub(super) fn expiring(at: Timestamp, retention: SignedDuration) -> Option<(String, AttributeValue)> {
    expiry(at, retention).map(|ttl| (name::TTL.to_owned(), number(ttl)))
}

/// The attributes of a state, without its key, its token and its executor.
pub(super) fn of_state(state: &StateItem, retention: SignedDuration) -> Result<Item, JournalError> {
    let malformed = |error: serde_json::Error| refused(&state.operation_id, format!("it cannot be written: {error}"));
    let whole = StateItem { progress: None, ..state.clone() };
    let mut item = Item::new();
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            let _none = item.insert(name.to_owned(), value);
        }
    };
    put(name::VERSION, Some(number(state.version)));
    put(name::KIND, Some(text(KIND_OPERATION)));
    put(name::STATUS, Some(text(state.status.as_str())));
    put(name::STEP, state.step.map(|step| text(step.as_str())));
    put(name::SEQUENCE, Some(number(state.sequence)));
    put(name::TARGET, Some(text(state.target.as_str())));
    put(name::TARGET_ACCOUNT, Some(text(&state.target_key.account)));
    put(name::TARGET_REGION, Some(text(state.target_key.region.as_str())));
    put(name::HOLDS_TARGET, Some(AttributeValue::Bool(state.holds_target)));
    put(name::REQUESTED_AT, Some(text(time(state.requested_at))));
    put(name::LAST_UPDATED_AT, Some(text(time(state.last_updated_at))));
    put(name::ENDED_AT, state.ended_at.map(|at| text(time(at))));
    put(name::RETIRE_AFTER, state.retire_after.map(|at| text(time(at))));
    put(name::FAILURE, state.failure.as_deref().map(text));
    put(name::PROGRESS, state.progress.as_ref().map(of_progress).transpose()?);
    let ttl = state.ttl.and(state.ended_at).and_then(|ended| expiry(ended, retention)).or(state.ttl);
    put(name::TTL, ttl.map(number));
    put(name::STATE, Some(text(serde_json::to_string(&whole).map_err(malformed)?)));
    require_size(&state.operation_id, "its state", &item)?;
    Ok(item)
}

pub(super) fn of_progress(progress: &Progress) -> Result<AttributeValue, JournalError> {
    let reason = |error: serde_json::Error| JournalError::Unavailable {
        store: "DynamoDB".to_owned(),
        reason: format!("the progress cannot be written: {error}"),
    };
    serde_json::to_string(progress).map(text).map_err(reason)
}

/// The item of an entry that was made at `at`.
pub(super) fn of_entry(entry: &SealedEntry, at: Timestamp, retention: SignedDuration) -> Result<Item, JournalError> {
    let body = if entry.body.len() > PLAIN_BODY_BYTES_MAX {
        (name::BODY_DEFLATED, AttributeValue::B(Blob::new(deflated(entry)?)))
    } else {
        (name::BODY, text(&entry.body))
    };
    let attributes = [
        (name::OPERATION_ID, text(entry.operation.as_str())),
        (name::SEQUENCE, number(entry.sequence)),
        (name::RECORDED_AT, text(time(at))),
        (name::PREVIOUS_HASH, text(&entry.previous_hash)),
        (name::HASH, text(&entry.hash)),
        body,
    ];
    let mut item: Item = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if let Some(ttl) = expiry(at, retention) {
        let _none = item.insert(name::TTL.to_owned(), number(ttl));
    }
    require_size(&entry.operation, &format!("entry {}", entry.sequence), &item)?;
    Ok(item)
}

fn deflated(entry: &SealedEntry) -> Result<Vec<u8>, JournalError> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(entry.body.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|error| refused(&entry.operation, format!("entry {} cannot be packed: {error}", entry.sequence)))
}

/// Reads an entry.
pub(super) fn read_entry(operation: &OperationId, item: &Item) -> Result<SealedEntry, JournalError> {
    let sequence = read_number(operation, item, name::SEQUENCE)?;
    let required = |attribute: &str| {
        read_text(item, attribute)
            .map(str::to_owned)
            .ok_or_else(|| refused(operation, format!("entry {sequence} has no text `{attribute}`")))
    };
    let body = match item.get(name::BODY_DEFLATED) {
        Some(AttributeValue::B(packed)) => inflated(packed.as_ref())
            .map_err(|error| refused(operation, format!("entry {sequence} cannot be unpacked: {error}")))?,
        _ => required(name::BODY)?,
    };
    Ok(SealedEntry {
        operation: operation.clone(),
        sequence,
        previous_hash: required(name::PREVIOUS_HASH)?,
        hash: required(name::HASH)?,
        body,
    })
}

fn inflated(packed: &[u8]) -> std::io::Result<String> {
    let mut body = String::new();
    let _bytes = flate2::read::DeflateDecoder::new(packed).take(BODY_BYTES_MAX).read_to_string(&mut body)?;
    Ok(body)
}

/// Refuses an item that a newer version wrote.
pub(super) fn require_known_version(operation: &OperationId, item: &Item) -> Result<(), JournalError> {
    let version = read_number(operation, item, name::VERSION)?;
    let known = StateItem::VERSION;
    if version <= u64::from(known) {
        return Ok(());
    }
    let reason =
        format!("its state was written in form {version} by a newer version; this one knows forms up to {known}");
    Err(refused(operation, reason))
}

/// Reads a state.
pub(super) fn read_state(operation: &OperationId, item: &Item) -> Result<StateItem, JournalError> {
    require_known_version(operation, item)?;
    let malformed = |reason: String| refused(operation, format!("its state is malformed: {reason}"));
    let whole = read_text(item, name::STATE).ok_or_else(|| malformed("it has no text `state`".to_owned()))?;
    let mut state: StateItem = serde_json::from_str(whole).map_err(|error| malformed(error.to_string()))?;
    if let Some(progress) = read_text(item, name::PROGRESS) {
        state.progress = Some(serde_json::from_str(progress).map_err(|error| malformed(error.to_string()))?);
    }
    set_by_hand(operation, item, &mut state);
    Ok(state)
}

/// The attributes that the program itself goes by, where they are not what was written with the state. Each has been written
/// with every state since the first version.
fn set_by_hand(operation: &OperationId, item: &Item, state: &mut StateItem) {
    if let Some(status) = read_text(item, name::STATUS).and_then(Status::from_word) {
        state.status = status;
    }
    // The attribute has fewer digits: it counts only where somebody changed it.
    let shown = read_text(item, name::LAST_UPDATED_AT).filter(|shown| *shown != time(state.last_updated_at));
    if let Some(at) = shown.and_then(|shown| shown.parse().ok()) {
        state.last_updated_at = at;
    }
    // No entry has the number zero: where there is no number, nothing can be appended.
    state.sequence = read_number(operation, item, name::SEQUENCE).unwrap_or_default();
    state.holds_target = match item.get(name::HOLDS_TARGET) {
        Some(AttributeValue::Bool(holds)) => *holds,
        // What is no truth value was not written with the state, whatever that says.
        _ => !state.holds_target,
    };
    let shown = read_text(item, name::RETIRE_AFTER);
    if shown != state.retire_after.map(time).as_deref() {
        state.retire_after = shown.and_then(|shown| shown.parse().ok());
    }
    state.ttl = match item.get(name::TTL) {
        Some(AttributeValue::N(ttl)) => ttl.parse().ok(),
        _ => None,
    };
}

pub(super) fn read_token(operation: &OperationId, item: &Item) -> Result<FencingToken, JournalError> {
    read_number(operation, item, name::TOKEN).map(FencingToken)
}

pub(super) fn read_number(operation: &OperationId, item: &Item, attribute: &str) -> Result<u64, JournalError> {
    let number = match item.get(attribute) {
        Some(AttributeValue::N(number)) => number.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| refused(operation, format!("an item of it has no number `{attribute}`")))
}

pub(super) fn read_text<'i>(item: &'i Item, attribute: &str) -> Option<&'i str> {
    item.get(attribute).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub(super) fn refused(operation: &OperationId, reason: impl Into<String>) -> JournalError {
    JournalError::Refused { operation: operation.clone(), reason: reason.into() }
}

fn require_size(operation: &OperationId, what: &str, item: &Item) -> Result<(), JournalError> {
    let bytes = size(item);
    if bytes <= ITEM_BYTES_MAX {
        return Ok(());
    }
    let reason = format!(
        "{what} needs {bytes} bytes, and DynamoDB holds at most {ITEM_BYTES_MAX} in one item; nothing was written. Ask \
         for less in one operation (fewer tags, checks or databases), or keep its journal in a file"
    );
    Err(refused(operation, reason))
}

/// The bytes that DynamoDB counts, or some more.
pub(super) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(_) => NUMBER_BYTES,
        // Only these three and truth values are written.
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
