//! How the sandbox is, for the person or program that looks after it.

use std::path::PathBuf;

use serde::Serialize;

use super::control::Control;
use crate::model::World;
use crate::model::resources::Endpoint;
use crate::server::{Runtime, Status};

/// The reply of `GET /_sandbox/health`.
#[derive(Serialize)]
pub(super) struct Health<'a> {
    #[serde(flatten)]
    status: &'a Status,
    data_directory: &'a PathBuf,
    uptime_seconds: i64,
    /// Pieces of work being done to real data.
    work_in_progress: usize,
    /// Why changes cannot be saved, while they cannot.
    save_problem: Option<String>,
    /// Where databases answer, in all accounts and Regions.
    endpoints: Vec<Answering>,
}

/// One endpoint.
#[derive(Serialize)]
struct Answering {
    account: String,
    region: String,
    kind: &'static str,
    name: String,
    status: &'static str,
    address: String,
    port: u16,
}

impl<'a> Health<'a> {
    pub(super) fn of(control: &'a Control, runtime: &Runtime) -> Self {
        let status = &control.status;
        Self {
            status,
            data_directory: &control.data_directory,
            uptime_seconds: runtime.now().duration_since(status.started_at).as_secs(),
            work_in_progress: runtime.effects_in_progress(),
            save_problem: runtime.save_problem(),
            endpoints: runtime.read(endpoints),
        }
    }
}

fn endpoints(world: &World) -> Vec<Answering> {
    let mut all = Vec::new();
    for (_, place) in world.places() {
        let mut add = |kind, name: &str, status, endpoint: &Option<Endpoint>| {
            all.extend(endpoint.as_ref().map(|endpoint| Answering {
                account: place.account.to_string(),
                region: place.region.to_string(),
                kind,
                name: name.to_owned(),
                status,
                address: endpoint.address.clone(),
                port: endpoint.port,
            }));
        };
        for cluster in place.clusters.values().map(|record| &record.shown) {
            let (name, status) = (&cluster.db_cluster_identifier, cluster.status.as_str());
            add("writer", name, status, &cluster.endpoint);
            add("reader", name, status, &cluster.reader_endpoint);
        }
        for instance in place.instances.values().map(|record| &record.shown) {
            let status = instance.db_instance_status.as_str();
            add("instance", &instance.db_instance_identifier, status, &instance.endpoint);
        }
    }
    all
}
