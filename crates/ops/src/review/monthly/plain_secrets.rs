//! Secrets where none belong: known forms, keys that ask for one, and texts that look like chance. Pure.
//!
//! Chance is told by entropy: a text of at least 24 letters, digits and signs of base 64 that says more than 4.2 bits a
//! letter is no word, no name and no id of ours (a hexadecimal digest has at most 4.0).

use std::collections::BTreeMap;

/// The shortest text that may be taken for chance.
const CHANCE_CHARS: usize = 24;
/// From so many bits a letter on it is.
const CHANCE_BITS: f64 = 4.2;

/// A secret in plain text. It does not hold the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainSecret {
    pub(super) kind: &'static str,
    pub(super) line: usize,
    pub(super) key: String,
}

/// Finds them in a text of lines `key = value`.
pub(super) fn find(text: &str) -> Vec<PlainSecret> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(number, line)| {
            let (key, value) = line.split_once('=').unwrap_or(("", line));
            let kind = kind(key.trim(), value)?;
            Some(PlainSecret { kind, line: number + 1, key: key.trim().to_owned() })
        })
        .collect()
}

fn kind(key: &str, value: &str) -> Option<&'static str> {
    let words = || value.split(|letter: char| !is_of_token(letter)).filter(|word| !word.is_empty());
    if words().any(is_access_key) {
        return Some("an access key");
    }
    if value.contains("-----BEGIN") && value.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if has_password_in_url(value) {
        return Some("a password in a URL");
    }
    let name = key.rsplit('.').next().unwrap_or(key).trim_matches('"').to_ascii_lowercase();
    let asks = ["password", "passwd", "secret-access-key", "secret_access_key", "token"];
    let has_value = value.trim().trim_matches('"').chars().count() > 0;
    if asks.contains(&name.as_str()) && has_value {
        return Some("a password");
    }
    words().any(is_chance).then_some("a secret made by chance")
}

fn is_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/_-".contains(letter)
}

/// `AKIA` for people, `ASIA` for sessions, and sixteen more.
fn is_access_key(word: &str) -> bool {
    let rest = word.strip_prefix("AKIA").or_else(|| word.strip_prefix("ASIA"));
    rest.is_some_and(|rest| {
        rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

fn has_password_in_url(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let host = rest.split(['/', '"', '\'', ' ']).next().unwrap_or_default();
        host.split_once('@').is_some_and(|(login, _)| login.split_once(':').is_some_and(|(_, word)| !word.is_empty()))
    })
}

/// Letters of both cases and digits without a separator of names.
fn is_chance(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    word.len() >= CHANCE_CHARS && mixed && bits_a_letter(word) > CHANCE_BITS
}

fn bits_a_letter(word: &str) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    for byte in word.bytes() {
        *counts.entry(byte).or_default() += 1;
    }
    let all: u32 = counts.values().sum();
    counts.values().map(|count| f64::from(*count) / f64::from(all)).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_secrets_are_found_with_their_line_and_without_their_text() {
        let key = format!("AKIA{}", "ABCDEFGH12345678");
        let text = format!(
            "[target]\ncluster = \"staging\"\nnote = \"{key}\"\nurl = \"postgres://app:hunter2@db/shop\"\n\
             password = \"x\"\ntag = \"hV3kQ9zLw8Xr2Tn5Yb7Mc1Dp4Fj6\"\n"
        );
        let found = find(&text);
        let told: Vec<(&str, usize)> = found.iter().map(|secret| (secret.kind, secret.line)).collect();
        let expected =
            [("an access key", 3), ("a password in a URL", 4), ("a password", 5), ("a secret made by chance", 6)];
        assert_eq!(told, expected);
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn what_belongs_into_a_configuration_is_no_secret() {
        let text = "[secrets]\nmaster = \"staging/aurora/master\"\n\
                    [source]\nsnapshot = \"arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:rds:orders-2026-11-22-03-05\"\n\
                    [copy]\nkms-key = \"arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\"\n\
                    [restore]\nsubnet-group = \"production-database-subnets-eu-central-1\"\nsecurity-groups = [\"sg-0123456789abcdef0\"]\n\
                    url = \"https://db.example.com:5432/\"\nempty.password = \"\"\n";
        assert_eq!(find(text), []);
    }
}
