//! The database port over the simulated volumes: an endpoint answers with the content of whatever volume the model has
//! behind it at that moment.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aurora_restore_core::{
    ports::{
        AccessProof, Clock, Database, DatabaseError, DatabaseErrorKind, DatabaseFingerprint, DatabaseLogin, LoginProof,
        UserSetup, UserSetupOutcome,
    },
    verification::{CheckDetail, CheckOutcome, CheckResult, Expectation, VerificationSpec},
};

use crate::{
    cloud::Sim,
    data::{Content, Role},
};

/// What the database can be told to do wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers.
    Unreachable,
    /// Every login is refused.
    RefusesLogins,
    /// The server's certificate is not trusted.
    UntrustedCertificate,
    /// A check of the data fails.
    FailsVerification,
    /// A proof of the users' rights does not hold.
    FailsProof,
}

/// The simulated database.
#[derive(Debug)]
pub struct SimDatabase {
    sim: Arc<Sim>,
    trouble: Mutex<Option<(Trouble, u32)>>,
}

impl SimDatabase {
    /// The databases of a simulated world.
    pub fn new(sim: &Arc<Sim>) -> Self {
        Self { sim: Arc::clone(sim), trouble: Mutex::new(None) }
    }

    /// Makes trouble in the next so many calls that it applies to.
    pub fn make_trouble(&self, trouble: Trouble, times: u32) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some((trouble, times));
    }

    /// Takes one of the troubles that were ordered, if it is of the wanted kind.
    fn strikes(&self, wanted: &[Trouble]) -> Option<Trouble> {
        let mut ordered = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let (trouble, times) = ordered.as_mut()?;
        if *times == 0 || !wanted.contains(trouble) {
            return None;
        }
        *times -= 1;
        Some(trouble.clone())
    }

    /// Lets a role in, and does something with the content that it finds.
    fn session<T>(&self, login: &DatabaseLogin, act: impl FnOnce(&mut Content, Seat) -> T) -> Result<T, DatabaseError> {
        let refused = |kind, reason: &str| DatabaseError {
            kind,
            endpoint: format!("{}/{}", login.endpoint, login.database),
            doing: format!("logging in as `{}`", login.username),
            reason: reason.to_owned(),
        };
        match self.strikes(&[Trouble::Unreachable, Trouble::RefusesLogins, Trouble::UntrustedCertificate]) {
            Some(Trouble::RefusesLogins) => {
                return Err(refused(DatabaseErrorKind::LoginRefused, "password authentication failed (28P01)"));
            }
            Some(Trouble::UntrustedCertificate) => {
                return Err(refused(DatabaseErrorKind::CertificateRefused, "the certificate is not trusted"));
            }
            Some(_) => return Err(refused(DatabaseErrorKind::Unreachable, "connection timed out")),
            None => {}
        }
        let now = self.sim.clock().now();
        let mut state = self.sim.lock();
        state.world.tick(now);
        let answering = state.world.who_answers(&login.endpoint.host, login.endpoint.port);
        let Some((volume, writable)) = answering.map(|answering| (answering.volume, answering.writable)) else {
            return Err(refused(DatabaseErrorKind::Unreachable, "connection refused"));
        };
        let Some(content) = state.data.content_mut(volume) else {
            return Err(refused(DatabaseErrorKind::Unreachable, "the volume has no data"));
        };
        match content.roles.get(&login.username) {
            Some(role) if role.password == login.password && role.can_log_in => {
                let seat = Seat { writable: writable && role.can_write };
                Ok(act(content, seat))
            }
            Some(_) | None => Err(refused(DatabaseErrorKind::LoginRefused, "password authentication failed (28P01)")),
        }
    }
}

/// What a session may do.
#[derive(Clone, Copy)]
struct Seat {
    writable: bool,
}

#[async_trait]
impl Database for SimDatabase {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        self.session(login, |content, seat| LoginProof {
            server_version: content.server_version.clone(),
            writable: seat.writable,
            fingerprint: DatabaseFingerprint(content.fingerprint()),
        })
    }

    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        let fails = self.strikes(&[Trouble::FailsProof]).is_some();
        self.session(master, |content, _| {
            let mut outcome = UserSetupOutcome::default();
            let wished = setup.application.iter().map(|role| (role, true));
            let wished = wished.chain(setup.readonly.iter().map(|role| (role, false)));
            let mut ours = vec![content.master.clone()];
            for (role, can_write) in wished {
                let made = Role::with_password(&role.password, can_write);
                let list = match content.roles.insert(role.username.clone(), made) {
                    Some(_) => &mut outcome.updated,
                    None => &mut outcome.created,
                };
                list.push(role.username.clone());
                ours.push(role.username.clone());
            }
            for (name, role) in content.roles.iter_mut().filter(|(name, _)| !ours.contains(name)) {
                if setup.keep_logins.contains(name) {
                    outcome.kept.push(name.clone());
                } else if role.can_log_in {
                    role.can_log_in = false;
                    outcome.locked.push(name.clone());
                }
            }
            for refused in &setup.must_be_refused {
                let works = content
                    .roles
                    .get(&refused.username)
                    .is_some_and(|role| role.can_log_in && role.password == refused.password);
                outcome.proofs.push(proof(format!("`{}` of the source is refused", refused.username), !works));
            }
            for role in setup.application.iter().chain(&setup.readonly) {
                outcome.proofs.push(proof(format!("`{}` can log in", role.username), !fails));
            }
            outcome
        })
    }

    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        let fails = self.strikes(&[Trouble::FailsVerification]).is_some();
        self.session(login, |content, _| {
            let mut checks = vec![
                check("server version", same_major(&content.server_version, &spec.engine_version), content),
                check("tables", content.tables.len() as u64 >= spec.tables_min && !fails, content),
            ];
            let rows = content.tables.values().sum::<u64>();
            checks.extend(spec.custom.iter().map(|custom| {
                let passed = match &custom.expect {
                    Expectation::Equals(wished) => *wished == rows.to_string(),
                    Expectation::AtLeast(least) => i64::try_from(rows).is_ok_and(|rows| rows >= *least),
                    Expectation::AtMost(most) => i64::try_from(rows).is_ok_and(|rows| rows <= *most),
                    Expectation::NewerThanSnapshotMinus(_) => true,
                };
                check(&custom.name, passed, content)
            }));
            checks
        })
    }
}

fn same_major(one: &str, other: &str) -> bool {
    one.split('.').next() == other.split('.').next()
}

fn proof(claim: String, holds: bool) -> AccessProof {
    AccessProof { claim, holds, detail: None }
}

fn check(name: &str, passed: bool, content: &Content) -> CheckResult {
    CheckResult {
        name: name.to_owned(),
        outcome: if passed { CheckOutcome::Passed } else { CheckOutcome::Failed },
        found: format!("{} tables", content.tables.len()),
        expected: None,
        took_ms: 1,
        details: content
            .tables
            .iter()
            .map(|(table, rows)| CheckDetail { subject: table.clone(), value: rows.to_string() })
            .collect(),
    }
}
