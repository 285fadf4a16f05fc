//! The end of the demo as data: what the screen shows and what `--json` writes.

use std::{path::PathBuf, time::Duration};

use aurora_restore_app::sandbox::model::config::Durations;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

use super::{
    audience::Answers,
    proof::Proofs,
    scenario::Scenario,
    stage::{Stage, dir_flag},
};
use crate::private_file::write_private;
use crate::{commands::sandbox::shell_word, render::words::duration};

/// What was found on the way.
pub(super) struct Findings<'a> {
    pub(super) before: String,
    pub(super) after: Option<String>,
    pub(super) answers: Answers,
    pub(super) report: Value,
    pub(super) proofs: Proofs,
    pub(super) run_took: Duration,
    pub(super) total: Duration,
    pub(super) stage: &'a Stage,
    pub(super) scenario: &'a Scenario,
}

/// The end of the demo.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    version: u32,
    pub(super) operation_id: String,
    pub(super) status: String,
    /// What the application was told before.
    pub(super) before: String,
    /// What it is told now, if that is something else.
    pub(super) after: Option<String>,
    pub(super) tables: Vec<Table>,
    pub(super) logins: Vec<Login>,
    pub(super) client: ClientFigures,
    pub(super) recovery_time: String,
    pub(super) recovery_point: String,
    pub(super) checks_passed: u64,
    pub(super) checks_total: u64,
    pub(super) settings_same: u64,
    pub(super) settings_total: u64,
    /// What is not as wished, and why that is so here.
    pub(super) settings_different: Vec<String>,
    pub(super) run_ms: u64,
    pub(super) total_ms: u64,
    /// How much of it only imitates the time that RDS takes.
    pub(super) imitated_ms: u64,
    pub(super) report: PathBuf,
    pub(super) psql: String,
    pub(super) undo: String,
    pub(super) clean: String,
}

/// Rows of one table, in both clusters.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) production: u64,
    pub(super) staging: u64,
}

/// A claim about a login, tried.
#[derive(Debug, Serialize)]
pub(super) struct Login {
    pub(super) claim: String,
    pub(super) holds: bool,
}

/// What the application saw.
#[derive(Debug, Serialize)]
pub(super) struct ClientFigures {
    pub(super) queries: u64,
    pub(super) failures: u64,
    pub(super) longest_gap_ms: u64,
    /// Answers that were neither the old nor the new content, or the old content after the new.
    pub(super) wrong_answers: u64,
}

impl Summary {
    pub(super) fn of(found: Findings<'_>) -> Self {
        let figures = &found.report["figures"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let count = |name: &str| figures[name].as_u64().unwrap_or_default();
        let strangers = found.answers.notes.len().saturating_sub(2);
        let directory = found.stage.directory();
        let config = found.stage.path("aurora-restore.toml");
        Self {
            version: 1,
            operation_id: text(&found.report["operation_id"]),
            status: text(&found.report["status"]),
            psql: psql(found.stage, found.scenario),
            before: found.before,
            after: found.after,
            tables: found.proofs.tables,
            logins: found.proofs.logins,
            client: ClientFigures {
                queries: found.answers.queries,
                failures: found.answers.failures,
                longest_gap_ms: millis(found.answers.longest_gap),
                wrong_answers: found.answers.relapses + u64::try_from(strangers).unwrap_or(u64::MAX),
            },
            recovery_time: span(&figures["recovery_time"]),
            recovery_point: span(&figures["recovery_point"]),
            checks_passed: count("checks_passed"),
            checks_total: count("checks_total"),
            settings_same: count("settings_same"),
            settings_total: count("settings_total"),
            settings_different: differences(&found.report),
            run_ms: millis(found.run_took),
            total_ms: millis(found.total),
            imitated_ms: u64::try_from(imitated(&Durations::quick()).as_millis()).unwrap_or_default(),
            report: directory.join("report.html"),
            undo: format!("aurora-restore --config {config} undo latest"),
            clean: format!("aurora-restore demo --clean{}", dir_flag(directory)),
        }
    }

    /// Whether the application sees other content than before.
    pub(super) fn content_is_new(&self) -> bool {
        self.after.is_some()
    }

    /// Whether everything is as it should be.
    pub(super) fn holds(&self) -> bool {
        self.content_is_new()
            && self.status == "COMPLETED"
            && self.tables.iter().all(|table| table.production == table.staging)
            && self.logins.iter().all(|login| login.holds)
            && self.client.wrong_answers == 0
            && self.checks_passed == self.checks_total
            && self.settings_different.iter().all(|text| text == PORT)
    }
}

/// All names are on one machine here, so a port belongs to a name: the staged cluster cannot have it before the switch.
const PORT: &str = "the port differed before the switch: in a sandbox it comes with the name";

fn differences(report: &Value) -> Vec<String> {
    let rows = report["settings"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .filter(|row| row["same"] == false)
        .map(|row| match (row["object"].as_str(), row["field"].as_str()) {
            (Some("cluster"), Some("port")) => PORT.to_owned(),
            (object, field) => format!("{} of {}", field.unwrap_or_default(), object.unwrap_or_default()),
        })
        .collect()
}

/// What follows one another in the scene and in the restore, and what the sandbox is told to take for it: two clusters
/// side by side with two instances each, a snapshot, two copies, a restore, an instance, the changes and the renames.
fn imitated(durations: &Durations) -> SignedDuration {
    let scene = durations.create_cluster + durations.create_instance * 2 + durations.take_snapshot;
    let copies = (durations.queue_copy + durations.copy_snapshot) * 2;
    let restore = durations.restore_cluster + durations.first_backup + durations.create_instance;
    let changes = durations.modify_cluster + durations.reset_password;
    let renames = durations.rename_cluster * 2;
    scene + copies + restore + changes + renames
}

fn psql(stage: &Stage, scenario: &Scenario) -> String {
    let reader = &stage.cast.staging_reader;
    let place = scenario.staging_reader();
    let file = stage.directory().join("pgpass");
    // If it cannot be written, psql asks for the password instead.
    let line = format!("*:*:*:{}:{}\n", reader.name, reader.password);
    let _ = write_private(&file, line.as_bytes());
    let authority = stage.status.ca_certificate.as_deref().map(shell_word).unwrap_or_default();
    format!(
        "PGPASSFILE={} psql \"host={} port={} dbname=shop user={} sslmode=verify-full sslrootcert={authority}\" \
         -c 'TABLE shop.about'",
        file.display(),
        place.host,
        place.port,
        reader.name
    )
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn span(value: &Value) -> String {
    value.as_str().and_then(|text| text.parse().ok()).map_or_else(|| "unknown".to_owned(), duration)
}
