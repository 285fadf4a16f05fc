//! The operations that are played: every strategy, every kind of source, every way back, and what comes after the end.

use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use serde_json::{Value, json};

use crate::{
    play, rotations,
    world::{Accounts, PRODUCTION, SOURCE_KEY, STAGING, TARGET_KEY, World, key_arn},
};

/// A stage with the stories that were told on it so far.
struct Teller {
    world: World,
}

impl Teller {
    /// Plays an operation, and sees it end as it should.
    fn operation(&mut self, accounts: Accounts, id: &str, request: &Value, outcome: &str) -> play::Ended {
        let input = json!({ "operation_id": id, "request": request });
        let ended = play::execution(&mut self.world, accounts, id, &input);
        self.must_be(&ended, id, outcome);
        self.must_have_ended(id, outcome);
        ended
    }

    /// Plays what a person asks of an operation: the execution ends well where that came to be, whatever the operation is then.
    fn ask(&mut self, accounts: Accounts, id: &str, kind: &str, status: &str) {
        let ask = json!({ "kind": kind, "by": "me@home" });
        let input = json!({ "operation_id": id, "ask": ask });
        let ended = play::execution(&mut self.world, accounts, &format!("{id}-{kind}"), &input);
        self.must_be(&ended, id, "completed");
        self.must_have_ended(id, status);
    }

    fn must_be(&self, ended: &play::Ended, id: &str, outcome: &str) {
        let failures =
            || self.world.entries(id).into_iter().filter(|entry| entry.contains("failure")).collect::<Vec<_>>();
        assert_eq!(ended.outcome, outcome, "{id}: {:#?}", failures());
    }

    fn must_have_ended(&self, id: &str, status: &str) {
        assert_eq!(self.world.status(id).to_lowercase(), status, "{id}");
    }
}

/// Plays all of them and gives what was recorded.
pub(crate) fn play_all() -> Value {
    let mut teller = Teller { world: World::new() };
    let restore = from_another_account(&mut teller);
    from_the_same_account(&mut teller);
    instead_of_the_target(&mut teller);
    half_gone(&mut teller);
    kept_copies(&mut teller);
    shared_with_us(&mut teller);
    undone(&mut teller);
    rotations::play(&mut teller.world);
    let mut recorded = teller.world.recorder.all();
    recorded["restore"] = restore;
    recorded
}

/// The usual request: yesterday's automated snapshot of production, under keys of both accounts.
fn usual() -> Value {
    json!({
        "source": { "region": PRODUCTION.1, "latest-of": "production" },
        "copy": { "kms-key": key_arn(STAGING, TARGET_KEY), "source-kms-key": key_arn(PRODUCTION, SOURCE_KEY) },
        "secrets": { "source-master": "aurora-restore/production/master" },
    })
}

fn with(mut request: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

/// What cannot hold of the restored data.
fn refusing() -> Value {
    json!({ "verification": { "checks": [
        { "name": "never", "sql": "SELECT 0", "database": "shop", "at-least": 1 },
    ] } })
}

/// A whole restore, of which everything is counted; then its retired cluster ends. Another one is taken back.
fn from_another_account(teller: &mut Teller) -> Value {
    let settings = json!({
        "cluster": {
            "parameter-group": "tuned",
            "subnet-group": "private",
            "roles": { "arn:aws:iam::444455556666:role/import": "s3Import" },
        },
        "instances": {
            "class": "db.r6g.large",
            "parameter-group": "tuned",
            "count": 2,
            "monitoring-interval": "60s",
            "monitoring-role": "arn:aws:iam::444455556666:role/monitoring",
        },
    });
    teller.world.recorder.count();
    let ended = teller.operation(Accounts::Two, "across", &with(usual(), &settings), "completed");
    let entries = teller.world.entries("across").len();
    let restore = json!({ "calls": teller.world.recorder.counted(), "entries": entries, "places": ended.places.len() });
    teller.ask(Accounts::Two, "across", "retire", "completed");

    teller.operation(Accounts::Two, "back", &usual(), "completed");
    teller.ask(Accounts::Two, "back", "undo", "cancelled");
    restore
}

/// Manual snapshots, points in time and clones need no copy; a cluster beside the target needs no name.
fn from_the_same_account(teller: &mut Teller) {
    teller.world.take_snapshot(STAGING, "staging", Some("by-hand"));
    let no_final = json!({ "final-snapshot": "skip", "retain-old": "0s" });
    let by_hand = json!({ "source": { "snapshot": "by-hand" }, "retirement": no_final });
    teller.operation(Accounts::One, "plain", &by_hand, "completed");
    // It may end at once: the sweeper starts that, and here it is played.
    let swept = play::sweep(&mut teller.world);
    assert_eq!(swept["retirements_started"], json!(["plain"]), "{swept}");
    teller.ask(Accounts::One, "plain", "retire", "completed");

    let beside = json!({ "restore": { "strategy": "side-by-side" }, "source": { "snapshot": "by-hand" } });
    teller.operation(Accounts::One, "beside", &beside, "completed");
    teller.operation(Accounts::One, "clone", &json!({ "source": { "clone-of": "staging" } }), "completed");
    teller.operation(Accounts::One, "then", &json!({ "source": { "point-in-time-of": "staging" } }), "completed");
}

/// `replace`, taken back after its end, and undone because the data are refused; and one that needs no snapshot.
fn instead_of_the_target(teller: &mut Teller) {
    let replace = json!({ "restore": { "strategy": "replace" } });
    teller.operation(Accounts::Two, "instead", &with(usual(), &replace), "completed");
    teller.ask(Accounts::Two, "instead", "undo", "cancelled");
    teller.operation(Accounts::Two, "refused", &with(with(usual(), &replace), &refusing()), "failed");
    teller.world.make_cluster(STAGING, "other", "staging-master-pw", TARGET_KEY);
    let of_other =
        json!({ "source": { "point-in-time-of": "other" }, "instances": { "class": "db.r6g.large", "count": 2 } });
    teller.operation(Accounts::One, "of-other", &with(of_other, &replace), "completed");
}

/// `replace` that is refused to delete the cluster once its instances are gone: the old cluster lives and gets them back.
fn half_gone(teller: &mut Teller) {
    let refusal = FaultRule::once(Fault::AccessDenied).on(Action::DeleteDbCluster).naming("staging");
    teller.world.inject(&refusal);
    let replace = json!({ "restore": { "strategy": "replace" } });
    teller.operation(Accounts::Two, "half-gone", &with(usual(), &replace), "failed");
}

/// Copies that stay, of which only the newest does.
fn kept_copies(teller: &mut Teller) {
    let kept = json!({ "archive": { "copies": "keep-last", "keep-last": 1 } });
    teller.operation(Accounts::Two, "kept", &with(usual(), &kept), "completed");
    teller.operation(Accounts::Two, "kept-again", &with(usual(), &kept), "completed");
}

/// A snapshot that somebody else shares, by its ARN: their account is not entered.
fn shared_with_us(teller: &mut Teller) {
    let arn = teller.world.share_snapshot("handed-over");
    let source = json!({ "region": PRODUCTION.1, "snapshot": arn });
    let request = json!({ "source": source, "copy": { "kms-key": key_arn(STAGING, TARGET_KEY) } });
    teller.operation(Accounts::One, "shared", &request, "completed");
}

/// Data that are refused before the switch.
fn undone(teller: &mut Teller) {
    teller.operation(Accounts::Two, "undone", &with(usual(), &refusing()), "failed");
}
