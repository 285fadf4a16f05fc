//! The [`Grants`] port on IAM, one call for each question.

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    Decision, DeniedBy, GrantedRole, Grants, Question, RolePolicy, ServiceError, ServiceResult, ServiceUse,
};
use aws_sdk_iam::{
    Client,
    error::ProvideErrorMetadata,
    primitives::DateTime,
    types::{
        AccessAdvisorUsageGranularityType, ContextEntry, ContextKeyTypeEnum, EvaluationResult, JobStatusType,
        OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType,
        ServiceLastAccessed,
    },
};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::service::{Asked, PAGES_MAX};
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// The [`Grants`] port on IAM.
#[derive(Debug, Clone)]
pub struct IamGrants {
    client: Client,
}

impl IamGrants {
    /// The roles of that account. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("IAM", endpoint)?) })
    }

    /// The policies that are part of a role.
    async fn own(&self, role: &str) -> ServiceResult<Vec<RolePolicy>> {
        let mut policies = Vec::new();
        let listing = Asked::about("iam:ListRolePolicies", role);
        let mut pages = self.client.list_role_policies().role_name(role).into_paginator().send();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else { return Ok(policies) };
            for name in page.map_err(|error| listing.failed(&error))?.policy_names {
                let asked = Asked::about("iam:GetRolePolicy", &name);
                let sent = self.client.get_role_policy().role_name(role).policy_name(&name).send().await;
                let document = decoded(asked, &sent.map_err(|error| asked.failed(&error))?.policy_document)?;
                policies.push(RolePolicy { name, document });
            }
        }
        Err(listing.malformed("has no end"))
    }

    /// The policies that were attached to a role, as they are in force.
    async fn attached(&self, role: &str) -> ServiceResult<Vec<RolePolicy>> {
        let mut policies = Vec::new();
        let listing = Asked::about("iam:ListAttachedRolePolicies", role);
        let mut pages = self.client.list_attached_role_policies().role_name(role).into_paginator().send();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else { return Ok(policies) };
            let attached = page.map_err(|error| listing.failed(&error))?.attached_policies.unwrap_or_default();
            for arn in attached.into_iter().filter_map(|policy| policy.policy_arn) {
                policies.push(self.in_force(arn).await?);
            }
        }
        Err(listing.malformed("has no end"))
    }

    async fn in_force(&self, arn: String) -> ServiceResult<RolePolicy> {
        let asked = Asked::about("iam:GetPolicy", &arn);
        let sent = self.client.get_policy().policy_arn(&arn).send().await;
        let policy = sent.map_err(|error| asked.failed(&error))?.policy;
        let version = policy.and_then(|policy| policy.default_version_id);
        let version = version.ok_or_else(|| asked.malformed("names no version in force"))?;
        let asked = Asked::about("iam:GetPolicyVersion", &arn);
        let sent = self.client.get_policy_version().policy_arn(&arn).version_id(version).send().await;
        let found = sent.map_err(|error| asked.failed(&error))?.policy_version.and_then(|version| version.document);
        let document = decoded(asked, &found.ok_or_else(|| asked.malformed("holds no document"))?)?;
        Ok(RolePolicy { name: arn, document })
    }
}

/// IAM writes documents with percent signs (RFC 3986); a stand-in may write them as they are.
fn decoded(asked: Asked<'_>, document: &str) -> ServiceResult<String> {
    if document.trim_start().starts_with('{') {
        return Ok(document.to_owned());
    }
    let decoded = percent_decode_str(document).decode_utf8().map_err(|_| asked.malformed("is not UTF-8"))?;
    Ok(decoded.into_owned())
}

fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.as_nanos()).ok()
}

