//! The form of a backup: two lines of JSON, what there was and the digest of that.
//!
//! ```text
//!   {"kind":"aurora-restore-stack","version":1,"made_at":"…","stack":"…",…,"template":"…","code":{…},…}
//!   {"kind":"end","sha256":"…"}
//! ```
//! The digest is over every byte of the first line, its end included. Whoever changes the form raises [`FORM`]; a newer form is
//! refused, and unknown keys are, too: a backup that is read half is worse than none.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Backup, Code};
use crate::{package::digest, ports::StackResource, state::Shelf};

/// The version of the form that this program writes.
const FORM: u32 = 1;
/// What a backup is called in its first line.
const KIND: &str = "aurora-restore-stack";
/// What its last line is called.
const END: &str = "end";

/// Why a file cannot be used. Nothing was changed.
#[derive(Debug, Error)]
pub enum BackupError {
    /// It is no backup.
    #[error("it is not the backup of a stack: {reason}")]
    NotABackup {
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
    #[error("its end is missing: it was cut, or was never written to its end")]
    Cut,
    /// Its digest is another one.
    #[error("its digest is {found}, and its last line says {said}: it was altered after it was written")]
    Altered {
        /// What it is.
        found: String,
        /// What it should be.
        said: String,
    },
    /// The package in it is not the one that it names.
    #[error("the package in it has the digest {found}, and it was {said} when the stack ran with it")]
    OtherCode {
        /// What it is.
        found: String,
        /// What it should be.
        said: String,
    },
}

/// What every form begins with.
#[derive(Debug, Deserialize)]
struct Beginning {
    kind: String,
    version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    kind: String,
    version: u32,
    made_at: Timestamp,
    stack: String,
    account: String,
    region: String,
    status: String,
    parameters: BTreeMap<String, String>,
    left_out: Vec<String>,
    tags: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    resources: Vec<ResourceRecord>,
    code: CodeRecord,
    template: String,
    monitoring: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceRecord {
    logical: String,
    kind: String,
    physical: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRecord {
    bucket: String,
    key: String,
    version: Option<String>,
    sha256: String,
    bytes: u64,
    /// In base64.
    content: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    kind: String,
    sha256: String,
}

impl Record {
    fn of(backup: &Backup) -> Self {
        let backup = backup.clone();
        let resource = |found: StackResource| ResourceRecord {
            logical: found.logical,
            kind: found.kind,
            physical: found.physical,
        };
        let Code { bucket, key, version, sha256, bytes, content } = backup.code;
        let content = content.map(|content| BASE64_STANDARD.encode(content));
        Self {
            kind: KIND.to_owned(),
            version: FORM,
            made_at: backup.made_at,
            stack: backup.stack,
            account: backup.account,
            region: backup.region,
            status: backup.status,
            parameters: backup.parameters,
            left_out: backup.left_out,
            tags: backup.tags,
            outputs: backup.outputs,
            resources: backup.resources.into_iter().map(resource).collect(),
            code: CodeRecord { bucket, key, version, sha256, bytes, content },
            template: backup.template,
            monitoring: backup.monitoring,
        }
    }

    fn backup(self) -> Result<Backup, BackupError> {
        let resource = |found: ResourceRecord| StackResource {
            logical: found.logical,
            kind: found.kind,
            physical: found.physical,
        };
        Ok(Backup {
            made_at: self.made_at,
            stack: self.stack,
            account: self.account,
            region: self.region,
            status: self.status,
            template: self.template,
            parameters: self.parameters,
            left_out: self.left_out,
            tags: self.tags,
            outputs: self.outputs,
            resources: self.resources.into_iter().map(resource).collect(),
            code: self.code.code()?,
            monitoring: self.monitoring,
        })
    }
}

impl CodeRecord {
    fn code(self) -> Result<Code, BackupError> {
        let decoded = self.content.map(|content| BASE64_STANDARD.decode(content)).transpose();
        let content = decoded.map_err(|error| unfit(format!("its package is no base64 ({error})")))?;
        if let Some(found) = content.as_deref().map(digest).filter(|found| *found != self.sha256) {
            return Err(BackupError::OtherCode { found, said: self.sha256 });
        }
        let Self { bucket, key, version, sha256, bytes, .. } = self;
        Ok(Code { bucket, key, version, sha256, bytes, content })
    }
}

fn unfit(reason: impl Into<String>) -> BackupError {
    BackupError::NotABackup { reason: reason.into() }
}

/// Writes a backup. After it returns, the whole is durable under its name. Gives the digest.
///
/// # Errors
/// Where it cannot be written; nothing is under its name then.
pub fn write(backup: &Backup, mut shelf: Box<dyn Shelf>) -> io::Result<String> {
    let mut line = serde_json::to_vec(&Record::of(backup))?;
    line.push(b'\n');
    let sha256 = digest(&line);
    shelf.write_all(&line)?;
    let mut end = serde_json::to_vec(&End { kind: END.to_owned(), sha256: sha256.clone() })?;
    end.push(b'\n');
    shelf.write_all(&end)?;
    shelf.keep()?;
    Ok(sha256)
}

/// Reads a backup, and proves it: its form, its digest, and that of the package in it. Gives the digest, too.
///
/// # Errors
/// [`BackupError`] with the first thing that is wrong.
pub fn read(content: &[u8]) -> Result<(Backup, String), BackupError> {
    let whole = content.strip_suffix(b"\n").ok_or(BackupError::Cut)?;
    let first = whole.iter().position(|byte| *byte == b'\n').map(|at| at + 1).ok_or(BackupError::Cut)?;
    let (record, end) = whole.split_at(first);
    let beginning: Beginning = serde_json::from_slice(record).map_err(|error| unfit(error.to_string()))?;
    if beginning.kind != KIND {
        return Err(unfit(format!("it is of the kind `{}`", beginning.kind)));
    }
    let end = serde_json::from_slice::<End>(end).ok().filter(|end| end.kind == END).ok_or(BackupError::Cut)?;
    let found = digest(record);
    if found != end.sha256 {
        return Err(BackupError::Altered { found, said: end.sha256 });
    }
    if beginning.version > FORM {
        return Err(BackupError::TooNew { found: beginning.version });
    }
    let record: Record = serde_json::from_slice(record).map_err(|error| unfit(error.to_string()))?;
    Ok((record.backup()?, found))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A place that gives what was written.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shelf for Paper {
        fn keep(self: Box<Self>) -> io::Result<()> {
            Ok(())
        }
    }

    fn backup() -> Backup {
        let code = b"PK code".to_vec();
        let pairs = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        Backup {
            made_at: "2026-11-27T10:00:00Z".parse().unwrap(),
            stack: "ours".to_owned(),
            account: "444455556666".to_owned(),
            region: "eu-central-1".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            template: "Resources:\n  Größe: 1\n".to_owned(),
            parameters: pairs("Environment", "prod"),
            left_out: vec!["Token".to_owned()],
            tags: pairs("team", "dba"),
            outputs: pairs("TopicArn", "arn"),
            resources: vec![StackResource {
                logical: "Topic".to_owned(),
                kind: "AWS::SNS::Topic".to_owned(),
                physical: "arn".to_owned(),
            }],
            code: Code {
                bucket: "b".to_owned(),
                key: "lambda/a.zip".to_owned(),
                version: Some("1".to_owned()),
                sha256: digest(&code),
                bytes: 7,
                content: Some(code),
            },
            monitoring: "version = 1\n".to_owned(),
        }
    }

    fn written(backup: &Backup) -> (Vec<u8>, String) {
        let paper = Paper::default();
        let sha256 = write(backup, Box::new(paper.clone())).unwrap();
        let content = paper.0.lock().unwrap().clone();
        (content, sha256)
    }

    #[test]
    fn what_is_written_is_read_with_the_same_digest() {
        let (content, sha256) = written(&backup());
        assert_eq!(read(&content).unwrap(), (backup(), sha256));
        let mut without = backup();
        without.code.content = None;
        assert_eq!(read(&written(&without).0).unwrap().0, without);
    }

    #[test]
    fn every_cut_and_every_altered_byte_is_refused() {
        let (content, _) = written(&backup());
        for length in 0..content.len() {
            assert!(read(&content[..length]).is_err(), "cut to {length}");
        }
        for at in 0..content.len() {
            let mut altered = content.clone();
            altered[at] ^= 1;
            assert!(read(&altered).is_err(), "altered at {at}");
        }
        let followed = [content.as_slice(), b"{}\n"].concat();
        assert!(matches!(read(&followed), Err(BackupError::Cut)));
    }

    #[test]
    fn a_newer_form_another_file_and_another_package_are_refused_by_name() {
        let with_end = |record: String| {
            let record = record + "\n";
            format!("{record}{{\"kind\":\"end\",\"sha256\":\"{}\"}}\n", digest(record.as_bytes())).into_bytes()
        };
        let (content, _) = written(&backup());
        let record = String::from_utf8(content).unwrap().lines().next().unwrap().to_owned();
        let newer = with_end(record.replace("\"version\":1,\"made_at\"", "\"version\":2,\"made_at\""));
        assert!(matches!(read(&newer), Err(BackupError::TooNew { found: 2 })), "{:?}", read(&newer));
        let more = with_end(record.replace("\"status\"", "\"extra\":1,\"status\""));
        assert!(matches!(read(&more), Err(BackupError::NotABackup { .. })));
        let other = with_end(record.replace(KIND, "aurora-restore-state"));
        assert!(read(&other).unwrap_err().to_string().contains("aurora-restore-state"));
        let package = with_end(record.replace(&BASE64_STANDARD.encode("PK code"), &BASE64_STANDARD.encode("PK evil")));
        assert!(matches!(read(&package), Err(BackupError::OtherCode { .. })));
    }
}
