//! Statements that are wider than anything needs. The template's own are not: the repository's gate looks at them with the
//! same rules. What is found here somebody has added beside it. Pure.

use super::{Role, mending};
use crate::{
    Level,
    policy::{Statement, TooWide, too_wide},
    review::finding::Finding,
};

pub(super) fn findings(role: &Role) -> impl Iterator<Item = Finding> {
    role.statements.iter().flat_map(move |(policy, statement)| of_statement(role, policy, statement))
}

fn of_statement(role: &Role, policy: &str, statement: &Statement) -> Vec<Finding> {
    let told = |found: &TooWide| {
        let what = format!("role {} {found}", role.name);
        let finding = Finding::new(Level::Error, what, mending(&role.name, policy));
        finding.with("policy", policy).with("statement", &statement.name).with("to do", found.mend())
    };
    too_wide(statement).iter().map(told).collect()
}
