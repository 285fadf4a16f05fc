//! What is there afterwards: in the sandbox, in the journal, and the two ends that a restore may have.

use aurora_restore_sandbox::model::inventory::PlaceInventory;
use serde_json::Value;

use super::{APP, FORGOTTEN, PRODUCTION, PRODUCTION_MASTER, READER, STAGING, STAGING_MASTER, World};

impl World {
    /// The newest operation's report.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.run(&["--json", "report", "latest"]).with_code(0).out).unwrap()
    }

    /// The newest operation's status and the step that it is in; nothing before there is one.
    pub(crate) fn standing(&self) -> Option<(String, Option<String>)> {
        let ended = self.run(&["--json", "report", "latest"]);
        let report: Value = serde_json::from_str(&ended.out).ok()?;
        let step = report["timeline"].as_array()?.iter().find(|step| step["status"] == "started");
        let step = step.map(|step| step["step"].as_str().unwrap().to_owned());
        Some((report["status"].as_str()?.to_owned(), step))
    }

    pub(crate) fn inventory(&self) -> Vec<PlaceInventory> {
        self.runtime.block_on(self.client.inventory()).unwrap()
    }

    /// Names of the clusters in a place.
    pub(crate) fn clusters(&self, place: (&str, &str)) -> Vec<String> {
        self.of_place(place)
            .map(|found| found.clusters.into_iter().map(|cluster| cluster.name).collect())
            .unwrap_or_default()
    }

    /// Names of the snapshots in a place.
    pub(crate) fn snapshots(&self, place: (&str, &str)) -> Vec<String> {
        self.of_place(place).map(|found| found.snapshots.into_iter().map(|one| one.name).collect()).unwrap_or_default()
    }

    pub(super) fn of_place(&self, place: (&str, &str)) -> Option<PlaceInventory> {
        self.inventory().into_iter().find(|found| (found.account.as_str(), found.region.as_str()) == place)
    }

    /// The restore has arrived: the name serves production's rows, and nothing of the way there is left.
    #[track_caller]
    pub(crate) fn assert_swapped(&self) {
        let wanted = self.content(PRODUCTION, "production", PRODUCTION_MASTER);
        assert_eq!(self.content(STAGING, "staging", STAGING_MASTER), wanted);
        let clusters = self.clusters(STAGING);
        assert_eq!(clusters.len(), 2, "the target and the retired cluster: {clusters:?}");
        assert!(clusters.iter().any(|name| name.starts_with("staging-old-")), "{clusters:?}");
        assert_eq!(self.snapshots(STAGING), Vec::<String>::new(), "no copy is left");
        assert!(self.snapshots(PRODUCTION).iter().all(|name| name.starts_with("rds:")), "no copy is left");
        assert!(self.gets_in("staging", APP) && self.gets_in("staging", READER));
        assert!(!self.gets_in("staging", FORGOTTEN) && !self.gets_in("staging", PRODUCTION_MASTER));
    }

    /// Nothing has happened to staging, and nothing of ours is left anywhere.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(self.note(STAGING, "staging", APP), "stale");
        self.wait_for("the end of what was being deleted", || (self.clusters(STAGING) == ["staging"]).then_some(()));
        assert_eq!(self.snapshots(STAGING), Vec::<String>::new(), "no copy is left");
        assert!(self.snapshots(PRODUCTION).iter().all(|name| name.starts_with("rds:")), "no copy is left");
    }
}
