//! What is written to the tables: each function is one transaction, or one update of one item.
//!
//! | part of an append | condition |
//! |---|---|
//! | the state: update | it exists, in a known form; its token (not for a bystander) and its sequence are the expected ones |
//! | the entry: put | its sequence is free |
//! | the lock: put or delete | nobody has it, or this operation |
//!
//! DynamoDB says which conditions failed, and not by how much: what an error has to tell is read afterwards. Tokens and
//! sequences only rise, so what that look finds was so when the condition failed.

use std::collections::HashMap;

use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{FencingToken, JournalError, NewOperation, TargetKey},
};
use aws_sdk_dynamodb::{
    error::BuildError,
    operation::{transact_write_items::TransactWriteItemsError, update_item::UpdateItemError},
    types::{AttributeValue, CancellationReason, Delete, Put, ReturnValue, TransactWriteItem, Update},
};

use crate::table_name::TableName;

use super::{
    DynamoJournal,
    item::{self, Item, number, text},
    layout::{lock_key, name},
    refusal::{TRANSACT, UPDATE},
};

/// What an append does with the lock of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LockPart {
    Take,
    Give,
    /// It was given up before and is somebody else's now.
    Leave,
}

impl DynamoJournal {
    /// Begins an operation.
    pub(super) async fn begin(&self, new: &NewOperation) -> Result<FencingToken, JournalError> {
        let operation = &new.first.operation;
        if new.first.sequence != 1 {
            return Err(conflict(&new.first));
        }
        let token = FencingToken(1);
        let mut state = item::of_state(&new.state, self.options.state_kept(&new.state.operation_id))?;
        state.extend(item::state_key(operation.as_str()));
        state.extend([
            (name::TOKEN.to_owned(), number(token.0)),
            (name::EXECUTOR.to_owned(), text(new.executor.as_str())),
        ]);
        let parts = [
            self.put(&self.options.state_table, state, &[name::OPERATION_ID]),
            self.put_entry(&new.first, &new.state)?,
            self.take_lock(&new.target, operation),
        ];
        match self.transact(parts).await? {
            None => Ok(token),
            Some(reasons) => Err(self.why_not_begun(new, &reasons).await?),
        }
    }

    async fn why_not_begun(
        &self,
        new: &NewOperation,
        reasons: &[CancellationReason],
    ) -> Result<JournalError, JournalError> {
        let operation = &new.first.operation;
        if let Some(other) = self.cancelled(reasons) {
            return Ok(other);
        }
        if self.state_as_stored(operation).await?.is_some() || self.has_entry(&new.first).await? {
            return Ok(JournalError::OperationExists { operation: operation.clone() });
        }
        Ok(match self.lock_holder(&new.target).await? {
            Some(holder) if holder != *operation => JournalError::TargetBusy { target: new.target.clone(), holder },
            _ => self.somebody_else_writes(),
        })
    }

    /// Appends an entry, for the holder of a token or for a bystander.
    pub(super) async fn add(
        &self,
        held: Option<FencingToken>,
        entry: &SealedEntry,
        state: &StateItem,
    ) -> Result<(), JournalError> {
        let part = if state.holds_target { LockPart::Take } else { LockPart::Give };
        let Some(reasons) = self.try_to_add(held, entry, state, part).await? else { return Ok(()) };
        self.not_overtaken(held, entry, &reasons).await?;
        let others = self.lock_holder(&state.target_key).await?.filter(|holder| *holder != entry.operation);
        match (others, part) {
            (Some(holder), LockPart::Take) => {
                return Err(JournalError::TargetBusy { target: state.target_key.clone(), holder });
            }
            // Only an append of this operation itself could make the lock its own meanwhile, and that would show in the
            // sequence.
            (Some(_), LockPart::Give) => {
                let Some(reasons) = self.try_to_add(held, entry, state, LockPart::Leave).await? else { return Ok(()) };
                self.not_overtaken(held, entry, &reasons).await?;
            }
            (None, _) | (_, LockPart::Leave) => {}
        }
        if self.has_entry(entry).await? {
            let reason = format!(
                "entry {} is in {} already, and its state in {} does not know it",
                entry.sequence, self.options.audit_table, self.options.state_table
            );
            return Err(item::refused(&entry.operation, reason));
        }
        Err(self.somebody_else_writes())
    }

