//! The conformance suites of the ports that functions are maintained with.

use aurora_restore_ops::ports::{
    AlarmState, Alarms, CodeAt, FunctionFacts, Functions, Pointing, Readiness, ServiceError, Shift,
};
use jiff::Timestamp;

use super::{Broken, Case, CaseResult, Verdict, holds, same, verdict};

/// How often an answer is waited for.
const LOOKS_MAX: u32 = 200;

/// What the suite finds there: a function with the first code, its version 1, and the alias `live` on it; and the second code where it can
/// be taken from.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The function.
    pub function: String,
    /// Where the second code is.
    pub second: CodeAt,
    /// The digest of the second code, in base64.
    pub second_sha256: String,
    /// Why revisions are no precondition there, if they are none.
    pub no_revisions: Option<&'static str>,
}

/// Runs every case about functions. `pause` lets time pass between two looks.
pub async fn run_functions(functions: &dyn Functions, stage: &Stage, pause: impl AsyncFn()) -> Vec<CaseResult> {
    let cases: [(&'static str, Case); 4] = [
        ("what is not there is an answer", missing(functions).await),
        ("new code becomes a version, once, and what serves stays", published(functions, stage, &pause).await),
        ("an alias is pointed with a part to another version and without", pointed(functions, stage).await),
        ("a size is taken up, and put back", resized(functions, stage, &pause).await),
    ];
    let revisions = match stage.no_revisions {
        None => verdict(guarded(functions, stage).await),
        Some(reason) => Verdict::Skipped(reason),
    };
    let told = |(case, result)| CaseResult { case, verdict: verdict(result) };
    let revisions = CaseResult { case: "what somebody else has changed meanwhile is not changed", verdict: revisions };
    cases.into_iter().map(told).chain([revisions]).collect()
}

/// Runs every case about alarms. The alarm of that name is quiet; `ring` lets it ring.
pub async fn run_alarms(alarms: &dyn Alarms, name: &str, ring: impl AsyncFn()) -> Vec<CaseResult> {
    let case = "alarms are found by name and tell where they stand; what was never counted is nothing";
    vec![CaseResult { case, verdict: verdict(rings(alarms, name, ring).await) }]
}

async fn rings(alarms: &dyn Alarms, name: &str, ring: impl AsyncFn()) -> Case {
    let names = [name.to_owned(), "suite-nobodys".to_owned()];
    let found = alarms.named(&names).await?;
    same("the alarms", &found.iter().map(|alarm| alarm.name.as_str()).collect::<Vec<_>>(), &vec![name])?;
    holds("it does not ring", found[0].state != AlarmState::Ringing)?;
    ring().await;
    let found = alarms.named(&names).await?;
    same("its state", &found.first().map(|alarm| alarm.state), &Some(AlarmState::Ringing))?;
    let now = Timestamp::now();
    same("failed calls", &alarms.errors("suite-nobodys", "live", 1, now, now).await?, &0.0)
}

async fn missing(functions: &dyn Functions) -> Case {
    same("a function", &functions.describe("suite-nobodys", None).await?, &None)?;
    same("an alias", &functions.alias("suite-nobodys", "live").await?, &None)?;
    match functions.versions("suite-nobodys").await {
        Err(ServiceError::Missing { .. }) => Ok(()),
        // Some have an empty list for it.
        Ok(versions) => holds("no version", versions.is_empty()),
        Err(other) => Err(other.into()),
    }
}

async fn settled(functions: &dyn Functions, function: &str, pause: &impl AsyncFn()) -> Result<FunctionFacts, Broken> {
    for _ in 0..LOOKS_MAX {
        let facts = functions.describe(function, None).await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
        match facts.readiness {
            Readiness::Ready => return Ok(facts),
            Readiness::Pending => pause().await,
            Readiness::Failed { reason } => return Err(Broken(reason)),
        }
    }
    Err(Broken("it never becomes ready".to_owned()))
}

async fn published(functions: &dyn Functions, stage: &Stage, pause: &impl AsyncFn()) -> Case {
    let function = &stage.function;
    let before = settled(functions, function, pause).await?;
    holds("the first code is another", before.code_sha256 != stage.second_sha256)?;
    functions.set_code(function, &stage.second, &before.revision).await?;
    let after = settled(functions, function, pause).await?;
    same("its code", &after.code_sha256, &stage.second_sha256)?;
    let version = functions.publish(function, &stage.second_sha256, "the suite").await?;
    same("the version", &version, &2)?;
    same("the version once more", &functions.publish(function, &stage.second_sha256, "the suite").await?, &2)?;
    let versions = functions.versions(function).await?;
    let numbers: Vec<_> = versions.iter().map(|version| version.version).collect();
    same("the versions", &numbers, &vec![Some(1), Some(2)])?;
    same("the first version's code", &versions[0].code_sha256, &before.code_sha256)?;
    let one = functions.describe(function, Some(2)).await?.map(|facts| (facts.version, facts.code_sha256));
    same("the second version", &one, &Some((Some(2), stage.second_sha256.clone())))?;
    let alias = functions.alias(function, "live").await?.map(|alias| alias.pointing);
    same("what serves", &alias, &Some(Pointing { version: 1, shift: None }))
}

async fn pointed(functions: &dyn Functions, stage: &Stage) -> Case {
    let shift = Some(Shift { version: 2, part: 0.1 });
    for to in
        [Pointing { version: 1, shift }, Pointing { version: 2, shift: None }, Pointing { version: 1, shift: None }]
    {
        let alias = functions.alias(&stage.function, "live").await?.ok_or_else(|| Broken("no alias".to_owned()))?;
        let words = to.shift.is_none().then(|| format!("serves {}", to.version));
        functions.point(&stage.function, "live", to, words.as_deref(), &alias.revision).await?;
        let found = functions.alias(&stage.function, "live").await?.ok_or_else(|| Broken("no alias".to_owned()))?;
        same("where it points to", &found.pointing, &to)?;
        same("what it tells of itself", &found.description, &words.unwrap_or(alias.description))?;
    }
    Ok(())
}

async fn resized(functions: &dyn Functions, stage: &Stage, pause: &impl AsyncFn()) -> Case {
    let before = settled(functions, &stage.function, pause).await?;
    for size in [before.memory_mb * 2, before.memory_mb] {
        let seen = settled(functions, &stage.function, pause).await?;
        functions.set_memory(&stage.function, size, &seen.revision).await?;
        same("its memory", &settled(functions, &stage.function, pause).await?.memory_mb, &size)?;
    }
    let version = functions.describe(&stage.function, Some(1)).await?.map(|facts| facts.memory_mb);
    same("the memory of what was published", &version, &Some(before.memory_mb))
}

async fn guarded(functions: &dyn Functions, stage: &Stage) -> Case {
    let refused = |what: &str, result: Result<(), ServiceError>| match result {
        Err(ServiceError::Refused { .. }) => Ok(()),
        other => Err(Broken(format!("{what} with an old revision gives {other:?}"))),
    };
    let to = Pointing { version: 2, shift: None };
    // As another call would have left it.
    let old = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
    refused("an alias", functions.point(&stage.function, "live", to, None, old).await)?;
    refused("a size", functions.set_memory(&stage.function, 1_024, old).await)?;
    refused("code", functions.set_code(&stage.function, &stage.second, old).await)
}
