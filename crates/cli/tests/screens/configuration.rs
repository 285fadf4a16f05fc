//! Configurations that are wrong, each with one clear message, and what `config` and `doctor` say.

use insta::assert_snapshot;

use crate::harness::{COMPLETE, Home};

fn validate(text: &str) -> String {
    Home::with_config(text).screen(&["config", "validate"])
}

#[test]
fn a_complete_configuration_is_valid() {
    assert_snapshot!(validate(COMPLETE), @r#"
    $ aurora-restore config validate
    --- stderr
    done: the configuration aurora-restore.toml is complete.
    --- exit 0
    "#);
}

#[test]
fn an_unknown_key_is_refused_with_a_suggestion() {
    assert_snapshot!(validate(&COMPLETE.replace("cluster =", "clutser =")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:6: unknown key `target.clutser`
    hint: Did you mean `target.cluster`?
    --- exit 3
    "#);
}

#[test]
fn a_key_in_the_wrong_section_is_pointed_to_its_own() {
    assert_snapshot!(validate(&format!("strategy = \"swap\"\n{COMPLETE}")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:1: unknown key `strategy`
    hint: Did you mean `restore.strategy`?
    --- exit 3
    "#);
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    assert_snapshot!(validate("[target]\ncluster = staging\n"), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:2: this is not TOML: string values must be quoted, expected literal string
    hint: Texts stand in quotes, lists in [ ], and each section begins with its name in [ ].
    --- exit 3
    "#);
}

#[test]
fn a_bare_number_is_not_a_duration() {
    assert_snapshot!(validate(&format!("{COMPLETE}\n[limits]\npoll = 30\n")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:11: `limits.poll`: expected a duration with its unit, such as "30s" or "24h", found the number 30
    hint: An example: `limits.poll = "30s"`.
    --- exit 3
    "#);
}

#[test]
fn an_identifier_that_rds_would_refuse_is_refused_where_it_stands() {
    assert_snapshot!(validate(&COMPLETE.replace("\"staging\"", "\"staging-\"")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:6: `target.cluster`: cluster identifier `staging-` is not valid: it must not end with a hyphen
    hint: An example: `target.cluster = "staging"`.
    --- exit 3
    "#);
}

#[test]
fn a_day_that_does_not_exist_is_refused() {
    assert_snapshot!(validate(&COMPLETE.replace("latest-of = \"prod\"", "prefix = \"prod\"\ndate = \"2026-02-30\"")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:4: `source.date`: there is no day `2026-02-30`
    hint: Give a day as YYYY-MM-DD, UTC, not later than today, or "today" or "yesterday".
    --- exit 3
    "#);
}

#[test]
fn a_day_in_the_future_is_refused() {
    assert_snapshot!(validate(&COMPLETE.replace("latest-of = \"prod\"", "prefix = \"prod\"\ndate = \"2026-11-23\"")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:4: `source.date`: 2026-11-23 lies in the future: today is 2026-11-22 (UTC)
    hint: Give a day as YYYY-MM-DD, UTC, not later than today, or "today" or "yesterday".
    --- exit 3
    "#);
}

#[test]
fn a_snapshot_of_an_instance_is_not_a_cluster_snapshot() {
    let arn = "arn:aws:rds:eu-west-1:111122223333:snapshot:mysql-1";
    assert_snapshot!(validate(&COMPLETE.replace("latest-of = \"prod\"", &format!("snapshot = \"{arn}\""))), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:3: `source.snapshot`: arn:aws:rds:eu-west-1:111122223333:snapshot:mysql-1 is not a cluster snapshot
    hint: Its ARN looks like arn:aws:rds:REGION:ACCOUNT:cluster-snapshot:NAME.
    --- exit 3
    "#);
}

#[test]
fn an_endpoint_in_the_clear_is_refused() {
    assert_snapshot!(validate(&format!("{COMPLETE}\n[aws]\nrds-endpoint = \"http://rds.example.com\"\n")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:11: `aws.rds-endpoint`: the endpoint `http://rds.example.com/` cannot be used: http is for loopback addresses and the hosts in `aws.http-hosts` only, use https
    hint: If an emulator of AWS is there, in a network that you trust: `aws.http-hosts = ["rds.example.com"]`, or AURORA_RESTORE_AWS_HTTP_HOSTS=rds.example.com. Credentials and secrets then cross that network in the clear.
    --- exit 3
    "#);
}

#[test]
fn a_check_that_says_nothing_is_refused() {
    let check = "[[verification.checks]]\nname = \"orders\"\nsql = \"SELECT 1\"\n";
    assert_snapshot!(validate(&format!("{COMPLETE}\n{check}")), @r#"
    $ aurora-restore config validate
    --- stderr
    error: aurora-restore.toml:10: `verification.checks`: check 1: exactly one of `equals`, `at-least`, `at-most`, `newer-than-snapshot-minus` is needed
    hint: What each key means stands in the file that `aurora-restore config init` writes. Nothing was changed.
    --- exit 3
    "#);
}

#[test]
fn a_wrong_flag_is_the_command_lines_fault() {
    let home = Home::with_config(COMPLETE);
    assert_snapshot!(home.screen(&["--set", "restore.strategy=swop", "config", "validate"]), @r#"
    $ aurora-restore --set restore.strategy=swop config validate
    --- stderr
    error: flag --set restore.strategy: "swop" is not one of "swap", "side-by-side", "replace"; did you mean "swap"?
    hint: An example: `restore.strategy = "swap"`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["plan", "--date", "yesterday"]), @r#"
    $ aurora-restore plan --date yesterday
    --- stderr
    error: flag --date: `source.date`: it goes with `source.prefix` only
    hint: Remove it, or set `source.prefix`, too.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["plan", "--target", "Bad_Name"]), @r#"
    $ aurora-restore plan --target Bad_Name
    --- stderr
    error: flag --target: `target.cluster`: cluster identifier `bad_name` is not valid: only letters, digits and hyphens are allowed
    hint: An example: `target.cluster = "staging"`.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["list", "--target", "Bad_Name"]), @r#"
    $ aurora-restore list --target Bad_Name
    --- stderr
    error: --target: cluster identifier `bad_name` is not valid: only letters, digits and hyphens are allowed
    hint: Give the whole name of the cluster, as `aurora-restore list` shows it.
    --- exit 2
    "#);
    assert_snapshot!(home.screen(&["--set", "limits.poll", "config", "validate"]), @r#"
    $ aurora-restore --set limits.poll config validate
    --- stderr
    error: `--set limits.poll` has no value
    hint: Write it as `--set KEY=VALUE`.
    --- exit 2
    "#);
}

#[test]
fn a_misspelt_environment_variable_is_refused() {
    let mut home = Home::with_config(COMPLETE);
    home.set("AURORA_RESTORE_TARGET_CLUTSER", "other");
    assert_snapshot!(home.screen(&["config", "validate"]), @r#"
    $ aurora-restore config validate
    --- stderr
    error: environment variable AURORA_RESTORE_TARGET_CLUTSER: no key of the configuration has this name
    hint: Did you mean AURORA_RESTORE_TARGET_CLUSTER?
    --- exit 3
    "#);
}

#[test]
fn a_configuration_that_is_named_and_not_there_is_refused() {
    assert_snapshot!(Home::new().screen(&["--config", "elsewhere.toml", "list"]), @r#"
    $ aurora-restore --config elsewhere.toml list
    --- stderr
    error: the configuration elsewhere.toml cannot be read: No such file or directory (os error 2)
    hint: Write one with `aurora-restore config init`, or correct the path.
    --- exit 3
    "#);
}

#[test]
fn without_a_configuration_everything_that_is_needed_is_named() {
    assert_snapshot!(Home::new().screen(&["plan"]), @r#"
    $ aurora-restore plan
    --- stderr
    error: nothing says what to restore from
    hint: Set exactly one of `source.snapshot`, `source.prefix`, `source.latest-of`, `source.point-in-time-of`, `source.clone-of`.
    error: `target.region` is not set
    hint: Set it in the configuration file, with `--set target.region=…`, or with the environment variable AURORA_RESTORE_TARGET_REGION.
    error: `target.cluster` is not set
    hint: Set it in the configuration file, with `--set target.cluster=…`, or with the environment variable AURORA_RESTORE_TARGET_CLUSTER.
    error: `secrets.master` is not set
    hint: Set it in the configuration file, with `--set secrets.master=…`, or with the environment variable AURORA_RESTORE_SECRETS_MASTER.
    hint: No configuration file was found; `aurora-restore config init` writes one to begin with.
    --- exit 3
    "#);
}

#[test]
fn every_value_is_shown_with_its_origin() {
    let mut home = Home::with_config(COMPLETE);
    home.set("AURORA_RESTORE_LIMITS_POLL", "45s");
    let screen = home.screen(&["--set", "restore.strategy=side-by-side", "config", "show"]);
    let some: Vec<&str> = screen
        .lines()
        .filter(|line| {
            ["source.latest-of", "source.region", "restore.strategy", "limits."].iter().any(|key| line.contains(key))
        })
        .collect();
    assert_snapshot!(some.join("\n"), @r#"
    $ aurora-restore --set restore.strategy=side-by-side config show
    # source.region is not set
    source.latest-of = "prod"  # aurora-restore.toml:3
    restore.strategy = "side-by-side"  # flag --set restore.strategy
    limits.copy = "24h"  # default
    limits.restore = "24h"  # default
    limits.instances = "6h"  # default
    limits.step = "2h"  # default
    limits.attempts-max = 8  # default
    limits.poll = "45s"  # environment variable AURORA_RESTORE_LIMITS_POLL
    "#);
}

#[test]
fn a_starter_is_written_once_and_never_over_a_file() {
    let home = Home::new();
    assert_snapshot!(home.screen(&["config", "init"]), @r#"
    $ aurora-restore config init
    --- stderr
    done: a configuration is in aurora-restore.toml.
    hint: Set at least `source.…`, `target.region`, `target.cluster` and `secrets.master` in it.
    hint: Then check it with `aurora-restore config validate` and `aurora-restore doctor`.
    --- exit 0
    "#);
    let written = home.files();
    assert_snapshot!(home.screen(&["config", "init"]), @r#"
    $ aurora-restore config init
    --- stderr
    error: the configuration could not be written to aurora-restore.toml
      caused by: File exists (os error 17)
    hint: Choose another name, or remove the file.
    --- exit 1
    "#);
    assert_eq!(home.files(), written);
}

#[test]
fn the_doctor_names_what_is_missing_and_changes_nothing() {
    let home = Home::with_config(&format!("{COMPLETE}\n[aws.target]\nkeys-secret = \"sandbox/target\"\n"));
    let before = home.files();
    assert_snapshot!(home.screen(&["doctor"]), @r#"
    $ aurora-restore doctor
    good  configuration   complete (aurora-restore.toml)
    good  journal         <home>/.local/state/aurora-restore/journal.sqlite will be made by the first restore
    bad   secret          secret `staging/master` does not exist in <home>/.local/share/aurora-restore/secrets/staging/master.json
          hint: Create the secret, or correct its id in the request.
    good  database        trusts what the operating system trusts
    weak  database        `database.ca-certificate` is not set
          hint: Clusters of RDS use authorities of their own, which operating systems seldom trust.
    bad   accounts        secret `sandbox/target` does not exist in <home>/.local/share/aurora-restore/secrets/sandbox/target.json
          hint: The secret of `aws.….keys-secret` holds {"access_key_id", "secret_access_key"}.
    --- exit 3
    "#);
    assert_eq!(home.files(), before);
}

#[test]
fn a_certificate_file_that_is_not_there_is_named() {
    let home = Home::with_config(&format!("{COMPLETE}\n[database]\nca-certificate = \"/nowhere/bundle.pem\"\n"));
    assert_snapshot!(home.screen(&["plan"]), @r#"
    $ aurora-restore plan
    --- stderr
    error: the certificates to trust cannot be used
      caused by: read the trusted certificates in /nowhere/bundle.pem: No such file or directory (os error 2)
    hint: Set `database.ca-certificate` to the bundle that Amazon RDS publishes, or to the sandbox's.
    --- exit 3
    "#);
    assert!(!home.journal_path().exists());
}
