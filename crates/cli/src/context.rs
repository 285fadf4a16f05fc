//! What a command works with. Everything in it is made when it is first asked for, so that a command that needs no
//! network, no journal or no configuration does not pay for them.

use crate::{arguments::GlobalArgs, ui::Ui};

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Context {
    ui: Ui,
}

impl Context {
    /// From the arguments that every command has.
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self { ui: Ui::new(global) }
    }

    /// The terminal.
    pub(crate) fn ui(&self) -> &Ui {
        &self.ui
    }
}
