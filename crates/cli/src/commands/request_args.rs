//! The flags that say what to restore, as keys of the configuration. Shared by `plan` and `run`.

use aurora_restore_app::config::FlagValue;
use clap::Args;

/// What to restore. What is not given is taken from the configuration.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What to restore (goes before the configuration)")]
pub(crate) struct RequestArgs {
    /// The name that clients use: target.cluster
    #[arg(long, value_name = "CLUSTER")]
    target: Option<String>,

    /// How the name comes to the new cluster: restore.strategy (swap, side-by-side, replace)
    #[arg(long, value_name = "STRATEGY")]
    strategy: Option<String>,

    /// One snapshot, by name or ARN: source.snapshot
    #[arg(long, value_name = "SNAPSHOT", group = "selector")]
    snapshot: Option<String>,

    /// The newest available snapshot of a cluster: source.latest-of
    #[arg(long, value_name = "CLUSTER", group = "selector")]
    latest_of: Option<String>,

    /// The snapshot named PREFIX-DATE, with --date: source.prefix
    #[arg(long, value_name = "PREFIX", group = "selector")]
    prefix: Option<String>,

    /// The day for the prefix, as YYYY-MM-DD (UTC), today or yesterday: source.date
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

impl RequestArgs {
    /// As keys of the configuration.
    pub(crate) fn flags(&self) -> Vec<FlagValue> {
        [
            ("--target", "target.cluster", &self.target),
            ("--strategy", "restore.strategy", &self.strategy),
            ("--snapshot", "source.snapshot", &self.snapshot),
            ("--latest-of", "source.latest-of", &self.latest_of),
            ("--prefix", "source.prefix", &self.prefix),
            ("--date", "source.date", &self.date),
        ]
        .into_iter()
        .filter_map(|(flag, path, text)| {
            Some(FlagValue { flag: flag.to_owned(), path: path.to_owned(), text: text.clone()? })
        })
        .collect()
    }

    /// Whether any was given.
    pub(crate) fn any(&self) -> bool {
        !self.flags().is_empty()
    }
}
