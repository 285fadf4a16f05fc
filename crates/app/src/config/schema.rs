//! The keys of the configuration and the shape of their values. What they mean stands in `default-config.toml`; a test
//! holds the two together.

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    Integer,
    Number,
    Flag,
    Duration,
    List,
    Map,
    /// The request's own checks: an array of tables.
    Checks,
}

/// One key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) shape: Shape,
}

const fn key(path: &'static str, shape: Shape) -> Key {
    Key { path, shape }
}

use Shape::{Checks, Duration, Flag, Integer, List, Map, Number, Text, Word};

/// Every key, in the order of the reference.
pub(super) const KEYS: &[Key] = &[
    key("source.region", Text),
    key("source.snapshot", Text),
    key("source.prefix", Text),
    key("source.date", Text),
    key("source.latest-of", Text),
    key("source.kinds", List),
    key("source.point-in-time-of", Text),
    key("source.time", Text),
    key("source.clone-of", Text),
    key("target.region", Text),
    key("target.cluster", Text),
    key("target.require-tags", Map),
    key("restore.strategy", Word(&["swap", "side-by-side", "replace"])),
    key("restore.engine-version", Text),
    key("restore.tags", Map),
    key("copy.kms-key", Text),
    key("copy.source-kms-key", Text),
    key("copy.route", Word(&["direct", "two-hops"])),
    key("cluster.parameter-group", Text),
    key("cluster.subnet-group", Text),
    key("cluster.security-groups", List),
    key("cluster.port", Integer),
    key("cluster.backup-retention", Duration),
    key("cluster.backup-window", Text),
    key("cluster.maintenance-window", Text),
    key("cluster.deletion-protection", Flag),
    key("cluster.iam-authentication", Flag),
    key("cluster.copy-tags-to-snapshot", Flag),
    key("cluster.log-exports", List),
    key("cluster.serverless-min-acus", Number),
    key("cluster.serverless-max-acus", Number),
    key("cluster.storage-type", Word(&["aurora", "aurora-iopt1"])),
    key(
        "cluster.engine-lifecycle-support",
        Word(&["open-source-rds-extended-support", "open-source-rds-extended-support-disabled"]),
    ),
    key("cluster.roles", Map),
    key("cluster.tags", Map),
    key("instances.count", Integer),
    key("instances.class", Text),
    key("instances.parameter-group", Text),
    key("instances.promotion-tier", Integer),
    key("instances.zone", Text),
    key("instances.publicly-accessible", Flag),
    key("instances.monitoring-interval", Duration),
    key("instances.monitoring-role", Text),
    key("instances.performance-insights", Flag),
    key("instances.auto-minor-version-upgrade", Flag),
    key("instances.ca-certificate", Text),
    key("instances.maintenance-window", Text),
    key("instances.tags", Map),
    key("secrets.master", Text),
    key("secrets.users", Text),
    key("secrets.source-master", Text),
    key("secrets.store", Word(&["file", "secrets-manager"])),
    key("secrets.directory", Text),
    key("users.schemas", List),
    key("users.keep-logins", List),
    key("verification.tables-min", Integer),
    key("verification.databases", List),
    key("verification.integrity", Word(&["none", "indexes", "indexes-and-heap"])),
    key("verification.checks", Checks),
    key("archive.copies", Word(&["delete", "keep", "keep-last"])),
    key("archive.keep-last", Integer),
    key("retirement.retain-old", Duration),
    key("retirement.final-snapshot", Word(&["take", "skip"])),
    key("limits.copy", Duration),
    key("limits.restore", Duration),
    key("limits.instances", Duration),
    key("limits.step", Duration),
    key("limits.attempts-max", Integer),
    key("limits.poll", Duration),
    key("aws.rds-endpoint", Text),
    key("aws.sts-endpoint", Text),
    key("aws.http-hosts", List),
    key("aws.target.profile", Text),
    key("aws.target.keys-secret", Text),
    key("aws.target.role", Text),
    key("aws.target.external-id", Text),
    key("aws.target.session-name", Text),
    key("aws.target.account", Text),
    key("aws.source.profile", Text),
    key("aws.source.keys-secret", Text),
    key("aws.source.role", Text),
    key("aws.source.external-id", Text),
    key("aws.source.session-name", Text),
    key("aws.source.account", Text),
    key("database.ca-certificate", Text),
    key("database.connect-timeout", Duration),
    key("database.statement-timeout", Duration),
    key("database.counting-budget", Duration),
    key("database.integrity-budget", Duration),
    key("journal.store", Word(&["file", "tables"])),
    key("journal.path", Text),
    key("journal.state-table", Text),
    key("journal.audit-table", Text),
    key("journal.state-retention", Duration),
    key("journal.audit-retention", Duration),
    key("notify.channel", Word(&["console", "sns", "none"])),
    key("notify.topic", Text),
    key("notify.users-dependents", Map),
    key("notify.master-dependents", Map),
];

/// The key of that path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Whether the path is a table that holds keys.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// The key whose name is nearest to what was written.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let by_path = crate::did_you_mean(path, KEYS.iter().map(|key| key.path));
    // A key in the wrong section: `strategy` at the top, `kms-key` under `[target]`.
    let leaf = path.rsplit('.').next().unwrap_or(path);
    by_path.or_else(|| KEYS.iter().find(|key| key.path.rsplit('.').next() == Some(leaf)).map(|key| key.path))
}

/// The environment variable of a key.
pub(super) fn variable(path: &str) -> String {
    format!("AURORA_RESTORE_{}", path.replace(['.', '-'], "_").to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_has_an_environment_variable_of_its_own() {
        let variables: BTreeSet<String> = KEYS.iter().map(|key| variable(key.path)).collect();
        assert_eq!(variables.len(), KEYS.len());
    }

    #[test]
    fn a_key_in_the_wrong_section_is_found_by_its_name() {
        assert_eq!(nearest("restore.kms-key"), Some("copy.kms-key"));
        assert_eq!(nearest("target.clutser"), Some("target.cluster"));
    }
}
