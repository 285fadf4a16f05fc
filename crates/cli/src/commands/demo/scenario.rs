//! Production and staging: two accounts, two Regions, two keys, two clusters, and yesterday's snapshot.

use std::time::{Duration, Instant};

use aurora_restore_app::sandbox::{
    client::{ClientError, SnapshotWish, text_of},
    model::{
        AccountId, Place as Location, RegionName,
        config::PlacedKey,
        inventory::{ClusterLine, PlaceInventory},
        resources::KmsKey,
    },
};
use jiff::{SignedDuration, Timestamp};

use super::{
    content::{self, Amount},
    database::{Login, Place},
    narrator::Narrator,
    secret_files::Role,
    stage::Stage,
};
use crate::error::CommandError;
use crate::private_file::write_private;

/// Account and Region of production.
pub(super) const PRODUCTION: (&str, &str) = ("111122223333", "eu-west-1");
/// Account and Region of staging.
pub(super) const STAGING: (&str, &str) = ("444455556666", "eu-central-1");

const PRODUCTION_KEY: &str = "0d5c7f3e-6d5b-4a57-9f0e-2b1f6f0c1a11";
const STAGING_KEY: &str = "7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";

/// Nothing in a sandbox with quick durations takes longer.
const WAIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// Where everything is.
pub(super) struct Scenario {
    production: Place,
    staging: Place,
    staging_reader: Place,
}

impl Scenario {
    /// Makes the clusters and their content, or goes on with those of an earlier demo, and takes yesterday's snapshot.
    pub(super) async fn prepare(stage: &Stage, orders: u32, narrator: &Narrator) -> Result<Self, CommandError> {
        let known = find(&inventory(stage).await?, PRODUCTION, "production").is_some();
        if known {
            narrator.say("going on with the clusters of an earlier demo");
            let login = login(stage, PRODUCTION, "production", &stage.cast.production_master).await?;
            let note = format!("production, as of {}", Timestamp::now().strftime("%H:%M:%S"));
            content::go_on(&login.must_connect().await?, &note).await?;
        } else {
            put_keys(stage).await?;
            tokio::try_join!(production(stage, orders, narrator), staging(stage, orders, narrator))?;
        }
        snapshot(stage, narrator).await?;
        write_configuration(stage, orders)?;
        let all = inventory(stage).await?;
        let scenario = Self {
            production: endpoint(&all, PRODUCTION, "production")?,
            staging: endpoint(&all, STAGING, "staging")?,
            staging_reader: reader_endpoint(&all, STAGING, "staging")?,
        };
        Ok(scenario)
    }

    /// How the application of staging logs in.
    pub(super) async fn staging_login(&self, stage: &Stage) -> Result<Login, CommandError> {
        Login::new(self.staging.clone(), stage.cast.staging_app.clone(), stage.authority()?)
    }

    /// How production's master logs in.
    pub(super) fn production_login(&self, stage: &Stage) -> Result<Login, CommandError> {
        Login::new(self.production.clone(), stage.cast.production_master.clone(), stage.authority()?)
    }

    /// Where the readers of staging answer.
    pub(super) fn staging_reader(&self) -> &Place {
        &self.staging_reader
    }
}

fn location((account, region): (&str, &str)) -> Location {
    Location { account: AccountId::new(account), region: RegionName::new(region) }
}

