//! The conformance suite of the port of a secret's versions.

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{
        PASSWORD_CHARS, PASSWORD_EXCLUDED, SecretDocument, SecretVersions, SecretVersionsError, SecretsError,
        VersionStage,
    },
    secret::Secret,
};

use super::{Case, CaseResult, Verdict, holds, same, verdict};

/// What the suite needs to know of an implementation.
#[async_trait]
pub trait SecretVersionsFixture: Send + Sync {
    /// The store under test.
    fn versions(&self) -> &dyn SecretVersions;

    /// Puts a secret with one version, which is current, into the store.
    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]);

    /// What the current version says as a plain reader of the store gets it.
    async fn read(&self, id: &SecretId) -> SecretDocument;

    /// Why a case cannot be shown there, if so.
    fn skips(&self, case: &str) -> Option<&'static str>;
}

const WHOLE: &str = "a version is made pending, current, and the former one previous, and every reader finds one";
const ONCE: &str = "a version keeps its content";
const RACE: &str = "of two that move the current label one is refused";
const ONE_LABEL: &str = "a label is on one version at a time";
const NOTHING: &str = "a version without content has none, and a secret that does not exist is missing";
const PASSWORDS: &str = "passwords are random, long enough, and of harmless characters";

/// What must hold, in the order in which it is tried.
pub fn sentences() -> [&'static str; 6] {
    [WHOLE, ONCE, RACE, ONE_LABEL, NOTHING, PASSWORDS]
}

/// Runs every case.
pub async fn run(fixture: &mut dyn SecretVersionsFixture) -> Vec<CaseResult> {
    let mut results = Vec::new();
    for case in sentences() {
        let verdict = match fixture.skips(case) {
            Some(reason) => Verdict::Skipped(reason),
            None => verdict(match case {
                WHOLE => whole(fixture).await,
                ONCE => once(fixture).await,
                RACE => race(fixture).await,
                ONE_LABEL => one_label(fixture).await,
                NOTHING => nothing(fixture).await,
                _ => passwords(fixture).await,
            }),
        };
        results.push(CaseResult { case, verdict });
    }
    results
}

fn document(password: &str) -> SecretDocument {
    let field = |key: &str, text: &str| (key.to_owned(), Secret::new(text));
    SecretDocument { fields: [field("username", "app"), field("password", password)].into_iter().collect() }
}

/// Tokens that no fixture makes its secrets with.
fn token(digit: char) -> Result<SecretVersionId, super::Broken> {
    Ok(SecretVersionId::new(format!("0c5e9f1{digit}-7d7a-4a52-9c7e-2f9b6a4c1d08"))?)
}

/// A secret of its own with the password `one`, and the version that is current.
async fn begun(
    fixture: &mut dyn SecretVersionsFixture,
    name: &str,
) -> Result<(SecretId, SecretVersionId), super::Broken> {
    let id = SecretId::new(format!("suite/versions/{name}"))?;
    fixture.put(&id, &[("username", "app"), ("password", "one")]).await;
    let history = fixture.versions().history(&id).await?;
    let current = history.at(VersionStage::Current).cloned().ok_or("no version is current")?;
    Ok((id, current))
}

async fn whole(fixture: &mut dyn SecretVersionsFixture) -> Case {
    let (id, first) = begun(fixture, "whole").await?;
    let versions = fixture.versions();
    same("what is pending at first", &versions.history(&id).await?.at(VersionStage::Pending), &None)?;
    let second = token('1')?;
    versions.put_pending(&id, &second, &document("two")).await?;
    let history = versions.history(&id).await?;
    same("what is pending", &history.at(VersionStage::Pending), &Some(&second))?;
    same("what is current", &history.at(VersionStage::Current), &Some(&first))?;
    same("what a reader gets", &fixture.read(&id).await, &document("one"))?;
    same("the pending content", &versions.value(&id, &second).await?, &Some(document("two")))?;
    versions.move_current(&id, &first, &second).await?;
    let history = versions.history(&id).await?;
    same("what is current now", &history.at(VersionStage::Current), &Some(&second))?;
    same("what is previous now", &history.at(VersionStage::Previous), &Some(&first))?;
    same("what is still pending", &history.at(VersionStage::Pending), &Some(&second))?;
    same("what a reader gets now", &fixture.read(&id).await, &document("two"))?;
    same("the previous content", &versions.value(&id, &first).await?, &Some(document("one")))?;
    versions.clear_pending(&id, &second).await?;
    let history = versions.history(&id).await?;
    same("what is pending at last", &history.at(VersionStage::Pending), &None)?;
    same("what is current at last", &history.at(VersionStage::Current), &Some(&second))?;
    let third = token('2')?;
    versions.put_pending(&id, &third, &document("three")).await?;
    versions.move_current(&id, &second, &third).await?;
    same("what is previous after two", &versions.history(&id).await?.at(VersionStage::Previous), &Some(&second))
}

