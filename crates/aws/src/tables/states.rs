//! What the tables keep, for maintenance: the index on status and time from its old end, every item page by page, a delete on
//! condition, and an operation put back.

use aurora_restore_core::{
    ids::OperationId,
    journal::StateItem,
    operation::Status,
    ports::{JournalError, RefusedOperation},
};
use aurora_restore_ops::ports::{
    Forgotten, Lock, RecordedPage, Restoration, Restored, STATES_PAGE_MAX, States, StatesPage, StoredState, Unchanged,
    WholePage,
};
use aws_sdk_dynamodb::{
    operation::delete_item::DeleteItemError,
    types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity},
};
use jiff::Timestamp;

use super::{
    DynamoJournal,
    item::{self, Item, number, text},
    layout::{STATUS_INDEX, lock_target, name, operation_of},
    refusal::{DELETE, LIST, SCAN, SCAN_ENTRIES},
    write::placeholders,
};

#[async_trait::async_trait]
impl States for DynamoJournal {
    async fn unchanged(&self, query: &Unchanged) -> Result<StatesPage, JournalError> {
        // Where somebody has set a time by hand it may have no fraction, and `Z` stands behind every fraction of its second.
        let until = query.until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let start = query.cursor.as_deref().map(|cursor| self.start_of(query.status, cursor)).transpose()?;
        // The first page is all that most searches need, and reads nothing that is younger. Of those behind it only the last one can,
        // at most a page: that is cheaper than a range which stand-ins evaluate for every item of the status, on every page.
        let range = start.is_none().then(|| text(&until));
        let (condition, names): (_, &[&str]) = match &range {
            Some(_) => ("#status = :status AND #last_updated_at <= :until", &[name::STATUS, name::LAST_UPDATED_AT]),
            None => ("#status = :status", &[name::STATUS]),
        };
        let mut values = Item::from([(":status".to_owned(), text(query.status.as_str()))]);
        values.extend(range.map(|until| (":until".to_owned(), until)));
        let page = self
            .client
            .query()
            .table_name(self.options.state_table.as_str())
            .index_name(STATUS_INDEX)
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(placeholders(names)))
            .set_expression_attribute_values(Some(values))
            .limit(i32::try_from(query.limit.clamp(1, STATES_PAGE_MAX)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| self.failed(LIST, &error))?;
        let cursor = page.last_evaluated_key().and_then(cursor_of);
        let read_units = page.consumed_capacity().and_then(ConsumedCapacity::capacity_units);
        let mut found = StatesPage { cursor, read_units, ..StatesPage::default() };
        for stored in page.items() {
            if item::read_text(stored, name::LAST_UPDATED_AT).is_some_and(|at| at > until.as_str()) {
                found.cursor = None;
                break;
            }
            self.sort_in(stored, &mut found)?;
        }
        found.items.retain(|stored| stored.state.last_updated_at <= query.until);
        Ok(found)
    }

    async fn page(&self, cursor: Option<&str>) -> Result<WholePage, JournalError> {
        let page = self
            .client
            .scan()
            .table_name(self.options.state_table.as_str())
            .limit(i32::try_from(STATES_PAGE_MAX).unwrap_or(i32::MAX))
            .set_exclusive_start_key(cursor.map(item::state_key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| self.failed(SCAN, &error))?;
        let next = page.last_evaluated_key().and_then(|key| item::read_text(key, name::OPERATION_ID));
        let read_units = page.consumed_capacity().and_then(ConsumedCapacity::capacity_units);
        let states = StatesPage { cursor: next.map(str::to_owned), read_units, ..StatesPage::default() };
        let mut whole = WholePage { states, locks: Vec::new() };
        for stored in page.items() {
            match item::read_text(stored, name::OPERATION_ID).and_then(lock_target) {
                Some(target) => {
                    let holder = item::read_text(stored, name::HOLDER).and_then(operation_of);
                    whole.locks.push(Lock { target: target.to_owned(), holder });
                }
                None => self.sort_in(stored, &mut whole.states)?,
            }
        }
        Ok(whole)
    }

    async fn recorded(&self, cursor: Option<&str>) -> Result<RecordedPage, JournalError> {
        let start = cursor.map(|cursor| self.entry_of(cursor)).transpose()?;
        let page = self
            .client
            .scan()
            .table_name(self.options.audit_table.as_str())
            .consistent_read(true)
            .projection_expression("#operation_id")
            // Every operation has one. What it costs to read is what the whole table has.
            .filter_expression("#sequence = :first")
            .set_expression_attribute_names(Some(placeholders(&[name::OPERATION_ID, name::SEQUENCE])))
            .expression_attribute_values(":first", number(1))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| self.failed(SCAN_ENTRIES, &error))?;
        let operations = page.items().iter().filter_map(|entry| item::read_text(entry, name::OPERATION_ID));
        Ok(RecordedPage {
            operations: operations.filter_map(operation_of).collect(),
            cursor: page.last_evaluated_key().and_then(cursor_of_entries),
        })
    }