#[async_trait]
impl Grants for IamGrants {
    async fn role(&self, name: &str) -> ServiceResult<Option<GrantedRole>> {
        let asked = Asked::about("iam:GetRole", name);
        let answer = match self.client.get_role().role_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchEntity") => return Ok(None),
            Err(error) => return Err(asked.failed(&error)),
        };
        let role = answer.role.ok_or_else(|| asked.malformed("holds no role"))?;
        let mut policies = self.own(name).await?;
        policies.extend(self.attached(name).await?);
        policies.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Some(GrantedRole { arn: role.arn, made_at: timestamp(&role.create_date), policies }))
    }

    async fn gather(&self, role_arn: &str) -> ServiceResult<String> {
        let asked = Asked::about("iam:GenerateServiceLastAccessedDetails", role_arn);
        let call = self.client.generate_service_last_accessed_details().arn(role_arn);
        let sent = call.granularity(AccessAdvisorUsageGranularityType::ServiceLevel).send().await;
        let id = sent.map_err(|error| asked.failed(&error))?.job_id;
        id.ok_or_else(|| asked.malformed("gives no id"))
    }

    async fn gathered(&self, id: &str) -> ServiceResult<Option<Vec<ServiceUse>>> {
        let asked = Asked::about("iam:GetServiceLastAccessedDetails", id);
        let (mut found, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let call = self.client.get_service_last_accessed_details().job_id(id).set_marker(marker);
            let page = call.send().await.map_err(|error| asked.failed(&error))?;
            match page.job_status {
                JobStatusType::Completed => {}
                JobStatusType::InProgress => return Ok(None),
                _ => return Err(failed(asked, page.error.map(|error| error.message))),
            }
            found.extend(page.services_last_accessed.into_iter().map(used));
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(Some(found));
            }
        }
        Err(asked.malformed("has no end"))
    }

    async fn decide(&self, role_arn: &str, question: &Question) -> ServiceResult<Vec<Decision>> {
        let asked = Asked::about("iam:SimulatePrincipalPolicy", role_arn);
        let keys = question.keys.iter().map(|(key, values)| entry(key, values)).collect();
        let (mut decisions, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let call = self.client.simulate_principal_policy().policy_source_arn(role_arn);
            let call = call.set_action_names(Some(question.actions.clone()));
            let call = call.set_resource_arns(Some(question.resources.clone()));
            let call = call.set_context_entries(Some(Clone::clone(&keys))).set_marker(marker);
            let page = call.send().await.map_err(|error| asked.failed(&error))?;
            decisions.extend(page.evaluation_results.unwrap_or_default().iter().flat_map(decided));
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(decisions);
            }
        }
        Err(asked.malformed("has no end"))
    }
}

fn failed(asked: Asked<'_>, message: Option<String>) -> ServiceError {
    asked.malformed(&format!("says that it failed: {}", message.unwrap_or_default()))
}

fn used(one: ServiceLastAccessed) -> ServiceUse {
    ServiceUse { service: one.service_namespace, last_used_at: one.last_authenticated.as_ref().and_then(timestamp) }
}

fn entry(key: &str, values: &[String]) -> ContextEntry {
    let is_yes_or_no = values.iter().all(|value| matches!(value.as_str(), "true" | "false"));
    let kind = if is_yes_or_no { ContextKeyTypeEnum::Boolean } else { ContextKeyTypeEnum::String };
    let entry = ContextEntry::builder().context_key_name(key).context_key_type(kind);
    entry.set_context_key_values(Some(values.to_vec())).build()
}

/// An action with several resources has a result for each.
fn decided(result: &EvaluationResult) -> Vec<Decision> {
    let decision = |resource: &str, denied| Decision {
        action: result.eval_action_name().to_owned(),
        resource: resource.to_owned(),
        denied,
    };
    let boundary = result.permissions_boundary_decision_detail();
    let organization = result.organizations_decision_detail();
    if result.resource_specific_results().is_empty() {
        let denied = denied(result.eval_decision(), boundary, organization);
        return vec![decision(result.eval_resource_name().unwrap_or("*"), denied)];
    }
    let each = result.resource_specific_results().iter();
    each.map(|one| {
        let boundary = one.permissions_boundary_decision_detail().or(boundary);
        decision(one.eval_resource_name(), denied(one.eval_resource_decision(), boundary, organization))
    })
    .collect()
}

