//! Which account a request acts for, and the roles that can be assumed.
//!
//! Nothing is remembered about a session: what `AssumeRole` hands out says by itself what it stands for, so it outlives a
//! restart of the sandbox. Nothing is secret about it either, as signatures are not verified.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::credentials::Scope;
use super::refusal::Refusal;

/// Access keys of sessions begin with this on AWS, too; then come the account's digits and some letters.
const SESSION_PREFIX: &str = "ASIA";
const SESSION_KEY_LENGTH: usize = 20;
const TOKEN_PREFIX: &str = "sandbox";

/// Configured access keys and the accounts for which they stand.
pub(crate) type AccessKeys = BTreeMap<String, String>;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: String,
    /// The role and the session's name, if a role was assumed.
    pub(crate) role: Option<(String, String)>,
}

impl Identity {
    /// Finds the account of an access key: as configured, the key itself when it is twelve digits, or a session's.
    pub(crate) fn of(scope: &Scope, token: Option<&str>, keys: &AccessKeys, now: Timestamp) -> Result<Self, Refusal> {
        let key = scope.access_key.as_str();
        if let Some(account) = keys.get(key) {
            return Ok(Self { account: account.clone(), role: None });
        }
        if is_account(key) {
            return Ok(Self { account: key.to_owned(), role: None });
        }
        let account = key.strip_prefix(SESSION_PREFIX).and_then(|rest| rest.get(..12));
        let account = account.filter(|account| is_account(account) && key.len() == SESSION_KEY_LENGTH);
        let account = account.ok_or(Refusal::UnknownKey)?.to_owned();
        let (role, session, expiry) = token.and_then(read_token).ok_or(Refusal::UnknownKey)?;
        if expiry <= now {
            return Err(Refusal::ExpiredToken);
        }
        Ok(Self { account, role: Some((role, session)) })
    }

    /// The ARN that `GetCallerIdentity` shows.
    pub(crate) fn arn(&self) -> String {
        match &self.role {
            Some((role, session)) => {
                format!("arn:aws:sts::{}:assumed-role/{role}/{session}", self.account)
            }
            None => format!("arn:aws:iam::{}:root", self.account),
        }
    }

    /// The id that `GetCallerIdentity` shows.
    pub(crate) fn user_id(&self) -> String {
        match &self.role {
            Some((role, session)) => format!("{}:{session}", role_id(&self.account, role)),
            None => self.account.clone(),
        }
    }
}

/// The credentials of an assumed role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) access_key: String,
    pub(crate) token: String,
    pub(crate) expiry: Timestamp,
    pub(crate) identity: Identity,
}

/// Starts a session of the role with this ARN; `None` if it is not the ARN of a role.
pub(crate) fn assume(role_arn: &str, session: &str, lasting: SignedDuration, now: Timestamp) -> Option<Session> {
    let (account, role) = role_arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    // A role may have a path; sessions show the name alone.
    let role = role.rsplit('/').next()?;
    if !is_account(account) || !is_name(role) || !is_name(session) {
        return None;
    }
    let expiry = now.checked_add(lasting).ok()?;
    Some(Session {
        access_key: format!("{SESSION_PREFIX}{account}ROLE"),
        token: format!("{TOKEN_PREFIX}:{role}:{session}:{}", expiry.as_second()),
        expiry,
        identity: Identity { account: account.to_owned(), role: Some((role.to_owned(), session.to_owned())) },
    })
}

fn read_token(token: &str) -> Option<(String, String, Timestamp)> {
    let parts: Vec<&str> = token.split(':').collect();
    let [TOKEN_PREFIX, role, session, expiry] = parts[..] else {
        return None;
    };
    let expiry = Timestamp::from_second(expiry.parse().ok()?).ok()?;
    (is_name(role) && is_name(session)).then(|| (role.to_owned(), session.to_owned(), expiry))
}

fn role_id(account: &str, role: &str) -> String {
    format!("AROA{account}{}", role.to_ascii_uppercase())
}

/// Whether the text is an account id.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The characters that IAM allows in the names of roles and sessions.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(key: &str) -> Scope {
        Scope { access_key: key.into(), region: "eu-west-1".into(), service: "rds".into() }
    }

    fn account(key: &str, token: Option<&str>) -> Result<String, &'static str> {
        let keys = AccessKeys::from([("AKIAPRODUCTION".to_owned(), "111122223333".to_owned())]);
        Identity::of(&scope(key), token, &keys, Timestamp::UNIX_EPOCH)
            .map(|identity| identity.account)
            .map_err(|refusal| refusal.code())
    }

    #[test]
    fn a_key_stands_for_the_account_that_it_spells_or_is_configured_for() {
        assert_eq!(account("444455556666", None), Ok("444455556666".into()));
        assert_eq!(account("AKIAPRODUCTION", None), Ok("111122223333".into()));
        for key in ["AKIAOTHER", "44445555666", "4444555566667", "ASIA444455556666ROLE", "ASIA44445555666xROLE"] {
            assert_eq!(account(key, None), Err("InvalidClientTokenId"), "{key}");
        }
    }

    #[test]
    fn a_session_acts_for_the_account_of_its_role_until_it_expires() {
        let hour = SignedDuration::from_hours(1);
        let start = Timestamp::UNIX_EPOCH;
        let session = assume("arn:aws:iam::111122223333:role/team/restore", "nightly", hour, start).unwrap();
        let of = |now| Identity::of(&scope(&session.access_key), Some(&session.token), &AccessKeys::new(), now);
        let identity = of(start).unwrap();
        assert_eq!(identity, session.identity);
        assert_eq!(identity.arn(), "arn:aws:sts::111122223333:assumed-role/restore/nightly");
        assert_eq!(of(start + hour).unwrap_err().code(), "ExpiredToken");
    }

    #[test]
    fn what_is_not_the_arn_of_a_role_cannot_be_assumed() {
        for arn in [
            "restore",
            "arn:aws:iam::111122223333:user/restore",
            "arn:aws:iam::1111:role/restore",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a:b",
        ] {
            let session = assume(arn, "s", SignedDuration::from_hours(1), Timestamp::UNIX_EPOCH);
            assert_eq!(session, None, "{arn}");
        }
    }
}
