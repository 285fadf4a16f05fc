//! Texts that have the shape of a secret. What is only called one, such as a placeholder or a key of AWS's own documentation, is
//! none.

use std::{fs, path::Path, process::Command};

use crate::findings::Finding;

/// A shape that secrets of one kind have: how they begin, and what follows.
struct Shape {
    name: &'static str,
    begins: &'static [&'static str],
    follows: fn(u8) -> bool,
    /// How many bytes follow at least.
    least: usize,
    /// How many at most; more of them is something else.
    most: usize,
    /// Whether what follows says itself that it is no secret.
    harmless: fn(&str) -> bool,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "an access key of AWS",
        begins: &["AKIA", "ASIA"],
        follows: |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        least: 16,
        most: 16,
        // The keys of the sandbox spell the account that they stand for; no key of AWS begins with twelve digits.
        harmless: |rest| rest.contains(OF_DOCUMENTATION) || rest.bytes().take_while(u8::is_ascii_digit).count() >= 12,
    },
    Shape {
        name: "a token of GitHub",
        begins: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        follows: |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        least: 36,
        most: 255,
        harmless: |_| false,
    },
    Shape {
        name: "a token of Slack",
        begins: &["xoxb-", "xoxp-", "xoxa-", "xoxs-"],
        follows: |byte| byte.is_ascii_alphanumeric() || byte == b'-',
        least: 20,
        most: 255,
        harmless: |_| false,
    },
    Shape {
        name: "a token of crates.io",
        begins: &["cio"],
        follows: |byte| byte.is_ascii_alphanumeric(),
        least: 32,
        most: 32,
        harmless: |_| false,
    },
    Shape {
        name: "a signed web token",
        begins: &["eyJhbGciOi"],
        follows: |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte),
        least: 40,
        most: 8192,
        harmless: |_| false,
    },
];

/// What stands in every key of AWS's documentation.
const OF_DOCUMENTATION: &str = "EXAMPLE";
/// The end of the first line of a private key in PEM form.
const PEM_END: &str = "PRIVATE KEY-----";
/// The beginning of it.
const PEM_BEGIN: &str = "-----BEGIN ";

/// The files of the repository: those that git has, and those that it would take.
pub(super) fn files(root: &Path) -> Result<Vec<String>, String> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let done = git.output().map_err(|error| format!("git cannot be run: {error}"))?;
    if !done.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&done.stderr).trim()));
    }
    let listed = String::from_utf8_lossy(&done.stdout);
    // One that was removed and not committed yet is listed still.
    Ok(listed.split('\0').filter(|name| root.join(name).is_file()).map(str::to_owned).collect())
}

/// What looks like a secret in these files. The secret itself is not told: the finding goes into logs.
pub(super) fn findings(root: &Path, files: &[String]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for name in files {
        let content = fs::read(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
        for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
            let found = in_line(&String::from_utf8_lossy(line));
            findings.extend(found.map(|what| {
                let mend = "take it out, and renew the secret: whoever has the repository has it";
                Finding::fault(format!("{name}:{}", number + 1), format!("looks like {what}"), mend)
            }));
        }
    }
    Ok(findings)
}

fn in_line(line: &str) -> Option<&'static str> {
    if line.contains(PEM_BEGIN) && line.contains(PEM_END) {
        return Some("a private key");
    }
    if has_secret_key(line) {
        return Some("a secret access key of AWS");
    }
    if has_password_in_url(line) {
        return Some("a password in a URL");
    }
    SHAPES.iter().find(|shape| shape.is_in(line)).map(|shape| shape.name)
}

impl Shape {
    fn is_in(&self, line: &str) -> bool {
        self.begins.iter().any(|begin| line.match_indices(begin).any(|(at, _)| self.fits(line, at, begin)))
    }

