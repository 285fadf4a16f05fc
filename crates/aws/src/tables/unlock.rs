//! Giving up a lock that was left, in one transaction with the item of whom it names: an operation may take its lock again meanwhile.

use aurora_restore_core::ports::JournalError;
use aurora_restore_ops::ports::{Forgotten, Lock};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem};

use super::{
    DynamoJournal,
    item::{self, Item, text},
    layout::{lock_key_of, name, operation_of},
    write::{built, placeholders},
};

impl DynamoJournal {
    pub(super) async fn give_up(&self, seen: &Lock) -> Result<Forgotten, JournalError> {
        let key = lock_key_of(&seen.target);
        let Some(lock) = self.lock_item(&key).await? else { return Ok(Forgotten::Missing) };
        let named = item::read_text(&lock, name::HOLDER);
        if named.and_then(operation_of) != seen.holder {
            return Ok(Forgotten::Kept);
        }
        let mut parts = vec![self.delete_lock(&key, named)];
        parts.extend(seen.holder.as_ref().map(|holder| self.holds_nothing(holder.as_str())));
        if self.transact(parts).await?.is_none() {
            return Ok(Forgotten::Gone);
        }
        let is_there = self.lock_item(&key).await?.is_some();
        Ok(if is_there { Forgotten::Kept } else { Forgotten::Missing })
    }

    async fn lock_item(&self, key: &str) -> Result<Option<Item>, JournalError> {
        self.get(&self.options.state_table, item::state_key(key)).await
    }

    fn delete_lock(&self, key: &str, named: Option<&str>) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(key)))
            .set_expression_attribute_names(Some(placeholders(&[name::HOLDER])));
        let delete = match named {
            Some(named) => delete
                .condition_expression("#holder = :seen")
                .set_expression_attribute_values(Some(Item::from([(":seen".to_owned(), text(named))]))),
            None => delete.condition_expression("attribute_not_exists(#holder)"),
        };
        TransactWriteItem::builder().delete(built(delete.build())).build()
    }

    fn holds_nothing(&self, operation: &str) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(self.options.state_table.as_str())
            .set_key(Some(item::state_key(operation)))
            .condition_expression("attribute_not_exists(#operation_id) OR #holds_target = :free")
            .set_expression_attribute_names(Some(placeholders(&[name::OPERATION_ID, name::HOLDS_TARGET])))
            .expression_attribute_values(":free", AttributeValue::Bool(false));
        TransactWriteItem::builder().condition_check(built(check.build())).build()
    }
}
