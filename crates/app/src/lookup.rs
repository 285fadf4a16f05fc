//! Finds the operation that a person means: by its id, by the beginning of its id, or as the latest one.

use aurora_restore_core::{
    ids::OperationId,
    ports::{Journal, JournalError, OperationFilter},
};

/// The word for the operation that was updated last.
pub const LATEST: &str = "latest";

/// How many ids a message names.
const NAMED_MAX: usize = 5;
/// The most pages that are looked through for a prefix.
const PAGES_MAX: usize = 1_000;

/// Why no operation is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The journal could not be asked.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal has no operation at all.
    #[error("the journal has no operations yet")]
    Empty,
    /// None begins like this.
    #[error("no operation begins with `{prefix}`")]
    Unknown {
        /// What was given.
        prefix: String,
    },
    /// More than one begins like this.
    #[error("more than one operation begins with `{prefix}`: {}", named(matches))]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// What it could mean.
        matches: Vec<OperationId>,
    },
}

fn named(matches: &[OperationId]) -> String {
    let mut names: Vec<&str> = matches.iter().take(NAMED_MAX).map(OperationId::as_str).collect();
    if matches.len() > NAMED_MAX {
        names.push("…");
    }
    names.join(", ")
}

/// Finds the operation.
///
/// # Errors
/// [`LookupError`].
pub async fn find_operation(journal: &dyn Journal, text: &str) -> Result<OperationId, LookupError> {
    if text == LATEST {
        let filter = OperationFilter { limit: 1, ..OperationFilter::default() };
        return journal
            .list(&filter)
            .await?
            .items
            .into_iter()
            .next()
            .map(|item| item.operation_id)
            .ok_or(LookupError::Empty);
    }
    if let Ok(id) = OperationId::new(text) {
        match journal.head(&id).await {
            Ok(_) => return Ok(id),
            Err(JournalError::UnknownOperation { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    by_prefix(journal, text).await
}

async fn by_prefix(journal: &dyn Journal, prefix: &str) -> Result<OperationId, LookupError> {
    let mut matches = Vec::new();
    let mut filter = OperationFilter::default();
    for _ in 0..PAGES_MAX {
        let page = journal.list(&filter).await?;
        let ids = page.items.into_iter().map(|item| item.operation_id);
        matches.extend(ids.filter(|id| id.as_str().starts_with(prefix)));
        match page.cursor {
            Some(cursor) if matches.len() <= NAMED_MAX => filter.cursor = Some(cursor),
            _ => break,
        }
    }
    match matches.len() {
        0 => Err(LookupError::Unknown { prefix: prefix.to_owned() }),
        1 => Ok(matches.remove(0)),
        _ => Err(LookupError::Ambiguous { prefix: prefix.to_owned(), matches }),
    }
}
