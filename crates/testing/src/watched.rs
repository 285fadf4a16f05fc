//! The services of a stage behind relays: they tell how long one of them was answering, so that what a program takes itself can
//! be told from what it waits for, and count what it asks for over how many connections. Where several answer at once the time
//! counts once.

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
    answers: Answers,
    seen: Arc<Mutex<Seen>>,
}

/// What the relays have seen so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// How many connections were opened.
    pub opened: u32,
    /// How many of them the service ended: who opens another one in its place did not give it up.
    pub ended_by_service: u32,
    /// How often was asked for what, by the name of the action.
    pub asked: BTreeMap<String, u32>,
}

/// From when to when a service was answering.
type Answers = Arc<Mutex<Vec<(Instant, Instant)>>>;

impl Watched {
    /// Puts a relay in front of every service of a stage, for the function of a place.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn over(stage: &FunctionStage, place: &str) -> Self {
        Self::services(stage.variables(place))
    }

    /// Puts a relay in front of every service that the variables of a process name.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn services(mut variables: Vec<(&'static str, String)>) -> Self {
        let (answers, seen) = (Answers::default(), Arc::default());
        for (name, value) in &mut variables {
            if name.starts_with("AWS_ENDPOINT_URL") {
                *value = relay(value, &answers, &seen);
            }
        }
        Self { variables, answers, seen }
    }

    /// The variables of the process.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// For how long a service was answering so far, from the arrival of a request to the end of its answer.
    pub fn spent(&self) -> Duration {
        let mut answers = lock(&self.answers).clone();
        answers.sort_unstable();
        let mut spent = Duration::ZERO;
        let mut counted: Option<Instant> = None;
        for (began, ended) in answers {
            let from = counted.map_or(began, |counted| counted.max(began));
            spent += ended.saturating_duration_since(from);
            counted = Some(counted.map_or(ended, |counted| counted.max(ended)));
        }
        spent
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Relays what is sent to a new port of this machine; gives its URL.
fn relay(url: &str, answers: &Answers, seen: &Arc<Mutex<Seen>>) -> String {
    let upstream: SocketAddr = url.trim_start_matches("http://").parse().expect("a stand-in's URL is an address");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let own = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let (answers, seen) = (Arc::clone(answers), Arc::clone(seen));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            lock(&seen).opened += 1;
            // Who cannot be reached is told by the connection that ends.
            let _ = connect(&client, upstream, &answers, &seen);
        }
    });
    own
}

/// Both directions of one connection. A request begins an exchange; every part of its answer ends it anew.
fn connect(
    client: &TcpStream,
    upstream: SocketAddr,
    answers: &Answers,
    seen: &Arc<Mutex<Seen>>,
) -> std::io::Result<()> {
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
    let (to, answers, seen) = (client.try_clone()?, Arc::clone(answers), Arc::clone(seen));
    thread::spawn(move || {
        let passed = |_: &[u8]| {
            let mut began = lock(&began);
            let now = Instant::now();
            lock(&answers).push((*began, now));
            *began = now;
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
