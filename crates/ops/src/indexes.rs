//! Which indexes the queries of this product need, which a table has, and the difference.

use serde::Serialize;

use crate::{
    capacity::{looked_at, ready},
    error::OpsError,
    follow::patiently,
    ports::{IndexShape, Tables},
};

/// An index against what is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum IndexFinding {
    /// It is needed and there.
    Needed {
        /// Its shape.
        index: IndexShape,
        /// Whether it can be asked already.
        is_ready: bool,
    },
    /// It is needed and not there.
    Missing {
        /// Its shape.
        index: IndexShape,
    },
    /// One of its name is there and has other keys: no query of this product works on it.
    Other {
        /// What is needed.
        needed: IndexShape,
        /// What is there.
        found: IndexShape,
    },
    /// It is there and no query of this product asks it.
    Unused {
        /// Its shape.
        index: IndexShape,
    },
}

/// Compares the indexes of a table with those that are needed.
///
/// # Errors
/// [`OpsError`].
pub async fn review(tables: &dyn Tables, table: &str, needed: &[IndexShape]) -> Result<Vec<IndexFinding>, OpsError> {
    let settings = looked_at(tables, table).await?;
    let mut findings = Vec::new();
    for wish in needed {
        let found = settings.indexes.iter().find(|found| found.shape.name == wish.name);
        findings.push(match found {
            None => IndexFinding::Missing { index: wish.clone() },
            Some(found) if found.shape == *wish => {
                IndexFinding::Needed { index: wish.clone(), is_ready: found.is_ready }
            }
            Some(found) => IndexFinding::Other { needed: wish.clone(), found: found.shape.clone() },
        });
    }
    let unused = settings.indexes.into_iter().filter(|found| needed.iter().all(|wish| wish.name != found.shape.name));
    findings.extend(unused.map(|found| IndexFinding::Unused { index: found.shape }));
    Ok(findings)
}

/// One change of the indexes of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum IndexChange {
    /// It is made.
    Make {
        /// Its shape.
        index: IndexShape,
    },
    /// It is deleted.
    Delete {
        /// Its name.
        name: String,
    },
}

/// What findings ask for. What is unused is deleted only where `deletes` says so: it may be somebody's own.
pub fn changes(findings: &[IndexFinding], deletes: bool) -> Vec<IndexChange> {
    let of = |finding: &IndexFinding| match finding {
        IndexFinding::Needed { .. } => Vec::new(),
        IndexFinding::Missing { index } => vec![IndexChange::Make { index: index.clone() }],
        // Two of one name cannot be there at once.
        IndexFinding::Other { needed, found } => {
            vec![IndexChange::Delete { name: found.name.clone() }, IndexChange::Make { index: needed.clone() }]
        }
        IndexFinding::Unused { index } if deletes => vec![IndexChange::Delete { name: index.name.clone() }],
        IndexFinding::Unused { .. } => Vec::new(),
    };
    findings.iter().flat_map(of).collect()
}

/// Makes one change, and waits until it is made: a table takes one at a time. Whoever dies in between runs it again.
///
/// # Errors
/// [`OpsError`].
pub async fn apply(tables: &dyn Tables, table: &str, change: &IndexChange) -> Result<(), OpsError> {
    let _idle = ready(tables, table).await?;
    match change {
        IndexChange::Make { index } => patiently(|| tables.make_index(table, index)).await?,
        IndexChange::Delete { name } => patiently(|| tables.delete_index(table, name)).await?,
    }
    let _made = ready(tables, table).await?;
    Ok(())
}
