//! A plan for people: what is made, changed and deleted, step by step, with the point of no return marked.

use std::io::{self, Write};

use aurora_restore_app::History;
use aurora_restore_core::{
    operation::StepKind,
    plan::{Outline, OutlineLine, Plan, Verb},
    request::{Request, Strategy},
};

use crate::{
    render::{printable::printable, words},
    ui::{FAINT, HEADING, WARNING},
};

/// Writes the plan. Warnings are not part of it: they are talk.
pub(crate) fn write(out: &mut dyn Write, plan: &Plan, request: &Request, history: &History) -> io::Result<()> {
    let outline = plan.outline(request);
    let strategy = strategy(plan.strategy);
    let target = &request.target.cluster;
    writeln!(out, "{HEADING}Plan for {target}{HEADING:#} ({}), strategy {strategy}", plan.target_key)?;
    if let Some(snapshot) = &plan.snapshot {
        let made = snapshot.created_at.map_or_else(String::new, |at| format!(", made {}", words::time(at)));
        writeln!(out, "from snapshot {} of cluster {}{made}", snapshot.id, snapshot.cluster)?;
    }
    let mut passed = false;
    for step in StepKind::order(plan.strategy) {
        let lines: Vec<&OutlineLine> = outline.lines.iter().filter(|line| line.step == *step).collect();
        if !lines.is_empty() {
            writeln!(out)?;
            step_lines(out, *step, &lines, history)?;
        }
        if *step == outline.point_of_no_return_after {
            passed = true;
            writeln!(out)?;
            writeln!(
                out,
                "  {WARNING}-- point of no return --{WARNING:#} a failure above is undone, one below is reported"
            )?;
        }
    }
    debug_assert!(passed, "every strategy has the step of the point of no return");
    later(out, &outline)?;
    writeln!(out)?;
    writeln!(out, "{}", totals(&outline, plan, history))?;
    writeln!(out, "Plan {} of operation {}", plan.digest, plan.operation_id)
}

fn step_lines(out: &mut dyn Write, step: StepKind, lines: &[&OutlineLine], history: &History) -> io::Result<()> {
    match history.step(step) {
        Some(took) => writeln!(out, "  {step}  {FAINT}about {}{FAINT:#}", words::duration(took))?,
        None => writeln!(out, "  {step}")?,
    }
    for line in lines {
        let object = printable(&line.object);
        match line.verb {
            Verb::Make => writeln!(out, "    make    {object}")?,
            Verb::Change => writeln!(out, "    change  {object}")?,
            Verb::Delete => writeln!(out, "    {WARNING}delete{WARNING:#}  {object}")?,
            Verb::Read => writeln!(out, "    read    {object}")?,
        }
    }
    Ok(())
}

fn later(out: &mut dyn Write, outline: &Outline) -> io::Result<()> {
    if outline.later.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "  later")?;
    outline.later.iter().try_for_each(|line| writeln!(out, "    {line}"))
}

fn totals(outline: &Outline, plan: &Plan, history: &History) -> String {
    let count = |verb| outline.lines.iter().filter(|line| line.verb == verb).count();
    let counted =
        format!("{} to make, {} to change, {} to delete.", count(Verb::Make), count(Verb::Change), count(Verb::Delete));
    match history.total(StepKind::order(plan.strategy)) {
        Some(total) => {
            let restores = words::plural(history.operations(), "earlier restore");
            format!("{counted} Expected to take about {} (median of {restores}).", words::duration(total))
        }
        None => {
            format!("{counted} How long it takes is not known: no earlier restore of this target is in the journal.")
        }
    }
}

/// The word for a strategy.
pub(crate) fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Swap => "swap",
        Strategy::SideBySide => "side-by-side",
        Strategy::Replace => "replace",
    }
}
