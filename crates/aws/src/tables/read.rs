//! What is read by key: every read is consistent.

use aurora_restore_core::{
    ids::OperationId,
    journal::{SealedEntry, StateItem},
    ports::{JournalError, JournalHead, TargetKey},
};

use crate::table_name::TableName;

use super::{
    DynamoJournal,
    item::{self, Item, number, text},
    layout::{lock_key, name, operation_of},
    refusal::{GET, QUERY},
    write::{entry_key, placeholders},
};

/// The most pages of one operation's entries. A page has up to a mebibyte.
const PAGES_MAX: usize = 1_000;

impl DynamoJournal {
    /// Where an operation's journal stands.
    pub(super) async fn read_head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        let state = self.known_state(operation).await?;
        Ok(JournalHead {
            sequence: item::read_number(operation, &state, name::SEQUENCE)?,
            token: item::read_token(operation, &state)?,
        })
    }

    /// The state of one operation.
    pub(super) async fn read_state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        item::read_state(operation, &self.known_state(operation).await?)
    }

    /// The item of an operation that exists, in a form that is known.
    pub(super) async fn known_state(&self, operation: &OperationId) -> Result<Item, JournalError> {
        let found = self.state_as_stored(operation).await?;
        let state = found.ok_or_else(|| JournalError::UnknownOperation { operation: operation.clone() })?;
        item::require_known_version(operation, &state)?;
        Ok(state)
    }

    pub(super) async fn state_as_stored(&self, operation: &OperationId) -> Result<Option<Item>, JournalError> {
        self.get(&self.options.state_table, item::state_key(operation.as_str())).await
    }

    pub(super) async fn has_entry(&self, entry: &SealedEntry) -> Result<bool, JournalError> {
        Ok(self.get(&self.options.audit_table, entry_key(entry)).await?.is_some())
    }

    /// Which operation holds a target.
    pub(super) async fn lock_holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        let key = lock_key(target);
        let Some(lock) = self.get(&self.options.state_table, item::state_key(&key)).await? else { return Ok(None) };
        let holder = item::read_text(&lock, name::HOLDER).and_then(operation_of);
        match holder {
            Some(holder) => Ok(Some(holder)),
            None => Err(self.unusable(format!("item `{key}` does not name a holder; delete it if nobody restores"))),
        }
    }

    pub(super) async fn get(&self, table: &TableName, key: Item) -> Result<Option<Item>, JournalError> {
        let sent = self
            .client
            .get_item()
            .table_name(table.as_str())
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.failed(GET, &error))?;
        Ok(sent.item)
    }

    /// The entries after a place, in order.
    pub(super) async fn read_entries(
        &self,
        operation: &OperationId,
        after: u64,
    ) -> Result<Vec<SealedEntry>, JournalError> {
        // All of them are the whole partition: a range that holds for each would only be evaluated for each.
        let range = (after > 0).then(|| number(after));
        let (condition, names): (_, &[&str]) = match &range {
            Some(_) => ("#operation_id = :operation AND #sequence > :after", &[name::OPERATION_ID, name::SEQUENCE]),
            None => ("#operation_id = :operation", &[name::OPERATION_ID]),
        };
        let mut values = Item::from([(":operation".to_owned(), text(operation.as_str()))]);
        values.extend(range.map(|after| (":after".to_owned(), after)));
        let mut entries = Vec::new();
        let mut next: Option<Item> = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .query()
                .table_name(self.options.audit_table.as_str())
                .consistent_read(true)
                .key_condition_expression(condition)
                .set_expression_attribute_names(Some(placeholders(names)))
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(next.take())
                .send()
                .await
                .map_err(|error| self.failed(QUERY, &error))?;
            for stored in page.items() {
                entries.push(item::read_entry(operation, stored)?);
            }
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() {
                if entries.is_empty() {
                    // No news, or no such operation.
                    let _known = self.known_state(operation).await?;
                }
                return Ok(entries);
            }
        }
        Err(item::refused(operation, format!("it has more than {PAGES_MAX} pages of entries")))
    }
}
