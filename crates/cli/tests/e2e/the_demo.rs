//! The demo: twice in a row with the same end, and nothing is left after its cleaning.

use serde_json::Value;

use crate::support::{Ended, directory, program};

fn demo(arguments: &[&str]) -> Ended {
    program().arg("demo").args(arguments).output().unwrap().into()
}

#[test]
fn it_ends_the_same_twice_in_a_row_and_leaves_nothing_when_cleaned() {
    let directory = directory();
    let place = directory.path().join("demo");
    let place = place.to_str().unwrap();
    for more in [None, Some("--keep")] {
        let arguments = [&["--dir", place, "--json"], more.as_slice()].concat();
        let ended = demo(&arguments).with_code(0);
        let summary: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(summary["status"], "COMPLETED");
        assert_eq!(summary["client"]["wrong_answers"], 0);
        assert_ne!(summary["before"], summary["after"]);
        for table in summary["tables"].as_array().unwrap() {
            assert_eq!(table["production"], table["staging"], "{table}");
        }
        for login in summary["logins"].as_array().unwrap() {
            assert_eq!(login["holds"], true, "{login}");
        }
        assert!(std::path::Path::new(summary["report"].as_str().unwrap()).exists());
    }
    demo(&["--dir", place, "--clean"]).with_code(0);
    assert!(!std::path::Path::new(place).exists());
}
