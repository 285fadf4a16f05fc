//! `iam`: what the roles of the stack may do, against what they do and what they must never.
//!
//! ```text
//! wide     statements that are wider than anything needs      (pure)
//! refused  what functions were refused, as their logs say     used and not granted
//! idle     services that a role may call and never did        granted and not used
//! trial    what IAM would say: to what is granted, and to what no role may ever
//! ```

mod idle;
mod refused;
mod trial;
mod wide;

use super::super::{
    check::{Check, Period},
    finding::{Finding, Seen, counted},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    policy::{Statement, UnreadablePolicy, statements},
    ports::{GrantedRole, Grants},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "iam",
    period: Period::Monthly,
    about: "what the stack's roles may do and never did, were refused, may do too widely, or may do at all and never must",
    permissions: &[
        "iam:GetRole",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:GetServiceLastAccessedDetails",
        "iam:SimulatePrincipalPolicy",
        "logs:FilterLogEvents",
    ],
    look: |site| Box::pin(look(site)),
};

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    site.grants.as_ref().and(site.deployed.as_ref()).then(|(grants, deployed)| of_all(site, *grants, deployed)).await
}

/// A role with its statements read.
struct Role {
    name: String,
    granted: GrantedRole,
    /// The name of the policy that each is in, and the statement.
    statements: Vec<(String, Statement)>,
}

async fn of_all(site: &Site<'_>, grants: &dyn Grants, deployed: &Deployed) -> Result<Seen, Unlooked> {
    let (mut roles, mut findings) = (Vec::new(), Vec::new());
    for name in deployed.names("AWS::IAM::Role") {
        match patiently(|| grants.role(name)).await? {
            Some(granted) => match Role::read(name, granted) {
                Ok(role) => roles.push(role),
                Err(finding) => findings.push(finding),
            },
            None => findings.push(gone(site, name)),
        }
    }
    findings.extend(roles.iter().flat_map(wide::findings));
    let lines = refused::look(site, deployed, &mut findings).await;
    idle::look(site.now, grants, &roles, &mut findings).await?;
    let asked = trial::look(grants, deployed, &roles, &mut findings).await?;
    let count: usize = roles.iter().map(|role| role.statements.len()).sum();
    let looked_at = format!(
        "{} of {}, {} put to IAM, {lines}",
        counted(count, "statement"),
        counted(roles.len(), "role"),
        counted(asked, "question")
    );
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    Ok(Seen { looked_at, findings })
}

impl Role {
    fn read(name: &str, granted: GrantedRole) -> Result<Self, Finding> {
        let mut found = Vec::new();
        for policy in &granted.policies {
            let statements = statements(&policy.document).map_err(|UnreadablePolicy| unreadable(name, &policy.name))?;
            found.extend(statements.into_iter().map(|statement| (policy.name.clone(), statement)));
        }
        Ok(Self { name: name.to_owned(), granted, statements: found })
    }

    /// What is granted, statement by statement.
    fn grants(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().map(|(_, statement)| statement).filter(|statement| statement.allows)
    }
}

fn gone(site: &Site<'_>, name: &str) -> Finding {
    Finding::new(Level::Error, format!("role {name} of the stack is gone"), site.command("review monthly --only drift"))
}

fn unreadable(role: &str, policy: &str) -> Finding {
    let mend = mending(role, policy);
    Finding::new(Level::Error, format!("policy {policy} of role {role} cannot be read"), mend)
}

/// What is to be done about a policy: one that was attached is none of the stack's, one of the role's own is looked at.
fn mending(role: &str, policy: &str) -> String {
    if policy.starts_with("arn:") {
        format!("aws iam detach-role-policy --role-name {role} --policy-arn {policy}")
    } else {
        format!("aws iam get-role-policy --role-name {role} --policy-name {policy}")
    }
}
