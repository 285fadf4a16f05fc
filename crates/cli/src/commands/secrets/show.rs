//! What a rotation would do and has done, for people and for programs.

use std::io::Write as _;

use aurora_restore_core::ids::SecretVersionId;
use aurora_restore_ops::rotation::{LoginChange, Rotation, RotationPlan, Stand, Strategy};
use jiff::SignedDuration;
use serde::Serialize;

use crate::{
    error::CommandError,
    render::{printable::printable, words},
    ui::{FAINT, Format, HEADING, Ui},
};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    secret: &'a str,
    target: &'a str,
    strategy: &'a str,
    done: bool,
    /// Where it stood before.
    stands: &'a str,
    secret_version: Option<&'a str>,
    logins: &'a [LoginChange],
    grace_seconds_left: Option<i64>,
}

#[derive(Serialize)]
struct Discarded<'a> {
    version: u32,
    secret: &'a str,
    target: &'a str,
    discarded_secret_version: Option<&'a str>,
}

/// What was dropped.
pub(super) fn discarded(
    ui: &Ui,
    rotation: &Rotation<'_>,
    dropped: Option<&SecretVersionId>,
) -> Result<(), CommandError> {
    ui.json(&Discarded {
        version: 1,
        secret: rotation.secret.as_str(),
        target: rotation.target.as_str(),
        discarded_secret_version: dropped.map(SecretVersionId::as_str),
    })
}

/// What would be done.
pub(super) fn plan(
    ui: &Ui,
    rotation: &Rotation<'_>,
    plan: &RotationPlan,
    grace_left: Option<SignedDuration>,
) -> Result<(), CommandError> {
    if ui.format() == Format::Json {
        let version = plan.stand.version().map(SecretVersionId::as_str);
        return ui.json(&Document {
            grace_seconds_left: grace_left.map(|left| left.as_secs()),
            ..document(rotation, plan, version)
        });
    }
    let mut out = ui.data();
    writeln!(out, "{HEADING}Secret {}{HEADING:#} of cluster {}", printable(rotation.secret.as_str()), rotation.target)?;
    for LoginChange { from, to } in &plan.changes {
        if from == to {
            writeln!(out, "  {} gets another password", printable(from))?;
        } else {
            writeln!(out, "  {} is followed by {}", printable(from), printable(to))?;
        }
    }
    writeln!(out, "  {FAINT}{}{FAINT:#}", window(rotation, plan))?;
    writeln!(out, "  {FAINT}{}{FAINT:#}", standing(&plan.stand))?;
    if let Some(left) = grace_left {
        let left = words::duration(left);
        writeln!(out, "  {FAINT}it was changed less than an hour ago; wait {left}, or give --even-if-recent{FAINT:#}")?;
    }
    Ok(())
}

/// What was done.
pub(super) fn done(
    ui: &Ui,
    rotation: &Rotation<'_>,
    plan: &RotationPlan,
    version: &SecretVersionId,
) -> Result<(), CommandError> {
    ui.json(&Document { done: true, ..document(rotation, plan, Some(version.as_str())) })
}

fn document<'a>(rotation: &'a Rotation<'_>, plan: &'a RotationPlan, secret_version: Option<&'a str>) -> Document<'a> {
    Document {
        version: 1,
        secret: rotation.secret.as_str(),
        target: rotation.target.as_str(),
        strategy: match rotation.strategy {
            Strategy::Single => "single",
            Strategy::Alternating { .. } => "alternating",
        },
        done: false,
        stands: match plan.stand {
            Stand::AtRest => "at-rest",
            Stand::Cut { .. } => "cut",
            Stand::Untold { .. } => "untold",
        },
        secret_version,
        logins: &plan.changes,
        grace_seconds_left: None,
    }
}

fn window(rotation: &Rotation<'_>, plan: &RotationPlan) -> &'static str {
    match (&rotation.strategy, &plan.stand) {
        (_, Stand::Untold { .. }) => "people are told; no password changes",
        (Strategy::Single, _) => {
            "the current password is refused from set to finish: some calls, or until it is run again"
        }
        (Strategy::Alternating { .. }, _) => "no login that is in use is touched",
    }
}

fn standing(stand: &Stand) -> String {
    match stand {
        Stand::AtRest => "no rotation is under way".to_owned(),
        Stand::Cut { version } => format!("a rotation was begun and is gone on with: version {version}"),
        Stand::Untold { version } => format!("a rotation is finished, and nobody was told: version {version}"),
    }
}
