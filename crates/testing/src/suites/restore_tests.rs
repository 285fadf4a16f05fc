//! The conformance suite of the port of restore tests.

use aurora_restore_core::ids::Arn;
use aurora_restore_ops::ports::{
    RestoreJob, RestoreJobId, RestoreJobStatus, RestoreTests, ServiceError, TestVerdict, Validation,
};

use super::{Broken, Case, CaseResult, holds, same, verdict};

const SNAPSHOT: &str = "arn:aws:rds:eu-central-1:123456789012:cluster-snapshot:awsbackup:job-suite";
const PLAN: &str = "arn:aws:backup:eu-central-1:123456789012:restore-testing-plan:suite-1";

/// Restore jobs, and how they get there.
pub trait RestoreTestsFixture: Send + Sync {
    /// The jobs.
    fn tests(&self) -> &dyn RestoreTests;

    /// Makes a job.
    fn put(&self, id: &RestoreJobId, job: RestoreJob);
}

/// Runs every case.
pub async fn run(fixture: &dyn RestoreTestsFixture) -> Vec<CaseResult> {
    let cases = [
        ("a job tells what it restored, who made it and where it stands", verdict(told(fixture).await)),
        ("a job that is not there is none", verdict(missing(fixture).await)),
        ("an answer stays, with its message", verdict(answered(fixture).await)),
        ("the same answer may be given twice", verdict(twice(fixture).await)),
        ("a job that is not there takes no answer", verdict(unanswered(fixture).await)),
    ];
    cases.into_iter().map(|(case, verdict)| CaseResult { case, verdict }).collect()
}

fn id(text: &str) -> Result<RestoreJobId, Broken> {
    Ok(text.parse()?)
}

fn completed() -> Result<RestoreJob, Broken> {
    Ok(RestoreJob {
        status: RestoreJobStatus::Completed,
        resource_type: "Aurora".to_owned(),
        recovery_point: Arn::new(SNAPSHOT)?,
        testing_plan: Some(PLAN.to_owned()),
        validation: Some(Validation::Validating),
        validation_message: None,
    })
}

async fn found(fixture: &dyn RestoreTestsFixture, id: &RestoreJobId) -> Result<RestoreJob, Broken> {
    fixture.tests().job(id).await?.ok_or_else(|| Broken("it is not there".to_owned()))
}

async fn told(fixture: &dyn RestoreTestsFixture) -> Case {
    let of = |status, testing_plan, validation, kind: &str| {
        Ok::<_, Broken>(RestoreJob { status, testing_plan, validation, resource_type: kind.to_owned(), ..completed()? })
    };
    let jobs = [
        completed()?,
        of(RestoreJobStatus::Pending, None, None, "Aurora")?,
        of(RestoreJobStatus::Running, Some(PLAN.to_owned()), None, "RDS")?,
        of(RestoreJobStatus::Failed, None, Some(Validation::TimedOut), "EBS")?,
        of(RestoreJobStatus::Aborted, None, Some(Validation::Answered(TestVerdict::Failed)), "Aurora")?,
        of(RestoreJobStatus::Other("PAUSED".to_owned()), None, Some(Validation::Other("X".to_owned())), "Aurora")?,
    ];
    for (number, job) in jobs.into_iter().enumerate() {
        let id = id(&format!("suite-told-{number}"))?;
        fixture.put(&id, job.clone());
        same("the job", &found(fixture, &id).await?, &job)?;
    }
    Ok(())
}

async fn missing(fixture: &dyn RestoreTestsFixture) -> Case {
    same("the job", &fixture.tests().job(&id("suite-nobody")?).await?, &None)
}

async fn answered(fixture: &dyn RestoreTestsFixture) -> Case {
    for verdict in [TestVerdict::Successful, TestVerdict::Failed] {
        let id = id(&format!("suite-answered-{}", verdict.as_str().to_ascii_lowercase()))?;
        fixture.put(&id, completed()?);
        let message = "drill \"x\" — ünïcode; 12 of 12 checks";
        fixture.tests().answer(&id, verdict, message).await?;
        let expected = RestoreJob {
            validation: Some(Validation::Answered(verdict)),
            validation_message: Some(message.to_owned()),
            ..completed()?
        };
        same("the job", &found(fixture, &id).await?, &expected)?;
    }
    Ok(())
}

async fn twice(fixture: &dyn RestoreTestsFixture) -> Case {
    let id = id("suite-twice")?;
    fixture.put(&id, completed()?);
    for _ in 0..2 {
        fixture.tests().answer(&id, TestVerdict::Successful, "good").await?;
    }
    same("the verdict", &found(fixture, &id).await?.validation, &Some(Validation::Answered(TestVerdict::Successful)))
}

async fn unanswered(fixture: &dyn RestoreTestsFixture) -> Case {
    let answer = fixture.tests().answer(&id("suite-nobody")?, TestVerdict::Failed, "no").await;
    holds("it is told as missing", matches!(answer, Err(ServiceError::Missing { .. })))
}
