//! The form of an export: JSON lines with a header first and a digest last.
//!
//! ```text
//!   {"kind":"aurora-restore-state","version":1,"made_at":"…"}
//!   {"kind":"operation","state":{…},"entries":[{"sequence":1,"previous_hash":"","hash":"…","body":"…"},…]}
//!   {"kind":"left_out","operation_id":"…","reason":"…"}
//!   {"kind":"end","operations":1,"entries":22,"left_out":1,"sha256":"…"}
//! ```
//! The digest is over every byte before the last line. Whoever changes the form raises [`FORM`]; a newer form is refused, and
//! unknown keys are, too: a file that is read half is worse than none.

use std::io::{self, BufRead, Read as _, Write};

use aurora_restore_core::{
    ids::OperationId,
    journal::{JournalRefusal, SealedEntry, StateItem, replay},
    operation::Operation,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::check::target_key;

/// The version of the form that this program writes.
pub(super) const FORM: u32 = 1;

/// The most bytes of a line: no operation of ours comes near, and a file that is none of ours costs no more.
const LINE_BYTES_MAX: u64 = 256 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", deny_unknown_fields)]
pub(super) enum Line {
    #[serde(rename = "aurora-restore-state")]
    Header { version: u32, made_at: Timestamp },
    #[serde(rename = "operation")]
    Operation { state: Box<StateItem>, entries: Vec<EntryRecord> },
    #[serde(rename = "left_out")]
    LeftOut { operation_id: OperationId, reason: String },
    #[serde(rename = "end")]
    End { operations: u64, entries: u64, left_out: u64, sha256: String },
}

/// An entry as it is stored, without the operation, which stands beside it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryRecord {
    sequence: u64,
    previous_hash: String,
    hash: String,
    body: String,
}

impl EntryRecord {
    pub(super) fn of(entry: &SealedEntry) -> Self {
        let SealedEntry { sequence, previous_hash, hash, body, .. } = entry.clone();
        Self { sequence, previous_hash, hash, body }
    }

    fn sealed(self, operation: &OperationId) -> SealedEntry {
        let Self { sequence, previous_hash, hash, body } = self;
        SealedEntry { operation: operation.clone(), sequence, previous_hash, hash, body }
    }
}

/// Bytes as they are counted by their digest.
pub(super) struct Digested<W> {
    out: W,
    digest: Sha256,
}

