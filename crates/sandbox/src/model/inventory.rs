//! Everything there is, in short: for a person who looks at the sandbox as a whole, which no call of RDS can do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::resources::{DbCluster, DbClusterSnapshot, Endpoint};
use super::state::PlaceState;

/// What one account has in one Region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceInventory {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Its clusters, by name.
    pub clusters: Vec<ClusterLine>,
    /// Its cluster snapshots, by name.
    pub snapshots: Vec<SnapshotLine>,
}

/// A cluster in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterLine {
    /// Its name.
    pub name: String,
    /// Its status, as RDS shows it.
    pub status: String,
    /// Its engine's version.
    pub engine_version: String,
    /// Its instances, the writer first.
    pub instances: Vec<String>,
    /// The writer's endpoint.
    pub endpoint: Option<Endpoint>,
    /// The readers' endpoint.
    pub reader_endpoint: Option<Endpoint>,
    /// Its master user.
    pub master_username: String,
    /// Its first database.
    pub database: Option<String>,
}

/// A cluster snapshot in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotLine {
    /// Its name.
    pub name: String,
    /// `manual` or `automated`.
    pub kind: String,
    /// Its status, as RDS shows it.
    pub status: String,
    /// Of which cluster.
    pub cluster: String,
    /// When it was taken.
    pub created_at: Option<Timestamp>,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

impl World {
    /// What every account has in every Region; places without clusters and snapshots are left out.
    pub fn inventory(&self) -> Vec<PlaceInventory> {
        let mut places: Vec<PlaceInventory> = self
            .places()
            .map(|(_, place)| of_place(place))
            .filter(|place| !place.clusters.is_empty() || !place.snapshots.is_empty())
            .collect();
        places.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
        places
    }
}

fn of_place(place: &PlaceState) -> PlaceInventory {
    let mut clusters: Vec<_> = place.clusters.values().map(|record| cluster_line(&record.shown)).collect();
    let mut snapshots: Vec<_> = place.snapshots.values().map(|record| snapshot_line(&record.shown)).collect();
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    snapshots.sort_by(|a, b| a.name.cmp(&b.name));
    PlaceInventory { account: place.account.to_string(), region: place.region.to_string(), clusters, snapshots }
}

fn cluster_line(cluster: &DbCluster) -> ClusterLine {
    ClusterLine {
        name: cluster.db_cluster_identifier.clone(),
        status: cluster.status.as_str().to_owned(),
        engine_version: cluster.engine_version.clone(),
        instances: cluster.db_cluster_members.iter().map(|member| member.db_instance_identifier.clone()).collect(),
        endpoint: cluster.endpoint.clone(),
        reader_endpoint: cluster.reader_endpoint.clone(),
        master_username: cluster.master_username.clone(),
        database: cluster.database_name.clone(),
    }
}

fn snapshot_line(snapshot: &DbClusterSnapshot) -> SnapshotLine {
    SnapshotLine {
        name: snapshot.db_cluster_snapshot_identifier.clone(),
        kind: snapshot.snapshot_type.as_str().to_owned(),
        status: snapshot.status.as_str().to_owned(),
        cluster: snapshot.db_cluster_identifier.clone(),
        created_at: snapshot.snapshot_create_time,
        encrypted: snapshot.storage_encrypted,
    }
}
