//! `doctor`: looks at the set-up piece by piece and says what to do about what is missing. Changes nothing.

use std::io::Write;

use aurora_restore_app::{
    JournalUse,
    config::{Environment, JournalPlace},
    open_cloud, open_database, open_journal, open_secrets,
};
use aurora_restore_core::{
    ids::SecretId,
    plan::secrets::{read_master, read_users},
    ports::{Cloud, JournalError, Location, OperationFilter, OperationPage, Secrets, Side},
    request::Request,
};
use clap::Args;
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::printable::printable,
    ui::{DONE, ERROR, Format, HINT, Ui, WARNING, unless_gone},
};

/// So many of the newest operations of the journal are looked at.
const LOOKED_AT: usize = 100;

/// Check the set-up: configuration, journal, secrets, accounts, RDS, certificates
///
/// Each point is looked at by itself and comes with a hint. Nothing is changed. Ends with 3 if something is wrong.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {}

/// How a point was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Health {
    Good,
    /// Worth a look; restores work.
    Weak,
    /// Restores do not work.
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    point: &'static str,
    health: Health,
    found: String,
    hint: Option<String>,
}

#[derive(Serialize)]
struct DoctorDocument<'a> {
    version: u32,
    healthy: bool,
    findings: &'a [Finding],
}

/// Gathers findings.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, point: &'static str, health: Health, found: impl Into<String>, hint: Option<&str>) {
        self.0.push(Finding { point, health, found: found.into(), hint: hint.map(str::to_owned) });
    }

    fn good(&mut self, point: &'static str, found: impl Into<String>) {
        self.add(point, Health::Good, found, None);
    }

    fn bad(&mut self, point: &'static str, found: impl Into<String>, hint: &str) {
        self.add(point, Health::Bad, found, Some(hint));
    }

    /// A failure that says itself what to do.
    fn failed(&mut self, point: &'static str, error: &CommandError) {
        self.told(point, Health::Bad, error);
    }

    fn told(&mut self, point: &'static str, health: Health, error: &CommandError) {
        match error {
            CommandError::BrokenPipe => {}
            CommandError::Told(told) => {
                for wrong in &told.points {
                    let hint = wrong.hints.first().map(String::as_str);
                    self.add(point, health, wrong.message.clone(), hint);
                }
            }
        }
    }
}

pub(super) fn run(context: &Context, _args: &DoctorArgs) -> CommandResult {
    let mut findings = Findings::default();
    match context.config() {
        Err(error) => findings.failed("configuration", &error),
        Ok(config) => {
            let request = match context.request(Vec::new()) {
                Ok(request) => {
                    let file = config.file().map_or_else(|| "no file".to_owned(), |path| path.display().to_string());
                    findings.good("configuration", format!("complete ({file})"));
                    Some(request)
                }
                Err(error) => {
                    findings.failed("configuration", &error);
                    None
                }
            };
            context.block_on(async {
                look(&mut findings, config.environment(), request.as_ref()).await;
                Ok(())
            })?;
        }
    }
    tell(context.ui(), &findings.0)
}

async fn look(findings: &mut Findings, environment: &Environment, request: Option<&Request>) {
    journal(findings, environment).await;
    let secrets = match open_secrets(environment).await {
        Ok(secrets) => Some(secrets),
        Err(error) => {
            findings.failed("secret", &error.into());
            None
        }
    };
    if let (Some(request), Some(secrets)) = (request, &secrets) {
        secrets_of(findings, secrets.as_ref(), request).await;
    }
    match open_database(&environment.database) {
        Ok(_) => findings.good("database", trusted(environment)),
        Err(error) => findings.bad(
            "database",
            causes(&error),
            "Set `database.ca-certificate` to the bundle that Amazon RDS publishes, or to the sandbox's.",
        ),
    }
    if environment.database.ca_certificate.is_none() {
        findings.add(
            "database",
            Health::Weak,
            "`database.ca-certificate` is not set",
            Some("Clusters of RDS use authorities of their own, which operating systems seldom trust."),
        );
    }
    if let (Some(request), Some(secrets)) = (request, &secrets) {
        sides(findings, environment, secrets.as_ref(), request).await;
    }
}

