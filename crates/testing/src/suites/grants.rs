//! The conformance suite of the grants port.

use async_trait::async_trait;
use aurora_restore_ops::ports::{Decision, DeniedBy, Grants, Question};

use super::{Broken, Case, CaseResult, Verdict, holds, same, verdict};

/// A policy with a wildcard and a denial.
const OWN: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Look","Effect":"Allow","Action":["rds:DescribeDBClusters","rds:DeleteDBCluster"],"Resource":"arn:aws:rds:*:123456789012:cluster:suite+*"},
    {"Sid":"Never","Effect":"Deny","Action":"rds:DeleteDBCluster","Resource":"*"}]}"#;
const ATTACHED: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:Publish","Resource":"arn:aws:sns:eu-central-1:123456789012:suite"}]}"#;

/// Roles, and how they get there.
#[async_trait]
pub trait GrantsFixture: Send + Sync {
    /// What roles may do.
    fn grants(&self) -> &dyn Grants;

    /// Makes a role with one policy of its own and one that is attached; gives the ARN of the second.
    async fn role(&self, name: &str, own: (&str, &str), attached: (&str, &str)) -> String;
}

/// Runs every case; `no_decisions` says why nothing is decided there.
pub async fn run(fixture: &dyn GrantsFixture, no_decisions: Option<&'static str>) -> Vec<CaseResult> {
    let attached = fixture.role("suite-role", ("own", OWN), ("suite-attached", ATTACHED)).await;
    let cases = [
        ("a role tells its own policies and those that are attached", verdict(policies(fixture, &attached).await)),
        ("a role that is not there is none", verdict(missing(fixture).await)),
        (
            "what is allowed, denied and not spoken of is told apart",
            match no_decisions {
                None => verdict(decisions(fixture).await),
                Some(reason) => Verdict::Skipped(reason),
            },
        ),
    ];
    cases.into_iter().map(|(case, verdict)| CaseResult { case, verdict }).collect()
}

async fn policies(fixture: &dyn GrantsFixture, attached: &str) -> Case {
    let role = fixture.grants().role("suite-role").await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
    holds("its ARN names it", role.arn.ends_with(":role/suite-role"))?;
    holds("it was made some time", role.made_at.is_some())?;
    let names: Vec<&str> = role.policies.iter().map(|policy| policy.name.as_str()).collect();
    let mut expected = vec!["own", attached];
    expected.sort_unstable();
    same("the policies", &names, &expected)?;
    for policy in &role.policies {
        let expected = if policy.name == "own" { OWN } else { ATTACHED };
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        same("the document", &read(&policy.document), &read(expected))?;
    }
    Ok(())
}

async fn missing(fixture: &dyn GrantsFixture) -> Case {
    same("the role", &fixture.grants().role("suite-nobody").await?, &None)
}

async fn decisions(fixture: &dyn GrantsFixture) -> Case {
    let role = fixture.grants().role("suite-role").await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
    let cluster = "arn:aws:rds:eu-central-1:123456789012:cluster:suite+1";
    let actions = ["rds:DescribeDBClusters", "rds:DeleteDBCluster", "rds:ModifyDBCluster"];
    let question = Question {
        actions: actions.map(str::to_owned).to_vec(),
        resources: vec![cluster.to_owned()],
        keys: Vec::new(),
    };
    let found = fixture.grants().decide(&role.arn, &question).await?;
    let denied = |action: &str, denied| Decision { action: action.to_owned(), resource: cluster.to_owned(), denied };
    let expected = vec![
        denied(actions[0], None),
        denied(actions[1], Some(DeniedBy::Statement)),
        denied(actions[2], Some(DeniedBy::Nothing)),
    ];
    same("the decisions", &found, &expected)
}
