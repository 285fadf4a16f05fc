//! The secrets of the demo: made up anew each time, kept where `aurora-restore` looks for them.

use std::{fs, path::Path};

use rand::RngExt as _;
use serde_json::json;

use crate::{error::CommandError, private_file::write_private};

/// Characters that mean nothing in a shell, a URL or a password file.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const LENGTH: usize = 24;

/// A login that the demo plays.
#[derive(Clone)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) password: String,
}

impl Role {
    fn new(name: &str) -> Self {
        let mut random = rand::rng();
        let password = (0..LENGTH).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
        Self { name: name.to_owned(), password }
    }
}

/// Everybody who can log in somewhere.
#[derive(Clone)]
pub(super) struct Cast {
    /// The master of both clusters: its name is in the snapshot, its password differs.
    pub(super) production_master: Role,
    pub(super) staging_master: Role,
    pub(super) production_app: Role,
    pub(super) analyst: Role,
    pub(super) contractor: Role,
    pub(super) staging_app: Role,
    pub(super) staging_reader: Role,
}

/// The file that holds the cast, so that the demo can be gone on with.
const CAST: &str = "demo/cast";

impl Cast {
    /// The cast of an earlier demo in this directory of secrets, or a new one.
    pub(super) fn open(secrets: &Path) -> Result<Self, CommandError> {
        let file = secrets.join(format!("{CAST}.json"));
        let known: Option<serde_json::Value> =
            fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let role = |name: &str, slot: &str| match known.as_ref().and_then(|known| known[slot].as_str()) {
            Some(password) => Role { name: name.to_owned(), password: password.to_owned() },
            None => Role::new(name),
        };
        let cast = Self {
            production_master: role("dba", "production_master"),
            staging_master: role("dba", "staging_master"),
            production_app: role("shop_app", "production_app"),
            analyst: role("analyst", "analyst"),
            contractor: role("contractor_2019", "contractor"),
            staging_app: role("staging_app", "staging_app"),
            staging_reader: role("staging_reader", "staging_reader"),
        };
        cast.write(secrets)?;
        Ok(cast)
    }

    fn write(&self, secrets: &Path) -> Result<(), CommandError> {
        let master = |role: &Role| json!({"username": role.name, "password": role.password, "database": "shop"});
        let files = [
            (
                CAST,
                json!({
                    "production_master": self.production_master.password,
                    "staging_master": self.staging_master.password,
                    "production_app": self.production_app.password,
                    "analyst": self.analyst.password,
                    "contractor": self.contractor.password,
                    "staging_app": self.staging_app.password,
                    "staging_reader": self.staging_reader.password,
                }),
            ),
            ("staging/master", master(&self.staging_master)),
            ("production/master", master(&self.production_master)),
            (
                "staging/users",
                json!({
                    "app_username": self.staging_app.name,
                    "app_password": self.staging_app.password,
                    "readonly_username": self.staging_reader.name,
                    "readonly_password": self.staging_reader.password,
                }),
            ),
            // The sandbox takes the account for the access key.
            ("sandbox/keys", json!({"access_key_id": super::scenario::STAGING.0, "secret_access_key": "not-checked"})),
        ];
        for (name, content) in files {
            write_private(&secrets.join(format!("{name}.json")), content.to_string().as_bytes())?;
        }
        Ok(())
    }
}
