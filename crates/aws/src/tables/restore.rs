//! An operation put back: its entries one by one, then its item and its lock in one transaction. Nothing is written over.

use aurora_restore_core::{
    ids::OperationId,
    journal::SealedEntry,
    ports::{JournalError, TargetKey},
};
use aurora_restore_ops::ports::{Restoration, Restored};
use aws_sdk_dynamodb::{operation::put_item::PutItemError, types::CancellationReason};
use jiff::Timestamp;

use super::{
    DynamoJournal,
    item::{self, Item, number, text},
    layout::name,
    refusal::PUT,
    write::placeholders,
};

fn differs(reason: &str) -> Restored {
    Restored::Differs { reason: reason.to_owned() }
}

impl DynamoJournal {
    /// Puts an operation back, or says what stands in its way.
    pub(super) async fn put_back(&self, what: &Restoration) -> Result<Restored, JournalError> {
        let id = &what.state.operation_id;
        let there = self.all_entries(id).await?;
        if there.iter().zip(&what.entries).any(|(there, entry)| there != entry) {
            return Ok(differs("the audit table has other entries of it"));
        }
        if let Some(state) = self.state_as_stored(id).await? {
            let same = item::read_number(id, &state, name::SEQUENCE)? == what.state.sequence
                && there.len() == what.entries.len();
            return Ok(if same { Restored::Same } else { differs("it is there, and stands elsewhere") });
        }
        if there.len() > what.entries.len() {
            return Ok(differs("the audit table has more entries of it"));
        }
        // If we die between two entries, or before the item: what is there is a beginning of what is to be there.
        for entry in &what.entries[there.len()..] {
            if !self.put_entry_back(entry, what.at).await? {
                return Ok(differs("somebody else writes its entries at this moment"));
            }
        }
        match self.put_state_back(what).await? {
            None => Ok(Restored::Written),
            Some(_) => Ok(differs(&self.why_not_back(id, &what.state.target_key).await?)),
        }
    }

    /// The entries of an operation that need not be there.
    async fn all_entries(&self, operation: &OperationId) -> Result<Vec<SealedEntry>, JournalError> {
        match self.read_entries(operation, 0).await {
            Err(JournalError::UnknownOperation { .. }) => Ok(Vec::new()),
            other => other,
        }
    }

    /// Puts an entry where there is none. False where there is one.
    async fn put_entry_back(&self, entry: &SealedEntry, now: Timestamp) -> Result<bool, JournalError> {
        let opened = entry.open(entry.sequence, &entry.previous_hash);
        let recorded = opened.map_err(|refusal| item::refused(&entry.operation, refusal.to_string()))?.at;
        let mut stored = item::of_entry(entry, recorded, self.options.audit_retention)?;
        stored.extend(item::expiring(now, self.options.audit_retention));
        self.put_into_audit(stored).await
    }

    /// Puts an item into the audit table where there is none. False where there is one.
    pub(super) async fn put_into_audit(&self, stored: Item) -> Result<bool, JournalError> {
        let sent = self
            .client
            .put_item()
            .table_name(self.options.audit_table.as_str())
            .set_item(Some(stored))
            .condition_expression("attribute_not_exists(#operation_id)")
            .set_expression_attribute_names(Some(placeholders(&[name::OPERATION_ID])))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(self.failed(PUT, &error)),
        }
    }

    async fn why_not_back(&self, id: &OperationId, target: &TargetKey) -> Result<String, JournalError> {
        Ok(match self.lock_holder(target).await? {
            Some(holder) if holder != *id => format!("operation {holder} holds its target {target}"),
            _ => "somebody else writes it at this moment".to_owned(),
        })
    }

    /// Puts the item of an operation back, and its lock if it holds its target. Its entries are there already. Gives the
    /// reasons where a condition does not hold.
    async fn put_state_back(&self, what: &Restoration) -> Result<Option<Vec<CancellationReason>>, JournalError> {
        let operation = &what.state.operation_id;
        let mut state = item::of_state(&what.state, self.options.state_kept(&what.state.operation_id))?;
        // It is kept from now on as long as one that has ended now: counted from its end, its time may be over.
        if state.contains_key(name::TTL) {
            state.extend(item::expiring(what.at, self.options.state_kept(operation)));
        }
        state.extend(item::state_key(operation.as_str()));
        state.extend([
            (name::TOKEN.to_owned(), number(what.token.0)),
            (name::EXECUTOR.to_owned(), text(what.executor.as_str())),
        ]);
        let mut parts = vec![self.put(&self.options.state_table, state, &[name::OPERATION_ID])];
        if what.state.holds_target {
            parts.push(self.take_lock(&what.state.target_key, operation));
        }
        match self.transact(parts).await? {
            None => Ok(None),
            Some(reasons) => match self.cancelled(&reasons) {
                Some(error) => Err(error),
                None => Ok(Some(reasons)),
            },
        }
    }
}
