//! The indexes that the queries of this product need, as data: the template makes them, and `indexes review` looks for them.

use aurora_restore_ops::ports::{IndexShape, Projection};

use super::layout::{ID_INDEX, STATUS_INDEX, name};

/// Those of the state table. Lists ask the first, and ids of which a person gives the beginning the second; the audit table is
/// only ever asked by its key.
pub fn needed_indexes() -> [IndexShape; 2] {
    let index = |index: &str, hash: &str, range: &str, projection| IndexShape {
        name: index.to_owned(),
        hash: hash.to_owned(),
        range: Some(range.to_owned()),
        projection,
    };
    [
        index(STATUS_INDEX, name::STATUS, name::LAST_UPDATED_AT, Projection::All),
        index(ID_INDEX, name::KIND, name::OPERATION_ID, Projection::Keys),
    ]
}
