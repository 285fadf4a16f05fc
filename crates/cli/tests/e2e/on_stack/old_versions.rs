//! The guide's commands that remove what updates leave behind, as they stand there, on functions with many versions.

use std::{fs, process::Command};

use aurora_restore_testing::stand_in::{self, StandIn};

use crate::support::{STAGING, directory};

const GUIDE: &str = include_str!("../../../../../docs/guide/deploy-to-aws.md");

/// Two functions, of which one is not ours, with versions 1 to 9 and an alias on the second.
const MAKE: &str = r#"
import boto3, io, zipfile
functions = boto3.client("lambda")
for name in ("aurora-restore-notify", "somebody-elses"):
    for number in range(1, 10):
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as package:
            package.writestr("bootstrap", str(number))
        if number == 1:
            functions.create_function(FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Publish=True,
                                      Role="arn:aws:iam::444455556666:role/any", Code={"ZipFile": code.getvalue()})
        else:
            functions.update_function_code(FunctionName=name, ZipFile=code.getvalue(), Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="2")
"#;

/// Which versions there are.
const SHOW: &str = r#"
import boto3
for name in ("aurora-restore-notify", "somebody-elses"):
    versions = boto3.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    print(name, *(version["Version"] for version in versions))
"#;

#[test]
fn the_guides_commands_keep_the_five_newest_versions_and_the_one_that_is_called() {
    let services = StandIn::ministack();
    let home = directory();
    let keys = format!("[staging]\naws_access_key_id = {}\naws_secret_access_key = not-checked\n", STAGING.0);
    fs::write(home.path().join("credentials"), keys).unwrap();
    let run = |program: &mut Command| {
        let python = stand_in::installed("python");
        let search = format!("{}:/usr/bin:/bin", python.parent().unwrap().display());
        let done = program
            .env_clear()
            .env("PATH", search)
            .env("HOME", home.path())
            .env("AWS_PROFILE", "staging")
            .env("AWS_DEFAULT_REGION", STAGING.1)
            .env("AWS_ENDPOINT_URL", services.url())
            .env("AWS_SHARED_CREDENTIALS_FILE", home.path().join("credentials"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let python = |script: &str| run(Command::new(stand_in::installed("python")).args(["-c", script]));
    python(MAKE);
    let all: Vec<String> = (1..=9).map(|number| number.to_string()).collect();
    let all = all.join(" ");
    assert_eq!(python(SHOW), format!("aurora-restore-notify $LATEST {all}\nsomebody-elses $LATEST {all}\n"));
    run(Command::new("bash").args(["-euo", "pipefail", "-c", commands()]));
    assert_eq!(python(SHOW), format!("aurora-restore-notify $LATEST 2 5 6 7 8 9\nsomebody-elses $LATEST {all}\n"));
}

/// The commands of the guide's paragraph about what updates leave behind.
fn commands() -> &'static str {
    let (_, paragraph) = GUIDE.split_once("**What updates leave behind.**").expect("the guide has the paragraph");
    let (_, commands) = paragraph.split_once("```console\n$ ").expect("it has commands");
    commands.split_once("```").expect("they end").0
}
