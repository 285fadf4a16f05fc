//! Lambda's Runtime API on loopback, and a function's binary that is served by it: what a real environment does around an
//! invocation, as far as a binary can tell.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

/// After so long nothing comes any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// The time that an invocation has.
pub const FUNCTION_TIME: Duration = Duration::from_secs(120);
/// The trace header of every invocation.
pub const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What a function answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether it is a reply, and not an error.
    pub ok: bool,
    /// The reply, or the error with its type and message.
    pub body: Value,
    /// When it came.
    pub at: Instant,
}

impl Answer {
    /// The error's name and message.
    ///
    /// # Panics
    /// If it is a reply.
    pub fn error(&self) -> (&str, &str) {
        assert!(!self.ok, "{}", self.body);
        let text = |field: &str| self.body[field].as_str().unwrap_or_default();
        (text("errorType"), text("errorMessage"))
    }
}

/// A function's binary with the Runtime API that it asks. It ends with this value.
#[derive(Debug)]
pub struct Bootstrap {
    child: Child,
    events: mpsc::Sender<Vec<u8>>,
    answers: mpsc::Receiver<Answer>,
    lines: Arc<Mutex<Vec<String>>>,
    /// When the process was started.
    pub spawned: Instant,
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bootstrap {
    /// Starts the binary with these variables and no others but what Lambda sets. The events that are given wait for it
    /// already, as in a cold start.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(binary: &Path, variables: &[(&str, String)], waiting: &[&Value]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let (events, next) = mpsc::channel();
        let (answered, answers) = mpsc::channel();
        for event in waiting {
            events.send(event.to_string().into_bytes()).expect("the other end is held here");
        }
        thread::spawn(move || serve(&listener, &Arc::new(Mutex::new(next)), &answered));
        let spawned = Instant::now();
        let mut child = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "aurora-restore-function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let stdout = child.stdout.take().expect("it is piped");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { child, events, answers, lines, spawned }
    }

    /// Invokes the function and waits for its answer.
    ///
    /// # Panics
    /// If none comes.
    pub fn invoke(&self, event: &Value) -> Answer {
        self.invoke_with(event.to_string().into_bytes())
    }

    /// The same with a body that need not be JSON.
    ///
    /// # Panics
    /// If no answer comes.
    pub fn invoke_with(&self, body: Vec<u8>) -> Answer {
        self.events.send(body).expect("the Runtime API serves as long as this value");
        self.answer()
    }

    /// The next answer.
    ///
    /// # Panics
    /// If none comes.
    pub fn answer(&self) -> Answer {
        self.answers.recv_timeout(PATIENCE).expect("the function answers")
    }

    /// What it has written so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what it has written satisfies, and gives it.
    ///
    /// # Panics
    /// If it never does.
    pub fn lines_until(&self, satisfies: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines();
            if satisfies(&lines) {
                return lines;
            }
            assert!(Instant::now() < deadline, "{lines:#?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The most memory that it ever had, in bytes, as the kernel counts it.
    pub fn memory_peak(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    }
}

fn serve(listener: &TcpListener, next: &Arc<Mutex<mpsc::Receiver<Vec<u8>>>>, answered: &mpsc::Sender<Answer>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let (next, answered) = (Arc::clone(next), answered.clone());
        thread::spawn(move || {
            // A connection ends with the process at its other end.
            let _ = converse(&stream, &next, &answered);
        });
    }
}

/// Answers the requests of one connection, one after the other.
fn converse(
    stream: &TcpStream,
    next: &Mutex<mpsc::Receiver<Vec<u8>>>,
    answered: &mpsc::Sender<Answer>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader)? {
        let at = Instant::now();
        if request.path.ends_with("/invocation/next") {
            let Ok(event) = next.lock().unwrap_or_else(PoisonError::into_inner).recv() else { return Ok(()) };
            respond(stream, &invocation_headers(), &event)?;
            continue;
        }
        respond(stream, "", b"{}")?;
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        // Nobody listens any more where the test has ended.
        let _ = answered.send(Answer { ok: request.path.ends_with("/response"), body, at });
    }
    Ok(())
}

fn invocation_headers() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = (now + FUNCTION_TIME).as_millis();
    format!(
        "lambda-runtime-aws-request-id: {}\r\nlambda-runtime-deadline-ms: {deadline}\r\nlambda-runtime-trace-id: {TRACE}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:222222222222:function:f:live\r\n",
        now.as_nanos()
    )
}

fn respond(mut stream: &TcpStream, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// One HTTP request.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads one; none where the connection has ended.
    pub(crate) fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Self>> {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            headers.push(line.to_owned());
        }
        let mut body = vec![0; length(&headers)];
        reader.read_exact(&mut body)?;
        Ok(Some(Self { method, path, headers, body }))
    }
}

fn length(headers: &[String]) -> usize {
    let value = |header: &String| {
        header.to_ascii_lowercase().strip_prefix("content-length:").map(|text| text.trim().to_owned())
    };
    headers.iter().find_map(value).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A service that gives every request the same answer, and remembers what it was asked with.
#[derive(Debug)]
pub struct OneAnswer {
    url: String,
    asked: Arc<Mutex<Vec<Vec<String>>>>,
}

impl OneAnswer {
    /// Answers with this status and body.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn new(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, body) = (Arc::clone(&asked), body.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(&stream);
                while let Ok(Some(request)) = Request::read(&mut reader) {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(request.headers);
                    let length = body.len();
                    let answer = format!(
                        "HTTP/1.1 {status} Answer\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n{body}"
                    );
                    if (&stream).write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            }
        });
        Self { url, asked }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The headers of every request.
    pub fn asked(&self) -> Vec<Vec<String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
