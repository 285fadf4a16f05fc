//! Pages and filters of lists.

use super::call::{Filter, PageRequest};
use super::error::RdsError;
use super::reply::Page;

/// Most values in one filter.
const MAX_FILTER_VALUES: usize = 100;
const MIN_RECORDS: u32 = 20;
const DEFAULT_RECORDS: u32 = 100;

/// Cuts the page that was asked for out of the whole list, which is sorted by `name`.
///
/// The marker is the name of the last item of the page before, so that a page stays right while things
/// come and go.
pub(crate) fn page<T>(
    items: Vec<T>,
    request: &PageRequest,
    max: u32,
    name: impl Fn(&T) -> String,
) -> Result<Page<T>, RdsError> {
    let size = request.max_records.unwrap_or(DEFAULT_RECORDS);
    if !(MIN_RECORDS..=max).contains(&size) {
        return Err(RdsError::invalid_value(format!(
            "Invalid value {size} for MaxRecords. Must be between {MIN_RECORDS} and {max}"
        )));
    }
    let size = size as usize;
    let start = match request.marker.as_deref().filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => items.partition_point(|item| name(item).as_str() <= marker),
    };
    if start == 0 && items.len() <= size {
        return Ok(Page { items, marker: None });
    }
    let more = items.len() > start + size;
    let items: Vec<T> = items.into_iter().skip(start).take(size).collect();
    let marker = items.last().filter(|_| more).map(name);
    Ok(Page { items, marker })
}

/// Refuses filters that the action does not have, and those without or with too many values.
pub(crate) fn check_filters(filters: &[Filter], known: &[&str]) -> Result<(), RdsError> {
    for filter in filters {
        if !known.contains(&filter.name.as_str()) {
            return Err(RdsError::invalid_value(format!("Unrecognized filter name: {}", filter.name)));
        }
        if filter.values.is_empty() || filter.values.len() > MAX_FILTER_VALUES {
            return Err(RdsError::invalid_combination(format!(
                "Filter {} must have between 1 and {MAX_FILTER_VALUES} values.",
                filter.name
            )));
        }
    }
    Ok(())
}

/// Whether a thing passes all filters; `matches` says whether it matches one value of one filter.
pub(crate) fn passes(filters: &[Filter], matches: impl Fn(&str, &str) -> bool) -> bool {
    filters.iter().all(|filter| filter.values.iter().any(|value| matches(&filter.name, value)))
}
