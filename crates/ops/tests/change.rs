//! Recording changes over a store that lives in memory: who may do what when, who dies in between, what somebody does by hand.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use aurora_restore_core::ports::Clock as _;
use aurora_restore_ops::{
    change::{
        APPROVAL_GOOD_FOR, Change, ChangeControl, ChangeError, ChangeId, ChangeKind, Demand, Figures, Outcome,
        Proposal, Stage,
    },
    ports::{Changes as _, SealedRecord},
};
use aurora_restore_testing::{ManualClock, MemoryChanges, block_on};
use jiff::{SignedDuration, Timestamp};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const BOB: &str = "arn:aws:sts::111122223333:assumed-role/Admin/bob";
const STACK: &str = "ours";

struct Office {
    changes: MemoryChanges,
    clock: ManualClock,
}

impl Office {
    fn new() -> Self {
        let clock = ManualClock::at("2026-11-22T10:00:00Z".parse().unwrap());
        Self { changes: MemoryChanges::default(), clock }
    }

    fn of<'p>(&'p self, by: &'p str) -> ChangeControl<'p> {
        ChangeControl { changes: &self.changes, clock: &self.clock, stack: STACK, by }
    }

    fn stages(&self) -> Vec<(String, &'static str)> {
        let ledger = block_on(self.of(ANN).ledger()).unwrap();
        assert_eq!(ledger.broken, None);
        ledger.changes.iter().map(|change| (change.id.to_string(), change.stage.as_str())).collect()
    }

    fn records(&self) -> Vec<SealedRecord> {
        block_on(self.changes.records(STACK)).unwrap()
    }
}

fn deploy(what: &str) -> Proposal {
    Proposal::new(ChangeKind::StackDeploy, vec![format!("parameter Environment: {what}")], what, Some("we need it"))
}

fn opened(office: &Office, what: &str) -> ChangeId {
    block_on(office.of(ANN).open(&deploy(what))).unwrap().id
}

fn begin(office: &Office, what: &str, demand: Demand) -> Result<Change, ChangeError> {
    let before = Figures::from([("operations in progress".to_owned(), 2.0)]);
    block_on(office.of(ANN).begin(&deploy(what), demand, &before))
}

fn approve(office: &Office, by: &str, id: ChangeId) -> Result<Change, ChangeError> {
    block_on(office.of(by).approve(id, None, APPROVAL_GOOD_FOR))
}

#[test]
fn a_change_without_approval_is_recorded_before_and_after() {
    let office = Office::new();
    let change = begin(&office, "a", Demand::Nothing).unwrap();
    assert_eq!((change.stage, change.id.to_string().as_str()), (Stage::Applying, "chg-1"));
    let after = Figures::from([("operations in progress".to_owned(), 1.0)]);
    let ended = block_on(office.of(ANN).end(change.id, Outcome::Applied, Some("well"), &after)).unwrap();
    assert_eq!(ended.stage, Stage::Applied);
    assert_eq!((ended.before["operations in progress"], ended.after["operations in progress"]), (2.0, 1.0));
    assert_eq!(ended.proposal.why.as_deref(), Some("we need it"));
    let again = block_on(office.of(ANN).end(change.id, Outcome::Failed, None, &after)).unwrap_err();
    assert!(matches!(again, ChangeError::Illegal { .. }), "{again}");
    assert_eq!(office.stages(), [("chg-1".to_owned(), "applied")]);
}

#[test]
fn what_somebody_else_has_approved_is_applied_and_the_trail_is_one() {
    let office = Office::new();
    let id = opened(&office, "a");
    approve(&office, BOB, id).unwrap();
    let change = begin(&office, "a", Demand::ApprovalOf(id)).unwrap();
    assert_eq!((change.id, change.stage), (id, Stage::Applying));
    assert_eq!(change.approval.unwrap().signature.by, BOB);
    assert_eq!(office.stages().len(), 1);
}

#[test]
fn an_approval_is_found_by_what_it_is_about_and_an_unapproved_change_is_gone_on_with_where_none_is_required() {
    let office = Office::new();
    let (one, two) = (opened(&office, "a"), opened(&office, "a"));
    approve(&office, BOB, one).unwrap();
    assert_eq!(begin(&office, "a", Demand::Approval).unwrap().id, one, "the newer one is not approved");
    assert_eq!(block_on(office.of(ANN).check(&deploy("a"), Demand::Nothing)), Ok(()));
    assert_eq!(begin(&office, "a", Demand::Nothing).unwrap().id, two);
}

