//! What is measured is measured of whole copies, and leaves nothing behind.

use std::fs;

use aurora_restore_sandbox::postgres::bench::measure_copies;
use aurora_restore_sandbox::postgres::{DataPlaneOptions, EndpointPorts};

use crate::harness::reachable_directory;

const FILLING: u64 = 16 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_measured_of_a_filled_cluster_which_is_gone_afterwards() {
    let root = reachable_directory();
    let data = root.path().join("data");
    let options = DataPlaneOptions { ports: EndpointPorts::Any, ..DataPlaneOptions::new(&data) };
    let bench = measure_copies(&options, FILLING, 2).await.unwrap();
    assert!(bench.data_bytes > FILLING, "{bench:?}");
    assert_eq!(bench.rounds.len(), 2);
    assert!(bench.image_ratio() > 0.0 && bench.restore_ratio() > 0.0, "{bench:?}");
    for kind in ["volumes", "images"] {
        let left = fs::read_dir(data.join(kind)).unwrap().count();
        assert_eq!(left, 0, "{kind} are left");
    }
}
