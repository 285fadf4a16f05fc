//! Setting up the users of a restored database, chapter by chapter.
//!
//! Every chapter sets an end state rather than adding to what it finds, and is one transaction (or one per role), so the
//! whole may be cut off anywhere and run again. Rights that the master takes for itself on the way exist only inside of
//! a transaction: nothing of them is left behind, wherever it ends.

mod admission;
mod catalogue;
mod locking;
pub(crate) mod membership;
mod objects;
mod privileges;
mod proofs;
mod request;
pub(crate) mod roles;

pub(crate) use catalogue::databases;

use aurora_restore_core::ports::{DatabaseError, DatabaseLogin, RoleSecret, SchemaChoice, UserSetup, UserSetupOutcome};

use crate::session::{Connector, Purpose, Session};

/// What all chapters need to know.
pub(crate) struct Task<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) master: &'a DatabaseLogin,
    pub(crate) setup: &'a UserSetup,
    /// The major version of the server.
    pub(crate) major: i32,
    /// Every database that holds something of the users.
    pub(crate) databases: Vec<String>,
}

impl Task<'_> {
    /// The name of the application role, if there is to be one.
    fn application(&self) -> Option<&str> {
        self.setup.application.as_ref().map(|role| role.username.as_str())
    }

    /// The name of the read-only role, if there is to be one.
    fn reader(&self) -> Option<&str> {
        self.setup.readonly.as_ref().map(|role| role.username.as_str())
    }

    /// Both roles, with their passwords.
    fn wanted(&self) -> impl Iterator<Item = &RoleSecret> {
        self.setup.application.iter().chain(&self.setup.readonly)
    }

    /// Whether both may work in `schema`.
    fn chooses(&self, schema: &str) -> bool {
        match &self.setup.schemas {
            SchemaChoice::AllUserSchemas => true,
            SchemaChoice::Only(schemas) => schemas.iter().any(|chosen| chosen == schema),
        }
    }

    /// The master, where it borrows the rights of others.
    fn borrower(&self) -> membership::Borrower<'_> {
        membership::Borrower { master: &self.master.username, major: self.major }
    }

    /// How to log in to another database as the master.
    fn master_in(&self, database: &str) -> DatabaseLogin {
        DatabaseLogin { database: database.to_owned(), ..self.master.clone() }
    }

    /// How to log in as another role.
    fn login_of(&self, role: &RoleSecret, database: &str) -> DatabaseLogin {
        DatabaseLogin {
            endpoint: self.master.endpoint.clone(),
            database: database.to_owned(),
            username: role.username.clone(),
            password: role.password.clone(),
        }
    }

    /// Logs in to a database as the master.
    async fn open_in(&self, database: &str) -> Result<Session, DatabaseError> {
        self.connector.open(&self.master_in(database), Purpose::Manage).await
    }
}

/// Makes the users what `setup` says and proves it.
pub(crate) async fn set_up(
    connector: &Connector,
    master: &DatabaseLogin,
    setup: &UserSetup,
) -> Result<UserSetupOutcome, DatabaseError> {
    let home = connector.open(master, Purpose::Manage).await?;
    let known = catalogue::roles(&home).await?;
    request::check(&home, master, setup, &known).await?;
    let databases = databases(&home).await?;
    let task = Task { connector, master, setup, major: home.major().await?, databases };
    // The schemas are looked for before anything is changed: a name that is nowhere is a mistake in the request.
    let schemas = objects::schemas_everywhere(&home, &task).await?;
    request::check_schemas(&home, setup, &schemas)?;

    let mut outcome = UserSetupOutcome::default();
    for role in task.wanted() {
        let existed = known.iter().any(|known| known.name == role.username);
        roles::write(&home, role).await?;
        let list = if existed { &mut outcome.updated } else { &mut outcome.created };
        list.push(role.username.clone());
    }
    outcome.locked = locking::lock_others(&home, &task).await?;
    outcome.kept = kept(setup);
    if let Some(reader) = task.reader() {
        roles::leave_groups(&home, reader, task.major).await?;
    }
    admission::admit(&home, &task).await?;
    let mut left_alone = Vec::new();
    for database in &task.databases {
        let session = task.open_in(database).await?;
        left_alone.push(privileges::grant(&session, &task, database).await?);
    }
    outcome.proofs = proofs::gather(&home, &task, &outcome.locked, &left_alone).await?;
    Ok(outcome)
}

fn kept(setup: &UserSetup) -> Vec<String> {
    let mut kept = setup.keep_logins.clone();
    kept.sort();
    kept.dedup();
    kept
}
