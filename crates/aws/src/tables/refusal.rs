//! What DynamoDB says, as what the journal port says.

use std::error::Error;

use aurora_restore_core::ports::{JournalError, RdsErrorKind};
use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types::CancellationReason,
};

use super::{
    DynamoJournal,
    layout::{ID_INDEX, STATUS_INDEX, name},
};
use crate::failure::{Call, Failure};

/// What a call is, as far as its refusals have to say it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) action: &'static str,
    /// What the caller has to be allowed, and on what.
    pub(super) needs: &'static str,
}

pub(super) const GET: Asked = Asked { action: "GetItem", needs: "dynamodb:GetItem on the state and the audit table" };
pub(super) const UPDATE: Asked = Asked { action: "UpdateItem", needs: "dynamodb:UpdateItem on the state table" };
pub(super) const QUERY: Asked = Asked { action: "Query", needs: "dynamodb:Query on the audit table" };
pub(super) const LIST: Asked = Asked { action: "Query", needs: "dynamodb:Query on the indexes of the state table" };
pub(super) const SCAN: Asked = Asked { action: "Scan", needs: "dynamodb:Scan on the state table" };
pub(super) const SCAN_ENTRIES: Asked = Asked { action: "Scan", needs: "dynamodb:Scan on the audit table" };
pub(super) const DELETE: Asked = Asked { action: "DeleteItem", needs: "dynamodb:DeleteItem on the state table" };
pub(super) const PUT: Asked = Asked { action: "PutItem", needs: "dynamodb:PutItem on the audit table" };
pub(super) const DESCRIBE: Asked = Asked {
    action: "DescribeTable",
    needs: "dynamodb:DescribeTable on the tables of the journal and of the rehearsal",
};
pub(super) const RECOVERY: Asked = Asked {
    action: "DescribeContinuousBackups",
    needs: "dynamodb:DescribeContinuousBackups on the state and the audit table",
};
pub(super) const RESTORE: Asked = Asked {
    action: "RestoreTableToPointInTime",
    needs: "dynamodb:RestoreTableToPointInTime on the state and the audit table, and on the tables of the rehearsal what it \
            restores with: BatchWriteItem, PutItem, UpdateItem, DeleteItem, GetItem, Query and Scan",
};
pub(super) const DELETE_TABLE: Asked =
    Asked { action: "DeleteTable", needs: "dynamodb:DeleteTable on the tables of the rehearsal" };
pub(super) const TRANSACT: Asked = Asked {
    action: "TransactWriteItems",
    needs: "dynamodb:PutItem, UpdateItem and DeleteItem on the state table and PutItem on the audit table",
};

impl DynamoJournal {
    /// The port's error for what the SDK says.
    pub(super) fn failed<E>(&self, asked: Asked, error: &SdkError<E, HttpResponse>) -> JournalError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let failure = Failure::of(error, Call::new(asked.action));
        let said = format!("{} answers {}: {}", asked.action, failure.code, failure.message);
        match failure.kind {
            RdsErrorKind::NotFound | RdsErrorKind::ReferenceNotFound => self.unusable(format!(
                "a table or its index does not exist ({said}); deploy the stack that makes it, or correct `journal.state-table`, \
                 `journal.audit-table` and the Region"
            )),
            RdsErrorKind::AccessDenied | RdsErrorKind::KmsDenied => {
                self.unusable(format!("access is denied ({said}); the caller needs {}", asked.needs))
            }
            RdsErrorKind::InvalidRequest => self.unusable(laid_out_otherwise(&said)),
            _ => self.unavailable(said),
        }
    }

    /// The port's error for a transaction that was cancelled for another reason than a condition of ours, if there is one.
    pub(super) fn cancelled(&self, reasons: &[CancellationReason]) -> Option<JournalError> {
        reasons.iter().find_map(|reason| {
            let code = reason.code().unwrap_or("None");
            let said = || format!("TransactWriteItems answers {code}: {}", reason.message().unwrap_or("no text"));
            match code {
                // What they mean is found by looking at the items.
                "None" | "ConditionalCheckFailed" | "TransactionConflict" => None,
                "ValidationError" => Some(self.unusable(laid_out_otherwise(&said()))),
                _ => Some(self.unavailable(said())),
            }
        })
    }

    pub(super) fn unusable(&self, reason: String) -> JournalError {
        JournalError::Unusable { store: self.store.clone(), reason }
    }

    pub(super) fn unavailable(&self, reason: String) -> JournalError {
        JournalError::Unavailable { store: self.store.clone(), reason }
    }
}

fn laid_out_otherwise(said: &str) -> String {
    format!(
        "a table is laid out otherwise ({said}); the state table needs the key `{}` (text) and the indexes \
         `{STATUS_INDEX}` and `{ID_INDEX}`, the audit table the key `{}` (text) and `{}` (number): deploy the stack that makes them, or \
         name other tables",
        name::OPERATION_ID,
        name::OPERATION_ID,
        name::SEQUENCE,
    )
}
