//! The `aurora-restore` command.

fn main() {}
