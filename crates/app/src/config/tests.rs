//! The configuration as a whole: the reference against the schema, precedence, and what is refused.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ids::ClusterId,
    request::{ArchivePolicy, Limits, Retirement, SourceSelector, Strategy, VerificationOptions},
};

use super::*;

const NOW: &str = "2026-11-22T10:15:00Z";

const LEAST: &str = "
[source]
latest-of = \"production\"
[target]
region = \"eu-central-1\"
cluster = \"staging\"
[secrets]
master = \"staging/master\"
";

struct Setup {
    directory: tempfile::TempDir,
    sources: Sources,
}

fn setup(text: &str) -> Setup {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("c.toml");
    std::fs::write(&file, text).unwrap();
    let mut sources = Sources { file: Some(file), ..Sources::default() };
    sources.environment.insert("HOME".to_owned(), directory.path().display().to_string());
    Setup { directory, sources }
}

impl Setup {
    fn request(&self) -> Result<Request, ConfigError> {
        Config::load(&self.sources)?.request(NOW.parse().unwrap())
    }

    /// The problems, with the directory's name taken out.
    fn problems(&self) -> Vec<String> {
        let here = format!("{}/", self.directory.path().display());
        let error = self.request().unwrap_err();
        error.problems.iter().map(|problem| problem.to_string().replace(&here, "")).collect()
    }
}

#[test]
fn the_reference_tells_every_key_in_the_order_of_the_schema_and_no_other() {
    let mut section = String::new();
    let mut told = Vec::new();
    for line in DEFAULTS.lines() {
        let bare = line.trim_start_matches("# ");
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if line.starts_with('[') {
                section = name.to_owned();
            } else if name == "[verification.checks]" && told.last() != Some(&"verification.checks".to_owned()) {
                told.push("verification.checks".to_owned());
            }
        } else if let Some((name, _)) = bare.split_once(" = ")
            && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            && told.last().is_none_or(|last| last != "verification.checks" || section != "verification")
        {
            told.push(format!("{section}.{name}"));
        }
    }
    let keys: Vec<&str> = schema::KEYS.iter().map(|key| key.path).collect();
    assert_eq!(told, keys);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
}

#[test]
fn the_reference_itself_has_no_problems() {
    let parsed = file::parse(DEFAULTS, Path::new("default-config.toml"));
    assert_eq!(parsed.problems, []);
}

#[test]
fn every_example_of_the_reference_has_the_shape_of_its_key() {
    let examples: String = DEFAULTS
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or(line).to_owned() + "\n")
        .collect();
    let parsed = file::parse(&examples, Path::new("default-config.toml"));
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.entries.len(), schema::KEYS.len());
}

fn is_example(rest: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    rest.starts_with("[[") || rest.split_once(" = ").is_some_and(|(name, _)| is_name(name))
}

#[test]
fn the_defaults_are_those_of_the_domain() {
    let request = setup(LEAST).request().unwrap();
    assert_eq!(request.limits, Limits::default());
    assert_eq!(request.retirement, Retirement::default());
    assert_eq!(request.verification, VerificationOptions::default());
    assert_eq!(request.archive, ArchivePolicy::default());
    assert_eq!(request.strategy, Strategy::default());
    assert_eq!(request.source.region.as_str(), "eu-central-1");
}

#[test]
fn a_flag_goes_before_the_environment_and_the_environment_before_the_file() {
    let mut setup = setup(LEAST);
    let cluster = |setup: &Setup| setup.request().unwrap().target.cluster;
    assert_eq!(cluster(&setup), ClusterId::new("staging").unwrap());
    setup.sources.environment.insert("AURORA_RESTORE_TARGET_CLUSTER".to_owned(), "of-environment".to_owned());
    assert_eq!(cluster(&setup).as_str(), "of-environment");
    setup.sources.flags.push(FlagValue::of_set("target.cluster=of-flag").unwrap());
    assert_eq!(cluster(&setup).as_str(), "of-flag");
    let config = Config::load(&setup.sources).unwrap();
    let shown = config.show();
    let key = shown.iter().find(|key| key.path == "target.cluster").unwrap();
    assert_eq!(key.origin.unwrap().to_string(), "flag --set target.cluster");
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    assert_eq!(
        setup("").problems(),
        [
            "nothing says what to restore from",
            "`target.region` is not set",
            "`target.cluster` is not set",
            "`secrets.master` is not set",
        ]
    );
}

