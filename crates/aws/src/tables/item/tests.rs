//! Sizes, packing, and what is read back.

use aurora_restore_core::{
    operation::{Failure, FailureClass, StepKind},
    verification::{CheckDetail, CheckOutcome, CheckResult},
};

use super::{
    super::tests::{entry, state},
    *,
};

const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn words(&mut self, count: usize) -> String {
        const WORDS: [&str; 16] = [
            "order", "line", "customer", "invoice", "archive", "audit", "event", "item", "price", "stock", "ledger",
            "payment", "session", "basket", "refund", "shipment",
        ];
        let words: Vec<&str> = (0..count).map(|_| WORDS[usize::try_from(self.below(16)).unwrap()]).collect();
        words.join("_")
    }
}

/// The entry of a refused verification: so many checks, each with so many figures, about names of so many words and with
/// texts of so many words.
fn verification(checks: usize, figures: usize, name_words: usize, text_words: usize) -> SealedEntry {
    let mut chance = Chance(42);
    let mut check = |number: usize| CheckResult {
        name: format!("check {number}"),
        outcome: CheckOutcome::Failed,
        found: "1000 rows".into(),
        expected: None,
        took_ms: 1_000,
        details: (0..figures)
            .map(|_| CheckDetail {
                subject: format!("shop.public.{}_{}", chance.words(name_words), chance.below(10_000)),
                value: format!("{} {}", chance.below(10_000_000), chance.words(text_words)),
            })
            .collect(),
    };
    let checks: Vec<CheckResult> = (0..checks).map(&mut check).collect();
    let failure = Failure {
        code: aurora_restore_core::catalogue::ErrorCode::VerificationFailed,
        class: FailureClass::Terminal,
        message: "the data are not as they should be".into(),
        hints: Vec::new(),
    };
    let event = aurora_restore_core::operation::Event::StepFailed {
        step: StepKind::VerifyRestore,
        failure,
        retry_after: None,
        checks: Some(checks),
    };
    let at = state(7).last_updated_at;
    let entry = aurora_restore_core::journal::Entry { operation: state(7).operation_id, sequence: 7, at, event };
    SealedEntry::seal(&entry, "").unwrap()
}

fn stored(entry: &SealedEntry) -> Result<Item, JournalError> {
    of_entry(entry, state(7).last_updated_at, YEAR)
}

#[test]
fn times_sort_as_texts() {
    let times = ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.5Z", "2026-11-22T10:00:01Z"];
    let texts: Vec<String> = times.iter().map(|text| time(text.parse().unwrap())).collect();
    assert!(texts.is_sorted(), "{texts:?}");
    assert_eq!(texts[0], "2026-11-22T10:00:00.000000Z");
}

#[test]
fn a_state_is_read_back_as_it_was() {
    let ended = StateItem { ended_at: Some("2026-11-22T11:00:00Z".parse().unwrap()), ttl: Some(1), ..state(5) };
    for state in [state(5), ended] {
        let item = of_state(&state, StateItem::KEPT_AFTER_END).unwrap();
        let ttl = state.ended_at.map(|at| at.as_second() + 90 * 86_400);
        assert_eq!(read_state(&state.operation_id, &item).unwrap(), StateItem { ttl, ..state });
    }
}

