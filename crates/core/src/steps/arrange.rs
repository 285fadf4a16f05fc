//! Bringing names to where they belong: which rename comes next. Pure.
//!
//! A switch and its undo are the same problem: every thing, known by its immutable id, has a name where it shall be.
//! Each look at the world gives at most one rename, so a crash between two of them needs no memory.

use std::fmt::Display;

use crate::ids::ResourceId;

/// One thing as RDS shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen<N> {
    /// Which thing it is.
    pub resource: ResourceId,
    /// The name that it bears.
    pub name: N,
    /// Whether it is at rest, so that it can be renamed.
    pub settled: bool,
}

/// Where one thing shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goal<N> {
    /// Which thing.
    pub resource: ResourceId,
    /// Under which name.
    pub name: N,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move<N> {
    /// Rename this.
    Rename {
        /// The present name.
        from: N,
        /// The new name.
        to: N,
    },
    /// Look again later.
    Wait {
        /// Why.
        text: String,
    },
    /// A goal's name is borne by something that is not to be touched.
    Blocked {
        /// The name.
        name: N,
        /// Who bears it.
        by: ResourceId,
    },
    /// Everything is where it shall be, and at rest.
    Done,
}

/// Decides on the next move. Goals are served in the given order: what frees a name stands before what takes it.
///
/// A name that something foreign bears blocks before anything is moved, so that no name is freed in vain.
pub(super) fn next_move<N: Clone + Eq + Display>(seen: &[Seen<N>], goals: &[Goal<N>]) -> Move<N> {
    if let Some(blocked) = foreign_bearer(seen, goals) {
        return blocked;
    }
    let mut waiting = None;
    for goal in goals {
        let places: Vec<&Seen<N>> = seen.iter().filter(|thing| thing.resource == goal.resource).collect();
        let Some(current) = places.iter().find(|place| place.name != goal.name).or(places.first()) else {
            // After a rename neither name may answer for a while.
            waiting.get_or_insert(format!("{} is not shown under any name yet", goal.name));
            continue;
        };
        if places.iter().any(|place| place.name == goal.name) {
            if places.len() > 1 {
                waiting.get_or_insert(format!("the old name {} still answers", current.name));
            } else if !current.settled {
                waiting.get_or_insert(format!("{} is not at rest yet", goal.name));
            }
            continue;
        }
        if seen.iter().any(|thing| thing.name == goal.name) {
            waiting.get_or_insert(format!("the name {} is not free yet", goal.name));
            continue;
        }
        if let Some(restless) = unsettled_on_the_way(seen, goals) {
            waiting.get_or_insert(format!("{restless} is not at rest yet"));
            continue;
        }
        return Move::Rename { from: current.name.clone(), to: goal.name.clone() };
    }
    waiting.map_or(Move::Done, |text| Move::Wait { text })
}

/// Whether any goal has been reached, so that giving up would leave the names half moved.
pub(super) fn has_begun<N: Eq>(seen: &[Seen<N>], goals: &[Goal<N>]) -> bool {
    goals.iter().any(|goal| seen.iter().any(|thing| thing.resource == goal.resource && thing.name == goal.name))
}

fn foreign_bearer<N: Clone + Eq>(seen: &[Seen<N>], goals: &[Goal<N>]) -> Option<Move<N>> {
    let is_part = |thing: &Seen<N>| goals.iter().any(|goal| goal.resource == thing.resource);
    goals.iter().find_map(|goal| {
        let bearer = seen.iter().find(|thing| thing.name == goal.name && !is_part(thing))?;
        Some(Move::Blocked { name: goal.name.clone(), by: bearer.resource.clone() })
    })
}

