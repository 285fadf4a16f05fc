//! Talking to a person or a script: data on stdout, talk on stderr, colour only as a decoration.
//!
//! One colour has one meaning: errors red, warnings yellow, done green, hints and names cyan. Everything is
//! understandable without colour; `NO_COLOR`, `CLICOLOR_FORCE` and `--color` are obeyed, and streams that are not
//! terminals get none.

use std::{
    error::Error,
    fmt,
    io::{self, IsTerminal as _, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use indicatif::ProgressBar;

use crate::{
    arguments::{ColourChoice, GlobalArgs},
    error::{CommandError, Point, Told},
    render::{advice::for_stack, printable::printable},
};

/// Red and bold: errors.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Yellow and bold: warnings.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Green and bold: done.
pub(crate) const DONE: Style = AnsiColor::Green.on_default().bold();
/// Cyan: hints and names.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
/// Bold: headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// Dimmed: what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// In which form data are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: versioned JSON.
    Json,
}

/// How the progress of an operation is shown on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgressStyle {
    /// Bars that are redrawn.
    Bars,
    /// One line per fact, and one per ten seconds.
    Lines,
    /// Not at all.
    Hidden,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    Normal,
    Quiet,
}

/// The terminal, or what stands in its place.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    format: Format,
    talk: Talk,
    progress: ProgressStyle,
    /// The stack that the command works on: commands in hints are for its operations.
    stack: OnceLock<&'static str>,
    /// Whether stdout has said already which version of the stream it is.
    stream: OnceLock<()>,
}

#[cfg(feature = "stack")]
fn stack(global: &GlobalArgs) -> OnceLock<&'static str> {
    // As long as the process: said once, on its command line.
    let named = global.stack.clone().filter(|name| !name.is_empty());
    named.map_or_else(OnceLock::new, |name| OnceLock::from(&*name.leak()))
}

#[cfg(not(feature = "stack"))]
fn stack(_: &GlobalArgs) -> OnceLock<&'static str> {
    OnceLock::new()
}

impl Ui {
    /// Decides from the arguments and from where the streams go.
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        match global.color {
            ColourChoice::Auto => {}
            ColourChoice::Always => anstream::ColorChoice::Always.write_global(),
            ColourChoice::Never => anstream::ColorChoice::Never.write_global(),
        }
        let talk = if global.quiet { Talk::Quiet } else { Talk::Normal };
        let progress = match (talk, global.no_progress, io::stderr().is_terminal()) {
            (Talk::Quiet, ..) => ProgressStyle::Hidden,
            (Talk::Normal, true, _) | (Talk::Normal, false, false) => ProgressStyle::Lines,
            (Talk::Normal, false, true) => ProgressStyle::Bars,
        };
        let format = if global.json { Format::Json } else { Format::Text };
        Self { format, talk, progress, stack: stack(global), stream: OnceLock::new() }
    }

    /// From here on commands in hints are for the operations of this stack, unless another one is named.
    #[cfg(feature = "stack")]
    pub(crate) fn assume_stack(&self, name: &'static str) {
        self.stack.get_or_init(|| name);
    }

    /// In which form data are to be written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether this is the beginning of what is told as a stream: a command that goes on elsewhere goes on with the same one.
    pub(crate) fn begins_stream(&self) -> bool {
        self.stream.set(()).is_ok()
    }

    /// How progress is to be shown.
    pub(crate) fn progress(&self) -> ProgressStyle {
        self.progress
    }

    fn stack(&self) -> Option<&'static str> {
        self.stack.get().copied()
    }

    /// Whether a question can be asked: a person sits at both ends.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Where data go.
    pub(crate) fn data(&self) -> impl Write {
        anstream::AutoStream::auto(io::stdout().lock())
    }

    /// Writes data as one pretty JSON document.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let mut out = self.data();
        serde_json::to_writer_pretty(&mut out, value)?;
        Ok(writeln!(out)?)
    }

    /// Writes data as one line of JSON, for streams.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), CommandError> {
        let mut out = self.data();
        serde_json::to_writer(&mut out, value)?;
        Ok(writeln!(out)?)
    }

    /// Says something on stderr, unless `--quiet` was given.
    pub(crate) fn say(&self, text: impl fmt::Display) {
        if self.talk == Talk::Normal {
            talk(format_args!("{text}"));
        }
    }

    /// Says what a question is about. Shown in spite of `--quiet`.
    pub(crate) fn show(&self, text: impl fmt::Display) {
        talk(format_args!("{text}"));
    }

    /// Says that something is done.
    pub(crate) fn done(&self, text: impl fmt::Display) {
        self.say(format_args!("{DONE}done:{DONE:#} {text}"));
    }

    /// Says what to do next.
    pub(crate) fn hint(&self, text: impl fmt::Display) {
        self.say(format_args!("{HINT}hint:{HINT:#} {}", printable(&for_stack(text.to_string(), self.stack()))));
    }

    /// A text with commands in it, for the stack that is meant: hints and errors get the same by themselves.
    pub(crate) fn whole(&self, text: String) -> String {
        for_stack(text, self.stack())
    }

    /// Warns. Shown in spite of `--quiet`.
    pub(crate) fn warning(&self, text: impl fmt::Display) {
        talk(format_args!("{WARNING}warning:{WARNING:#} {}", printable(&text.to_string())));
    }

    /// Asks for one line.
    pub(crate) fn ask(&self, question: impl fmt::Display) -> Result<String, CommandError> {
        let mut err = anstream::AutoStream::auto(io::stderr().lock());
        write!(err, "{question} ")?;
        err.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }

    /// Tells a failure, once: the messages, the causes, the hints.
    pub(crate) fn error(&self, error: &CommandError) {
        match error {
            CommandError::BrokenPipe => {}
            CommandError::Told(told) => {
                talk(format_args!("{}", for_stack(ErrorScreen(told).to_string(), self.stack())));
            }
        }
    }
}

