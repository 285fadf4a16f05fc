//! The commands of a stack: what is refused before anything is sent, and a stack that others have made.

use aurora_restore_testing::stand_in::{StandIn, tables};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{COMPLETE, Home};

fn home() -> Home {
    let mut home = Home::with_config(COMPLETE);
    // What is refused here is refused before anybody is asked: a port on which nobody listens.
    home.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    home.set("AWS_ACCESS_KEY_ID", "444455556666");
    home.set("AWS_SECRET_ACCESS_KEY", "not-checked");
    home
}

#[test]
fn what_a_stack_is_made_from_is_looked_at_before_anything_is_sent() {
    let home = home();
    std::fs::write(home.path("not.zip"), "hello").unwrap();
    std::fs::write(home.path("wrong.toml"), "[target]\nclutser = \"x\"\n").unwrap();
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "Enviroment=dev"]), @r#"
    $ aurora-restore stack deploy --parameter Enviroment=dev
    --- stderr
    error: parameter Enviroment: the template has none of this name; did you mean Environment?
    hint: Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "Environment"]), @r#"
    $ aurora-restore stack deploy --parameter Environment
    --- stderr
    error: `--parameter Environment` has no value
    hint: Write it as `--parameter NAME=VALUE`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "MemorySize=64"]), @r#"
    $ aurora-restore stack deploy --parameter MemorySize=64
    --- stderr
    error: parameter MemorySize: `64` is not taken: between 128 and 10240
    hint: Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "CodeKey=x"]), @r#"
    $ aurora-restore stack deploy --parameter CodeKey=x
    --- stderr
    error: `--parameter CodeKey=…` is not taken
    hint: It follows from the package; give one with `--package FILE`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "diff", "--configuration", "wrong.toml"]), @r#"
    $ aurora-restore stack diff --configuration wrong.toml
    --- stderr
    error: wrong.toml:2: unknown key `target.clutser`
    hint: Did you mean `target.cluster`?
    --- exit 3
    "#);
    assert_snapshot!(home.screen(&["stack", "diff", "--configuration", "none.toml"]), @r#"
    $ aurora-restore stack diff --configuration none.toml
    --- stderr
    error: the configuration none.toml cannot be read: No such file or directory (os error 2)
    hint: Write one with `aurora-restore config init`, or correct the path.
    --- exit 3
    "#);
    assert_snapshot!(home.screen(&["stack", "deploy", "--package", "not.zip"]), @r#"
    $ aurora-restore stack deploy --package not.zip
    --- stderr
    error: not.zip is no whole zip file (invalid Zip archive: Could not find EOCD)
    hint: A package is made with `cargo xtask package`. Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["stack", "deploy", "--package", "none.zip"]), @r#"
    $ aurora-restore stack deploy --package none.zip
    --- stderr
    error: the package none.zip cannot be read
      caused by: No such file or directory (os error 2)
    --- exit 2
    "#);
}

