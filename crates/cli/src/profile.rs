//! `--profile`: where the time of a command went, by steps of restores, calls of AWS and statements of databases, from the
//! spans that these are traced with.
//!
//! Spans are counted when they close, so one that was never awaited to its end still counts. Names are kept up to a bound;
//! what has no room is counted under one name.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, filter_fn},
    layer::Context,
    registry::LookupSpan,
};

use crate::render::printable::printable;

/// So many names of a kind are told apart, and so many are told.
const NAMES_MAX: usize = 500;
const TOLD: usize = 15;
/// Stands for the names that there was no room for.
const OTHERS: &str = "all others";

/// What a span is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Step,
    Call,
    Statement,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Step, Self::Call, Self::Statement];

    /// The kind of a span; none if it is not counted.
    fn of(metadata: &Metadata<'_>) -> Option<Self> {
        let target = metadata.target();
        match metadata.name() {
            "step" if target.starts_with("aurora_restore_core") => Some(Self::Step),
            "statement" if target.starts_with("aurora_restore_sql") => Some(Self::Statement),
            // The SDK names the span of an operation `RDS.DescribeDBClusters`; whatever happens within it has no point.
            name if target.starts_with("aws_") && name.contains('.') => Some(Self::Call),
            _ => None,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Step => "steps",
            Self::Call => "calls of AWS",
            Self::Statement => "statements",
        }
    }
}

/// What spans of one name took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Taken {
    count: u64,
    together: Duration,
    longest: Duration,
}

/// What was measured.
#[derive(Debug, Default)]
struct Measured(BTreeMap<(Kind, String), Taken>);

impl Measured {
    fn take(&mut self, kind: Kind, name: String, took: Duration) {
        let mut key = (kind, name);
        let is_crowded = || self.0.keys().filter(|(other, _)| *other == kind).count() >= NAMES_MAX;
        if !self.0.contains_key(&key) && is_crowded() {
            key.1 = OTHERS.to_owned();
        }
        let taken = self.0.entry(key).or_default();
        taken.count += 1;
        taken.together = taken.together.saturating_add(took);
        taken.longest = taken.longest.max(took);
    }

    /// Those of a kind, what took most first.
    fn of(&self, kind: Kind) -> Vec<(&str, Taken)> {
        let of_kind = self.0.iter().filter(|((other, _), _)| *other == kind);
        let mut found: Vec<(&str, Taken)> = of_kind.map(|((_, name), taken)| (name.as_str(), *taken)).collect();
        found.sort_by_key(|(name, taken)| (std::cmp::Reverse(taken.together), *name));
        found
    }
}

/// What listens, and what is told in the end.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    began: Instant,
    measured: Arc<Mutex<Measured>>,
}

impl Profile {
    /// Begins to measure.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), measured: Arc::default() }
    }

    /// The layer that measures: spans alone, and of them only what is counted.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let counted: FilterFn = filter_fn(|metadata| metadata.is_span() && Kind::of(metadata).is_some());
        Spans(Arc::clone(&self.measured)).with_filter(counted)
    }

    /// Everything in words.
    pub(crate) fn told(&self) -> String {
        let measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = format!("where the time went, of {}\n", spoken(self.began.elapsed()));
        for kind in Kind::ALL {
            let found = measured.of(kind);
            if !found.is_empty() {
                section(&mut text, kind, &found);
            }
        }
        text
    }
}

fn section(text: &mut String, kind: Kind, found: &[(&str, Taken)]) {
    let width = found.iter().take(TOLD).map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    // A String takes everything.
    let _ = writeln!(text, "\n{:<width$}  {:>7}  {:>10}  {:>10}", kind.heading(), "times", "together", "longest");
    for (name, taken) in found.iter().take(TOLD) {
        let (together, longest) = (spoken(taken.together), spoken(taken.longest));
        // Statements name tables, and a table may be called anything.
        let name = printable(name);
        let _ = writeln!(text, "{name:<width$}  {:>7}  {together:>10}  {longest:>10}", taken.count);
    }
    let more = found.len().saturating_sub(TOLD);
    if more > 0 {
        let _ = writeln!(text, "and {more} more, each faster");
    }
}

/// Seconds from one on, milliseconds below.
fn spoken(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
    }
}

struct Spans(Arc<Mutex<Measured>>);

/// When a span began, and its name.
struct Begun {
    kind: Kind,
    name: String,
    at: Instant,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (Some(kind), Some(span)) = (Kind::of(attributes.metadata()), context.span(id)) else { return };
        let mut name = Name(attributes.metadata().name().to_owned());
        if kind != Kind::Call {
            attributes.record(&mut name);
        }
        span.extensions_mut().insert(Begun { kind, name: name.0, at: Instant::now() });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Begun { kind, name, at }) = span.extensions_mut().remove::<Begun>() else { return };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(kind, name, at.elapsed());
    }
}

/// The one field that our spans have says what they are about.
struct Name(String);

impl Visit for Name {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.0 = format!("{value:?}");
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        value.clone_into(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn what_closes_is_counted_by_its_name_and_what_is_no_ones_business_is_not() {
        let profile = Profile::begin();
        let subscriber = tracing_subscriber::registry().with(profile.layer());
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                tracing::info_span!(target: "aurora_restore_core::engine", "step", step = "copy-snapshot").in_scope(
                    || {
                        tracing::debug_span!(target: "aws_rds::operation", "RDS.DescribeDBClusters", id = 1)
                            .in_scope(|| {});
                    },
                );
            }
            tracing::debug_span!(target: "aws_rds::operation", "deserialization").in_scope(|| {});
            tracing::debug_span!(target: "aurora_restore_sql::session", "statement", doing = "counting rows")
                .in_scope(|| {});
            tracing::info_span!(target: "somebody_else", "step", step = "theirs").in_scope(|| {});
        });
        let told = profile.told();
        let lines: Vec<Vec<&str>> =
            told.lines().map(|line| line.split("  ").filter(|part| !part.is_empty()).collect()).collect();
        let counted = |name: &str| {
            lines.iter().find(|line| line[..].first() == Some(&name)).map(|line| line[1].trim().to_owned())
        };
        assert_eq!(counted("copy-snapshot").as_deref(), Some("3"), "{told}");
        assert_eq!(counted("RDS.DescribeDBClusters").as_deref(), Some("3"), "{told}");
        assert_eq!(counted("counting rows").as_deref(), Some("1"), "{told}");
        assert!(!told.contains("theirs") && !told.contains("deserialization"), "{told}");
    }

    #[test]
    fn names_are_bounded_and_what_took_most_comes_first() {
        let mut measured = Measured::default();
        for number in 0..NAMES_MAX + 5 {
            measured.take(Kind::Statement, format!("table {number}"), Duration::from_millis(1));
        }
        measured.take(Kind::Statement, "table 7".to_owned(), Duration::from_secs(2));
        let found = measured.of(Kind::Statement);
        assert_eq!(found.len(), NAMES_MAX + 1);
        let longest = Duration::from_secs(2);
        let together = longest + Duration::from_millis(1);
        assert_eq!(found[0], ("table 7", Taken { count: 2, together, longest }));
        assert_eq!(
            found[1],
            (OTHERS, Taken { count: 5, together: Duration::from_millis(5), longest: Duration::from_millis(1) })
        );
        let mut text = String::new();
        section(&mut text, Kind::Statement, &found);
        assert!(text.ends_with(&format!("and {} more, each faster\n", NAMES_MAX + 1 - TOLD)), "{text}");
    }
}
