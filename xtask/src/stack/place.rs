//! The places of an operation that a function serves, and what distinguishes them as functions.

use aurora_restore_core::{operation::StepKind, request::Strategy};

/// What a function serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A step on the way forward.
    Step(StepKind),
    /// The way back.
    Undo,
    /// The end of a retired cluster.
    Retire,
    /// The sweeper, which no execution calls.
    Sweep,
    /// The rotation of secrets, which Secrets Manager calls.
    Rotate,
}

/// Whether a function logs in to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It talks to AWS's services only.
    Services,
    /// It logs in to the restored database, so it has to be where that can be reached.
    Database,
}

impl Place {
    /// Every place: the steps in order, then the others.
    pub(crate) fn all() -> Vec<Self> {
        let steps = StepKind::ALL.into_iter().map(Self::Step);
        steps.chain([Self::Undo, Self::Retire, Self::Sweep, Self::Rotate]).collect()
    }

    /// The places that the state machine calls.
    pub(crate) fn of_machine() -> Vec<Self> {
        Self::all().into_iter().filter(|place| !matches!(place, Self::Sweep | Self::Rotate)).collect()
    }

    /// The name, as in `AURORA_RESTORE_STEP` and at the end of the function's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Step(step) => step.as_str(),
            Self::Undo => "undo",
            Self::Retire => "retire",
            Self::Sweep => "sweep",
            Self::Rotate => "rotate",
        }
    }

    /// The beginning of the logical ids of what belongs to it: `CopySnapshot`.
    pub(crate) fn logical(self) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.name().split('-').map(capital).collect()
    }

    /// What it reaches.
    pub(crate) fn reach(self) -> Reach {
        match self {
            Self::Step(
                StepKind::ApplySettings | StepKind::SetupDbUsers | StepKind::VerifyRestore | StepKind::SwitchOver,
            )
            | Self::Rotate => Reach::Database,
            Self::Step(
                StepKind::SnapshotCheck
                | StepKind::CopySnapshot
                | StepKind::RestoreSnapshot
                | StepKind::CreateInstances
                | StepKind::ArchiveSnapshot
                | StepKind::Notify,
            )
            | Self::Undo
            | Self::Retire
            | Self::Sweep => Reach::Services,
        }
    }

    /// Whether it works or looks in the source account, whose role it has to assume for that.
    pub(crate) fn enters_source_account(self) -> bool {
        match self {
            Self::Step(step) => step.enters_source(),
            Self::Undo | Self::Sweep => true,
            Self::Retire | Self::Rotate => false,
        }
    }

    /// Whether it works with the tables of operations.
    pub(crate) fn keeps_records(self) -> bool {
        match self {
            Self::Step(_) | Self::Undo | Self::Retire | Self::Sweep => true,
            Self::Rotate => false,
        }
    }
}

/// What may come after a step, over all strategies: the edges that the console shows as the story.
pub(crate) fn successors(step: StepKind) -> Vec<StepKind> {
    let mut found = Vec::new();
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        let order = StepKind::order(strategy);
        let next = order.iter().skip_while(|one| **one != step).nth(1);
        if let Some(next) = next.filter(|next| !found.contains(*next)) {
            found.push(*next);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::node::Node;

    #[test]
    fn a_step_has_the_successors_of_every_strategy() {
        assert_eq!(successors(StepKind::CopySnapshot), [StepKind::RestoreSnapshot, StepKind::SwitchOver]);
        assert_eq!(successors(StepKind::SwitchOver), [StepKind::ArchiveSnapshot, StepKind::RestoreSnapshot]);
        assert_eq!(successors(StepKind::Notify), []);
    }

    #[test]
    fn the_command_looks_for_every_function_and_for_its_alarm() {
        let names = aurora_restore_ops::functions::FunctionNames::of("${NamePrefix}");
        let known: Vec<_> = names.all().iter().map(|name| (name.place, name.alarm.as_str())).collect();
        let alarms = crate::stack::alarms::resources();
        let made: Vec<String> = Place::all().iter().map(|place| alarm_of(&alarms, *place)).collect();
        let places = Place::all().into_iter().map(Place::name).zip(made.iter().map(String::as_str));
        assert_eq!(known, places.collect::<Vec<_>>());
    }

    fn alarm_of(alarms: &[(String, Node)], place: Place) -> String {
        let id = format!("{}Alarm", place.logical());
        let (_, alarm) = alarms.iter().find(|(name, _)| *name == id).unwrap();
        let name = alarm.get("Properties").and_then(|properties| properties.get("AlarmName")).unwrap();
        let Node::Call("Sub", text) = name else { panic!("{name:?}") };
        text.as_text().unwrap().to_owned()
    }

    #[test]
    fn logical_ids_are_made_from_names() {
        assert_eq!(Place::Step(StepKind::SetupDbUsers).logical(), "SetupDbUsers");
        assert_eq!(Place::all().len(), 14);
    }
}
