//! The conformance suite of the secrets port.

use async_trait::async_trait;
use aurora_restore_core::{
    ids::SecretId,
    ports::{Secrets, SecretsError},
    secret::Secret,
};

use super::{CaseResult, holds, same, verdict};

/// What the suite needs to know of an implementation.
#[async_trait]
pub trait SecretsFixture: Send + Sync {
    /// The store under test.
    fn secrets(&self) -> &dyn Secrets;

    /// Puts a secret into the store.
    async fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]);
}

/// Runs every case.
pub async fn run(fixture: &mut dyn SecretsFixture) -> Vec<CaseResult> {
    let cases: [(&'static str, super::Case); 2] = [
        ("a secret gives its fields, and the newest version of them", versions(fixture).await),
        ("a secret that does not exist is missing", missing(fixture).await),
    ];
    cases.into_iter().map(|(case, result)| CaseResult { case, verdict: verdict(result) }).collect()
}

async fn versions(fixture: &mut dyn SecretsFixture) -> super::Case {
    let id = SecretId::new("suite/secret")?;
    fixture.put(&id, &[("username", "one"), ("password", "p\u{e4}ss \"word\"")]).await;
    let found = fixture.secrets().get(&id).await?;
    same("its field", &found.fields.get("username").map(Secret::expose), &Some("one"))?;
    same("its password", &found.fields.get("password").map(Secret::expose), &Some("p\u{e4}ss \"word\""))?;
    same("its fields", &found.fields.len(), &2)?;
    fixture.put(&id, &[("username", "two")]).await;
    let found = fixture.secrets().get(&id).await?;
    same("its new field", &found.fields.get("username").map(Secret::expose), &Some("two"))?;
    holds("its debug output hides it", !format!("{found:?}").contains("two"))
}

async fn missing(fixture: &mut dyn SecretsFixture) -> super::Case {
    let id = SecretId::new("suite/nobody")?;
    match fixture.secrets().get(&id).await {
        Err(SecretsError::Missing { id: found, .. }) => same("the id", &found, &id),
        other => Err(super::Broken(format!("the answer is {other:?}"))),
    }
}
