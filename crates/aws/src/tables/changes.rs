//! The records of changes to a stack, in the audit table beside the entries of operations: under a key that no operation has.

use aurora_restore_core::ports::JournalError;
use aurora_restore_ops::ports::{Appended, Changes, SealedRecord};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::{
    DynamoJournal,
    item::{self, Item, number, text},
    layout::{changes_key, name},
    refusal::QUERY,
    write::placeholders,
};

/// The most pages of one stack's records. A page has up to a mebibyte.
const PAGES_MAX: usize = 1_000;

#[async_trait::async_trait]
impl Changes for DynamoJournal {
    fn kept_for(&self) -> SignedDuration {
        self.options.audit_retention
    }

    async fn append(&self, record: &SealedRecord, at: Timestamp) -> Result<Appended, JournalError> {
        let mut stored = item::state_key(&changes_key(&record.stack));
        stored.extend([
            (name::SEQUENCE.to_owned(), number(record.sequence)),
            (name::RECORDED_AT.to_owned(), text(item::time(at))),
            (name::PREVIOUS_HASH.to_owned(), text(&record.previous_hash)),
            (name::HASH.to_owned(), text(&record.hash)),
            (name::BODY.to_owned(), text(&record.body)),
        ]);
        stored.extend(item::expiring(at, self.options.audit_retention));
        Ok(if self.put_into_audit(stored).await? { Appended::Written } else { Appended::Taken })
    }

    async fn records(&self, stack: &str) -> Result<Vec<SealedRecord>, JournalError> {
        let mut records = Vec::new();
        let mut next: Option<Item> = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .query()
                .table_name(self.options.audit_table.as_str())
                .consistent_read(true)
                .key_condition_expression("#operation_id = :changes")
                .set_expression_attribute_names(Some(placeholders(&[name::OPERATION_ID])))
                .expression_attribute_values(":changes", text(changes_key(stack)))
                .set_exclusive_start_key(next.take())
                .send()
                .await
                .map_err(|error| self.failed(QUERY, &error))?;
            for stored in page.items() {
                records.push(self.read_record(stack, stored)?);
            }
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() {
                return Ok(records);
            }
        }
        Err(self.unusable(format!("stack {stack} has more than {PAGES_MAX} pages of changes")))
    }
}

impl DynamoJournal {
    fn read_record(&self, stack: &str, stored: &Item) -> Result<SealedRecord, JournalError> {
        let sequence = match stored.get(name::SEQUENCE) {
            Some(AttributeValue::N(number)) => number.parse().ok(),
            _ => None,
        };
        let sequence =
            sequence.ok_or_else(|| self.unusable(format!("a record of the changes of stack {stack} has no number")))?;
        let required = |attribute: &str| {
            item::read_text(stored, attribute).map(str::to_owned).ok_or_else(|| {
                self.unusable(format!("record {sequence} of the changes of stack {stack} has no text `{attribute}`"))
            })
        };
        Ok(SealedRecord {
            stack: stack.to_owned(),
            sequence,
            previous_hash: required(name::PREVIOUS_HASH)?,
            hash: required(name::HASH)?,
            body: required(name::BODY)?,
        })
    }
}
