//! `secrets rotate` and `keys review`: what is refused before anybody is asked anything.

use aurora_restore_testing::stand_in::StandIn;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    harness::{COMPLETE, Home},
    stack,
};

#[test]
fn what_a_rotation_needs_is_named() {
    let home = Home::with_config("[target]\nregion = \"eu-central-1\"\n");
    assert_snapshot!(home.screen(&["secrets", "rotate", "staging/users"]), @r#"
    $ aurora-restore secrets rotate staging/users
    --- stderr
    error: `target.cluster` is not set
    hint: Set it in the configuration file, with `--set target.cluster=…`, or with the environment variable AURORA_RESTORE_TARGET_CLUSTER.
    error: `secrets.master` is not set
    hint: Set it in the configuration file, with `--set secrets.master=…`, or with the environment variable AURORA_RESTORE_SECRETS_MASTER.
    --- exit 3
    "#);
    assert_eq!(home.exit(&["secrets", "rotate", "staging/users", "--target", "-x"]), 2);
    assert_eq!(home.exit(&["secrets", "rotate"]), 2);
    assert_eq!(home.exit(&["secrets", "rotate", "two words"]), 2);
}

#[test]
fn the_secret_of_another_cluster_is_refused() {
    let home = Home::with_config(&format!("{COMPLETE}source-master = \"production/master\"\n"));
    let before = home.files();
    assert_snapshot!(home.screen(&["secrets", "rotate", "production/master", "--yes"]), @r#"
    $ aurora-restore secrets rotate production/master --yes
    --- stderr
    error: secret `production/master` is of another cluster than staging
    hint: It is `secrets.source-master`: rotate it where that cluster is the target. Nothing was changed.
    --- exit 2
    "#);
    assert_eq!(home.files(), before);
}

#[test]
fn a_review_of_no_key_is_refused() {
    let home = Home::with_config(COMPLETE);
    assert_snapshot!(home.screen(&["keys", "review"]), @r#"
    $ aurora-restore keys review
    --- stderr
    error: there is no key to look at
    hint: Name one with --key, set `copy.kms-key`, or give --stack.
    --- exit 2
    "#);
}

#[test]
fn a_stack_without_a_key_is_not_asked_for_once_more() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack::stack(&server);
    assert_snapshot!(stack::home_on(&server).screen(&["keys", "review"]), @r#"
    $ aurora-restore keys review
    --- stderr
    error: there is no key to look at
    hint: Stack ours has none: name one with --key, or set `copy.kms-key`.
    --- exit 2
    "#);
}

#[test]
fn the_key_that_a_stack_has_made_is_looked_at_once_by_every_name() {
    let server = StandIn::ministack().entered_with("444455556666");
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Account", "Effect": "Allow", "Action": "kms:*",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Resource": "*"}]});
    let key =
        json!({"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true, "KeyPolicy": policy.to_string()}});
    stack::stack_with(&server, &json!({ "Key": key }));
    let keys = server.json("kms", "TrentService.ListKeys", &json!({}));
    let [Value::Object(key)] = keys["Keys"].as_array().unwrap().as_slice() else { panic!("{keys}") };
    let (id, arn) = (key["KeyId"].as_str().unwrap(), key["KeyArn"].as_str().unwrap());
    let home = stack::home_on(&server);
    let screen = |arguments: &[&str]| home.screen(arguments).replace(id, "<id>");
    assert_snapshot!(screen(&["keys", "review", "--key", id]), @r#"
    $ aurora-restore keys review --key <id>
    good     1 key, nothing found
    --- exit 0
    "#);
    server.json("kms", "TrentService.DisableKeyRotation", &json!({ "KeyId": arn }));
    assert_snapshot!(screen(&["keys", "review"]), @r#"
    $ aurora-restore keys review
    warning  arn:aws:kms:eu-central-1:444455556666:key/<id>: the key is not rotated
             it is for the records of the stack, and its yearly rotation is off
             mend: aws kms enable-key-rotation --key-id arn:aws:kms:eu-central-1:444455556666:key/<id>
    1 key, 1 finding
    --- exit 1
    "#);
}