#[test]
fn identifiers_that_rds_would_refuse_are_refused_where_they_stand() {
    let text = LEAST.replace("\"staging\"", "\"sta--ging\"");
    assert_eq!(
        setup(&text).problems(),
        [
            "c.toml:6: `target.cluster`: cluster identifier `sta--ging` is not valid: it must not contain two hyphens in a \
          row"
        ]
    );
}

#[test]
fn days_that_do_not_exist_or_lie_in_the_future_are_refused() {
    let on = |date: &str| {
        LEAST.replace("latest-of = \"production\"", &format!("prefix = \"production\"\ndate = \"{date}\""))
    };
    assert_eq!(setup(&on("2026-02-30")).problems(), ["c.toml:4: `source.date`: there is no day `2026-02-30`"]);
    assert_eq!(
        setup(&on("2026-11-23")).problems(),
        ["c.toml:4: `source.date`: 2026-11-23 lies in the future: today is 2026-11-22 (UTC)"]
    );
    let yesterday = setup(&on("yesterday")).request().unwrap().source.selector;
    let SourceSelector::ByDate { date, .. } = yesterday else { panic!("{yesterday:?}") };
    assert_eq!(date.to_string(), "2026-11-21");
}

#[test]
fn two_sources_at_once_are_refused() {
    let text = LEAST.replace("latest-of", "clone-of = \"x\"\nlatest-of");
    assert_eq!(setup(&text).problems(), ["c.toml:3: `source.clone-of`: `source.latest-of` is set, too"]);
}

#[test]
fn a_misspelt_variable_is_refused_with_a_suggestion() {
    let mut setup = setup(LEAST);
    setup.sources.environment.insert("AURORA_RESTORE_TARGET_CLUTSER".to_owned(), "x".to_owned());
    let error = Config::load(&setup.sources).unwrap_err();
    assert_eq!(error.problems[0].hint.as_deref(), Some("Did you mean AURORA_RESTORE_TARGET_CLUSTER?"));
}

#[test]
fn the_starter_sets_nothing_and_has_no_problems() {
    let parsed = file::parse(&starter(), Path::new("c.toml"));
    assert_eq!((parsed.problems, parsed.entries.len()), (Vec::new(), 0));
}

#[test]
fn a_flag_that_names_a_snapshot_replaces_the_source_of_the_file() {
    let mut setup = setup(&LEAST.replace("latest-of", "kinds = [\"manual\"]\nlatest-of"));
    setup.sources.flags.push(FlagValue::of_set("source.snapshot=before-release").unwrap());
    let selector = setup.request().unwrap().source.selector;
    let SourceSelector::Snapshot(address) = selector else { panic!("{selector:?}") };
    assert_eq!(address.as_str(), "before-release");
}

#[test]
fn an_event_overrides_the_environment_which_overrides_the_parameter() {
    let parameter = ParameterText { name: "/aurora-restore/test/config".to_owned(), text: LEAST.to_owned() };
    let mut environment = BTreeMap::new();
    environment.insert("AURORA_RESTORE_TARGET_REGION".to_owned(), "eu-west-3".to_owned());
    environment.insert("AURORA_RESTORE_TARGET_CLUSTER".to_owned(), "of-the-environment".to_owned());
    environment.insert("AURORA_RESTORE_STEP".to_owned(), "notify".to_owned());
    let sources = Sources::of_function(environment, parameter);
    let event = serde_json::json!({"target": {"cluster": "of-the-event"}, "source": {"clone-of": "other"}});
    let sources = sources.with_event(event.as_object().unwrap().clone());
    let request = Config::load(&sources).unwrap().request(NOW.parse().unwrap()).unwrap();
    assert_eq!(request.target.cluster, ClusterId::new("of-the-event").unwrap());
    assert_eq!(request.target.region.as_str(), "eu-west-3");
    assert_eq!(request.secrets.master.as_str(), "staging/master");
    // What to restore from is one decision: the event's replaces the parameter's.
    assert_eq!(request.source.selector, SourceSelector::Clone { cluster: ClusterId::new("other").unwrap() });
}