#[test]
fn a_region_has_to_be_said() {
    let home = Home::new();
    assert_snapshot!(home.screen(&["stack", "status"]), @r#"
    $ aurora-restore stack status
    --- stderr
    error: nothing says in which Region the stack is
    hint: Set `target.region` in the configuration, or the environment variable AWS_REGION.
    --- exit 3
    "#);
    assert_snapshot!(home.screen(&["stack", "status", "--region", "nowhere"]), @r#"
    $ aurora-restore stack status --region nowhere
    --- stderr
    error: invalid value 'nowhere' for '--region <REGION>': Region `nowhere` is not valid: a Region looks like eu-central-1

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn starting_without_saying_where_is_refused() {
    assert_snapshot!(home().screen(&["start", "--yes"]), @r#"
    $ aurora-restore start --yes
    --- stderr
    error: the following required arguments were not provided:
      --on-aws

    Usage: aurora-restore start --on-aws --yes

    For more information, try '--help'.
    --- exit 2
    "#);
}

/// A stack of the same outputs, made by hand: its machines wait for nobody and fail as the functions do that refuse, with what
/// Lambda makes of an error.
pub(crate) fn stack(server: &StandIn) {
    stack_with(server, &json!({}));
}

/// The same with more resources.
pub(crate) fn stack_with(server: &StandIn, more: &Value) {
    make(server, &template(more).to_string());
}

/// The template of such a stack.
pub(crate) fn template(more: &Value) -> Value {
    let said = json!({"errorType": "AuroraRestore.Refused", "errorMessage": "the snapshot is gone"});
    let definition = json!({
        "StartAt": "refuse",
        "States": {"refuse": {"Type": "Fail", "Error": "AuroraRestore.Refused", "Cause": said.to_string()}},
    });
    let machine = |name: &str| {
        json!({"Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "StateMachineName": name,
            "RoleArn": "arn:aws:iam::444455556666:role/suite",
            "DefinitionString": definition.to_string(),
        }})
    };
    let mut template = json!({
        "Resources": {
            "One": machine("one"),
            "Many": machine("many"),
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "notices"}},
        },
        "Outputs": {
            "StateMachineArn": {"Value": {"Ref": "One"}},
            "BatchStateMachineArn": {"Value": {"Ref": "Many"}},
            "TopicArn": {"Value": {"Ref": "Topic"}},
            "StateTableName": {"Value": "states"},
            "AuditTableName": {"Value": "entries"},
        },
    });
    for (name, resource) in more.as_object().into_iter().flatten() {
        template["Resources"][name] = resource.clone();
    }
    template
}

/// Makes the stack of a template, and the tables that it names.
pub(crate) fn make(server: &StandIn, template: &str) {
    tables::create(server, "states", "entries");
    let form =
        [("Action", "CreateStack"), ("Version", "2010-05-15"), ("StackName", "ours"), ("TemplateBody", template)];
    server.query("cloudformation", &form);
    for _ in 0..LOOKS_MAX {
        let form = [("Action", "DescribeStacks"), ("Version", "2010-05-15"), ("StackName", "ours")];
        if server.query("cloudformation", &form).contains("CREATE_COMPLETE") {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the stack is never made");
}

const LOOKS_MAX: u32 = 200;

pub(crate) fn home_on(server: &StandIn) -> Home {
    let mut home = Home::with_config(COMPLETE);
    home.set("AWS_ENDPOINT_URL", &server.url());
    home.set("AWS_ACCESS_KEY_ID", "444455556666");
    home.set("AWS_SECRET_ACCESS_KEY", "not-checked");
    home.set("AURORA_RESTORE_STACK", "ours");
    home
}

#[test]
fn a_stack_lies_over_the_configuration_and_says_so() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack(&server);
    let home = home_on(&server);
    let shown: Value = serde_json::from_slice(&home.output(&["--json", "config", "show"]).stdout).unwrap();
    let origin = |key: &str| {
        let keys = shown["keys"].as_array().unwrap();
        let found = keys.iter().find(|shown| shown["key"] == key).unwrap();
        format!("{} from {}", found["value"], found["origin"].as_str().unwrap())
    };
    assert_eq!(origin("journal.store"), "\"tables\" from stack ours");
    assert_eq!(origin("journal.state-table"), "\"states\" from stack ours, output StateTableName");
    assert_eq!(origin("secrets.store"), "\"secrets-manager\" from stack ours");
    let region = origin("target.region");
    assert!(region.starts_with("\"eu-central-1\" from aurora-restore.toml"), "what is the same may stay: {region}");
    assert_snapshot!(home.screen(&["list"]), @r#"
    $ aurora-restore list
    --- stderr
    no operations match.
    --- exit 0
    "#);
    assert_snapshot!(home.screen(&["--stack", "theirs", "list"]), @r#"
    $ aurora-restore --stack theirs list
    --- stderr
    error: stack theirs does not exist in eu-central-1
    hint: Deploy it with `aurora-restore stack deploy`, or correct `--stack`, the Region or the account.
    --- exit 3
    "#);
}

#[test]
fn http_beyond_loopback_is_spoken_to_a_host_that_is_named() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack(&server);
    let mut home = home_on(&server);
    // Every address of this machine: no loopback address, and reached all the same.
    let port = server.url().rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    home.set("AWS_ENDPOINT_URL", &format!("http://0.0.0.0:{port}"));
    let refused = home.screen(&["list"]);
    assert!(
        refused.contains("http is for loopback addresses and the hosts in `aws.http-hosts` only, use https"),
        "{refused}"
    );
    assert!(
        refused.contains("`aws.http-hosts = [\"0.0.0.0\"]`, or AURORA_RESTORE_AWS_HTTP_HOSTS=0.0.0.0."),
        "{refused}"
    );
    assert!(refused.ends_with("--- exit 3"), "{refused}");
    home.set("AURORA_RESTORE_AWS_HTTP_HOSTS", "0.0.0.0");
    let listed = home.screen(&["list"]);
    assert!(listed.contains("no operations match.") && listed.ends_with("--- exit 0"), "{listed}");
    assert_eq!(listed.matches("are sent in the clear (http)").count(), 1, "{listed}");
}

#[test]
fn parameters_that_do_not_fit_one_another_are_refused() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack(&server);
    let home = home_on(&server);
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "SubnetIds=subnet-1"]), @r"
    $ aurora-restore stack deploy --parameter SubnetIds=subnet-1
    --- stderr
    error: SubnetIds needs SecurityGroupIds
    hint: Lambda puts no function into a subnet without a security group.
    hint: Give `--parameter SecurityGroupIds=…`, too, or `--parameter SubnetIds=` for functions outside of any VPC. Nothing was changed.
    --- exit 2
    ");
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "SecurityGroupIds=sg-1"]), @r"
    $ aurora-restore stack deploy --parameter SecurityGroupIds=sg-1
    --- stderr
    error: SecurityGroupIds needs SubnetIds
    hint: Without subnets the functions are in no VPC, and in no security group.
    hint: Give `--parameter SubnetIds=…`, too, or `--parameter SecurityGroupIds=` for functions outside of any VPC. Nothing was changed.
    --- exit 2
    ");
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "ServiceEndpoint=http://emulator:4566"]), @r"
    $ aurora-restore stack deploy --parameter ServiceEndpoint=http://emulator:4566
    --- stderr
    error: ServiceEndpoint: the endpoint `http://emulator:4566/` cannot be used: http is for loopback addresses and the hosts in `aws.http-hosts` only, use https
    hint: If an emulator of AWS is there, in a network that you trust: `--parameter HttpHosts=emulator`. Credentials and secrets then cross that network in the clear.
    hint: Nothing was changed.
    --- exit 2
    ");
    assert_snapshot!(home.screen(&["stack", "deploy", "--parameter", "HttpHosts=rds.eu-central-1.amazonaws.com"]), @r"
    $ aurora-restore stack deploy --parameter HttpHosts=rds.eu-central-1.amazonaws.com
    --- stderr
    error: HttpHosts: `rds.eu-central-1.amazonaws.com` cannot be spoken to over http: it is AWS's own, and AWS is spoken to over https only
    hint: Give the names or IP addresses of emulators, separated by commas; for AWS leave it empty.
    hint: Nothing was changed.
    --- exit 2
    ");
}

