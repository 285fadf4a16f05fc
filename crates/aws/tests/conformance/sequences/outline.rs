//! What can be compared with somebody else's reading of the documentation: meanings, names and the main settings, not
//! texts, ids and times.

use aurora_restore_core::ports::{Cluster, Instance, Snapshot};
use aurora_restore_testing::sequences::Answer;

/// The outline of an answer.
pub(super) fn outline(answer: &Answer) -> String {
    match answer {
        Answer::Refused(error) => format!("refused: {:?}", error.kind),
        Answer::Cluster(found) => cluster(found),
        Answer::Clusters(found) => lines(found, cluster),
        Answer::Instance(found) => instance(found),
        Answer::Instances(found) => lines(found, instance),
        Answer::Snapshot(found) => snapshot(found),
        // Automated snapshots are named after the day, and the two live in different years.
        Answer::Snapshots(found) => {
            let manual: Vec<Snapshot> =
                found.iter().filter(|found| !found.id.as_str().contains(':')).cloned().collect();
            lines(&manual, snapshot)
        }
        Answer::SharedWith(accounts) => {
            let mut accounts = accounts.clone();
            accounts.sort();
            format!("shared with {accounts:?}")
        }
        other => format!("{other:#?}"),
    }
}

fn lines<T>(found: &[T], one: impl Fn(&T) -> String) -> String {
    let mut lines: Vec<String> = found.iter().map(one).collect();
    lines.sort();
    lines.join("\n")
}

fn cluster(found: &Cluster) -> String {
    let mut members: Vec<&str> = found.members.iter().map(|member| member.instance.as_str()).collect();
    members.sort_unstable();
    format!(
        "cluster {}: {}, {}, members {members:?}, encrypted {}, protected {:?}, retention {:?}, tags {:?}",
        found.id,
        found.status.word(),
        found.engine,
        found.encrypted,
        found.settings.deletion_protection,
        found.settings.backup_retention_days,
        found.tags
    )
}

fn instance(found: &Instance) -> String {
    format!(
        "instance {}: {}, of {:?}, class {:?}, tags {:?}",
        found.id,
        found.status.word(),
        found.cluster.as_ref().map(ToString::to_string),
        found.settings.class,
        found.tags
    )
}

fn snapshot(found: &Snapshot) -> String {
    format!(
        "snapshot {}: {}, {:?}, of {}, {}, encrypted {}, tags {:?}",
        found.id,
        found.status.word(),
        found.kind,
        found.cluster,
        found.engine,
        found.encrypted,
        found.tags
    )
}
