//! Logins in pairs: of two roles with the same rights one is in use, and the other one can be given a new password without
//! anybody noticing.

use async_trait::async_trait;

use crate::{
    ports::{DatabaseError, DatabaseLogin, RoleSecret},
    secret::Secret,
};

/// The right to change logins, which one caller has at a time. It ends when this is dropped, or its holder dies.
pub trait Turn: Send + Sync {}

/// What a rotation does with the login roles of a database.
#[async_trait]
pub trait Logins: Send + Sync {
    /// Waits, within a bound, until nobody else has the turn of this master's database, and takes it.
    ///
    /// # Errors
    /// `Other` where somebody else has it for longer than that.
    async fn turn(&self, master: &DatabaseLogin) -> Result<Box<dyn Turn>, DatabaseError>;

    /// The name of the other role of the pair that `login` belongs to: the one that was made for it, the one that it was
    /// made for, or else a name that nobody has. Changes nothing.
    ///
    /// # Errors
    /// `InvalidRequest` where `login` does not exist, or no name is free.
    async fn partner_of(&self, master: &DatabaseLogin, login: &str) -> Result<String, DatabaseError>;

    /// Makes `partner` log in with its password and have the rights of `login`. After it returns either all of that is so
    /// or nothing has changed; `login` is as it was. Idempotent.
    ///
    /// # Errors
    /// `InvalidRequest` where a role of that name is there and does not belong to `login`.
    async fn arm_partner(&self, master: &DatabaseLogin, login: &str, partner: &RoleSecret)
    -> Result<(), DatabaseError>;

    /// Gives the role that logs in another password. After it returns the former one is refused.
    ///
    /// # Errors
    /// `LoginRefused` where the role cannot log in as it is.
    async fn set_own_password(&self, login: &DatabaseLogin, password: &Secret) -> Result<(), DatabaseError>;
}
