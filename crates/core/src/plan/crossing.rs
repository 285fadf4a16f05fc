//! From which Region to which a snapshot can come at all, whatever keys and shares say.

use crate::{
    catalogue::ErrorCode,
    ids::Region,
    plan::{Finding, Severity},
};

/// A part of AWS with accounts of its own, which nothing but the internet connects to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Partition {
    Commercial,
    China,
    GovCloud,
    Isolated,
}

impl Partition {
    fn of(region: &Region) -> Self {
        let region = region.as_str();
        if region.starts_with("cn-") {
            Self::China
        } else if region.starts_with("us-gov-") {
            Self::GovCloud
        } else if region.contains("-iso") {
            Self::Isolated
        } else {
            Self::Commercial
        }
    }
}

/// What stands in the way of a snapshot from one Region to another, besides keys and shares.
pub(super) fn crossing(from: &Region, to: &Region) -> Option<Finding> {
    let finding = |code, severity, message, hint: String| Finding { code, severity, message, hint: Some(hint) };
    if from == to {
        return None;
    }
    match (Partition::of(from), Partition::of(to)) {
        (one, other) if one != other => Some(finding(
            ErrorCode::SnapshotAccess,
            Severity::Refusal,
            format!("a snapshot in {from} cannot come to {to}: they are of different partitions of AWS"),
            "No snapshot crosses partitions: choose a source in the target's partition, or dump and load the data."
                .to_owned(),
        )),
        // Everywhere else RDS makes the request to the other Region by itself.
        (Partition::GovCloud | Partition::Isolated, _) => Some(finding(
            ErrorCode::SnapshotAccess,
            Severity::Refusal,
            format!("a copy from {from} to {to} needs a pre-signed URL, which is not made here"),
            format!(
                "Copy the snapshot with `aws rds copy-db-cluster-snapshot --region {to} --source-region {from}`, then \
                 restore from the copy."
            ),
        )),
        (Partition::China, _) => Some(finding(
            ErrorCode::SnapshotAccess,
            Severity::Warning,
            format!("RDS may refuse a copy from {from} to {to}: cluster snapshots did not cross Regions in China"),
            "If it is refused, nothing is left behind; restore in the snapshot's own Region then.".to_owned(),
        )),
        (Partition::Commercial, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_kept_from_a_region_that_it_cannot_come_to() {
        let told = |from: &str, to: &str| {
            let finding = crossing(&Region::new(from).unwrap(), &Region::new(to).unwrap());
            finding.map(|finding| (finding.severity, finding.message, finding.hint.unwrap_or_default()))
        };
        assert_eq!(told("eu-west-1", "us-east-1"), None);
        assert_eq!(told("us-gov-west-1", "us-gov-west-1"), None);
        for (from, to) in
            [("us-east-1", "us-gov-west-1"), ("cn-north-1", "ap-southeast-1"), ("us-iso-east-1", "us-east-1")]
        {
            let (severity, message, _) = told(from, to).unwrap();
            assert!(severity == Severity::Refusal && message.contains("different partitions"), "{message}");
        }
        let (severity, message, hint) = told("us-gov-west-1", "us-gov-east-1").unwrap();
        assert!(severity == Severity::Refusal && message.contains("pre-signed URL"), "{message}");
        assert!(hint.contains("--region us-gov-east-1 --source-region us-gov-west-1"), "{hint}");
        assert_eq!(told("cn-north-1", "cn-northwest-1").unwrap().0, Severity::Warning);
    }
}
