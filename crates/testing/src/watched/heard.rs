//! The requests in what comes over a connection, however it is cut into pieces.

/// What has come and is not a whole request yet.
#[derive(Debug, Default)]
pub(super) struct Heard(Vec<u8>);

impl Heard {
    /// The actions of the requests that are whole with these bytes.
    pub(super) fn requests(&mut self, bytes: &[u8]) -> Vec<String> {
        self.0.extend_from_slice(bytes);
        let mut actions = Vec::new();
        // Bounded: every turn takes a request off.
        while let Some((action, length)) = first(&self.0) {
            actions.push(action);
            self.0.drain(..length);
        }
        actions
    }
}

/// The action of the first request and how long that is, if it is whole.
fn first(bytes: &[u8]) -> Option<(String, usize)> {
    const END: &[u8] = b"\r\n\r\n";
    let body_at = bytes.windows(END.len()).position(|window| window == END)? + END.len();
    let head = String::from_utf8_lossy(&bytes[..body_at]).into_owned();
    let header = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let length = header("content-length").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let body = bytes.get(body_at..body_at + length)?;
    // JSON protocols have the action in a header, the Query protocol in its form.
    let action = header("x-amz-target").and_then(|target| target.rsplit('.').next()).map(str::to_owned);
    let form = || {
        let body = String::from_utf8_lossy(body);
        body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned)
    };
    Some((action.or_else(form).unwrap_or_else(|| "something else".to_owned()), body_at + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_heard_once_however_they_are_cut() {
        let sent = "POST / HTTP/1.1\r\nX-Amz-Target: AmazonSSM.GetParameter\r\nContent-Length: 2\r\n\r\n{}\
                    POST / HTTP/1.1\r\ncontent-length: 24\r\n\r\nAction=AssumeRole&A=1%20POST / HTTP/1.1\r\n\r\n";
        let expected = ["GetParameter", "AssumeRole", "something else"];
        assert_eq!(Heard::default().requests(sent.as_bytes()), expected);
        let mut heard = Heard::default();
        let piecewise: Vec<String> = sent.as_bytes().chunks(3).flat_map(|piece| heard.requests(piece)).collect();
        assert_eq!(piecewise, expected);
    }
}
