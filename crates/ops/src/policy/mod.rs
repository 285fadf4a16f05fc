//! Policies of IAM, as far as reviews and gates judge them: statements, and which of them are written wider than anything
//! needs. Pure; whether a call is allowed is asked of IAM itself.

mod everybody;
mod pattern;
mod statement;
mod wide;

#[cfg(test)]
pub(crate) use everybody::cases;
pub use everybody::{is_for_everybody, is_narrowed};
pub use pattern::fits;
pub use statement::{Condition, Statement, UnreadablePolicy, statements};
pub use wide::{TooWide, too_wide};
