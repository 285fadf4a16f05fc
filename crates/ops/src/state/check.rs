//! One operation, proven: its chain, its replay, and its item against what the entries say.

use aurora_restore_core::{
    ids::OperationId,
    journal::{JournalRefusal, SealedEntry, StateItem, replay},
    operation::{Operation, Phase},
    ports::{Journal, JournalError, TargetKey},
};

use super::{Finding, Kind, patience::patiently, rebuild::is_unfinished};

/// How often an operation that moves is looked at again.
const LOOKS_MAX: usize = 5;

/// What became of a look at an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The operation, if its entries can be replayed.
    pub operation: Option<Operation>,
    /// The state that it was compared with: the newest one.
    pub state: StateItem,
    /// Its entries, as they are stored.
    pub entries: Vec<SealedEntry>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Proves one operation whose item was read as `state`. `None` where it was forgotten meanwhile.
///
/// # Errors
/// Where the journal cannot be read.
pub async fn check_operation(journal: &dyn Journal, state: &StateItem) -> Result<Option<Checked>, JournalError> {
    let id = &state.operation_id;
    let mut state = state.clone();
    let mut looks = 0;
    // Bounded by the number of looks.
    loop {
        looks += 1;
        let checked = match patiently(|| journal.entries(id, 0)).await {
            Ok(entries) => compared(state.clone(), entries),
            Err(JournalError::Refused { reason, .. }) => Checked {
                operation: None,
                entries: Vec::new(),
                findings: vec![Finding::of(Kind::BrokenChain, id, reason)],
                state: state.clone(),
            },
            Err(JournalError::UnknownOperation { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if checked.findings.is_empty() || looks == LOOKS_MAX {
            return Ok(Some(checked));
        }
        // The item may be older than the entries: it was read from an index, or somebody appended meanwhile.
        let newer = match patiently(|| journal.state(id)).await {
            Ok(newer) => newer,
            Err(JournalError::UnknownOperation { .. }) => return Ok(None),
            Err(JournalError::Refused { .. }) => return Ok(Some(checked)),
            Err(error) => return Err(error),
        };
        if same_but_for_progress(&newer, &state) {
            return Ok(Some(checked));
        }
        state = newer;
    }
}

fn same_but_for_progress(one: &StateItem, other: &StateItem) -> bool {
    *one == StateItem { progress: one.progress.clone(), ..other.clone() }
}

fn compared(state: StateItem, entries: Vec<SealedEntry>) -> Checked {
    let id = &state.operation_id;
    let (operation, findings) = match replay(&entries) {
        Ok((operation, _)) => {
            let findings = altered(&state, &operation).into_iter().collect();
            (Some(operation), findings)
        }
        Err(refusal) => (None, vec![Finding::of(kind_of(&refusal), id, refusal.to_string())]),
    };
    Checked { operation, state, entries, findings }
}

fn kind_of(refusal: &JournalRefusal) -> Kind {
    match refusal {
        JournalRefusal::Empty => Kind::Orphaned,
        JournalRefusal::Gap { .. }
        | JournalRefusal::Cut { .. }
        | JournalRefusal::BrokenChain { .. }
        | JournalRefusal::Altered { .. }
        | JournalRefusal::Foreign { .. } => Kind::BrokenChain,
        JournalRefusal::Unreadable { .. } => Kind::Unreadable,
        JournalRefusal::Illegal { .. } => Kind::Impossible,
    }
}

/// A chain that was cut at its end is a valid one, and an item that was set by hand is a valid item: each shows beside the
/// other.
fn altered(state: &StateItem, operation: &Operation) -> Option<Finding> {
    let id = &state.operation_id;
    if operation.id != *id {
        return Some(Finding::of(
            Kind::BrokenChain,
            id,
            format!("its entries are those of operation {}", operation.id),
        ));
    }
    if operation.sequence < state.sequence {
        let cut = JournalRefusal::Cut { newest: state.sequence, found: operation.sequence };
        return Some(Finding::of(Kind::BrokenChain, id, cut.to_string()));
    }
    let said = StateItem::of(operation, &target_key(operation, &state.target_key.account));
    let differences = differences(state, &said);
    if differences.is_empty() {
        return None;
    }
    let evidence = differences.join("; ");
    // Nothing is appended to what has ended, and an append is on condition of the number.
    if matches!(operation.phase, Phase::Ended(_)) || state.sequence != said.sequence {
        return Some(Finding::of_item_to_rebuild(id, evidence, rebuild_of(operation, &said)));
    }
    Some(Finding::of(Kind::AlteredState, id, evidence))
}

/// What writes the item of an operation anew once it is gone, with as little else as there can be.
fn rebuild_of(operation: &Operation, said: &StateItem) -> String {
    let mut command = "state rebuild".to_owned();
    if is_unfinished(said) {
        command.push_str(" --unfinished");
    }
    if operation.facts.plan.is_none() {
        command.push_str(&format!(" --account {}", said.target_key.account));
    }
    command
}

/// The target as the entries say it. The account stands in the plan; before there is one nothing was changed anywhere, and this one
/// is taken.
pub(super) fn target_key(operation: &Operation, account: &str) -> TargetKey {
    let target = &operation.request.target;
    match &operation.facts.plan {
        Some(plan) => plan.target_key.clone(),
        None => {
            TargetKey { account: account.to_owned(), region: target.region.clone(), cluster: target.cluster.clone() }
        }
    }
}

/// What the item says otherwise than the entries. The line of progress and the time of expiry are in no entry.
fn differences(item: &StateItem, said: &StateItem) -> Vec<String> {
    fn time(at: Option<jiff::Timestamp>) -> String {
        at.map_or_else(|| "none".to_owned(), |at| at.to_string())
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let step = |item: &StateItem| item.step.map_or("none", |step| step.as_str()).to_owned();
    let fields = [
        ("status", item.status.as_str().to_owned(), said.status.as_str().to_owned()),
        ("step", step(item), step(said)),
        ("sequence", item.sequence.to_string(), said.sequence.to_string()),
        ("target", item.target.to_string(), said.target.to_string()),
        ("target_key", item.target_key.to_string(), said.target_key.to_string()),
        ("holds_target", item.holds_target.to_string(), said.holds_target.to_string()),
        ("requested_at", item.requested_at.to_string(), said.requested_at.to_string()),
        ("last_updated_at", item.last_updated_at.to_string(), said.last_updated_at.to_string()),
        ("ended_at", time(item.ended_at), time(said.ended_at)),
        ("retire_after", time(item.retire_after), time(said.retire_after)),
        ("failure", text(&item.failure), text(&said.failure)),
    ];
    let differ = fields.into_iter().filter(|(_, item, said)| item != said);
    differ.map(|(name, item, said)| format!("`{name}` is {item}, and the entries say {said}")).collect()
}

/// Whether an operation holds its target as its state says: what is wrong with its lock, if anything.
///
/// # Errors
/// Where the journal cannot be read.
pub async fn check_lock(journal: &dyn Journal, id: &OperationId) -> Result<Option<Finding>, JournalError> {
    let state = match patiently(|| journal.state(id)).await {
        Ok(state) => state,
        Err(JournalError::UnknownOperation { .. } | JournalError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !state.holds_target {
        return Ok(None);
    }
    let target = &state.target_key;
    let evidence = match patiently(|| journal.holder(target)).await {
        Ok(Some(holder)) if holder == *id => return Ok(None),
        Ok(Some(holder)) => format!("its target {target} is held by {holder}"),
        Ok(None) => format!("nobody holds its target {target}"),
        // The lock itself, or what stands beside it, is not as it was written.
        Err(JournalError::Unusable { reason, .. }) => reason,
        Err(error) => return Err(error),
    };
    Ok(Some(Finding::of(Kind::LockMissing, id, evidence)))
}