/// Of a restore whose retired cluster is kept, to fewer digits of a second than its state has.
#[test]
fn attributes_that_somebody_has_set_or_taken_away_are_what_is_read() {
    let due: Timestamp = "2026-11-25T10:00:00.123456789Z".parse().unwrap();
    let kept = StateItem { retire_after: Some(due), ..state(5) };
    let id = kept.operation_id.clone();
    let written = of_state(&kept, StateItem::KEPT_AFTER_END).unwrap();
    assert_eq!(read_state(&id, &written).unwrap(), kept);
    let read = |attribute: &str, value: Option<AttributeValue>| {
        let mut item = written.clone();
        item.remove(attribute);
        item.extend(value.map(|value| (attribute.to_owned(), value)));
        read_state(&id, &item).unwrap()
    };
    for (value, sequence) in [(Some(number(4)), 4), (Some(number(9)), 9), (Some(text("5")), 0), (None, 0)] {
        assert_eq!(read(name::SEQUENCE, value), StateItem { sequence, ..kept.clone() });
    }
    for value in [Some(AttributeValue::Bool(false)), Some(text("true")), None] {
        assert_eq!(read(name::HOLDS_TARGET, value), StateItem { holds_target: false, ..kept.clone() });
    }
    let later = "2027-01-01T00:00:00Z";
    for (value, retire_after) in [(Some(text(later)), later.parse().ok()), (Some(text("never")), None), (None, None)] {
        assert_eq!(read(name::RETIRE_AFTER, value), StateItem { retire_after, ..kept.clone() });
    }
    let mut ended = of_state(&StateItem { holds_target: false, ..state(5) }, StateItem::KEPT_AFTER_END).unwrap();
    ended.insert(name::RETIRE_AFTER.to_owned(), text(later));
    assert_eq!(read_state(&id, &ended).unwrap().retire_after, later.parse().ok());
    // It is not forgotten as it is, whatever is missing.
    ended.remove(name::HOLDS_TARGET);
    assert!(read_state(&id, &ended).unwrap().holds_target);
}

#[test]
fn short_bodies_stay_readable_and_long_ones_are_packed() {
    let short = entry(1);
    let item = of_entry(&short, state(1).last_updated_at, YEAR).unwrap();
    assert_eq!(read_text(&item, name::BODY), Some(short.body.as_str()));
    let long = verification(1, 1_000, 3, 0);
    let item = stored(&long).unwrap();
    assert!(!item.contains_key(name::BODY));
    assert!(size(&item) * 4 < long.body.len(), "{} of {}", size(&item), long.body.len());
    assert_eq!(read_entry(&long.operation, &item).unwrap(), long);
}

#[test]
fn the_largest_entries_that_a_restore_makes_fit_into_an_item() {
    // A thousand tables counted; the same with every other figure that is told; as many complaints as are told, all long.
    for (what, entry) in [
        ("row counts", verification(1, 1_000, 3, 0)),
        ("all figures", verification(4, 1_000, 4, 1)),
        ("complaints", verification(2, 200, 8, 40)),
    ] {
        let bytes = size(&stored(&entry).unwrap());
        println!("{what}: {} bytes, {bytes} stored", entry.body.len());
        assert!(bytes < ITEM_BYTES_MAX / 2, "{what}: {bytes}");
    }
}

#[test]
fn an_entry_that_is_too_large_is_refused_before_it_is_sent() {
    // Digits without a pattern, which cannot be packed.
    let mut chance = Chance(42);
    let noise: String = (0..900_000).map(|_| char::from(b'!' + u8::try_from(chance.below(90)).unwrap())).collect();
    let huge = SealedEntry::over(&state(7).operation_id, 7, "", noise);
    let error = stored(&huge).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, JournalError::Refused { .. }), "{text}");
    assert!(text.contains("entry 7 needs") && text.contains("at most 409600"), "{text}");
}

#[test]
fn an_item_that_is_not_ours_is_refused() {
    let id = state(1).operation_id;
    let mut item = of_state(&state(1), StateItem::KEPT_AFTER_END).unwrap();
    item.insert(name::STATE.to_owned(), text("{}"));
    assert!(matches!(read_state(&id, &item), Err(JournalError::Refused { .. })));
    assert!(matches!(read_state(&id, &Item::new()), Err(JournalError::Refused { .. })));
    let mut packed = of_entry(&entry(1), state(1).last_updated_at, YEAR).unwrap();
    packed.insert(name::BODY_DEFLATED.to_owned(), AttributeValue::B(Blob::new([1, 2, 3])));
    assert!(matches!(read_entry(&id, &packed), Err(JournalError::Refused { .. })));
}
