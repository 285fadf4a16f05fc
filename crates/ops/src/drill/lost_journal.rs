//! The loss of the journal's tables, or of the state table alone, rehearsed: what is left becomes a journal beside the real one, is
//! proven and compared with it, and is given up again.
//!
//! The real journal is only read. What was found is recorded as the reason for which the drill's operation is cancelled, so it
//! stands in the hash chain of that operation and in the history of the drills: it has no other place that every version keeps.

use std::io::{BufRead, Seek};

use aurora_restore_core::{
    operation::Operation,
    ports::{Clock, JournalError},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::recorded;
use crate::{
    ports::{RehearsalName, Rehearsals},
    state::{
        Compared, Finding, Imported, Kind, ReadError, RecordReader, Rehearsal, RehearsalError, StateError,
        WholeJournal, import, verify,
    },
};

/// The version of the form that this program writes.
const VERSION: u32 = 1;
/// What a recorded finding begins with.
const MARK: &str = "rebuilt journal ";
/// The most things that are recorded one by one; the others are counted.
const WRONG_TOLD_MAX: usize = 10;

/// What a journal was rebuilt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// An export, into an empty journal.
    Export,
    /// The entries, which are all there: the items alone were lost.
    Entries,
    /// Both tables as they were at a time, restored beside the real ones.
    PointInTime,
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Entries => "entries",
            Self::PointInTime => "point in time",
        }
    }
}

/// What a rebuilt journal was like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rebuilt {
    version: u32,
    /// What it was rebuilt from.
    pub origin: Origin,
    /// The time as of which that is; none where it could not be read.
    pub as_of: Option<Timestamp>,
    /// When the journal counts as lost.
    pub lost_at: Timestamp,
    /// From the loss until it was rebuilt and proven, or it was clear that it cannot be.
    pub took: SignedDuration,
    /// Operations that came back and are a beginning of what is there.
    pub sound: u64,
    /// Operations that were begun since.
    pub begun_since: u64,
    /// When the newest entry that came back was made.
    pub newest: Option<Timestamp>,
    /// How many things are wrong.
    pub wrong: u64,
    /// The first of them.
    pub told: Vec<String>,
}

impl Rebuilt {
    /// One that is no journal.
    fn refused(origin: Origin, (lost_at, now): (Timestamp, Timestamp), reason: String) -> Self {
        Self {
            version: VERSION,
            origin,
            as_of: None,
            lost_at,
            took: now.duration_since(lost_at),
            sound: 0,
            begun_since: 0,
            newest: None,
            wrong: 1,
            told: vec![reason],
        }
    }

    fn compared(origin: Origin, as_of: Timestamp, (lost_at, now): (Timestamp, Timestamp), found: &Compared) -> Self {
        let mut wrong: Vec<String> = found.findings.iter().map(told).collect();
        let damaged_since = u64::try_from(found.of_what_is_there.len()).unwrap_or(u64::MAX);
        if found.newest.is_none() {
            wrong.push("nothing came back".to_owned());
        }
        Self {
            version: VERSION,
            origin,
            as_of: Some(as_of),
            lost_at,
            took: now.duration_since(lost_at),
            sound: found.same + found.moved_on + found.forgotten_since + damaged_since,
            begun_since: found.begun_since,
            newest: found.newest,
            wrong: u64::try_from(wrong.len()).unwrap_or(u64::MAX),
            told: wrong.into_iter().take(WRONG_TOLD_MAX).collect(),
        }
    }

    /// As it is recorded.
    ///
    /// # Errors
    /// Never in practice: everything in it has a JSON form.
    pub fn recorded(&self) -> Result<String, serde_json::Error> {
        recorded::text(MARK, self)
    }

    /// What a drill has recorded; `None` where it has not, or a newer version did.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        recorded::read(MARK, operation).filter(|found: &Self| found.version == VERSION)
    }

    /// The age of the newest entry that came back, when the journal was lost; none where no entry was lost.
    pub fn recovery_point(&self) -> Option<SignedDuration> {
        match self.origin {
            Origin::Export | Origin::PointInTime => self.newest.map(|newest| self.lost_at.duration_since(newest)),
            Origin::Entries => None,
        }
    }

    /// What it was rebuilt from, for people.
    pub(super) fn source(&self) -> String {
        let of = self.as_of.map(|at| format!(" of {at}")).unwrap_or_default();
        format!("{}{of}", self.origin.as_str())
    }

    /// Why it is not the journal that was lost.
    pub(super) fn reasons(&self) -> Vec<String> {
        let mut reasons = self.told.clone();
        let more = self.wrong.saturating_sub(u64::try_from(self.told.len()).unwrap_or(u64::MAX));
        if more > 0 {
            reasons.push(format!("{more} more"));
        }
        reasons
    }
}

