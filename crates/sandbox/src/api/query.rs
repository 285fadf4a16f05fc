//! Reads the AWS Query protocol: a form such as `Action=…&Tags.Tag.1.Key=…` becomes a tree, and the tree a typed request.
//!
//! The input is not trusted: the number of parameters, their depth and their characters are bounded, a parameter that a
//! request does not have is an error, and so is one given twice. No error repeats a value, because a value may be a password.

mod form;
mod list_names;
mod read;

pub use form::{FormError, Params, decode_form};

/// Why a parameter is not what the request needs. The display form is the message that the client reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A parameter that the action does not have.
    #[error("The parameter {0} is not known for this action")]
    Unknown(String),
    /// A required parameter that is absent.
    #[error("The request must contain the parameter {0}")]
    Missing(String),
    /// A parameter whose value has the wrong type or form.
    #[error("Invalid value for the parameter {name}: {problem}")]
    Invalid {
        /// Where, as the client wrote it: `Tags.Tag.1.Key`.
        name: String,
        /// What is wrong with it, without the value.
        problem: String,
    },
}