fn key_arn((account, region): (&str, &str), id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

fn refused(error: ClientError) -> CommandError {
    CommandError::failed("the scene could not be set").caused_by(error)
}

async fn inventory(stage: &Stage) -> Result<Vec<PlaceInventory>, CommandError> {
    stage.client.inventory().await.map_err(refused)
}

async fn put_keys(stage: &Stage) -> Result<(), CommandError> {
    let keys = [(PRODUCTION, PRODUCTION_KEY, "production", Some(STAGING.0)), (STAGING, STAGING_KEY, "staging", None)];
    for (place, id, alias, shared_with) in keys {
        let key = PlacedKey {
            account: AccountId::new(place.0),
            region: RegionName::new(place.1),
            key: KmsKey {
                key_id: id.to_owned(),
                alias: Some(alias.to_owned()),
                allowed_accounts: shared_with.into_iter().map(AccountId::new).collect(),
                disabled: false,
            },
        };
        stage.client.put_kms_key(&key).await.map_err(refused)?;
    }
    Ok(())
}

async fn production(stage: &Stage, orders: u32, narrator: &Narrator) -> Result<(), CommandError> {
    let key = key_arn(PRODUCTION, PRODUCTION_KEY);
    let settings = [("KmsKeyId", key.as_str()), ("BackupRetentionPeriod", "14"), ("DeletionProtection", "true")];
    cluster(stage, PRODUCTION, "production", &stage.cast.production_master, &settings).await?;
    let login = login(stage, PRODUCTION, "production", &stage.cast.production_master).await?;
    let client = login.must_connect().await?;
    let note = "production, as of yesterday's backup";
    content::fill(&client, Amount { orders }, note).await?;
    content::let_in_production(&client, &stage.cast).await?;
    narrator.say(format_args!(
        "production: account {} in {}, encrypted, writer and reader, {orders} orders of real people",
        PRODUCTION.0, PRODUCTION.1
    ));
    Ok(())
}

async fn staging(stage: &Stage, orders: u32, narrator: &Narrator) -> Result<(), CommandError> {
    let key = key_arn(STAGING, STAGING_KEY);
    let settings = [
        ("KmsKeyId", key.as_str()),
        ("BackupRetentionPeriod", "3"),
        ("PreferredMaintenanceWindow", "sun:04:00-sun:04:30"),
        ("DeletionProtection", "true"),
        ("CopyTagsToSnapshot", "true"),
        ("EnableCloudwatchLogsExports.member.1", "postgresql"),
        ("Tags.Tag.1.Key", "environment"),
        ("Tags.Tag.1.Value", "staging"),
        ("Tags.Tag.2.Key", "owner"),
        ("Tags.Tag.2.Value", "shop team"),
    ];
    cluster(stage, STAGING, "staging", &stage.cast.staging_master, &settings).await?;
    let login = login(stage, STAGING, "staging", &stage.cast.staging_master).await?;
    let client = login.must_connect().await?;
    content::fill(&client, Amount { orders: orders / 40 }, "staging, last refreshed in March").await?;
    content::let_in_staging(&client, &stage.cast).await?;
    narrator.say(format_args!("staging:    account {} in {}, under a key of its own, stale", STAGING.0, STAGING.1));
    Ok(())
}

/// Makes a cluster with a writer and a reader, and waits for them.
async fn cluster(
    stage: &Stage,
    place: (&str, &str),
    name: &str,
    master: &Role,
    settings: &[(&str, &str)],
) -> Result<(), CommandError> {
    let here = location(place);
    let common = [
        ("DBClusterIdentifier", name),
        ("Engine", "aurora-postgresql"),
        ("MasterUsername", &master.name),
        ("MasterUserPassword", &master.password),
        ("DatabaseName", "shop"),
        ("StorageEncrypted", "true"),
    ];
    let parameters = [common.as_slice(), settings].concat();
    stage.client.call(&here, "CreateDBCluster", &parameters).await.map_err(refused)?;
    for member in ["writer", "reader"] {
        let instance = format!("{name}-{member}");
        let parameters = [
            ("DBInstanceIdentifier", instance.as_str()),
            ("DBClusterIdentifier", name),
            ("DBInstanceClass", "db.r6g.large"),
            ("Engine", "aurora-postgresql"),
        ];
        wait_until("the cluster", || async {
            match stage.client.call(&here, "CreateDBInstance", &parameters).await {
                Ok(_) => Ok(true),
                // The cluster itself is still being made.
                Err(error) if error.code() == Some("InvalidDBClusterStateFault") => Ok(false),
                Err(error) => Err(refused(error)),
            }
        })
        .await?;
        wait_until("the instance", || async {
            let shown = stage
                .client
                .call(&here, "DescribeDBInstances", &[("DBInstanceIdentifier", &instance)])
                .await
                .map_err(refused)?;
            Ok(text_of(&shown, "DBInstanceStatus").as_deref() == Some("available"))
        })
        .await?;
    }
    Ok(())
}

/// Yesterday's automated backup of production.
async fn snapshot(stage: &Stage, narrator: &Narrator) -> Result<(), CommandError> {
    let yesterday = Timestamp::now() - SignedDuration::from_hours(21);
    // Newer than what an earlier demo left, whose names differ by the minute.
    let newest = inventory(stage).await?.into_iter().flat_map(|place| place.snapshots);
    let newest =
        newest.filter(|snapshot| snapshot.kind == "automated").filter_map(|snapshot| snapshot.created_at).max();
    let after_newest = newest.map_or(yesterday, |at| at + SignedDuration::from_mins(1));
    let wish = SnapshotWish {
        place: location(PRODUCTION),
        cluster: "production".to_owned(),
        created_at: yesterday.max(after_newest),
        name: None,
    };
    let arn = stage.client.take_past_snapshot(&wish).await.map_err(refused)?;
    let name = arn.split_once("cluster-snapshot:").map_or(arn.as_str(), |(_, name)| name).to_owned();
    wait_until("the snapshot", || async {
        let all = inventory(stage).await?;
        let place = all.iter().find(|found| (found.account.as_str(), found.region.as_str()) == PRODUCTION);
        let snapshot = place.and_then(|place| place.snapshots.iter().find(|snapshot| snapshot.name == name));
        Ok(snapshot.is_some_and(|snapshot| snapshot.status == "available"))
    })
    .await?;
    narrator.say(format_args!("snapshot:   {name}, automated, under production's key"));
    Ok(())
}

/// Bounded by [`WAIT`].
async fn wait_until<F>(what: &str, mut holds: impl FnMut() -> F) -> Result<(), CommandError>
where
    F: Future<Output = Result<bool, CommandError>>,
{
    let deadline = Instant::now() + WAIT;
    while !holds().await? {
        if Instant::now() >= deadline {
            return Err(CommandError::failed(format!("{what} did not become available within {} s", WAIT.as_secs())));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn find<'a>(all: &'a [PlaceInventory], place: (&str, &str), name: &str) -> Option<&'a ClusterLine> {
    all.iter()
        .filter(|found| (found.account.as_str(), found.region.as_str()) == place)
        .flat_map(|found| &found.clusters)
        .find(|cluster| cluster.name == name)
}

fn endpoint(all: &[PlaceInventory], place: (&str, &str), name: &str) -> Result<Place, CommandError> {
    find(all, place, name)
        .and_then(|cluster| cluster.endpoint.as_ref())
        .map(|found| Place { host: found.address.clone(), port: found.port })
        .ok_or_else(|| CommandError::failed(format!("cluster {name} has no endpoint")))
}

fn reader_endpoint(all: &[PlaceInventory], place: (&str, &str), name: &str) -> Result<Place, CommandError> {
    find(all, place, name)
        .and_then(|cluster| cluster.reader_endpoint.as_ref())
        .map(|found| Place { host: found.address.clone(), port: found.port })
        .ok_or_else(|| CommandError::failed(format!("cluster {name} has no reader endpoint")))
}

async fn login(stage: &Stage, place: (&str, &str), name: &str, role: &Role) -> Result<Login, CommandError> {
    Login::new(endpoint(&inventory(stage).await?, place, name)?, role.clone(), stage.authority()?)
}

/// The configuration that a person would write. For AWS it would lack `rds-endpoint`, `sts-endpoint` and `keys-secret`.
fn write_configuration(stage: &Stage, orders: u32) -> Result<(), CommandError> {
    let directory = stage.directory().display();
    let text = format!(
        r#"# Refreshes staging from production's newest automated snapshot. Written by `aurora-restore demo`.
[source]
region = "{source_region}"
latest-of = "production"
kinds = ["automated"]

[target]
region = "{target_region}"
cluster = "staging"
require-tags = {{ environment = "staging" }}

[copy]
kms-key = "{staging_key}"
source-kms-key = "{production_key}"

[secrets]
directory = "{directory}/secrets"
master = "staging/master"
users = "staging/users"
source-master = "production/master"

[users]
keep-logins = ["analyst"]

[verification]
tables-min = 5
[[verification.checks]]
name = "orders are there"
sql = "SELECT count(*) FROM shop.orders"
database = "shop"
at-least = {orders}
[[verification.checks]]
name = "every order has its customer"
sql = "SELECT count(*) FROM shop.orders LEFT JOIN shop.customers ON customers.id = customer_id WHERE customers.id IS NULL"
database = "shop"
equals = "0"

[limits]
poll = "300ms"

[journal]
path = "{directory}/journal.sqlite"

[database]
ca-certificate = "{authority}"

[notify]
channel = "none"

[aws]
rds-endpoint = "{url}"
sts-endpoint = "{url}"
[aws.target]
keys-secret = "sandbox/keys"
account = "{target_account}"
[aws.source]
keys-secret = "sandbox/keys"
role = "arn:aws:iam::{source_account}:role/aurora-restore-source"
account = "{source_account}"
"#,
        source_region = PRODUCTION.1,
        target_region = STAGING.1,
        staging_key = key_arn(STAGING, STAGING_KEY),
        production_key = key_arn(PRODUCTION, PRODUCTION_KEY),
        authority = stage.authority()?.display(),
        url = stage.status.url,
        target_account = STAGING.0,
        source_account = PRODUCTION.0,
    );
    write_private(&stage.directory().join("aurora-restore.toml"), text.as_bytes())
}
