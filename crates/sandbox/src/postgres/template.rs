//! A fresh cluster, made once by `initdb` and copied for every new volume.

use std::process::Stdio;

use super::conf::{ADMINISTRATOR, WAL_SEGMENT_MIB};
use super::error::DataPlaneError;
use super::files::{Durability, Nursery};
use super::layout::{Home, Layout};
use super::roles::{install_amcheck, make_common_roles};
use super::server::{Servers, Stop};
use super::session::Session;

/// Part of the template's name. Raise it when what is below changes, and the template is made anew.
const GENERATION: u32 = 2;

/// Sorts by code point and knows the letters of all languages.
#[cfg(not(target_os = "macos"))]
const LOCALE: &str = "C.UTF-8";
#[cfg(target_os = "macos")]
const LOCALE: &str = "en_US.UTF-8";

/// Makes the template unless it exists. Idempotent because it gets its name only when it is complete. The caller
/// sees to it that this does not run twice at the same time.
pub(super) async fn ensure(layout: &Layout, servers: &Servers) -> Result<Home, DataPlaneError> {
    let place = layout.template(&format!("{}-{GENERATION}", servers.binaries.major()));
    let home = Home { directory: place.clone() };
    if home.exists() {
        return Ok(home);
    }
    let nursery = Nursery::open(&place, &servers.account)?;
    let draft = Home { directory: nursery.path().to_path_buf() };
    run_initdb(servers, &draft).await?;
    let server = servers.start(&draft).await?;
    let filled = fill(servers, server.port).await;
    servers.stop(&draft.data(), Some(server), Stop::Fast).await?;
    filled?;
    nursery.publish(servers.durability)?;
    Ok(home)
}

async fn run_initdb(servers: &Servers, draft: &Home) -> Result<(), DataPlaneError> {
    let program = servers.binaries.program("initdb");
    let mut command = servers.account.command(&program);
    command
        .arg("--pgdata")
        .arg(draft.data())
        .args(["--username", ADMINISTRATOR, "--auth", "reject", "--encoding", "UTF8", "--locale", LOCALE])
        .args(["--data-checksums", "--wal-segsize", &WAL_SEGMENT_MIB.to_string()])
        .stdin(Stdio::null());
    if servers.durability == Durability::Process {
        command.arg("--no-sync");
    }
    let output =
        tokio::task::spawn_blocking(move || command.output()).await?.map_err(DataPlaneError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("No space left on device") {
        return Err(DataPlaneError::DiskFull { path: draft.data() });
    }
    let complaint = text.lines().rev().find(|line| line.contains("error:")).or(text.lines().next_back());
    let reason = complaint.unwrap_or("it left no message").trim_start_matches("initdb: error: ").to_owned();
    Err(DataPlaneError::Program { program: "initdb", reason })
}

async fn fill(servers: &Servers, port: u16) -> Result<(), DataPlaneError> {
    for database in ["template1", "postgres"] {
        let session = Session::open(&servers.run, port, database).await?;
        if database == "template1" {
            make_common_roles(&session, servers.binaries.major()).await?;
        }
        install_amcheck(&session).await?;
    }
    Ok(())
}
