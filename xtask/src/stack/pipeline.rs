//! The state machine of one operation, in Amazon States Language.
//!
//! ```text
//!   <step> ──► <step>-answered ──wait──► <step>-waits ──► <step>
//!                  │ the next step, by the reply's `step`
//!                  └ anything else ──► where-now ──► any step, undo, retire, or an end
//! ```
//! The function says where the operation stands, because the journal says so: the machine has no order of its own and
//! serves every strategy, a resumption in the middle, and a repeated delivery alike. A step that waits costs three
//! transitions for each look.

use aurora_restore_core::operation::StepKind;

use super::{
    node::{Node, list, map},
    place::{Place, successors},
};

/// Where nothing of the execution's input is left: what functions see of it they are given by name.
const BEGIN: &str = "begin";
/// Where an answer is looked at that is neither a wait nor the next step of a strategy.
const ROUTE: &str = "where-now";
/// The event of `undo` after a person's word or a failed step.
const UNDO_ASKED: &str = "undo-asked";
/// The event of `undo` after a function that could not be run.
const UNDO_BROKEN: &str = "undo-after-broken-function";
/// Tells people what no function can tell any more.
const TELL: &str = "tell-people";
/// Where it is looked whether a function had answered before the first one refused.
const WAS_BEGUN: &str = "was-it-begun";
/// Tells people of an operation that holds its target and waits for them.
const TELL_BLOCKED: &str = "tell-what-blocks";

