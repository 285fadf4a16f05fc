//! IAM in memory, as far as reviews ask it: roles with their policies, what they used, and an evaluation of calls.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aurora_restore_ops::{
    policy::{Condition, Statement, fits, statements},
    ports::{Decision, DeniedBy, GrantedRole, Grants, Question, ServiceError, ServiceResult, ServiceUse},
};

/// Roles in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryGrants {
    /// The roles, by name.
    pub roles: BTreeMap<String, GrantedRole>,
    /// What the roles of these ARNs have used.
    pub used: BTreeMap<String, Vec<ServiceUse>>,
    /// What the permissions boundary of every role does not allow.
    pub bounded: Vec<String>,
    /// What the organization does not allow.
    pub forbidden: Vec<String>,
}

impl MemoryGrants {
    fn granted(&self, role_arn: &str) -> ServiceResult<Vec<Statement>> {
        let role = self.roles.values().find(|role| role.arn == role_arn).ok_or_else(|| missing(role_arn))?;
        let read = |document: &str| statements(document).map_err(|error| refused(role_arn, error.to_string()));
        let documents = role.policies.iter().map(|policy| read(&policy.document));
        Ok(documents.collect::<ServiceResult<Vec<_>>>()?.concat())
    }

    /// The order is IAM's: a denial first, then the limits, then whether anything allows it.
    fn denied(
        &self,
        granted: &[Statement],
        action: &str,
        resource: &str,
        keys: &BTreeMap<&str, &[String]>,
    ) -> Option<DeniedBy> {
        let speaks =
            |allows: bool| granted.iter().any(|one| one.allows == allows && covers(one, action, resource, keys));
        if speaks(false) {
            return Some(DeniedBy::Statement);
        }
        if self.forbidden.iter().any(|pattern| fits(pattern, action)) {
            return Some(DeniedBy::Organization);
        }
        if self.bounded.iter().any(|pattern| fits(pattern, action)) {
            return Some(DeniedBy::Boundary);
        }
        (!speaks(true)).then_some(DeniedBy::Nothing)
    }
}

fn missing(object: &str) -> ServiceError {
    let (action, reason) = ("iam:SimulatePrincipalPolicy", "NoSuchEntity: there is no such role".to_owned());
    ServiceError::Missing { action, object: object.to_owned(), reason }
}

fn refused(object: &str, reason: String) -> ServiceError {
    ServiceError::Refused { action: "iam:SimulatePrincipalPolicy", object: object.to_owned(), reason }
}

fn covers(statement: &Statement, action: &str, resource: &str, keys: &BTreeMap<&str, &[String]>) -> bool {
    statement.actions.iter().any(|pattern| fits(pattern, action))
        && statement.resources.iter().any(|pattern| fits(pattern, resource))
        && statement.conditions.iter().all(|condition| holds(condition, keys))
}

/// Conditions that demand a value, which is what roles have; a key that is not there meets none of them.
fn holds(condition: &Condition, keys: &BTreeMap<&str, &[String]>) -> bool {
    let found = keys.get(condition.key.as_str()).copied().unwrap_or_default();
    if condition.operator == "Null" {
        let wants_none = condition.values.iter().any(|value| value == "true");
        return found.is_empty() == wants_none;
    }
    found.iter().any(|value| condition.values.iter().any(|pattern| fits(pattern, value)))
}

#[async_trait]
impl Grants for MemoryGrants {
    async fn role(&self, name: &str) -> ServiceResult<Option<GrantedRole>> {
        Ok(self.roles.get(name).cloned())
    }

    async fn gather(&self, role_arn: &str) -> ServiceResult<String> {
        Ok(role_arn.to_owned())
    }

    async fn gathered(&self, id: &str) -> ServiceResult<Option<Vec<ServiceUse>>> {
        Ok(Some(self.used.get(id).cloned().unwrap_or_default()))
    }

    async fn decide(&self, role_arn: &str, question: &Question) -> ServiceResult<Vec<Decision>> {
        let granted = self.granted(role_arn)?;
        let keys = question.keys.iter().map(|(key, values)| (key.as_str(), values.as_slice())).collect();
        let pairs = question.actions.iter().flat_map(|action| question.resources.iter().map(move |on| (action, on)));
        let decision = |(action, resource): (&String, &String)| Decision {
            action: action.clone(),
            resource: resource.clone(),
            denied: self.denied(&granted, action, resource, &keys),
        };
        Ok(pairs.map(decision).collect())
    }
}
