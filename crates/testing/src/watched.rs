//! The services of a stage behind relays that add up how long they take to answer, so that what a function takes itself can
//! be told from what it waits for.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::function_stage::FunctionStage;

/// Relays in front of a stage.
#[derive(Debug)]
pub struct Watched {
    variables: Vec<(&'static str, String)>,
    spent: Arc<AtomicU64>,
}

impl Watched {
    /// Puts a relay in front of every service of a stage, for the function of a place.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn over(stage: &FunctionStage, place: &str) -> Self {
        let spent = Arc::new(AtomicU64::new(0));
        let mut variables = stage.variables(place);
        for (name, value) in &mut variables {
            if name.starts_with("AWS_ENDPOINT_URL") {
                *value = relay(value, &spent);
            }
        }
        Self { variables, spent }
    }

    /// The variables of the function.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// How long the services have taken so far, from the arrival of a request to the end of its answer.
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::SeqCst))
    }
}

/// Relays what is sent to a new port of this machine; gives its URL.
fn relay(url: &str, spent: &Arc<AtomicU64>) -> String {
    let upstream: SocketAddr = url.trim_start_matches("http://").parse().expect("a stand-in's URL is an address");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let own = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let spent = Arc::clone(spent);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // Who cannot be reached is told by the connection that ends.
            let _ = connect(&client, upstream, &spent);
        }
    });
    own
}

/// Both directions of one connection. A request begins an exchange; every part of its answer ends it anew.
fn connect(client: &TcpStream, upstream: SocketAddr, spent: &Arc<AtomicU64>) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let began = Arc::new(Mutex::new(Instant::now()));
    let (from, to, asked) = (client.try_clone()?, server.try_clone()?, Arc::clone(&began));
    thread::spawn(move || {
        pump(from, &to, || {}, || *asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now());
    });
    let (to, spent) = (client.try_clone()?, Arc::clone(spent));
    thread::spawn(move || {
        let note = || {
            let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
            let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            *began = Instant::now();
            spent.fetch_add(took, Ordering::SeqCst);
        };
        pump(server, &to, note, || {});
    });
    Ok(())
}

/// Passes on what comes, until it ends.
fn pump(mut from: TcpStream, mut to: &TcpStream, passed: impl Fn(), came: impl Fn()) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 {
            break;
        }
        came();
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
        passed();
    }
    // The other end learns that nothing more comes.
    let _ = to.shutdown(std::net::Shutdown::Both);
}
