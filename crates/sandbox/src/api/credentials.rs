//! Who is calling: the access key, Region and service in a request's SigV4 `Authorization` header.
//!
//! The signature is **not** verified: the sandbox knows no secret keys, and it listens on loopback only. What the header
//! must have is checked, so that a client that does not sign at all learns it here and not on AWS.

/// What the credential scope of a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The access key that signed the request.
    pub(crate) access_key: String,
    /// The Region that the request was signed for.
    pub(crate) region: String,
    /// The service that the request was signed for: `rds` or `sts`.
    pub(crate) service: String,
}

/// Why a request has no usable credential scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScopeError {
    /// Neither an `Authorization` header nor the query form of it.
    #[error("Request is missing Authentication Token")]
    Missing,
    /// A header that lacks something that SigV4 requires.
    #[error("Authorization header requires '{0}' parameter")]
    Incomplete(&'static str),
    /// Another algorithm, or a credential that is not `key/date/region/service/aws4_request`.
    #[error("Credential must have the form key/date/region/service/aws4_request, signed with AWS4-HMAC-SHA256")]
    Malformed,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// Access keys are at most this long on AWS.
const ACCESS_KEY_LENGTH_MAX: usize = 128;

impl Scope {
    /// Reads an `Authorization` header.
    ///
    /// # Errors
    /// See [`ScopeError`].
    pub(crate) fn from_header(authorization: Option<&str>) -> Result<Self, ScopeError> {
        let authorization = authorization.map(str::trim).filter(|header| !header.is_empty());
        let (algorithm, fields) =
            authorization.ok_or(ScopeError::Missing)?.split_once(' ').ok_or(ScopeError::Malformed)?;
        if algorithm != ALGORITHM {
            return Err(ScopeError::Malformed);
        }
        let field = |wanted: &'static str| {
            fields
                .split(',')
                .filter_map(|field| field.trim().split_once('='))
                .find(|(name, value)| *name == wanted && !value.is_empty())
                .map(|(_, value)| value)
                .ok_or(ScopeError::Incomplete(wanted))
        };
        field("Signature")?;
        field("SignedHeaders")?;
        Self::from_credential(field("Credential")?)
    }

    /// Reads `key/date/region/service/aws4_request`, as in the `X-Amz-Credential` of a presigned address.
    ///
    /// # Errors
    /// [`ScopeError::Malformed`].
    pub(crate) fn from_credential(credential: &str) -> Result<Self, ScopeError> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, TERMINATOR] = parts[..] else {
            return Err(ScopeError::Malformed);
        };
        let is_date = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
        let is_key = (1..=ACCESS_KEY_LENGTH_MAX).contains(&access_key.len())
            && access_key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_date || !is_key || !is_name(region) || !is_name(service) {
            return Err(ScopeError::Malformed);
        }
        Ok(Self { access_key: access_key.to_owned(), region: region.to_owned(), service: service.to_owned() })
    }
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Scope, ScopeError> {
        Scope::from_header(Some(text))
    }

    #[test]
    fn the_scope_of_a_signed_request_is_read() {
        let scope = header(
            "AWS4-HMAC-SHA256 Credential=111122223333/20260801/eu-west-1/rds/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature=abc123",
        );
        assert_eq!(
            scope,
            Ok(Scope { access_key: "111122223333".into(), region: "eu-west-1".into(), service: "rds".into() })
        );
    }

    #[test]
    fn a_request_without_a_header_has_no_token() {
        assert_eq!(Scope::from_header(None), Err(ScopeError::Missing));
        assert_eq!(header("  "), Err(ScopeError::Missing));
    }

    #[test]
    fn a_header_that_lacks_a_part_says_which() {
        let scope = "Credential=A/20260801/eu-west-1/rds/aws4_request";
        for (text, part) in [
            (format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host"), "Signature"),
            (format!("AWS4-HMAC-SHA256 {scope}, Signature=a"), "SignedHeaders"),
            ("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=a".into(), "Credential"),
            ("AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=a".into(), "Credential"),
        ] {
            assert_eq!(header(&text), Err(ScopeError::Incomplete(part)), "{text}");
        }
    }

    #[test]
    fn a_credential_of_another_shape_is_refused() {
        for credential in [
            "",
            "key",
            "key/20260801/eu-west-1/rds",
            "key/20260801/eu-west-1/rds/aws4_request/more",
            "key/2026/eu-west-1/rds/aws4_request",
            "key/20260801//rds/aws4_request",
            "../../etc/20260801/eu-west-1/rds/aws4_request",
            "key/20260801/EU WEST/rds/aws4_request",
        ] {
            assert_eq!(Scope::from_credential(credential), Err(ScopeError::Malformed), "{credential}");
        }
        assert_eq!(header("Basic dXNlcjpwYXNz"), Err(ScopeError::Malformed));
        assert_eq!(header("Bearer"), Err(ScopeError::Malformed));
    }
}
