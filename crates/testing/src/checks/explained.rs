//! Which differences between two worlds the operation's own journal explains: what an abandoned step left, what an undo says
//! that it keeps, what a person dealt with. Nothing else, and never the target itself.

use std::collections::BTreeMap;

use aurora_restore_core::{
    operation::{Operation, StepStatus},
    steps::left_by,
};

/// What is explained.
pub(super) struct Explained {
    /// The name that nothing explains.
    target: String,
    /// What abandoned steps left.
    left: Vec<String>,
    /// What undos keep: snapshots only.
    kept: Vec<String>,
    /// What a person has left, where one has: it may differ in every way, and be under the target's name, too.
    waived: Vec<String>,
}

impl Explained {
    /// By the journal of an operation.
    pub(super) fn by(operation: &Operation) -> Self {
        let abandoned = operation.steps.iter().filter(|step| step.status == StepStatus::Abandoned);
        let undone = operation.steps.iter().filter(|step| step.status == StepStatus::Undone);
        Self {
            target: operation.request.target.cluster.to_string(),
            left: abandoned.flat_map(|step| left_by(step.kind, operation)).collect(),
            kept: undone.filter_map(|step| step.note.clone()).filter(|note| keeps(note)).collect(),
            waived: Vec::new(),
        }
    }

    /// And by what a person has left.
    pub(super) fn and_waived(self, waived: Vec<String>) -> Self {
        Self { waived, ..self }
    }

    /// The differences that are not explained. A thing that is explained counts in its quota, and nothing else does.
    pub(super) fn not_explained(&self, differences: &[String]) -> Vec<String> {
        let (quotas, things): (Vec<&String>, Vec<&String>) =
            differences.iter().partition(|line| line.starts_with("quota "));
        let (explained, mut others): (Vec<&String>, Vec<&String>) =
            things.into_iter().partition(|line| self.explains(line));
        let counted = more_of_each_quota(&explained);
        others.extend(quotas.into_iter().filter(|line| {
            let more = quota_of(line).and_then(|(quota, _)| counted.get(&quota).copied()).unwrap_or(0);
            quota_of(line).is_none_or(|(_, found)| found != more)
        }));
        others.into_iter().cloned().collect()
    }

    fn explains(&self, line: &str) -> bool {
        let Some(name) = line.split(' ').nth(1).and_then(|thing| thing.trim_end_matches(':').rsplit('/').next()) else {
            return false;
        };
        let names = |texts: &[String]| texts.iter().any(|text| text.split([' ', ',', ';']).any(|word| word == name));
        if names(&self.waived) {
            return true;
        }
        let is_snapshot = line.starts_with("snapshot ");
        let is_whole = line.ends_with(MORE) || line.ends_with(LESS);
        name != self.target && (is_snapshot && names(&self.kept) || (is_snapshot || is_whole) && names(&self.left))
    }
}

/// Whether the note of an undo says that something is kept. Others say that something is gone, or as it was.
pub(super) fn keeps(note: &str) -> bool {
    note.contains("stays") || note.starts_with("dealt with")
}

/// How a view says that there is more or less than there should be.
const MORE: &str = " is too many";
const LESS: &str = " is missing";
/// What counts in which quota.
const QUOTAS: [(&str, &str); 3] =
    [("cluster", "DBClusters"), ("instance", "DBInstances"), ("snapshot", "ManualClusterSnapshots")];

/// By how much these differences change each quota: `ACCOUNT/REGION/QUOTA`.
fn more_of_each_quota(explained: &[&String]) -> BTreeMap<String, i64> {
    let mut counted = BTreeMap::new();
    for line in explained {
        let mut words = line.split(' ');
        let (Some(kind), Some(thing)) = (words.next(), words.next()) else { continue };
        let quota = QUOTAS.iter().find(|(of, _)| *of == kind).map(|(_, quota)| *quota);
        let (Some(quota), Some((place, _))) = (quota, thing.rsplit_once('/')) else { continue };
        let change = i64::from(line.ends_with(MORE)) - i64::from(line.ends_with(LESS));
        *counted.entry(format!("{place}/{quota}")).or_default() += change;
    }
    counted
}

/// Which quota a difference is about, and by how much it is more than it should be.
fn quota_of(line: &str) -> Option<(String, i64)> {
    let (quota, rest) = line.strip_prefix("quota ")?.split_once(": used should be ")?;
    let (wanted, found) = rest.split_once(" and is ")?;
    Some((quota.to_owned(), found.parse::<i64>().ok()? - wanted.parse::<i64>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained() -> Explained {
        Explained {
            target: "staging".to_owned(),
            left: vec!["snapshot copy prod-copy, left for good".to_owned()],
            kept: vec!["staging is restored from staging-final, which stays".to_owned()],
            waived: Vec::new(),
        }
    }

    fn others(differences: &[&str]) -> Vec<String> {
        let differences: Vec<String> = differences.iter().map(|line| (*line).to_owned()).collect();
        explained().not_explained(&differences)
    }

    #[test]
    fn what_is_told_to_be_left_is_explained_with_its_place_in_the_quota() {
        let left = ["snapshot 1/eu/prod-copy is too many", "snapshot 1/eu/staging-final is too many"];
        let quota = "quota 1/eu/ManualClusterSnapshots: used should be 3 and is 5";
        assert_eq!(others(&[left[0], left[1], quota]), Vec::<String>::new());
        // One more than is explained.
        assert_eq!(others(&[left[0], quota]), [quota]);
        assert_eq!(others(&[left[0], "quota 1/eu/DBClusters: used should be 3 and is 4"]).len(), 1);
        assert_eq!(others(&[left[0], "quota 1/us/ManualClusterSnapshots: used should be 0 and is 1"]).len(), 1);
    }

    #[test]
    fn a_cluster_that_an_undo_left_behind_and_a_target_that_is_gone_are_never_explained() {
        for line in [
            "cluster 1/eu/staging-new is too many",
            "instance 1/eu/staging-new-1 is too many",
            "cluster 1/eu/staging is missing",
            "cluster 1/eu/staging: status should be available and is stopped",
            "cluster 1/eu/staging-final is too many",
        ] {
            assert_eq!(others(&[line]), [line]);
        }
        assert!(!keeps("cluster staging-new is gone") && !keeps("staging is cluster-ABC again"));
    }

    #[test]
    fn a_person_may_leave_what_bears_the_name() {
        let waived = explained().and_waived(vec!["staging".to_owned(), "staging-new".to_owned()]);
        let lines = ["cluster 1/eu/staging is missing", "cluster 1/eu/staging-new is too many"].map(str::to_owned);
        assert_eq!(waived.not_explained(&lines), Vec::<String>::new());
    }
}
