//! Twins: the stored form of a domain type, written down apart from it.
//!
//! A domain type may be renamed, reshaped or extended without changing what is stored, because the compiler then asks
//! for the conversion here. Identifiers, times and closed enums of plain words are stored as what they are: their
//! texts are a contract of their own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, de::DeserializeOwned};

/// A domain type that has a stored form.
pub(super) trait Twin: Sized {
    /// The stored form.
    type Stored: Serialize + DeserializeOwned;

    /// Domain to stored.
    fn store(&self) -> Self::Stored;

    /// Stored to domain.
    fn load(stored: Self::Stored) -> Self;
}

impl<T: Twin> Twin for Option<T> {
    type Stored = Option<T::Stored>;

    fn store(&self) -> Self::Stored {
        self.as_ref().map(Twin::store)
    }

    fn load(stored: Self::Stored) -> Self {
        stored.map(Twin::load)
    }
}

impl<T: Twin> Twin for Vec<T> {
    type Stored = Vec<T::Stored>;

    fn store(&self) -> Self::Stored {
        self.iter().map(Twin::store).collect()
    }

    fn load(stored: Self::Stored) -> Self {
        stored.into_iter().map(Twin::load).collect()
    }
}

impl<T: Twin> Twin for Box<T> {
    type Stored = Box<T::Stored>;

    fn store(&self) -> Self::Stored {
        Box::new((**self).store())
    }

    fn load(stored: Self::Stored) -> Self {
        Self::new(T::load(*stored))
    }
}

impl<K, V> Twin for BTreeMap<K, V>
where
    K: Clone + Ord + Serialize + DeserializeOwned,
    V: Clone + Serialize + DeserializeOwned,
{
    type Stored = Self;

    fn store(&self) -> Self {
        self.clone()
    }

    fn load(stored: Self) -> Self {
        stored
    }
}

impl<T: Clone + Ord + Serialize + DeserializeOwned> Twin for BTreeSet<T> {
    type Stored = Self;

    fn store(&self) -> Self {
        self.clone()
    }

    fn load(stored: Self) -> Self {
        stored
    }
}

/// Types that are stored as what they are.
macro_rules! words {
    ($($word:ty),+ $(,)?) => {
        $(
            impl Twin for $word {
                type Stored = Self;

                fn store(&self) -> Self {
                    self.clone()
                }

                fn load(stored: Self) -> Self {
                    stored
                }
            }
        )+
    };
}

/// A struct and its twin, field by field.
macro_rules! twin_struct {
    ($($stored:ident of $domain:ident { $($field:ident : $type:ty),* $(,)? })+) => {
        $(
            #[derive(Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(super) struct $stored {
                $( $field: <$type as Twin>::Stored, )*
            }

            impl Twin for $domain {
                type Stored = $stored;

                fn store(&self) -> $stored {
                    $stored { $( $field: self.$field.store(), )* }
                }

                fn load(stored: $stored) -> Self {
                    Self { $( $field: Twin::load(stored.$field), )* }
                }
            }
        )+
    };
}

/// An enum and its twin, variant by variant; a variant with one unnamed field names it for the conversion.
macro_rules! twin_enum {
    ($(
        $(#[$attribute:meta])*
        $stored:ident of $domain:ident {
            $( $variant:ident $( ( $value:ident : $inner:ty ) )? $( { $($field:ident : $type:ty),* $(,)? } )? ),* $(,)?
        }
    )+) => {
        $(
            #[derive(Serialize, Deserialize)]
            $(#[$attribute])*
            pub(super) enum $stored {
                $( $variant $( ( <$inner as Twin>::Stored ) )? $( { $( $field: <$type as Twin>::Stored, )* } )?, )*
            }

            impl Twin for $domain {
                type Stored = $stored;

                fn store(&self) -> $stored {
                    match self {
                        $( Self::$variant $( ( $value ) )? $( { $($field),* } )? => {
                            $stored::$variant $( ( $value.store() ) )? $( { $( $field: $field.store(), )* } )?
                        } )*
                    }
                }

                fn load(stored: $stored) -> Self {
                    match stored {
                        $( $stored::$variant $( ( $value ) )? $( { $($field),* } )? => {
                            Self::$variant $( ( Twin::load($value) ) )? $( { $( $field: Twin::load($field), )* } )?
                        } )*
                    }
                }
            }
        )+
    };
}

pub(super) use {twin_enum, twin_struct, words};
