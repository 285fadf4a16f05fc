//! The engine in random worlds: the first five hundred hold every invariant and are not trivial, and every known-bad
//! engine is caught.

use std::collections::BTreeSet;

use aurora_restore_testing::sim::{self, Invariant, Mutant, Options};

/// The worlds that are played on every test run.
const WORLDS: u64 = 500;
/// Every mutant is caught within so many worlds.
const WORLDS_TO_CATCH: u64 = 60;

#[test]
fn the_first_worlds_hold_every_invariant_and_reach_everything_that_can_happen() {
    let found = sim::run_range(0..WORLDS);
    assert!(found.complaints.is_empty(), "{:#?}", found.complaints);
    let tally = found.tally;
    let missing = |wanted: Vec<&'static str>, reached: BTreeSet<&'static str>| -> Vec<&'static str> {
        wanted.into_iter().filter(|kind| !reached.contains(kind)).collect()
    };
    let ends: BTreeSet<&str> = tally.ends.keys().map(|(strategy, _)| *strategy).collect();
    assert_eq!(missing(vec!["swap", "side-by-side", "replace"], ends), Vec::<&str>::new());
    let ends: BTreeSet<&str> = tally.ends.keys().map(|(_, status)| *status).collect();
    assert_eq!(missing(vec!["COMPLETED", "FAILED", "CANCELLED"], ends), Vec::<&str>::new());
    assert_eq!(missing(sim::fault_kinds(), tally.faults.keys().copied().collect()), Vec::<&str>::new());
    assert_eq!(missing(sim::outside_kinds(), tally.outside.keys().copied().collect()), Vec::<&str>::new());
    let happenings = vec![
        "cancel accepted",
        "fenced",
        "journal conflict",
        "late landing",
        "not possible",
        "resumed",
        "retired",
        "step abandoned",
        "step skipped",
        "stuck",
        "taken over",
        "target busy",
        "undo asked for",
        "undo failed",
    ];
    assert_eq!(missing(happenings, tally.happenings.keys().copied().collect()), Vec::<&str>::new());
    let unchecked: Vec<_> = Invariant::ALL.iter().filter(|one| !tally.checks.contains_key(one)).collect();
    assert!(unchecked.is_empty(), "{unchecked:?}");
}

/// Worlds that once failed, and what was mended then.
const MENDED: [(u64, &str); 18] = [
    (83_020, NOT_FOUND),
    // Here a change follows after the pause, so that either mend of the engine is enough.
    (29_229, NOT_FOUND),
    (92_253, NOT_FOUND),
    (93_967, OUTDATED),
    (8_473, LATE_CALL),
    (86_943, LATE_CALL),
    (91_109, LATE_CALL),
    (6_836, BESIDE),
    (40_871, BESIDE),
    (77_938, BESIDE),
    (1_302, BESIDE),
    (40_323, FULL),
    (46_538, OVERDUE),
    (64_029, ANEW),
    (2_680, UNNAMED),
    (13_994, LOST),
    (39_290, LOST),
    (40_400, LOST),
];
const NOT_FOUND: &str = "the engine believed a not-found from before a call of its own could have landed";
const OUTDATED: &str = "the engine deleted what bore the name by the time it acted, hours after it had looked";
const LATE_CALL: &str = "the invariant refused a call that landed between two attempts, with the final snapshot proven";
const LOST: &str = "the invariant wanted instances back that a retirement had deleted before it failed";
const UNNAMED: &str = "an undone operation did not name the final snapshot that its failed retirement had taken";
const OVERDUE: &str = "the engine gave a retirement up while the deletion that it had sent was still on its way";
const ANEW: &str =
    "the engine took instances of its own cluster for foreign, because a later operation had made them anew";
const FULL: &str =
    "the person resumed for ever what was stuck on a quota that others had used up, and had it never raised";
const BESIDE: &str = "the invariant blamed an undo beside the target for what another operation did with the name";

#[test]
fn worlds_that_once_failed_hold_every_invariant() {
    for (seed, mended) in MENDED {
        let played = sim::run_range(seed..seed + 1);
        assert!(played.complaints.is_empty(), "{mended}: {:#?}", played.complaints);
    }
}

#[test]
fn every_mutant_is_caught_by_the_invariant_that_must_catch_it() {
    let missed: Vec<&str> = sim::catch_all(&(0..WORLDS_TO_CATCH))
        .into_iter()
        .filter(|(_, caught)| caught.is_none())
        .map(|(mutant, _)| mutant.name())
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!(Mutant::ALL.len() >= 10);
}

#[test]
fn the_same_seed_gives_the_same_world() {
    for seed in [3, 17] {
        let story = || sim::play(&Options { story: sim::Story::Told, ..Options::of(seed) });
        let (one, other) = (story(), story());
        assert_eq!(one.tally, other.tally);
        assert!(!one.story.is_empty());
        assert_eq!(one.story, other.story);
    }
}
