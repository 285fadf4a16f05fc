//! Running a future without a runtime: everything simulated is ready at once.
//!
//! A crash of an executor is a future that is dropped where it stands: a faulty port stops answering for ever, and
//! whoever runs the future lets go of it. Nothing after that point is executed, as when a process is killed.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// How a future ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<T> {
    /// With a value.
    Finished(T),
    /// It was dropped where it stood.
    Crashed,
}

impl<T> Outcome<T> {
    /// The value, if there is one.
    pub fn finished(self) -> Option<T> {
        match self {
            Self::Finished(value) => Some(value),
            Self::Crashed => None,
        }
    }
}

/// Runs a future that never waits for anything outside of itself.
///
/// # Panics
/// If it does wait: nobody would ever wake it.
pub fn block_on<F: Future>(future: F) -> F::Output {
    match block_on_until(future, || false) {
        Outcome::Finished(value) => value,
        Outcome::Crashed => unreachable!("only the condition ends a future early, and it never holds"),
    }
}

/// Runs a future until it ends, or drops it once it waits and `crashed` holds.
///
/// # Panics
/// If it waits while `crashed` does not hold.
pub fn block_on_until<F: Future>(future: F, crashed: impl Fn() -> bool) -> Outcome<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => Outcome::Finished(value),
        Poll::Pending => {
            assert!(crashed(), "the simulation waits for something that will never come");
            Outcome::Crashed
        }
    }
}
