//! What is there before a test begins: keys, secrets, production and staging with their content, and yesterday's snapshot.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use aurora_restore_sandbox::{
    client::{SnapshotWish, text_of},
    model::{AccountId, RegionName, config::PlacedKey, resources::KmsKey},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    APP, Login, PRODUCTION, PRODUCTION_MASTER, READER, SOURCE_KEY, STAGING, STAGING_MASTER, TARGET_KEY, World, here,
    key_arn,
};

const SHOP: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.about (note text NOT NULL);
    CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer text NOT NULL, cents bigint NOT NULL);
    CREATE TABLE shop.lines (order_id bigint REFERENCES shop.orders, line int, product text, PRIMARY KEY (order_id, line));";

impl World {
    pub(super) fn put_keys(&self) {
        self.put_key(PRODUCTION, SOURCE_KEY, Some(STAGING.0));
        self.put_key(STAGING, TARGET_KEY, None);
    }

    /// A customer's key, which another account may use.
    pub(crate) fn put_key(&self, place: (&str, &str), id: &str, shared: Option<&str>) {
        let key = KmsKey {
            key_id: id.to_owned(),
            alias: None,
            allowed_accounts: shared.into_iter().map(AccountId::new).collect(),
            disabled: false,
        };
        let placed = PlacedKey { account: AccountId::new(place.0), region: RegionName::new(place.1), key };
        self.runtime.block_on(self.client.put_kms_key(&placed)).unwrap();
    }

    pub(crate) fn write_secret(&self, name: &str, content: &Value) {
        let path = self.path("secrets").join(format!("{name}.json"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content.to_string()).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    pub(super) fn write_secrets(&self) {
        let master = |login: Login| json!({"username": login.0, "password": login.1, "database": "shop"});
        self.write_secret("staging/master", &master(STAGING_MASTER));
        self.write_secret("production/master", &master(PRODUCTION_MASTER));
        self.write_secret("sandbox/keys", &json!({"access_key_id": STAGING.0, "secret_access_key": "any"}));
        self.write_secret(
            "staging/users",
            &json!({"app_username": APP.0, "app_password": APP.1,
                    "readonly_username": READER.0, "readonly_password": READER.1}),
        );
    }

    pub(crate) fn make_cluster(
        &self,
        place: (&str, &str),
        name: &str,
        master: Login,
        key: &str,
        more: &[(&str, &str)],
    ) {
        let (key, instance) = (key_arn(place, key), format!("{name}-1"));
        let cluster = [
            ("DBClusterIdentifier", name),
            ("Engine", "aurora-postgresql"),
            ("MasterUsername", master.0),
            ("MasterUserPassword", master.1),
            ("DatabaseName", "shop"),
            ("StorageEncrypted", "true"),
            ("KmsKeyId", &key),
        ];
        self.call(place, "CreateDBCluster", &[&cluster, more].concat());
        let member = [
            ("DBInstanceIdentifier", instance.as_str()),
            ("DBClusterIdentifier", name),
            ("DBInstanceClass", "db.r6g.large"),
            ("Engine", "aurora-postgresql"),
        ];
        self.wait_for("the cluster", || self.try_call(place, "CreateDBInstance", &member).ok());
        self.wait_for("the instance", || {
            let shown = self.call(place, "DescribeDBInstances", &[("DBInstanceIdentifier", &instance)]);
            (text_of(&shown, "DBInstanceStatus").as_deref() == Some("available")).then_some(())
        });
    }

    pub(super) fn fill(&self, place: (&str, &str), name: &str, master: Login, orders: u32, note: &str) {
        let rows = format!(
            "{SHOP}
             INSERT INTO shop.about VALUES ('{note}');
             INSERT INTO shop.orders SELECT n, 'customer ' || n, n * 13 FROM generate_series(1, {orders}) AS n;
             INSERT INTO shop.lines SELECT n, 1, 'product ' || n FROM generate_series(1, {orders}) AS n;"
        );
        self.execute(place, name, master, &rows).unwrap();
    }

    pub(super) fn add_login(&self, place: (&str, &str), name: &str, master: Login, role: Login) {
        let sql = format!(
            "CREATE ROLE {0} LOGIN PASSWORD '{1}'; GRANT USAGE ON SCHEMA shop TO {0};
             GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {0}",
            role.0, role.1
        );
        self.execute(place, name, master, &sql).unwrap();
    }

    /// An automated snapshot of production that claims to be of so long ago.
    pub(crate) fn take_snapshot(&self, ago: SignedDuration) -> String {
        let wish = SnapshotWish {
            place: here(PRODUCTION),
            cluster: "production".to_owned(),
            created_at: Timestamp::now() - ago,
            name: None,
        };
        let arn = self.runtime.block_on(self.client.take_past_snapshot(&wish)).unwrap();
        let name = arn.split_once("cluster-snapshot:").unwrap().1.to_owned();
        self.wait_for("the snapshot", || {
            let place = self.of_place(PRODUCTION)?;
            place.snapshots.iter().any(|one| one.name == name && one.status == "available").then_some(())
        });
        name
    }
}
