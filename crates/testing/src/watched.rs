//! The services of a stage behind relays that tell how long one of them was answering, so that what a program takes itself can
//! be told from what it waits for. Where several answer at once the time counts once.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::function_stage::FunctionStage;

/// Relays in front of a stage.
#[derive(Debug)]
pub struct Watched {
    variables: Vec<(&'static str, String)>,
    answers: Answers,
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
        let answers = Answers::default();
        for (name, value) in &mut variables {
            if name.starts_with("AWS_ENDPOINT_URL") {
                *value = relay(value, &answers);
            }
        }
        Self { variables, answers }
    }

    /// The variables of the process.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// For how long a service was answering so far, from the arrival of a request to the end of its answer.
    pub fn spent(&self) -> Duration {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
}

/// Relays what is sent to a new port of this machine; gives its URL.
fn relay(url: &str, answers: &Answers) -> String {
    let upstream: SocketAddr = url.trim_start_matches("http://").parse().expect("a stand-in's URL is an address");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let own = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let answers = Arc::clone(answers);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // Who cannot be reached is told by the connection that ends.
            let _ = connect(&client, upstream, &answers);
        }
    });
    own
}

/// Both directions of one connection. A request begins an exchange; every part of its answer ends it anew.
fn connect(client: &TcpStream, upstream: SocketAddr, answers: &Answers) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let began = Arc::new(Mutex::new(Instant::now()));
    let (from, to, asked) = (client.try_clone()?, server.try_clone()?, Arc::clone(&began));
    thread::spawn(move || {
        pump(from, &to, || {}, || *asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now());
    });
    let (to, answers) = (client.try_clone()?, Arc::clone(answers));
    thread::spawn(move || {
        let note = || {
            let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((*began, now));
            *began = now;
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