#[test]
fn an_operation_is_started_once_and_a_refusal_of_the_stack_is_told() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack(&server);
    let home = home_on(&server);
    assert_snapshot!(home.screen(&["start", "--on-aws", "--id", "op-1", "--yes", "--watch"]), @r#"
    $ aurora-restore start --on-aws --id op-1 --yes --watch
    op-1
    --- stderr
    done: stack ours was asked for operation op-1.
    hint: Watch it:  aurora-restore --stack ours watch op-1
    hint: Stop it:   aurora-restore --stack ours cancel op-1
    error: execution op-1 ended without touching operation op-1: AuroraRestore.Refused: the snapshot is gone
    hint: The operation is as it was.
    hint: An id is used once: start it anew under another one.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["start", "--on-aws", "--id", "op-1", "--yes"]), @r#"
    $ aurora-restore start --on-aws --id op-1 --yes
    op-1
    --- stderr
    hint: Watch it:  aurora-restore --stack ours watch op-1
    hint: Stop it:   aurora-restore --stack ours cancel op-1
    error: operation op-1 was started before, and its execution has ended FAILED: AuroraRestore.Refused: the snapshot is gone
    hint: An id is used once: look at it with `status`, go on with it with `resume`, or choose another id.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["start", "--on-aws", "--id", "op-2"]), @r#"
    $ aurora-restore start --on-aws --id op-2
    --- stderr
    error: nobody can be asked to confirm: this is not a terminal
    hint: Give --yes to go on without a question. Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["start", "--on-aws", "--id", "op-2", "--yes", "--set", "limits.attempts-max=-1"]), @r#"
    $ aurora-restore start --on-aws --id op-2 --yes --set limits.attempts-max=-1
    --- stderr
    error: the event's request: `limits.attempts-max`: -1 is out of range
    hint: An example: `limits.attempts-max = 8`.
    hint: The request is this configuration with its flags, laid over the stack's own.
    --- exit 3
    "#);
    assert_snapshot!(home.screen(&["undo", "op-1", "--yes"]), @r#"
    $ aurora-restore undo op-1 --yes
    --- stderr
    error: execution op-1 has ended FAILED: AuroraRestore.Refused: the snapshot is gone, and the journal has nothing of operation op-1
    hint: Where it was refused, nothing was touched: start it anew under another id, for an id is used once.
    hint: Where it was executed, its records were purged or lost: an export may have them.
    --- exit 1
    "#);
    for asked in [["cancel", "op-1"], ["report", "op-1"], ["resume", "op-1"]] {
        let told = home.screen(&asked);
        assert!(told.contains("AuroraRestore.Refused: the snapshot is gone") && told.ends_with("--- exit 1"), "{told}");
    }
}

