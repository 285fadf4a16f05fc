//! Names, their ports, and what they lead to.
//!
//! A port belongs to a name for good: when a cluster is renamed the old name stops answering, and whoever takes the
//! name next answers on its port. That is how a rename moves the endpoint on AWS, where the DNS name plays this part.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::error::DataPlaneError;
use super::files::{Durability, write_private};
use super::forward::{Forwarder, Routes};
use crate::model::VolumeId;
use crate::model::effect::{EndpointKey, EndpointKind};

/// The form of `endpoints.json`.
const FORMAT: u32 = 1;

/// Which ports names may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointPorts {
    /// The lowest free one of a range, so that they are easy to recognise.
    Range(RangeInclusive<u16>),
    /// Any free one; for tests, which run side by side.
    Any,
}

impl Default for EndpointPorts {
    /// Below the ports that systems give to outgoing connections, so that a name finds its port free again.
    fn default() -> Self {
        Self::Range(15432..=16431)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFile {
    format: u32,
    endpoints: Vec<Stored>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    endpoint: EndpointKey,
    port: u16,
    /// Where the name leads, if it is published.
    volume: Option<VolumeId>,
}

/// All names of a sandbox.
#[derive(Debug)]
pub(super) struct Endpoints {
    file: PathBuf,
    ports: EndpointPorts,
    durability: Durability,
    routes: Routes,
    stored: Vec<Stored>,
    working: HashMap<EndpointKey, Forwarder>,
}

impl Endpoints {
    /// Reads the names. None of them answers yet.
    pub(super) fn load(
        file: PathBuf,
        ports: EndpointPorts,
        durability: Durability,
        routes: Routes,
    ) -> Result<Self, DataPlaneError> {
        let stored = match std::fs::read(&file) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(DataPlaneError::io("read", &file)(source)),
            Ok(bytes) => {
                let parsed: Result<StoredFile, _> = serde_json::from_slice(&bytes);
                parsed.map_err(|source| DataPlaneError::Damaged { path: file.clone(), source })?.endpoints
            }
        };
        Ok(Self { file, ports, durability, routes, stored, working: HashMap::new() })
    }

    /// Lets the published names answer again. A port that another program took meanwhile is one trouble each.
    pub(super) async fn resume(&mut self) -> Vec<DataPlaneError> {
        let mut troubles = Vec::new();
        let published: Vec<(EndpointKey, VolumeId)> =
            self.stored.iter().filter_map(|stored| Some((stored.endpoint.clone(), stored.volume?))).collect();
        for (endpoint, volume) in published {
            if let Err(error) = self.publish(&endpoint, volume).await {
                troubles.push(error);
            }
        }
        troubles
    }

    /// Lets `endpoint` lead to `volume`; connections to where it led before are closed. Returns its port.
    pub(super) async fn publish(&mut self, endpoint: &EndpointKey, volume: VolumeId) -> Result<u16, DataPlaneError> {
        let known = self.stored.iter().find(|stored| stored.endpoint == *endpoint).cloned();
        if let Some(Stored { port, volume: Some(led_to), .. }) = known
            && led_to == volume
            && self.working.contains_key(endpoint)
        {
            return Ok(port);
        }
        self.silence(endpoint).await;
        let listener = match &known {
            Some(stored) => bind_known(endpoint, stored.port).await?,
            None => self.bind_new(endpoint).await?,
        };
        let port = listener.local_addr().map_err(DataPlaneError::io("look at", &self.file))?.port();
        self.remember(Stored { endpoint: endpoint.clone(), port, volume: Some(volume) })?;
        // If we die here, the next start finds the name in the file and lets it answer.
        let forwarder = Forwarder::begin(listener, volume, self.routes.clone());
        self.working.insert(endpoint.clone(), forwarder);
        Ok(port)
    }

    /// Lets `endpoint` no longer lead to `volume`, closing its connections. Does nothing if it leads elsewhere.
    pub(super) async fn withdraw(&mut self, endpoint: &EndpointKey, volume: VolumeId) -> Result<(), DataPlaneError> {
        let Some(stored) = self.stored.iter().find(|stored| stored.endpoint == *endpoint).cloned() else {
            return Ok(());
        };
        if stored.volume != Some(volume) {
            return Ok(());
        }
        self.remember(Stored { volume: None, ..stored })?;
        self.silence(endpoint).await;
        Ok(())
    }

    /// The port of a name that answers.
    pub(super) fn port(&self, endpoint: &EndpointKey) -> Option<u16> {
        let stored = self.stored.iter().find(|stored| stored.endpoint == *endpoint && stored.volume.is_some());
        stored.map(|stored| stored.port)
    }

    /// Closes everything without forgetting anything.
    pub(super) async fn close(&mut self) {
        for (_, forwarder) in self.working.drain() {
            forwarder.end().await;
        }
    }

    async fn silence(&mut self, endpoint: &EndpointKey) {
        if let Some(forwarder) = self.working.remove(endpoint) {
            forwarder.end().await;
        }
    }

    fn remember(&mut self, entry: Stored) -> Result<(), DataPlaneError> {
        let mut stored = self.stored.clone();
        stored.retain(|other| other.endpoint != entry.endpoint && other.port != entry.port);
        stored.push(entry);
        let form = StoredFile { format: FORMAT, endpoints: stored };
        let text = serde_json::to_vec_pretty(&form)
            .map_err(|source| DataPlaneError::Damaged { path: self.file.clone(), source })?;
        write_private(&self.file, &text, self.durability)?;
        self.stored = form.endpoints;
        Ok(())
    }

    async fn bind_new(&self, endpoint: &EndpointKey) -> Result<TcpListener, DataPlaneError> {
        let range = match &self.ports {
            EndpointPorts::Any => return bind_any(endpoint, &self.used_ports()).await,
            EndpointPorts::Range(range) => range.clone(),
        };
        let used = self.used_ports();
        for port in range.clone().filter(|port| !used.contains(port)) {
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                return Ok(listener);
            }
        }
        // Names that are not published give up their ports only when there is no other left.
        for stored in self.stored.iter().filter(|stored| stored.volume.is_none() && range.contains(&stored.port)) {
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, stored.port)).await {
                return Ok(listener);
            }
        }
        let (first, last) = (*range.start(), *range.end());
        Err(DataPlaneError::NoPortLeft { endpoint: describe(endpoint), first, last })
    }

    fn used_ports(&self) -> BTreeSet<u16> {
        self.stored.iter().map(|stored| stored.port).collect()
    }
}

