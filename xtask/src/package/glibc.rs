//! Which glibc a binary needs, as its version needs say (`.gnu.version_r` of an ELF file): a function that needs a newer
//! one than its machine has would not start at all.

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32);

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// What `provided.al2023` has.
pub(super) const PROVIDED: Version = Version(2, 34);

/// The kind of the section with the version needs.
const GNU_VERNEED: u32 = 0x6fff_fffe;
/// More needs than any binary has.
const NEEDS_MAX: usize = 10_000;

/// The newest version of glibc that a 64-bit little-endian ELF file needs; none if it needs no glibc.
pub(super) fn needed(elf: &[u8]) -> Result<Option<Version>, String> {
    let elf = Elf(elf);
    if elf.0.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit little-endian ELF file".to_owned());
    }
    let (sections, size, count) = (elf.u64(0x28)?, usize::from(elf.u16(0x3a)?), usize::from(elf.u16(0x3c)?));
    let mut newest = None;
    for number in 0..count {
        let header = sections + number * size;
        if elf.u32(header + 4)? != GNU_VERNEED {
            continue;
        }
        let strings = elf.u64(sections + elf.u32(header + 0x28)? as usize * size + 0x18)?;
        newest = newest.max(elf.newest_of(elf.u64(header + 0x18)?, strings)?);
    }
    Ok(newest)
}

struct Elf<'e>(&'e [u8]);

impl Elf<'_> {
    /// Walks the files that are needed, and the versions of each.
    fn newest_of(&self, needs: usize, strings: usize) -> Result<Option<Version>, String> {
        let mut newest = None;
        let mut file = needs;
        for _ in 0..NEEDS_MAX {
            let mut version = file + self.u32(file + 8)? as usize;
            for _ in 0..self.u16(file + 2)? {
                let name = self.text(strings + self.u32(version + 8)? as usize)?;
                newest = newest.max(of_name(name));
                version += self.u32(version + 12)? as usize;
            }
            match self.u32(file + 12)? as usize {
                0 => return Ok(newest),
                next => file += next,
            }
        }
        Err("its version needs have no end".to_owned())
    }

    fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], String> {
        let found = self.0.get(at..).and_then(|rest| rest.get(..N)).and_then(|bytes| bytes.try_into().ok());
        found.ok_or_else(|| format!("it ends before byte {at}"))
    }

    fn u16(&self, at: usize) -> Result<u16, String> {
        self.bytes(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Result<u32, String> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Result<usize, String> {
        usize::try_from(self.bytes(at).map(u64::from_le_bytes)?).map_err(|error| error.to_string())
    }

    fn text(&self, at: usize) -> Result<&str, String> {
        let rest = self.0.get(at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == 0).ok_or("a text in it has no end")?;
        std::str::from_utf8(&rest[..end]).map_err(|error| error.to_string())
    }
}

/// `GLIBC_2.34`, as opposed to `GLIBC_PRIVATE` and to what other libraries call theirs.
fn of_name(name: &str) -> Option<Version> {
    let mut parts = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    match (parts.next()?, parts.next()) {
        (Ok(major), Some(Ok(minor))) => Some(Version(major, minor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(of_name("GLIBC_2.4") < of_name("GLIBC_2.34"));
        assert_eq!(of_name("GLIBC_2.2.5"), Some(Version(2, 2)));
        assert_eq!(of_name("GLIBC_PRIVATE"), None);
        assert_eq!(of_name("GCC_3.0"), None);
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn the_needs_of_a_real_binary_are_read() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let newest = needed(&own).unwrap().expect("the tests are linked against glibc");
        assert!(newest > Version(2, 2) && newest < Version(3, 0), "{newest}");
    }

    #[test]
    fn what_is_no_binary_is_refused() {
        assert!(needed(b"#!/bin/sh\n").is_err());
        assert!(needed(b"\x7fELF\x02\x01").unwrap_err().contains("ends before"));
    }
}