    async fn try_to_add(
        &self,
        held: Option<FencingToken>,
        entry: &SealedEntry,
        state: &StateItem,
        part: LockPart,
    ) -> Result<Option<Vec<CancellationReason>>, JournalError> {
        let mut parts = vec![self.set_state(held, entry, state)?, self.put_entry(entry, state)?];
        match part {
            LockPart::Take => parts.push(self.take_lock(&state.target_key, &entry.operation)),
            LockPart::Give => parts.push(self.give_lock(&state.target_key, &entry.operation)),
            LockPart::Leave => {}
        }
        self.transact(parts).await
    }

    /// Tells an append that was refused because of the state from one that was not.
    async fn not_overtaken(
        &self,
        held: Option<FencingToken>,
        entry: &SealedEntry,
        reasons: &[CancellationReason],
    ) -> Result<(), JournalError> {
        if let Some(other) = self.cancelled(reasons) {
            return Err(other);
        }
        let operation = &entry.operation;
        let state = self.known_state(operation).await?;
        let token = item::read_token(operation, &state)?;
        if held.is_some_and(|held| held != token) {
            return Err(JournalError::Fenced { operation: operation.clone() });
        }
        if item::read_number(operation, &state, name::SEQUENCE)? + 1 == entry.sequence {
            Ok(())
        } else {
            Err(conflict(entry))
        }
    }

