//! The database side within the time of one invocation: Lambda ends a function in the middle of whatever it does, and a check that is
//! ended so is begun again by the next invocation, as long and as vainly.

use std::time::Duration;

use async_trait::async_trait;
use aurora_restore_core::{
    ports::{Database, DatabaseError, DatabaseLogin, LoginProof, UserSetup, UserSetupOutcome},
    verification::{CheckResult, VerificationSpec},
};
use jiff::SignedDuration;

use crate::time::Hourglass;

/// This part of the time is kept for what comes after the checks: their record, the next move and the answer.
const KEPT_PART: u32 = 10;
/// And at least so much.
const KEPT_MIN: Duration = Duration::from_secs(5);

/// A database whose checks end while there is time to record them.
pub(crate) struct TimedDatabase<'a> {
    /// The database.
    pub(crate) database: &'a dyn Database,
    /// The time that there is.
    pub(crate) hourglass: &'a dyn Hourglass,
}

impl TimedDatabase<'_> {
    /// How long checks may take that begin now.
    fn within(&self) -> SignedDuration {
        let left = self.hourglass.left();
        let kept = (left / KEPT_PART).max(KEPT_MIN);
        SignedDuration::try_from(left.saturating_sub(kept)).unwrap_or(SignedDuration::MAX)
    }
}

#[async_trait]
impl Database for TimedDatabase<'_> {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        self.database.log_in(login).await
    }

    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        self.database.set_up_users(master, setup).await
    }

    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        let within = self.within();
        let within = spec.within.map_or(within, |asked| asked.min(within));
        self.database.verify(login, &VerificationSpec { within: Some(within), ..spec.clone() }).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aurora_restore_core::{ports::Endpoint, secret::Secret, verification::IntegrityDepth};

    use super::*;

    struct Left(Duration);

    #[async_trait]
    impl Hourglass for Left {
        fn left(&self) -> Duration {
            self.0
        }

        async fn wait(&self, _: Duration) {}
    }

    /// Notes how much time it was given.
    #[derive(Default)]
    struct Noting(Mutex<Option<SignedDuration>>);

    #[async_trait]
    impl Database for Noting {
        async fn log_in(&self, _: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
            unreachable!("nobody logs in")
        }

        async fn set_up_users(&self, _: &DatabaseLogin, _: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
            unreachable!("no users are set up")
        }

        async fn verify(&self, _: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
            *self.0.lock().unwrap() = spec.within;
            Ok(Vec::new())
        }
    }

    async fn given(left: u64, asked: Option<i64>) -> i64 {
        let (database, hourglass) = (Noting::default(), Left(Duration::from_secs(left)));
        let login = DatabaseLogin {
            endpoint: Endpoint { host: "staging".to_owned(), port: 5432 },
            database: "postgres".to_owned(),
            username: "dba".to_owned(),
            password: Secret::new("p"),
        };
        let spec = VerificationSpec {
            engine_version: "16.4".to_owned(),
            databases: Vec::new(),
            tables_min: 1,
            integrity: IntegrityDepth::Indexes,
            custom: Vec::new(),
            snapshot_at: None,
            within: asked.map(SignedDuration::from_secs),
        };
        let timed = TimedDatabase { database: &database, hourglass: &hourglass };
        timed.verify(&login, &spec).await.unwrap();
        let within = database.0.lock().unwrap().expect("an end is set");
        within.as_secs()
    }

    #[tokio::test]
    async fn checks_end_while_there_is_time_to_record_them() {
        assert_eq!(given(300, None).await, 270);
        assert_eq!((given(20, None).await, given(3, None).await), (15, 0));
        assert_eq!((given(300, Some(60)).await, given(300, Some(600)).await), (60, 270));
    }
}
