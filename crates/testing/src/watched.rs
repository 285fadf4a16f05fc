//! The services of a stage behind relays: they add up how long the services take to answer, so that what a function takes
//! itself can be told from what it waits for, and count what it asks for over how many connections.

mod heard;

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::function_stage::FunctionStage;
use heard::Heard;

/// Relays in front of a stage.
#[derive(Debug)]
pub struct Watched {
    variables: Vec<(&'static str, String)>,
    seen: Arc<Mutex<Seen>>,
}

/// What the relays have seen so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// How long the services have taken, from the arrival of a request to the end of its answer.
    pub spent: Duration,
    /// How many connections were opened.
    pub opened: u32,
    /// How many of them the service ended: who opens another one in its place did not give it up.
    pub ended_by_service: u32,
    /// How often was asked for what, by the name of the action.
    pub asked: BTreeMap<String, u32>,
}

impl Watched {
    /// Puts a relay in front of every service of a stage, for the function of a place.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn over(stage: &FunctionStage, place: &str) -> Self {
        let seen = Arc::default();
        let mut variables = stage.variables(place);
        for (name, value) in &mut variables {
            if name.starts_with("AWS_ENDPOINT_URL") {
                *value = relay(value, &seen);
            }
        }
        Self { variables, seen }
    }

    /// The variables of the function.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// How long the services have taken so far.
    pub fn spent(&self) -> Duration {
        lock(&self.seen).spent
    }

    /// Everything that was seen so far.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Relays what is sent to a new port of this machine; gives its URL.
fn relay(url: &str, seen: &Arc<Mutex<Seen>>) -> String {
    let upstream: SocketAddr = url.trim_start_matches("http://").parse().expect("a stand-in's URL is an address");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let own = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let seen = Arc::clone(seen);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            lock(&seen).opened += 1;
            // Who cannot be reached is told by the connection that ends.
            let _ = connect(&client, upstream, &seen);
        }
    });
    own
}

/// Both directions of one connection. A request begins an exchange; every part of its answer ends it anew.
fn connect(client: &TcpStream, upstream: SocketAddr, seen: &Arc<Mutex<Seen>>) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let began = Arc::new(Mutex::new(Instant::now()));
    let (from, to, asked, note) = (client.try_clone()?, server.try_clone()?, Arc::clone(&began), Arc::clone(seen));
    // Whether the function has ended the connection: an end that comes back after that is not the service's.
    let left = Arc::new(Mutex::new(false));
    let leaving = Arc::clone(&left);
    thread::spawn(move || {
        let mut heard = Heard::default();
        let came = |bytes: &[u8]| {
            *lock(&asked) = Instant::now();
            for action in heard.requests(bytes) {
                *lock(&note).asked.entry(action).or_default() += 1;
            }
        };
        pump(from, &to, came, |_| {}, || *lock(&leaving) = true);
    });
    let (to, seen) = (client.try_clone()?, Arc::clone(seen));
    thread::spawn(move || {
        let passed = |_: &[u8]| {
            let mut began = lock(&began);
            lock(&seen).spent += began.elapsed();
            *began = Instant::now();
        };
        pump(server, &to, |_| {}, passed, || lock(&seen).ended_by_service += u32::from(!*lock(&left)));
    });
    Ok(())
}

/// Passes on what comes, until it ends.
fn pump(
    mut from: TcpStream,
    mut to: &TcpStream,
    mut came: impl FnMut(&[u8]),
    mut passed: impl FnMut(&[u8]),
    ended: impl FnOnce(),
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 {
            break;
        }
        came(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
        passed(&buffer[..length]);
    }
    ended();
    // The other end learns that nothing more comes.
    let _ = to.shutdown(Shutdown::Both);
}
