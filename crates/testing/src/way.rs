//! The way between a program and a server: takes a request, shows it, passes it on, and brings the answer back. Who is shown a
//! request may hold it: then the server has not heard of it yet.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// Makes a way to a server and says where it begins. Every request is shown before it is passed on.
///
/// # Panics
/// If there is no free port.
pub fn to(server: &str, show: impl Fn(&Request) + Send + Sync + 'static) -> String {
    let server = server.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let begins = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let show = Arc::new(show);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (show, server) = (Arc::clone(&show), server.clone());
            // Whoever goes away in the middle is no fault of the way.
            thread::spawn(move || drop(pass_on(&stream, &server, &*show)));
        }
    });
    begins
}

/// Passes one request on and its answer back; a connection carries one.
fn pass_on(mut stream: &TcpStream, server: &str, show: &impl Fn(&Request)) -> std::io::Result<()> {
    let Some(request) = Request::read(&mut BufReader::new(stream))? else { return Ok(()) };
    show(&request);
    let mut onward = TcpStream::connect(server)?;
    onward.write_all(request.head.as_bytes())?;
    onward.write_all(&request.body)?;
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer)?;
    stream.write_all(&answer)
}

/// One HTTP request, to be sent on over a connection that ends with it.
#[derive(Debug)]
pub struct Request {
    head: String,
    body: Vec<u8>,
}

/// Who signed a request, and for what.
#[derive(Debug)]
pub struct Signed {
    /// The id of the access key.
    pub access_key: String,
    /// The Region that it was signed for.
    pub region: String,
    /// The service that it was signed for, as signatures name it: `rds`.
    pub service: String,
}

impl Request {
    fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Self>> {
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let lower = line.to_ascii_lowercase();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if !lower.starts_with("connection:") {
                head.push_str(&line);
            }
        }
        head.push_str("connection: close\r\n\r\n");
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self { head, body }))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// What the signature says: `key/date/region/service/aws4_request`.
    pub fn signed(&self) -> Option<Signed> {
        let scope = self.header("authorization")?.split_once("Credential=")?.1;
        let mut parts = scope.split(['/', ',']).map(str::to_owned);
        let (access_key, _date) = (parts.next()?, parts.next()?);
        Some(Signed { access_key, region: parts.next()?, service: parts.next()? })
    }

    /// The action of the JSON protocols.
    pub fn target(&self) -> Option<&str> {
        self.header("x-amz-target").map(|target| target.rsplit('.').next().unwrap_or(target))
    }

    /// The body of the JSON protocols.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the SDK writes JSON")
    }

    /// The fields of a body in the Query protocol.
    ///
    /// # Panics
    /// If it is encoded as no SDK does it.
    pub fn form(&self) -> Form {
        let body = String::from_utf8_lossy(&self.body);
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        Form(pairs.map(|(name, value)| (decoded(name), decoded(value))).collect())
    }
}

/// The fields of a call in the Query protocol.
#[derive(Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A field; an empty one is none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, value)| found == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The fields of a list: what stands behind its name, with the value.
    pub fn of_list(&self, list: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(list)?, value.as_str())))
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().expect("two digits"), rest.next().expect("two digits")];
                let digits = std::str::from_utf8(&digits).expect("ASCII digits");
                u8::from_str_radix(digits, 16).expect("two hexadecimal digits")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("the SDK writes UTF-8")
}
