//! What a deployed stack is made, kept and asked with: CloudFormation, the bucket, the state machines.

pub use aurora_restore_aws::needed_indexes;
use aurora_restore_aws::{
    AwsMonitors, AwsSafeguards, AwsTables, Callers, CloudFormation, CloudWatch, CloudWatchAlarms, CloudWatchLogs,
    Connection, CostExplorer, IamGrants, KmsKeys, LambdaFunctions, MachineArn, ParameterName, S3Artifacts, SsmConfig,
    StepFunctions,
};
use aurora_restore_core::{
    ids::{AccountId, Arn, Region},
    ports::{Cloud as _, Location, Side},
};
use aurora_restore_ops::{
    deploy::DeployPorts,
    patiently,
    ports::{
        Alarms, Artifacts, Bills, Executions, Functions, Grants, Insights, Keys, Logs, Metrics, Monitors, Patient,
        Safeguards, ServiceError, Stack, Stacks as _, Tables,
    },
};

use crate::{
    StackConfiguration,
    config::{DeployedStack, Environment},
    services::{ServicesError, connect, open_cloud, open_secrets},
};

/// Why a stack cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The account cannot be entered.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// There is no such stack.
    #[error("stack {name} does not exist in {region}")]
    NoStack {
        /// Its name.
        name: String,
        /// Where it was looked for.
        region: Region,
    },
    /// A stack is none of this product.
    #[error("the stack is none of aurora-restore: {reason}")]
    NotAStack {
        /// What is missing.
        reason: String,
    },
    /// CloudFormation said no.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// The account and Region of a stack, entered.
#[derive(Debug)]
pub struct StackServices {
    connection: Connection,
    stacks: CloudFormation,
    region: Region,
}

impl StackServices {
    /// Enters the target account in a Region. Sends nothing to CloudFormation yet.
    ///
    /// # Errors
    /// [`ServicesError`] where the account cannot be entered.
    pub async fn open(environment: &Environment, region: &Region) -> Result<Self, ServicesError> {
        let connection = connect(environment, &Location { side: Side::Target, region: region.clone() }).await?;
        let stacks = CloudFormation::new(&connection, None)?;
        Ok(Self { connection, stacks, region: region.clone() })
    }

    /// The stacks.
    pub fn stacks(&self) -> &dyn aurora_restore_ops::ports::Stacks {
        &self.stacks
    }

    /// How the resources of stacks differ from their templates.
    pub fn drifts(&self) -> &dyn aurora_restore_ops::ports::Drifts {
        &self.stacks
    }

