//! Reads the AWS Query protocol: a form such as `Action=…&Tags.Tag.1.Key=…` becomes a tree of parameters, and an action
//! takes from the tree what it knows. What is left over is an error.
//!
//! The input is not trusted: the number of parameters, their depth and their characters are bounded, and a name may be
//! given once. No error repeats a value, because a value may be a password.

mod form;
mod names;
mod params;
mod value;

pub(crate) use form::FormError;
pub(crate) use params::Params;
pub(crate) use value::Value;

/// Why a parameter is not what the action needs. The display form is the message that the client reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParamError {
    /// A parameter that RDS does not have for this action.
    #[error("The parameter {0} is not known for this action")]
    Unknown(String),
    /// A parameter that RDS has and the sandbox does not model. Ignoring it would promise what is not kept.
    #[error("The parameter {0} is not supported by the sandbox")]
    NotModelled(String),
    /// A required parameter that is absent.
    #[error("The request must contain the parameter {0}")]
    Missing(String),
    /// A parameter whose value has the wrong type or form.
    #[error("Invalid value for the parameter {name}: {problem}")]
    Invalid {
        /// Where, as the client wrote it: `Tags.Tag.1.Key`.
        name: String,
        /// What is wrong with it, without the value.
        problem: &'static str,
    },
}
