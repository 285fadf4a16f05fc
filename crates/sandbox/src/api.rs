//! The RDS Query protocol over HTTP, in front of the model: requests become calls, replies become XML.
//!
//! It keeps nothing between requests, and decides nothing that RDS decides: that is the model's.
//!
//! ```text
//! http ─> service ─> origin, credentials, identity     who asks, from where
//!            │  └──> query ─> calls                     what is asked
//!            │                  └─> server::Runtime ─> model
//!            ├──> replies ─> xml                        what is answered
//!            ├──> sts                                   AssumeRole, GetCallerIdentity
//!            └──> control                               /_sandbox
//! ```
//!
//! Signatures are accepted and **not verified**; see [`credentials`].

mod calls;
mod control;
mod credentials;
mod health;
mod http;
mod identity;
mod origin;
mod query;
mod refusal;
mod replies;
mod service;
mod sts;
mod xml;

pub(crate) use control::Control;
pub(crate) use http::serve;
pub(crate) use identity::{AccessKeys, is_account};
pub(crate) use service::Api;
pub use service::read_form;
