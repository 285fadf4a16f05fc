//! The zip: fixed times, fixed permissions, members in the order that is given, so that the same input gives the same bytes.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// The level of deflation: a package is made seldom and read often.
const LEVEL: i64 = 9;

/// One file in the archive.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) content: Vec<u8>,
    /// Its permissions.
    pub(super) mode: u32,
}

/// Packs them.
pub(super) fn pack(members: &[Member]) -> Result<Vec<u8>, String> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for member in members {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(member.mode);
        zip.start_file(member.name, options).map_err(|error| format!("{}: {error}", member.name))?;
        zip.write_all(&member.content).map_err(|error| format!("{}: {error}", member.name))?;
    }
    Ok(zip.finish().map_err(|error| error.to_string())?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<Member> {
        let content: Vec<u8> = (0..100_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
        vec![
            Member { name: "bootstrap", content, mode: 0o755 },
            Member { name: "rds-ca.pem", content: b"-----BEGIN CERTIFICATE-----".to_vec(), mode: 0o644 },
        ]
    }

    #[test]
    fn the_same_members_give_the_same_bytes() {
        let first = pack(&members()).unwrap();
        assert_eq!(first, pack(&members()).unwrap());
        assert!(first.len() < 10_000, "it is deflated: {}", first.len());
        let mut others = members();
        others[0].content[7] ^= 1;
        assert_ne!(first, pack(&others).unwrap());
    }

    #[test]
    fn a_packed_file_says_nothing_of_when_and_where_it_was_packed() {
        let packed = pack(&members()).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        for (name, mode) in [("bootstrap", 0o755), ("rds-ca.pem", 0o644)] {
            let file = archive.by_name(name).unwrap();
            assert_eq!(file.last_modified(), Some(DateTime::DEFAULT), "{name}");
            assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(mode), "{name}");
        }
    }
}
