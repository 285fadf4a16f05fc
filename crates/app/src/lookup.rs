//! Finds the operation that a person means: by its id, by the beginning of its id, or as the latest one.

use aurora_restore_core::{
    ids::OperationId,
    ports::{Journal, JournalError, OperationFilter},
};

/// The word for the operation that was updated last.
pub const LATEST: &str = "latest";

/// How many ids a message names.
const NAMED_MAX: usize = 5;

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
        let newest = journal.list(&filter).await?;
        // One that cannot be read is not passed over: the one before it is not the latest.
        let id = newest.items.into_iter().map(|item| item.operation_id);
        let mut ids = id.chain(newest.refused.into_iter().map(|refused| refused.operation));
        return ids.next().ok_or(LookupError::Empty);
    }
    if let Ok(id) = OperationId::new(text) {
        match journal.head(&id).await {
            Ok(_) => return Ok(id),
            Err(JournalError::UnknownOperation { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // One more than a message names tells whether there are more.
    let mut matches = journal.ids_beginning_with(text, NAMED_MAX + 1).await?;
    match matches.len() {
        0 => Err(LookupError::Unknown { prefix: text.to_owned() }),
        1 => Ok(matches.remove(0)),
        _ => Err(LookupError::Ambiguous { prefix: text.to_owned(), matches }),
    }
}