fn told(finding: &Finding) -> String {
    let Finding { kind, operation, evidence, .. } = finding;
    let of = operation.as_ref().map(|id| format!("operation {id} ")).unwrap_or_default();
    format!("{of}{}: {evidence}", kind.as_str())
}

/// What could not be put back is wrong, too.
fn tell_refused(found: &mut Compared, imported: Imported) {
    let refused = imported.differs.into_iter();
    found.findings.extend(refused.map(|(operation, reason)| Finding::of(Kind::Orphaned, &operation, reason)));
}

/// A journal that counts as lost.
#[derive(Clone, Copy)]
pub struct LostJournal<'a> {
    /// The journal. It is only read.
    pub lost: WholeJournal<'a>,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

impl LostJournal<'_> {
    /// Rebuilds it from an export, in `beside`, which is empty. An export that cannot be used is a finding, not an error.
    ///
    /// # Errors
    /// [`JournalError`] where one of the two journals cannot be asked or written.
    pub async fn rebuild_from_export(
        &self,
        beside: WholeJournal<'_>,
        export: impl BufRead + Seek,
    ) -> Result<Rebuilt, JournalError> {
        let lost_at = self.clock.now();
        match self.imported(beside, export).await {
            Ok((as_of, found)) => Ok(Rebuilt::compared(Origin::Export, as_of, (lost_at, self.clock.now()), &found)),
            Err(StateError::Journal(error)) => Err(error),
            Err(error @ (StateError::Read(_) | StateError::Write(_))) => {
                Ok(Rebuilt::refused(Origin::Export, (lost_at, self.clock.now()), error.to_string()))
            }
        }
    }

    async fn imported(
        &self,
        beside: WholeJournal<'_>,
        mut export: impl BufRead + Seek,
    ) -> Result<(Timestamp, Compared), StateError> {
        let proven = verify(&mut export)?;
        export.rewind().map_err(ReadError::from)?;
        let as_of = RecordReader::open(&mut export)?.made_at();
        export.rewind().map_err(ReadError::from)?;
        let imported = import(beside.states, &mut export, &proven, self.clock.now()).await?;
        let mut found = self.lost.compare(beside, as_of).await?;
        tell_refused(&mut found, imported);
        Ok((as_of, found))
    }

    /// Rebuilds the items of its operations from their entries, in `beside`, which is empty: the state table alone counts as lost.
    ///
    /// # Errors
    /// [`JournalError`] where one of the two journals cannot be asked or written.
    pub async fn rebuild_from_entries(&self, beside: WholeJournal<'_>) -> Result<Rebuilt, JournalError> {
        let lost_at = self.clock.now();
        let rebuilt = self.lost.rebuild_beside(beside.states, lost_at).await?;
        let mut found = self.lost.compare(beside, lost_at).await?;
        tell_refused(&mut found, rebuilt);
        // The items are what is rehearsed: one that says what its entries do not say would come back as another one.
        found.findings.append(&mut found.of_what_is_there);
        Ok(Rebuilt::compared(Origin::Entries, lost_at, (lost_at, self.clock.now()), &found))
    }

    /// Rebuilds it from its tables as they are kept for the latest time that can be recovered; the tables that were made for it
    /// are deleted again. Where such a recovery is off, that is a finding.
    ///
    /// # Errors
    /// [`RehearsalError`] where the tables cannot be asked, made within hours, or deleted; tables of that name may be left then.
    pub async fn rebuild_from_point_in_time(
        &self,
        rehearsals: &dyn Rehearsals,
        name: &RehearsalName,
    ) -> Result<Rebuilt, RehearsalError> {
        let lost_at = self.clock.now();
        let Self { lost: WholeJournal { journal, states }, clock } = *self;
        let rehearsal = Rehearsal { journal, states, rehearsals, clock };
        let found = async {
            let at = rehearsal.point(name, None).await?;
            rehearsal.run(name, at).await
        };
        match found.await {
            Ok(found) => {
                let proven_at = clock.now();
                rehearsals.discard(name).await?;
                Ok(Rebuilt::compared(Origin::PointInTime, found.at, (lost_at, proven_at), &found.compared))
            }
            // Nothing was made: that is what the drill shows.
            Err(error @ (RehearsalError::Off | RehearsalError::OutOfWindow { .. })) => {
                Ok(Rebuilt::refused(Origin::PointInTime, (lost_at, clock.now()), error.to_string()))
            }
            // Tables are there.
            Err(error) => Err(error),
        }
    }
}