#[test]
fn a_problem_in_a_parameter_is_told_with_its_line() {
    let parameter = ParameterText { name: "/a/config".to_owned(), text: "[limits]\npol = \"3s\"\n".to_owned() };
    let sources = Sources::of_function(BTreeMap::new(), parameter);
    let error = Config::load(&sources).unwrap_err();
    assert_eq!(error.to_string(), "parameter /a/config:2: unknown key `limits.pol`");
}

#[test]
fn every_refused_value_comes_with_a_hint_and_is_told_once() {
    // The source's Region falls back to the target's, so this one is read twice.
    let refused = setup(&LEAST.replace("eu-central-1", "nowhere")).request().unwrap_err();
    assert_eq!(refused.problems.len(), 1, "{refused}");
    assert_eq!(refused.problems[0].hint.as_deref(), Some("An example: `target.region = \"eu-central-1\"`."));

    let mut setup = setup(&format!("{LEAST}[limits]\npoll = 30\n[cluster]\nport = \"high\"\n"));
    setup.sources.flags.push(FlagValue {
        flag: "--target".to_owned(),
        path: "target.cluster".to_owned(),
        text: "Bad_Name".to_owned(),
    });
    let refused = Config::load(&setup.sources).unwrap_err();
    assert!(refused.problems.iter().all(|problem| problem.hint.is_some()), "{:#?}", refused.problems);
    setup.sources.file = None;
    let refused = setup.request().unwrap_err();
    let told = refused.problems.iter().find(|problem| problem.message.contains("bad_name")).unwrap();
    assert_eq!(told.hint.as_deref(), Some("An example: `target.cluster = \"staging\"`."));
}

#[test]
fn a_variable_of_ours_that_is_no_text_is_refused_and_not_passed_over() {
    let mut setup = setup(LEAST);
    setup.sources.unreadable.push("AURORA_RESTORE_JOURNAL_PATH".to_owned());
    assert_eq!(setup.problems(), ["environment variable AURORA_RESTORE_JOURNAL_PATH: its value is not text in UTF-8"]);
}

