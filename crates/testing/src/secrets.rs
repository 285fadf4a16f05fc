//! Secrets in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aurora_restore_core::{
    ids::SecretId,
    ports::{SecretDocument, Secrets, SecretsError},
    secret::Secret,
};

/// Secrets that live as long as the test.
#[derive(Debug, Clone, Default)]
pub struct MemorySecrets {
    documents: BTreeMap<SecretId, SecretDocument>,
}

impl MemorySecrets {
    /// Keeps a secret.
    pub fn put(&mut self, id: &SecretId, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect();
        self.documents.insert(id.clone(), SecretDocument { fields });
    }

    /// Forgets a secret.
    pub fn remove(&mut self, id: &SecretId) {
        self.documents.remove(id);
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        let found = self.documents.get(id).cloned();
        found.ok_or_else(|| SecretsError::Missing { id: id.clone(), store: "memory".to_owned() })
    }
}
