//! Lists: the index on status and time, one query for each status that is asked for, merged. Never a scan.
//!
//! The index follows the table within moments: an operation that was begun just now may be missing from a list.

use aurora_restore_core::{
    ids::OperationId,
    journal::StateItem,
    operation::Status,
    ports::{JournalError, OperationFilter, OperationPage, RefusedOperation},
};
use jiff::Timestamp;

use super::{
    DynamoJournal,
    item::{self, Item, text},
    layout::{ID_INDEX, KIND_OPERATION, STATUS_INDEX, name, operation_of},
    refusal::LIST,
    write::placeholders,
};

const STATUSES: [Status; 5] = [Status::InProgress, Status::Stuck, Status::Completed, Status::Failed, Status::Cancelled];
/// The page size where none is asked for, and the largest.
const PAGE: usize = 100;
const PAGE_MAX: usize = 10_000;
/// How many items a query reads beyond those that are wanted: what was updated at the same moment comes in no order.
const SLACK: usize = 8;
/// How many items a query looks at where it leaves out some.
const LOOKED_AT: usize = 500;
/// The most queries for one status and one page.
const QUERIES_MAX: usize = 200;

/// An operation in the order of the list: by time, then by id; the greatest comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: String,
    operation: String,
}

impl Place {
    fn of(stored: &Item) -> Option<Self> {
        Some(Self {
            at: item::read_text(stored, name::LAST_UPDATED_AT)?.to_owned(),
            operation: item::read_text(stored, name::OPERATION_ID)?.to_owned(),
        })
    }

    fn cursor(&self) -> String {
        format!("{}/{}", self.at, self.operation)
    }

    fn of_cursor(cursor: &str) -> Option<Self> {
        let (at, operation) = cursor.split_once('/')?;
        let _time: Timestamp = at.parse().ok()?;
        Some(Self { at: at.to_owned(), operation: operation_of(operation)?.to_string() })
    }
}

impl DynamoJournal {
    /// One page of operations, newest first.
    pub(super) async fn page(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        let limit = if filter.limit == 0 { PAGE } else { filter.limit.min(PAGE_MAX) };
        let before = match &filter.cursor {
            None => None,
            Some(cursor) => Some(
                Place::of_cursor(cursor)
                    .ok_or_else(|| self.unusable(format!("`{cursor}` is not where a page of this journal ended")))?,
            ),
        };
        let mut found: Vec<(Place, Item)> = Vec::new();
        for status in filter.status.map_or(STATUSES.to_vec(), |status| vec![status]) {
            found.extend(self.newest(status, filter, before.as_ref(), limit + 1).await?);
        }
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        // An operation that changed its status between two queries is found by both; the newer find stands first.
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|(place, _)| seen.insert(place.operation.clone()));
        let cursor = (found.len() > limit).then(|| found[limit - 1].0.cursor());
        let mut page = OperationPage { cursor, ..OperationPage::default() };
        for (place, stored) in found.iter().take(limit) {
            match self.shown(place, stored) {
                Ok(state) => page.items.push(state),
                // One that cannot be read does not hide the others.
                Err(JournalError::Refused { operation, reason }) => {
                    page.refused.push(RefusedOperation { operation, reason });
                }
                Err(other) => return Err(other),
            }
        }
        Ok(page)
    }

    /// The ids that begin with a text, in descending order: one query of as many keys as are wanted.
    pub(super) async fn ids(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        let mut condition = "#kind = :operation".to_owned();
        let mut names = vec![name::KIND];
        let mut query = self
            .client
            .query()
            .table_name(self.options.state_table.as_str())
            .index_name(ID_INDEX)
            .scan_index_forward(false)
            .expression_attribute_values(":operation", text(KIND_OPERATION));
        // DynamoDB knows no empty beginning.
        if !prefix.is_empty() {
            condition.push_str(" AND begins_with(#operation_id, :prefix)");
            names.push(name::OPERATION_ID);
            query = query.expression_attribute_values(":prefix", text(prefix));
        }
        let page = query
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(placeholders(&names)))
            .limit(i32::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| self.failed(LIST, &error))?;
        let ids = page.items().iter().filter_map(|stored| item::read_text(stored, name::OPERATION_ID));
        Ok(ids.filter_map(operation_of).take(limit).collect())
    }

    fn shown(&self, place: &Place, stored: &Item) -> Result<StateItem, JournalError> {
        let operation = operation_of(&place.operation)
            .ok_or_else(|| self.unusable(format!("`{}` has a status and is not an operation", place.operation)))?;
        item::read_state(&operation, stored)
    }

    /// The newest operations of one status before a place, at least as many as are wanted if there are so many.
    async fn newest(
        &self,
        status: Status,
        filter: &OperationFilter,
        before: Option<&Place>,
        wanted: usize,
    ) -> Result<Vec<(Place, Item)>, JournalError> {
        let mut found: Vec<(Place, Item)> = Vec::new();
        let mut next = None;
        for _ in 0..QUERIES_MAX {
            let page = self.query_status(status, filter, before, wanted).set_exclusive_start_key(next.take());
            let page = page.send().await.map_err(|error| self.failed(LIST, &error))?;
            let mut oldest_seen = None;
            for stored in page.items.unwrap_or_default() {
                let Some(place) = Place::of(&stored) else { continue };
                oldest_seen = Some(place.at.clone());
                if before.is_none_or(|before| place < *before) {
                    found.push((place, stored));
                }
            }
            found.sort_by(|(one, _), (other, _)| other.cmp(one));
            // Those that were updated at the same moment as the last one that is wanted have to be there, too.
            let complete = found.get(wanted - 1).is_some_and(|(last, _)| oldest_seen.is_some_and(|at| at < last.at));
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if complete || next.is_none() {
                return Ok(found);
            }
        }
        Err(self.unavailable(format!(
            "more than {QUERIES_MAX} queries are needed to list what is {}; ask for less, for instance for one status",
            status.as_str()
        )))
    }

    fn query_status(
        &self,
        status: Status,
        filter: &OperationFilter,
        before: Option<&Place>,
        wanted: usize,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let mut names = vec![name::STATUS];
        let mut condition = "#status = :status".to_owned();
        let mut query = self
            .client
            .query()
            .table_name(self.options.state_table.as_str())
            .index_name(STATUS_INDEX)
            .scan_index_forward(false)
            .expression_attribute_values(":status", text(status.as_str()));
        if let Some(before) = before {
            names.push(name::LAST_UPDATED_AT);
            condition.push_str(" AND #last_updated_at <= :before");
            query = query.expression_attribute_values(":before", text(&before.at));
        }
        let mut looked_at = wanted + SLACK;
        if let Some(target) = &filter.target {
            names.push(name::TARGET);
            looked_at = looked_at.max(LOOKED_AT);
            query = query
                .filter_expression("#target = :target")
                .expression_attribute_values(":target", text(target.as_str()));
        }
        query
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(placeholders(&names)))
            .limit(i32::try_from(looked_at).unwrap_or(i32::MAX))
    }
}