    fn fits(&self, line: &str, at: usize, begin: &str) -> bool {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let stands_alone = line[..at].bytes().next_back().is_none_or(|byte| !is_word(byte));
        let rest = &line[at + begin.len()..];
        let length = rest.bytes().take_while(|byte| (self.follows)(*byte)).count();
        let ends = rest.as_bytes().get(length).is_none_or(|byte| !is_word(*byte));
        stands_alone && ends && (self.least..=self.most).contains(&length) && !(self.harmless)(&rest[..length])
    }
}

/// Forty characters of base64 on a line that speaks of a secret access key.
fn has_secret_key(line: &str) -> bool {
    let speaks = line.to_ascii_lowercase().replace(['-', '_'], "").contains("secretaccesskey");
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '/' || c == '+';
    let is_mixed = |word: &str| {
        [char::is_uppercase, char::is_lowercase, char::is_numeric].iter().all(|kind| word.chars().any(kind))
    };
    speaks
        && line
            .split(|c| !is_of_key(c))
            .any(|word| word.len() == 40 && is_mixed(word) && !word.contains(OF_DOCUMENTATION))
}

/// `scheme://user:password@host` with something that is no placeholder and no word for one.
fn has_password_in_url(line: &str) -> bool {
    line.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '"', '\'', ' ', '`', '<', '>']).next().unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { return false };
        let Some((_, password)) = user.split_once(':') else { return false };
        let has_digit = password.bytes().any(|byte| byte.is_ascii_digit());
        let has_letter = password.bytes().any(|byte| byte.is_ascii_alphabetic());
        password.len() >= 8 && has_digit && has_letter && !password.contains(['{', '$', '%', '*'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here: written down as they are, they would be found in this very file.
    fn planted() -> Vec<(String, &'static str)> {
        vec![
            (format!("key = \"{}{}\"", "AKI", "AZ7Q2MB4KX9TW5LPD"), "an access key of AWS"),
            (format!("{}{}", "gh", "p_16C7e42F292c6912E7710c838347Ae178B4a"), "a token of GitHub"),
            (format!("{}{}", "xox", "b-263594206564-FGqddMF8t08v8N7Oq4i5"), "a token of Slack"),
            (format!("token: {}{}", "ci", "o1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P"), "a token of crates.io"),
            (
                format!("{}{}", "eyJhbGci", "OiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
                "a signed web token",
            ),
            (format!("{PEM_BEGIN}RSA {PEM_END}"), "a private key"),
            (
                format!("aws_secret_access_key={}{}", "kR7vQ2xN9bT4mY8cW1zL", "5pJ3hG6fD0sA/eUiOq+X"),
                "a secret access key of AWS",
            ),
            (format!("{}://app:{}@db:5432/shop", "postgres", "hunter2hunter"), "a password in a URL"),
        ]
    }

    #[test]
    fn every_planted_secret_is_found_and_not_told() {
        let place = tempfile::tempdir().unwrap();
        for (line, what) in planted() {
            fs::write(place.path().join("x.txt"), format!("first\n{line}\n")).unwrap();
            let found = findings(place.path(), &["x.txt".to_owned()]).unwrap();
            assert_eq!(found.len(), 1, "{what}: {found:?}");
            assert_eq!((found[0].place.as_str(), found[0].what.as_str()), ("x.txt:2", &*format!("looks like {what}")));
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        let documented = format!("{}{}", "AKI", "AIOSFODNN7EXAMPLE");
        let longer = format!("{}{}", "AKI", "AZ7Q2MB4KX9TW5LPDA0");
        for line in [
            documented.as_str(),
            longer.as_str(),
            "the beginning AKIA of a key",
            "https://user:{password}@host/",
            "postgres://app:password@127.0.0.1/shop",
            "aws_secret_access_key = testing",
            "SHA-1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "-----BEGIN CERTIFICATE-----",
        ] {
            assert_eq!(in_line(line), None, "{line}");
        }
    }

    #[test]
    fn this_repository_holds_none() {
        let root = crate::root();
        let files = files(&root).unwrap();
        assert!(files.len() > 300, "{}", files.len());
        assert_eq!(findings(&root, &files).unwrap(), []);
    }
}
