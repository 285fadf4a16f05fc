//! What developers read: `tracing` on stderr. Warnings of our own rooms always, more where AURORA_RESTORE_LOG asks for it
//! (`AURORA_RESTORE_LOG=aurora_restore_core=debug`). Nothing that a person or a program is to rely on is told here.

use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::profile::Profile;

/// What is shown where nothing is asked for: the SDK's own warnings are facts to us, told as failures.
const USUAL: &str = "off,aurora_restore=warn,aurora_restore_app=warn,aurora_restore_aws=warn,aurora_restore_core=warn,\
                     aurora_restore_local=warn,aurora_restore_sandbox=warn,aurora_restore_sql=warn";

/// Begins to listen, and to measure if that is asked for.
pub(crate) fn listen(profile: Option<&Profile>) {
    let asked = std::env::var("AURORA_RESTORE_LOG").ok().filter(|text| !text.is_empty());
    let filter = EnvFilter::new(asked.as_deref().unwrap_or(USUAL));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| crate::ui::Stderr)
        .with_ansi(false)
        .with_target(asked.is_some())
        .with_filter(filter);
    tracing_subscriber::registry().with(lines).with(profile.map(Profile::layer)).init();
}
