//! `explain`: the entries of the operator's handbook, one at a time, or what there are.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    handbook::{self, Entry, Kind},
    ui::{Format, HEADING},
};

/// Explain an error code or an alarm, such as ARP-KMS-001
///
/// Every failure has a code, and every alarm of the stack a name. This tells what it means and what to do. Without one, all are
/// listed.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code; or the name of the alarm, with or without the prefix of its stack
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

#[derive(Serialize)]
struct Explanations {
    version: u32,
    codes: Vec<Explanation>,
}

#[derive(Serialize)]
struct Explanation {
    kind: Kind,
    code: &'static str,
    meaning: &'static str,
    /// What to do about an error; when an alarm goes off.
    action: String,
    /// The rest of the entry, in paragraphs.
    entry: Vec<String>,
}

impl From<Entry> for Explanation {
    fn from(entry: Entry) -> Self {
        let mut text = entry.text.into_iter();
        let action = text.next().unwrap_or_default();
        Self { kind: entry.kind, code: entry.name, meaning: entry.meaning, action, entry: text.collect() }
    }
}

pub(super) fn run(context: &Context, args: &ExplainArgs) -> CommandResult {
    let ui = context.ui();
    let entries = match &args.code {
        Some(typed) => vec![find(typed)?],
        None => handbook::entries(),
    };
    match ui.format() {
        Format::Json => {
            ui.json(&Explanations { version: 1, codes: entries.into_iter().map(Explanation::from).collect() })?;
        }
        Format::Text => {
            let mut out = ui.data();
            let whole = args.code.is_some();
            for entry in entries {
                write(&mut out, &entry, whole)?;
            }
        }
    }
    Ok(ExitCode::Done)
}

/// Writes what an entry means, and if it is the one that was asked for, all that it says.
fn write(out: &mut impl Write, entry: &Entry, whole: bool) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}  {}", entry.name, entry.meaning)?;
    if !whole {
        return Ok(());
    }
    for (index, paragraph) in entry.text.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        for line in paragraph.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn find(typed: &str) -> Result<Entry, CommandError> {
    handbook::find(typed).ok_or_else(|| {
        let error = CommandError::usage(format!("there is no code or alarm `{typed}`"));
        let names: Vec<&str> = handbook::entries().into_iter().map(|entry| entry.name).collect();
        // Codes are written in capitals, alarms in small letters.
        let nearest = [typed.to_ascii_uppercase(), typed.to_ascii_lowercase()]
            .iter()
            .find_map(|typed| aurora_restore_app::did_you_mean(typed, names.iter().copied()));
        match nearest {
            Some(name) => error.hint(format!("Did you mean {name}?")),
            None => error.hint("List all codes and alarms with `aurora-restore explain`."),
        }
    })
}