impl<W: Write> Digested<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, digest: Sha256::new() }
    }

    /// Writes one line, which the digest counts.
    pub(super) fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.digest.update(&bytes);
        self.out.write_all(&bytes)
    }

    /// Writes the last line, with the digest of those before it.
    pub(super) fn end(mut self, summary: &mut Summary) -> io::Result<W> {
        summary.sha256 = hexadecimal(self.digest.finalize_reset());
        let Summary { operations, entries, left_out, sha256 } = summary.clone();
        self.line(&Line::End { operations, entries, left_out, sha256 })?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn hexadecimal(digest: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;

    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is in an export.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// How many operations.
    pub operations: u64,
    /// How many entries they have.
    pub entries: u64,
    /// How many operations were left out because they cannot be trusted.
    pub left_out: u64,
    /// The SHA-256 of every byte before the last line, in hexadecimal.
    pub sha256: String,
}

/// Why an export cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("the export cannot be read")]
    Io(#[from] io::Error),
    /// It is none.
    #[error("it is not an export of aurora-restore: line {line}: {reason}")]
    NotAnExport {
        /// The line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A newer version wrote it.
    #[error("it was written in form {found} by a newer version; this one knows forms up to {FORM}")]
    TooNew {
        /// The form.
        found: u32,
    },
    /// Its end is missing.
    #[error("its end is missing: it has {lines} lines and no digest")]
    Cut {
        /// How many lines there are.
        lines: u64,
    },
    /// Its digest is another one.
    #[error("its digest is {found}, and its last line says {said}: it was altered after it was written")]
    Altered {
        /// What it is.
        found: String,
        /// What it should be.
        said: String,
    },
    /// An operation in it cannot be trusted.
    #[error("operation {operation} on line {line} is refused: {source}")]
    Unsound {
        /// The line.
        line: u64,
        /// The operation.
        operation: OperationId,
        /// What is wrong with it.
        source: JournalRefusal,
    },
}

/// An operation of an export, proven.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) operation: Operation,
    pub(super) state: StateItem,
    pub(super) entries: Vec<SealedEntry>,
}

/// Reads an export line by line, each proven before it is given.
pub struct RecordReader<R> {
    input: R,
    digest: Sha256,
    line: u64,
    summary: Summary,
    ended: bool,
    made_at: Timestamp,
}

impl<R: BufRead> RecordReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn open(input: R) -> Result<Self, ReadError> {
        let mut reader = Self {
            input,
            digest: Sha256::new(),
            line: 0,
            summary: Summary::default(),
            ended: false,
            made_at: Timestamp::UNIX_EPOCH,
        };
        match reader.read()? {
            Some(Line::Header { version, .. }) if version > FORM => Err(ReadError::TooNew { found: version }),
            Some(Line::Header { made_at, .. }) => {
                reader.made_at = made_at;
                Ok(reader)
            }
            Some(Line::Operation { .. } | Line::LeftOut { .. } | Line::End { .. }) => Err(reader.unfit("no header")),
            None => Err(reader.unfit("it is empty")),
        }
    }

    /// When the export was begun, as its header says. Proven by its digest once everything was read.
    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    /// The next operation; none after the end, which was proven then.
    pub(super) fn next_proven(&mut self) -> Result<Option<Proven>, ReadError> {
        while !self.ended {
            let so_far = self.digest.clone();
            match self.read()? {
                None => return Err(ReadError::Cut { lines: self.line }),
                Some(Line::Header { .. }) => return Err(self.unfit("a second header")),
                Some(Line::LeftOut { .. }) => self.summary.left_out += 1,
                Some(Line::Operation { state, entries }) => return self.prove(&state, entries).map(Some),
                Some(Line::End { operations, entries, left_out, sha256 }) => {
                    self.summary.sha256 = hexadecimal(so_far.finalize());
                    self.end(&Summary { operations, entries, left_out, sha256 })?;
                }
            }
        }
        Ok(None)
    }

    /// What has been read so far; all of it once there is no next operation.
    pub(super) fn summary(&self) -> &Summary {
        &self.summary
    }

    fn end(&mut self, said: &Summary) -> Result<(), ReadError> {
        self.ended = true;
        if said.sha256 != self.summary.sha256 {
            return Err(ReadError::Altered { found: self.summary.sha256.clone(), said: said.sha256.clone() });
        }
        if *said != self.summary {
            return Err(self.unfit("its counts are not those of its lines"));
        }
        let mut rest = [0; 1];
        if self.input.read(&mut rest)? > 0 {
            return Err(self.unfit("something follows its end"));
        }
        Ok(())
    }

    fn prove(&mut self, state: &StateItem, entries: Vec<EntryRecord>) -> Result<Proven, ReadError> {
        let id = state.operation_id.clone();
        let entries: Vec<SealedEntry> = entries.into_iter().map(|entry| entry.sealed(&id)).collect();
        let replayed = replay(&entries);
        let (operation, _) =
            replayed.map_err(|source| ReadError::Unsound { line: self.line, operation: id, source })?;
        self.summary.operations += 1;
        self.summary.entries += operation.sequence;
        // The item is not believed: what counts is what the entries say.
        let state = StateItem::of(&operation, &target_key(&operation, &state.target_key.account));
        Ok(Proven { operation, state, entries })
    }

    fn read(&mut self) -> Result<Option<Line>, ReadError> {
        let mut bytes = Vec::new();
        let read = (&mut self.input).take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.digest.update(&bytes);
        if bytes.last() != Some(&b'\n') {
            return Err(ReadError::Cut { lines: self.line });
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|error| self.unfit(error.to_string()))
    }

    fn unfit(&self, reason: impl Into<String>) -> ReadError {
        ReadError::NotAnExport { line: self.line, reason: reason.into() }
    }
}

/// Proves a whole export: its form, its digest, every chain and every replay.
///
/// # Errors
/// [`ReadError`] with the first thing that is wrong.
pub fn verify(input: impl BufRead) -> Result<Summary, ReadError> {
    let mut reader = RecordReader::open(input)?;
    while reader.next_proven()?.is_some() {}
    Ok(reader.summary().clone())
}