/// Who denies it. What IAM says in a word that nobody knew is no permission.
fn denied(
    decision: &PolicyEvaluationDecisionType,
    boundary: Option<&PermissionsBoundaryDecisionDetail>,
    organization: Option<&OrganizationsDecisionDetail>,
) -> Option<DeniedBy> {
    if *decision == PolicyEvaluationDecisionType::Allowed {
        return None;
    }
    if organization.is_some_and(|detail| !detail.allowed_by_organizations()) {
        return Some(DeniedBy::Organization);
    }
    if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary()) {
        return Some(DeniedBy::Boundary);
    }
    let is_explicit = *decision == PolicyEvaluationDecisionType::ExplicitDeny;
    Some(if is_explicit { DeniedBy::Statement } else { DeniedBy::Nothing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{answering, only_body};

    const ROLE: &str = "arn:aws:iam::444455556666:role/aurora-restore-undo-eu-central-1";

    fn envelope(action: &str, result: &str) -> (u16, String) {
        let body = format!(
            r#"<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{action}Result>{result}</{action}Result></{action}Response>"#
        );
        (200, body)
    }

    fn grants(answers: Vec<(u16, String)>) -> (IamGrants, aws_smithy_http_client::test_util::StaticReplayClient) {
        let (connection, http) = answering(answers);
        (IamGrants::new(&connection, None).unwrap(), http)
    }

    #[tokio::test]
    async fn who_denies_a_call_is_told_apart() {
        let result = |decision: &str, detail: &str| {
            format!(
                "<member><EvalActionName>rds:A</EvalActionName><EvalResourceName>arn:x</EvalResourceName>\
                 <EvalDecision>{decision}</EvalDecision>{detail}</member>"
            )
        };
        let boundary = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary>\
                        </PermissionsBoundaryDecisionDetail>";
        let organization = "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>";
        let results = [
            result("allowed", ""),
            result("implicitDeny", ""),
            result("explicitDeny", ""),
            result("implicitDeny", boundary),
            result("explicitDeny", organization),
        ];
        let answer =
            format!("<EvaluationResults>{}</EvaluationResults><IsTruncated>false</IsTruncated>", results.concat());
        let (grants, http) = grants(vec![envelope("SimulatePrincipalPolicy", &answer)]);
        let question = Question {
            actions: vec!["rds:A".to_owned()],
            resources: vec!["arn:x".to_owned()],
            keys: vec![("aws:SecureTransport".to_owned(), vec!["true".to_owned()])],
        };
        let denied: Vec<_> =
            grants.decide(ROLE, &question).await.unwrap().into_iter().map(|decision| decision.denied).collect();
        let expected = [
            None,
            Some(DeniedBy::Nothing),
            Some(DeniedBy::Statement),
            Some(DeniedBy::Boundary),
            Some(DeniedBy::Organization),
        ];
        assert_eq!(denied, expected);
        let sent = only_body(&http);
        assert!(sent.contains("ContextKeyType=boolean") && sent.contains("ResourceArns.member.1=arn%3Ax"), "{sent}");
    }

    #[tokio::test]
    async fn what_was_used_is_waited_for_and_read_page_by_page() {
        let service = |name: &str, at: &str| {
            format!("<member><ServiceName>{name}</ServiceName><ServiceNamespace>{name}</ServiceNamespace>{at}</member>")
        };
        let page = |status: &str, services: &str, end: &str| {
            let dates = "<JobCreationDate>2026-11-01T00:00:00Z</JobCreationDate><JobCompletionDate>2026-11-01T00:00:01Z</JobCompletionDate>";
            envelope(
                "GetServiceLastAccessedDetails",
                &format!(
                    "<JobStatus>{status}</JobStatus>{dates}<ServicesLastAccessed>{services}</ServicesLastAccessed>{end}"
                ),
            )
        };
        let used = service("rds", "<LastAuthenticated>2026-10-31T12:00:00Z</LastAuthenticated>");
        let more = "<IsTruncated>true</IsTruncated><Marker>more</Marker>";
        let answers = vec![
            page("IN_PROGRESS", "", ""),
            page("COMPLETED", &used, more),
            page("COMPLETED", &service("sns", ""), "<IsTruncated>false</IsTruncated>"),
            page("FAILED", "", "<Error><Message>too many</Message><Code>Busy</Code></Error>"),
        ];
        let (grants, _) = grants(answers);
        assert_eq!(grants.gathered("job").await.unwrap(), None);
        let found = grants.gathered("job").await.unwrap().unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.service.as_str(), one.last_used_at.is_some())).collect();
        assert_eq!(told, [("rds", true), ("sns", false)]);
        let error = grants.gathered("job").await.unwrap_err().to_string();
        assert!(error.contains("too many"), "{error}");
    }
}