fn trusted(environment: &Environment) -> String {
    match &environment.database.ca_certificate {
        Some(path) => format!("trusts {}", path.display()),
        None => "trusts what the operating system trusts".to_owned(),
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

async fn journal(findings: &mut Findings, environment: &Environment) {
    let place = match &environment.journal {
        JournalPlace::File(path) if !path.exists() => {
            findings.good("journal", format!("{} will be made by the first restore", path.display()));
            return;
        }
        JournalPlace::File(path) => path.display().to_string(),
        JournalPlace::Tables(tables) => format!("{} and {} in {}", tables.state, tables.audit, tables.region),
    };
    let looked: Result<OperationPage, CommandError> = match open_journal(environment, JournalUse::Read).await {
        Ok(journal) => {
            let newest = OperationFilter { limit: LOOKED_AT, ..OperationFilter::default() };
            journal.list(&newest).await.map_err(Into::into)
        }
        Err(error) => Err(error.into()),
    };
    match looked {
        Ok(page) if page.refused.is_empty() => findings.good("journal", place),
        Ok(page) => {
            for refused in page.refused {
                findings.told("journal", Health::Weak, &JournalError::from(refused).into());
            }
        }
        Err(error) => findings.failed("journal", &error),
    }
}

async fn secrets_of(findings: &mut Findings, secrets: &dyn Secrets, request: &Request) {
    let refs = &request.secrets;
    let mut note = |id: &SecretId, read: Result<(), aurora_restore_core::operation::Failure>| match read {
        Ok(()) => findings.good("secret", format!("{id} is well-formed")),
        Err(failure) => {
            let hint = failure.hints.first().cloned().unwrap_or_else(|| failure.code.action().to_owned());
            findings.bad("secret", failure.message, &hint);
        }
    };
    note(&refs.master, read_master(secrets, &refs.master).await.map(|_| ()));
    if let Some(id) = &refs.users {
        note(id, read_users(secrets, id).await.map(|_| ()));
    }
    if let Some(id) = &refs.source_master {
        note(id, read_master(secrets, id).await.map(|_| ()));
    }
}

async fn sides(findings: &mut Findings, environment: &Environment, secrets: &dyn Secrets, request: &Request) {
    let cloud = match open_cloud(&environment.aws, &request.target.region, secrets).await {
        Ok(cloud) => cloud,
        Err(error) => return findings.failed("accounts", &error.into()),
    };
    let target = Location { side: Side::Target, region: request.target.region.clone() };
    let source = Location { side: Side::Source, region: request.source.region.clone() };
    side(findings, &cloud, &target, environment.aws.target.account.as_ref()).await;
    let expected = environment.aws.source.as_ref().and_then(|entrance| entrance.account.as_ref());
    side(findings, &cloud, &source, expected).await;
}

async fn side(
    findings: &mut Findings,
    cloud: &dyn Cloud,
    location: &Location,
    expected: Option<&aurora_restore_core::ids::AccountId>,
) {
    let point = match location.side {
        Side::Source => "source account",
        Side::Target => "target account",
    };
    match cloud.account(location.side).await {
        Ok(found) if expected.is_none_or(|expected| *expected == found) => findings.good(point, found.to_string()),
        Ok(found) => findings.bad(
            point,
            format!("account {found} answers, and the configuration says otherwise"),
            "Look at the profile, the role and the credentials of that side.",
        ),
        Err(error) => {
            return findings.bad(
                point,
                error.to_string(),
                if error.retryable {
                    "Nobody answers: look at the network, the proxy (HTTPS_PROXY) and the endpoint."
                } else {
                    "Look at the credentials of that side: the profile, the role, the environment, the clock."
                },
            );
        }
    }
    match cloud.rds(location).clusters().await {
        Ok(clusters) => {
            findings.good(point, format!("RDS answers in {}: {} clusters", location.region, clusters.len()));
        }
        Err(error) => findings.bad(point, error.to_string(), "The caller needs rds:DescribeDBClusters there."),
    }
}

fn tell(ui: &Ui, findings: &[Finding]) -> CommandResult {
    let healthy = findings.iter().all(|finding| finding.health != Health::Bad);
    unless_gone(match ui.format() {
        Format::Json => ui.json(&DoctorDocument { version: 1, healthy, findings }),
        Format::Text => write(&mut ui.data(), findings).map_err(CommandError::from),
    })?;
    Ok(if healthy { ExitCode::Done } else { ExitCode::Configuration })
}

fn write(out: &mut impl Write, findings: &[Finding]) -> std::io::Result<()> {
    for finding in findings {
        let word = match finding.health {
            Health::Good => format!("{DONE}good{DONE:#}"),
            Health::Weak => format!("{WARNING}weak{WARNING:#}"),
            Health::Bad => format!("{ERROR}bad{ERROR:#} "),
        };
        writeln!(out, "{word}  {:<14}  {}", finding.point, printable(&finding.found))?;
        if let Some(hint) = &finding.hint {
            writeln!(out, "      {HINT}hint:{HINT:#} {}", printable(hint))?;
        }
    }
    Ok(())
}