    async fn forget(&self, seen: &StoredState) -> Result<Forgotten, JournalError> {
        let state = &seen.state;
        let names = [
            name::VERSION,
            name::SEQUENCE,
            name::TOKEN,
            name::STATUS,
            name::LAST_UPDATED_AT,
            name::HOLDS_TARGET,
            name::RETIRE_AFTER,
        ];
        let sent = self
            .client
            .delete_item()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(state.operation_id.as_str())))
            .condition_expression(AS_SEEN)
            .set_expression_attribute_names(Some(placeholders(&names)))
            .expression_attribute_values(":known", number(StateItem::VERSION))
            .expression_attribute_values(":sequence", number(state.sequence))
            .expression_attribute_values(":token", number(seen.token.0))
            .expression_attribute_values(":status", text(state.status.as_str()))
            .expression_attribute_values(":last_updated_at", text(item::time(state.last_updated_at)))
            .expression_attribute_values(":free", AttributeValue::Bool(false))
            .send()
            .await;
        let Err(error) = sent else { return Ok(Forgotten::Gone) };
        if !error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) {
            return Err(self.failed(DELETE, &error));
        }
        let there = self.state_as_stored(&state.operation_id).await?.is_some();
        Ok(if there { Forgotten::Kept } else { Forgotten::Missing })
    }

    async fn unlock(&self, seen: &Lock) -> Result<Forgotten, JournalError> {
        self.give_up(seen).await
    }

    async fn restore(&self, what: &Restoration) -> Result<Restored, JournalError> {
        self.put_back(what).await
    }
}

/// The item is what it was when it was seen, and may be forgotten: of an operation that still has something to do, or whose
/// retired cluster is kept, somebody has to know.
const AS_SEEN: &str = "#version <= :known AND #sequence = :sequence AND #token = :token AND #status = :status AND \
                       #last_updated_at = :last_updated_at AND #holds_target = :free AND attribute_not_exists(#retire_after)";

/// Where a page of the entries ended, as text. A key may be that of changes to a stack.
fn cursor_of_entries(key: &Item) -> Option<String> {
    let Some(AttributeValue::N(sequence)) = key.get(name::SEQUENCE) else { return None };
    Some(format!("{sequence}/{}", item::read_text(key, name::OPERATION_ID)?))
}

/// Where a page of the index ended, as text.
fn cursor_of(key: &Item) -> Option<String> {
    let (at, operation) = (item::read_text(key, name::LAST_UPDATED_AT)?, item::read_text(key, name::OPERATION_ID)?);
    Some(format!("{at}/{operation}"))
}

impl DynamoJournal {
    /// Where a page of the index begins.
    fn start_of(&self, status: Status, cursor: &str) -> Result<Item, JournalError> {
        let unfit = || self.unusable(format!("`{cursor}` is not where a page of this journal ended"));
        let (at, operation) = cursor.split_once('/').ok_or_else(unfit)?;
        let _time: Timestamp = at.parse().map_err(|_| unfit())?;
        let operation = operation_of(operation).ok_or_else(unfit)?;
        let mut key = item::state_key(operation.as_str());
        key.extend([(name::STATUS.to_owned(), text(status.as_str())), (name::LAST_UPDATED_AT.to_owned(), text(at))]);
        Ok(key)
    }

    /// Where a page of the entries begins.
    fn entry_of(&self, cursor: &str) -> Result<Item, JournalError> {
        let unfit = || self.unusable(format!("`{cursor}` is not where a page of this journal ended"));
        let (sequence, key) = cursor.split_once('/').ok_or_else(unfit)?;
        let sequence: u64 = sequence.parse().map_err(|_| unfit())?;
        let mut start = item::state_key(key);
        start.insert(name::SEQUENCE.to_owned(), number(sequence));
        Ok(start)
    }

    /// Takes an item up, or that it cannot be read. What is neither an operation nor a lock is not ours to judge.
    fn sort_in(&self, stored: &Item, page: &mut StatesPage) -> Result<(), JournalError> {
        let Some(operation) = item::read_text(stored, name::OPERATION_ID).and_then(operation_of) else {
            return Ok(());
        };
        match of_item(&operation, stored) {
            Ok(stored) => page.items.push(stored),
            Err(JournalError::Refused { operation, reason }) => {
                page.refused.push(RefusedOperation { operation, reason });
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }
}

fn of_item(operation: &OperationId, stored: &Item) -> Result<StoredState, JournalError> {
    Ok(StoredState {
        state: item::read_state(operation, stored)?,
        token: item::read_token(operation, stored)?,
        executor: item::read_text(stored, name::EXECUTOR).unwrap_or_default().to_owned(),
    })
}
