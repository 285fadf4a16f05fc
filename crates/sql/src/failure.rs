//! What a failure of the client library means for the core. Texts hold the server's message and its SQLSTATE, never
//! the statement: that may carry values.

use std::{error::Error as _, fmt, io};

use aurora_restore_core::ports::DatabaseErrorKind;
use tokio_postgres::error::SqlState;

/// The server's own refusal of a statement or a login.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The SQLSTATE.
    pub(crate) state: SqlState,
    /// The server's message.
    pub(crate) message: String,
}

impl Refusal {
    /// Gives what the server said, if it was the server who refused.
    pub(crate) fn of(error: &tokio_postgres::Error) -> Option<Self> {
        error.as_db_error().map(|refusal| Self { state: refusal.code().clone(), message: refusal.message().to_owned() })
    }

    /// Whether privileges were the reason, or that nothing can be written here at all.
    pub(crate) fn forbids_writing(&self) -> bool {
        self.state == SqlState::INSUFFICIENT_PRIVILEGE || self.state == SqlState::READ_ONLY_SQL_TRANSACTION
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (SQLSTATE {})", self.message, self.state.code())
    }
}

/// The kind of trouble, for the decisions of the core.
pub(crate) fn kind(error: &tokio_postgres::Error) -> DatabaseErrorKind {
    if let Some(refusal) = error.as_db_error() {
        return kind_of_state(refusal.code());
    }
    if in_chain::<rustls::Error>(error).is_some() {
        return DatabaseErrorKind::CertificateRefused;
    }
    if error.is_closed() || in_chain::<io::Error>(error).is_some() {
        return DatabaseErrorKind::Unreachable;
    }
    DatabaseErrorKind::Other
}

/// What was said, with the causes behind it.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(refusal) = Refusal::of(error) {
        return refusal.to_string();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

fn kind_of_state(state: &SqlState) -> DatabaseErrorKind {
    match state.code() {
        "28000" | "28P01" => DatabaseErrorKind::LoginRefused,
        // A membership that would go in circles cannot be given to the master: it lacks the right over that role.
        "42501" | "0LP01" => DatabaseErrorKind::PermissionDenied,
        // Starting up, shutting down, crashed, or no connection slot left.
        "57P01" | "57P02" | "57P03" | "53300" => DatabaseErrorKind::Unreachable,
        code if code.starts_with("08") => DatabaseErrorKind::Unreachable,
        // No such database, schema, table, role; a name or value that is not acceptable; a database closed to logins.
        "3D000" | "3F000" | "42P01" | "42704" | "42602" | "22023" | "55000" => DatabaseErrorKind::InvalidRequest,
        _ => DatabaseErrorKind::Other,
    }
}

/// Looks for a cause of type `T`. The TLS library's errors travel inside of I/O errors, which hide them from `source`.
fn in_chain<T: std::error::Error + 'static>(error: &tokio_postgres::Error) -> Option<&T> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<T>() {
            return Some(found);
        }
        let boxed = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = boxed.and_then(|inner| inner.downcast_ref::<T>()) {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_have_the_kind_that_an_operator_would_give_them() {
        let cases = [
            ("28P01", DatabaseErrorKind::LoginRefused),
            ("28000", DatabaseErrorKind::LoginRefused),
            ("42501", DatabaseErrorKind::PermissionDenied),
            ("57P03", DatabaseErrorKind::Unreachable),
            ("53300", DatabaseErrorKind::Unreachable),
            ("08006", DatabaseErrorKind::Unreachable),
            ("3D000", DatabaseErrorKind::InvalidRequest),
            ("XX001", DatabaseErrorKind::Other),
        ];
        for (code, kind) in cases {
            assert_eq!(kind_of_state(&SqlState::from_code(code)), kind, "{code}");
        }
    }

    #[test]
    fn a_refusal_shows_message_and_sqlstate() {
        let refusal =
            Refusal { state: SqlState::INSUFFICIENT_PRIVILEGE, message: "permission denied for table t".to_owned() };
        assert_eq!(refusal.to_string(), "permission denied for table t (SQLSTATE 42501)");
        assert!(refusal.forbids_writing());
    }
}
