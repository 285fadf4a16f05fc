//! What a review looks at that only this room can put together: the configuration of a stack with the verdict of the reader
//! that its functions use, and logs that are files.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom},
};

use async_trait::async_trait;
use aurora_restore_aws::{ParameterError, ParameterName, SsmConfig};
use aurora_restore_core::ids::Region;
use aurora_restore_ops::{
    ports::{LogLine, LogPage, LogQuery, Logs, ServiceError, ServiceResult},
    review::{NamedSecret, ParameterVerdict, Unlooked, Verdicts},
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::config::secrets_on_stack;

/// The configuration that the functions of a stack read.
#[derive(Debug, Clone)]
pub struct StackConfiguration {
    parameters: SsmConfig,
    name: ParameterName,
    region: Region,
}

impl StackConfiguration {
    pub(crate) fn new(parameters: SsmConfig, name: ParameterName, region: Region) -> Self {
        Self { parameters, name, region }
    }
}

#[async_trait]
impl Verdicts for StackConfiguration {
    async fn configuration(&self) -> Result<Option<ParameterVerdict>, Unlooked> {
        let (text, changed_at) = match self.parameters.read_dated(&self.name).await {
            Ok(read) => read,
            Err(ParameterError::Missing { .. }) => return Ok(None),
            Err(error) => {
                let mend = format!("aws ssm get-parameter --name {}", self.name.as_str());
                return Err(Unlooked { reason: error.to_string(), mend });
            }
        };
        let (secrets, problems) = match secrets_on_stack(&text, self.region.as_str()) {
            Ok(secrets) => (secrets.into_iter().map(named).collect(), Vec::new()),
            Err(problems) => (Vec::new(), problems),
        };
        Ok(Some(ParameterVerdict { name: self.name.as_str().to_owned(), text, changed_at, secrets, problems }))
    }
}

/// The master of the source's cluster is rotated where that cluster is the target.
fn named((key, id): (&'static str, String)) -> NamedSecret {
    NamedSecret { id, is_of_target: key != "secrets.source-master" }
}

/// Logs that are files of JSON lines, as the functions write them. A file is a group, and its path the group's name.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFiles;

/// A page ends after so many bytes.
const PAGE_BYTES: u64 = 1024 * 1024;
/// A longer line is none that a function wrote, and is not kept whole.
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// What is read of a line to tell its time.
#[derive(Deserialize)]
struct Timed {
    timestamp: Timestamp,
}

#[async_trait]
impl Logs for LogFiles {
    /// A page begins at an offset of bytes. A line without a time of its own has that of the line before it.
    async fn page(&self, query: LogQuery<'_>, from: Option<&str>) -> ServiceResult<LogPage> {
        let begins = from.and_then(|offset| offset.parse().ok()).unwrap_or(0);
        page(query, begins).map_err(|error| {
            let (action, object, reason) = ("reading", query.group.to_owned(), error.to_string());
            match error.kind() {
                ErrorKind::NotFound => ServiceError::Missing { action, object, reason },
                ErrorKind::PermissionDenied => ServiceError::Denied { action, object, reason },
                _ => ServiceError::Refused { action, object, reason },
            }
        })
    }
}

fn page(query: LogQuery<'_>, begins: u64) -> std::io::Result<LogPage> {
    let mut file = File::open(query.group)?;
    let length = file.metadata()?.len();
    let mut at = file.seek(SeekFrom::Start(begins))?;
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut time = query.since;
    // Bounded: every turn takes a byte at least.
    while at < length && at - begins < PAGE_BYTES {
        let mut bytes = Vec::new();
        let read = std::io::Read::take(&mut reader, LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        at += u64::try_from(read).unwrap_or(LINE_BYTES_MAX);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end();
        time = serde_json::from_str::<Timed>(text).map_or(time, |timed| timed.timestamp);
        let is_wanted = query.containing.is_none_or(|wanted| text.contains(wanted));
        if !text.is_empty() && is_wanted && (query.since..query.until).contains(&time) {
            lines.push(LogLine { at: time, text: text.to_owned() });
        }
    }
    Ok(LogPage { lines, next: (at < length).then(|| at.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(path: &str) -> ServiceResult<Vec<LogLine>> {
        let time = |text: &str| text.parse().unwrap();
        let query = LogQuery {
            group: path,
            since: time("2026-11-15T00:00:00Z"),
            until: time("2026-11-22T00:00:00Z"),
            containing: None,
        };
        let (mut lines, mut from) = (Vec::new(), None);
        loop {
            let page = LogFiles.page(query, from.as_deref()).await?;
            lines.extend(page.lines);
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(lines),
            }
        }
    }

    #[tokio::test]
    async fn a_file_is_read_page_by_page_and_only_the_lines_of_the_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        let line =
            |day: u32, text: &str| format!("{{\"timestamp\":\"2026-11-{day}T10:00:00Z\",\"message\":\"{text}\"}}\n");
        let filler = "x".repeat(10_000);
        let text = line(14, "before") + &line(15, &filler).repeat(250) + "no time\n" + &line(22, "after") + "\n";
        std::fs::write(&path, text).unwrap();
        let lines = read(path.to_str().unwrap()).await.unwrap();
        assert_eq!(lines.len(), 251);
        assert_eq!((lines[250].text.as_str(), lines[250].at), ("no time", lines[249].at));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_missing() {
        let error = read("/nowhere/at.all").await.unwrap_err();
        assert!(matches!(error, ServiceError::Missing { .. }), "{error}");
    }
}
