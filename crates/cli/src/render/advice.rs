//! Commands in advice, for whoever works on a stack: the same command without the stack's name would look for the operation
//! elsewhere.

/// How every command begins.
const PROGRAM: &str = "aurora-restore ";
/// What stands behind a command in a sentence.
const BEHIND: [char; 4] = ['`', ',', '"', '\n'];
/// The commands that work on a stack, or on its operations.
const OF_STACK: [&str; 19] = [
    "batch",
    "cancel",
    "capacity",
    "change",
    "drill",
    "functions",
    "indexes",
    "list",
    "logs",
    "monitoring",
    "report",
    "resume",
    "retire",
    "review",
    "start",
    "state",
    "status",
    "undo",
    "watch",
];

/// The text with the stack's name in each command that needs it and does not name one itself.
pub(crate) fn for_stack(text: String, stack: Option<&str>) -> String {
    let Some(stack) = stack else { return text };
    let mut parts = text.split(PROGRAM);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        let command = rest.split(BEHIND).next().unwrap_or_default();
        told.push_str(PROGRAM);
        if needs_stack(command) {
            told.push_str(&format!("--stack {stack} "));
        }
        told.push_str(rest);
    }
    told
}

fn needs_stack(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let is_on_stack = words.first().is_some_and(|word| OF_STACK.contains(word)) || words.contains(&"--on-aws");
    is_on_stack && !words.contains(&"--stack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(for_stack(text.to_owned(), Some("pipeline")), expected);
        assert_eq!(for_stack(text.to_owned(), None), text);
    }

    #[test]
    fn commands_that_work_on_operations_name_the_stack() {
        check(
            "Watch it with `aurora-restore watch op-1`, or cancel it with `aurora-restore cancel op-1`.",
            "Watch it with `aurora-restore --stack pipeline watch op-1`, or cancel it with \
             `aurora-restore --stack pipeline cancel op-1`.",
        );
        check("Go on:    aurora-restore resume op-1", "Go on:    aurora-restore --stack pipeline resume op-1");
        check(
            "Save one with `aurora-restore plan --on-aws --out FILE`, or `aurora-restore run` it from here.",
            "Save one with `aurora-restore --stack pipeline plan --on-aws --out FILE`, or `aurora-restore run` it from here.",
        );
    }

    #[test]
    fn whatever_names_a_stack_or_is_no_command_stays_as_it_is() {
        for text in [
            "Start a restore with `aurora-restore start --on-aws --stack other`.",
            "Run `aurora-restore stack deploy`, or see `aurora-restore explain ARP-PLAN-001`.",
            "Use the version of aurora-restore that wrote it, or a newer one.",
            "`aurora-restore lists` is none, and neither is aurora-restore",
        ] {
            check(text, text);
        }
    }
}
