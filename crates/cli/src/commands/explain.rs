//! `explain`: the catalogue of failures, one code at a time or as a whole.

use std::io::Write as _;

use aurora_restore_core::catalogue::ErrorCode;
use clap::Args;
use serde::Serialize;

use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    ui::{Format, HEADING},
};

/// Explain a code such as ARP-KMS-001
///
/// Every failure has a code. This tells what it means and what to do. Without a code, all are listed.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code
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
    code: &'static str,
    meaning: &'static str,
    action: &'static str,
}

pub(super) fn run(context: &Context, args: &ExplainArgs) -> CommandResult {
    let codes = match &args.code {
        Some(text) => vec![find(text)?],
        None => ErrorCode::ALL.to_vec(),
    };
    let ui = context.ui();
    match ui.format() {
        Format::Json => {
            let codes = codes
                .iter()
                .map(|code| Explanation { code: code.as_str(), meaning: code.meaning(), action: code.action() })
                .collect();
            ui.json(&Explanations { version: 1, codes })?;
        }
        Format::Text => {
            let mut out = ui.data();
            for (index, code) in codes.iter().enumerate() {
                if index > 0 {
                    writeln!(out)?;
                }
                writeln!(out, "{HEADING}{code}{HEADING:#}  {}", code.meaning())?;
                writeln!(out, "  {}", code.action())?;
            }
        }
    }
    Ok(ExitCode::Done)
}

fn find(text: &str) -> Result<ErrorCode, CommandError> {
    let wanted = text.to_ascii_uppercase();
    ErrorCode::ALL.iter().copied().find(|code| code.as_str() == wanted).ok_or_else(|| {
        let nearest = aurora_restore_app::did_you_mean(&wanted, ErrorCode::ALL.iter().map(|code| code.as_str()));
        let error = CommandError::usage(format!("there is no code `{text}`"));
        match nearest {
            Some(code) => error.hint(format!("Did you mean {code}?")),
            None => error.hint("List all codes with `aurora-restore explain`."),
        }
    })
}
