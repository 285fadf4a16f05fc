//! Accounts, Regions, access keys and assumed roles.

use aurora_restore_sandbox::model::AccountId;

use crate::support::{Answer, Client, start, start_with};

const ROLE: &str = "arn:aws:iam::444455556666:role/restore-source";

fn group(client: &Client, name: &str) -> Answer {
    client.call(
        "CreateDBParameterGroup",
        &format!("DBParameterGroupName={name}&DBParameterGroupFamily=aurora-postgresql15&Description=d"),
    )
}

fn groups(client: &Client, token: Option<&str>) -> Answer {
    let form = "Action=DescribeDBParameterGroups&Version=2014-10-31";
    let authorization = client.authorization("rds");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(token.map(|token| ("x-amz-security-token", token)));
    client.post(form, &headers).unwrap()
}

fn sts(client: &Client, form: &str) -> Answer {
    client.post(form, &[("authorization", &client.authorization("sts"))]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_regions_are_apart() {
    let running = start().await;
    let here = Client::of(running.sandbox.status());
    let elsewhere = Client { region: "us-east-1".into(), ..here.clone() };
    let others = Client { account: "444455556666".into(), ..here.clone() };
    assert_eq!(group(&here, "mine").status, 200);
    assert!(groups(&here, None).body.contains("<DBParameterGroupName>mine<"));
    assert!(!groups(&elsewhere, None).body.contains("mine"));
    assert!(!groups(&others, None).body.contains("mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_access_key_stands_for_its_account() {
    let running = start_with(|config| {
        config.access_keys.insert("AKIAPRODUCTION".into(), AccountId::new("444455556666"));
    })
    .await;
    let client = Client { account: "AKIAPRODUCTION".into(), ..Client::of(running.sandbox.status()) };
    let answer = sts(&client, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(answer.text("Account"), Some("444455556666"), "{}", answer.body);
    assert!(answer.body.contains("<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assumed_role_acts_for_the_account_of_the_role() {
    let running = start().await;
    let mine = Client::of(running.sandbox.status());
    let theirs = Client { account: "444455556666".into(), ..mine.clone() };
    assert_eq!(group(&theirs, "theirs").status, 200);

    let assumed = sts(&mine, &format!("Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=nightly"));
    let (key, token) = (assumed.text("AccessKeyId").unwrap(), assumed.text("SessionToken").unwrap());
    let session = Client { account: key.into(), ..mine.clone() };
    assert!(groups(&session, Some(token)).body.contains("theirs"));
    assert_eq!(groups(&session, None).refusal(), (403, "InvalidClientTokenId"));
    let expired = token.rsplit_once(':').map(|(rest, _)| format!("{rest}:1000")).unwrap();
    assert_eq!(groups(&session, Some(&expired)).refusal(), (403, "ExpiredToken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sts_refuses_is_refused_in_the_words_of_sts() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    for (form, code) in [
        ("Action=AssumeRole&Version=2011-06-15&RoleSessionName=s", "MissingParameter"),
        ("Action=AssumeRole&Version=2011-06-15&RoleArn=restore&RoleSessionName=s", "InvalidParameterValue"),
        ("Action=GetSessionToken&Version=2011-06-15", "InvalidAction"),
        ("Action=GetCallerIdentity&Version=2011-06-15&Colour=red", "ValidationError"),
    ] {
        let answer = sts(&client, form);
        assert_eq!(answer.refusal(), (400, code), "{form}");
        assert!(answer.body.contains("xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""), "{}", answer.body);
    }
    let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=s&DurationSeconds=10");
    assert_eq!(sts(&client, &form).refusal(), (400, "InvalidParameterValue"));
}
