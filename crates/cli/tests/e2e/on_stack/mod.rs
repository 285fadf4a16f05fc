//! On AWS, as far as one machine can show it: the real command deploys the real template with the real package to MiniStack,
//! whose functions restore real databases in the sandbox.

mod backups;
mod batches;
mod changes;
mod drills;
mod executions;
mod functions;
mod old_versions;
mod on_moto;
mod restores;
mod reviews;
mod rotations;
mod schedules;
mod source_account;
mod stage;
mod trouble;

use stage::OnStack;
