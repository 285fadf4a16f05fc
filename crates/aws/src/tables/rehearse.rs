//! Point-in-time recovery of both tables into tables beside them.
//!
//! DynamoDB restores the items and the indexes of a table, not its time to live, its tags or its own recovery: enough to be read, and
//! to be deleted.

use aurora_restore_core::ports::JournalError;
use aurora_restore_ops::ports::{RecoveryWindow, RehearsalName, RehearsalStatus, Rehearsals, RehearsedJournal};
use aws_sdk_dynamodb::{
    operation::{describe_table::DescribeTableError, restore_table_to_point_in_time::RestoreTableToPointInTimeError},
    primitives::DateTime,
    types::{PointInTimeRecoveryStatus, RestoreSummary, TableDescription, TableStatus},
};
use jiff::Timestamp;

use crate::table_name::TableName;

use super::{
    DynamoJournal, TablesOptions,
    refusal::{DELETE_TABLE, DESCRIBE, RECOVERY, RESTORE},
};

impl DynamoJournal {
    /// Both tables, in the order in which they are restored: entries first, because an item is older than none of its entries.
    fn tables(&self) -> [&TableName; 2] {
        [&self.options.audit_table, &self.options.state_table]
    }

    async fn window_of(&self, table: &TableName) -> Result<Option<RecoveryWindow>, JournalError> {
        let answer = self.client.describe_continuous_backups().table_name(table.as_str()).send().await;
        let answer = answer.map_err(|error| self.failed(RECOVERY, &error))?;
        let recovery = answer
            .continuous_backups_description()
            .and_then(|backups| backups.point_in_time_recovery_description())
            .filter(|it| it.point_in_time_recovery_status() == Some(&PointInTimeRecoveryStatus::Enabled));
        let Some(recovery) = recovery else { return Ok(None) };
        let time = |at: Option<&DateTime>| at.and_then(|at| Timestamp::from_second(at.secs()).ok());
        let earliest = time(recovery.earliest_restorable_date_time());
        let latest = time(recovery.latest_restorable_date_time());
        Ok(earliest.zip(latest).map(|(earliest, latest)| RecoveryWindow { earliest, latest }))
    }

    async fn described_table(&self, table: &TableName) -> Result<Option<TableDescription>, JournalError> {
        match self.client.describe_table().table_name(table.as_str()).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) => {
                Ok(None)
            }
            Err(error) => Err(self.failed(DESCRIBE, &error)),
        }
    }

    /// The name of a table of a rehearsal.
    fn beside(&self, table: &TableName, name: &RehearsalName) -> Result<TableName, JournalError> {
        TableName::new(&format!("{table}-{name}")).map_err(|invalid| self.unusable(invalid.to_string()))
    }

    async fn discard_table(&self, table: &TableName, name: &RehearsalName) -> Result<(), JournalError> {
        let beside = self.beside(table, name)?;
        let Some(found) = self.described_table(&beside).await? else { return Ok(()) };
        if found.table_status() == Some(&TableStatus::Deleting) {
            return Ok(());
        }
        let source = found.restore_summary().and_then(|summary| summary.source_table_arn());
        if source.is_none_or(|arn| arn.rsplit('/').next() != Some(table.as_str())) {
            return Err(self.unusable(format!("table {beside} was not restored from {table}, and is left as it is")));
        }
        let sent = self.client.delete_table().table_name(beside.as_str()).send().await;
        sent.map(|_| ()).map_err(|error| self.failed(DELETE_TABLE, &error))
    }
}

#[async_trait::async_trait]
impl Rehearsals for DynamoJournal {
    async fn window(&self) -> Result<Option<RecoveryWindow>, JournalError> {
        let mut both: Option<RecoveryWindow> = None;
        for table in self.tables() {
            let Some(one) = self.window_of(table).await? else { return Ok(None) };
            both = Some(both.map_or(one, |other| RecoveryWindow {
                earliest: one.earliest.max(other.earliest),
                latest: one.latest.min(other.latest),
            }));
        }
        Ok(both)
    }

