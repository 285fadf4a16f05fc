//! The data plane of the sandbox: real PostgreSQL servers behind the simulated control plane.
//!
//! A *volume* is a data directory with a server, an *image* a consistent copy of one, an *endpoint* a name with a port
//! that leads to a volume. [`DataPlane`] carries out the [`Work`](crate::model::effect::Work) that the model hands out.
//! It decides nothing about RDS: which snapshot may be restored, how long that takes and what it is called is the
//! model's business.
//!
//! Every piece of work may be done twice and may be interrupted anywhere: results appear under their final name by one
//! rename, and what lies under another name is swept at the next start.
//!
//! Where it falls short of Aurora:
//! * A reader endpoint leads to the same server as the writer and takes writes. So it does on Aurora while a cluster
//!   has no reader; with one, Aurora refuses them. PostgreSQL knows no setting for one of its listeners, and the bytes
//!   between a client and its server are encrypted; a reader that refuses would have to be a standby of its own.
//! * The master user can install the extensions that PostgreSQL trusts; of the others it has `amcheck`.
//! * Up to PostgreSQL 15 a user with CREATEROLE can make itself a member of roles that reach files and programs of the
//!   server's operating-system user. Aurora forbids that.

mod account;
pub mod bench;
mod binaries;
mod capture;
mod conf;
mod endpoints;
mod error;
mod files;
mod forward;
mod layout;
mod locks;
mod plane;
mod process;
mod roles;
mod server;
mod session;
mod template;
mod tls;
mod watch;
mod work;

pub use account::Account;
pub use binaries::Binaries;
pub use endpoints::EndpointPorts;
pub use error::DataPlaneError;
pub use files::Durability;
pub use plane::{DataPlane, DataPlaneOptions};
