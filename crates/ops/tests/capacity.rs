//! How tables are paid for and which indexes they have, changed over tables that live in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use aurora_restore_ops::{
    OpsError,
    capacity::{self, CapacityChange},
    indexes::{self, IndexChange, IndexFinding},
    ports::{Billing, IndexShape, Projection, Scaling, Tables as _},
};
use aurora_restore_testing::table_settings::MemoryTables;

const TABLE: &str = "states";

async fn set(tables: &MemoryTables, change: CapacityChange) -> bool {
    let plan = capacity::plan(tables, TABLE, change).await.unwrap();
    capacity::apply(tables, &plan).await.unwrap();
    plan.is_empty()
}

fn shape(name: &str, hash: &str) -> IndexShape {
    IndexShape { name: name.to_owned(), hash: hash.to_owned(), range: None, projection: Projection::All }
}

#[tokio::test(start_paused = true)]
async fn a_table_goes_from_every_way_to_every_other_and_is_left_where_it_is_so() {
    let scaled = CapacityChange::Scaled(Scaling { least: 5, most: 50 });
    let provisioned = CapacityChange::Provisioned { read: 10, write: 20 };
    let tables = MemoryTables::default();
    tables.add(TABLE, &[]);
    let ways = [CapacityChange::OnDemand, provisioned, scaled];
    for from in ways {
        for to in ways {
            set(&tables, from).await;
            set(&tables, to).await;
            assert!(set(&tables, to).await, "{from:?} to {to:?} is done once");
            let billing = tables.settings(TABLE).await.unwrap().unwrap().billing;
            let scaling = tables.scaling(TABLE).await.unwrap();
            match to {
                CapacityChange::OnDemand => assert_eq!((billing, scaling), (Billing::OnDemand, None)),
                CapacityChange::Provisioned { read, write } => {
                    assert_eq!((billing, scaling), (Billing::Provisioned { read, write }, None));
                }
                CapacityChange::Scaled(bounds) => {
                    assert!(matches!(billing, Billing::Provisioned { .. }));
                    assert_eq!(scaling, Some(bounds));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_grows_by_itself_does_not_before_it_gets_a_capacity() {
    let tables = MemoryTables::default();
    tables.add(TABLE, &[]);
    set(&tables, CapacityChange::Scaled(Scaling { least: 5, most: 50 })).await;
    set(&tables, CapacityChange::OnDemand).await;
    let changes = tables.changes();
    assert_eq!(changes[changes.len() - 2..], ["scale states None", "pay states OnDemand"]);
    let missing = capacity::plan(&tables, "nobody", CapacityChange::OnDemand).await.unwrap_err();
    assert!(matches!(missing, OpsError::NoTable { .. }), "{missing}");
}

#[tokio::test(start_paused = true)]
async fn indexes_are_told_apart_and_mended_one_after_the_other() {
    let needed = [shape("by-status", "status"), shape("by-kind", "kind")];
    let tables = MemoryTables::default();
    tables.add(TABLE, &[shape("by-kind", "operation_id"), shape("of-somebody", "owner")]);
    let findings = indexes::review(&tables, TABLE, &needed).await.unwrap();
    assert_eq!(
        findings,
        [
            IndexFinding::Missing { index: needed[0].clone() },
            IndexFinding::Other { needed: needed[1].clone(), found: shape("by-kind", "operation_id") },
            IndexFinding::Unused { index: shape("of-somebody", "owner") },
        ]
    );
    let all = indexes::changes(&findings, true);
    assert_eq!(all.last(), Some(&IndexChange::Delete { name: "of-somebody".to_owned() }));
    for change in indexes::changes(&findings, false) {
        indexes::apply(&tables, TABLE, &change).await.unwrap();
    }
    assert_eq!(tables.changes(), ["make by-status", "delete by-kind", "make by-kind"]);
    let findings = indexes::review(&tables, TABLE, &needed).await.unwrap();
    let needed_now = findings.iter().filter(|finding| matches!(finding, IndexFinding::Needed { is_ready: true, .. }));
    assert_eq!(needed_now.count(), 2);
    assert_eq!(indexes::changes(&findings, false), [], "what is somebody's own is left");
}
