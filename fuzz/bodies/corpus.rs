//! The checked-in inputs of a target, for its test.

use std::{env, fs, path::Path};

/// Runs a target over each of its inputs.
pub(crate) fn run_over(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    for input in inputs {
        let bytes = fs::read(&input).unwrap();
        // A body that panics does not know which input it has.
        if let Err(panic) = std::panic::catch_unwind(|| body(&bytes)) {
            let told = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("{}: {told}", input.display());
        }
    }
}
