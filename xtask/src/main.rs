//! Repository chores: generate, check, bench.

fn main() {}
