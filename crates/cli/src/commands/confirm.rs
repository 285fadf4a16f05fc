//! Asks before something is changed: the name is typed back, or `--yes` was given. Nobody there and no `--yes` is a no.

use clap::Args;

use crate::{error::CommandError, ui::Ui};

/// Whether to ask.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ConfirmArgs {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl ConfirmArgs {
    /// Whether a person has agreed beforehand.
    pub(crate) fn is_given(self) -> bool {
        self.yes
    }

    /// Comes back if a person agrees by typing `name`. `question` says what will happen, as a sentence.
    pub(crate) fn ask(self, ui: &Ui, question: &str, name: &str) -> Result<(), CommandError> {
        if self.yes {
            return Ok(());
        }
        if !ui.can_ask() {
            return Err(CommandError::usage("nobody can be asked to confirm: this is not a terminal")
                .hint("Give --yes to go on without a question. Nothing was changed."));
        }
        let answer = ui.ask(format_args!("{question} Type `{name}` to go on:"))?;
        if answer == name {
            return Ok(());
        }
        Err(CommandError::failed(format!("`{answer}` is not `{name}`: nothing was changed")))
    }
}
