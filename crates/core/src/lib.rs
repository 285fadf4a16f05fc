//! The domain of aurora-restore: requests, plans, operations, the journal, the engine and its steps; no I/O.
