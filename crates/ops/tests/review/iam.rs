//! What the stack's roles may do, both ways: every kind of fault is planted in a role that had none.

use aurora_restore_ops::{
    ports::RolePolicy,
    review::{Finding, Level, Period},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{LOG, ROLE, ROLE_ARN, World, shown};

const FOREIGN: &str = "arn:aws:rds:eu-central-1:444455556666:cluster:zz-aurora-restore-review-nobody";

/// What the check finds in a world with one more policy of the role.
async fn with_policy(name: &str, statement: &Value) -> Vec<Finding> {
    let mut world = World::clean();
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let role = world.grants.roles.get_mut(ROLE).unwrap();
    role.policies.push(RolePolicy { name: name.to_owned(), document });
    found(&world).await
}

async fn found(world: &World) -> Vec<Finding> {
    let findings = world.findings(Period::Monthly).await;
    assert!(findings.iter().all(|(check, _)| *check == "iam"), "{findings:?}");
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn texts(findings: &[Finding]) -> Vec<(Level, &str)> {
    findings.iter().map(|finding| (finding.level, finding.what.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_was_added_too_wide_is_found_with_what_it_lets_the_role_do() {
    let attached = "arn:aws:iam::aws:policy/AmazonRDSFullAccess";
    let findings = with_policy(attached, &json!({"Effect": "Allow", "Action": "rds:*", "Resource": "*"})).await;
    let on_foreign = |action: &str| format!("role {ROLE} may {action} on what is not the stack's");
    let wide = format!("role {ROLE} grants `rds:*`");
    let everywhere = format!("role {ROLE} grants rds:* on everything");
    let mut told = texts(&findings);
    told.sort_unstable();
    let delete = ["rds:DeleteDBCluster", "rds:DeleteDBClusterSnapshot", "rds:DeleteDBInstance", "rds:ModifyDBCluster"];
    let delete = delete.map(on_foreign);
    let mut expected = vec![(Level::Error, wide.as_str()), (Level::Error, everywhere.as_str())];
    expected.extend(delete.iter().map(|text| (Level::Error, text.as_str())));
    expected.sort_unstable();
    assert_eq!(told, expected);
    let first = findings.iter().find(|finding| finding.what == wide).unwrap();
    assert_eq!(first.mend, format!("aws iam detach-role-policy --role-name {ROLE} --policy-arn {attached}"));
    let deleting = findings.iter().find(|finding| finding.what == delete[0]).unwrap();
    assert_eq!(shown(deleting, "on"), FOREIGN);
}

#[tokio::test(start_paused = true)]
async fn what_is_granted_and_would_be_refused_is_found_with_who_refuses() {
    let deleting = format!("role {ROLE} is granted rds:DeleteDBCluster and would be refused: ");
    let mut world = World::clean();
    world.grants.bounded.push("rds:Delete*".to_owned());
    let boundary = format!("{deleting}the permissions boundary of the role does not allow it");
    assert_eq!(texts(&found(&world).await), [(Level::Error, boundary.as_str())]);

    let mut world = World::clean();
    world.grants.forbidden.push("rds:*".to_owned());
    let organization = format!("{deleting}a policy of the organization does not allow it");
    assert_eq!(texts(&found(&world).await), [(Level::Error, organization.as_str())]);

    let findings =
        with_policy("stop", &json!({"Effect": "Deny", "Action": "rds:DeleteDBCluster", "Resource": "*"})).await;
    assert_eq!(texts(&findings), [(Level::Error, format!("{deleting}a statement denies it").as_str())]);
    assert!(
        findings[0].mend.starts_with(&format!("aws iam simulate-principal-policy --policy-source-arn {ROLE_ARN} "))
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_found_with_its_function_and_noted_if_the_stack_was_changed_since() {
    let refusal = r#"{"level":"ERROR","message":"AccessDenied: User: arn:aws:sts::444455556666:assumed-role/r/f is not authorized to perform: kms:CreateGrant on resource: arn:aws:kms:eu-central-1:444455556666:key/2 because"}"#;
    let world = World::clean();
    world.write(3, |_| refusal.to_owned());
    let findings = found(&world).await;
    assert_eq!(texts(&findings), [(Level::Error, "kms:CreateGrant was refused")]);
    let finding = &findings[0];
    assert_eq!((shown(finding, "refusals"), shown(finding, "log")), ("3", LOG));
    assert_eq!(shown(finding, "on"), "arn:aws:kms:eu-central-1:444455556666:key/2");

    let mut world = World::clean();
    world.write(3, |_| refusal.to_owned());
    world.deployed.stack.changed_at = Some(world.now() + SignedDuration::from_mins(1));
    let findings = found(&world).await;
    assert_eq!(texts(&findings), [(Level::Note, "kms:CreateGrant was refused before the stack was changed last")]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_a_role_never_called_is_noted_once_the_role_is_old_enough() {
    let mut world = World::clean();
    let used = world.grants.used.get_mut(ROLE_ARN).unwrap();
    used.iter_mut().find(|one| one.service == "rds").unwrap().last_used_at = None;
    let findings = found(&world).await;
    assert_eq!(texts(&findings), [(Level::Note, format!("role {ROLE} may call rds and never did").as_str())]);
    assert_eq!(shown(&findings[0], "granted"), "rds:DeleteDBCluster");

    world.grants.roles.get_mut(ROLE).unwrap().made_at = Some(world.now() - SignedDuration::from_hours(24 * 89));
    assert_eq!(found(&world).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_gone_or_cannot_be_read_is_an_error() {
    let mut world = World::clean();
    world.grants.roles.get_mut(ROLE).unwrap().policies[0].document = "no policy".to_owned();
    let findings = found(&world).await;
    assert_eq!(texts(&findings), [(Level::Error, format!("policy undo of role {ROLE} cannot be read").as_str())]);
    world.grants.roles.clear();
    let findings = found(&world).await;
    assert_eq!(texts(&findings), [(Level::Error, format!("role {ROLE} of the stack is gone").as_str())]);
}