    /// Takes an operation over.
    pub(super) async fn take_over(
        &self,
        operation: &OperationId,
        executor: &ExecutorId,
    ) -> Result<FencingToken, JournalError> {
        let sent = self
            .client
            .update_item()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(operation.as_str())))
            .update_expression("SET #token = #token + :one, #executor = :executor")
            .condition_expression("attribute_exists(#operation_id) AND #version <= :known")
            .set_expression_attribute_names(Some(placeholders(&[
                name::TOKEN,
                name::EXECUTOR,
                name::OPERATION_ID,
                name::VERSION,
            ])))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":executor", text(executor.as_str()))
            .expression_attribute_values(":known", number(StateItem::VERSION))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await;
        match sent {
            Ok(answer) => item::read_token(operation, &answer.attributes.unwrap_or_default()),
            Err(error) if is_condition(error.as_service_error()) => {
                let _known = self.known_state(operation).await?;
                Err(self.somebody_else_writes())
            }
            Err(error) => Err(self.failed(UPDATE, &error)),
        }
    }

    /// Replaces the progress line.
    pub(super) async fn set_progress(
        &self,
        operation: &OperationId,
        held: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        let sent = self
            .client
            .update_item()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(operation.as_str())))
            .update_expression("SET #progress = :progress")
            .condition_expression("#token = :token AND #version <= :known")
            .set_expression_attribute_names(Some(placeholders(&[name::PROGRESS, name::TOKEN, name::VERSION])))
            .expression_attribute_values(":progress", item::of_progress(progress)?)
            .expression_attribute_values(":token", number(held.0))
            .expression_attribute_values(":known", number(StateItem::VERSION))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if is_condition(error.as_service_error()) => {
                let _known = self.known_state(operation).await?;
                Err(JournalError::Fenced { operation: operation.clone() })
            }
            Err(error) => Err(self.failed(UPDATE, &error)),
        }
    }

    /// Writes all parts or none. Gives the reasons where a condition does not hold.
    pub(super) async fn transact(
        &self,
        parts: impl IntoIterator<Item = TransactWriteItem>,
    ) -> Result<Option<Vec<CancellationReason>>, JournalError> {
        let sent =
            self.client.transact_write_items().set_transact_items(Some(parts.into_iter().collect())).send().await;
        let Err(error) = sent else { return Ok(None) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                Ok(Some(cancelled.cancellation_reasons().to_vec()))
            }
            _ => Err(self.failed(TRANSACT, &error)),
        }
    }

    fn put_entry(&self, entry: &SealedEntry, state: &StateItem) -> Result<TransactWriteItem, JournalError> {
        let stored = item::of_entry(entry, state.last_updated_at, self.options.audit_retention)?;
        Ok(self.put(&self.options.audit_table, stored, &[name::OPERATION_ID]))
    }

    /// Puts an item where there is none.
    pub(super) fn put(&self, table: &TableName, stored: Item, key: &[&str]) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(table.as_str())
            .set_item(Some(stored))
            .condition_expression("attribute_not_exists(#operation_id)")
            .set_expression_attribute_names(Some(placeholders(key)));
        TransactWriteItem::builder().put(built(put.build())).build()
    }

    /// Sets every attribute of the state, and removes those that it does not have any more. Token and executor stay.
    fn set_state(
        &self,
        held: Option<FencingToken>,
        entry: &SealedEntry,
        state: &StateItem,
    ) -> Result<TransactWriteItem, JournalError> {
        let attributes = item::of_state(state, self.options.state_kept(&state.operation_id))?;
        let gone: Vec<&str> = item::OPTIONAL.into_iter().filter(|name| !attributes.contains_key(*name)).collect();
        let set: Vec<String> = attributes.keys().map(|name| format!("#{name} = :{name}")).collect();
        let mut expression = format!("SET {}", set.join(", "));
        if !gone.is_empty() {
            let gone: Vec<String> = gone.iter().map(|name| format!("#{name}")).collect();
            expression.push_str(&format!(" REMOVE {}", gone.join(", ")));
        }
        let mut condition =
            "attribute_exists(#operation_id) AND #version <= :known AND #sequence = :expected".to_owned();
        let mut names: Vec<&str> = attributes.keys().map(String::as_str).collect();
        names.extend(gone);
        names.push(name::OPERATION_ID);
        let mut values: Item = attributes.iter().map(|(name, value)| (format!(":{name}"), value.clone())).collect();
        values.extend([
            (":known".to_owned(), number(StateItem::VERSION)),
            (":expected".to_owned(), number(entry.sequence.saturating_sub(1))),
        ]);
        if let Some(held) = held {
            condition.push_str(" AND #token = :held");
            names.push(name::TOKEN);
            let _none = values.insert(":held".to_owned(), number(held.0));
        }
        let update = Update::builder()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(entry.operation.as_str())))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(placeholders(&names)))
            .set_expression_attribute_values(Some(values));
        Ok(TransactWriteItem::builder().update(built(update.build())).build())
    }

    pub(super) fn take_lock(&self, target: &TargetKey, operation: &OperationId) -> TransactWriteItem {
        let mut lock = item::state_key(&lock_key(target));
        lock.extend([
            (name::HOLDER.to_owned(), text(operation.as_str())),
            (name::TARGET.to_owned(), text(target.cluster.as_str())),
            (name::TARGET_ACCOUNT.to_owned(), text(&target.account)),
            (name::TARGET_REGION.to_owned(), text(target.region.as_str())),
        ]);
        let put = Put::builder()
            .table_name(self.options.state_table.as_str())
            .set_item(Some(lock))
            .condition_expression(FREE_OR_OURS)
            .set_expression_attribute_names(Some(placeholders(&[name::OPERATION_ID, name::HOLDER])))
            .set_expression_attribute_values(Some(ours(operation)));
        TransactWriteItem::builder().put(built(put.build())).build()
    }

    fn give_lock(&self, target: &TargetKey, operation: &OperationId) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(&lock_key(target))))
            .condition_expression(FREE_OR_OURS)
            .set_expression_attribute_names(Some(placeholders(&[name::OPERATION_ID, name::HOLDER])))
            .set_expression_attribute_values(Some(ours(operation)));
        TransactWriteItem::builder().delete(built(delete.build())).build()
    }

    /// Two writers met, and what they wrote does not tell who won: the lock was given back at that very moment.
    fn somebody_else_writes(&self) -> JournalError {
        self.unavailable("somebody else is writing the same items at this moment".to_owned())
    }
}

const FREE_OR_OURS: &str = "attribute_not_exists(#operation_id) OR #holder = :ours";

fn ours(operation: &OperationId) -> Item {
    Item::from([(":ours".to_owned(), text(operation.as_str()))])
}

/// Every attribute is named by a placeholder: several of their names are words of DynamoDB's own.
pub(super) fn placeholders(names: &[&str]) -> HashMap<String, String> {
    names.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect()
}

pub(super) fn built<T>(part: Result<T, BuildError>) -> T {
    part.expect("table, key and item are set")
}

fn is_condition(error: Option<&UpdateItemError>) -> bool {
    matches!(error, Some(UpdateItemError::ConditionalCheckFailedException(_)))
}

fn conflict(entry: &SealedEntry) -> JournalError {
    JournalError::Conflict { operation: entry.operation.clone(), expected: entry.sequence.saturating_sub(1) }
}

/// The key of an entry.
pub(super) fn entry_key(entry: &SealedEntry) -> HashMap<String, AttributeValue> {
    let mut key = item::state_key(entry.operation.as_str());
    let _none = key.insert(name::SEQUENCE.to_owned(), number(entry.sequence));
    key
}
