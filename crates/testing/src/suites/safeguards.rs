//! The conformance suite of the safeguards port.

use async_trait::async_trait;
use aurora_restore_ops::ports::{BucketGuard, Safeguards};

use super::{Broken, Case, CaseResult, Verdict, holds, same, verdict};

/// What the fixtures name the key of theirs.
pub const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// The policy of the guarded topic.
pub const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// Safeguards, and how things that have them or not get there. A guarded thing has [`KEY`], recovery, ninety days, a refusal of
/// everything public.
#[async_trait]
pub trait SafeguardsFixture: Send + Sync {
    /// The safeguards.
    fn safeguards(&self) -> &dyn Safeguards;

    /// Makes a table.
    async fn table(&self, name: &str, guarded: bool);

    /// Makes a topic; gives its ARN.
    async fn topic(&self, name: &str, guarded: bool) -> String;

    /// Makes a log group.
    async fn log(&self, name: &str, guarded: bool);

    /// Makes a bucket.
    async fn bucket(&self, name: &str, guarded: bool);

    /// Makes a secret.
    async fn secret(&self, id: &str);
}

/// Runs every case; `no_bare_bucket` says why a bucket that refuses nothing cannot be shown there.
pub async fn run(fixture: &dyn SafeguardsFixture, no_bare_bucket: Option<&'static str>) -> Vec<CaseResult> {
    let cases = [
        ("a table tells its key and its recovery", verdict(tables(fixture).await)),
        ("a topic tells its key and its policy", verdict(topics(fixture).await)),
        ("a log group tells its key and its retention, and no other's", verdict(logs(fixture).await)),
        (
            "a bucket tells whether it refuses what is public",
            match no_bare_bucket {
                None => verdict(buckets(fixture).await),
                Some(reason) => Verdict::Skipped(reason),
            },
        ),
        ("a secret tells its age", verdict(secrets(fixture).await)),
        ("what is not there is told as such", verdict(missing(fixture).await)),
    ];
    cases.into_iter().map(|(case, verdict)| CaseResult { case, verdict }).collect()
}

fn there<T>(found: Option<T>) -> Result<T, Broken> {
    found.ok_or_else(|| Broken("it is not there".to_owned()))
}

async fn tables(fixture: &dyn SafeguardsFixture) -> Case {
    for guarded in [true, false] {
        let name = format!("suite-table-{guarded}");
        fixture.table(&name, guarded).await;
        let guard = there(fixture.safeguards().table(&name).await?)?;
        same("whether it has a key", &guard.key.is_some(), &guarded)?;
        same("its recovery", &guard.point_in_time, &guarded)?;
    }
    Ok(())
}

async fn topics(fixture: &dyn SafeguardsFixture) -> Case {
    for guarded in [true, false] {
        let arn = fixture.topic(&format!("suite-topic-{guarded}"), guarded).await;
        let guard = there(fixture.safeguards().topic(&arn).await?)?;
        same("whether it has a key", &guard.key.is_some(), &guarded)?;
        if guarded {
            let policy = guard.policy.unwrap_or_default();
            holds("its policy is told", policy.contains("2012-10-17") && policy.contains("Statement"))?;
        }
    }
    Ok(())
}

async fn logs(fixture: &dyn SafeguardsFixture) -> Case {
    // The name of the one begins with that of the other.
    fixture.log("suite-log-more", true).await;
    fixture.log("suite-log", false).await;
    let bare = there(fixture.safeguards().log("suite-log").await?)?;
    same("what the bare one has", &(bare.key, bare.retention_days), &(None, None))?;
    let guarded = there(fixture.safeguards().log("suite-log-more").await?)?;
    same("its retention", &guarded.retention_days, &Some(90))?;
    holds("it has a key", guarded.key.is_some())?;
    same("a beginning of a name", &fixture.safeguards().log("suite-lo").await?, &None)
}

async fn buckets(fixture: &dyn SafeguardsFixture) -> Case {
    for guarded in [true, false] {
        let name = format!("suite-bucket-{guarded}");
        fixture.bucket(&name, guarded).await;
        let found = fixture.safeguards().bucket(&name).await?;
        same("what it refuses", &found, &Some(BucketGuard { public_is_refused: guarded }))?;
    }
    Ok(())
}

async fn secrets(fixture: &dyn SafeguardsFixture) -> Case {
    fixture.secret("suite/secret").await;
    let guard = there(fixture.safeguards().secret("suite/secret").await?)?;
    holds("its age is told", guard.changed_at.is_some())?;
    same("whether it rotates", &guard.rotates, &false)
}

async fn missing(fixture: &dyn SafeguardsFixture) -> Case {
    let guards = fixture.safeguards();
    same("a table", &guards.table("suite-nobody").await?, &None)?;
    same("a log group", &guards.log("suite-nobody").await?, &None)?;
    same("a bucket", &guards.bucket("suite-nobody").await?, &None)?;
    same("a secret", &guards.secret("suite/nobody").await?, &None)?;
    same("a topic", &guards.topic("arn:aws:sns:eu-central-1:123456789012:suite-nobody").await?, &None)
}