    async fn begun(&self, name: &RehearsalName) -> Result<Option<Timestamp>, JournalError> {
        for table in self.tables() {
            let found = self.described_table(&self.beside(table, name)?).await?;
            let at = found.as_ref().and_then(TableDescription::restore_summary).map(RestoreSummary::restore_date_time);
            if let Some(at) = at.and_then(|at| Timestamp::from_second(at.secs()).ok()) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    async fn begin(&self, name: &RehearsalName, at: Timestamp) -> Result<(), JournalError> {
        for table in self.tables() {
            let sent = self
                .client
                .restore_table_to_point_in_time()
                .source_table_name(table.as_str())
                .target_table_name(self.beside(table, name)?.as_str())
                .restore_date_time(DateTime::from_secs(at.as_second()))
                .send()
                .await;
            match sent {
                Ok(_) => {}
                // If we died between the two, or the reply was lost: it is there, or being made.
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(RestoreTableToPointInTimeError::is_table_already_exists_exception) => {}
                Err(error) => return Err(self.failed(RESTORE, &error)),
            }
        }
        Ok(())
    }

    async fn status(&self, name: &RehearsalName) -> Result<RehearsalStatus, JournalError> {
        for table in self.tables() {
            let Some(found) = self.described_table(&self.beside(table, name)?).await? else {
                return Ok(RehearsalStatus::Missing);
            };
            if found.table_status() != Some(&TableStatus::Active) {
                return Ok(RehearsalStatus::Making);
            }
        }
        Ok(RehearsalStatus::Usable)
    }

    fn journal(&self, name: &RehearsalName) -> Result<RehearsedJournal, JournalError> {
        let options = TablesOptions {
            state_table: self.beside(&self.options.state_table, name)?,
            audit_table: self.beside(&self.options.audit_table, name)?,
            ..self.options.clone()
        };
        let store = format!("{} of rehearsal {name}", self.store);
        let recovered = Self::over(self.client.clone(), options, store);
        Ok(RehearsedJournal { journal: Box::new(recovered.clone()), states: Box::new(recovered) })
    }

    async fn discard(&self, name: &RehearsalName) -> Result<(), JournalError> {
        for table in self.tables() {
            self.discard_table(table, name).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::replay::{Replay, refusal},
        *,
    };

    fn table(restored: &str) -> (u16, String) {
        (200, format!(r#"{{"Table":{{"TableName":"t","TableStatus":"CREATING"{restored}}}}}"#))
    }

    fn nobody() -> (u16, String) {
        refusal(400, "ResourceNotFoundException", "Requested resource not found")
    }

    /// If we died between the two, one of them is there; a table that was not restored has no such time.
    #[tokio::test]
    async fn the_time_of_a_rehearsal_that_was_begun_is_that_of_whichever_table_is_there() {
        let restored = r#","RestoreSummary":{"RestoreDateTime":1795341600.0,"RestoreInProgress":true,
            "SourceTableArn":"arn:aws:dynamodb:eu-central-1:111122223333:table/AuroraRestoreStateTable"}"#;
        let at: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let name = RehearsalName::new("rehearsal-1").unwrap();
        for (answers, expected) in [
            (vec![table(restored)], Some(at)),
            (vec![nobody(), table(restored)], Some(at)),
            (vec![table(""), nobody()], None),
            (vec![nobody(), nobody()], None),
        ] {
            let replay = Replay::answering(answers);
            assert_eq!(replay.journal.begun(&name).await.unwrap(), expected);
            let (action, body) = replay.sent().remove(0);
            assert_eq!(
                (action.as_str(), body["TableName"].as_str()),
                ("DescribeTable", Some("AuroraRestoreAuditTable-rehearsal-1"))
            );
        }
    }
}