#[test]
fn the_proxy_is_the_one_that_every_tool_obeys() {
    let proxied = |variables: &[(&str, &str)]| {
        let mut setup = setup(LEAST);
        setup.sources.environment.extend(variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        Config::load(&setup.sources).map(|config| config.environment().aws.network.proxy.clone())
    };
    assert_eq!(proxied(&[]).unwrap(), None);
    assert_eq!(proxied(&[("HTTPS_PROXY", "")]).unwrap(), None);
    assert_eq!(proxied(&[("HTTP_PROXY", "http://proxy:3128")]).unwrap(), None, "AWS is never reached in the clear");
    let named = proxied(&[("https_proxy", "proxy:3128"), ("NO_PROXY", "internal")]).unwrap().unwrap();
    assert_eq!(named, aurora_restore_aws::HttpProxy::new("http://proxy:3128", "internal").unwrap());
    let refused = proxied(&[("HTTPS_PROXY", "socks5://me:hunter2@proxy:1080")]).unwrap_err();
    assert!(refused.to_string().starts_with("environment variable HTTPS_PROXY: "), "{refused}");
    assert!(!refused.to_string().contains("hunter2") && !refused.is_usage(), "{refused}");
}

#[test]
fn http_is_spoken_beyond_loopback_to_the_hosts_that_are_named() {
    let read = |more: &str, variables: &[(&str, &str)]| {
        let mut setup = setup(&format!("{LEAST}{more}"));
        setup.sources.environment.extend(variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        Config::load(&setup.sources).map(|config| config.environment().aws.clone())
    };
    let endpoint = "[aws]\nrds-endpoint = \"http://emulator:4566\"\n";
    let refused = read(endpoint, &[]).unwrap_err();
    let hint = refused.problems[0].hint.as_deref().unwrap();
    assert!(hint.contains("`aws.http-hosts = [\"emulator\"]`, or AURORA_RESTORE_AWS_HTTP_HOSTS=emulator."), "{hint}");
    let url = Some("http://emulator:4566/");
    let told = |aws: &AwsAccess| aws.rds_endpoint.as_ref().map(|url| url.as_str().to_owned());
    let by_file = read(&format!("{endpoint}http-hosts = [\"emulator\"]\n"), &[]).unwrap();
    assert_eq!(told(&by_file).as_deref(), url);
    let variables = [("AURORA_RESTORE_AWS_HTTP_HOSTS", "other, emulator")];
    let by_variable = read(endpoint, &variables).unwrap();
    assert_eq!(told(&by_variable).as_deref(), url);
    let other = read(endpoint, &[("AURORA_RESTORE_AWS_HTTP_HOSTS", "other")]).unwrap_err();
    assert!(other.to_string().contains("`aws.rds-endpoint`: the endpoint"), "{other}");
    let of_aws = read("[aws]\nhttp-hosts = [\"rds.eu-west-1.amazonaws.com\"]\n", &[]).unwrap_err();
    assert!(of_aws.to_string().contains("`aws.http-hosts`: `rds.eu-west-1.amazonaws.com` cannot be"), "{of_aws}");

    let variables = |hosts: &str| [("AURORA_RESTORE_AWS_HTTP_HOSTS".to_owned(), hosts.to_owned())].into();
    assert_eq!(network(&variables("other, emulator")).unwrap(), by_variable.network);
    assert_eq!(network(&variables("")).unwrap(), aurora_restore_aws::Network::default());
    let told = network(&variables("*.example.com")).unwrap_err().to_string();
    assert!(told.starts_with("environment variable AURORA_RESTORE_AWS_HTTP_HOSTS: `*.example.com`"), "{told}");
}

#[test]
fn the_journal_is_in_a_file_unless_tables_are_asked_for() {
    use super::{JournalPlace, NotifyChannel, SecretsPlace};
    let environment = |more: &str| {
        let setup = setup(&format!("{LEAST}{more}"));
        Config::load(&setup.sources).map(|config| config.environment().clone())
    };
    let usual = environment("").unwrap();
    assert!(matches!(usual.journal, JournalPlace::File(_)) && matches!(usual.secrets, SecretsPlace::Directory(_)));
    let remote = environment(
        "[journal]\nstore = \"tables\"\nstate-table = \"mine\"\nstate-retention = \"20d\"\naudit-retention = \"30d\"\n[notify]\nchannel = \"sns\"\n\
         topic = \"arn:aws:sns:eu-west-1:444455556666:restores\"\n",
    )
    .unwrap();
    let JournalPlace::Tables(tables) = &remote.journal else { panic!("{:?}", remote.journal) };
    assert_eq!((tables.region.as_str(), tables.state.as_str()), ("eu-central-1", "mine"));
    assert_eq!((tables.audit.as_str(), tables.audit_retention.as_hours()), ("AuroraRestoreAuditTable", 30 * 24));
    assert!(matches!(&remote.notify, NotifyChannel::Topic { region, .. } if region.as_str() == "eu-west-1"));

    let problem = |more: &str| environment(more).unwrap_err().to_string();
    assert!(problem("[journal]\nstore = \"tables\"\nstate-table = \"a b\"\n").contains("is not the name of a table"));
    let same = problem("[journal]\nstore = \"tables\"\nstate-table = \"one\"\naudit-table = \"one\"\n");
    assert!(same.contains("it is the state table, too"), "{same}");
    let short = problem("[journal]\nstore = \"tables\"\nstate-retention = \"40d\"\naudit-retention = \"39d\"\n");
    assert!(short.contains("it is shorter than `journal.state-retention`"), "{short}");
    assert!(problem("[notify]\nchannel = \"sns\"\n").contains("`notify.topic` is not set"));
    assert!(problem("[notify]\nchannel = \"sns\"\ntopic = \"restores\"\n").contains("notify.topic"));
}

#[test]
fn keys_that_open_secrets_manager_are_not_looked_for_in_it() {
    use super::SecretsPlace;
    let store = "store = \"secrets-manager\"\n";
    let with = LEAST.replace("[secrets]\n", &format!("[secrets]\n{store}"));
    assert!(with.contains(store), "{with}");
    let config = Config::load(&setup(&with).sources).unwrap();
    assert!(
        matches!(&config.environment().secrets, SecretsPlace::SecretsManager(region) if region.as_str() == "eu-central-1")
    );
    let refused = Config::load(&setup(&format!("{with}[aws.target]\nkeys-secret = \"keys\"\n")).sources).unwrap_err();
    assert!(refused.to_string().contains("they cannot be kept there"), "{refused}");
}
