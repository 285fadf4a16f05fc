//! Whole restores without trouble: the world is exactly as the plan says.

use aurora_restore_core::operation::Status;
use aurora_restore_testing::scenario::{Scenario, Stage};

const NEW: &str = "shop.customers:20000,shop.orders:180000";

#[test]
fn a_swap_puts_the_new_cluster_under_the_name_and_keeps_the_old_one() {
    let scenario = Scenario::new(Stage::default());
    let (status, _) = scenario.run("op-1", scenario.swap()).unwrap();
    assert_eq!(status, Status::Completed);
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}
