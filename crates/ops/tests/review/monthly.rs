//! The monthly checks, both ways.

use async_trait::async_trait;
use aurora_restore_ops::{
    ports::{
        Billed, BilledTag, Bills, Metric, Pointing, PropertyDrift, Readiness, ResourceDrift, ServiceError,
        ServiceResult, Shift,
    },
    review::{Level, Period, Reach, Unlooked},
};
use jiff::{SignedDuration, civil::Date};

use super::world::{FUNCTION, OF_STACK, TABLE, World, found, shown, table, told};

#[tokio::test(start_paused = true)]
async fn a_clean_month_gives_no_finding() {
    assert_eq!(World::clean().findings(Period::Monthly).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_half_made_or_of_another_version_is_found() {
    let mut world = World::clean();
    world.deployed.stack.status = "UPDATE_ROLLBACK_FAILED".to_owned();
    let (check, finding) = world.only(Period::Monthly).await;
    let text = "a change of stack ours did not come to a good end";
    assert_eq!(
        (check, told(&finding)),
        ("functions", (Level::Error, text, "aurora-restore --stack ours stack status"))
    );

    let mut world = World::clean();
    let _before = world.deployed.stack.outputs.insert("Version".to_owned(), "0.0.1".to_owned());
    let (check, finding) = world.only(Period::Monthly).await;
    assert_eq!((check, finding.level), ("functions", Level::Warning));
    assert!(finding.what.starts_with("stack ours is of version 0.0.1"), "{finding:?}");
}

/// What serves counts, not what the stack was last deployed for: functions have deployments of their own.
#[tokio::test(start_paused = true)]
async fn what_a_function_serves_is_found_where_it_is_old_broken_left_in_the_middle_or_taken_back() {
    async fn only(plant: impl FnOnce(&World)) -> (Level, String, String) {
        let world = World::clean();
        plant(&world);
        let (check, finding) = world.only(Period::Monthly).await;
        assert_eq!(check, "functions");
        (finding.level, finding.what.clone(), finding.mend)
    }
    fn expected(level: Level, what: &str, mend: &str) -> (Level, String, String) {
        (level, what.to_owned(), format!("aurora-restore --stack ours {mend}"))
    }

    let found = only(|world| world.publish(91));
    let what = "1 function not published anew for more than a quarter: patches wait";
    assert_eq!(found.await, expected(Level::Warning, what, "functions deploy --all"));

    let found = only(|world| {
        let shift = Some(Shift { version: 2, part: 0.1 });
        world.functions.repoint(FUNCTION, Pointing { version: 1, shift });
    });
    let what = format!("a change of function {FUNCTION} was left in the middle");
    assert_eq!(found.await, expected(Level::Warning, &what, &format!("functions rollback {FUNCTION}")));

    let found =
        only(|world| world.functions.change_latest(FUNCTION, |latest| latest.code_sha256 = "code-2".to_owned()));
    let what = format!("function {FUNCTION} serves version 1, which is not the code that it was given last");
    assert_eq!(found.await, expected(Level::Note, &what, "functions list"));

    let found =
        only(|world| world.functions.change_latest(FUNCTION, |latest| latest.runtime = "provided.al2024".to_owned()));
    let what = format!("function {FUNCTION} serves on provided.al2023, and was given provided.al2024");
    assert_eq!(found.await, expected(Level::Warning, &what, "stack deploy"));

    let failed = Readiness::Failed { reason: "its key is disabled".to_owned() };
    let found = only(|world| {
        world.functions.change_published(FUNCTION, |version| version.readiness = failed.clone());
    });
    let what = format!("version 1 of function {FUNCTION} cannot be called");
    assert_eq!(found.await, expected(Level::Error, &what, "functions list"));

    let found = only(|world| world.functions.repoint(FUNCTION, Pointing { version: 7, shift: None }));
    let what = format!("function {FUNCTION}, its alias live or the version that it serves is not there");
    assert_eq!(found.await, expected(Level::Error, &what, "stack status"));
}

fn with_text(text: &str) -> World {
    let mut world = World::clean();
    let verdict = world.verdict.0.as_mut().unwrap().as_mut().unwrap();
    verdict.text = text.to_owned();
    let _before = world.deployed.stack.parameters.insert("Configuration".to_owned(), text.to_owned());
    world
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_functions_refuse_is_found() {
    let mut world = World::clean();
    let verdict = world.verdict.0.as_mut().unwrap().as_mut().unwrap();
    verdict.problems.push("unknown key `target.clutser`".to_owned());
    let (check, finding) = world.only(Period::Monthly).await;
    let text = "functions refuse parameter /aurora-restore/prod/config: unknown key `target.clutser`";
    let deploy = "aurora-restore --stack ours stack deploy --configuration FILE";
    assert_eq!((check, told(&finding)), ("parameters", (Level::Error, text, deploy)));
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_somebody_changed_beside_the_stack_is_found() {
    let mut world = World::clean();
    world.verdict.0.as_mut().unwrap().as_mut().unwrap().text.push_str("[limits]\nattempts-max = 9\n");
    let (check, finding) = world.only(Period::Monthly).await;
    assert_eq!((check, finding.level), ("parameters", Level::Warning));
    assert!(finding.what.contains("is not what was deployed"), "{}", finding.what);
}

#[tokio::test(start_paused = true)]
async fn a_secret_in_the_configuration_is_found_and_not_told() {
    let world = with_text("[target]\ncluster = \"staging\"\npassword = \"correct-horse\"\n");
    let (_, finding) = world.only(Period::Monthly).await;
    assert_eq!((finding.level, shown(&finding, "line"), shown(&finding, "key")), (Level::Error, "3", "password"));
    assert!(!format!("{finding:?}").contains("correct-horse"));
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_nobody_touched_for_a_year_is_noted_and_one_that_is_gone_is_an_error() {
    let mut world = World::clean();
    let long_ago = world.now() - SignedDuration::from_hours(24 * 366);
    world.verdict.0.as_mut().unwrap().as_mut().unwrap().changed_at = Some(long_ago);
    assert_eq!(world.only(Period::Monthly).await.1.level, Level::Note);
    world.verdict.0 = Ok(None);
    assert_eq!(world.only(Period::Monthly).await.1.level, Level::Error);
    let denied = Unlooked { reason: "access is denied".to_owned(), mend: "allow ssm:GetParameter".to_owned() };
    world.verdict.0 = Err(denied);
    let (_, finding) = world.only(Period::Monthly).await;
    let expected = (Level::Error, "could not be looked at: access is denied", "allow ssm:GetParameter");
    assert_eq!(told(&finding), expected);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changed_beside_the_stack_is_found_and_a_role_is_an_error() {
    let mut world = World::clean();
    let wider = PropertyDrift {
        path: "/Policies/0/PolicyDocument/Statement/0/Resource".to_owned(),
        expected: Some("arn:aws:rds:eu-central-1:444455556666:cluster:*".to_owned()),
        actual: Some("*".to_owned()),
    };
    let of = |kind: &str, name: &str, differences| ResourceDrift {
        kind: kind.to_owned(),
        physical: name.to_owned(),
        differences,
    };
    world.drifts.drifts = vec![
        of("AWS::CloudWatch::Alarm", "stuck", Some(Vec::new())),
        of("AWS::IAM::Role", "copy-snapshot", Some(vec![wider])),
        of("AWS::SNS::Topic", "notices", None),
    ];
    let findings = world.findings(Period::Monthly).await;
    let told: Vec<_> = findings.iter().map(|(check, finding)| (*check, finding.level, finding.what.as_str())).collect();
    let expected = [
        ("drift", Level::Error, "IAM::Role copy-snapshot was changed beside the stack"),
        ("drift", Level::Error, "SNS::Topic notices was deleted beside the stack"),
        ("drift", Level::Warning, "CloudWatch::Alarm stuck was changed beside the stack"),
    ];
    assert_eq!(told, expected);
    let resource = "/Policies/0/PolicyDocument/Statement/0/Resource is * and should be arn:aws:rds:eu-central-1:444455556666:cluster:*";
    assert_eq!(shown(&findings[0].1, "property"), resource);
    // What is not said to stay gets the default of the template, and two parameters have none.
    let expected = "aws cloudformation create-change-set --stack-name ours --region eu-central-1 --change-set-name revert-drift \
        --use-previous-template --capabilities CAPABILITY_NAMED_IAM --parameters \
        ParameterKey=CodeBucket,UsePreviousValue=true ParameterKey=Configuration,UsePreviousValue=true \
        ParameterKey=MemorySize,UsePreviousValue=true ParameterKey=Runtime,UsePreviousValue=true \
        ParameterKey=TargetClusters,UsePreviousValue=true --deployment-mode REVERT_DRIFT";
    assert_eq!(findings[0].1.mend, expected);
}

#[tokio::test(start_paused = true)]
async fn throttled_and_nearly_full_tables_are_found() {
    let world = World::clean();
    world.measure(&table("WriteThrottleEvents"), 3, 12.0);
    let (check, finding) = world.only(Period::Monthly).await;
    assert_eq!((check, finding.level, shown(&finding, "throttled")), ("capacity", Level::Error, "12"));

    let world = World::clean();
    // A capacity of 10 units a second, and a day on which 9 of them are used.
    for day in 1..=30 {
        world.measure(&table("ProvisionedWriteCapacityUnits"), day, 10.0);
    }
    world.measure(&table("ConsumedWriteCapacityUnits"), 4, 9.0 * 86_400.0);
    let (check, finding) = world.only(Period::Monthly).await;
    assert_eq!((check, finding.level), ("capacity", Level::Warning));
    assert_eq!(finding.mend, format!("aurora-restore --stack ours capacity set --table {TABLE} --on-demand"));

    // Since then it is paid by request: what it was before says nothing of today.
    let world = World::clean();
    for day in 5..=30 {
        world.measure(&table("ProvisionedWriteCapacityUnits"), day, 10.0);
    }
    world.measure(&table("ConsumedWriteCapacityUnits"), 6, 9.0 * 86_400.0);
    assert_eq!(world.findings(Period::Monthly).await, []);

    let world = World::clean();
    let of_index = [("TableName", TABLE), ("GlobalSecondaryIndexName", "status-last_updated_at-index")];
    world.measure(&Metric::new("AWS/DynamoDB", "WriteThrottleEvents", &of_index), 3, 2.0);
    let (_, finding) = world.only(Period::Monthly).await;
    let what = format!("writes of index status-last_updated_at-index of table {TABLE} were throttled");
    assert_eq!((finding.level, finding.what), (Level::Error, what));

    let world = World::clean();
    for day in 1..=30 {
        world.measure(&table("ConsumedWriteCapacityUnits"), day, 300.0 * 86_400.0);
        world.measure(&table("ConsumedReadCapacityUnits"), day, 30.0 * 86_400.0);
    }
    let findings = world.findings(Period::Monthly).await;
    let mends: Vec<&str> =
        findings.iter().filter(|(check, _)| *check == "capacity").map(|(_, one)| one.mend.as_str()).collect();
    assert_eq!(mends[0], format!("aurora-restore --stack ours capacity set --table {TABLE} --read 43 --write 429"));
}

#[tokio::test(start_paused = true)]
async fn a_month_that_cost_far_more_than_the_one_before_is_found_with_what_cost_most() {
    let world = World::clean();
    let invocations = Metric::new("AWS/Lambda", "Invocations", &[("FunctionName", FUNCTION)]);
    world.measure(&invocations, 5, 100_000_000.0);
    let mut site = world.site();
    site.bills = Reach::NotHere("nobody keeps bills");
    let findings = found(&site, Period::Monthly).await;
    let [(check, finding)] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((*check, finding.level), ("cost", Level::Warning));
    assert_eq!(shown(finding, "most for"), "Lambda, requests: 20.00");
}

#[tokio::test(start_paused = true)]
async fn a_bill_that_rose_is_found_with_the_services_that_rose_and_decides_where_it_tells_both_months() {
    let world = World::clean();
    // What the serving cluster costs is nobody's but its users'.
    world.bill(&[("aurora-restore:role", "staged")], "Amazon Relational Database Service", 9, 500.0);
    world.bill(&[("Application", "AuroraRestore"), ("Environment", "test")], "AWS Lambda", 9, 500.0);
    let invocations = Metric::new("AWS/Lambda", "Invocations", &[("FunctionName", FUNCTION)]);
    world.measure(&invocations, 5, 100_000_000.0);
    assert_eq!(world.findings(Period::Monthly).await, [], "the bill did not rise");

    world.bill(&[("aurora-restore:retired-by", "op-1")], "Amazon Relational Database Service", 9, 60.0);
    world.bill(&[("aurora-restore:role", "copy")], "Amazon Relational Database Service", 8, 1.5);
    let (check, finding) = world.only(Period::Monthly).await;
    assert_eq!((check, finding.level), ("cost", Level::Warning));
    assert_eq!(finding.what, "30 days cost USD 69.00 by the bill, and the 30 days before 7.50");
    assert_eq!(shown(&finding, "most for"), "Amazon Relational Database Service: 61.50");
}

#[tokio::test(start_paused = true)]
async fn a_bill_without_the_tags_or_the_earlier_month_leaves_it_to_the_usage() {
    let world = World::clean();
    let invocations = Metric::new("AWS/Lambda", "Invocations", &[("FunctionName", FUNCTION)]);
    world.measure(&invocations, 5, 100_000_000.0);
    world.bills.clear();
    world.bill(&OF_STACK, "AWS Lambda", 20, 3.0);
    let (_, finding) = world.only(Period::Monthly).await;
    assert_eq!(finding.what, "30 days cost USD 20.38 by recorded usage, and the 30 days before 0.38");

    world.bills.clear();
    let findings = world.findings(Period::Monthly).await;
    let whats: Vec<(Level, &str)> =
        findings.iter().map(|(_, finding)| (finding.level, finding.what.as_str())).collect();
    let untold = "the bill tells nothing by the tags of the stack: they are none that costs are told by";
    assert_eq!(whats[1..], [(Level::Note, untold)]);
    assert!(findings[1].1.mend.ends_with(
        "TagKey=Application,Status=Active TagKey=Environment,Status=Active TagKey=aurora-restore:retired-by,Status=Active \
         TagKey=aurora-restore:role,Status=Active"
    ));
}

#[tokio::test(start_paused = true)]
async fn a_bill_that_may_not_be_asked_is_no_finding_and_one_that_is_not_collected_is_a_note() {
    let denied = |reason: &str| ServiceError::Denied {
        action: "ce:GetCostAndUsage",
        object: "the bill".to_owned(),
        reason: reason.to_owned(),
    };
    let refused = ServiceError::Refused {
        action: "ce:GetCostAndUsage",
        object: "the bill".to_owned(),
        reason: "DataUnavailableException: not ingested yet".to_owned(),
    };
    for (error, expected) in [(denied("User not enabled"), 0), (refused, 1)] {
        let (world, bills) = (World::clean(), NoBills(error));
        let mut site = world.site();
        site.bills = Reach::There(&bills);
        let findings = found(&site, Period::Monthly).await;
        assert_eq!(findings.len(), expected, "{findings:?}");
        for (check, finding) in findings {
            assert_eq!((check, finding.level), ("cost", Level::Note));
            assert!(finding.what.contains("DataUnavailableException"), "{}", finding.what);
        }
    }
}

struct NoBills(ServiceError);

#[async_trait]
impl Bills for NoBills {
    async fn daily(&self, _: &[Vec<BilledTag>], _: Date, _: Date) -> ServiceResult<Vec<Billed>> {
        Err(self.0.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_stack_there_is_nothing_to_look_at_and_that_is_no_finding() {
    let world = World::clean();
    let mut site = world.site();
    site.deployed = Reach::NotHere("no stack is reviewed");
    assert_eq!(found(&site, Period::Monthly).await, []);
}
