//! Giving the logins of a secret new passwords, in the four stages of Secrets Manager, so that nobody notices.
//!
//! ```text
//!   create   the new version gets its content: new passwords, and the other user of each pair
//!   set      the database takes them up
//!   test     each of them logs in
//!   finish   the new version becomes the current one; people are told; the mark of a rotation under way is taken off
//! ```
//! Where a rotation stands is what the labels of the versions and the database say; nothing else is recorded, so whoever
//! comes next goes on from there: each stage looks first and may be repeated. If we die …
//!
//! | … | what is there | what the next one does |
//! |---|---|---|
//! | before or in `create` | a version without content, or none | gives it one |
//! | between `create` and `set` | a pending version whose passwords nobody knows of | sets them |
//! | in `set`, behind one login of two | one login takes the new password, the other one not yet | leaves the first, sets the second |
//! | behind `set`, before the move | both versions log in (of a pair), or the pending one alone (single) | tests, moves |
//! | behind the move | the new version is current and still marked as pending | tells people, takes the mark off |
//!
//! Of two rotations at once each stage but the test is alone while it looks and changes ([`Turn`]), and only the version that
//! bears the pending label is set and finished: the other one is told that it was overtaken.
//!
//! [`Turn`]: aurora_restore_core::ports::Turn
//!
//! With [`Strategy::Alternating`] the login that is in use is never touched, so a client that reads the secret before it logs
//! in is never refused. With [`Strategy::Single`] there is one role and one password: from `set` to the move the current
//! version is refused, and whoever comes then must read the pending one or try again. `docs/design/0007-rotation.md` weighs
//! both.

mod discard;
mod document;
mod error;
mod event;
mod plan;
mod stages;
mod stand;

use aurora_restore_core::{
    ids::{ClusterId, SecretId},
    ports::{Database, Endpoint, Logins, Notifier, SecretVersions},
};
use jiff::SignedDuration;

pub use error::RotationError;
pub use event::{Answered, RotationEvent};
pub use plan::{LoginChange, RotationPlan};
pub use stand::Stand;

/// So long the former logins are left alone by whoever is not told otherwise: the next rotation ends them, and clients keep
/// connections and copies of a secret for a while.
pub const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// A stage of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Stage {
    /// The new version gets its content.
    #[serde(rename = "createSecret")]
    Create,
    /// The database takes the new passwords up.
    #[serde(rename = "setSecret")]
    Set,
    /// Each of them logs in.
    #[serde(rename = "testSecret")]
    Test,
    /// The new version becomes the current one.
    #[serde(rename = "finishSecret")]
    Finish,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Set => "set",
            Self::Test => "test",
            Self::Finish => "finish",
        }
    }
}

/// How the logins of a secret get new passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// One role, and its own password: the master.
    Single,
    /// Two roles in turn: the one that is not in use gets the new password, by the master.
    Alternating {
        /// The secret with the master login.
        master: SecretId,
    },
}

/// What a rotation works with.
#[derive(Clone, Copy)]
pub struct RotationPorts<'a> {
    /// The versions of secrets.
    pub versions: &'a dyn SecretVersions,
    /// Where logins are tried.
    pub database: &'a dyn Database,
    /// Where they are changed.
    pub logins: &'a dyn Logins,
    /// Who is told.
    pub notifier: &'a dyn Notifier,
}

/// Somebody or something that uses the logins of a secret, and has to be told by name when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// What it is called: `billing`.
    pub name: String,
    /// What has to be done with it: `restart it: kubectl rollout restart deployment/billing`.
    pub what_to_do: String,
}

/// The rotation of one secret.
pub struct Rotation<'a> {
    /// The secret.
    pub secret: &'a SecretId,
    /// How its logins get new passwords.
    pub strategy: Strategy,
    /// The cluster that they log in to.
    pub target: &'a ClusterId,
    /// Where it answers.
    pub endpoint: &'a Endpoint,
    /// Who uses them, as far as somebody has said so.
    pub dependents: &'a [Dependent],
    /// What it works with.
    pub ports: RotationPorts<'a>,
}
