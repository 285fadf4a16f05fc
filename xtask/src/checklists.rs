//! Lists for what people do: agreeing to a change, making a release, learning to operate. Each is copied, filled in and kept
//! where the team keeps such things.

use std::fmt::Write as _;

use aurora_restore_core::catalogue::ErrorCode;

use crate::{gate, generate::HEAD, handbook, release};

/// Every list with its content.
pub(crate) fn pages() -> Vec<(String, String)> {
    let page = |name: &str, text: String| (format!("docs/operations/checklists/{name}.md"), format!("{HEAD}{text}"));
    vec![page("change", change()), page("release", release()), page("new-operator", new_operator())]
}

fn list(text: &mut String, title: &str, items: impl IntoIterator<Item = String>) {
    let _ = write!(text, "\n## {title}\n\n");
    for item in items {
        let _ = writeln!(text, "- [ ] {item}");
    }
}

fn change() -> String {
    let mut text = "# A change of the pipeline\n\nOne copy for each change. Who wants it and who agreed are two people.\n\n\
        | what | |\n|---|---|\n| wanted by | |\n| agreed by, until when | |\n| what changes, and why | |\n| what is done if it fails | |\n"
        .to_owned();
    let steps = gate::STEPS.iter().map(|step| format!("`{}`: {}", step.typed(), step.about));
    list(&mut text, "Before: a change of the code", steps);
    list(
        &mut text,
        "Before: a change of the stack",
        [
            "`aurora-restore stack diff`: what would change is what was agreed to; its output is kept with this list",
            "`aurora-restore list`: no operation is in progress, or it is agreed that one is",
            "what the change does to restores that are under way, to secrets, to cost: looked at and written down",
        ]
        .map(str::to_owned),
    );
    list(
        &mut text,
        "While it is made",
        [
            "`aurora-restore stack deploy`: it shows the same as the diff did",
            "no alarm of the stack goes off; one that does is looked up with `aurora-restore explain NAME`",
            "if it fails: `aurora-restore stack deploy --package OLDER.zip`, or what is written above",
        ]
        .map(str::to_owned),
    );
    list(
        &mut text,
        "Afterwards",
        [
            "`aurora-restore stack status`: the code that runs is the code that was built",
            "a restore on the stack completed: `aurora-restore start --on-aws`, `aurora-restore report ID`",
            "the outcome, the alarms and how long the restore took, compared with before, are written down",
            "what was learnt stands in docs/operations, in the entry of the code or the alarm where the next person looks",
        ]
        .map(str::to_owned),
    );
    text
}

fn release() -> String {
    let mut text =
        "# A release\n\n`cargo xtask release --plan` prints this list with what the repository can tell ticked.\n\n"
            .to_owned();
    for item in release::of_people() {
        let _ = writeln!(text, "{}", item.line());
    }
    text
}

fn new_operator() -> String {
    let mut text = "# A new operator\n\nOne copy for each person. Everything but the last chapter is done on one machine, without AWS.\n".to_owned();
    list(
        &mut text,
        "A restore and its ways",
        [
            "read ARCHITECTURE.md up to its words, and docs/guide/deploy-to-aws.md",
            "`make demo`: say at which line the point of no return was passed",
            "`aurora-restore sandbox`, then `plan`, `run`, `report`: say what was made, changed and deleted",
            "start a restore, kill the command, `resume` it; start another and `cancel` it; `undo` one that is completed",
        ]
        .map(str::to_owned),
    );
    let stuck = ErrorCode::ALL.iter().filter(|code| code.can_be_stuck_on());
    list(
        &mut text,
        "What an operation can be stuck on: say what you would look at first",
        stuck.map(|code| format!("`aurora-restore explain {code}`: {}", code.meaning())),
    );
    list(
        &mut text,
        "Every alarm: say whom it concerns and whether it can wait until morning",
        handbook::alarm_names().into_iter().map(|name| format!("`aurora-restore explain {name}`")),
    );
    list(
        &mut text,
        "On the stack of tests, together with someone who knows it",
        [
            "`aurora-restore stack status`; find the dashboard and the saved queries",
            "`aurora-restore start --on-aws`, `watch`, `report`, `retire`",
            "a week of the calendar in docs/operations/README.md",
        ]
        .map(str::to_owned),
    );
    text
}