    /// The Region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The buckets of an account.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn artifacts(&self, owner: &AccountId) -> Result<Box<dyn Artifacts>, ServicesError> {
        Ok(Box::new(S3Artifacts::new(&self.connection, owner.clone(), None)?))
    }

    /// The KMS keys.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn keys(&self) -> Result<Box<dyn Keys>, ServicesError> {
        Ok(Box::new(KmsKeys::new(&self.connection, None)?))
    }

    /// What a deployment works with.
    pub fn deploy_ports<'p>(&'p self, artifacts: &'p dyn Artifacts) -> DeployPorts<'p> {
        DeployPorts { stacks: &self.stacks, artifacts }
    }

    /// The account that answers.
    ///
    /// # Errors
    /// [`ServicesError`] where none does, or another one than the configuration names.
    pub async fn account(&self, environment: &Environment) -> Result<AccountId, ServicesError> {
        let secrets = open_secrets(environment).await?;
        let cloud = open_cloud(&environment.aws, &self.region, secrets.as_ref()).await?;
        let found = cloud.account(Side::Target).await?;
        match &environment.aws.target.account {
            Some(expected) if *expected != found => {
                Err(ServicesError::OtherAccount { side: "target", found, expected: expected.clone() })
            }
            _ => Ok(found),
        }
    }

    /// The functions of the account.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn functions(&self) -> Result<Box<dyn Functions>, ServicesError> {
        Ok(Box::new(LambdaFunctions::new(&self.connection, None)?))
    }

    /// The alarms of the account.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn alarms(&self) -> Result<Box<dyn Alarms>, ServicesError> {
        Ok(Box::new(CloudWatchAlarms::new(&self.connection, None)?))
    }

    /// The ARN of the caller.
    ///
    /// # Errors
    /// [`StackError`] where STS says nothing.
    pub async fn caller(&self, environment: &Environment) -> Result<String, StackError> {
        let endpoint = environment.aws.sts_endpoint.as_ref();
        let callers = Callers::new(&self.connection, endpoint).map_err(ServicesError::from)?;
        Ok(patiently(|| callers.arn()).await?)
    }

    /// The bucket that is made where none is named: one for each account and Region.
    pub fn usual_bucket(&self, account: &AccountId) -> String {
        format!("aurora-restore-{account}-{}", self.region)
    }

    /// The executions of a state machine of the stack.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`]; [`StackError::NotAStack`] where the ARN is none of a state machine.
    pub fn executions(&self, machine: &str) -> Result<Box<dyn Executions>, StackError> {
        let unfit = || StackError::NotAStack { reason: format!("its output `{machine}` is no state machine") };
        let arn = Arn::new(machine).map_err(|_| unfit())?;
        let machine = MachineArn::new(arn).map_err(|_| unfit())?;
        Ok(Box::new(Patient(StepFunctions::new(&self.connection, machine, None).map_err(ServicesError::from)?)))
    }

    /// The logs.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn logs(&self) -> Result<Box<dyn Logs>, ServicesError> {
        Ok(Box::new(CloudWatchLogs::new(&self.connection, None)?))
    }

    /// Queries on the logs.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn insights(&self) -> Result<Box<dyn Insights>, ServicesError> {
        Ok(Box::new(CloudWatchLogs::new(&self.connection, None)?))
    }

    /// What watches stacks.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn monitors(&self) -> Result<Box<dyn Monitors>, ServicesError> {
        Ok(Box::new(AwsMonitors::new(&self.connection, None)?))
    }

    /// The settings of tables.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn tables(&self) -> Result<Box<dyn Tables>, ServicesError> {
        Ok(Box::new(AwsTables::new(&self.connection, None)?))
    }

    /// The metrics.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn metrics(&self) -> Result<Box<dyn Metrics>, ServicesError> {
        Ok(Box::new(CloudWatch::new(&self.connection, None)?))
    }

    /// What was billed.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn bills(&self) -> Result<Box<dyn Bills>, ServicesError> {
        Ok(Box::new(CostExplorer::new(&self.connection, None)?))
    }

    /// What the stack's roles may do.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn grants(&self) -> Result<Box<dyn Grants>, ServicesError> {
        Ok(Box::new(IamGrants::new(&self.connection, None)?))
    }

    /// How things are guarded.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`].
    pub fn safeguards(&self) -> Result<Box<dyn Safeguards>, ServicesError> {
        Ok(Box::new(AwsSafeguards::new(&self.connection, None)?))
    }

    /// The configuration that the functions of a stack read.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`]; [`StackError::NotAStack`] where the stack names no parameter.
    pub fn configuration(&self, stack: &Stack) -> Result<StackConfiguration, StackError> {
        let named = stack.outputs.get("ParameterName").map(|name| ParameterName::new(name));
        let Some(Ok(name)) = named else {
            return Err(StackError::NotAStack { reason: "it gives no output `ParameterName`".to_owned() });
        };
        let parameters = SsmConfig::new(&self.connection, None).map_err(ServicesError::from)?;
        Ok(StackConfiguration::new(parameters, name, self.region.clone()))
    }

    /// A stack that is there.
    ///
    /// # Errors
    /// [`StackError::NoStack`], or what CloudFormation says.
    pub async fn find(&self, name: &str) -> Result<Stack, StackError> {
        let found = patiently(|| self.stacks.describe(name)).await?;
        found.ok_or_else(|| StackError::NoStack { name: name.to_owned(), region: self.region.clone() })
    }

    /// A stack as the configuration has to know it.
    pub fn as_deployed(&self, stack: &Stack) -> DeployedStack {
        DeployedStack { name: stack.name.clone(), region: self.region.to_string(), outputs: stack.outputs.clone() }
    }
}
