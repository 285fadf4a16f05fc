//! Passes the connections that arrive at one name on to the server that the name leads to.
//!
//! It copies bytes and understands none: TLS and passwords are between the client and the server.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::model::VolumeId;

/// More than a server takes, so that the server's own refusal reaches the client.
const CONNECTIONS_MAX: usize = 64;
/// Two per connection. Small, because many names may be busy at once; a page of PostgreSQL fits.
const BUFFER_BYTES: usize = 8 << 10;
/// The pause after the system refused a connection, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The private port of each running server.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes(Arc<RwLock<HashMap<VolumeId, u16>>>);

impl Routes {
    pub(super) fn set(&self, volume: VolumeId, port: u16) {
        self.0.write().expect("no holder panics").insert(volume, port);
    }

    pub(super) fn remove(&self, volume: VolumeId) {
        self.0.write().expect("no holder panics").remove(&volume);
    }

    pub(super) fn get(&self, volume: VolumeId) -> Option<u16> {
        self.0.read().expect("no holder panics").get(&volume).copied()
    }
}

/// One name at work. Dropping it closes its listener and its connections.
#[derive(Debug)]
pub(super) struct Forwarder {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Forwarder {
    /// Begins to serve.
    pub(super) fn begin(listener: TcpListener, volume: VolumeId, routes: Routes) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, volume, routes, stopped));
        Self { stop: Some(stop), task }
    }

    /// Closes the listener and every open connection, and returns when that is done.
    pub(super) async fn end(mut self) {
        drop(self.stop.take());
        // An error would mean that the task was aborted: then all is closed as well.
        drop((&mut self.task).await);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, volume: VolumeId, routes: Routes, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((client, _)) => { connections.spawn(forward(client, routes.get(volume))); }
                Err(error) => {
                    tracing::warn!(%volume, %error, "could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// A client of a server that does not run is cut off, as by a host that is down.
async fn forward(mut client: TcpStream, port: Option<u16>) {
    let Some(port) = port else { return };
    match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        Ok(mut server) => {
            // Small messages go back and forth: do not wait for more. A refusal costs time, not correctness.
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            // How a connection ends is known to its two ends.
            drop(copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER_BYTES, BUFFER_BYTES).await);
        }
        Err(error) => tracing::debug!(port, %error, "the server does not answer"),
    }
}
