//! What developers read: `tracing` on stderr. Warnings of our own rooms always, more where AURORA_RESTORE_LOG asks for it
//! (`AURORA_RESTORE_LOG=aurora_restore_core=debug`). Nothing that a person or a program is to rely on is told here.

use tracing_subscriber::EnvFilter;

/// What is shown where nothing is asked for: the SDK's own warnings are facts to us, told as failures.
const USUAL: &str = "off,aurora_restore=warn,aurora_restore_app=warn,aurora_restore_aws=warn,aurora_restore_core=warn,\
                     aurora_restore_local=warn,aurora_restore_sandbox=warn,aurora_restore_sql=warn";

/// Begins to listen.
pub(crate) fn listen() {
    let asked = std::env::var("AURORA_RESTORE_LOG").ok().filter(|text| !text.is_empty());
    let filter = EnvFilter::new(asked.as_deref().unwrap_or(USUAL));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| crate::ui::Stderr)
        .with_ansi(false)
        .with_target(asked.is_some())
        .init();
}
