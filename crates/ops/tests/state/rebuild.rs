//! Items that are lost, written anew from the entries.

use aurora_restore_core::{
    engine::Engine,
    ids::{AccountId, ExecutorId},
    journal::StateItem,
    operation::{Phase, Status},
    ports::{Clock as _, Journal as _},
};
use aurora_restore_ops::state::{Imported, Kind, LostItems, Wanted, WholeJournal, check_operation};
use aurora_restore_testing::{
    block_on, run_to_end,
    scenario::{Scenario, Stage, operation},
};

use crate::stage::{done, halfway};

fn journal(scenario: &Scenario) -> WholeJournal<'_> {
    WholeJournal { journal: &scenario.journal, states: &scenario.journal }
}

/// What is told anew: the time of expiry is counted from when it is written.
fn told(state: StateItem) -> StateItem {
    StateItem { ttl: None, progress: None, ..state }
}

async fn rebuilt(scenario: &Scenario, wanted: Wanted) -> (LostItems, Imported) {
    let found = journal(scenario).lost_items(wanted, None).await.unwrap();
    let now = scenario.clock.now();
    let rebuilt = journal(scenario).rebuild(&found.lost, now).await.unwrap();
    (found, rebuilt)
}

#[test]
fn a_lost_table_comes_back_from_the_entries_and_the_restore_goes_on() {
    let scenario = Scenario::new(Stage::default());
    let (ended, working) = (done(&scenario, "op-1"), halfway(&scenario, "op-2"));
    block_on(async {
        let before = [&ended, &working].map(|id| block_on(scenario.journal.state(id)).unwrap());
        let old = scenario.journal.head(&working).await.unwrap().token;
        scenario.journal.lose_items();
        assert_eq!(scenario.journal.holder(&before[1].target_key).await.unwrap(), None, "its lock is lost, too");

        let (found, written) = rebuilt(&scenario, Wanted::All).await;
        assert_eq!((found.there, found.lost.len(), found.unusable.len()), (0, 2, 0));
        assert_eq!(written, Imported { written: 2, ..Imported::default() });
        for state in before {
            let now = scenario.journal.state(&state.operation_id).await.unwrap();
            assert_eq!(told(now), told(state));
        }
        let head = scenario.journal.head(&working).await.unwrap();
        assert!(head.token > old, "whoever was at it is fenced off");
        let engine = Engine::new(scenario.ports());
        let mut session = engine.attach(&working, &ExecutorId::new("test").unwrap()).await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, 5_000).await.unwrap();
        assert!(matches!(session.operation().phase, Phase::Ended(_)));

        let (again, nothing) = rebuilt(&scenario, Wanted::All).await;
        assert_eq!((again.there, again.lost.len(), nothing), (2, 0, Imported::default()));
    });
}

#[test]
fn what_somebody_still_has_to_know_of_comes_back_without_what_was_purged() {
    let scenario = Scenario::new(Stage::default());
    let (_ended, working) = (done(&scenario, "op-1"), halfway(&scenario, "op-2"));
    scenario.journal.lose_items();
    let (found, written) = block_on(rebuilt(&scenario, Wanted::Unfinished));
    assert_eq!((found.not_wanted, written.written), (1, 1));
    let states: Vec<_> = found.lost.iter().map(|state| (&state.operation_id, state.status)).collect();
    assert_eq!(states, [(&working, Status::InProgress)]);
}

/// What somebody does to an item.
type Plant = fn(&mut StateItem);

/// Of an operation that has ended nothing is appended any more, and an append is on condition of the number.
#[test]
fn an_item_that_no_entry_sets_right_is_written_anew_as_its_finding_says() {
    let plants: [(Plant, &str, Wanted); 3] = [
        (|state| state.status = Status::InProgress, "state rebuild", Wanted::All),
        (|state| state.sequence = 1, "state rebuild", Wanted::All),
        (|state| state.sequence = 1, "state rebuild --unfinished", Wanted::Unfinished),
    ];
    for (plant, command, wanted) in plants {
        let scenario = Scenario::new(Stage::default());
        let id = match wanted {
            Wanted::All => done(&scenario, "op-1"),
            Wanted::Unfinished => halfway(&scenario, "op-1"),
        };
        scenario.journal.tamper(&id, |_, state| plant(state));
        let look = || {
            let state = block_on(scenario.journal.state(&id)).unwrap();
            block_on(check_operation(&scenario.journal, &state)).unwrap().unwrap().findings
        };
        let findings = look();
        assert_eq!((findings.len(), findings[0].kind), (1, Kind::AlteredState));
        assert_eq!(findings[0].command(), command);
        assert!(findings[0].action.contains(&format!("`aurora-restore {command}`")), "{}", findings[0].action);

        let (untouched, _) = block_on(rebuilt(&scenario, wanted));
        assert_eq!(untouched.there, 1, "it is not written over");
        scenario.journal.lose_items();
        let (_, written) = block_on(rebuilt(&scenario, wanted));
        assert_eq!((written.written, look()), (1, Vec::new()));
    }
    // One that goes on gets its next entry.
    let scenario = Scenario::new(Stage::default());
    let id = halfway(&scenario, "op-1");
    scenario.journal.tamper(&id, |_, state| state.status = Status::Failed);
    let state = block_on(scenario.journal.state(&id)).unwrap();
    let finding = block_on(check_operation(&scenario.journal, &state)).unwrap().unwrap().findings.remove(0);
    assert_eq!(finding.command(), "state show op-1");
    assert!(finding.action.contains("`aurora-restore resume op-1`"), "{}", finding.action);
}

#[test]
fn what_was_altered_is_named_and_left() {
    let scenario = Scenario::new(Stage::default());
    let (sound, altered) = (done(&scenario, "op-1"), halfway(&scenario, "op-2"));
    scenario.journal.tamper(&altered, |entries, _| {
        entries.remove(1);
    });
    scenario.journal.lose_items();
    let (found, written) = block_on(rebuilt(&scenario, Wanted::All));
    assert_eq!(found.unusable.len(), 1, "{:?}", found.unusable);
    assert_eq!(found.unusable[0].0, altered);
    assert_eq!(written.written, 1);
    assert!(block_on(scenario.journal.state(&sound)).is_ok());
    assert!(block_on(scenario.journal.state(&altered)).is_err());
}

/// Whose account a target is in stands in the plan alone.
#[test]
fn without_a_plan_the_account_has_to_be_told() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let id = operation("op-1");
        let _begun = Engine::new(scenario.ports()).begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        scenario.journal.lose_items();
        let found = journal(&scenario).lost_items(Wanted::All, None).await.unwrap();
        let [(unusable, reason)] = &found.unusable[..] else { panic!("{:?}", found.unusable) };
        assert!(*unusable == id && reason.contains("`--account`"), "{reason}");

        let account = AccountId::new("444455556666").unwrap();
        let found = journal(&scenario).lost_items(Wanted::All, Some(&account)).await.unwrap();
        let now = scenario.clock.now();
        let written = journal(&scenario).rebuild(&found.lost, now).await.unwrap();
        assert_eq!(written.written, 1);
        let state = scenario.journal.state(&id).await.unwrap();
        assert_eq!(state.target_key.account, "444455556666");
    });
}
