//! Reading a list to its end.
//!
//! The SDK's paginators end quietly when a service repeats a marker, which would make half a list look like a whole one.
//! Here that is an error, and so is a list that does not end.

use std::future::Future;

use aurora_restore_core::ports::RdsResult;

use crate::failure::Call;

/// The most items of one page; RDS takes 20 to 100.
pub(super) const PAGE_ITEMS: i32 = 100;

/// The most pages of one list: 100,000 items, far beyond every quota of RDS.
const PAGES_MAX: usize = 1_000;

/// One page.
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Option<Vec<T>>,
    /// Where the next one begins; absent or empty on the last.
    pub(super) marker: Option<String>,
}

/// Fetches pages until there is no marker.
pub(super) async fn all<T, F, Fetched>(call: Call<'_>, fetch: F) -> RdsResult<Vec<T>>
where
    F: Fn(Option<String>) -> Fetched,
    Fetched: Future<Output = RdsResult<Page<T>>>,
{
    let mut items = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES_MAX {
        let page = fetch(marker.clone()).await?;
        items.extend(page.items.unwrap_or_default());
        let next = page.marker.filter(|next| !next.is_empty());
        if next.is_none() {
            return Ok(items);
        }
        if next == marker {
            return Err(call.malformed("the list does not go on: a page's marker is its own"));
        }
        marker = next;
    }
    Err(call.malformed(format!("the list has more than {PAGES_MAX} pages")))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const CALL: &str = "DescribeDBClusters";

    #[tokio::test]
    async fn pages_are_read_until_there_is_no_marker() {
        let read = all(Call::new(CALL), async |marker: Option<String>| {
            Ok(match marker.as_deref() {
                None => Page { items: Some(vec![1, 2]), marker: Some("a".into()) },
                Some("a") => Page { items: None, marker: Some("b".into()) },
                _ => Page { items: Some(vec![3]), marker: Some(String::new()) },
            })
        })
        .await;
        assert_eq!(read.unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_list_that_repeats_its_marker_is_not_taken_for_a_whole_one() {
        let read = all(Call::new(CALL), async |_| Ok(Page { items: Some(vec![1]), marker: Some("same".into()) })).await;
        assert_eq!(read.unwrap_err().code, "MalformedAnswer");
    }

    #[tokio::test]
    async fn an_endless_list_is_given_up() {
        let pages = AtomicUsize::new(0);
        let read = all(Call::new(CALL), async |_| {
            let page = pages.fetch_add(1, Ordering::Relaxed);
            Ok(Page { items: Some(vec![page]), marker: Some(page.to_string()) })
        })
        .await;
        assert!(read.unwrap_err().message.contains("1000 pages"));
        assert_eq!(pages.load(Ordering::Relaxed), PAGES_MAX);
    }
}
