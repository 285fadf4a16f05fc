//! Following a stack until it has come to an end, with everything that happens told on the way.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    condition::{Condition, condition},
    error::OpsError,
    ports::{ServiceResult, Stack, StackEvent, Stacks},
};

/// The time between two looks.
const POLL: Duration = Duration::from_secs(2);
/// The longest that a stack may take; endpoints and a failed creation that is taken back take a quarter of an hour.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// How often a question that is not answered is asked again.
const TRIES_MAX: u32 = 8;
/// So many looks at a stack that stands still are believed, even if no event says that it has ended.
const STILL_MAX: u32 = 15;

/// Who is told what happens.
pub trait Narrator {
    /// Something happened to the stack or to one of its resources.
    fn event(&mut self, event: &StackEvent);

    /// Something is being done here.
    fn note(&mut self, text: &str);
}

/// How following ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// The stack; `None` once it is gone.
    pub(crate) stack: Option<Stack>,
    /// The first resource that failed by itself, and why.
    pub(crate) first_failure: Option<String>,
    /// What was left where it is.
    pub(crate) kept: Vec<String>,
}

/// Asks again while the answer is that there is none now, for about a minute.
///
/// # Errors
/// The last answer, where it is none that may pass or all tries are used up.
pub async fn patiently<T, F: Future<Output = ServiceResult<T>>>(ask: impl Fn() -> F) -> ServiceResult<T> {
    let mut tries = 0;
    // Bounded by the number of tries.
    loop {
        match ask().await {
            Err(error) if error.may_pass() && tries < TRIES_MAX => {
                tries += 1;
                sleep(POLL * tries).await;
            }
            other => return other,
        }
    }
}

/// Follows a stack from after an event until nothing happens to it any more.
pub(crate) async fn to_the_end(
    stacks: &dyn Stacks,
    id: &str,
    after: Option<String>,
    narrator: &mut dyn Narrator,
) -> Result<End, OpsError> {
    let begun = Instant::now();
    let mut seen = after;
    let mut end = End { stack: None, first_failure: None, kept: Vec::new() };
    let mut told_end = false;
    let mut still = 0;
    while begun.elapsed() < LIMIT {
        let stack = patiently(|| stacks.describe(id)).await?;
        // Read after the status, so that what led to an end is told before it.
        for event in patiently(|| stacks.events_after(id, seen.as_deref())).await? {
            take_up(&mut end, &event);
            told_end |= is_end_of_stack(&event);
            narrator.event(&event);
            seen = Some(event.id);
        }
        let moves = match stack.as_ref().map(|stack| condition(&stack.status)) {
            None | Some(Condition::Gone) => return Ok(End { stack: None, ..end }),
            Some(Condition::Changing | Condition::Deleting) => {
                still = 0;
                true
            }
            // What was begun may not show yet.
            Some(
                Condition::Reviewing
                | Condition::Usable
                | Condition::NeverMade
                | Condition::HalfTakenBack
                | Condition::HalfDeleted,
            ) => !told_end && still < STILL_MAX,
        };
        if !moves {
            return Ok(End { stack, ..end });
        }
        still += 1;
        sleep(POLL).await;
    }
    Err(OpsError::TooLong { what: format!("stack {id}"), minutes: LIMIT.as_secs() / 60 })
}

fn take_up(end: &mut End, event: &StackEvent) {
    if end.first_failure.is_none() && event.is_first_hand_failure() {
        let reason = event.reason.as_deref().unwrap_or("no reason is given");
        end.first_failure = Some(format!("{} ({}): {reason}", event.resource, event.kind));
    }
    if event.status == "DELETE_SKIPPED" {
        let name = event.physical.as_deref().unwrap_or(&event.resource);
        end.kept.push(format!("{name} ({})", event.kind));
    }
}

fn is_end_of_stack(event: &StackEvent) -> bool {
    let ended = match condition(&event.status) {
        Condition::Changing | Condition::Deleting | Condition::Reviewing => false,
        Condition::Usable
        | Condition::NeverMade
        | Condition::HalfTakenBack
        | Condition::HalfDeleted
        | Condition::Gone => true,
    };
    event.kind == "AWS::CloudFormation::Stack" && ended
}

/// Waits for something that takes seconds; `None` means not yet.
pub(crate) async fn shortly<T, F: Future<Output = Result<Option<T>, OpsError>>>(
    what: &str,
    look: impl Fn() -> F,
) -> Result<T, OpsError> {
    const SHORT_LIMIT: Duration = Duration::from_secs(5 * 60);
    let begun = Instant::now();
    while begun.elapsed() < SHORT_LIMIT {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        sleep(POLL).await;
    }
    Err(OpsError::TooLong { what: what.to_owned(), minutes: SHORT_LIMIT.as_secs() / 60 })
}