async fn bind_known(endpoint: &EndpointKey, port: u16) -> Result<TcpListener, DataPlaneError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|_| DataPlaneError::PortInUse { endpoint: describe(endpoint), port })
}

/// The system may offer a port that belongs to a name which does not answer now; then ask again.
async fn bind_any(endpoint: &EndpointKey, used: &BTreeSet<u16>) -> Result<TcpListener, DataPlaneError> {
    for _ in 0..=used.len() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        match listener.and_then(|listener| Ok((listener.local_addr()?.port(), listener))) {
            Ok((port, listener)) if !used.contains(&port) => return Ok(listener),
            _ => {}
        }
    }
    Err(DataPlaneError::NoPortLeft { endpoint: describe(endpoint), first: 1, last: u16::MAX })
}

/// The name as a person would say it.
fn describe(endpoint: &EndpointKey) -> String {
    let kind = match endpoint.kind {
        EndpointKind::ClusterWriter => "cluster",
        EndpointKind::ClusterReader => "readers of cluster",
        EndpointKind::Instance => "instance",
    };
    format!("{kind} {} ({}, {})", endpoint.name, endpoint.account, endpoint.region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> EndpointKey {
        EndpointKey {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            kind: EndpointKind::ClusterWriter,
            name: name.into(),
        }
    }

    fn load(root: &tempfile::TempDir, ports: EndpointPorts) -> Endpoints {
        Endpoints::load(root.path().join("endpoints.json"), ports, Durability::Process, Routes::default()).unwrap()
    }

    #[tokio::test]
    async fn a_name_has_the_same_port_after_it_was_withdrawn_and_after_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let mut endpoints = load(&root, EndpointPorts::Any);
        let port = endpoints.publish(&key("a"), VolumeId(1)).await.unwrap();
        assert_eq!(endpoints.publish(&key("a"), VolumeId(1)).await.unwrap(), port);
        endpoints.withdraw(&key("a"), VolumeId(1)).await.unwrap();
        endpoints.withdraw(&key("a"), VolumeId(1)).await.unwrap();
        assert_eq!(endpoints.port(&key("a")), None);
        assert_ne!(endpoints.publish(&key("b"), VolumeId(2)).await.unwrap(), port);
        endpoints.close().await;
        let mut endpoints = load(&root, EndpointPorts::Any);
        assert_eq!(endpoints.publish(&key("a"), VolumeId(3)).await.unwrap(), port);
    }

    #[tokio::test]
    async fn withdrawing_a_name_that_leads_elsewhere_by_now_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let mut endpoints = load(&root, EndpointPorts::Any);
        let port = endpoints.publish(&key("a"), VolumeId(1)).await.unwrap();
        endpoints.publish(&key("a"), VolumeId(2)).await.unwrap();
        endpoints.withdraw(&key("a"), VolumeId(1)).await.unwrap();
        assert_eq!(endpoints.port(&key("a")), Some(port));
    }

    #[tokio::test]
    async fn a_port_that_another_program_took_is_named_with_its_owner() {
        let root = tempfile::tempdir().unwrap();
        let mut endpoints = load(&root, EndpointPorts::Any);
        let port = endpoints.publish(&key("a"), VolumeId(1)).await.unwrap();
        endpoints.close().await;
        let _thief = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let troubles = load(&root, EndpointPorts::Any).resume().await;
        assert_eq!(
            troubles.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [format!("port {port} of cluster a (111122223333, eu-west-1) is in use by another program")]
        );
    }

    #[tokio::test]
    async fn a_full_range_takes_the_port_of_a_silent_name_and_then_refuses() {
        let root = tempfile::tempdir().unwrap();
        let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let only = probe.local_addr().unwrap().port();
        drop(probe);
        let mut endpoints = load(&root, EndpointPorts::Range(only..=only));
        endpoints.publish(&key("a"), VolumeId(1)).await.unwrap();
        let error = endpoints.publish(&key("b"), VolumeId(2)).await.unwrap_err();
        assert!(matches!(error, DataPlaneError::NoPortLeft { .. }), "{error}");
        endpoints.withdraw(&key("a"), VolumeId(1)).await.unwrap();
        assert_eq!(endpoints.publish(&key("b"), VolumeId(2)).await.unwrap(), only);
    }

    #[tokio::test]
    async fn a_client_of_a_server_that_does_not_run_is_cut_off() {
        use tokio::io::AsyncReadExt as _;

        let root = tempfile::tempdir().unwrap();
        let mut endpoints = load(&root, EndpointPorts::Any);
        let port = endpoints.publish(&key("a"), VolumeId(1)).await.unwrap();
        let mut client = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    }
}
