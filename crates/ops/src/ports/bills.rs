//! What was billed, as AWS itself counts it.

use async_trait::async_trait;
use jiff::civil::Date;

use super::ServiceResult;

/// A tag that things bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledTag {
    /// Its key.
    pub key: String,
    /// What it says; none: whatever it says.
    pub value: Option<String>,
}

impl BilledTag {
    /// A tag that says this.
    pub fn new(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), value: Some(value.to_owned()) }
    }

    /// A tag that says anything.
    pub fn any(key: &str) -> Self {
        Self { key: key.to_owned(), value: None }
    }
}

/// What things of one service cost on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Billed {
    /// The day (UTC).
    pub day: Date,
    /// The service, as bills call it: `AWS Lambda`.
    pub service: String,
    /// What it cost.
    pub amount: f64,
    /// In which currency, as ISO 4217: `USD`, and `CNY` in China.
    pub currency: String,
}

/// Bills.
#[async_trait]
pub trait Bills: Send + Sync {
    /// What things cost that bear all tags of at least one of the lists, from `since` on and before `until`, by day and service in
    /// the order of time. A day of the last two may still grow, and a tag counts from the day on which it was made one that costs are
    /// told by.
    ///
    /// # Errors
    /// [`super::ServiceError`]; [`super::ServiceError::Refused`] too where bills are not collected yet.
    async fn daily(&self, of: &[Vec<BilledTag>], since: Date, until: Date) -> ServiceResult<Vec<Billed>>;
}