/// A thing that still has to move and cannot: then nothing is moved, so that the name is never freed in vain.
fn unsettled_on_the_way<N: Eq + Display>(seen: &[Seen<N>], goals: &[Goal<N>]) -> Option<String> {
    goals
        .iter()
        .filter_map(|goal| {
            let place = seen.iter().find(|thing| thing.resource == goal.resource);
            match place {
                None => Some(goal.name.to_string()),
                Some(place) if place.name != goal.name && !place.settled => Some(place.name.to_string()),
                Some(_) => None,
            }
        })
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ResourceId {
        ResourceId::new(text).unwrap()
    }

    fn seen(resource: &str, name: &'static str, settled: bool) -> Seen<&'static str> {
        Seen { resource: id(resource), name, settled }
    }

    fn goal(resource: &str, name: &'static str) -> Goal<&'static str> {
        Goal { resource: id(resource), name }
    }

    fn forward() -> [Goal<&'static str>; 2] {
        [goal("old", "retired"), goal("new", "target")]
    }

    #[test]
    fn the_old_one_leaves_the_name_first_and_the_new_one_takes_it() {
        let start = [seen("old", "target", true), seen("new", "staged", true)];
        assert_eq!(next_move(&start, &forward()), Move::Rename { from: "target", to: "retired" });
        let freed = [seen("old", "retired", false), seen("new", "staged", true)];
        assert_eq!(next_move(&freed, &forward()), Move::Rename { from: "staged", to: "target" });
        let done = [seen("old", "retired", true), seen("new", "target", true)];
        assert_eq!(next_move(&done, &forward()), Move::Done);
    }

    #[test]
    fn the_name_is_not_freed_while_the_new_one_cannot_take_it() {
        let start = [seen("old", "target", true), seen("new", "staged", false)];
        assert!(matches!(next_move(&start, &forward()), Move::Wait { .. }));
        let unseen = [seen("old", "target", true)];
        assert!(matches!(next_move(&unseen, &forward()), Move::Wait { .. }));
    }

    #[test]
    fn a_third_one_under_the_name_blocks_and_is_not_touched() {
        let taken = [seen("old", "retired", true), seen("new", "staged", true), seen("third", "target", true)];
        assert_eq!(next_move(&taken, &forward()), Move::Blocked { name: "target", by: id("third") });
    }

    #[test]
    fn no_name_is_freed_while_a_third_one_bears_a_name_that_is_needed_later() {
        let goals = [goal("old", "retired"), goal("new", "served")];
        let taken = [seen("old", "target", true), seen("new", "staged", true), seen("third", "served", true)];
        assert_eq!(next_move(&taken, &goals), Move::Blocked { name: "served", by: id("third") });
        assert!(!has_begun(&taken, &goals));
        let half = [seen("old", "retired", true), seen("new", "staged", true), seen("third", "served", true)];
        assert!(has_begun(&half, &goals));
    }

    #[test]
    fn an_old_name_that_still_answers_after_the_rename_is_waited_out() {
        let echo = [seen("old", "target", false), seen("old", "retired", false), seen("new", "staged", true)];
        assert!(matches!(next_move(&echo, &forward()), Move::Wait { .. }));
    }

    #[test]
    fn the_way_back_is_the_same_with_other_goals() {
        let goals = [goal("new", "staged"), goal("old", "target")];
        let switched = [seen("old", "retired", true), seen("new", "target", true)];
        assert_eq!(next_move(&switched, &goals), Move::Rename { from: "target", to: "staged" });
        let half = [seen("old", "retired", true), seen("new", "staged", true)];
        assert_eq!(next_move(&half, &goals), Move::Rename { from: "retired", to: "target" });
    }

    /// From every arrangement of the two, each rename that is proposed brings the arrangement nearer: no cycles.
    #[test]
    fn every_arrangement_reaches_the_goal_within_three_renames() {
        let names = ["target", "staged", "retired"];
        for old in names {
            for new in names.iter().filter(|name| **name != old) {
                let mut world = [seen("old", old, true), seen("new", new, true)];
                let mut renames = 0;
                loop {
                    match next_move(&world, &forward()) {
                        Move::Rename { from, to } => {
                            renames += 1;
                            let thing = world.iter_mut().find(|thing| thing.name == from).unwrap();
                            thing.name = to;
                        }
                        Move::Done => break,
                        // Old under the new one's goal and the other way round cannot arise: it needs a third name.
                        other => {
                            assert!(old == "staged" || *new == "retired", "{old} {new} {other:?}");
                            break;
                        }
                    }
                    assert!(renames <= 3);
                }
            }
        }
    }
}
