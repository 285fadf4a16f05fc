//! On moto, which knows RDS from somebody else's reading of its documentation. It has no transitions, so the model rests
//! after every step; what the two mean must be the same, or be listed.
//!
//! A listed difference after which the two worlds are no longer the same ends its sequence.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use aurora_restore_core::ports::{
    Change,
    RdsErrorKind::{
        self, AlreadyExists, InvalidRequest, InvalidState, KmsDenied, NotFound, ReferenceNotFound, Unavailable,
    },
};
use aurora_restore_testing::{
    sequences::{Accounts, Answer, Read, SETTLED, Staging, Step, answer, generate, shrink, staged_world, survey},
    stand_in::StandIn,
};
use jiff::SignedDuration;

use super::{Parted, STORIES_MAX, Simulated, account, number, outline::outline, told};
use crate::{
    cloud,
    moto::{ACCOUNT, set_stage},
};

const SEQUENCES: u64 = 25;
/// Seeds that show the rarer rows of the list.
const ALSO: &[u64] = &[99, 115, 200];
const STEPS: usize = 25;
/// The model comes to rest within this time.
const REST: SignedDuration = SignedDuration::from_mins(10);

/// A difference that is known.
struct Listed {
    reason: &'static str,
    /// Whether the two worlds are different from then on.
    parts: bool,
    /// Whether it does not show in the answers, which are the same.
    unseen: bool,
    is: fn(&Step, Given, Given) -> bool,
}

/// What a step gave, as far as the list needs it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Accepted,
    Shown,
    Refused(RdsErrorKind),
}

use Given::{Accepted, Refused};

impl Given {
    fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Done => Accepted,
            Answer::Refused(error) => Refused(error.kind),
            _ => Self::Shown,
        }
    }

    /// Refused for what the call itself says, and not for want of an answer.
    fn for_a_fault_of_the_call(self) -> bool {
        matches!(self, Refused(kind) if kind != Unavailable)
    }
}

/// What moto answers otherwise, and why. The first row that fits counts; a row that no sequence shows any longer fails
/// the test.
const LISTED: &[Listed] = &[
    Listed {
        reason: "moto forgets a cluster whose password it refuses",
        parts: true,
        unseen: true,
        is: |step, ours, _| {
            matches!(step, Step::Change(_, Change::ModifyCluster(modify)) if modify.master_password.is_some())
                && ours == Refused(InvalidRequest)
        },
    },
    Listed {
        reason: "moto knows no default parameter group of instances",
        parts: true,
        unseen: false,
        is: |step, ours, theirs| {
            changes(step, "ModifyDBInstance") && ours == Accepted && theirs == Refused(ReferenceNotFound)
        },
    },
    Listed {
        reason: "moto puts a refused restore over the cluster that has the name",
        parts: true,
        unseen: true,
        is: |step, ours, theirs| restores(step) && ours.for_a_fault_of_the_call() && theirs.for_a_fault_of_the_call(),
    },
    Listed {
        reason: "moto's cluster loses its members by a new name, and keeps the old name of a member",
        parts: true,
        unseen: true,
        is: |step, ours, theirs| renames(step) && ours == Accepted && theirs == Accepted,
    },
    Listed {
        reason: "moto does not list quotas, default groups or versions, and records no events of clusters",
        parts: false,
        unseen: false,
        is: |step, _, _| {
            let Step::Read(_, read) = step else { return false };
            matches!(
                read,
                Read::Quotas
                    | Read::Versions(_)
                    | Read::Classes(_)
                    | Read::ClusterGroup(_)
                    | Read::InstanceGroup(_)
                    | Read::SubnetGroup(_)
                    | Read::Events(_)
            )
        },
    },
    Listed {
        reason: "moto answers a change of a cluster that does not exist with 500",
        parts: false,
        unseen: false,
        is: |step, ours, theirs| {
            changes(step, "ModifyDBCluster") && ours == Refused(NotFound) && theirs == Refused(Unavailable)
        },
    },
    Listed {
        reason: "a call with several faults is refused for another one of them",
        parts: false,
        unseen: false,
        is: |step, ours, theirs| {
            matches!(step, Step::Change(..)) && ours.for_a_fault_of_the_call() && theirs.for_a_fault_of_the_call()
        },
    },
    Listed {
        reason: "moto keeps tags of what does not exist",
        parts: true,
        unseen: false,
        is: |step, ours, theirs| tags(step) && ours == Refused(NotFound) && theirs == Accepted,
    },
    Listed {
        reason: "moto shares a snapshot that is encrypted with the default key",
        parts: true,
        unseen: false,
        is: |step, ours, theirs| {
            changes(step, "ModifyDBClusterSnapshotAttribute") && ours == Refused(InvalidState) && theirs == Accepted
        },
    },
    Listed {
        reason: "moto does not check windows, classes, versions, tiers, tags, keys, passwords and what fits together",
        parts: true,
        unseen: false,
        is: |step, ours, theirs| {
            matches!(step, Step::Change(..))
                && matches!(ours, Refused(InvalidRequest | InvalidState | ReferenceNotFound | KmsDenied))
                && theirs == Accepted
        },
    },
    Listed {
        reason: "moto does not restore a snapshot that is addressed by ARN",
        parts: true,
        unseen: false,
        is: |step, ours, theirs| {
            changes(step, "RestoreDBClusterFromSnapshot") && ours == Accepted && theirs == Refused(ReferenceNotFound)
        },
    },
    Listed {
        reason: "moto gives one name to two",
        parts: true,
        unseen: false,
        is: |_, ours, theirs| ours == Refused(AlreadyExists) && theirs == Accepted,
    },
];

