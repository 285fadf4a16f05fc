//! The reference names what there is, and nothing else.

use std::path::Path;

use aurora_restore_sandbox::model::call::Action;

#[test]
fn the_reference_lists_every_action() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/sandbox-api.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("## Actions").unwrap();
    let (list, _) = section.split_once("; and").unwrap();
    let mut listed: Vec<&str> = list.split(',').map(str::trim).collect();
    let mut known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}