#[test]
fn what_is_not_approved_is_refused_and_nothing_is_recorded() {
    let office = Office::new();
    assert_eq!(begin(&office, "a", Demand::Approval), Err(ChangeError::NothingApproved));
    assert_eq!(
        begin(&office, "a", Demand::ApprovalOf("chg-9".parse().unwrap())),
        Err(ChangeError::Unknown { change: "chg-9".parse().unwrap() })
    );
    let id = opened(&office, "a");
    let count = office.records().len();
    assert_eq!(begin(&office, "a", Demand::Approval), Err(ChangeError::NotApproved { change: id }));
    assert_eq!(begin(&office, "a", Demand::ApprovalOf(id)), Err(ChangeError::NotApproved { change: id }));
    let other = Proposal { kind: ChangeKind::MonitoringApply, ..deploy("a") };
    let refused = block_on(office.of(ANN).begin(&other, Demand::ApprovalOf(id), &Figures::new())).unwrap_err();
    assert!(matches!(refused, ChangeError::OtherKind { .. }), "{refused}");
    assert_eq!(office.records().len(), count);
}

#[test]
fn nobody_approves_their_own_change_or_what_they_have_not_seen() {
    let office = Office::new();
    let id = opened(&office, "a");
    assert_eq!(approve(&office, ANN, id), Err(ChangeError::Own { change: id, by: ANN.to_owned() }));
    let other = block_on(office.of(BOB).approve(id, Some("another digest"), APPROVAL_GOOD_FOR)).unwrap_err();
    assert!(matches!(other, ChangeError::OtherDigest { .. }), "{other}");
    assert_eq!(office.stages(), [("chg-1".to_owned(), "proposed")]);
    begin(&office, "a", Demand::Nothing).unwrap();
    assert!(matches!(approve(&office, BOB, id), Err(ChangeError::Illegal { .. })), "it is being applied");
}

#[test]
fn an_approval_that_has_expired_or_is_stale_is_refused() {
    let office = Office::new();
    let id = opened(&office, "a");
    approve(&office, BOB, id).unwrap();
    let stale = begin(&office, "b", Demand::ApprovalOf(id)).unwrap_err();
    assert_eq!(stale, ChangeError::Stale { change: id, now: deploy("b").digest });
    assert_eq!(begin(&office, "b", Demand::Approval), Err(ChangeError::NothingApproved));
    office.clock.turn(APPROVAL_GOOD_FOR);
    let expired = begin(&office, "a", Demand::ApprovalOf(id)).unwrap_err();
    assert_eq!(expired, ChangeError::Expired { change: id, at: office.clock.now() });
    assert!(matches!(begin(&office, "a", Demand::Approval), Err(ChangeError::Expired { .. })));
    approve(&office, BOB, id).unwrap();
    assert!(begin(&office, "a", Demand::ApprovalOf(id)).is_ok(), "it is approved anew");
}

/// Which size is proposed is only known once it was measured: that none of them can be approved is known before.
#[test]
fn an_approval_that_fits_none_of_several_proposals_is_refused_before_it_is_known_which_one_it_will_be() {
    let office = Office::new();
    let possible = [deploy("a"), deploy("b")];
    let check = |proposals: &[Proposal], demand| block_on(office.of(ANN).check_any(proposals, demand));
    assert_eq!(check(&possible, Demand::Nothing), Ok(()));
    assert_eq!(check(&possible, Demand::Approval), Err(ChangeError::NothingApproved));
    let theirs: ChangeId = "chg-9".parse().unwrap();
    assert_eq!(check(&possible, Demand::ApprovalOf(theirs)), Err(ChangeError::Unknown { change: theirs }));
    let id = opened(&office, "a");
    assert_eq!(
        check(&possible, Demand::Approval),
        Err(ChangeError::NotApproved { change: id }),
        "whichever comes last"
    );
    approve(&office, BOB, id).unwrap();
    for demand in [Demand::Approval, Demand::ApprovalOf(id)] {
        assert_eq!(check(&possible, demand), Ok(()));
    }
    let stale = check(&possible[1..], Demand::ApprovalOf(id)).unwrap_err();
    assert!(matches!(stale, ChangeError::Stale { .. }), "{stale}");
    assert_eq!(office.records().len(), 2, "nothing was recorded by it");
}

