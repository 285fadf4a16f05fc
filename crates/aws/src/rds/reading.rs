//! From the SDK's values to ours: the small pieces that several answers share.

use std::fmt;

use aurora_restore_core::{
    ids::{InvalidId, KmsKey},
    ports::{Endpoint, Tags},
};
use aws_sdk_rds::{primitives::DateTime, types::Tag};
use jiff::Timestamp;

/// Why a thing in an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<InvalidId> for Unreadable {
    fn from(invalid: InvalidId) -> Self {
        Self(invalid.to_string())
    }
}

impl From<Unreadable> for String {
    fn from(unreadable: Unreadable) -> Self {
        unreadable.0
    }
}

/// A field without which the thing makes no sense.
pub(super) fn required<'a>(value: Option<&'a str>, field: &'static str) -> Result<&'a str, Unreadable> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| Unreadable(format!("{field} is missing")))
}

/// A text that RDS leaves out or leaves empty where there is none.
pub(super) fn text(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// A number that fits its field; RDS sends none or a negative one where it has nothing to say.
pub(super) fn number<T: TryFrom<i32>>(value: Option<i32>) -> Option<T> {
    value.and_then(|number| T::try_from(number).ok())
}

pub(super) fn timestamp(value: Option<&DateTime>) -> Option<Timestamp> {
    let value = value?;
    let nanoseconds = i32::try_from(value.subsec_nanos()).ok()?;
    Timestamp::new(value.secs(), nanoseconds).ok()
}

pub(super) fn endpoint(host: Option<&str>, port: Option<i32>) -> Option<Endpoint> {
    Some(Endpoint { host: text(host)?, port: number(port).filter(|port| *port != 0)? })
}

pub(super) fn kms_key(value: Option<&str>) -> Result<Option<KmsKey>, Unreadable> {
    Ok(text(value).map(KmsKey::new).transpose()?)
}

pub(super) fn tags(list: &[Tag]) -> Tags {
    list.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

/// Reads what can be read of a list. What cannot is somebody else's and strange; it must not hide the rest.
pub(super) fn readable<S, T>(list: &[S], action: &'static str, read: impl Fn(&S) -> Result<T, Unreadable>) -> Vec<T> {
    list.iter()
        .filter_map(|item| match read(item) {
            Ok(item) => Some(item),
            Err(reason) => {
                tracing::warn!(action, %reason, "an item of the answer is left out");
                None
            }
        })
        .collect()
}
