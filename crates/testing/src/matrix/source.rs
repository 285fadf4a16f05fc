//! The kinds of source that a restore can have, each with the stage on which it exists.

use aurora_restore_core::{
    ids::ClusterId,
    ports::{Clock, SnapshotAddress, SnapshotKind},
    request::{CopyRoute, Request, SourceSelector, Strategy},
};
use jiff::SignedDuration;

use crate::scenario::{
    Access, Encryption, FRANKFURT, IRELAND, PROD, SOURCE_CLUSTER, SOURCE_SNAPSHOT, STAGING, Scenario, Stage, TargetIs,
    snapshot_arn,
};

/// Where AWS Backup's snapshot gets its name from.
const BACKUP_SNAPSHOT: &str = "awsbackup:job-5c0ffee0-1111-4222-8333-444444444444";
/// The day that the stage's manual snapshot is named after.
const DAY: &str = "2026-11-21";
/// The day on which the stage's automated snapshot was taken.
const DAY_BEFORE: &str = "2026-11-20";

macro_rules! sources {
    ($($variant:ident = $text:literal;)*) => {
        /// A kind of source.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is told by its text")]
        pub enum SourceKind { $($variant,)* }

        impl SourceKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What it is.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

sources! {
    SnapshotById = "snapshot by id";
    SnapshotByArn = "snapshot by ARN";
    SharedByArn = "shared snapshot by ARN";
    ByDate = "by date";
    AutomatedByDate = "by date, automated";
    LatestManual = "latest, manual";
    LatestAutomated = "latest, automated";
    LatestShared = "latest, shared";
    LatestOfBackup = "latest, AWS Backup";
    PointInTime = "point in time";
    Clone = "clone";
    OtherRegion = "other Region";
    OtherAccount = "other account";
    OtherBoth = "other account and Region";
    OtherBothTwoHops = "… in two hops";
    OtherBothDefaultKey = "… under the default key";
    OtherBothAutomated = "… automated";
}

impl SourceKind {
    /// The stage on which it exists.
    pub fn stage(self, target: TargetIs) -> Scenario {
        let base = Stage::default().with_target(target);
        let sealed = Stage { encryption: Encryption::CustomerKey, ..base };
        let scenario = Scenario::new(match self {
            Self::SharedByArn | Self::LatestShared => {
                Stage { source_account: PROD, access: Access::SharedOnly, ..sealed }
            }
            Self::OtherRegion => Stage { source_account: STAGING, source_region: IRELAND, ..sealed },
            Self::OtherAccount => Stage { source_account: PROD, source_region: FRANKFURT, ..sealed },
            Self::OtherBoth | Self::OtherBothTwoHops | Self::OtherBothAutomated => Stage::across().with_target(target),
            Self::OtherBothDefaultKey => {
                Stage { encryption: Encryption::DefaultKey, ..Stage::across().with_target(target) }
            }
            Self::SnapshotById
            | Self::SnapshotByArn
            | Self::ByDate
            | Self::AutomatedByDate
            | Self::LatestManual
            | Self::LatestAutomated
            | Self::LatestOfBackup
            | Self::PointInTime
            | Self::Clone => base,
        });
        if self == Self::LatestOfBackup {
            scenario.seed_snapshot(Some(BACKUP_SNAPSHOT), SignedDuration::from_mins(10));
        }
        scenario
    }

    /// The request for it on its stage.
    pub fn request(self, scenario: &Scenario, strategy: Strategy) -> Request {
        let mut request = scenario.request(strategy, self.selector(scenario));
        if self == Self::OtherBothTwoHops {
            request.copy.route = CopyRoute::TwoHops;
        }
        request
    }

    fn selector(self, scenario: &Scenario) -> SourceSelector {
        let cluster: ClusterId = SOURCE_CLUSTER.parse().expect("a constant that is an identifier");
        let latest = |kind| SourceSelector::LatestOf { cluster: cluster.clone(), kinds: vec![kind] };
        let arn =
            || SourceSelector::Snapshot(SnapshotAddress::Arn(snapshot_arn(&scenario.source_place(), SOURCE_SNAPSHOT)));
        let of_day = |day: &str| {
            let date = day.parse().expect("a constant that is a day");
            SourceSelector::ByDate { prefix: SOURCE_CLUSTER.to_owned(), date }
        };
        match self {
            Self::SnapshotById
            | Self::OtherRegion
            | Self::OtherAccount
            | Self::OtherBoth
            | Self::OtherBothTwoHops
            | Self::OtherBothDefaultKey => SourceSelector::Snapshot(scenario.snapshot()),
            Self::SnapshotByArn | Self::SharedByArn => arn(),
            Self::ByDate => of_day(DAY),
            Self::AutomatedByDate => of_day(DAY_BEFORE),
            Self::LatestManual | Self::LatestOfBackup => latest(SnapshotKind::Manual),
            Self::LatestAutomated | Self::OtherBothAutomated => latest(SnapshotKind::Automated),
            Self::LatestShared => latest(SnapshotKind::Shared),
            Self::PointInTime => {
                let at = Some(scenario.clock.now() - SignedDuration::from_hours(1));
                SourceSelector::PointInTime { cluster, at }
            }
            Self::Clone => SourceSelector::Clone { cluster },
        }
    }
}
