//! What may be out of reach by itself: whoever asks does without it, and tells why.

/// A port, or why there is none.
#[derive(Debug, Clone)]
pub enum Reach<T> {
    /// It can be asked.
    There(T),
    /// There is nothing of the kind here, and that is as it should be.
    NotHere(&'static str),
    /// It should be there and cannot be asked.
    Unreachable(Unlooked),
}

impl<T> Reach<T> {
    /// The same of another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reach<U> {
        match self {
            Self::There(value) => Reach::There(change(value)),
            Self::NotHere(reason) => Reach::NotHere(reason),
            Self::Unreachable(why) => Reach::Unreachable(why),
        }
    }

    /// The same, borrowed.
    pub fn as_ref(&self) -> Reach<&T> {
        match self {
            Self::There(value) => Reach::There(value),
            Self::NotHere(reason) => Reach::NotHere(reason),
            Self::Unreachable(why) => Reach::Unreachable(why.clone()),
        }
    }

    /// Asks it, where it is there.
    pub(crate) async fn then<U, F: Future<Output = U>>(self, ask: impl FnOnce(T) -> F) -> Reach<U> {
        match self {
            Self::There(value) => Reach::There(ask(value).await),
            Self::NotHere(reason) => Reach::NotHere(reason),
            Self::Unreachable(why) => Reach::Unreachable(why),
        }
    }

    /// Both, where both are there.
    pub fn and<U>(self, other: Reach<U>) -> Reach<(T, U)> {
        match (self, other) {
            (Self::There(one), Reach::There(other)) => Reach::There((one, other)),
            (Self::NotHere(reason), _) | (Self::There(_), Reach::NotHere(reason)) => Reach::NotHere(reason),
            (Self::Unreachable(why), _) | (Self::There(_), Reach::Unreachable(why)) => Reach::Unreachable(why),
        }
    }
}

/// Why something could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlooked {
    /// Why.
    pub reason: String,
    /// The command that helps, or what to do.
    pub mend: String,
}
