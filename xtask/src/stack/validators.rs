//! The generated files before two judges that are not ours: cfn-lint, which knows the schemas of CloudFormation and of state
//! machines, and asl-validator, which follows their paths. A planted fault proves that each of them looks.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    files,
    node::{Bounds, map},
};

/// A judge's verdict: whether it found nothing, and what it said.
struct Verdict {
    is_clean: bool,
    said: String,
}

fn judge(command: &mut Command) -> Verdict {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; `make test` installs it"));
    let said = [output.stdout, output.stderr].concat();
    Verdict { is_clean: output.status.success(), said: String::from_utf8_lossy(&said).into_owned() }
}

fn cfn_lint(file: &Path) -> Verdict {
    let environment =
        std::env::var_os("AURORA_RESTORE_TEST_VENV").map_or_else(|| crate::root().join(".venv"), PathBuf::from);
    judge(Command::new(environment.join("bin/cfn-lint")).arg(file))
}

fn asl_validator(file: &Path) -> Verdict {
    let modules = crate::root().join(".node/node_modules/.bin/asl-validator");
    judge(Command::new(modules).arg("--json-path").arg(file))
}

/// The generated file of that name.
fn generated(name: &str) -> String {
    let found = files().into_iter().find(|(path, _)| path.ends_with(name));
    found.unwrap_or_else(|| panic!("no {name} is generated")).1
}

/// AWS takes expressions for these numbers, and cfn-lint, where only the states are in JSONata, numbers alone: so it is shown
/// one. The other judges see them as they are.
const NUMBERS: [&str; 2] = ["\"{% $states.input.max_concurrency %}\"", "\"{% $states.input.wait_seconds %}\""];

/// A state machine inside of the smallest template, with something in place of its placeholders.
fn as_template(machine: &str) -> String {
    let definition =
        NUMBERS.iter().fold(machine.replace("${", "placeholder-{"), |text, number| text.replace(number, "5"));
    map! {
        "Resources" => map! {
            "Machine" => map! {
                "Type" => "AWS::StepFunctions::StateMachine",
                "Properties" => map! { "RoleArn" => "arn:aws:iam::444455556666:role/machine", "DefinitionString" => definition },
            },
        },
    }
    .to_json(Bounds::Numbers)
}

/// Asks a judge about a text, and about the same text with a fault in it.
fn check(judge: impl Fn(&Path) -> Verdict, file: &str, text: &str, (good, bad): (&str, &str)) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join(file);
    let ask = |text: &str| {
        std::fs::write(&path, text).expect("a file for the test");
        judge(&path)
    };
    let verdict = ask(text);
    assert!(verdict.is_clean, "{file}: {}", verdict.said);
    assert!(text.contains(good), "{file} has no `{good}` to plant a fault in");
    let verdict = ask(&text.replacen(good, bad, 1));
    assert!(!verdict.is_clean, "{file}: `{bad}` was not found");
}

#[test]
fn cfn_lint_accepts_the_templates() {
    let fault = ("BillingMode: PAY_PER_REQUEST", "BillingMode: PAY_PER_REQUES");
    check(cfn_lint, "pipeline.yaml", &generated("aurora-restore-pipeline.yaml"), fault);
    let fault = ("!GetAtt Role.Arn", "!GetAtt Roll.Arn");
    check(cfn_lint, "source-account.yaml", &generated("source-account.yaml"), fault);
}

#[test]
fn cfn_lint_accepts_the_state_machines() {
    for name in ["state-machine.asl.json", "batch.asl.json"] {
        let fault = ("\\\"SecondsPath\\\"", "\\\"SecondPath\\\"");
        check(cfn_lint, "machine.json", &as_template(&generated(name)), fault);
    }
}

#[test]
fn asl_validator_accepts_the_state_machines() {
    let fault = ("\"Next\": \"copy-snapshot\"", "\"Next\": \"copy-snapshots\"");
    check(asl_validator, "state-machine.asl.json", &generated("state-machine.asl.json"), fault);
    let fault = ("\"Next\": \"one-restored\"", "\"Next\": \"one-restores\"");
    check(asl_validator, "batch.asl.json", &generated("batch.asl.json"), fault);
}
