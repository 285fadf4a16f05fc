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

/// Finds them in a text of lines with any number of `key = value` in each, comments included: whoever comments a password out
/// has not taken it out.
pub(super) fn find(text: &str) -> Vec<PlainSecret> {
    text.lines().enumerate().flat_map(|(number, line)| of_line(number + 1, line)).collect()
}

fn of_line(line: usize, text: &str) -> Vec<PlainSecret> {
    let pairs = pairs(text);
    let one = |kind, key: &str| PlainSecret { kind, line, key: key.to_owned() };
    let first = pairs.first().map_or("", |pair| pair.key);
    let words = || text.split(|letter: char| !is_of_token(letter)).filter(|word| !word.is_empty());
    if words().any(is_access_key) {
        return vec![one("an access key", first)];
    }
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return vec![one("a private key", first)];
    }
    if has_password_in_url(text) {
        return vec![one("a password in a URL", first)];
    }
    let asked: Vec<PlainSecret> =
        pairs.iter().filter_map(|pair| asks_for(pair).map(|kind| one(kind, pair.key))).collect();
    if asked.is_empty() && words().any(is_chance) {
        return vec![one("a secret made by chance", first)];
    }
    asked
}

/// A key with its value.
#[derive(Debug, Clone, Copy)]
struct Pair<'l> {
    key: &'l str,
    value: &'l str,
}

/// Every `key = value` of a line. Of a comment only those whose value is in quotes: the others are sentences.
fn pairs(line: &str) -> Vec<Pair<'_>> {
    let is_comment = line.trim_start().starts_with('#');
    let mut pairs = Vec::new();
    let mut rest = line;
    // Bounded: every turn takes a sign at least.
    while let Some((before, after)) = rest.split_once('=') {
        let key = before.trim_end().rsplit([' ', '\t', ',', '{', '[', '#']).next().unwrap_or_default();
        let after = after.trim_start();
        let quotes = ["\"\"\"", "'''", "\"", "'"];
        let quoted = quotes.iter().find_map(|quote| after.strip_prefix(quote).map(|inner| (inner, *quote)));
        let (value, left) = match quoted {
            Some((inner, quote)) => inner.split_once(quote).unwrap_or((inner, "")),
            // A table has keys of its own, which come next.
            None => after.split_at(after.find(['{', '}', ',', '#']).unwrap_or(after.len())),
        };
        if quoted.is_some() || !is_comment {
            pairs.push(Pair {
                key: key.trim_matches(['"', '\'']),
                value: value.trim_matches(['[', ']', '"', '\'', ' ', '\t']),
            });
        }
        rest = left;
    }
    pairs
}

/// What the name of a key says that its value is, by its ending: `db_password`, `shop.api-token`.
fn asks_for(Pair { key, value }: &Pair<'_>) -> Option<&'static str> {
    let name = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase().replace('_', "-");
    if value.is_empty() || OWN.contains(&name.as_str()) {
        return None;
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&PASSWORDS) {
        return Some("a password");
    }
    (ends(&SECRETS) && !is_reference(value)).then_some("a secret")
}

/// The configuration's own keys that end so and hold the id of a secret.
const OWN: [&str; 1] = ["keys-secret"];
/// What ends so is given itself.
const PASSWORDS: [&str; 6] = ["password", "passwd", "passphrase", "secret-access-key", "api-key", "token"];
/// What ends so may be given itself, or by the name under which it is kept.
const SECRETS: [&str; 3] = ["secret", "secret-key", "private-key"];

/// The ARN or the id of a secret, or the path of a file: words that slashes part.
fn is_reference(value: &str) -> bool {
    let is_word = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte))
    };
    value.starts_with("arn:") || (value.contains('/') && value.split('/').all(is_word))
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
    fn what_a_key_asks_for_is_told_by_the_end_of_its_name_wherever_it_stands() {
        let one = |kind, key: &str| vec![(kind, key.to_owned())];
        let cases = [
            ("db_password = \"x\"", one("a password", "db_password")),
            ("# password = \"x\"", one("a password", "password")),
            ("  #shop.Api-Token = 'x'", one("a password", "shop.Api-Token")),
            ("logins = { name = \"app\", password = \"x\" }", one("a password", "password")),
            ("\"master password\" = \"x\"", one("a password", "password")),
            ("password = \"\"\"x", one("a password", "password")),
            ("pin_password = 1234 # of the office", one("a password", "pin_password")),
            ("client-secret = \"hunter2\"", one("a secret", "client-secret")),
            ("private_key = \"hunter2\"", one("a secret", "private_key")),
            ("logins = [{ password = \"x\" }]", one("a password", "password")),
            ("api_token = [\"x\"]", one("a password", "api_token")),
            ("note = \"a = b\" # token = \"x\"", one("a password", "token")),
        ];
        for (line, expected) in cases {
            let found = find(line);
            let told: Vec<(&str, String)> = found.iter().map(|one| (one.kind, one.key.clone())).collect();
            assert_eq!(told, expected, "{line}");
        }
        let both = find("app = { password = \"x\" }\nboth = { a_token = \"x\", b_token = \"y\" }");
        assert_eq!(both.iter().map(|one| one.line).collect::<Vec<_>>(), [1, 2, 2]);
    }

    #[test]
    fn a_name_under_which_a_secret_is_kept_is_none() {
        let lines = [
            "keys-secret = \"target-keys\"",
            "# keys-secret = \"sandbox/target-keys\"",
            "secret = \"aurora-restore/staging\"",
            "secret = \"arn:aws:secretsmanager:eu-central-1:444455556666:secret:staging/master-AbCdEf\"",
            "private-key = \"/etc/ssl/key.pem\"",
            "password = \"\"",
            "api_token = [\"\"]",
            "# The password = what you have chosen; it's kept elsewhere.",
            "users-dependents = { billing = \"nothing, it reads the secret = the password\" }",
            "tokens = 5",
        ];
        for line in lines {
            assert_eq!(find(line), [], "{line}");
        }
    }

    #[test]
    fn the_reference_of_the_configuration_holds_no_secret() {
        assert_eq!(find(include_str!("../../../../../docs/reference/configuration.md")), []);
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