/// If we die between the record before and the record after.
#[test]
fn whoever_dies_while_applying_leaves_it_applying_and_the_same_again_goes_on_with_it() {
    let office = Office::new();
    let id = opened(&office, "a");
    approve(&office, BOB, id).unwrap();
    begin(&office, "a", Demand::ApprovalOf(id)).unwrap();
    assert_eq!(office.stages(), [("chg-1".to_owned(), "applying")]);
    office.clock.turn(SignedDuration::from_hours(48));
    let other = begin(&office, "b", Demand::Nothing).unwrap();
    assert_ne!(other.id, id, "another difference is another change");
    let again = begin(&office, "a", Demand::ApprovalOf(id)).unwrap();
    assert_eq!(again.id, id, "it was begun in time");
    assert_eq!(again.before["operations in progress"], 2.0);
    block_on(office.of(BOB).end(id, Outcome::RolledBack, Some("by hand"), &Figures::new())).unwrap();
    assert_eq!(office.stages()[0].1, "rolled-back");
}

#[test]
fn a_lost_reply_writes_a_record_once_and_a_store_that_is_closed_lets_nothing_begin() {
    let office = Office::new();
    office.changes.lose_replies(2);
    begin(&office, "a", Demand::Nothing).unwrap();
    assert_eq!(office.records().len(), 2, "opened and begun");
    office.changes.close();
    let refused = begin(&office, "b", Demand::Nothing).unwrap_err();
    assert!(matches!(refused, ChangeError::Store(_)), "{refused}");
    assert_eq!(office.stages(), [("chg-1".to_owned(), "applying")]);
}

#[test]
fn rivals_lose_no_record_and_each_change_has_an_id_of_its_own() {
    let office = Office::new();
    block_on(async {
        let (ann, bob) = (office.of(ANN), office.of(BOB));
        let (one, two) = (deploy("a"), deploy("b"));
        let (one, two) = tokio::join!(ann.open(&one), bob.open(&two));
        assert_ne!(one.unwrap().id, two.unwrap().id);
    });
    assert_eq!(office.stages().len(), 2);
}

#[track_caller]
fn broken_after(change: impl FnOnce(&mut std::collections::BTreeMap<u64, SealedRecord>), expected: &str) {
    let office = Office::new();
    let id = opened(&office, "a");
    approve(&office, BOB, id).unwrap();
    opened(&office, "b");
    office.changes.tamper(STACK, change);
    let ledger = block_on(office.of(ANN).ledger()).unwrap();
    assert_eq!(ledger.broken.as_deref(), Some(expected));
    let refused = begin(&office, "a", Demand::ApprovalOf(id)).unwrap_err();
    assert!(matches!(refused, ChangeError::Broken { .. }), "{refused}");
    assert!(begin(&office, "c", Demand::Nothing).is_ok(), "what needs no approval is still recorded");
}

#[test]
fn a_record_that_is_missing_altered_or_out_of_place_shows_and_no_approval_is_believed() {
    broken_after(|row| drop(row.remove(&2)), "record 2 is missing and had not expired");
    broken_after(|row| drop(row.remove(&1)), "record 1 is missing and had not expired");
    broken_after(
        |row| {
            let record = row.get_mut(&2).unwrap();
            record.body = record.body.replace("bob", "eve");
        },
        "record 2 was altered after it was written",
    );
    broken_after(
        |row| {
            let first = row[&1].hash.clone();
            row.get_mut(&3).unwrap().previous_hash = first;
        },
        "record 3 was altered after it was written",
    );
}

#[test]
fn records_that_have_expired_may_be_gone_and_what_is_left_of_their_changes_is_passed_over() {
    let office = Office::new();
    let old = begin(&office, "a", Demand::Nothing).unwrap();
    office.clock.turn(SignedDuration::from_hours(24 * 365));
    let new = opened(&office, "b");
    office.changes.tamper(STACK, |row| drop(row.remove(&1)));
    let ledger = block_on(office.of(ANN).ledger()).unwrap();
    assert_eq!(ledger.broken, None);
    assert_eq!(ledger.changes.iter().map(|change| change.id).collect::<Vec<_>>(), [new]);
    assert!(ledger.find(old.id).is_none());
}

#[test]
fn a_clock_that_goes_back_does_not_turn_the_times_of_a_chain() {
    let office = Office::new();
    opened(&office, "a");
    let late = ManualClock::at("2026-11-22T09:00:00Z".parse::<Timestamp>().unwrap());
    let control = ChangeControl { clock: &late, ..office.of(BOB) };
    let change = block_on(control.open(&deploy("b"))).unwrap();
    assert_eq!(change.opened.at, office.clock.now());
}
