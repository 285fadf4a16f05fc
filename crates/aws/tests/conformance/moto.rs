//! On moto. What it cannot show is skipped by name, with the reason.

use std::time::Duration;

use async_trait::async_trait;
use aurora_restore_aws::AwsCloud;
use aurora_restore_core::{
    ids::{AccountId, ClusterId, KmsKey, SnapshotId},
    ports::{Cloud, Location, Side, SnapshotKind, SnapshotQuery},
};
use aurora_restore_testing::{
    stand_in::StandIn,
    suites::{
        broken,
        rds::{CLASS, CLUSTER, ENGINE, READER, RdsFixture, SEALED, SNAPSHOT, WRITER, run, sentences},
    },
};
use aws_credential_types::Credentials;
use aws_sdk_rds::{Client, Config, config::BehaviorVersion};

use crate::{cloud, region};

pub(crate) const REGION: &str = "eu-west-1";
/// Moto has one account unless roles are assumed.
pub(crate) const ACCOUNT: &str = "123456789012";
/// One pause of the suite's waits, which are counted up to `LOOKS_MAX`.
const PAUSE: Duration = Duration::from_millis(50);

/// What moto cannot show: the sentence of the case, and why.
const SKIPPED: &[(&str, &str)] = &[
    ("versions, classes and quotas are listed", "moto answers DescribeDBEngineVersions with 500"),
    ("groups show their family and their zones", "moto has no default groups"),
    ("the events of a cluster are told", "moto records none of clusters"),
    ("an unencrypted copy takes no key", "moto does not check keys"),
    ("an encrypted copy elsewhere needs a key that may be used", "moto does not check keys"),
    ("a snapshot of another account is seen once it is shared and no longer after that", "moto shows one account"),
    ("a restore of what does not exist or does not fit is refused", "moto does not check versions"),
    ("a class that cannot be ordered is refused", "moto does not check classes"),
    ("a cluster takes up new settings", "moto does not take up IAM authentication"),
    ("a new master password is taken", "moto answers a password that is too short with 500 and forgets the cluster"),
    ("tags of what does not exist are refused", "moto keeps them"),
    ("a name that is taken is refused", "moto gives one name to two"),
    ("a renamed cluster keeps its identity and changes its endpoint", "moto's cluster loses its members by it"),
    ("a renamed instance keeps its identity", "moto's cluster keeps the old name of its member"),
    ("a time before the first restorable one is refused", "moto does not check times"),
    ("a running cluster is copied as it was", "moto makes the automated snapshot of the new cluster twice"),
];

struct OnMoto {
    cloud: AwsCloud,
    automated: Option<SnapshotId>,
}

#[async_trait]
impl RdsFixture for OnMoto {
    fn cloud(&self) -> &dyn Cloud {
        &self.cloud
    }

    fn source(&self) -> Location {
        Location { side: Side::Source, region: region(REGION) }
    }

    fn target(&self) -> Location {
        Location { side: Side::Target, region: region("eu-central-1") }
    }

    fn target_account(&self) -> AccountId {
        AccountId::new(ACCOUNT).expect("a constant that is an account")
    }

    fn target_key(&self) -> KmsKey {
        KmsKey::new("alias/aws/rds").expect("a constant that is a key")
    }

    fn automated(&self) -> Option<SnapshotId> {
        self.automated.clone()
    }

    async fn wait(&self) {
        tokio::time::sleep(PAUSE).await;
    }

    fn skips(&self, case: &str) -> Option<&'static str> {
        SKIPPED.iter().find(|(sentence, _)| *sentence == case).map(|(_, reason)| *reason)
    }
}

/// Sets the stage with the SDK itself: the port cannot make a cluster out of nothing.
pub(crate) async fn set_stage(url: &str) {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_sdk_rds::config::Region::new(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .build();
    let client = Client::from_conf(config);
    for (name, encrypted) in [(CLUSTER, false), ("suite-vault", true)] {
        client
            .create_db_cluster()
            .db_cluster_identifier(name)
            .engine(ENGINE)
            .master_username("postgres")
            .master_user_password("first-Password-1")
            .storage_encrypted(encrypted)
            .send()
            .await
            .expect("moto makes a cluster");
    }
    for name in [WRITER, READER] {
        client
            .create_db_instance()
            .db_instance_identifier(name)
            .db_cluster_identifier(CLUSTER)
            .db_instance_class(CLASS)
            .engine(ENGINE)
            .send()
            .await
            .expect("moto makes an instance");
    }
    for (name, cluster) in [(SNAPSHOT, CLUSTER), (SEALED, "suite-vault")] {
        client
            .create_db_cluster_snapshot()
            .db_cluster_snapshot_identifier(name)
            .db_cluster_identifier(cluster)
            .send()
            .await
            .expect("moto takes a snapshot");
    }
}

fn cluster() -> ClusterId {
    ClusterId::new(CLUSTER).expect("a constant that is an identifier")
}

#[tokio::test]
async fn moto_passes_what_it_can_show_of_the_suite_of_the_rds_port() {
    let server = StandIn::moto();
    set_stage(&server.url()).await;
    let cloud = cloud(&server.url(), "test", "test").await;
    let query = SnapshotQuery { cluster: Some(cluster()), kinds: vec![SnapshotKind::Automated] };
    let place = Location { side: Side::Source, region: region(REGION) };
    let automated = cloud.rds(&place).snapshots(&query).await.expect("moto lists snapshots");
    let fixture = OnMoto { automated: automated.first().map(|snapshot| snapshot.id.clone()), cloud };
    let results = run(&fixture).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}

#[test]
fn what_is_skipped_on_moto_is_a_case_of_the_suite() {
    let sentences = sentences();
    for (sentence, reason) in SKIPPED {
        assert!(sentences.contains(sentence), "{sentence}: {reason}");
    }
}
