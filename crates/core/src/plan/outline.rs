//! The plan as a person reads it: what will be made, changed and deleted, step by step.

use serde::Serialize;

use crate::{
    operation::StepKind,
    plan::Plan,
    request::{ArchivePolicy, FinalSnapshot, Request, Strategy},
};

/// What happens to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It is made.
    Make,
    /// It is changed.
    Change,
    /// It is deleted.
    Delete,
    /// It is only looked at.
    Read,
}

/// One line of the outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutlineLine {
    /// In which step.
    pub step: StepKind,
    /// What happens.
    pub verb: Verb,
    /// To what.
    pub object: String,
}

/// The outline of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// The lines in order.
    pub lines: Vec<OutlineLine>,
    /// The step after which nothing is undone by itself any more.
    pub point_of_no_return_after: StepKind,
    /// What follows later, outside of the operation.
    pub later: Vec<String>,
}

impl Plan {
    /// The outline.
    pub fn outline(&self, request: &Request) -> Outline {
        let order = StepKind::order(self.strategy);
        let lines = order.iter().flat_map(|step| self.lines_of(*step, request)).collect();
        let last_undone = order.iter().rev().find(|step| !step.is_after_point_of_no_return());
        Outline {
            lines,
            point_of_no_return_after: last_undone.copied().unwrap_or(StepKind::VerifyRestore),
            later: self.later(request),
        }
    }

    fn lines_of(&self, step: StepKind, request: &Request) -> Vec<OutlineLine> {
        let line = |verb, object: String| OutlineLine { step, verb, object };
        let place = &self.target_location;
        match step {
            StepKind::SnapshotCheck => vec![line(Verb::Read, self.source_text())],
            StepKind::CopySnapshot => self.copy_lines(),
            StepKind::RestoreSnapshot => {
                vec![line(
                    Verb::Make,
                    format!("cluster {} in {place}, {} {}", self.names.staged, self.engine, self.engine_version),
                )]
            }
            StepKind::CreateInstances => {
                let named = self.names.staged_instances.iter().zip(&self.instances);
                named
                    .map(|(name, settings)| {
                        let class = settings.class.as_deref().unwrap_or("its class");
                        line(Verb::Make, format!("instance {name}, {class}"))
                    })
                    .collect()
            }
            StepKind::ApplySettings => {
                vec![line(Verb::Change, format!("cluster {}: its settings and its master password", self.names.staged))]
            }
            StepKind::SetupDbUsers => vec![line(
                Verb::Change,
                format!(
                    "logins in {}: the application's and the reader's are set, all others are locked",
                    self.names.staged
                ),
            )],
            StepKind::VerifyRestore => vec![line(Verb::Read, format!("the data in {}", self.names.staged))],
            StepKind::SwitchOver => self.switch_lines(request),
            StepKind::ArchiveSnapshot => self.archive_lines(request),
            StepKind::Notify => Vec::new(),
        }
    }

    fn source_text(&self) -> String {
        match &self.snapshot {
            Some(snapshot) => format!("snapshot {} in {}", snapshot.id, self.source_location),
            None => format!("the running source cluster in {}", self.source_location),
        }
    }

    fn copy_lines(&self) -> Vec<OutlineLine> {
        let step = StepKind::CopySnapshot;
        let mut lines = Vec::new();
        for hop in &self.hops {
            if let Some(share) = &hop.share_first {
                let object = format!("snapshot {} is shared with account {}", share.snapshot, share.with);
                lines.push(OutlineLine { step, verb: Verb::Change, object });
            }
            let key = hop.kms_key.as_ref().map_or_else(String::new, |key| format!(", under key {key}"));
            lines.push(OutlineLine {
                step,
                verb: Verb::Make,
                object: format!("snapshot {} in {}{key}", hop.to, hop.location),
            });
        }
        lines
    }

    fn switch_lines(&self, request: &Request) -> Vec<OutlineLine> {
        let step = StepKind::SwitchOver;
        let line = |verb, object: String| OutlineLine { step, verb, object };
        let target = &request.target.cluster;
        match (self.strategy, &self.existing) {
            (Strategy::SideBySide, _) | (Strategy::Replace, None) => Vec::new(),
            (Strategy::Swap, None) => {
                vec![line(Verb::Change, format!("cluster {} becomes {target}", self.names.staged))]
            }
            (Strategy::Swap, Some(existing)) => {
                let mut lines = vec![
                    line(Verb::Change, format!("cluster {target} becomes {}", self.names.retired)),
                    line(Verb::Change, format!("cluster {} becomes {target}", self.names.staged)),
                ];
                let old = existing.instances.iter().zip(&self.names.retired_instances);
                lines.extend(
                    old.map(|(old, name)| line(Verb::Change, format!("instance {} becomes {name}", old.instance))),
                );
                let new = self.names.staged_instances.iter().zip(&self.names.serving_instances);
                lines.extend(new.map(|(old, name)| line(Verb::Change, format!("instance {old} becomes {name}"))));
                lines
            }
            (Strategy::Replace, Some(existing)) => {
                let snapshot = &self.names.final_snapshot;
                let mut lines = vec![line(Verb::Make, format!("final snapshot {snapshot}"))];
                lines.extend(
                    existing.instances.iter().map(|old| line(Verb::Delete, format!("instance {}", old.instance))),
                );
                let lost = format!("cluster {target}; what is written to it after {snapshot} was taken is lost");
                lines.push(line(Verb::Delete, lost));
                lines
            }
        }
    }

    fn archive_lines(&self, request: &Request) -> Vec<OutlineLine> {
        let step = StepKind::ArchiveSnapshot;
        let Some((last, intermediate)) = self.hops.split_last() else { return Vec::new() };
        let deletes_last = request.archive == ArchivePolicy::Delete;
        intermediate
            .iter()
            .chain(deletes_last.then_some(last))
            .map(|hop| OutlineLine {
                step,
                verb: Verb::Delete,
                object: format!("snapshot {} in {}", hop.to, hop.location),
            })
            .collect()
    }

    fn later(&self, request: &Request) -> Vec<String> {
        if self.strategy != Strategy::Swap || self.existing.is_none() {
            return Vec::new();
        }
        let with = match request.retirement.final_snapshot {
            FinalSnapshot::Take => format!("with final snapshot {}", self.names.final_snapshot),
            FinalSnapshot::Skip => "without a final snapshot".to_owned(),
        };
        vec![format!(
            "cluster {} is kept for {:#} and can be given its name back until then; `aurora-restore retire` ends it {with}",
            self.names.retired, request.retirement.retain_old
        )]
    }
}