async fn once(fixture: &mut dyn SecretVersionsFixture) -> Case {
    let (id, _) = begun(fixture, "once").await?;
    let (versions, version) = (fixture.versions(), token('1')?);
    versions.put_pending(&id, &version, &document("two")).await?;
    versions.put_pending(&id, &version, &document("two")).await?;
    let refused = versions.put_pending(&id, &version, &document("three")).await;
    holds("another content is refused", matches!(refused, Err(SecretVersionsError::Conflict { .. })))?;
    holds("the refusal shows nothing", !format!("{refused:?}").contains("three"))?;
    same("the content", &versions.value(&id, &version).await?, &Some(document("two")))
}

async fn race(fixture: &mut dyn SecretVersionsFixture) -> Case {
    let (id, first) = begun(fixture, "race").await?;
    let (versions, second) = (fixture.versions(), token('1')?);
    versions.put_pending(&id, &second, &document("two")).await?;
    versions.move_current(&id, &first, &second).await?;
    let again = versions.move_current(&id, &first, &second).await;
    holds("the second move is refused", matches!(again, Err(SecretVersionsError::Conflict { .. })))?;
    same("what a reader gets", &fixture.read(&id).await, &document("two"))?;
    let versions = fixture.versions();
    versions.clear_pending(&id, &second).await?;
    let again = versions.clear_pending(&id, &second).await;
    holds("a label that is off is not taken off", matches!(again, Err(SecretVersionsError::Conflict { .. })))
}

async fn one_label(fixture: &mut dyn SecretVersionsFixture) -> Case {
    let (id, _) = begun(fixture, "label").await?;
    let (versions, second, third) = (fixture.versions(), token('1')?, token('2')?);
    versions.put_pending(&id, &second, &document("two")).await?;
    versions.put_pending(&id, &third, &document("three")).await?;
    let history = versions.history(&id).await?;
    let pending = history.versions.iter().filter(|version| version.stages.contains(&VersionStage::Pending)).count();
    same("how many are pending", &pending, &1)?;
    same("which is pending", &history.at(VersionStage::Pending), &Some(&third))
}

async fn nothing(fixture: &mut dyn SecretVersionsFixture) -> Case {
    let (id, _) = begun(fixture, "nothing").await?;
    let versions = fixture.versions();
    same("the content of no version", &versions.value(&id, &token('9')?).await?, &None)?;
    let nobody = SecretId::new("suite/versions/nobody")?;
    match versions.history(&nobody).await {
        Err(SecretVersionsError::Store(SecretsError::Missing { id, .. })) => same("the id", &id, &nobody),
        other => Err(super::Broken(format!("the answer is {other:?}"))),
    }
}

async fn passwords(fixture: &mut dyn SecretVersionsFixture) -> Case {
    let (id, _) = begun(fixture, "passwords").await?;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let password = fixture.versions().random_password(&id).await?;
        let text = password.expose();
        same("its characters", &text.chars().count(), &PASSWORD_CHARS)?;
        holds("they are harmless", text.chars().all(|c| c.is_ascii_graphic() && !PASSWORD_EXCLUDED.contains(c)))?;
        seen.insert(text.to_owned());
    }
    same("how many differ", &seen.len(), &20)
}