fn changes(step: &Step, action: &str) -> bool {
    matches!(step, Step::Change(_, change) if change.action() == action)
}

fn restores(step: &Step) -> bool {
    matches!(step, Step::Change(_, Change::RestoreCluster(_)))
}

fn renames(step: &Step) -> bool {
    matches!(step, Step::Change(_, Change::RenameCluster { .. } | Change::RenameInstance { .. }))
}

fn tags(step: &Step) -> bool {
    matches!(step, Step::Change(_, Change::AddTags { .. } | Change::RemoveTags { .. }))
}

/// The rest of a comparison on moto.
struct Pair {
    server: StandIn,
    staging: Staging,
    accounts: Accounts,
}

impl Pair {
    async fn reset(&self) {
        let url = self.server.url();
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("moto answers");
        let request = format!("POST /moto-api/reset HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("moto reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("moto replies");
        assert!(reply.contains(" 200 "), "{reply}");
        set_stage(&self.server.url()).await;
    }

    async fn run(&self, steps: &[Step], seen: &mut [u32]) -> Option<Parted> {
        self.reset().await;
        let moto = cloud(&self.server.url(), "test", "test").await;
        let simulated = Simulated::new(&self.staging, &self.accounts);
        for (at, step) in steps.iter().cloned().chain(survey()).enumerate() {
            simulated.clock.turn(REST);
            let (here, there) = (simulated.answer(&step).await, answer(&moto, &step).await);
            let (ours, theirs) = (outline(&here), outline(&there));
            let same = ours == theirs;
            let (mine, its) = (Given::of(&here), Given::of(&there));
            let fits = |listed: &Listed| (listed.unseen || !same) && (listed.is)(&step, mine, its);
            let Some(listed) = LISTED.iter().position(fits) else {
                if same {
                    continue;
                }
                return Some(Parted { at, step, simulated: ours, other: theirs });
            };
            seen[listed] += 1;
            if LISTED[listed].parts {
                return None;
            }
        }
        None
    }
}

#[tokio::test]
async fn moto_means_the_same_by_every_sequence_or_the_difference_is_listed() {
    let accounts = Accounts { source: account(ACCOUNT), target: account(ACCOUNT) };
    let staging = staged_world(&accounts.source, SETTLED, None);
    let pair = Pair { server: StandIn::moto(), staging, accounts };
    let first = number("AURORA_RESTORE_TEST_SEED", 1);
    let sequences = number("AURORA_RESTORE_TEST_SEQUENCES", SEQUENCES);
    let mut seen = vec![0; LISTED.len()];
    let mut stories = Vec::new();
    let usual = sequences >= SEQUENCES && first == 1;
    for seed in (first..first + sequences).chain(ALSO.iter().copied().filter(|_| usual)) {
        let steps = generate(seed, STEPS, &pair.accounts, pair.staging.now);
        if pair.run(&steps, &mut seen).await.is_some() {
            let short = shrink(steps, async |fewer| pair.run(fewer, &mut seen).await.is_some()).await;
            let parted = pair.run(&short, &mut seen).await.expect("a shrunk sequence fails as the whole one did");
            stories.push(told(seed, &short, &parted));
        }
        if stories.len() == STORIES_MAX {
            break;
        }
    }
    assert!(stories.is_empty(), "\n{}", stories.join("\n"));
    if usual {
        for (listed, times) in LISTED.iter().zip(&seen) {
            assert!(*times > 0, "no longer so, and to be struck off the list: {}", listed.reason);
        }
    }
}
