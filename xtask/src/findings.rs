//! What a gate finds, and how it is told: lines for people or one document for programs, and a failure if anything has to be
//! mended.

use clap::Args;
use serde::Serialize;

/// How findings are told
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Form {
    /// Tell the findings as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// Good to know; the gate stays open.
    Warning,
    /// Has to be mended; the gate is closed.
    Fault,
}

/// One thing that a gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) level: Level,
    /// Where: a file, a package, a statement.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) what: String,
    /// What mends it.
    pub(crate) mend: String,
}

impl Finding {
    /// Something that has to be mended.
    pub(crate) fn fault(place: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Fault, place: place.into(), what: what.into(), mend: mend.into() }
    }

    fn line(&self) -> String {
        let level = match self.level {
            Level::Warning => "warning",
            Level::Fault => "fault",
        };
        format!("{level}: {}: {}\n  mend: {}", self.place, self.what, self.mend)
    }
}

/// What a gate looked at and found.
#[derive(Debug, Serialize)]
pub(crate) struct Findings {
    version: u32,
    gate: &'static str,
    /// What was looked at, in words with a count: a gate that looked at nothing is seen here.
    looked_at: String,
    /// Everything that was found.
    pub(crate) findings: Vec<Finding>,
}

impl Findings {
    /// What a gate found.
    pub(crate) fn new(gate: &'static str, looked_at: impl Into<String>, findings: Vec<Finding>) -> Self {
        Self { version: 1, gate, looked_at: looked_at.into(), findings }
    }

    fn faults(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == Level::Fault).count()
    }

    /// Tells everything, and fails if anything has to be mended.
    pub(crate) fn tell(&self, form: Form) -> Result<(), String> {
        if form.json {
            println!("{}", serde_json::to_string_pretty(self).map_err(|error| error.to_string())?);
        } else {
            for finding in &self.findings {
                println!("{}", finding.line());
            }
            let faults = self.faults();
            println!("{}: {}; {faults} faults, {} warnings", self.gate, self.looked_at, self.findings.len() - faults);
        }
        self.verdict()
    }

    /// Fails if anything has to be mended.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        match self.faults() {
            0 => Ok(()),
            faults => Err(format!("{}: {faults} to be mended", self.gate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_keeps_the_gate_open_and_a_fault_closes_it() {
        let warning = Finding { level: Level::Warning, ..Finding::fault("a", "is old", "renew it") };
        assert_eq!(Findings::new("x", "1 thing", vec![warning.clone()]).verdict(), Ok(()));
        let both = Findings::new("x", "2 things", vec![warning, Finding::fault("b", "is broken", "mend it")]);
        assert_eq!(both.verdict(), Err("x: 1 to be mended".to_owned()));
    }
}
