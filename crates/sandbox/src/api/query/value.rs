//! The types that a single parameter can have.

use jiff::Timestamp;

use crate::model::Secret;

/// A type that is read from the text of one parameter.
pub(crate) trait Value: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What the text must be, never the text itself.
    fn from_text(text: String) -> Result<Self, &'static str>;
}

impl Value for String {
    fn from_text(text: String) -> Result<Self, &'static str> {
        Ok(text)
    }
}

impl Value for Secret {
    fn from_text(text: String) -> Result<Self, &'static str> {
        Ok(Self::new(text))
    }
}

impl Value for bool {
    fn from_text(text: String) -> Result<Self, &'static str> {
        text.parse().map_err(|_| "must be true or false")
    }
}

impl Value for f64 {
    fn from_text(text: String) -> Result<Self, &'static str> {
        let number: Option<Self> = text.parse().ok();
        number.filter(|number| number.is_finite()).ok_or("must be a number")
    }
}

impl Value for Timestamp {
    fn from_text(text: String) -> Result<Self, &'static str> {
        text.parse().map_err(|_| "must be a time such as 2026-08-01T12:00:00Z")
    }
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl Value for $kind {
            fn from_text(text: String) -> Result<Self, &'static str> {
                text.parse().map_err(|_| "must be an integer in the allowed range")
            }
        }
    )*};
}

integers!(u16 u32 u64);