/// A line on stderr. If stderr is gone there is nobody left to tell, so a failure to write is dropped.
pub(crate) fn talk(text: fmt::Arguments<'_>) {
    let mut line = format!("{text}");
    line.push('\n');
    let _ = Stderr.write_all(line.as_bytes());
}

/// The bar that is drawn on stderr at the moment. A terminal is one thing of the whole process.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Makes everything that is written to stderr appear above this bar, or above none.
pub(crate) fn write_above(bar: Option<ProgressBar>) {
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Standard error for everybody who writes whole lines to it, the notices and the developers' log included: a bar that is
/// drawn steps aside meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bar = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let write = || anstream::AutoStream::auto(io::stderr().lock()).write_all(bytes);
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// What is written to somebody who may have gone: that nobody reads it is no failure where the end of the command says
/// more than the text.
pub(crate) fn unless_gone(written: Result<(), CommandError>) -> Result<(), CommandError> {
    match written {
        Err(CommandError::BrokenPipe) => Ok(()),
        other => other,
    }
}

/// Tells that the program itself is broken.
pub(crate) fn report_bug() {
    talk(format_args!(
        "{HINT}hint:{HINT:#} This is a defect of aurora-restore. Please report it together with what you did; the \
         journal is safe, and `aurora-restore resume` goes on with an operation."
    ));
}

struct ErrorScreen<'a>(&'a Told);

impl fmt::Display for ErrorScreen<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { points, source, .. } = self.0;
        let mut lines: Vec<String> = Vec::new();
        // Some errors repeat their source in their own text; a cause is not told twice, nor is a hint.
        let mut told = String::new();
        for (index, Point { message, code, hints }) in points.iter().enumerate() {
            let code = code.map_or_else(String::new, |code| format!(" [{code}]"));
            // Names and texts of others stand in messages, too.
            lines.push(format!("{ERROR}error:{ERROR:#} {}{code}", printable(message)));
            told.push_str(message);
            if index + 1 == points.len() {
                lines.extend(causes(source.as_deref(), &mut told));
            }
            for hint in hints.iter().filter(|hint| !told.contains(hint.as_str())) {
                lines.push(format!("{HINT}hint:{HINT:#} {}", printable(hint)));
            }
            told.extend(hints.iter().map(String::as_str));
        }
        formatter.write_str(&lines.join("\n"))
    }
}

fn causes(source: Option<&(dyn Error + Send + Sync)>, told: &mut String) -> Vec<String> {
    let mut lines = Vec::new();
    let mut cause: Option<&dyn Error> = source.map(|source| source as &dyn Error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            lines.push(format!("  caused by: {}", printable(&text)));
            told.push_str(&text);
        }
        cause = error.source();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_others_chose_do_not_steer_the_terminal() {
        let error = CommandError::failed("tag team is `\u{1b}[2J`").hint("Look at \u{202e}it.");
        let CommandError::Told(told) = error else { panic!("it is told") };
        let screen = ErrorScreen(&told).to_string();
        assert!(screen.contains("`\\u{1b}[2J`") && screen.contains("Look at \\u{202e}it."), "{screen}");
    }

    #[test]
    fn only_the_readers_going_is_no_failure() {
        assert!(unless_gone(Err(CommandError::BrokenPipe)).is_ok());
        assert!(unless_gone(Err(CommandError::failed("the disk is full"))).is_err());
    }
}