#[test]
fn a_batch_is_started_on_the_stack_and_what_was_not_begun_is_told() {
    let server = StandIn::ministack().entered_with("444455556666");
    stack(&server);
    let home = home_on(&server);
    std::fs::write(home.path("b.toml"), TWO).unwrap();
    let arguments = ["batch", "run", "b.toml", "--id", "nightly", "--yes"];
    assert_snapshot!(home.screen(&arguments), @r#"
    $ aurora-restore batch run b.toml --id nightly --yes
    OPERATION       TARGET  STATUS       RECOVERY  FAILURE
    nightly-orders  -       not begun    -
    nightly-02      -       not begun    -
    --- stderr
    nightly-orders: orders in eu-central-1
    nightly-02: users in eu-central-1
    done: the stack was asked for batch nightly.
    hint: Look at it with `aurora-restore --stack ours batch status nightly`.
    --- exit 0
    "#);
    // Its execution fails at once; watching it waits for that.
    let watched = [arguments.as_slice(), &["--watch"]].concat();
    assert_eq!(home.output(&watched).status.code(), Some(1));
    assert_snapshot!(home.screen(&["batch", "status", "nightly"]), @r#"
    $ aurora-restore batch status nightly
    OPERATION       TARGET  STATUS       RECOVERY  FAILURE
    nightly-orders  -       not begun    -
    nightly-02      -       not begun    -
    --- stderr
    warning: the execution of batch nightly has ended FAILED: AuroraRestore.Refused: the snapshot is gone
    hint: It begins no more items: give those not begun to another batch.
    --- exit 1
    "#);
    assert_snapshot!(home.screen(&["batch", "run", "b.toml", "--stop-on-failure", "--id", "n", "--yes"]), @r#"
    $ aurora-restore batch run b.toml --stop-on-failure --id n --yes
    --- stderr
    error: `--stop-on-failure` is not known to the stack's batches
    hint: Leave it out, or run the batch from here without `--stack`. Nothing was begun.
    --- exit 2
    "#);
}

const TWO: &str =
    "[[items]]\nname = \"orders\"\ntarget.cluster = \"orders\"\n\n[[items]]\ntarget.cluster = \"users\"\n";

#[test]
fn a_batch_with_anything_wrong_is_not_begun() {
    let home = Home::with_config(COMPLETE);
    std::fs::write(
        home.path("wrong.toml"),
        "[[items]]\nname = \"orders\"\ntarget.clutser = \"x\"\n[[items]]\ntarget.cluster = \"x--y\"\n",
    )
    .unwrap();
    assert_snapshot!(home.screen(&["batch", "run", "wrong.toml", "--id", "b"]), @r#"
    $ aurora-restore batch run wrong.toml --id b
    --- stderr
    error: item orders: unknown key `target.clutser`
    hint: Did you mean `target.cluster`?
    error: item 02: `target.cluster`: cluster identifier `x--y` is not valid: it must not contain two hyphens in a row
    hint: An example: `target.cluster = "staging"`.
    --- exit 3
    "#);
    std::fs::write(home.path("same.toml"), "[[items]]\nname = \"a\"\n[[items]]\nname = \"b\"\n").unwrap();
    assert_snapshot!(home.screen(&["batch", "run", "same.toml", "--id", "b"]), @r#"
    $ aurora-restore batch run same.toml --id b
    --- stderr
    error: b-a and b-b have one target, staging in eu-central-1
    hint: Give each item a target of its own. Nothing was begun.
    --- exit 3
    "#);
    std::fs::write(home.path("key.toml"), "[[item]]\nname = \"a\"\n").unwrap();
    assert_snapshot!(home.screen(&["batch", "run", "key.toml", "--id", "b"]), @r#"
    $ aurora-restore batch run key.toml --id b
    --- stderr
    error: key.toml: unknown key `item`
    hint: Did you mean `items`?
    error: key.toml: a batch has 1 to 1000 items, and not 0
    hint: Begin each item with [[items]].
    --- exit 3
    "#);
    std::fs::write(home.path("two.toml"), TWO).unwrap();
    assert_snapshot!(home.screen(&["batch", "run", "two.toml", "--id", "b"]), @r#"
    $ aurora-restore batch run two.toml --id b
    --- stderr
    b-orders: orders in eu-central-1
    b-02: users in eu-central-1
    error: nobody can be asked to confirm: this is not a terminal
    hint: Give --yes to go on without a question. Nothing was changed.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["batch", "run", "two.toml", "--concurrency", "101"]), @r#"
    $ aurora-restore batch run two.toml --concurrency 101
    --- stderr
    error: a batch from here does at most 100 items at once, and not 101
    hint: Give a smaller `--concurrency`, or have a stack do it with `--stack`. Nothing was begun.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["batch", "run", "two.toml", "--concurrency", "0"]), @r#"
    $ aurora-restore batch run two.toml --concurrency 0
    --- stderr
    error: invalid value '0' for '--concurrency <COUNT>': 0 is not in 1..=1000

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["batch", "status", "b"]), @r#"
    $ aurora-restore batch status b
    --- stderr
    error: no operation of batch b was begun
    hint: `aurora-restore list` shows the operations of this journal.
    --- exit 2
    "#);
    assert!(!home.journal_path().exists(), "nothing was begun");
}
