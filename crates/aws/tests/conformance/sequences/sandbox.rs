//! On the sandbox, whose clock stands still too: every answer must be the same, to the last field and the last word.

use aurora_restore_aws::AwsCloud;
use aurora_restore_sandbox::{
    model::config::Durations,
    server::{PostgresMode, Sandbox, SandboxConfig},
};
use aurora_restore_testing::{
    scenario::{PROD, SOURCE_KEY, STAGING, keys},
    sequences::{Accounts, Answer, REALISTIC, Staging, Step, answer, generate, shrink, staged_world, survey},
};
use jiff::Timestamp;

use super::{Parted, STORIES_MAX, Simulated, account, number, told};
use crate::cloud;

/// As many as take some seconds.
const SEQUENCES: u64 = 25;
const STEPS: usize = 40;

/// What the sandbox answers otherwise than the simulated cloud, and why that is right. A row that no sequence shows any
/// longer fails the test.
const LISTED: &[Listed] = &[];

struct Listed {
    reason: &'static str,
    is: fn(&Step, &Answer, &Answer) -> bool,
}

struct Pair {
    sandbox: Sandbox,
    cloud: AwsCloud,
    staging: Staging,
    accounts: Accounts,
}

impl Pair {
    async fn start(directory: &std::path::Path) -> Self {
        let accounts = Accounts { source: account(PROD), target: account(STAGING) };
        let mut config = SandboxConfig::new(directory.join("sandbox"));
        config.postgres = PostgresMode::None { major: 16 };
        config.durations = Durations::realistic();
        config.kms_keys = keys();
        let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
        let cloud = cloud(sandbox.endpoint_url(), PROD, STAGING).await;
        let staging = staged_world(&accounts.source, REALISTIC, Some(SOURCE_KEY));
        Self { sandbox, cloud, staging, accounts }
    }

    /// Puts the sandbox back to the beginning of every sequence.
    async fn set_stage(&self) {
        let fresh = self.staging.world.clone();
        self.sandbox.change(move |world, _| *world = fresh).await.expect("the state can be saved");
    }

    async fn answer(&self, step: &Step, now: &mut Timestamp) -> Answer {
        if let Step::Pass(time) = step {
            *now += *time;
            let until = *now;
            self.sandbox.change(move |world, _| world.tick(until)).await.expect("the state can be saved");
        }
        answer(&self.cloud, step).await
    }

    /// Runs a sequence on both, and looks at everything at its end.
    async fn run(&self, steps: &[Step], seen: &mut [u32]) -> Option<Parted> {
        self.set_stage().await;
        let simulated = Simulated::new(&self.staging, &self.accounts);
        let mut now = self.staging.now;
        for (at, step) in steps.iter().cloned().chain(survey()).enumerate() {
            let here = simulated.answer(&step).await;
            let there = self.answer(&step, &mut now).await;
            if here == there {
                continue;
            }
            match LISTED.iter().position(|listed| (listed.is)(&step, &here, &there)) {
                Some(listed) => seen[listed] += 1,
                None => {
                    let (simulated, other) = (format!("{here:#?}"), format!("{there:#?}"));
                    return Some(Parted { at, step, simulated, other });
                }
            }
        }
        None
    }
}

#[tokio::test]
async fn the_sandbox_answers_every_sequence_as_the_simulated_cloud_does() {
    let directory = tempfile::tempdir().expect("a directory for the sandbox");
    let pair = Pair::start(directory.path()).await;
    let first = number("AURORA_RESTORE_TEST_SEED", 1);
    let sequences = number("AURORA_RESTORE_TEST_SEQUENCES", SEQUENCES);
    let mut seen = vec![0; LISTED.len()];
    let mut stories = Vec::new();
    for seed in first..first + sequences {
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
    pair.sandbox.stop().await.expect("the sandbox stops");
    if sequences >= SEQUENCES && first == 1 {
        for (listed, times) in LISTED.iter().zip(&seen) {
            assert!(*times > 0, "no longer so, and to be struck off the list: {}", listed.reason);
        }
    }
}
