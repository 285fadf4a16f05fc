//! What happens to a stack, as lines on stderr.

use aurora_restore_ops::{Narrator, ports::StackEvent};

use crate::{
    render::{printable::printable, words},
    ui::{DONE, ERROR, Ui},
};

/// Lines on stderr.
pub(crate) struct Lines<'u>(pub(crate) &'u Ui);

impl Narrator for Lines<'_> {
    fn event(&mut self, event: &StackEvent) {
        let status = if event.status.ends_with("_FAILED") {
            format!("{ERROR}{}{ERROR:#}", event.status)
        } else if event.status.ends_with("_COMPLETE") {
            format!("{DONE}{}{DONE:#}", event.status)
        } else {
            event.status.clone()
        };
        let reason = event.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", printable(reason)));
        let (resource, kind) = (&event.resource, &event.kind);
        self.0.say(format_args!("{} {resource} ({kind}) {status}{reason}", words::time(event.at)));
    }

    fn note(&mut self, text: &str) {
        self.0.say(format_args!("{}.", printable(text)));
    }
}
