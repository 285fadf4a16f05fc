//! What roles may do, in memory and on both stand-ins. moto decides nothing, and neither keeps books about what was used.

use std::sync::Mutex;

use async_trait::async_trait;
use aurora_restore_aws::IamGrants;
use aurora_restore_ops::ports::{Decision, GrantedRole, Grants, Question, RolePolicy, ServiceResult, ServiceUse};
use aurora_restore_testing::{
    MemoryGrants,
    stand_in::StandIn,
    suites::{
        broken,
        grants::{self, GrantsFixture},
    },
};
use jiff::Timestamp;

use crate::services::{connection, endpoint};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

struct OnServer<'s> {
    server: &'s StandIn,
    grants: IamGrants,
}

impl<'s> OnServer<'s> {
    async fn new(server: &'s StandIn) -> Self {
        let grants = IamGrants::new(&connection().await, Some(&endpoint(server))).expect("a legal endpoint");
        Self { server, grants }
    }

    fn iam(&self, action: &str, more: &[(&str, &str)]) -> String {
        let form: Vec<(&str, &str)> =
            [("Action", action), ("Version", "2010-05-08")].into_iter().chain(more.iter().copied()).collect();
        self.server.query("iam", &form)
    }
}

#[async_trait]
impl GrantsFixture for OnServer<'_> {
    fn grants(&self) -> &dyn Grants {
        &self.grants
    }

    async fn role(&self, name: &str, own: (&str, &str), attached: (&str, &str)) -> String {
        self.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)]);
        self.iam("PutRolePolicy", &[("RoleName", name), ("PolicyName", own.0), ("PolicyDocument", own.1)]);
        let made = self.iam("CreatePolicy", &[("PolicyName", attached.0), ("PolicyDocument", attached.1)]);
        let arn = made.split_once("<Arn>").and_then(|(_, rest)| rest.split_once('<')).expect("a policy has an ARN").0;
        self.iam("AttachRolePolicy", &[("RoleName", name), ("PolicyArn", arn)]);
        arn.to_owned()
    }
}

/// The fake, which is filled through itself.
#[derive(Default)]
struct InMemory(Mutex<MemoryGrants>);

impl InMemory {
    fn now(&self) -> MemoryGrants {
        self.0.lock().expect("no test panics with it").clone()
    }
}

#[async_trait]
impl Grants for InMemory {
    async fn role(&self, name: &str) -> ServiceResult<Option<GrantedRole>> {
        self.now().role(name).await
    }

    async fn gather(&self, role_arn: &str) -> ServiceResult<String> {
        self.now().gather(role_arn).await
    }

    async fn gathered(&self, id: &str) -> ServiceResult<Option<Vec<ServiceUse>>> {
        self.now().gathered(id).await
    }

    async fn decide(&self, role_arn: &str, question: &Question) -> ServiceResult<Vec<Decision>> {
        self.now().decide(role_arn, question).await
    }
}

#[async_trait]
impl GrantsFixture for InMemory {
    fn grants(&self) -> &dyn Grants {
        self
    }

    async fn role(&self, name: &str, own: (&str, &str), attached: (&str, &str)) -> String {
        let policy = |name: &str, document: &str| RolePolicy { name: name.to_owned(), document: document.to_owned() };
        let arn = format!("arn:aws:iam::123456789012:policy/{}", attached.0);
        let role = GrantedRole {
            arn: format!("arn:aws:iam::123456789012:role/{name}"),
            made_at: Some(Timestamp::UNIX_EPOCH),
            policies: vec![policy(&arn, attached.1), policy(own.0, own.1)],
        };
        self.0.lock().expect("no test panics with it").roles.insert(name.to_owned(), role);
        arn
    }
}

#[tokio::test]
async fn the_fake_passes_the_suite_of_grants() {
    assert_eq!(broken(&grants::run(&InMemory::default(), None).await), Vec::<String>::new());
}

#[tokio::test]
async fn grants_on_ministack_pass_the_suite_of_their_port() {
    let server = StandIn::ministack();
    assert_eq!(broken(&grants::run(&OnServer::new(&server).await, None).await), Vec::<String>::new());
}

#[tokio::test]
async fn grants_on_moto_pass_the_suite_of_their_port() {
    let server = StandIn::moto();
    let results = grants::run(&OnServer::new(&server).await, Some("moto knows no SimulatePrincipalPolicy")).await;
    assert_eq!(broken(&results), Vec::<String>::new());
}