/// What is said of an end.
#[derive(Clone, Copy)]
enum Said {
    /// Always this.
    Text(&'static str),
    /// What the function said, which was caught.
    AsCaught,
    /// The same, behind what to do about it.
    WhatToDo,
}

/// How an execution ends otherwise than well: the state, the error, and what it means to a person.
const FAILURES: [(&str, &str, Said); 7] = [
    ("failed", "AuroraRestore.Failed", Said::Text("The operation failed and was undone; its report says why.")),
    ("cancelled", "AuroraRestore.Cancelled", Said::Text("The operation was cancelled and undone.")),
    (
        "stuck",
        "AuroraRestore.Stuck",
        Said::Text("The operation is stuck: a person must act; its report says what is where."),
    ),
    ("refused", "AuroraRestore.Refused", Said::AsCaught),
    ("blocked", "AuroraRestore.Blocked", Said::WhatToDo),
    ("fenced", "AuroraRestore.Fenced", Said::AsCaught),
    (
        "interrupted",
        "AuroraRestore.Interrupted",
        Said::Text("A function could not be run; the operation stands where its journal says and can be resumed."),
    ),
];

/// The whole machine.
pub(crate) fn machine() -> Node {
    let mut states = vec![(BEGIN.to_owned(), begin())];
    for step in StepKind::ALL {
        states.extend(step_states(step));
    }
    states.extend(route());
    states.extend(was_begun());
    states.extend(undo_states());
    states.extend(retire_states());
    states.extend(ends());
    map! {
        "Comment" => "One restore of aurora-restore: one state for each step. Generated from the engine's list of steps.",
        "StartAt" => BEGIN,
        "TimeoutSeconds" => Node::Bound { name: "RestoreTimeoutSeconds", otherwise: 96 * 3600 },
        "States" => Node::Map(states),
    }
}

/// Whoever starts an execution may put anything into its input, and it would be taken for what a function answered.
fn begin() -> Node {
    map! { "Type" => "Pass", "Parameters" => map! {}, "Next" => StepKind::ALL[0].as_str() }
}

fn answered(place: Place) -> String {
    format!("{}-answered", place.name())
}

fn waits(place: Place) -> String {
    format!("{}-waits", place.name())
}

fn step_states(step: StepKind) -> Vec<(String, Node)> {
    let place = Place::Step(step);
    let task = task(place, event()).with(map! { "Catch" => caught(place), "Next" => answered(place) });
    let mut choices = vec![when_outcome("wait", &waits(place))];
    choices.extend(successors(step).into_iter().map(next_is));
    if successors(step).is_empty() {
        choices.push(when_outcome("completed", "completed"));
    }
    vec![(place.name().to_owned(), task), (answered(place), choice(choices)), (waits(place), wait(place.name()))]
}

/// What every function is called with.
fn event() -> Node {
    map! { "executor.$" => "$$.Execution.Name", "input.$" => "$$.Execution.Input" }
}

/// The one state that calls the function of a place.
fn task(place: Place, payload: Node) -> Node {
    let payload = match payload {
        Node::Text(path) => ("Payload.$".to_owned(), Node::Text(path)),
        other => ("Payload".to_owned(), other),
    };
    let function = format!("${{{}Alias}}", place.logical());
    let parameters = map! { "FunctionName" => function }.with(Node::Map(vec![payload]));
    map! {
        "Type" => "Task",
        "Resource" => "arn:${AWS::Partition}:states:::lambda:invoke",
        "Parameters" => parameters,
        "OutputPath" => "$.Payload",
        "TimeoutSeconds" => Node::Bound { name: "FunctionTimeout", otherwise: 300 },
        "Retry" => retries(),
    }
}

/// What is tried again, how often, and what never is. The engine's own retries are not among these: it has counted and
/// journalled what a step's calls have met. These are for functions that could not begin or could not reach the journal.
fn retries() -> Node {
    list![
        map! {
            "ErrorEquals" => list!["AuroraRestore.Refused", "AuroraRestore.Blocked", "AuroraRestore.Fenced"],
            "MaxAttempts" => 0,
        },
        backing_off(list!["AuroraRestore.Panic"], 10, 2),
        // What others have to mend: a restore of a day is not thrown away for an outage of an hour.
        backing_off(
            list![
                "AuroraRestore.TryAgain",
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException",
            ],
            5,
            OUTAGE_TRIES,
        ),
        backing_off(
            list![
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.Unknown",
                "Sandbox.Timedout",
                "Runtime.ExitError",
                "States.Timeout",
                "States.TaskFailed",
            ],
            5,
            8,
        ),
    ]
}

/// With a minute between two of them on average, some two hours.
const OUTAGE_TRIES: i64 = 120;

fn backing_off(errors: Node, interval: i64, attempts: i64) -> Node {
    map! {
        "ErrorEquals" => errors,
        "IntervalSeconds" => interval,
        "MaxAttempts" => attempts,
        "BackoffRate" => 2,
        "MaxDelaySeconds" => 120,
        "JitterStrategy" => "FULL",
    }
}

/// What follows once retries are over.
///
/// What blocks an operation is told to people by the first function, which may have been called to resume one that stands
/// far ahead, and by those behind which there is no way back. From any other step the function of the way back is called
/// first: what keeps one function from its work need not keep that one, and where it does, nothing is undone.
fn caught(place: Place) -> Node {
    let mut catchers = vec![catch("AuroraRestore.Fenced", "fenced")];
    let is_first = place == Place::Step(StepKind::ALL[0]);
    if is_first {
        // Nothing is begun yet, or somebody else has begun it: there is nothing for this execution to undo.
        catchers.push(catch("AuroraRestore.Refused", WAS_BEGUN));
    }
    if is_first || is_last(place) {
        catchers.push(catch("AuroraRestore.Blocked", TELL_BLOCKED));
    }
    catchers.push(catch("States.ALL", if is_last(place) { TELL } else { UNDO_BROKEN }));
    Node::List(catchers)
}

/// Past the last step everything is done but the record of the end. The way back would lead to the same function again.
fn is_last(place: Place) -> bool {
    match place {
        Place::Step(step) => successors(step).is_empty(),
        Place::Undo | Place::Retire | Place::Sweep | Place::Rotate => true,
    }
}

fn catch(error: &str, next: &str) -> Node {
    map! { "ErrorEquals" => list![error], "ResultPath" => "$.cause", "Next" => next }
}

fn when_outcome(outcome: &str, next: &str) -> Node {
    map! { "Variable" => "$.outcome", "StringEquals" => outcome, "Next" => next }
}

fn next_is(step: StepKind) -> Node {
    map! {
        "And" => list![
            map! { "Variable" => "$.outcome", "StringEquals" => "next" },
            map! { "Variable" => "$.step", "StringEquals" => step.as_str() },
        ],
        "Next" => step.as_str(),
    }
}

fn choice(choices: Vec<Node>) -> Node {
    map! { "Type" => "Choice", "Choices" => Node::List(choices), "Default" => ROUTE }
}

fn wait(next: &str) -> Node {
    map! { "Type" => "Wait", "SecondsPath" => "$.wait_seconds", "Next" => next }
}

/// Where an operation is found that stands elsewhere than the machine was, for instance when it is resumed.
fn route() -> Vec<(String, Node)> {
    let mut choices = vec![
        when_outcome("undo", UNDO_ASKED),
        when_outcome("retire", Place::Retire.name()),
        when_outcome("completed", "completed"),
        when_outcome("failed", "failed"),
        when_outcome("cancelled", "cancelled"),
        when_outcome("stuck", "stuck"),
    ];
    choices.extend(StepKind::ALL.into_iter().map(next_is));
    // An answer that this machine does not know: the functions are of another version.
    let route = map! { "Type" => "Choice", "Choices" => Node::List(choices), "Default" => TELL };
    vec![(ROUTE.to_owned(), route)]
}

/// A function that cannot read the journal cannot know whether an operation was begun. The machine knows it where a function
/// had answered: the answer stands where nothing stood before.
fn was_begun() -> Vec<(String, Node)> {
    let answered = map! { "Variable" => "$.outcome", "IsPresent" => true, "Next" => TELL_BLOCKED };
    let look = map! { "Type" => "Choice", "Choices" => list![answered], "Default" => "refused" };
    vec![(WAS_BEGUN.to_owned(), look)]
}

fn undo_states() -> Vec<(String, Node)> {
    let place = Place::Undo;
    let with_cause = event().with(map! { "cause.$" => "$.cause" });
    let task = task(place, "$".into()).with(map! { "Catch" => caught(place), "Next" => answered(place) });
    vec![
        (UNDO_ASKED.to_owned(), map! { "Type" => "Pass", "Parameters" => event(), "Next" => place.name() }),
        (UNDO_BROKEN.to_owned(), map! { "Type" => "Pass", "Parameters" => with_cause, "Next" => place.name() }),
        (place.name().to_owned(), task),
        (answered(place), choice(vec![when_outcome("wait", &waits(place))])),
        (waits(place), wait(UNDO_ASKED)),
    ]
}

fn retire_states() -> Vec<(String, Node)> {
    let place = Place::Retire;
    let task = task(place, event()).with(map! { "Catch" => caught(place), "Next" => answered(place) });
    let choices = vec![when_outcome("wait", &waits(place)), when_outcome("completed", "completed")];
    vec![(place.name().to_owned(), task), (answered(place), choice(choices)), (waits(place), wait(place.name()))]
}

fn ends() -> Vec<(String, Node)> {
    let mut states = vec![
        ("completed".to_owned(), map! { "Type" => "Succeed" }),
        (TELL.to_owned(), tell()),
        (TELL_BLOCKED.to_owned(), tell_blocked()),
    ];
    for (state, error, said) in FAILURES {
        let said = match said {
            Said::Text(text) => map! { "Cause" => text },
            Said::AsCaught => map! { "CausePath" => "$.cause.Cause" },
            Said::WhatToDo => map! { "CausePath" => what_to_do() },
        };
        states.push((state.to_owned(), map! { "Type" => "Fail", "Error" => error }.with(said)));
    }
    states
}

/// A notice from the machine itself, because the function that would send it cannot be run.
fn tell() -> Node {
    let message = "States.Format('Execution {} of aurora-restore (stack {}) has stopped: a function could not be run. If its \
                   operation was begun, it stands where its journal says; once the cause is removed, go on with aurora-restore \
                   resume ID --stack {}. Otherwise start it anew. What the execution knows: {}', $$.Execution.Name, \
                   '${AWS::StackName}', '${AWS::StackName}', States.JsonToString($))";
    notice("aurora-restore: an execution has stopped", message, "interrupted")
}

/// A notice about an operation that waits for a person.
fn tell_blocked() -> Node {
    notice("aurora-restore: an operation cannot go on", &what_to_do(), "blocked")
}

/// What the person has to do, with what the function said.
fn what_to_do() -> String {
    let id = "$$.Execution.Input.operation_id";
    format!(
        "States.Format('Operation {{}} was begun and holds its target, and it cannot go on. Mend the cause, then: aurora-restore \
         resume {{}} --stack {{}}. The cause: {{}}', {id}, {id}, '${{AWS::StackName}}', $.cause.Cause)"
    )
}

/// Publishes a notice; then, whether that was possible or not, the end. What was caught before stays for that to tell.
fn notice(subject: &str, message: &str, end: &str) -> Node {
    let untold = map! { "ErrorEquals" => list!["States.ALL"], "ResultPath" => "$.untold", "Next" => end };
    map! {
        "Type" => "Task",
        "Resource" => "arn:${AWS::Partition}:states:::sns:publish",
        "Parameters" => map! { "TopicArn" => "${Topic}", "Subject" => subject, "Message.$" => message },
        "ResultPath" => "$.told",
        "TimeoutSeconds" => 60,
        "Retry" => list![backing_off(list!["States.ALL"], 5, 6)],
        "Catch" => list![untold],
        "Next" => end,
    }
}
