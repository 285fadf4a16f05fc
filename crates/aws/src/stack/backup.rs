//! The [`RestoreTests`] port on AWS Backup, one call for each question:
//! [`DescribeRestoreJob`](https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRestoreJob.html) and
//! [`PutRestoreValidationResult`](https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutRestoreValidationResult.html).

use async_trait::async_trait;
use aurora_restore_core::ids::Arn;
use aurora_restore_ops::ports::{
    RestoreJob, RestoreJobId, RestoreJobStatus, RestoreTests, ServiceError, ServiceResult, TestVerdict, Validation,
};
use aws_sdk_backup::{
    Client,
    operation::describe_restore_job::DescribeRestoreJobOutput,
    types::{RestoreJobStatus as SdkStatus, RestoreValidationStatus},
};

use super::service::Asked;
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// The [`RestoreTests`] port on AWS Backup.
#[derive(Debug, Clone)]
pub struct BackupRestoreTests {
    client: Client,
}

impl BackupRestoreTests {
    /// The restore jobs of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("Backup", endpoint)?) })
    }
}

#[async_trait]
impl RestoreTests for BackupRestoreTests {
    async fn job(&self, id: &RestoreJobId) -> ServiceResult<Option<RestoreJob>> {
        let asked = Asked::about("backup:DescribeRestoreJob", id.as_str());
        let sent = self.client.describe_restore_job().restore_job_id(id.as_str()).send().await;
        match sent.map_err(|error| asked.failed(&error)) {
            Ok(job) => read(asked, job).map(Some),
            Err(ServiceError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn answer(&self, id: &RestoreJobId, verdict: TestVerdict, message: &str) -> ServiceResult<()> {
        let asked = Asked::about("backup:PutRestoreValidationResult", id.as_str());
        let status = match verdict {
            TestVerdict::Successful => RestoreValidationStatus::Successful,
            TestVerdict::Failed => RestoreValidationStatus::Failed,
        };
        let call = self.client.put_restore_validation_result().restore_job_id(id.as_str());
        let sent = call.validation_status(status).validation_status_message(message).send().await;
        sent.map(drop).map_err(|error| asked.failed(&error))
    }
}

fn read(asked: Asked<'_>, job: DescribeRestoreJobOutput) -> ServiceResult<RestoreJob> {
    let recovery_point = job.recovery_point_arn.ok_or_else(|| asked.malformed("names no recovery point"))?;
    Ok(RestoreJob {
        status: status(job.status.as_ref().ok_or_else(|| asked.malformed("has no status"))?),
        resource_type: job.resource_type.unwrap_or_default(),
        recovery_point: Arn::new(recovery_point).map_err(|error| asked.malformed(&format!("has no ARN: {error}")))?,
        testing_plan: job.created_by.and_then(|creator| creator.restore_testing_plan_arn),
        validation: job.validation_status.as_ref().map(validation),
        validation_message: job.validation_status_message,
    })
}

fn status(status: &SdkStatus) -> RestoreJobStatus {
    match status {
        SdkStatus::Pending => RestoreJobStatus::Pending,
        SdkStatus::Running => RestoreJobStatus::Running,
        SdkStatus::Completed => RestoreJobStatus::Completed,
        SdkStatus::Aborted => RestoreJobStatus::Aborted,
        SdkStatus::Failed => RestoreJobStatus::Failed,
        other => RestoreJobStatus::Other(other.as_str().to_owned()),
    }
}

fn validation(status: &RestoreValidationStatus) -> Validation {
    match status {
        RestoreValidationStatus::Validating => Validation::Validating,
        RestoreValidationStatus::Successful => Validation::Answered(TestVerdict::Successful),
        RestoreValidationStatus::Failed => Validation::Answered(TestVerdict::Failed),
        RestoreValidationStatus::TimedOut => Validation::TimedOut,
        other => Validation::Other(other.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::test_util::StaticReplayClient;

    use super::*;
    use crate::replay::{answering, only_body, refusal};

    const JOB: &str = "1F0E1A3B-6A0F-4B7C-9D0E-3C2B1A0F9E8D";
    const SNAPSHOT: &str = "arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:awsbackup:job-1f00";

    fn tests(answer: (u16, String)) -> (BackupRestoreTests, StaticReplayClient) {
        let (connection, http) = answering([answer]);
        (BackupRestoreTests::new(&connection, None).unwrap(), http)
    }

    async fn job(body: &str) -> ServiceResult<Option<RestoreJob>> {
        let (tests, _) = tests((200, body.to_owned()));
        tests.job(&JOB.parse().unwrap()).await
    }

    fn line(http: &StaticReplayClient) -> (String, String) {
        let requests: Vec<_> = http.actual_requests().collect();
        assert_eq!(requests.len(), 1);
        (requests[0].method().to_owned(), requests[0].uri().to_owned())
    }

    #[tokio::test]
    async fn a_job_is_asked_for_and_read_as_documented() {
        let body = format!(
            r#"{{"AccountId":"111122223333","RestoreJobId":"{JOB}","RecoveryPointArn":"{SNAPSHOT}","CreationDate":1795334400.5,
            "Status":"COMPLETED","PercentDone":"100.00%","BackupSizeInBytes":0,"ResourceType":"Aurora",
            "CreatedResourceArn":"arn:aws:rds:eu-central-1:111122223333:cluster:awsbackup-restore-test-1f0e",
            "CreatedBy":{{"RestoreTestingPlanArn":"arn:aws:backup:eu-central-1:111122223333:restore-testing-plan:weekly-1f"}},
            "ValidationStatus":"VALIDATING","DeletionStatus":"DELETING","IsParent":false}}"#
        );
        let (tests, http) = tests((200, body));
        let found = tests.job(&JOB.parse().unwrap()).await.unwrap().unwrap();
        let expected = RestoreJob {
            status: RestoreJobStatus::Completed,
            resource_type: "Aurora".to_owned(),
            recovery_point: Arn::new(SNAPSHOT).unwrap(),
            testing_plan: Some("arn:aws:backup:eu-central-1:111122223333:restore-testing-plan:weekly-1f".to_owned()),
            validation: Some(Validation::Validating),
            validation_message: None,
        };
        assert_eq!(found, expected);
        let expected = format!("https://backup.eu-central-1.amazonaws.com/restore-jobs/{JOB}");
        assert_eq!(line(&http), ("GET".to_owned(), expected));
    }

    #[tokio::test]
    async fn a_verdict_is_sent_as_documented() {
        for (verdict, word) in [(TestVerdict::Successful, "SUCCESSFUL"), (TestVerdict::Failed, "FAILED")] {
            let (tests, http) = tests((204, String::new()));
            tests.answer(&JOB.parse().unwrap(), verdict, "drill \"x\"").await.unwrap();
            let expected = format!("https://backup.eu-central-1.amazonaws.com/restore-jobs/{JOB}/validations");
            assert_eq!(line(&http), ("PUT".to_owned(), expected));
            let body: serde_json::Value = serde_json::from_str(&only_body(&http)).unwrap();
            let expected = serde_json::json!({ "ValidationStatus": word, "ValidationStatusMessage": "drill \"x\"" });
            assert_eq!(body, expected);
        }
    }

    #[tokio::test]
    async fn words_that_nobody_knew_are_kept_and_an_answer_without_a_recovery_point_is_refused() {
        let body = format!(
            r#"{{"Status":"PAUSED","RecoveryPointArn":"{SNAPSHOT}","ValidationStatus":"WITHDRAWN","ValidationStatusMessage":"why"}}"#
        );
        let found = job(&body).await.unwrap().unwrap();
        assert_eq!(found.status, RestoreJobStatus::Other("PAUSED".to_owned()));
        assert_eq!(found.validation, Some(Validation::Other("WITHDRAWN".to_owned())));
        assert_eq!((found.validation_message.as_deref(), found.resource_type.as_str()), (Some("why"), ""));
        for (body, what) in [
            (r#"{"Status":"COMPLETED"}"#.to_owned(), "names no recovery point"),
            (r#"{"Status":"COMPLETED","RecoveryPointArn":"job-1"}"#.to_owned(), "has no ARN"),
            (format!(r#"{{"RecoveryPointArn":"{SNAPSHOT}"}}"#), "has no status"),
        ] {
            let error = job(&body).await.unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }

    #[tokio::test]
    async fn refusals_are_told_apart_and_name_the_permission() {
        let id = JOB.parse().unwrap();
        let denied = || refusal(403, "AccessDeniedException", "not authorized");
        let error = tests(denied()).0.job(&id).await.unwrap_err();
        let expected = "backup:DescribeRestoreJob";
        assert!(matches!(error, ServiceError::Denied { action, .. } if action == expected), "{error}");
        let error = tests(denied()).0.answer(&id, TestVerdict::Failed, "").await.unwrap_err();
        let expected = "backup:PutRestoreValidationResult";
        assert!(matches!(error, ServiceError::Denied { action, .. } if action == expected), "{error}");

        let missing = || refusal(400, "ResourceNotFoundException", "no such job");
        assert_eq!(tests(missing()).0.job(&id).await.unwrap(), None);
        let error = tests(missing()).0.answer(&id, TestVerdict::Failed, "").await.unwrap_err();
        assert!(matches!(error, ServiceError::Missing { .. }), "{error}");

        for code in ["InvalidParameterValueException", "InvalidRequestException", "MissingParameterValueException"] {
            let error = tests(refusal(400, code, "no")).0.answer(&id, TestVerdict::Failed, "").await.unwrap_err();
            assert!(matches!(error, ServiceError::Refused { .. }), "{error}");
        }
        for code in ["ServiceUnavailableException", "DependencyFailureException"] {
            let error = tests(refusal(500, code, "later")).0.job(&id).await.unwrap_err();
            assert!(matches!(error, ServiceError::Unavailable { .. }), "{error}");
        }
    }
}
