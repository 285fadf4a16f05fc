//! A wire between an adapter and a stand-in: it carries one request at a time, and loses replies when told to.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

/// What is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    Nothing,
    /// The reply of every n-th request that changes something, after it took effect.
    EveryReplyToAChange(usize),
}

/// The wire. It is there as long as the test's runtime.
pub(crate) struct Wire {
    pub(crate) url: String,
    lost: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) async fn to(port: u16, loss: Loss) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let lost = Arc::new(AtomicUsize::new(0));
        let shared =
            Arc::new(Shared { port, loss, changes: AtomicUsize::new(0), lost: Arc::clone(&lost), one: Mutex::new(()) });
        drop(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                drop(tokio::spawn(carry(client, Arc::clone(&shared))));
            }
        }));
        Self { url, lost }
    }

    /// How many replies were lost.
    pub(crate) fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

struct Shared {
    port: u16,
    loss: Loss,
    changes: AtomicUsize,
    lost: Arc<AtomicUsize>,
    one: Mutex<()>,
}

impl Shared {
    fn loses(&self, request: &[u8]) -> bool {
        let Loss::EveryReplyToAChange(every) = self.loss else { return false };
        let head = String::from_utf8_lossy(&request[..request.len().min(4_096)]).to_ascii_lowercase();
        let is_change = ["transactwriteitems", "updateitem"].iter().any(|action| head.contains(action));
        let loses = is_change && self.changes.fetch_add(1, Ordering::SeqCst) % every == every - 1;
        if loses {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
        loses
    }
}

/// One request, one reply, and the connection is closed.
async fn carry(mut client: TcpStream, shared: Arc<Shared>) {
    let Some(request) = read_request(&mut client).await else { return };
    let reply = {
        let _one_at_a_time = shared.one.lock().await;
        let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.port)).await else { return };
        let mut reply = Vec::new();
        if server.write_all(&request).await.is_err() || server.read_to_end(&mut reply).await.is_err() {
            return;
        }
        reply
    };
    if !shared.loses(&request) {
        // If the client has gone, so has whoever would miss the reply.
        let _ = client.write_all(&reply).await;
    }
}

/// The request, changed so that the server closes the connection after its reply.
async fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0; 16_384];
    loop {
        let read = client.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&buffer[..read]);
        let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if request.len() < end + 4 + length.unwrap_or(0) {
            continue;
        }
        let first_line = request.windows(2).position(|window| window == b"\r\n")?;
        let mut changed = request[..first_line + 2].to_vec();
        changed.extend_from_slice(b"connection: close\r\n");
        changed.extend_from_slice(&request[first_line + 2..]);
        return Some(changed);
    }
}
